"""The JSON of answers, joined from the rows as they were rendered when they were written."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict

import orjson

from index.shelf import DailyPage, Stats
from schema.search import Page

Links = Mapping[str, str | None]


def page_json(page: Page, links: Links | None = None) -> bytes:
    """A page of a list or search: `data`, `meta` and, where given, `links`.

    With a query each row gains `search: {score}`, null where nothing ranked.
    """
    if page.request.q is None:
        data = b",".join(page.rows)
    else:
        data = b",".join(
            b'%b,"search":{"score":%b}}' % (row[:-1], orjson.dumps(hit.score))
            for row, hit in zip(page.rows, page.hits, strict=True)
        )
    meta = {
        "total": page.total,
        "totalAll": page.total_all,
        "matched": page.matched,
        "limit": page.request.limit,
        "nextCursor": page.next_cursor,
        "revision": page.revision,
        "warnings": [asdict(warning) for warning in page.warnings],
    }
    return envelope(b"[%b]" % data, meta, links)


def batch_json(rows: Iterable[bytes | None], revision: str, links: Links) -> bytes:
    """Rows for a list of ids, `null` for each unknown one."""
    data = b",".join(row or b"null" for row in rows)
    return envelope(b"[%b]" % data, {"revision": revision}, links)


def daily_json(page: DailyPage, links: Links) -> bytes:
    """The papers of a day by position."""
    meta = {
        "date": page.day,
        "previous": page.previous,
        "next": page.next,
        "total": page.total,
        "nextCursor": page.next_cursor,
        "revision": page.revision,
    }
    return envelope(b"[%b]" % b",".join(page.rows), meta, links)


def stats_data(stats: Stats) -> dict[str, object]:
    """Counts and positions under their public names."""
    return {
        "papers": stats.papers,
        "storePosition": stats.store_position,
        "indexPosition": stats.index_position,
        "engine": stats.engine,
        "publishedFrom": stats.published_from,
        "publishedTo": stats.published_to,
    }


def envelope(data: bytes, meta: Mapping[str, object], links: Links | None = None) -> bytes:
    """`{"data", "meta", "links"}` around data that is JSON already."""
    if links is None:
        return b'{"data":%b,"meta":%b}' % (data, orjson.dumps(meta))
    return b'{"data":%b,"meta":%b,"links":%b}' % (data, orjson.dumps(meta), orjson.dumps(links))
