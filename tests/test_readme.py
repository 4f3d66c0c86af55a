"""The README's examples, pasted into a shell as they stand, do what the README says."""

import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from tests.paths import REPOSITORY, SAMPLE

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^\d\. (.*?)\n\s*```sh\n(.*?)```", README, flags=re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a server over the sample page, started as the README starts it."""
    data = tmp_path_factory.mktemp("readme") / "data"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "api"]
    options = ["--data", str(data)]
    subprocess.run([*command, "load", *options, str(SAMPLE)], cwd=REPOSITORY, check=True)
    server = subprocess.Popen(
        [*command, "serve", *options, "--port", str(port)],
        cwd=REPOSITORY,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_until_ready(port)
        yield port
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(20)


def _wait_until_ready(port: int) -> None:
    for _ in range(200):
        try:
            with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.1)
    raise TimeoutError("the server did not become ready")


@pytest.mark.skipif(not shutil.which("curl"), reason="no curl here")
@pytest.mark.parametrize(("words", "script"), EXAMPLES, ids=range(1, len(EXAMPLES) + 1))
def test_an_example_works_when_pasted(port: int, words: str, script: str, tmp_path: Path) -> None:
    pasted = re.sub("^   ", "", script, flags=re.MULTILINE).replace(":8000", f":{port}")
    done = subprocess.run(
        ["bash", "-c", pasted.replace("curl ", "curl --silent --show-error ")],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=True,
    )
    answer = json.loads(done.stdout)
    if "graphql" in script:
        assert answer["data"]["papers"]["totalCount"] == 40
        assert len(answer["data"]["papers"]["nodes"]) == 3
    else:
        promised = re.search(r"\((\d+)(?: papers?)?\)", words)
        assert promised, "the README says how many papers each example finds"
        assert answer["meta"]["total"] == int(promised[1])


def test_there_are_five_things_to_try() -> None:
    assert len(EXAMPLES) == 5
