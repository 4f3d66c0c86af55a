"""Copies of the store in one file, made while others write, and putting one back."""

import fcntl
import os
import secrets
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from index.store_file import (
    APPLICATION_ID,
    FILE_NAME,
    StoreError,
    StoreFile,
    connect_reading,
    readable_errors,
)

_LOGS = ("-wal", "-shm", "-journal")
_ROOM = "restoring-"

PATIENCE = 1.0
"""Seconds that putting a backup back waits for others to let go of the folder."""


@dataclass(frozen=True, slots=True)
class Backup:
    """What was copied: how many papers, and the bytes of the copy."""

    papers: int
    size: int


def back_up(folder: Path, target: Path, *, replace: bool = False) -> Backup:
    """Copy the store in `folder` to `target` as it is at one moment, whoever writes meanwhile.

    The copy is checked, mode 0600, and gets its name once it is whole and on the disk. A link is
    followed. Raises `StoreError`, for a target that exists too unless `replace` allows it.
    """
    source = folder / FILE_NAME
    target = Path(os.path.realpath(target))
    with readable_errors(target):
        _check_target(target, replace=replace)
    with readable_errors(source), closing(connect_reading(source)) as connection:
        _check_ours(connection, source)
        with readable_errors(target), _aside(target) as aside:
            # Of 75,000 papers in 1.7 s, without the gaps that a file has (the online backup of
            # SQLite took 2.3 s); no commit of a load beside it took longer for that.
            connection.execute("PRAGMA query_only = 0")  # it would be taken for a change
            with _told_of(source, aside):
                connection.execute("VACUUM INTO ?", (str(aside),))
                papers = _checked(aside)
            _sync(aside)
            size = aside.stat().st_size
            aside.replace(target)
            _sync(target.parent)
    return Backup(papers, size)


