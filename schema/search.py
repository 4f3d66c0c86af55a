"""Questions and answers of a search: plain declarations that every door shares."""

from dataclasses import dataclass, field
from enum import StrEnum

from schema.filters import Condition
from schema.members import FURTHER_MEMBERS

DEFAULT_LIMIT = 20
MAX_LIMIT = 100
DEFAULT_RELATED = 10
"""Related papers that are shown where no number is given; at most `MAX_LIMIT` can be."""
MAX_QUERY_LENGTH = 4000
MAX_CURSOR_LENGTH = 2000
"""Above the longest that is made: a title of 200 characters, escaped to 6 bytes each, is in it."""
MAX_SORT_KEYS = 2
DEFAULT_FACET_SIZE = 10
END = "end"
"""Instead of a cursor: behind the last paper."""
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


class ScoreKind(StrEnum):
    """Why something is a part of a score."""

    WORD = "word"
    STEM = "stem"
    PAIR = "pair"
    TITLE = "title"
    FEEDBACK = "feedback"
    PREFIX = "prefix"
    WILDCARD = "wildcard"
    TYPO = "typo"


@dataclass(frozen=True, slots=True)
class ScorePart:
    """A part of a hit's score.

    `term` is what was looked for, as the query wrote it (of `feedback` that no query wrote, as
    the paper writes it); `matched` what the paper has of it, as it stands there, the most frequent
    first; `field` where: `text` is title and abstract, of which BM25 counts the title twice.
    `count` is how often it is there, `weight` its boost in the query.
    """

    kind: ScoreKind
    term: str
    matched: tuple[str, ...]
    field: str
    count: int
    weight: float
    score: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a hit has its score: the sum of its `parts`, the largest first.

    `full_match` says whether the paper matches the whole query, not only some of its words;
    `missing` are the words of the query that it lacks.
    """

    full_match: bool
    missing: tuple[str, ...]
    parts: tuple[ScorePart, ...]


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


class AlternativeKind(StrEnum):
    """What an alternative changes of a question."""

    SPELLING = "spelling"
    DATE = "date"
    FILTER = "filter"
    WORD = "word"


LITTLE = 5
"""Papers below which too little was found, and an answer shows ways out."""
MAX_ALTERNATIVES = 5


@dataclass(frozen=True, slots=True)
class Alternative:
    """A question that finds more than the one that was asked.

    `q` and `parameters` are all that it asks: the query, and the other parameters of a URL that
    choose and order papers (`match`, `sort`, filters), names and values. `total` and `total_all`
    are those of its answer.
    """

    kind: AlternativeKind
    message: str
    q: str | None
    parameters: tuple[tuple[str, str], ...]
    total: int
    total_all: int


DEFAULT_SUGGESTIONS, MAX_SUGGESTIONS = 10, 20
MAX_SUGGEST_LENGTH = 200
"""Characters of a text that is being typed."""


class SuggestionKind(StrEnum):
    """What a suggestion is."""

    TERM = "term"
    AUTHOR = "author"
    TITLE = "title"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Something that a text being typed may become, as papers write it.

    `fragments` are its pieces; what was typed matches. `q` is the query that finds it, `count` the
    exact number of papers: those that hold all words of a term, and those of an author by the whole
    name; None of a title, whose paper has the id `id`.
    """

    kind: SuggestionKind
    fragments: tuple[Fragment, ...]
    q: str
    count: int | None
    id: str | None = None

    @property
    def text(self) -> str:
        """The text as papers write it."""
        return "".join(each.text for each in self.fragments)


@dataclass(frozen=True, slots=True)
class Extras:
    """What an answer carries besides its papers: facets with so many values each, and more of each.

    That is its highlights and, by `explain`, of what its score is made.

    `fields` names the members that papers show, None for those of a list row. `alternatives` asks
    for ways out where little was found.
    """

    facets: tuple[str, ...] = ()
    facet_size: int = DEFAULT_FACET_SIZE
    highlight: bool = False
    explain: bool = False
    fields: tuple[str, ...] | None = None
    alternatives: bool = True

    @property
    def whole(self) -> bool:
        """Whether `fields` names members that only whole papers have."""
        return not set(self.fields or ()).isdisjoint(FURTHER_MEMBERS)


NO_EXTRAS = Extras()


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """A validated question. `q` is None for a plain list; `conditions` are by filter name.

    `cursor` asks for the page behind a place, `before` for the one ahead of it (`END`: the last
    page); at most one of them is set. `extras` never change which papers are found, nor their
    order, so requests that differ in them alone are equal; `given` are the parameters as written.
    """

    q: str | None = None
    match: Match = Match.AUTO
    conditions: tuple[tuple[str, Condition], ...] = ()
    sort: Sort = NEWEST_FIRST
    limit: int = DEFAULT_LIMIT
    cursor: str | None = None
    before: str | None = None
    extras: Extras = field(default=NO_EXTRAS, compare=False)
    given: tuple[tuple[str, str], ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Page:
    """The answer: `rows[i]` is the stored JSON object of `hits[i]`, UTF-8 bytes.

    `next_cursor` is for `cursor`, None on the last page; `previous_cursor` for `before`, None on
    the first. `rank` is the number of papers ahead of the page. `Shelf.cursors` makes a cursor for
    each hit.
    """

    request: SearchRequest
    hits: tuple[Hit, ...]
    rows: tuple[bytes, ...]
    total: int
    total_all: int
    matched: Match
    next_cursor: str | None
    previous_cursor: str | None
    rank: int
    revision: str
    warnings: tuple[QueryWarning, ...] = field(default=())
