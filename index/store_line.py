"""Reading a line of the feed of changes (see `store_feed`), which may come from anywhere."""

import calendar
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import NoneType
from typing import Any

import orjson

from index.merge import Entry, Known, Place, Placed, two_dates
from index.store_batch import fault_of
from index.store_file import StoreError
from index.store_rows import Saved, full_paper, render
from schema.changes import ChangeToken
from schema.record import (
    ExternalIdKind,
    Link,
    LinkKind,
    Listing,
    PaperRecord,
    Precision,
    Published,
    Span,
)

MAX_LINE = 64 * 2**20
"""Bytes of a line: more than the largest paper that a shelf takes."""

MAX_NUMBER = 2**32 - 1
"""The largest number of a row, tie or source: what an index holds of a tie."""

TIME = "%Y-%m-%dT%H:%M:%SZ"
"""How `changedAt` is written: UTC to the second (RFC 3339)."""

_Types = Mapping[str, tuple[type, ...]]

_TEXT, _NUMBER, _FLAG, _LIST, _OBJECT = (str,), (int,), (bool,), (list,), (dict,)
_LINE: _Types = {"token": _TEXT, "op": _TEXT, "id": _TEXT, "changedAt": _TEXT, "replica": _OBJECT}
_PAPER: _Types = {
    "id": _TEXT,
    "title": _TEXT,
    "abstract": _TEXT,
    "abstractRaw": _TEXT,
    "authors": (list, NoneType),
    "upvotes": (int, NoneType),
    "comments": (int, NoneType),
    "links": _LIST,
    "categories": _LIST,
    "externalIds": _OBJECT,
    "createdSeq": _NUMBER,
    "sources": _LIST,
}
_REPLICA: _Types = {
    "tie": _NUMBER,
    "authorCount": (int, NoneType),
    "otherDate": (list, NoneType),
    "linkPositions": _LIST,
    "categoryPositions": _LIST,
    "sourceNumbers": _LIST,
    "listings": _LIST,
}
_DATE: _Types = {
    "day": (str, NoneType),
    "precision": (str, NoneType),
    "inferred": _FLAG,
    "raw": (str, NoneType),
}
_LISTING: _Types = {"day": _TEXT, "position": (int, NoneType), "source": _OBJECT}
_SOURCE: _Types = {"number": _NUMBER, "name": _TEXT, "sha256": _TEXT}
_SPAN: _Types = {"name": _TEXT, "sha256": _TEXT, "start": _NUMBER, "end": _NUMBER}


class FeedError(StoreError):
    """A feed that cannot be followed here; the text says why, and what can be done."""


@dataclass(frozen=True, slots=True)
class FeedLine:
    """A line as it was read: `saved` and `sources` of a put, `keys` of a removal.

    `after` is the number of the change before it in its feed, `at` in seconds since 1970. Sources
    are numbers, names and hashes.
    """

    token: ChangeToken
    after: int
    rowid: int
    id: str
    at: int
    saved: Saved | None
    sources: frozenset[tuple[int, str, str]]
    keys: tuple[str, ...]


def read_line(text: bytes) -> FeedLine:
    """A line of a feed; raises `FeedError` for what is none, or of a program too different."""
    try:
        line = _typed(orjson.loads(text), _LINE)
        token, replica = ChangeToken.parse(line["token"]), line["replica"]
        if token is None or not token.seq:
            raise ValueError("its token is none")
        _typed(replica, {"after": _NUMBER, "row": _NUMBER})
        at = calendar.timegm(time.strptime(line["changedAt"], TIME))
        fixed = (token, replica["after"], replica["row"], line["id"], at)
        if not (0 <= replica["after"] < token.seq and 0 < replica["row"] <= MAX_NUMBER and at >= 0):
            raise ValueError("its numbers are out of order")
        if line["op"] == "remove":
            keys = replica["keys"]
            if not all(isinstance(key, str) for key in keys):
                raise ValueError("its keys are no texts")
            return FeedLine(*fixed, None, frozenset(), tuple(keys))
        if line["op"] != "put":
            raise ValueError("it neither puts nor removes a paper")
        saved, sources = _saved(_typed(line["paper"], _PAPER), _typed(replica, _REPLICA), token)
        if saved.known.id != line["id"]:
            raise ValueError("its id is not that of its paper")
        same = full_paper(*render(saved)) == orjson.dumps(line["paper"])
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise FeedError(f"This is no line of a feed of changes: {_said(error)}.") from error
    if not same:
        raise FeedError(
            f"The paper {saved.known.id[:200]} reads otherwise here than where it comes from; "
            "both need the same version of Papershelf."
        )
    return FeedLine(*fixed, saved, sources, ())


