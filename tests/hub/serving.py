"""A real server for Hugging Face's own client, and what our REST answers beside it."""

import json
import re
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from huggingface_hub import HfApi

from tests.cli.running import started

PATIENCE = 120.0


@dataclass(frozen=True)
class Served:
    """A server at `address`, as Hugging Face's client sees it (`hub`) and as REST answers."""

    address: str

    @property
    def hub(self) -> HfApi:
        return HfApi(endpoint=self.address, token=False)

    def get(self, target: str, **parameters: object) -> Any:
        """The JSON of REST."""
        query = f"?{urlencode(parameters)}" if parameters else ""
        with urllib.request.urlopen(self.address + target + query, timeout=PATIENCE) as answer:
            return json.load(answer)

    def text(self, target: str) -> str:
        with urllib.request.urlopen(self.address + target, timeout=PATIENCE) as answer:
            text: str = answer.read().decode()
            return text


@contextmanager
def serving(folder: Path, **settings: str) -> Iterator[Served]:
    """`papershelf serve` over the shelf in `folder`; it must have logged nothing when it ends."""
    environment = {f"PAPERSHELF_{name.upper()}": value for name, value in settings.items()}
    with started(folder, "serve", "--port", "0", "--data", str(folder), **environment) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        said: list[bytes] = []
        listening = threading.Thread(target=said.extend, args=(process.stderr,))
        listening.start()
        address = ""
        for line in process.stdout:
            if found := re.search(rb"http://127\.0\.0\.1:\d+", line):
                address = found[0].decode()
                break
        try:
            assert address, said
            _until_ready(address)
            yield Served(address)
        finally:
            process.terminate()
            process.stdout.read()
            process.wait(PATIENCE)
            listening.join(PATIENCE)
    assert said == []


def _until_ready(address: str) -> None:
    for _ in range(600):
        try:
            with urllib.request.urlopen(f"{address}/readyz", timeout=PATIENCE) as answer:
                if answer.status == 200:
                    return
        except OSError:
            pass
        threading.Event().wait(0.1)
    raise TimeoutError("the server did not become ready")


def hub_id(paper: dict[str, Any]) -> str:
    """The id under which Hugging Face's client meets a paper of REST."""
    return str(paper["externalIds"]["arxiv"] or paper["id"])
