"""Runs the real command, piped or on a pseudo-terminal."""

import contextlib
import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from api.__main__ import main
from tests.paths import REPOSITORY

COMMAND = (sys.executable, "-m", "api")
TIMEOUT = 60


@dataclass(frozen=True)
class Done:
    """How a command ended: exit code, standard output, standard error."""

    code: int
    out: str
    err: str


def environment(**more: str) -> dict[str, str]:
    """The environment of a user who has set nothing of ours."""
    plain = {k: v for k, v in os.environ.items() if not k.startswith("PAPERSHELF_")}
    plain |= {"PYTHONPATH": str(REPOSITORY), "LC_ALL": "C.UTF-8", "TERM": "xterm-256color"}
    plain.pop("COLUMNS", None)
    return plain | more


def run(
    folder: Path, *arguments: str, stdin: bytes = b"", env: Mapping[str, str] | None = None
) -> Done:
    """`papershelf ARGUMENTS` in a folder, its output piped."""
    done = subprocess.run(
        [*COMMAND, *arguments],
        cwd=folder,
        env=environment(**(env or {})),
        input=stdin,
        capture_output=True,
        timeout=TIMEOUT,
        check=False,
    )
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


def run_on_terminal(
    folder: Path, *arguments: str, env: Mapping[str, str] | None = None, columns: int = 100
) -> Done:
    """The same on a pseudo-terminal: `out` is what it shows, both streams together."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    with subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=folder,
        env=environment(**(env or {})),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    ) as process:
        os.close(theirs)
        shown = b"".join(_chunks(ours))
        os.close(ours)
        code = process.wait(TIMEOUT)
    return Done(code, shown.decode(), "")


def _chunks(descriptor: int) -> Iterator[bytes]:
    deadline = time.monotonic() + TIMEOUT
    with contextlib.suppress(OSError):  # Linux: the other side has closed
        while time.monotonic() < deadline:
            if select.select([descriptor], [], [], 1)[0]:
                chunk = os.read(descriptor, 65536)
                if not chunk:
                    return
                yield chunk


def run_here(capture: pytest.CaptureFixture[str], folder: Path, *arguments: str) -> Done:
    """The same without a process of its own, which costs half a second; output is piped."""
    capture.readouterr()
    with contextlib.chdir(folder):
        try:
            code: int | str | None = main(arguments)
        except SystemExit as end:
            code = end.code
    assert isinstance(code, int)
    shown = capture.readouterr()
    return Done(code, shown.out, shown.err)


@contextmanager
def started(folder: Path, *arguments: str, **env: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A command that goes on; it is ended for good at the end."""
    with subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=folder,
        env=environment(**env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
