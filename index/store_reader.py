"""Reading the papers as they were at one moment. The hot path: plain sqlite3, no objects."""

import threading
from collections.abc import Sequence
from pathlib import Path

import orjson

from index.document import sort_values
from index.store_file import connect_at_moment
from index.store_rows import chunks, full_paper

EXACT_COUNTS = 128
"""Up to here each number of rows has its own statement; beyond, it is filled up to a power of 2."""

MAX_ROWS = 1024
MAPPED_BYTES = 2**30
"""Of the file, read through a memory map: 20 rows cost 23 us instead of 37."""

CACHED_KIB = 256
"""Of pages that are in the write-ahead log alone, which is not mapped; a reader has a cache of its
own, and there is one for each kept revision. SQLite's default is 2,000."""

KEPT_DAYS = 4

_ROWS = [
    f"SELECT rowid, row FROM rendering WHERE rowid IN ({','.join('?' * count)})"
    for count in range(EXACT_COUNTS + 1)
]
_WHOLE = [
    f"SELECT rowid, row, rest FROM rendering WHERE rowid IN ({','.join('?' * count)})"
    for count in range(EXACT_COUNTS + 1)
]
_SORT_POSITIONS = [
    "SELECT r.rowid, p.updated_seq, r.row, p.tie FROM rendering r JOIN paper p "
    f"ON p.rowid = r.rowid WHERE r.rowid IN ({','.join('?' * count)})"
    for count in range(EXACT_COUNTS + 1)
]
_BY_ID = "SELECT r.row, r.rest FROM paper p JOIN rendering r ON r.rowid = p.rowid WHERE p.id = ?"
_BY_EXTERNAL_ID = (
    "SELECT r.row, r.rest FROM externalid e JOIN rendering r ON r.rowid = e.paper "
    "WHERE e.kind = ? AND e.value = ?"
)
_NEWLY = (
    "FROM listing l WHERE l.day = ? AND NOT EXISTS "
    "(SELECT 1 FROM listing e WHERE e.paper = l.paper AND e.day >= ? AND e.day < l.day)"
)


