"""The files that the arguments of a command stand for."""

import glob
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path


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
