"""The types of the GraphQL schema that are declarations alone: their values are stored JSON.

A `Paper` on its way out is the dict decoded from the stored row; of its fields only `related` has
a resolver.
`executor.py` reads members by their GraphQL names, which are the names of the stored JSON.
"""

import datetime
import re
from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, NewType

import strawberry

from schema.record import LinkKind, Precision
from schema.search import DEFAULT_RELATED, MAX_LIMIT, SORT_FIELDS, Match

REST_MEMBERS = frozenset({"abstractRaw", "publishedRaw", "sources"})
"""Members of a paper that its list row does not hold, only the full paper."""


def described(
    enum: type[Enum], name: str, description: str, values: Mapping[str, str]
) -> type[Enum]:
    """Make `enum` a GraphQL enum; `values` says what each of its members (by value) means."""
    result = strawberry.enum(enum, name=name, description=description)
    for value in result.__strawberry_definition__.values:  # type: ignore[attr-defined]
        value.description = values[value.value]
    return result


described(
    Match,
    "Match",
    "How the bare words of a query combine.",
    {
        "all": "Papers that hold every word.",
        "any": "Papers that hold at least one of the words.",
        "auto": "Every word; if fewer than 20 papers hold them all, at least one, the full "
        "matches first. A query with operators, fields or ranges always means every word.",
    },
)
described(
    Precision,
    "PublishedPrecision",
    "How much of a publication date is known.",
    {
        "day": "The day is known.",
        "month": "The month is known; `publishedAt` is its first day.",
        "year": "The year is known; `publishedAt` is its first day.",
    },
)
described(
    LinkKind,
    "LinkKind",
    "What a link leads to.",
    {
        "code": "A repository of source code.",
        "project": "A page or demonstration made for the paper.",
        "model": "A trained model.",
        "dataset": "A data set.",
        "paper": "A paper, this one or another.",
        "other": "Anything else, such as the page of an organisation.",
    },
)


class OrderDirection(Enum):
    """Which way a sort key runs; the values are what a URL writes before the key."""

    ASC = ""
    DESC = "-"


described(
    OrderDirection,
    "OrderDirection",
    "Which way a sort key runs. Papers without a value come last both ways.",
    {"": "Smallest, earliest or alphabetically first.", "-": "Greatest, latest or last first."},
)


def enum_name(camel: str) -> str:
    """`publishedAt` as the enum value `PUBLISHED_AT`."""
    return re.sub(r"(?=[A-Z])", "_", camel).upper()


if TYPE_CHECKING:
    PaperSortField = Any
else:
    PaperSortField = described(
        Enum("PaperSortField", {enum_name(key): key for key in SORT_FIELDS}),
        "PaperSortField",
        "What papers can be ordered by.",
        SORT_FIELDS,
    )


@strawberry.input(description="One key of an order.")
class PaperOrder:
    """One member of the argument `orderBy`."""

    field: PaperSortField = strawberry.field(description="What to order by.")
    direction: OrderDirection = strawberry.field(
        default=OrderDirection.ASC,
        description="Which way; `RELEVANCE` is always best first.",
    )


def _date(value: object) -> str:
    """A full-date of RFC 3339 as it is; raises `ValueError`, to which graphql-core adds where."""
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
        try:
            return datetime.date.fromisoformat(value).isoformat()
        except ValueError:
            pass
    raise ValueError("Write a day that exists as YYYY-MM-DD.")


def _as_is(value: object) -> object:
    """A scalar whose stored JSON is its GraphQL value."""
    return value


Date = NewType("Date", str)
Long = NewType("Long", int)

SCALARS: dict[object, Any] = {
    Date: strawberry.scalar(
        name="Date",
        description="A day as YYYY-MM-DD, the full-date of RFC 3339.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339#section-5.6",
        serialize=_as_is,
        parse_value=_date,
    ),
    Long: strawberry.scalar(
        name="Long",
        description="A whole number that may exceed the 32 bits of Int; always a JSON number, "
        "and below 2^53.",
        serialize=_as_is,
    ),
}


@strawberry.interface(description="Anything that has an id of its own.")
class Node:
    """The interface of `node` and `nodes`; the ids are plain, and the same in REST."""

    id: strawberry.ID = strawberry.field(
        description="A stable, readable id, unique in this server; the same string as in REST."
    )

    @classmethod
    def resolve_type(cls, *_: object) -> str:
        """The name of the only node type there is."""
        return "Paper"


@strawberry.type(description="An author, as named on the paper.")
class Author:
    """An element of `Paper.authors`."""

    name: str = strawberry.field(description="The whole name as written.")


@strawberry.type(description="A link found in a paper's record.")
class Link:
    """An element of `Paper.links`."""

    url: str = strawberry.field(description="The canonical http(s) address.")
    kind: LinkKind = strawberry.field(description="What the link leads to.")


