"""What an engine is told of a paper: made from the paper's stored JSON, alike for all engines."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from index.folding import fold

TEXT_FIELDS = ("text", "title", "abstract", "author")
"""Analysed fields: `text` is title, title again and abstract; `author` the words of the names."""

EXACT_FIELDS = ("category", "authorName", "has", "source", "id")
"""Fields of whole folded values; a paper may have several."""

NUMBER_FIELDS = ("published", "listed", "comments", "upvotes", "authorCount", "createdSeq")
"""Integer fields (days as yyyymmdd); `listed` may have several values, the others at most one."""

SORT_NAMES = ("publishedAt", "listedAt", "title", "comments", "upvotes", "authorCount")
MAX_SORT_TITLE = 200


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


def sort_values(paper: Mapping[str, Any]) -> dict[str, int | str | None]:
    """The sort values of a paper given as its decoded JSON row."""
    return {
        "publishedAt": _day(paper["publishedAt"]),
        "listedAt": _day(paper["listedAt"]),
        "title": title_sort_value(paper["title"]),
        "comments": paper["comments"],
        "upvotes": paper["upvotes"],
        "authorCount": paper["authorCount"],
    }


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
    numbers = {
        "published": _day(paper["publishedAt"]),
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
