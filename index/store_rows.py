"""Between what is known of a paper and its rows: loading, saving, and rendering to JSON bytes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby, islice
from typing import Any, NamedTuple, TypeVar

import orjson
from sqlalchemy import Connection, Table, bindparam, delete, insert, select, update
from sqlmodel import SQLModel

import schema.paper  # noqa: F401  (declares the tables)
from index.merge import KINDS, Entry, Known, Place, Placed, resolve_date, title_key, two_dates
from schema.record import LinkKind, Precision, Published

CHUNK = 500
"""Papers that one statement asks for at most."""

Row = dict[str, Any]
T = TypeVar("T")


class Saved(NamedTuple):
    """A paper as it stands in the tables: what is known, and its two change numbers."""

    known: Known
    tie: int
    created_seq: int
    updated_seq: int


def table(name: str) -> Table:
    """A declared table by its name."""
    return SQLModel.metadata.tables[name]


PAPER, AUTHOR, LINK, CATEGORY = table("paper"), table("author"), table("link"), table("category")
EXTERNAL_ID, SOURCE, PAPER_SOURCE = table("externalid"), table("source"), table("papersource")
LISTING, RENDERING, CHANGE = table("listing"), table("rendering"), table("change")
TOMBSTONE, META = table("tombstone"), table("meta")


def chunks(items: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """`items` in lists of at most `size`."""
    remaining = iter(items)
    while part := list(islice(remaining, size)):
        yield part


# Rendering


def full_paper(row: bytes, rest: bytes) -> bytes:
    """The JSON object of the whole paper from its two stored parts."""
    return row[:-1] + b"," + rest[1:]


def render(saved: Saved) -> tuple[bytes, bytes]:
    """The JSON of a paper: the object of a list row, and the object of the further members."""
    known = saved.known
    shown, _ = resolve_date(known.written, known.guessed)
    names, count = known.authors, known.author_count
    row = {
        "id": known.id,
        "title": known.title,
        "abstract": known.abstract,
        "authors": None if names is None else [{"name": name} for name in names],
        "authorCount": len(names) if count is None and names is not None else count,
        "publishedAt": shown.day,
        "publishedPrecision": shown.precision,
        "publishedYearInferred": shown.year_inferred,
        "listedAt": known.listings[0].day if known.listings else None,
        "upvotes": known.upvotes,
        "comments": known.comments,
        "links": [{"url": link.value, "kind": link.kind} for link in known.links],
        "hasCode": any(link.kind == LinkKind.CODE for link in known.links),
        "categories": [placed.value for placed in known.categories],
        "externalIds": {kind: known.external_ids.get(kind) for kind in KINDS},
        "createdSeq": saved.created_seq,
        "updatedSeq": saved.updated_seq,
    }
    rest = {
        "abstractRaw": known.abstract_raw,
        "publishedRaw": shown.raw,
        "sources": [
            {"name": entry.name, "sha256": entry.sha256, "start": entry.start, "end": entry.end}
            for entry in known.sources
        ],
    }
    return orjson.dumps(row), orjson.dumps(rest)


# Loading


def load(connection: Connection, rowids: Sequence[int]) -> dict[int, Saved]:
    """The papers of these row numbers that exist."""
    papers: dict[int, Saved] = {}
    for part in chunks(rowids):
        papers.update(_load_chunk(connection, part))
    return papers


def _load_chunk(connection: Connection, rowids: list[int]) -> Iterator[tuple[int, Saved]]:
    authors = _children(connection, AUTHOR, ("name",), "position", rowids)
    links = _children(connection, LINK, ("position", "url", "kind"), "position", rowids)
    categories = _children(connection, CATEGORY, ("position", "name"), "position", rowids)
    external = _children(connection, EXTERNAL_ID, ("kind", "value"), "kind", rowids)
    sources = _of_sources(connection, PAPER_SOURCE, ("start", "end"), rowids)
    listings = _of_sources(connection, LISTING, ("day", "position"), rowids)
    for row in connection.execute(select(PAPER).where(PAPER.c.rowid.in_(rowids))):
        rowid = row.rowid
        names = authors.get(rowid)
        shown = Published(
            row.published_at,
            Precision(row.published_precision) if row.published_precision else None,
            row.published_year_inferred,
            row.published_raw,
        )
        written, guessed = two_dates(shown, _second_date(row.published_second))
        known = Known(
            id=row.id,
            title=row.title,
            abstract=row.abstract,
            abstract_raw=row.abstract if row.abstract_raw is None else row.abstract_raw,
            authors=tuple(name for (name,) in names) if names else None,
            author_count=row.author_count,
            written=written,
            guessed=guessed,
            upvotes=row.upvotes,
            comments=row.comments,
            links=tuple(sorted(Placed(*each) for each in links.get(rowid, ()))),
            categories=tuple(
                sorted(Placed(position, name, "") for position, name in categories.get(rowid, ()))
            ),
            external_ids=dict(external.get(rowid, ())),
            listings=tuple(
                sorted(
                    (
                        Place(day, name, number, position)
                        for number, name, _, day, position in listings.get(rowid, ())
                    ),
                    key=lambda place: place[:3],
                )
            ),
            sources=tuple(sorted(Entry(*each) for each in sources.get(rowid, ()))),
        )
        yield rowid, Saved(known, row.tie, row.created_seq, row.updated_seq)


def _children(
    connection: Connection, of: Table, columns: Sequence[str], order: str, rowids: list[int]
) -> dict[int, list[Any]]:
    found = connection.execute(
        select(of.c.paper, *(of.c[name] for name in columns))
        .where(of.c.paper.in_(rowids))
        .order_by(of.c.paper, of.c[order])
    )
    return {paper: [row[1:] for row in rows] for paper, rows in groupby(found, key=_first)}


def _of_sources(
    connection: Connection, of: Table, columns: Sequence[str], rowids: list[int]
) -> dict[int, list[Any]]:
    found = connection.execute(
        select(
            of.c.paper,
            SOURCE.c.number,
            SOURCE.c.name,
            SOURCE.c.sha256,
            *(of.c[name] for name in columns),
        )
        .join_from(of, SOURCE, of.c.source == SOURCE.c.number)
        .where(of.c.paper.in_(rowids))
        .order_by(of.c.paper)
    )
    return {paper: [row[1:] for row in rows] for paper, rows in groupby(found, key=_first)}


def _first(row: Any) -> int:
    first: int = row[0]
    return first


def _second_date(text: str | None) -> Published | None:
    if text is None:
        return None
    day, precision, inferred, raw = orjson.loads(text)
    return Published(day, Precision(precision) if precision else None, inferred, raw)


# Saving


def _scalars(rowid: int, saved: Saved) -> Row:
    known = saved.known
    shown, second = resolve_date(known.written, known.guessed)
    return {
        "rowid": rowid,
        "id": known.id,
        "tie": saved.tie,
        "title": known.title,
        "title_key": title_key(known.title),
        "abstract": known.abstract,
        "abstract_raw": None if known.abstract_raw == known.abstract else known.abstract_raw,
        "author_count": known.author_count,
        "published_at": shown.day,
        "published_precision": shown.precision,
        "published_year_inferred": shown.year_inferred,
        "published_raw": shown.raw,
        "published_second": second
        and orjson.dumps([second.day, second.precision, second.year_inferred, second.raw]).decode(),
        "upvotes": known.upvotes,
        "comments": known.comments,
        "created_seq": saved.created_seq,
        "updated_seq": saved.updated_seq,
    }


def _author_rows(rowid: int, known: Known) -> list[Row]:
    names = known.authors or ()
    return [{"paper": rowid, "position": i, "name": name} for i, name in enumerate(names)]


def _link_rows(rowid: int, known: Known) -> list[Row]:
    return [
        {"paper": rowid, "url": each.value, "kind": each.kind, "position": each.position}
        for each in known.links
    ]


def _category_rows(rowid: int, known: Known) -> list[Row]:
    return [
        {"paper": rowid, "name": each.value, "position": each.position} for each in known.categories
    ]


def _external_id_rows(rowid: int, known: Known) -> list[Row]:
    return [
        {"paper": rowid, "kind": kind, "value": value} for kind, value in known.external_ids.items()
    ]


def _source_rows(rowid: int, known: Known) -> list[Row]:
    return [
        {"paper": rowid, "source": each.number, "start": each.start, "end": each.end}
        for each in known.sources
    ]


def _listing_rows(rowid: int, known: Known) -> list[Row]:
    return [
        {"paper": rowid, "day": each.day, "source": each.number, "position": each.position}
        for each in known.listings
    ]


_CHILDREN = (
    (AUTHOR, "authors", _author_rows),
    (LINK, "links", _link_rows),
    (CATEGORY, "categories", _category_rows),
    (EXTERNAL_ID, "external_ids", _external_id_rows),
    (PAPER_SOURCE, "sources", _source_rows),
    (LISTING, "listings", _listing_rows),
)


def save(
    connection: Connection,
    papers: Mapping[int, Saved],
    before: Mapping[int, Saved],
    at: Mapping[int, int],
) -> None:
    """Write papers with their renderings and changes; `before` has those that exist already.

    `at` says when each changed, in seconds since 1970. Only rows that differ are written. The
    caller has put new sources in.
    """
    added = [rowid for rowid in papers if rowid not in before]
    updated = [rowid for rowid in papers if rowid in before]
    _insert(connection, PAPER, [_scalars(rowid, papers[rowid]) for rowid in added])
    if updated:
        rows = [_scalars(rowid, papers[rowid]) for rowid in updated]
        for row in rows:
            row["key"] = row.pop("rowid")
        connection.execute(update(PAPER).where(PAPER.c.rowid == bindparam("key")), rows)
        _delete(connection, RENDERING, "rowid", updated)
        _delete(connection, CHANGE, "paper", updated)
    for child, member, rows_of in _CHILDREN:
        differs = [
            rowid
            for rowid in updated
            if getattr(papers[rowid].known, member) != getattr(before[rowid].known, member)
        ]
        _delete(connection, child, "paper", differs)
        _insert(
            connection,
            child,
            [row for rowid in (*added, *differs) for row in rows_of(rowid, papers[rowid].known)],
        )
    renderings, changes = [], []
    for rowid, saved in papers.items():
        row_bytes, rest = render(saved)
        renderings.append({"rowid": rowid, "row": row_bytes, "rest": rest})
        changes.append(
            {
                "seq": saved.updated_seq,
                "paper": rowid,
                "paper_id": saved.known.id,
                "op": "put",
                "at": at[rowid],
            }
        )
    _insert(connection, RENDERING, renderings)
    _insert(connection, CHANGE, changes)


def _insert(connection: Connection, into: Table, rows: list[Row]) -> None:
    if rows:
        connection.execute(insert(into), rows)


def _delete(connection: Connection, of: Table, column: str, rowids: Sequence[int]) -> None:
    for part in chunks(rowids):
        connection.execute(delete(of).where(of.c[column].in_(part)))
