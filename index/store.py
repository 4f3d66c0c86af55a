"""The store: papers in one SQLite file, the outbox of their changes, and readers of one moment."""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Literal

import orjson
from sqlalchemy import Connection, delete, insert, select

from index.document import IndexDocument, index_document
from index.store_batch import Batch, Outcome, lookup_keys
from index.store_feed import ChangeFeed
from index.store_file import StoreError, StoreFile
from index.store_line import FeedError, FeedLine, read_line
from index.store_reader import Reader
from index.store_replica import FOLLOWED, apply_lines, detach, followed, refuse_if_copy
from index.store_rows import (
    CHANGE,
    EXTERNAL_ID,
    PAPER,
    TOMBSTONE,
    chunks,
    full_paper,
    load,
    render,
)
from schema.changes import SHELF_DIGITS, ChangeToken
from schema.identifiers import identifier_key
from schema.record import PaperRecord, SourceFile

__all__ = [
    "FeedError",
    "FeedLine",
    "Outcome",
    "Reader",
    "Removal",
    "Store",
    "StoreChange",
    "StoreError",
    "full_paper",
    "read_line",
]

MAX_FINDINGS = 100


@dataclass(frozen=True, slots=True)
class StoreChange:
    """The last change of a paper: its number, the paper's row number and id, and what it was."""

    seq: int
    rowid: int
    id: str
    op: Literal["put", "remove"]


@dataclass(frozen=True, slots=True)
class Removal:
    """The answer for a key that was to be removed, as it was given.

    `removed`: the paper `id` is gone now; `gone`: it was removed before; `unknown`: no such paper.
    """

    key: str
    id: str | None
    status: Literal["removed", "gone", "unknown"]