def _said(error: Exception) -> str:
    if isinstance(error, orjson.JSONDecodeError):
        return "it is not JSON"
    if isinstance(error, KeyError):
        return f"the member {error.args[0]} is missing"
    return str(error)[:200].rstrip(".")


def _typed(given: Any, types: _Types) -> Mapping[str, Any]:
    """An object whose members have these types: a flag is no number."""
    if not isinstance(given, dict):
        raise TypeError("an object is missing")
    for name, allowed in types.items():
        if type(given[name]) not in allowed:
            raise TypeError(f"the member {name} has a wrong type")
    return given


def _numbers(given: list[Any]) -> list[int]:
    if not all(type(each) is int for each in given):
        raise TypeError("a position is no number")
    return given


def _saved(
    paper: Mapping[str, Any], replica: Mapping[str, Any], token: ChangeToken
) -> tuple[Saved, frozenset[tuple[int, str, str]]]:
    """The paper as the tables are to have it, and the sources that it names."""
    listings = [_typed(each, _LISTING) for each in replica["listings"]]
    listed = [_typed(each["source"], _SOURCE) for each in listings]
    spans = [_typed(each, _SPAN) for each in paper["sources"]]
    numbers = _numbers(replica["sourceNumbers"])
    entries = tuple(
        Entry(number, each["name"], each["sha256"], each["start"], each["end"])
        for number, each in zip(numbers, spans, strict=True)
    )
    shown = _date(*(paper[f"published{end}"] for end in ("At", "Precision", "YearInferred", "Raw")))
    other = None if replica["otherDate"] is None else _date(*replica["otherDate"])
    written, guessed = two_dates(shown, other)
    names, links = paper["authors"], zip(paper["links"], replica["linkPositions"], strict=True)
    known = Known(
        id=paper["id"],
        title=paper["title"],
        abstract=paper["abstract"],
        abstract_raw=paper["abstractRaw"],
        authors=tuple(each["name"] for each in names or ()) or None,
        author_count=replica["authorCount"],
        written=written,
        guessed=guessed,
        upvotes=paper["upvotes"],
        comments=paper["comments"],
        links=tuple(Placed(place, x["url"], str(LinkKind(x["kind"]))) for x, place in links),
        categories=tuple(
            Placed(place, name, "")
            for name, place in zip(paper["categories"], replica["categoryPositions"], strict=True)
        ),
        external_ids={k: v for k, v in paper["externalIds"].items() if v is not None},
        listings=tuple(
            Place(each["day"], source["name"], source["number"], each["position"])
            for each, source in zip(listings, listed, strict=True)
        ),
        sources=entries,
    )
    for date in (shown, other or shown):
        _check(known, date)
    numbers += [replica["tie"], *(each["number"] for each in listed)]
    if not (
        all(0 < each <= MAX_NUMBER for each in numbers) and 0 < paper["createdSeq"] <= token.seq
    ):
        raise ValueError("a number of it is out of range")
    _numbers([*replica["linkPositions"], *replica["categoryPositions"]])
    sources = {(each.number, each.name, each.sha256) for each in entries}
    sources |= {(each["number"], each["name"], each["sha256"]) for each in listed}
    return Saved(known, replica["tie"], paper["createdSeq"], token.seq), frozenset(sources)


def _check(known: Known, date: Published) -> None:
    """Raise `ValueError` or `TypeError` for a paper that no shelf would have taken."""
    fault = fault_of(
        PaperRecord(
            title=known.title,
            span=Span(0, 0, 0),
            id=known.id,
            abstract=known.abstract,
            abstract_raw=known.abstract_raw,
            authors=known.authors,
            author_count=known.author_count,
            published=date,
            listings=tuple(Listing(place.day, place.position) for place in known.listings),
            upvotes=known.upvotes,
            comments=known.comments,
            links=tuple(Link(each.value, LinkKind(each.kind)) for each in known.links),
            categories=tuple(each.value for each in known.categories),
            external_ids={ExternalIdKind(k): v for k, v in known.external_ids.items()},
        )
    )
    if fault is not None:
        raise ValueError(f"{fault[0].lower()}{fault[1:]}")


def _date(day: Any, precision: Any, inferred: Any, raw: Any) -> Published:
    given = {"day": day, "precision": precision, "inferred": inferred, "raw": raw}
    _typed(given, _DATE)
    if inferred and day is None:
        raise ValueError("it has the inferred year of no date")
    return Published(day, None if precision is None else Precision(precision), inferred, raw)