def restore(backup: Path, folder: Path, *, replace: bool = False) -> int:
    """Put a backup into `folder`, migrated where it is of an older version; how many papers it has.

    The shelf gets a new identity, so that its index, its cursors and its tokens are never taken for
    those of the other history. Raises `StoreError` for what is no sound backup, for a folder that
    has papers unless `replace` gives them up, and where somebody has the folder open.
    """
    with readable_errors(backup), closing(_opened(backup)) as source:
        _check_ours(source, backup)
        path = folder / FILE_NAME
        if not replace and path.exists() and path.stat().st_size:
            with readable_errors(path), closing(connect_reading(path)) as there:
                _refuse_papers(there, path)
        with readable_errors(path), _room(folder) as room:
            copied = room / FILE_NAME
            os.close(os.open(copied, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
            with closing(sqlite3.connect(copied)) as copy:
                source.backup(copy)
            with _told_of(backup, copied):
                _renew(copied)
                papers = _checked(copied)
            _sync(copied)
            _put(copied, path, replace=replace)
    return papers


def _check_target(target: Path, *, replace: bool) -> None:
    """Raise `StoreError` for a place where a backup may not be written."""
    if target.is_dir():
        raise StoreError(f"{target} is a folder; name a file in it.")
    if target.name.removeprefix(FILE_NAME) in ("", *_LOGS):  # the log of one would be the other's
        raise StoreError(
            f"{target} is where a shelf has its papers; choose another name. `papershelf restore` "
            "makes a shelf of a backup."
        )
    if target.exists() and not target.is_file():
        raise StoreError(f"{target} is no regular file.")
    if target.exists() and not replace:
        raise StoreError(f"{target} exists already; choose another name, or use --force.")


def _opened(backup: Path) -> sqlite3.Connection:
    if backup.is_fifo() or backup.is_socket():
        raise StoreError(f"{backup} is no regular file.")
    backup.open("rb").close()  # for the words of the system where that fails
    return connect_reading(backup)


@contextmanager
def _told_of(original: Path, copy: Path) -> Iterator[None]:
    """Have the errors of a copy name what it was copied from."""
    try:
        with readable_errors(copy):
            yield
    except StoreError as error:
        raise StoreError(str(error).replace(str(copy), str(original))) from error


def _check_ours(connection: sqlite3.Connection, path: Path) -> None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    if application != APPLICATION_ID:
        raise StoreError(f"{path} is no shelf of Papershelf, nor a backup of one.")


def _checked(path: Path) -> int:
    """How many papers a sound file has; raises `StoreError` for a damaged one."""
    with closing(connect_reading(path)) as connection:
        findings = [text for (text,) in connection.execute("PRAGMA quick_check(1)") if text != "ok"]
        findings += [row[0] for row in connection.execute("PRAGMA foreign_key_check")]
        if findings:
            raise StoreError(f"{path} is damaged: {findings[0]}.")
        return int(connection.execute("SELECT count(*) FROM paper").fetchone()[0])


@contextmanager
def _aside(target: Path) -> Iterator[Path]:
    """An empty file beside `target`, for its owner only, that is gone afterwards."""
    number, name = tempfile.mkstemp(".part", f".{target.name}.", target.parent)
    os.close(number)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


@contextmanager
def _room(folder: Path) -> Iterator[Path]:
    """A folder within the data folder, on the same disk, that is gone afterwards.

    One whose process was killed goes too: nobody has it locked any more.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for left in folder.glob(f"{_ROOM}*"):
        with _locked(left) as mine:
            if mine:
                shutil.rmtree(left, ignore_errors=True)
    room = Path(tempfile.mkdtemp(prefix=_ROOM, dir=folder))
    try:
        with _locked(room):
            yield room
    finally:
        shutil.rmtree(room, ignore_errors=True)


@contextmanager
def _locked(folder: Path) -> Iterator[bool]:
    """Whether nobody else had a folder locked; then this process has, however that ends."""
    number = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        mine = True
    except BlockingIOError:
        mine = False
    try:
        yield mine
    finally:
        os.close(number)


def _renew(path: Path) -> None:
    """Migrate the copy, give it a new identity, and leave nothing of it in a log."""
    StoreFile(path.parent).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        identity = secrets.token_hex(16)
        given = connection.execute("UPDATE meta SET value = ? WHERE key = 'identity'", (identity,))
        if given.rowcount != 1:
            raise StoreError(f"{path} is damaged: the shelf's identity is missing.")


def _refuse_papers(connection: sqlite3.Connection, path: Path) -> None:
    """Raise `StoreError` for a store that has, or had, papers."""
    _check_ours(connection, path)
    if connection.execute("SELECT 1 FROM change LIMIT 1").fetchone():
        raise StoreError(
            f"{path.parent} has papers already; --replace gives them up for those of the backup, "
            "and another folder (--data) keeps both."
        )


def _put(new: Path, path: Path, *, replace: bool) -> None:
    """Let `new` take the place of the store at `path`, while nobody else has it open.

    SQLite leaves the write-ahead log only if no other connection is there, in whatever process.
    Then nothing of the old log can be taken for one of the new file, and whoever comes waits.
    """
    if not path.exists():
        _drop_logs(path)
        new.rename(path)
        _sync(path.parent)
        return
    connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)
    with closing(connection):
        try:
            connection.execute("PRAGMA journal_mode = DELETE")
            connection.execute("BEGIN EXCLUSIVE")
            if path.stat().st_size and not replace:
                _refuse_papers(connection, path)
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorname.startswith("SQLITE_BUSY"):
                raise StoreError(
                    f"{path.parent} is in use by a server or another command; stop it first."
                ) from error
            if not replace or isinstance(error, sqlite3.OperationalError):
                raise
            _drop_logs(path)  # of a damaged file, which is what backups are for
        new.replace(path)
        _sync(path.parent)


def _drop_logs(path: Path) -> None:
    for end in _LOGS:
        path.with_name(path.name + end).unlink(missing_ok=True)


def _sync(path: Path) -> None:
    """See that a file, or the names in a folder, are on the disk."""
    number = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(number)
    finally:
        os.close(number)
