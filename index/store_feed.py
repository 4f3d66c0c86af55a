"""The changes of a shelf as lines for others: what a program needs, and what an exact copy needs.

A line is a JSON object: `token` (the place behind it), `op` (put or remove), `id`, `changedAt`,
`paper` (the full paper as it is; null for a removal) and `replica`, which is for `store_replica`
alone: what the paper does not tell of its rows. `replica.after` is the change before it in the same
feed, so that a copy notices where a piece is missing.
"""

import time
import weakref
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from index.store_file import connect_at_moment, readable_errors
from index.store_line import TIME
from index.store_rows import full_paper
from schema.changes import ChangeToken

CHUNK = 200
"""Changes that are read at once."""

_CHANGES = (
    "SELECT c.seq, c.paper, c.paper_id, c.op, c.at, c.keys, r.row, r.rest, p.tie, p.author_count, "
    "p.published_second FROM change c LEFT JOIN paper p ON p.rowid = c.paper "
    "LEFT JOIN rendering r ON r.rowid = c.paper WHERE c.seq > ? ORDER BY c.seq LIMIT ?"
)
_POSITIONS = "SELECT paper, position FROM {} WHERE paper IN ({}) ORDER BY paper, position, {}"
_SOURCES = "SELECT paper, source FROM papersource WHERE paper IN ({}) ORDER BY paper, source"
_LISTINGS = (
    "SELECT l.paper, l.day, l.position, s.number, s.name, s.sha256 FROM listing l "
    "JOIN source s ON s.number = l.source WHERE l.paper IN ({}) "
    "ORDER BY l.paper, l.day, s.name, s.number"
)


class ChangeFeed:
    """The last change of each paper changed after `since`, as they are at one moment.

    That moment is `position`, the number of the newest change. Any thread may use it, one at a
    time; `close` lets the moment go.
    """

    def __init__(self, path: Path, shelf: str, since: int) -> None:
        self.since = ChangeToken(shelf, since)
        self._path = path
        self._connection, self.position = connect_at_moment(path)
        self._finalizer = weakref.finalize(self, self._connection.close)

    def close(self) -> None:
        """Let the moment go, else that happens with the feed; then no more can be read."""
        self._finalizer()

    def __enter__(self) -> "ChangeFeed":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def lines(self, limit: int | None = None) -> Iterator[tuple[int, bytes]]:
        """Number and line (JSON, without a line end) of each change, oldest first, `limit` at most.

        Read in bounded memory; raises `StoreError`.
        """
        after = self.since.seq
        while limit is None or limit > 0:
            with readable_errors(self._path):
                made = self._read(after, CHUNK if limit is None else min(CHUNK, limit))
            yield from made
            if not made:
                return
            after = made[-1][0]
            limit = limit and limit - len(made)

    def _read(self, after: int, count: int) -> list[tuple[int, bytes]]:
        rows = self._connection.execute(_CHANGES, (after, count)).fetchall()
        extras = self._extras([row[1] for row in rows if row[3] == "put"])
        made = []
        for seq, rowid, paper_id, op, at, keys, row, rest, *scalars in rows:
            replica: dict[str, Any] = {"after": after, "row": rowid}
            if op == "put":
                replica |= _scalars(*scalars) | extras[rowid]
            else:
                replica["keys"] = orjson.loads(keys)
            line = {
                "token": str(ChangeToken(self.since.shelf, seq)),
                "op": op,
                "id": paper_id,
                "changedAt": time.strftime(TIME, time.gmtime(at)),
                "paper": orjson.Fragment(full_paper(row, rest)) if op == "put" else None,
                "replica": replica,
            }
            made.append((seq, orjson.dumps(line)))
            after = seq
        return made

    def _extras(self, rowids: list[int]) -> dict[int, dict[str, list[Any]]]:
        """Of these papers what their JSON does not tell of what they have several of."""
        marks = ",".join("?" * len(rowids))
        statements = {
            "linkPositions": _POSITIONS.format("link", marks, "url"),
            "categoryPositions": _POSITIONS.format("category", marks, "name"),
            "sourceNumbers": _SOURCES.format(marks),
            "listings": _LISTINGS.format(marks),
        }
        extras: defaultdict[int, dict[str, list[Any]]] = defaultdict(
            lambda: {name: [] for name in statements}
        )
        for name, sql in statements.items():
            for rowid, *values in self._connection.execute(sql, rowids):
                extras[rowid][name].append(values[0] if len(values) == 1 else _listing(*values))
        return extras


def _scalars(tie: int, author_count: int | None, second: str | None) -> dict[str, Any]:
    return {
        "tie": tie,
        "authorCount": author_count,
        "otherDate": second and orjson.Fragment(second.encode()),
    }


def _listing(day: str, position: int | None, number: int, name: str, sha256: str) -> dict[str, Any]:
    source = {"number": number, "name": name, "sha256": sha256}
    return {"day": day, "position": position, "source": source}
