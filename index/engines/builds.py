"""Where an engine keeps its files: complete builds side by side, one of them current."""

import os
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

Result = TypeVar("Result")

MAX_NAME = 64
"""Characters of a build's name; a longer one is damage, and no file system could look it up."""


class Builds:
    """A private folder of builds and the file `CURRENT` that names the one to read.

    A rebuild writes a new folder beside the old one and switches by renaming one small file, so
    readers of any process see the old index or the new one, whatever state the old one is in.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pointer = folder / "CURRENT"

    def current(self) -> Path | None:
        """The folder of the current build; None if there is none."""
        name = self._named()
        while name is not None and not (self._folder / name).is_dir():
            missing, name = name, self._named()  # a rebuild may just have replaced it
            if name == missing:
                return None
        return None if name is None else self._folder / name

    def _named(self) -> str | None:
        try:
            name = self._pointer.read_text("ascii").strip()
        except (OSError, ValueError):
            return None
        return name if name.isalnum() and len(name) <= MAX_NAME else None

    def read(self, action: Callable[[Path], Result]) -> Result | None:
        """`action` on the current build, once more if a rebuild replaced it meanwhile.

        None if there is no build; an exception of `action` passes if the build stands still.
        """
        while (path := self.current()) is not None:
            try:
                return action(path)
            except Exception:
                if self.current() == path:
                    raise
        return None

    def begin(self) -> Path:
        """A new empty folder for a build; leftovers of builds that were cut short go."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder.chmod(0o700)
        self._keep_only(self.current())
        path = self._folder / secrets.token_hex(8)
        path.mkdir(mode=0o700)
        return path

    def publish(self, path: Path) -> None:
        """Make a finished build the current one, durably, and remove the others."""
        draft = self._folder / "CURRENT.new"
        with draft.open("w", encoding="ascii") as file:
            file.write(path.name)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._pointer)
        descriptor = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        self._keep_only(path)

    def discard(self, path: Path) -> None:
        """Remove a build that failed."""
        shutil.rmtree(path, ignore_errors=True)

    def _keep_only(self, keep: Path | None) -> None:
        for path in self._folder.iterdir():
            if path.is_dir() and path != keep:
                shutil.rmtree(path, ignore_errors=True)
