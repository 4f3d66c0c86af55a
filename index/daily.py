"""The papers listed on a day, or on the days of a range, a page of them at a time."""

from dataclasses import dataclass

from index.cursors import Cursor, CursorCodec
from index.view import View
from index.views import Views
from schema.dates import DayInterval, iso_day
from schema.errors import Problem
from schema.search import Match, SortPosition


@dataclass(frozen=True, slots=True)
class DailyPage:
    """A page of the papers listed on a day, by position, and how many there are.

    `previous` and `next` are the nearest other days that have some.
    """

    day: str
    previous: str | None
    next: str | None
    total: int
    rows: tuple[bytes, ...]
    next_cursor: str | None
    revision: str


def daily_page(
    views: Views, codec: CursorCodec, day: str | None, limit: int, cursor: str | None, view: View
) -> DailyPage:
    """See `index.shelf.Shelf.daily`; a first page is read from `view`."""
    walk = f"daily {day or ''}".encode()
    start = codec.decode(cursor, walk) if cursor is not None else None
    view = (start and views.of(start.revision)) or view
    if start and start.position:
        day = str(start.position.values[0])  # not a newer one that has come since
    if day is None:
        newest = view.reader.listing_days(limit=1)
        if not newest:
            raise Problem("day-not-found", "No paper has been listed on any day yet.")
        day = newest[0][0]
    listed = view.reader.listed_on(day)
    before, after = view.reader.neighbours(day)
    if not listed:
        raise _no_listing(day, before, after)
    rank = start.rank if start else 0
    rowids = [rowid for _, rowid in listed[rank : rank + limit]]
    following = None
    if rank + limit < len(listed):
        views.walked(view)
        place = SortPosition((day,), 0)
        reached = Cursor(view.revision, view.index_position, Match.ALL, rank + limit, place)
        following = codec.encode(reached, walk)
    stored = view.reader.rows(rowids)
    return DailyPage(
        day=day,
        previous=before,
        next=after,
        total=len(listed),
        rows=tuple(stored[rowid] for rowid in rowids),
        next_cursor=following,
        revision=view.revision,
    )


@dataclass(frozen=True, slots=True)
class Listed:
    """Some papers listed on the days of a range, and whether more follow them."""

    rows: tuple[bytes, ...]
    more: bool


def listed_papers(view: View, days: DayInterval, rank: int, limit: int) -> Listed:
    """See `index.shelf.Shelf.listed`.

    Days are counted off one by one, 40 us each, so that no other reader waits for a long query.
    """
    first, last = map(iso_day, days)
    rowids: list[int] = []
    ahead = 0
    day = view.reader.last_listing(first, last)
    while day is not None and day >= first and len(rowids) <= limit:
        count = view.reader.newly_listed(day, first)
        if ahead + count > rank:
            rowids += view.reader.newly_listed_on(day, first)[max(0, rank - ahead) :]
        ahead += count
        day = view.reader.neighbours(day)[0]
    stored = view.reader.rows(rowids[:limit])
    rows = tuple(stored[rowid] for rowid in rowids[:limit])
    return Listed(rows, more=len(rowids) > limit)


def _no_listing(day: str, before: str | None, after: str | None) -> Problem:
    near = [f"the day before that has some is {before}"] if before else []
    near += [f"the day after that has some is {after}"] if after else []
    hint = f"; {' and '.join(near)}" if near else ""
    return Problem("day-not-found", f"No papers were listed on {day}{hint}.")
