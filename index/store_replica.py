"""Making a shelf the exact copy of another from the lines of its feed (see `store_feed`).

The copy has the same papers to the byte, row numbers, numbers of changes, sources and tombstones.
A batch of lines is one transaction, which also notes how far the copy has come. Lines come in the
order of their numbers, and what a paper has taken (its id, a key) only a removal gives back, which
no later change replaces: so the copy ends as the leader is, wherever feeds were cut.
"""

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.exc import DataError, IntegrityError

from index.store_batch import given_number, lookup_keys
from index.store_line import FeedError, FeedLine
from index.store_rows import CHANGE, META, PAPER, SOURCE, TOMBSTONE, chunks, load, save
from schema.changes import ChangeToken
from schema.errors import Problem

FOLLOWED = "followed"
"""The key of `Meta` under which a copy keeps the token of the last line that it has."""


def followed(connection: Connection) -> ChangeToken | None:
    """How far a copy has come; None for a shelf of its own."""
    text = connection.scalar(select(META.c.value).where(META.c.key == FOLLOWED))
    return None if text is None else ChangeToken.parse(text)


def refuse_if_copy(place: ChangeToken | None) -> None:
    """Raise `Problem` `shelf-follows` for what `followed` answers of a copy."""
    if place is not None:
        raise Problem(
            "shelf-follows",
            "This shelf is the copy of another and takes changes from there alone: change that "
            "one. `papershelf follow --detach` makes it a shelf of its own.",
        )


def detach(connection: Connection) -> bool:
    """Make a copy a shelf of its own; whether it was a copy."""
    return connection.execute(delete(META).where(META.c.key == FOLLOWED)).rowcount > 0


def apply_lines(connection: Connection, lines: Sequence[FeedLine]) -> ChangeToken | None:
    """Bring the copy up to the last of `lines`; the place to which it has come.

    Lines that it has already are passed over. Raises `FeedError` for what does not fit.
    """
    place = followed(connection)
    if place is None and given_number(connection, "change"):
        raise FeedError(
            "This shelf has had papers of its own, so it cannot become the copy of another; "
            "name an empty folder with --data."
        )
    fresh = []
    for line in lines:
        here = place or ChangeToken(line.token.shelf, 0)
        _check_place(here, line)
        if line.token.seq > here.seq:
            fresh.append(line)
            place = line.token
    if fresh:
        try:
            _write(connection, fresh)
        except (IntegrityError, DataError, OverflowError) as error:
            raise FeedError(
                f"The changes up to {place} contradict what is here; they are not those of the "
                f"shelf that was followed so far ({error.args[0]})."
            ) from error
        connection.execute(delete(META).where(META.c.key == FOLLOWED))
        connection.execute(insert(META), {"key": FOLLOWED, "value": str(place)})
    return place


def _check_place(here: ChangeToken, line: FeedLine) -> None:
    """Raise `FeedError` for a line of another shelf, or one ahead of which lines are missing."""
    if line.token.shelf != here.shelf:
        raise FeedError(
            f"These are changes of the shelf {line.token.shelf}, but this one follows "
            f"{here.shelf}; follow another shelf into an empty folder."
        )
    if line.after > here.seq:
        missed = ChangeToken(here.shelf, line.after)
        raise FeedError(
            f"The changes between {here} and {missed} are missing; get the feed from "
            f"/v1/changes?since={here} on."
        )


def _write(connection: Connection, lines: Sequence[FeedLine]) -> None:
    latest = {line.rowid: line for line in lines}  # where there are feeds one behind the other
    last = sorted(latest.values(), key=lambda line: line.token.seq)
    rowids = [line.rowid for line in last]
    before = load(connection, rowids)
    removals = [line for line in last if line.saved is None]
    puts = {line.rowid: line.saved for line in last if line.saved is not None}
    for part in chunks(line.rowid for line in removals):
        connection.execute(delete(PAPER).where(PAPER.c.rowid.in_(part)))
        connection.execute(delete(CHANGE).where(CHANGE.c.paper.in_(part)))
    for line in removals:
        _claim(connection, line.keys, line.token.seq)
        connection.execute(insert(CHANGE), _removal(line))
        tombstones = [{"key": key, "paper_id": line.id, "seq": line.token.seq} for key in line.keys]
        if tombstones:
            connection.execute(insert(TOMBSTONE), tombstones)
    if connection.execute(select(TOMBSTONE.c.key).limit(1)).first() is not None:
        for saved in puts.values():
            _claim(connection, tuple(lookup_keys(saved.known)), saved.updated_seq)
    _add_sources(connection, {each for line in last for each in line.sources})
    existing = {rowid: before[rowid] for rowid in puts if rowid in before}
    save(connection, puts, existing, {line.rowid: line.at for line in last})
    _count_up(connection, max(rowids))


def _removal(line: FeedLine) -> dict[str, Any]:
    return {
        "seq": line.token.seq,
        "paper": line.rowid,
        "paper_id": line.id,
        "op": "remove",
        "at": line.at,
        "keys": orjson.dumps(line.keys).decode(),
    }


def _claim(connection: Connection, keys: Sequence[str], seq: int) -> None:
    """End the tombstones of papers that were removed before `seq` and had one of these keys.

    A paper keeps its keys until it is removed, so one that has a key now took it after that.
    """
    for part in chunks(keys):
        ended = connection.execute(
            select(TOMBSTONE.c.paper_id, TOMBSTONE.c.seq)
            .where(TOMBSTONE.c.key.in_(part), TOMBSTONE.c.seq < seq)
            .distinct()
        ).all()
        for paper_id, removed in ended:
            connection.execute(
                delete(TOMBSTONE).where(
                    TOMBSTONE.c.paper_id == paper_id, TOMBSTONE.c.seq == removed
                )
            )


def _add_sources(connection: Connection, sources: set[tuple[int, str, str]]) -> None:
    known: set[tuple[int, str, str]] = set()
    for part in chunks({number for number, _, _ in sources}):
        statement = select(SOURCE.c.number, SOURCE.c.name, SOURCE.c.sha256)
        for row in connection.execute(statement.where(SOURCE.c.number.in_(part))):
            known.add((row.number, row.name, row.sha256))
    rows = [
        {"number": number, "name": name, "sha256": sha256}
        for number, name, sha256 in sorted(sources - known)
    ]
    if rows:
        connection.execute(insert(SOURCE), rows)


def _count_up(connection: Connection, rowid: int) -> None:
    """See that a row number is never given again, also where the copy never had its paper."""
    updated = connection.exec_driver_sql(
        "UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = 'paper'", (rowid,)
    )
    if not updated.rowcount:
        connection.exec_driver_sql(
            "INSERT INTO sqlite_sequence (name, seq) VALUES ('paper', ?)", (rowid,)
        )