class Reader:
    """The papers at `position` (a `change.seq`), unchanged until `close`; any thread may read."""

    def __init__(self, path: Path) -> None:
        self._connection, self.position = connect_at_moment(
            path, f"mmap_size = {MAPPED_BYTES}", f"cache_size = -{CACHED_KIB}"
        )
        # Not left to SQLite's own mutex: two threads could bind one cached statement. Reentrant,
        # because a garbage collection in the midst of a read may close a reader.
        self._lock = threading.RLock()
        self._stats: tuple[int, str | None, str | None] | None = None
        self._days: dict[str, list[tuple[int | None, int]]] = {}

    def close(self) -> None:
        """Let the moment go; reading is an error afterwards."""
        with self._lock:
            self._connection.close()

    def _all(self, sql: str, parameters: Sequence[int | str] = ()) -> list[tuple]:  # type: ignore[type-arg]
        with self._lock:
            return self._connection.execute(sql, parameters).fetchall()

    def rows(self, rowids: Sequence[int]) -> dict[int, bytes]:
        """The list rows (JSON objects, UTF-8) of these row numbers; unknown ones are left out."""
        count = len(rowids)
        if count <= EXACT_COUNTS:
            with self._lock:
                return dict(self._connection.execute(_ROWS[count], rowids).fetchall())
        found: dict[int, bytes] = {}
        for part in chunks(rowids, MAX_ROWS):
            size = 1 << (len(part) - 1).bit_length()
            part += [part[-1]] * (size - len(part))
            sql = f"SELECT rowid, row FROM rendering WHERE rowid IN ({','.join('?' * size)})"
            found.update(self._all(sql, part))
        return found

    def papers(self, rowids: Sequence[int]) -> dict[int, bytes]:
        """The whole papers (JSON objects, UTF-8) of these row numbers; unknown ones are left out.

        At most `EXACT_COUNTS` of them.
        """
        found = self._all(_WHOLE[len(rowids)], rowids)
        return {rowid: full_paper(row, rest) for rowid, row, rest in found}

    def paper(self, key: str) -> bytes | None:
        """The whole paper (a JSON object, UTF-8) of a key of `identifier_key`, None if unknown."""
        kind, colon, value = key.partition(":")
        with self._lock:
            row = self._connection.execute(
                _BY_EXTERNAL_ID if colon else _BY_ID, (kind, value) if colon else (key,)
            ).fetchone()
        return full_paper(*row) if row else None

    def resolve(self, keys: Sequence[str]) -> list[int | None]:
        """The row number of each key of `identifier_key`, None for an unknown one."""
        own = self.rowids_by_id([key for key in keys if ":" not in key])
        external: dict[str, int] = {}
        for part in chunks((key for key in keys if ":" in key), 256):
            pairs = ",".join(["(?, ?)"] * len(part))
            sql = (
                "SELECT e.kind || ':' || e.value, e.paper FROM externalid e "
                f"WHERE (e.kind, e.value) IN (VALUES {pairs})"
            )
            parameters = [text for key in part for text in key.split(":", 1)]
            external.update(self._all(sql, parameters))
        return [external.get(key) if ":" in key else own.get(key) for key in keys]

    def rowids_by_id(self, ids: Sequence[str]) -> dict[str, int]:
        """The row numbers of papers by their own ids; unknown ones are left out."""
        found: dict[str, int] = {}
        for part in chunks(ids, 256):
            marks = ",".join("?" * len(part))
            found.update(self._all(f"SELECT id, rowid FROM paper WHERE id IN ({marks})", part))
        return found

    def is_removed(self, key: str) -> bool:
        """Whether a key of `identifier_key` is that of a removed paper."""
        return bool(self._all("SELECT 1 FROM tombstone WHERE key = ?", (key,)))

    def sort_positions(
        self, rowids: Sequence[int], names: Sequence[str]
    ) -> dict[int, tuple[int, dict[str, int | str | None], int]]:
        """When papers last changed (a `change.seq`), their values of sort keys, and their ties.

        By row number; unknown ones are left out.
        """
        found: dict[int, tuple[int, dict[str, int | str | None], int]] = {}
        for part in chunks(rowids, EXACT_COUNTS):
            for rowid, changed, row, tie in self._all(_SORT_POSITIONS[len(part)], part):
                found[rowid] = (changed, sort_values(orjson.loads(row), names), tie)
        return found

    def listing_days(self, limit: int | None = None) -> list[tuple[str, int]]:
        """Days on which papers were listed and how many, the newest first."""
        sql = (
            "SELECT day, count(DISTINCT paper) FROM listing GROUP BY day ORDER BY day DESC LIMIT ?"
        )
        return self._all(sql, (-1 if limit is None else limit,))

    def neighbours(self, day: str) -> tuple[str | None, str | None]:
        """The nearest day before `day` on which papers were listed, and the nearest after it."""
        (found,) = self._all(
            "SELECT (SELECT max(day) FROM listing WHERE day < ?), "
            "(SELECT min(day) FROM listing WHERE day > ?)",
            (day, day),
        )
        return found[0], found[1]

    def listed_on(self, day: str) -> list[tuple[int | None, int]]:
        """Position and row number of the papers listed on a day, in order.

        A paper that several sources list counts once, at its first position; papers without a
        position come last; among equals the tie decides.
        """
        found = self._days.get(day)
        if found is None:
            found = self._all(
                "SELECT min(l.position) AS first, l.paper FROM listing l "
                "JOIN paper p ON p.rowid = l.paper WHERE l.day = ? "
                "GROUP BY l.paper ORDER BY first IS NULL, first, p.tie",
                (day,),
            )
            with self._lock:
                if len(self._days) >= KEPT_DAYS:
                    self._days.clear()
                self._days[day] = found
        return found

    def last_listing(self, first: str, last: str) -> str | None:
        """The latest day from `first` to `last` on which papers were listed."""
        sql = "SELECT max(day) FROM listing WHERE day BETWEEN ? AND ?"
        found: str | None = self._all(sql, (first, last))[0][0]
        return found

    def newly_listed(self, day: str, since: str) -> int:
        """How many papers were listed on a day but on no day before it from `since` on."""
        found: int = self._all(f"SELECT count(DISTINCT l.paper) {_NEWLY}", (day, since))[0][0]
        return found

    def newly_listed_on(self, day: str, since: str) -> list[int]:
        """Their row numbers, in the order of `listed_on`."""
        new = {row[0] for row in self._all(f"SELECT l.paper {_NEWLY}", (day, since))}
        return [paper for _, paper in self.listed_on(day) if paper in new]

    def stats(self) -> tuple[int, str | None, str | None]:
        """How many papers there are, and the first and the last day of publication."""
        if self._stats is None:
            (found,) = self._all(
                "SELECT (SELECT count(*) FROM paper), (SELECT min(published_at) FROM paper), "
                "(SELECT max(published_at) FROM paper)"
            )
            self._stats = (found[0], found[1], found[2])
        return self._stats

    def changed_at(self, rowids: Sequence[int]) -> dict[int, int]:
        """When papers last changed, in seconds since 1970 UTC; unknown ones are left out."""
        found: dict[int, int] = {}
        for part in chunks(rowids):
            marks = ",".join("?" * len(part))
            found.update(self._all(f"SELECT paper, at FROM change WHERE paper IN ({marks})", part))
        return found

    def removed_since(self, position: int) -> list[str]:
        """The own ids of papers that were removed after a position, such as that of an index."""
        found = self._all(
            "SELECT paper_id FROM change WHERE op = 'remove' AND seq > ? ORDER BY seq", (position,)
        )
        return [row[0] for row in found]
