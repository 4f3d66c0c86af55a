"""What an engine is told of a paper: made from the paper's stored JSON, alike for all engines."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from operator import itemgetter
from typing import Any

from index.folding import fold

TEXT_FIELDS = ("text", "title", "abstract", "author")
"""Analysed fields: `text` is title, title again and abstract; `author` the words of the names."""

HEADING = "heading"
"""The words of the title, where the abstract has `ENOUGH_WORDS`: for scores alone.

Where there is no abstract, the field `text` is the title, and says the same.
"""

ENOUGH_WORDS = 20
"""An abstract of fewer words says little of its paper."""

EXACT_FIELDS = ("category", "authorName", "has", "source", "id")
"""Fields of whole folded values; a paper may have several."""

NUMBER_FIELDS = (
    "published",
    "year",
    "month",
    "listed",
    "comments",
    "upvotes",
    "authorCount",
    "createdSeq",
)
"""Integer fields: days as yyyymmdd, `year` and `month` (yyyymm) those of publication.

`listed` may have several values, the others at most one.
"""

FACET_FIELDS = {
    "year": "year",
    "month": "month",
    "author": "authorName",
    "category": "category",
    "hasCode": "has",
    "source": "source",
}
"""The field whose values each facet counts; of `has` only whether `code` is among them."""

SORT_NAMES = ("publishedAt", "listedAt", "title", "comments", "upvotes", "authorCount", "trending")
MAX_SORT_TITLE = 200
_EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class IndexDocument:
    """A paper for an engine: texts to be analysed, exact values, numbers, and its sort values.

    `sort` has every name of `SORT_NAMES`; the title's value is a string, the others are integers
    or None. `tie` is unique and decides among equals, ascending in both directions.
    """

    rowid: int
    tie: int
    title: str
    abstract: str
    authors: tuple[str, ...]
    exact: Mapping[str, tuple[str, ...]]
    numbers: Mapping[str, tuple[int, ...]]
    sort: Mapping[str, int | str | None]


def exact_value(field: str, text: str) -> str:
    """The form in which an exact field holds a value: names and categories folded, else as is."""
    return " ".join(fold(text).split()) if field in ("category", "authorName") else text


def title_sort_value(title: str) -> str:
    """The key by which titles are ordered: folded, single spaces, cut at `MAX_SORT_TITLE`."""
    return " ".join(fold(title).split())[:MAX_SORT_TITLE].rstrip()


def sort_values(
    paper: Mapping[str, Any], names: Iterable[str] = SORT_NAMES
) -> dict[str, int | str | None]:
    """The sort values of these names of a paper given as its decoded JSON row."""
    return {name: _SORT_VALUES[name](paper) for name in names}


def trending(listed: str | None, upvotes: int | None, comments: int | None) -> int | None:
    """The sort value of attention and freshness; None for a paper that was never listed.

    round(1000 * (log2(1 + upvotes + comments) + day / 7)), at least 0, with `day` the days from
    1970-01-01 to `listed` (an ISO day) and unknown counts 0: a doubling of attention is worth a
    week. It needs no clock, so that the order of two papers changes only when their counts do.
    """
    if listed is None:
        return None
    attention = math.log2(1 + (upvotes or 0) + (comments or 0))
    day = date.fromisoformat(listed).toordinal() - _EPOCH
    return max(0, round(1000 * (attention + day / 7)))


def index_document(
    rowid: int, tie: int, paper: Mapping[str, Any], listed: tuple[str, ...]
) -> IndexDocument:
    """The document of a paper: `paper` is its full decoded JSON, `listed` all its listing days."""
    names = tuple(author["name"] for author in paper["authors"] or ())
    external = tuple(f"{kind}:{value}" for kind, value in paper["externalIds"].items() if value)
    known = (
        ("abstract", paper["abstract"]),
        ("authors", names),
        ("date", paper["publishedAt"]),
        ("links", paper["links"]),
        ("comments", paper["comments"] is not None),
        ("upvotes", paper["upvotes"] is not None),
    )
    kinds = {link["kind"] for link in paper["links"]}
    published = _day(paper["publishedAt"])
    numbers = {
        "published": published,
        "year": None if published is None else published // 10_000,
        "month": None if published is None else published // 100,
        "comments": paper["comments"],
        "upvotes": paper["upvotes"],
        "authorCount": paper["authorCount"],
        "createdSeq": paper["createdSeq"],
    }
    return IndexDocument(
        rowid=rowid,
        tie=tie,
        title=paper["title"],
        abstract=paper["abstract"],
        authors=names,
        exact={
            "category": tuple(
                sorted({exact_value("category", each) for each in paper["categories"]})
            ),
            "authorName": tuple(sorted({exact_value("authorName", name) for name in names})),
            "has": tuple(sorted(kinds | {name for name, value in known if value})),
            "source": tuple(sorted({source["name"] for source in paper["sources"]})),
            "id": (paper["id"], *external),
        },
        numbers={name: (value,) for name, value in numbers.items() if value is not None}
        | {"listed": tuple(sorted(int(day.replace("-", "")) for day in set(listed)))},
        sort=sort_values(paper),
    )


def _day(iso: str | None) -> int | None:
    return int(iso.replace("-", "")) if iso else None


_SORT_VALUES: dict[str, Callable[[Mapping[str, Any]], int | str | None]] = {
    "publishedAt": lambda paper: _day(paper["publishedAt"]),
    "listedAt": lambda paper: _day(paper["listedAt"]),
    "title": lambda paper: title_sort_value(paper["title"]),
    "comments": itemgetter("comments"),
    "upvotes": itemgetter("upvotes"),
    "authorCount": itemgetter("authorCount"),
    "trending": lambda paper: trending(paper["listedAt"], paper["upvotes"], paper["comments"]),
}