@strawberry.type(description="A paper's identifiers elsewhere; null where none is known.")
class ExternalIds:
    """`Paper.externalIds`."""

    arxiv: str | None = strawberry.field(description="The arXiv id without version: 2407.09941.")
    doi: str | None = strawberry.field(description="The DOI in lower case, without resolver.")
    acl: str | None = strawberry.field(description="The id in the ACL Anthology: D16-2004.")
    s2: str | None = strawberry.field(description="The id of Semantic Scholar.")
    openalex: str | None = strawberry.field(description="The id of OpenAlex.")
    other: str | None = strawberry.field(description="An identifier of another registry.")


@strawberry.type(description="Where a paper came from: a span of a loaded file.")
class Source:
    """An element of `Paper.sources`."""

    name: str = strawberry.field(description="The name of the file.")
    sha256: str = strawberry.field(description="SHA-256 of the file's bytes, in hexadecimal.")
    start: Long = strawberry.field(description="The first byte of the paper's record.")
    end: Long = strawberry.field(description="The byte behind the record's last.")


_RelatedFirst = Annotated[
    int | None, strawberry.argument(description=f"How many papers, 1 to {MAX_LIMIT}.")
]


async def related_papers(
    paper: strawberry.Parent[Any],
    info: strawberry.Info[Any, Any],
    first: _RelatedFirst = DEFAULT_RELATED,
) -> Any:
    """Members of `RelatedPaper`, the nearest first."""
    return await info.root_value.related(info, paper["id"], first)


@strawberry.type(description="A paper that is like another.")
class RelatedPaper:
    """An element of `Paper.related`."""

    score: float = strawberry.field(description="How like it is; comparable within one list only.")
    node: "Paper" = strawberry.field(description="The paper.")


@strawberry.type(description="A research paper.")
class Paper(Node):
    """The paper of the design, member by member as in REST."""

    title: str = strawberry.field(description="The title as readable text.")
    abstract: str = strawberry.field(description="The abstract as readable text; may be empty.")
    abstract_raw: str | None = strawberry.field(
        description="The abstract exactly as its source wrote it. Null only for a paper that was "
        "removed while this answer was made."
    )
    authors: list[Author] | None = strawberry.field(
        description="The authors in order; null when only their number is known."
    )
    author_count: int | None = strawberry.field(
        description="How many authors there are; null when unknown."
    )
    published_at: Date | None = strawberry.field(
        description="The first day of what is known of the publication date; null when unknown."
    )
    published_precision: Precision | None = strawberry.field(
        description="How much of the publication date is known; null when nothing is."
    )
    published_year_inferred: bool = strawberry.field(
        description="Whether the year was not written beside the date but inferred."
    )
    published_raw: str | None = strawberry.field(
        description="The publication date as the source wrote it; null when it gave none."
    )
    listed_at: Date | None = strawberry.field(
        description="The first day on which the paper was listed; null when it never was."
    )
    upvotes: int | None = strawberry.field(description="Number of upvotes; null when unknown.")
    comments: int | None = strawberry.field(description="Number of comments; null when unknown.")
    links: list[Link] = strawberry.field(description="Links found in the paper's record.")
    has_code: bool = strawberry.field(description="Whether a link leads to code.")
    categories: list[str] = strawberry.field(description="Subject categories such as cs.CL.")
    external_ids: ExternalIds = strawberry.field(description="The paper's identifiers elsewhere.")
    sources: list[Source] | None = strawberry.field(
        description="Where the paper came from. Null only for a paper that was removed while this "
        "answer was made."
    )
    created_seq: Long = strawberry.field(
        description="The store position at which the paper was first stored."
    )
    updated_seq: Long = strawberry.field(
        description="The store position at which the paper last changed."
    )
    related: list[RelatedPaper] = strawberry.field(
        resolver=related_papers,
        description="The papers whose words are most like those of its title and abstract, the "
        "nearest first. Each list is a search, so that few papers of one operation can have it.",
    )


@strawberry.type(description="Papers listed on a day, by position.")
class DailyPage:
    """The answer of `daily`."""

    date: Date = strawberry.field(description="The day.")
    previous: Date | None = strawberry.field(
        description="The nearest earlier day that has papers; null when there is none."
    )
    next: Date | None = strawberry.field(
        description="The nearest later day that has papers; null when there is none."
    )
    total_count: int = strawberry.field(description="How many papers were listed on the day.")
    papers: list[Paper] = strawberry.field(description="The papers of this page, by position.")
    end_cursor: str | None = strawberry.field(
        description="For `after`: the papers that follow; null at the end."
    )
    revision: str = strawberry.field(description="The revision that was read; opaque.")


@strawberry.type(description="Counts and positions of the server's current revision.")
class Stats:
    """The answer of `stats`."""

    papers: int = strawberry.field(description="How many papers there are.")
    store_position: Long = strawberry.field(description="The number of the store's last change.")
    index_position: Long = strawberry.field(
        description="The change that the full-text index has reached."
    )
    engine: str = strawberry.field(description="The full-text engine.")
    published_from: Date | None = strawberry.field(
        description="The earliest publication day; null when none is known."
    )
    published_to: Date | None = strawberry.field(
        description="The latest publication day; null when none is known."
    )
    revision: str = strawberry.field(
        description="Names what a reader sees; equal revisions give equal answers. Opaque."
    )
