"""The files that the arguments of a command stand for."""

import glob
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO


@dataclass(slots=True)
class Found:
    """The files that the arguments of `load` stand for (None: standard input), and their bytes.

    `failures` are sentences about arguments that stand for nothing.
    """

    paths: list[Path | None] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    size: int | None = 0


def find_files(arguments: Iterable[str]) -> Found:
    """Files as given, folders as the files below them, patterns as what they match, sorted."""
    found = Found()
    for argument in arguments:
        if argument == "-":
            found.paths.append(None)
            found.size = None
            continue
        matches = _matches(argument)
        if not matches:
            found.failures.append(f"{argument}: no file matches this pattern")
        for match in matches:
            _add(Path(match), found)
    return found


@contextmanager
def written_whole(path: Path) -> Iterator[BinaryIO]:
    """A file to be written, which gets its name only when it is whole; till then the old one stays.

    A link is followed. What is no regular file, such as a pipe, is written to as it is. Raises
    `OSError`.
    """
    path = path.resolve()
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        mode = 0
    if mode and not stat.S_ISREG(mode):
        with path.open("wb") as file:
            yield file
        return
    aside = path.with_name(f".{path.name[:100]}.{os.getpid()}.part")
    try:
        with _created(aside, path) as file:
            if mode:
                aside.chmod(stat.S_IMODE(mode))
            yield file
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise


def _created(aside: Path, path: Path) -> BinaryIO:
    try:
        return aside.open("xb")
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


def _matches(argument: str) -> list[str]:
    """What an argument names, sorted; a file may have a name that looks like a pattern."""
    if not glob.has_magic(argument) or os.path.lexists(argument):
        return [argument]
    return sorted(glob.glob(argument, recursive=True))  # noqa: PTH207  (absolute ones too)


def _add(path: Path, found: Found) -> None:
    if not path.is_dir():
        found.paths.append(path)
        _count(path, found)
        return
    files = sorted(_files_below(path, found.failures.append))
    if not files:
        found.failures.append(f"{path}: there are no files in this folder")
    for each in files:
        found.paths.append(each)
        _count(each, found)


def _files_below(folder: Path, report: Callable[[str], None]) -> Iterator[Path]:
    def unreadable(error: OSError) -> None:
        report(f"{error.filename}: {error.strerror}")

    for root, folders, names in os.walk(folder, onerror=unreadable):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = Path(root, name)
            if not name.startswith(".") and path.is_file():
                yield path


def _count(path: Path, found: Found) -> None:
    try:
        status = path.stat()
    except OSError:
        return
    if found.size is not None:
        found.size = found.size + status.st_size if stat.S_ISREG(status.st_mode) else None
