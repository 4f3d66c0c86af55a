"""Questions and answers of a search: plain declarations that every door shares."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum

from schema.errors import ParameterError, Problem
from schema.filters import FILTERS, FILTERS_BY_NAME, Condition, parse_filter

DEFAULT_LIMIT = 20
MAX_LIMIT = 100
MAX_QUERY_LENGTH = 4000
MAX_CURSOR_LENGTH = 2000
"""Above the longest that is made: a title of 200 characters, escaped to 6 bytes each, is in it."""
MAX_SORT_KEYS = 2
AUTO_MINIMUM = 20
"""`match=auto` falls back to any-word matching below this many full matches; not `limit`."""


class Match(StrEnum):
    """How the bare words of a query combine."""

    ALL = "all"
    ANY = "any"
    AUTO = "auto"


RELEVANCE = "relevance"
SORT_FIELDS: dict[str, str] = {
    RELEVANCE: "Best match first.",
    "publishedAt": "Day of publication.",
    "listedAt": "First day on which the paper was listed.",
    "title": "Title, case and accents folded.",
    "comments": "Number of comments.",
    "upvotes": "Number of upvotes.",
    "authorCount": "Number of authors.",
    "trending": (
        "Attention and freshness, the most when descending: "
        "round(1000 * (log2(1 + upvotes + comments) + day / 7)), where day counts the days from "
        "1970-01-01 to the first listing and unknown counts are 0. A doubling of attention is "
        "worth a week; the order never changes as time passes."
    ),
}

FACETS: dict[str, str] = {
    "year": "Year of publication, such as 2025.",
    "month": "Month of publication, such as 2025-10.",
    "author": "Author, by the whole name, case and accents folded.",
    "category": "Category, case and accents folded.",
    "hasCode": "Whether the paper links to code: true or false.",
    "source": "File that the paper was loaded from.",
}
MAX_FACET_SIZE = 100


@dataclass(frozen=True, slots=True)
class SortKey:
    """One key of an order. Papers without a value come last in both directions."""

    name: str
    descending: bool = False

    def __str__(self) -> str:
        return f"-{self.name}" if self.descending else self.name


Sort = tuple[SortKey, ...]
BY_RELEVANCE: Sort = (SortKey(RELEVANCE),)
NEWEST_FIRST: Sort = (SortKey("publishedAt", descending=True),)


@dataclass(frozen=True, slots=True)
class SortPosition:
    """Where a paper stands in an order: the values of its sort keys, then its unique `tie`."""

    values: tuple[int | str | None, ...]
    tie: int


@dataclass(frozen=True, slots=True)
class Hit:
    """A paper of a result, by its row number in the store.

    `score` is of use only where relevance orders: an engine gives 0.0 elsewhere, the service None.
    """

    rowid: int
    score: float | None


@dataclass(frozen=True, slots=True)
class Fragment:
    """A piece of a text as written, never HTML; `match` says whether the query matched it."""

    text: str
    match: bool


@dataclass(frozen=True, slots=True)
class Highlight:
    """An excerpt of a field with what a query matched in it.

    The texts of `fragments`, joined, are a part of the field's text, unchanged. `field` is `title`
    (always whole) or `abstract`, of which there may be several excerpts, the best first.
    """

    field: str
    fragments: tuple[Fragment, ...]


@dataclass(frozen=True, slots=True)
class Hits:
    """One page of hits in order, and the exact number of papers that match."""

    total: int
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class FacetValue:
    """A value of a facet and the exact number of papers that have it."""

    value: str
    count: int


@dataclass(frozen=True, slots=True)
class FacetCounts:
    """The values of one facet among the papers of a result.

    `values` are the most frequent, by count descending and then by value; `total_values` is the
    number of distinct values, `other_count` the number of (paper, value) pairs not shown, and
    `missing_count` the number of papers without any value. All numbers are exact; None stands for
    one that an engine cannot know exactly.
    """

    values: tuple[FacetValue, ...]
    total_values: int | None
    other_count: int | None
    missing_count: int


@dataclass(frozen=True, slots=True)
class QueryWarning:
    """A part of a query that was not taken as written.

    `position` and `length` count characters of the query; `suggestion` is text that would be
    taken as meant, or None.
    """

    code: str
    message: str
    position: int | None = None
    length: int | None = None
    suggestion: str | None = None


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """A validated question. `q` is None for a plain list; `conditions` are by filter name."""

    q: str | None = None
    match: Match = Match.AUTO
    conditions: tuple[tuple[str, Condition], ...] = ()
    sort: Sort = NEWEST_FIRST
    limit: int = DEFAULT_LIMIT
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """The answer: `rows[i]` is the stored JSON object of `hits[i]`, UTF-8 bytes.

    `next_cursor` is None on the last page; `Shelf.cursors` makes one for each hit.
    """

    request: SearchRequest
    hits: tuple[Hit, ...]
    rows: tuple[bytes, ...]
    total: int
    total_all: int
    matched: Match
    next_cursor: str | None
    revision: str
    warnings: tuple[QueryWarning, ...] = field(default=())


_OWN_PARAMETERS = ("q", "match", "sort", "limit", "cursor")
SEARCH_PARAMETERS: tuple[str, ...] = (*_OWN_PARAMETERS, *(spec.name for spec in FILTERS))


def unknown_parameter(name: str, known: Iterable[str]) -> ParameterError:
    """The fault of a parameter that does not exist, with the nearest one that does."""
    by_folded = {each.casefold(): each for each in known}
    near = get_close_matches(name[:64].casefold(), by_folded, n=1, cutoff=0.5)
    suggestion = by_folded[near[0]] if near else None
    hint = f" Did you mean `{suggestion}`?" if suggestion else ""
    return ParameterError(
        name[:64],
        "parameter-unknown",
        f"There is no parameter `{name[:64]}` here.{hint}",
        suggestion,
    )


def parse_sort(text: str) -> Sort | ParameterError:
    """An order written as `key` or `-key`, up to two with a comma between."""
    keys = []
    for part in text.split(",", MAX_SORT_KEYS + 1):
        name = part.strip().removeprefix("-")
        if name not in SORT_FIELDS:
            near = get_close_matches(name[:64], SORT_FIELDS, n=1, cutoff=0.4)
            return ParameterError(
                "sort",
                "parameter-invalid",
                f"`sort` must be one of {', '.join(SORT_FIELDS)}, with - in front to descend.",
                near[0] if near else "-publishedAt",
            )
        keys.append(SortKey(name, part.strip().startswith("-") and name != RELEVANCE))
    if len(keys) > MAX_SORT_KEYS or len({key.name for key in keys}) != len(keys):
        return ParameterError(
            "sort",
            "parameter-invalid",
            f"`sort` takes at most {MAX_SORT_KEYS} different keys.",
            str(keys[0]),
        )
    if len(keys) > 1 and RELEVANCE in (key.name for key in keys):
        return ParameterError(
            "sort",
            "parameter-conflict",
            "`relevance` cannot be combined with another sort key.",
            RELEVANCE,
        )
    return tuple(keys)


def _single(name: str, values: Sequence[str], errors: list[ParameterError]) -> str | None:
    if len(values) > 1:
        errors.append(
            ParameterError(name, "parameter-repeated", f"`{name}` may be given only once.")
        )
    return values[0] if values else None


def parse_limit(
    text: str | None, errors: list[ParameterError], default: int = DEFAULT_LIMIT
) -> int:
    """A page size of 1 to `MAX_LIMIT`; a wrong one is added to `errors`."""
    if text is None:
        return default
    if text.isascii() and text.isdigit() and len(text) <= 9 and 1 <= int(text) <= MAX_LIMIT:
        return int(text)
    errors.append(
        ParameterError(
            "limit",
            "parameter-invalid",
            f"`limit` must be a whole number from 1 to {MAX_LIMIT}.",
            str(default),
        )
    )
    return default


def parse_request(parameters: Iterable[tuple[str, str]]) -> SearchRequest:
    """The question that URL parameters ask; raises `Problem` naming every fault at once.

    A blank `q` is no query, and without one there is no relevance: the newest come first. A
    repeated filter means any of its values.
    """
    given: dict[str, list[str]] = {}
    for name, value in parameters:
        given.setdefault(name, []).append(value)
    errors: list[ParameterError] = []
    own = {name: _single(name, given.get(name, ()), errors) for name in _OWN_PARAMETERS}
    conditions: list[tuple[str, Condition]] = []
    for name, values in given.items():
        if name in FILTERS_BY_NAME:
            parsed = parse_filter(FILTERS_BY_NAME[name], values)
            if isinstance(parsed, Condition):
                conditions.append((name, parsed))
            else:
                errors.extend(parsed)
        elif name not in own:
            errors.append(unknown_parameter(name, SEARCH_PARAMETERS))
    q = own["q"] if own["q"] and own["q"].strip() else None
    if q and len(q) > MAX_QUERY_LENGTH:
        errors.append(
            ParameterError(
                "q", "query-too-long", f"`q` may have at most {MAX_QUERY_LENGTH} characters."
            )
        )
    match = own["match"] or Match.AUTO
    if match not in tuple(Match):
        errors.append(
            ParameterError(
                "match", "parameter-invalid", "`match` must be all, any or auto.", "auto"
            )
        )
    sort = BY_RELEVANCE if own["sort"] is None else parse_sort(own["sort"])
    if sort == BY_RELEVANCE and not q:
        sort = NEWEST_FIRST
    if isinstance(sort, ParameterError):
        errors.append(sort)
    limit = parse_limit(own["limit"], errors)
    cursor = own["cursor"]
    if errors or isinstance(sort, ParameterError):
        raise Problem(errors[0].code, errors[0].message, errors)
    return SearchRequest(q, Match(match), tuple(sorted(conditions)), sort, limit, cursor)
