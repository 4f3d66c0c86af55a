"""What a feed says, whatever it is written in: its question in words, its papers as entries."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlencode
from uuid import UUID, uuid5

import orjson

from api.asked import OF_A_PAGE
from api.facts import Json, names, one_line, other_links, page_address
from api.feeds.words import day_title, page_title
from index.view import View

NAME = "Papershelf"

_NAMESPACE = UUID("8d6f1c1e-6a0b-5b0e-9a55-3f6a1f0c7c11")
"""Of the ids of entries and feeds (RFC 9562, section 5.5), which must never change."""

NEWS = (("sort", "-listedAt,-publishedAt"), ("match", "all"))
"""Parameters of a search that names none: what days listed last is at the top of its feed, and
what has only some of the words is no news."""

_PAPERS = "/v1/papers"
_DAYS = "/v1/daily"

Changes = Mapping[str, int]
"""When papers last changed, in seconds since 1970 UTC, by their ids."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A paper in a feed.

    `page` is where to read it, elsewhere if that is known, else `own`: its address here. `related`
    are its other links; `published` is the first day of what is known of its date.
    """

    id: str
    title: str
    summary: str
    authors: Sequence[str]
    categories: Sequence[str]
    page: str
    own: str
    related: Sequence[Json]
    published: datetime | None
    updated: datetime


@dataclass(frozen=True, slots=True)
class Feed:
    """A page of a feed; addresses are absolute.

    `id` is equal for every page of the same question. `data` is the address of the same page as
    JSON, `home` that of the server. A feed without entries was never updated: its time is 1970.
    """

    id: str
    title: str
    home: str
    own: str
    data: str
    following: str | None
    previous: str | None
    entries: Sequence[Entry]

    @property
    def updated(self) -> datetime:
        """When the newest change of an entry was."""
        return max((each.updated for each in self.entries), default=_moment(0))


def changes(body: Json, view: View) -> Changes:
    """When the papers of an answer changed; those that are gone from the view are left out."""
    reader = view.reader
    rowids = reader.rowids_by_id([paper["id"] for paper in body["data"]])
    times = reader.changed_at(list(rowids.values()))
    return {identifier: times[rowid] for identifier, rowid in rowids.items() if rowid in times}


def feed_text(
    write: Callable[[Feed], bytes], suffix: str, body: bytes, base: str, view: View
) -> bytes:
    """The feed that the JSON of an answer is, written by `write`; the rest as for `feed_of`."""
    answer = orjson.loads(body)
    return write(feed_of(answer, base, suffix, changes(answer, view)))


def feed_of(body: Json, base: str, suffix: str, changed: Changes) -> Feed:
    """The feed that the JSON of a page or of a day is.

    `base` is the server's absolute address, without a final slash, `suffix` what the path of this
    form of a feed ends with.
    """
    links = body["links"]
    path, _, query = links["self"].removeprefix(base).partition("?")
    day = path.startswith(_DAYS) and path.removeprefix(_DAYS).strip("/")[:10]
    path = _PAPERS if day is False else f"{_DAYS}/{day}" if day[:1].isdigit() else _DAYS
    asked = parse_qsl(query, True)
    given = [pair for pair in asked if pair[0] not in OF_A_PAGE]
    named = {name for name, _ in asked}
    defaults = [pair for pair in NEWS if path == _PAPERS and pair[0] not in named]
    same = urlencode([*asked, *defaults])
    question = urlencode(sorted(given))

    def address(link: str | None) -> str | None:
        return link and f"{base}{path}{suffix}{''.join(link.partition('?')[1:])}"

    return Feed(
        id=_urn(f"feed {path}?{question}"),
        title=page_title(given) if path == _PAPERS else day_title(path.removeprefix(_DAYS)[1:]),
        home=f"{base}/",
        own=address(links["self"]) or "",
        data=f"{base}{path}?{same}" if same else f"{base}{path}",
        following=address(links["next"]),
        previous=address(links.get("prev")),
        entries=list(_entries(body["data"], base, changed)),
    )


def _entries(papers: Sequence[Json], base: str, changed: Changes) -> Iterator[Entry]:
    for paper in papers:
        own = f"{base}{_PAPERS}/{paper['id']}"
        published = paper["publishedAt"]
        yield Entry(
            id=_urn(f"paper {paper['id']}"),
            title=one_line(paper["title"]) or paper["id"],
            summary=paper["abstract"].strip(),
            authors=names(paper),
            categories=[name for each in paper["categories"] if (name := one_line(each))],
            page=page_address(paper) or own,
            own=own,
            related=other_links(paper),
            published=published and datetime.fromisoformat(f"{published}T00:00:00+00:00"),
            updated=_moment(changed.get(paper["id"], 0)),
        )


def rfc3339(moment: datetime) -> str:
    """A moment in UTC as feeds write it, such as `2025-12-12T08:30:00Z`."""
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _urn(text: str) -> str:
    return f"urn:uuid:{uuid5(_NAMESPACE, text)}"
