"""The SQLite file: opening it, its pragmas, its migrations, and its errors as sentences."""

import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

FILE_NAME = "papers.sqlite"
HEAD = "0002"
"""The newest migration; a test compares it with the folder of migrations."""

APPLICATION_ID = 0x50536866
"""`PRAGMA application_id` of our files: the letters PShf."""

BUSY_SECONDS = 30.0
WAL_LIMIT = 64 * 2**20
"""Bytes to which the write-ahead log shrinks once readers let it."""

PAGE_BYTES = 8192
"""A list row of 2-3 kB crosses fewer pages than with 4,096: 20 unmapped rows 81 against 98 us."""

WRITE_CACHE_KIB = 32 * 1024
"""Of the writing connection: the indexes that a load inserts into at random stay in memory."""

_SENTENCES = (
    ("SQLITE_FULL", "The disk is full"),
    ("SQLITE_IOERR", "The disk could not be read or written"),
    ("SQLITE_BUSY", "Another process is writing to {path} and does not end; try again later"),
    ("SQLITE_LOCKED", "Another process is writing to {path} and does not end; try again later"),
    ("SQLITE_NOTADB", "{path} is not an SQLite database"),
    ("SQLITE_CORRUPT", "{path} is damaged; restore it from a backup"),
    ("SQLITE_READONLY", "{path} may not be written by this user"),
    ("SQLITE_PERM", "{path} may not be written by this user"),
    ("SQLITE_CANTOPEN", "{path} cannot be opened"),
    ("SQLITE_TOOBIG", "A text is larger than SQLite stores"),
)


class StoreError(Exception):
    """The store cannot do what was asked; the text is one sentence for a person.

    Nothing of the step that failed is stored; what was committed before stays.
    """


@contextmanager
def readable_errors(path: Path) -> Iterator[None]:
    """Turn errors of SQLite and of the file system into `StoreError`."""
    try:
        yield
    except DBAPIError as error:
        raise _store_error(error.orig or error, path) from error
    except (sqlite3.Error, OSError) as error:
        raise _store_error(error, path) from error


def _store_error(error: BaseException, path: Path) -> StoreError:
    if isinstance(error, OSError):
        return StoreError(f"{path} cannot be used: {error.strerror or error}.")
    name = getattr(error, "sqlite_errorname", "") or ""
    for prefix, sentence in _SENTENCES:
        if name.startswith(prefix):
            return StoreError(f"{sentence.format(path=path)} ({error}).")
    return StoreError(f"{path} cannot be used: {error}.")


def connect_reading(path: Path) -> sqlite3.Connection:
    """A connection that only reads and sees every commit; may be used by one thread at a time."""
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?mode=ro",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
    )
    connection.execute("PRAGMA query_only = 1")
    return connection


def connect_at_moment(path: Path, *pragmas: str) -> tuple[sqlite3.Connection, int]:
    """A connection that sees the papers as they are now, and the number of the newest change.

    `pragmas` are set before the moment is taken. Raises `StoreError`.
    """
    with readable_errors(path):
        connection = connect_reading(path)
        try:
            for pragma in pragmas:
                connection.execute(f"PRAGMA {pragma}")
            connection.execute("BEGIN")
            row = connection.execute(
                "SELECT seq FROM sqlite_sequence WHERE name = 'change'"
            ).fetchone()
        except BaseException:
            connection.close()
            raise
    return connection, row[0] if row else 0