class Store:
    """The papers in a data folder. Usable by several threads and processes; writers take turns.

    Whatever SQLite or the disk refuses is a `StoreError`; then nothing of that call is stored.
    `identity` is secret, since it seals cursors; `name` is what others know the shelf by.
    """

    def __init__(self, file: StoreFile, identity: str) -> None:
        self._file = file
        self.identity = identity
        self.name = blake2b(identity.encode(), digest_size=SHELF_DIGITS // 2).hexdigest()

    @classmethod
    def open(cls, folder: Path) -> "Store":
        """Open the store in `folder`, making or migrating it; raises `StoreError`.

        A new folder gets mode 0700, a new file 0600.
        """
        file = StoreFile(folder)
        try:
            rows = file.query("SELECT value FROM meta WHERE key = 'identity'")
            if not rows:
                raise StoreError(f"{file.path} is damaged: the shelf's identity is missing.")
        except BaseException:
            file.close()
            raise
        return cls(file, str(rows[0][0]))

    def close(self) -> None:
        """Let the file go; readers stay usable until they are closed."""
        self._file.close()

    def position(self) -> int:
        """The number of the newest change ever made, 0 for none.

        Raises `StoreError` also where the file was replaced by another.
        """
        self._file.check_in_place()
        rows = self._file.query("SELECT seq FROM sqlite_sequence WHERE name = 'change'")
        return int(rows[0][0]) if rows else 0

    def count(self) -> int:
        """How many papers there are."""
        return int(self._file.query("SELECT count(*) FROM paper")[0][0])

    def reader(self) -> Reader:
        """A reader that sees the papers as they are now, whatever is written later."""
        return Reader(self._file.path)

    def write(self, source: SourceFile, records: Sequence[PaperRecord]) -> list[Outcome]:
        """Store records of one source in one transaction; one outcome for each, in order.

        A record of a paper that is known is merged into it (see `index.merge`). The same bytes
        under another name are the same source. Memory grows with `records`: give some hundreds.
        """
        with self._changing() as connection:
            return Batch(connection, source, records).run()

    def remove(self, keys: Sequence[str]) -> list[Removal]:
        """Delete papers by any of their ids, in one transaction; one answer for each key.

        Their text is overwritten in the file; tombstones of their ids and a change stay.
        """
        with self._changing() as connection:
            return [self._remove(connection, key) for key in keys]

    @contextmanager
    def _changing(self) -> Iterator[Connection]:
        """A transaction that changes papers; raises `Problem` `shelf-follows` on a copy."""
        with self._file.writing() as connection:
            refuse_if_copy(followed(connection))
            yield connection

    def _remove(self, connection: Connection, given: str) -> Removal:
        key = identifier_key(given)
        if key is None:
            return Removal(given, None, "unknown")
        if ":" in key:
            kind, _, value = key.partition(":")
            found = select(EXTERNAL_ID.c.paper).where(
                EXTERNAL_ID.c.kind == kind, EXTERNAL_ID.c.value == value
            )
        else:
            found = select(PAPER.c.rowid).where(PAPER.c.id == key)
        rowid = connection.scalar(found)
        if rowid is None:
            before = connection.scalar(select(TOMBSTONE.c.paper_id).where(TOMBSTONE.c.key == key))
            return Removal(given, before, "unknown" if before is None else "gone")
        known = load(connection, [rowid])[rowid].known
        connection.execute(delete(PAPER).where(PAPER.c.rowid == rowid))
        connection.execute(delete(CHANGE).where(CHANGE.c.paper == rowid))
        keys = sorted(lookup_keys(known))
        change = {
            "paper": rowid,
            "paper_id": known.id,
            "op": "remove",
            "at": int(time.time()),
            "keys": orjson.dumps(keys).decode(),
        }
        seq = connection.execute(insert(CHANGE).returning(CHANGE.c.seq), change).scalar_one()
        connection.execute(delete(TOMBSTONE).where(TOMBSTONE.c.key.in_(keys)))
        connection.execute(
            insert(TOMBSTONE), [{"key": key, "paper_id": known.id, "seq": seq} for key in keys]
        )
        return Removal(given, known.id, "removed")

    def changes(self, after: int, upto: int | None = None) -> Iterator[StoreChange]:
        """The last change of each paper changed after position `after`, oldest first.

        With `upto` those up to that position; a paper that changed again later is then left out,
        for its last change comes after.
        """
        last = 2**63 - 1 if upto is None else upto
        while rows := self._file.query(
            "SELECT seq, paper, paper_id, op FROM change WHERE seq > ? AND seq <= ? "
            "ORDER BY seq LIMIT 1000",
            (after, last),
        ):
            for row in rows:
                yield StoreChange(*row)
            after = rows[-1][0]

    def feed(self, since: int) -> ChangeFeed:
        """The changes after a position, for programs and copies; to be closed."""
        return ChangeFeed(self._file.path, self.name, since)

    def follow(self, lines: Sequence[FeedLine]) -> ChangeToken | None:
        """Apply lines of another shelf's feed in one transaction (see `index.store_replica`).

        Answers how far the copy has come. Memory grows with `lines`. Raises `FeedError`.
        """
        with self._file.writing() as connection:
            return apply_lines(connection, lines)

    def followed(self) -> ChangeToken | None:
        """How far a copy of another shelf has come; None for a shelf of its own."""
        rows = self._file.query("SELECT value FROM meta WHERE key = ?", (FOLLOWED,))
        return ChangeToken.parse(rows[0][0]) if rows else None

    def refuse_if_copy(self) -> None:
        """Raise `Problem` `shelf-follows` where changes may come from another shelf alone."""
        refuse_if_copy(self.followed())

    def detach(self) -> bool:
        """Make a copy a shelf of its own; whether it was a copy."""
        with self._file.writing() as connection:
            return detach(connection)

    def documents(self, rowids: Iterable[int] | None = None) -> Iterator[IndexDocument]:
        """What an engine is to hold of papers, in bounded memory: of these that exist, or of all.

        Each is as it is when it is read, which may be newer than when the call was made.
        """
        if rowids is not None:
            for part in chunks(rowids):
                yield from self._documents(f"IN ({','.join('?' * len(part))})", tuple(part))
            return
        last = 0
        while part := [
            row[0]
            for row in self._file.query(
                "SELECT rowid FROM rendering WHERE rowid > ? ORDER BY rowid LIMIT 500", (last,)
            )
        ]:
            yield from self._documents("BETWEEN ? AND ?", (part[0], part[-1]))
            last = part[-1]

    def _documents(self, which: str, parameters: tuple[int, ...]) -> Iterator[IndexDocument]:
        rows = self._file.query(
            "SELECT r.rowid, p.tie, r.row, r.rest, (SELECT group_concat(DISTINCT l.day) "
            "FROM listing l WHERE l.paper = r.rowid) "
            f"FROM rendering r JOIN paper p ON p.rowid = r.rowid WHERE r.rowid {which}",
            parameters,
        )
        for rowid, tie, row, rest, days in rows:
            paper = orjson.loads(full_paper(row, rest))
            listed = tuple(sorted(days.split(","))) if days else ()
            yield index_document(rowid, tie, paper, listed)

    def log_bytes(self) -> int:
        """The size of the write-ahead log."""
        return self._file.log_bytes()

    def checkpoint(self) -> None:
        """Move what no reader needs from the write-ahead log into the file, without waiting."""
        self._file.checkpoint()

    def verify(self) -> list[str]:
        """What is wrong with the file, a sentence each, at most 100; reads all of it."""
        findings = []
        for (text,) in self._file.query("PRAGMA quick_check(10)"):
            if text != "ok":
                findings.append(f"SQLite finds damage: {text}.")
        if findings:
            return findings
        for child, rowid, parent, _ in self._file.query("PRAGMA foreign_key_check"):
            findings.append(f"Row {rowid} of {child} belongs to no row of {parent}.")
        findings.extend(self._verify_renderings())
        return findings[:MAX_FINDINGS]

    def _verify_renderings(self) -> Iterator[str]:
        last = 0
        while True:
            with self._file.reading() as connection:
                part = list(
                    connection.scalars(
                        select(PAPER.c.rowid)
                        .where(PAPER.c.rowid > last)
                        .order_by(PAPER.c.rowid)
                        .limit(500)
                    )
                )
                if not part:
                    return
                papers = load(connection, part)
                marks = ",".join("?" * len(part))
                stored = {
                    row[0]: (row[1], row[2])
                    for row in connection.exec_driver_sql(
                        f"SELECT rowid, row, rest FROM rendering WHERE rowid IN ({marks})",
                        tuple(part),
                    )
                }
            for rowid, saved in papers.items():
                if stored.get(rowid) != render(saved):
                    yield f"The stored JSON of {saved.known.id} is not what its rows say."
            last = part[-1]
