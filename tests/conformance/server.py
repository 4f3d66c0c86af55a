"""One real server over the sample page, for as long as it is needed."""

import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.paths import REPOSITORY, SAMPLE

COMMAND = (sys.executable, "-m", "api")
LOAD_SECONDS = 120
START_SECONDS = 120
STOP_SECONDS = 30


class ServerError(Exception):
    """The server did not start, or did not end; the message is what it said."""


@contextmanager
def serving(**settings: str) -> Iterator[str]:
    """The address of a server, `http://127.0.0.1:PORT`, with further settings; ended at the end.

    Raises `ServerError` also where it logged something or ended badly: a judge's requests may
    be wrong, and are then answered, but are nothing that a log should tell of.
    """
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PAPERSHELF_")}
    environment |= {f"PAPERSHELF_{name.upper()}": value for name, value in settings.items()}
    environment["PYTHONPATH"] = str(REPOSITORY)
    with tempfile.TemporaryDirectory(prefix="papershelf-") as folder:
        log = Path(folder) / "log"
        loaded = subprocess.run(
            [*COMMAND, "load", str(SAMPLE)],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LOAD_SECONDS,
        )
        if loaded.returncode:
            raise ServerError(f"the sample page could not be loaded:\n{loaded.stderr}")
        with log.open("wb") as stderr:
            server = subprocess.Popen(
                [*COMMAND, "serve", "--port", "0"],
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )
        with server:
            try:
                yield _address(server, log)
            finally:
                code = _ended(server)
        said = log.read_text("utf-8", "replace")
        if code or said:
            raise ServerError(f"the server ended with exit code {code} and logged:\n{said}")


def _address(server: "subprocess.Popen[str]", log: Path) -> str:
    """The address that a server prints, once it is ready there."""
    assert server.stdout is not None
    for line in server.stdout:
        if found := re.search(r"http://127\.0\.0\.1:\d+", line):
            deadline = time.monotonic() + START_SECONDS
            while server.poll() is None and time.monotonic() < deadline:
                if _ready(found[0]):
                    return found[0]
                time.sleep(0.1)
            break
    raise ServerError(f"the server did not become ready:\n{log.read_text('utf-8', 'replace')}")


def _ready(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/readyz", timeout=10):
            return True
    except OSError:  # 503, refused, reset, too late
        return False


def _ended(server: "subprocess.Popen[str]") -> int:
    """Ask it to end, and give its exit code."""
    server.terminate()
    try:
        return server.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        return server.wait()