def _connect_writing(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")  # of a file yet to be made
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute(f"PRAGMA cache_size = -{WRITE_CACHE_KIB}")
        connection.execute(f"PRAGMA journal_size_limit = {WAL_LIMIT}")
    except BaseException:
        connection.close()
        raise
    return connection


class StoreFile:
    """The open file: `writing()` transactions one at a time, `query` for what is committed."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE_NAME
        with readable_errors(self.path):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            self._opened = _number(self.path)  # before it is open: what replaces it is noticed
            self._engine = _engine(self.path)
        self._write_lock = threading.RLock()
        self._read_lock = threading.Lock()
        try:
            with readable_errors(self.path):
                self._prepare()
                self._reading = connect_reading(self.path)
        except BaseException:
            self._engine.dispose()
            raise

    def close(self) -> None:
        """Let the file go."""
        with self._write_lock, self._read_lock:
            self._reading.close()
            self._engine.dispose()

    def check_in_place(self) -> None:
        """Raise `StoreError` if another file has taken the place of the one that is open.

        What is written to a file that has lost its name is lost with the process.
        """
        with readable_errors(self.path):
            if _number(self.path) != self._opened:
                raise StoreError(f"{self.path} was replaced while it was in use; start again.")

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction that begins with the right to write; raises `StoreError`."""
        self.check_in_place()
        with self._write_lock, readable_errors(self.path), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One transaction that only reads, at one moment, beside any writer."""
        with readable_errors(self.path):
            engine = create_engine(
                "sqlite://", creator=lambda: connect_reading(self.path), poolclass=StaticPool
            )
            event.listen(engine, "begin", lambda each: each.exec_driver_sql("BEGIN") and None)
            try:
                with engine.begin() as connection:
                    yield connection
            finally:
                engine.dispose()

    def query(self, sql: str, parameters: tuple[int | str, ...] = ()) -> list[tuple]:  # type: ignore[type-arg]
        """All rows of a statement over what is committed now."""
        with self._read_lock, readable_errors(self.path):
            return self._reading.execute(sql, parameters).fetchall()

    def log_bytes(self) -> int:
        """The size of the write-ahead log."""
        try:
            return self.path.with_name(f"{self.path.name}-wal").stat().st_size
        except OSError:
            return 0

    def checkpoint(self) -> None:
        """Move what readers no longer need from the write-ahead log into the file."""
        with self._write_lock, readable_errors(self.path):
            connection = self._engine.raw_connection()
            try:
                connection.cursor().execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            finally:
                connection.close()

    def _prepare(self) -> None:
        """Make or migrate the tables; raises `StoreError` for a file that is not ours."""
        with self._engine.connect() as connection:
            raw = _plain(connection)
            state = _state(raw, self.path)
            _enter_wal_mode(raw, self.path)
        if state == HEAD:
            return
        with self._engine.begin() as connection:
            raw = _plain(connection)
            found = _state(raw, self.path)  # again: another process may have been first
            if found == HEAD:
                return
            migrate(connection, self.path)
            if found is None:
                raw.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                identity = secrets.token_hex(16)
                raw.execute("INSERT INTO meta (key, value) VALUES ('identity', ?)", (identity,))


def _number(path: Path) -> tuple[int, int]:
    """What names a file itself, whatever its path."""
    status = path.stat()
    return status.st_dev, status.st_ino


def _engine(path: Path) -> Engine:
    engine = create_engine(
        "sqlite://", creator=lambda: _connect_writing(path), poolclass=StaticPool
    )

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _plain(connection: Connection) -> sqlite3.Connection:
    return cast(sqlite3.Connection, connection.connection.dbapi_connection)


def _state(connection: sqlite3.Connection, path: Path) -> str | None:
    """The migration that the file is at, None for an empty file."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if not tables and application in (0, APPLICATION_ID):
        return None
    if application != APPLICATION_ID:
        raise StoreError(f"{path} is an SQLite database of another program, not a shelf.")
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(row[0]) if row else ""


def _enter_wal_mode(connection: sqlite3.Connection, path: Path) -> None:
    """Ask for the write-ahead log until it is on: SQLite does not wait for this lock by itself."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        except sqlite3.OperationalError as error:
            busy = error.sqlite_errorname.startswith("SQLITE_BUSY")
            if not busy or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
            continue
        if mode != "wal":
            raise StoreError(f"{path} lies on a file system without write-ahead logs.")
        return


def migrate(connection: Connection, path: Path, revision: str = HEAD) -> None:
    """Bring the tables to `revision` with Alembic, in the transaction of `connection`.

    Raises `StoreError` for a file of a newer program.
    """
    from alembic import command  # here: it takes 0.2 s to import, and most openings need none
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    folder = Path(__file__).parent / "migrations"
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, revision)
    except CommandError as error:
        raise StoreError(
            f"{path} was made by a newer version of Papershelf; use that version ({error})."
        ) from error
