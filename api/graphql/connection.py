"""The types of a page of papers: the connection, its edges, and what goes with them."""

from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from api.answers import facet_data
from api.graphql.types import Paper, described
from api.graphql.work import Work
from schema.search import (
    DEFAULT_FACET_SIZE,
    FACETS,
    LITTLE,
    MAX_FACET_SIZE,
    AlternativeKind,
    Match,
    ScoreKind,
    SuggestionKind,
)

_FacetSize = Annotated[
    int | None,
    strawberry.argument(description=f"How many values of each facet, 1 to {MAX_FACET_SIZE}."),
]


@strawberry.type(description="A part of a query that was not taken as written.")
class QueryWarning:
    """An element of `PaperConnection.warnings`."""

    code: str = strawberry.field(description="A stable code.")
    message: str = strawberry.field(description="What was taken otherwise, and how.")
    position: int | None = strawberry.field(description="Where in the query, in characters.")
    length: int | None = strawberry.field(description="How many characters it concerns.")
    suggestion: str | None = strawberry.field(
        description="Text that would be taken as meant; null when there is none."
    )


@strawberry.type(description="How a page lies in its walk.")
class PageInfo:
    """The PageInfo of Relay's connection specification."""

    has_next_page: bool = strawberry.field(description="Whether papers follow this page.")
    has_previous_page: bool = strawberry.field(
        description="Whether papers come ahead of this page."
    )
    start_cursor: str | None = strawberry.field(
        description="The cursor of the first edge, for `before`; null on an empty page."
    )
    end_cursor: str | None = strawberry.field(
        description="The cursor of the last edge, for `after`; null on an empty page."
    )


@strawberry.type(description="A piece of text, and whether the query matched it.")
class Fragment:
    """An element of `Highlight.fragments`."""

    text: str = strawberry.field(description="The text, as the paper has it.")
    match: bool = strawberry.field(description="Whether it is what the query matched.")


@strawberry.type(description="An excerpt of a paper with what the query matched in it.")
class Highlight:
    """An element of `PaperEdge.highlights`."""

    field: str = strawberry.field(description="`title`, always whole, or `abstract`.")
    fragments: list[Fragment] = strawberry.field(
        description="Pieces that, joined, are a part of the field's text."
    )


@strawberry.type(description="A value of a facet.")
class FacetValue:
    """An element of `Facet.values`."""

    value: str = strawberry.field(description="The value, as its filter takes it.")
    count: int = strawberry.field(description="How many papers of the result have it; exact.")
    selected: bool = strawberry.field(
        description="Whether the filter of the same name lets it through."
    )


@strawberry.type(
    description="The most frequent values of a facet, counted without the filter of its own name."
)
class Facet:
    """A member of `Facets`."""

    values: list[FacetValue] = strawberry.field(
        description="By count, then by value; chosen ones are always among them."
    )
    total_values: int | None = strawberry.field(
        description="How many different values there are; null where that is not known exactly."
    )
    other_count: int | None = strawberry.field(
        description="How often papers have a value not shown; null where not known exactly."
    )
    missing_count: int = strawberry.field(description="How many papers have no value.")


def _facets() -> Any:
    fields: dict[str, Any] = {
        name: strawberry.field(name=name, description=text) for name, text in FACETS.items()
    }
    annotations = dict.fromkeys(FACETS, Facet | None)
    made = type("Facets", (), fields | {"__annotations__": annotations, "__module__": __name__})
    description = "Facets by name; null for one that cannot be counted exactly."
    return strawberry.type(made, name="Facets", description=description)


if TYPE_CHECKING:
    Facets = Any
else:
    Facets = _facets()


described(
    ScoreKind,
    "ScoreKind",
    "Why something is a part of a score.",
    {
        "word": "The paper has a word of the query.",
        "stem": "It has other forms of a word of the query, and not the one that was written.",
        "pair": "It has neighbouring words of the query side by side.",
        "title": "Its title has a word of the query; on top of `word` or `stem`.",
        "feedback": "It has a word that the first hits share.",
        "prefix": "It has words that begin as the query says.",
        "wildcard": "It has words that fit a pattern of the query.",
        "typo": "It has words spelled nearly like one of the query.",
    },
)


@strawberry.type(description="A part of a score.")
class ScorePart:
    """An element of `Explanation.parts`."""

    kind: ScoreKind = strawberry.field(description="Why it is a part.")
    term: str = strawberry.field(
        description="What was looked for, as the query wrote it; of `feedback`, which no query "
        "wrote, as the paper writes it."
    )
    matched: list[str] = strawberry.field(
        description="What the paper has of it, as it stands there: at most five ways of writing "
        "it, the most frequent first."
    )
    field: str = strawberry.field(
        description="Where: `title`, `abstract`, `author`, or `text`, which is the title, counted "
        "twice, and the abstract."
    )
    count: int = strawberry.field(description="How often it is there.")
    weight: float = strawberry.field(description="Its boost; 1 for a word that stands once.")
    score: float = strawberry.field(description="What it adds to the score.")


@strawberry.type(description="Why a paper has its score.")
class Explanation:
    """`PaperEdge.explanation`."""

    full_match: bool = strawberry.field(
        description="Whether the paper matches the whole query, not only some of its words."
    )
    missing: list[str] = strawberry.field(description="The words of the query that it lacks.")
    parts: list[ScorePart] = strawberry.field(
        description="The parts of which the score is the sum, to seven digits; the largest first."
    )


@strawberry.type(description="A paper within a result.")
class PaperEdge:
    """An element of `PaperConnection.edges`."""

    cursor: str = strawberry.field(description="For `after`: go on behind this paper.")
    score: float | None = strawberry.field(
        description="How well the paper matches the query; null where nothing is ranked. "
        "Comparable within one result only."
    )
    highlights: list[Highlight] = strawberry.field(
        description="What the query matched: the title, then the best excerpts of the abstract."
    )
    explanation: Explanation | None = strawberry.field(
        description="Of what the score is made; null where nothing is ranked."
    )
    node: Paper = strawberry.field(description="The paper.")


described(
    AlternativeKind,
    "AlternativeKind",
    "What an alternative changes of a question; all but `SPELLING` perhaps of one with words "
    "spelled otherwise, as `message` says.",
    {
        "spelling": "Words are spelled as papers write them.",
        "date": "Bounds of a date are wider, or left out.",
        "filter": "A filter is left out.",
        "word": "Words are left out.",
    },
)


@strawberry.type(description="A parameter of the address of an alternative.")
class AlternativeParameter:
    """An element of `Alternative.parameters`."""

    name: str = strawberry.field(description="Its name in REST.")
    value: str = strawberry.field(description="Its value as an address has it, decoded.")


@strawberry.type(description="Another question, which finds more.")
class Alternative:
    """An element of `PaperConnection.alternatives`."""

    kind: AlternativeKind = strawberry.field(description="What it changes.")
    message: str = strawberry.field(description="The same in words, for people.")
    q: str | None = strawberry.field(description="The query; null where only filters are left.")
    parameters: list[AlternativeParameter] = strawberry.field(
        description="What else it asks, as `GET /v1/papers` takes it: filters, `sort`, `match`. "
        "Several values of one name stand one by one."
    )
    total: int = strawberry.field(description="How many papers its answer has; exact.")
    total_all: int = strawberry.field(
        description="How many papers hold every word of it: more than of the question; exact."
    )
    link: str = strawberry.field(description="The address of its answer in REST.")


described(
    SuggestionKind,
    "SuggestionKind",
    "What a suggestion is.",
    {
        "term": "Words of titles and abstracts.",
        "author": "The whole name of an author.",
        "title": "The title of a paper.",
    },
)


@strawberry.type(description="What a text being typed may become.")
class Suggestion:
    """An element of `Query.suggest`."""

    kind: SuggestionKind = strawberry.field(description="What it is.")
    text: str = strawberry.field(description="As papers write it.")
    fragments: list[Fragment] = strawberry.field(
        description="The same in pieces; what was typed matches, as far as it was typed so."
    )
    q: str = strawberry.field(description="The query to search for.")
    count: int | None = strawberry.field(
        description="How many papers hold all words of a term, or are by an author of that whole "
        "name; exact. Null of a title."
    )
    id: strawberry.ID | None = strawberry.field(
        description="The id of the paper of a title; null of others."
    )
    link: str = strawberry.field(
        description="The address in REST of the paper, or of the papers that `count` counts."
    )


FACETS_OF = "facets of"
"""In the values of a `PaperConnection`: what counts its facets; no field has this name."""


ALTERNATIVES_OF = "alternatives of"
"""The same for what finds its alternatives."""


async def find_alternatives(connection: strawberry.Parent[Any]) -> Any:
    """Members of `Alternative`, each of them."""
    return await connection[ALTERNATIVES_OF]()


async def count_facets(
    connection: strawberry.Parent[Any],
    info: strawberry.Info,
    size: _FacetSize = DEFAULT_FACET_SIZE,
) -> Any:
    """Members of `Facets`, those that the operation wants."""
    size = DEFAULT_FACET_SIZE if size is None else size
    work: Work = info.context
    found = await connection[FACETS_OF](
        [name for name in FACETS if work.wants(info.path, name)], size
    )
    counted = {name: each and facet_data(each) for name, each in found.items()}
    return dict.fromkeys(FACETS) | counted


@strawberry.type(description="Papers in an order, a page of them, and what holds for all.")
class PaperConnection:
    """The connection of Relay's specification, with the totals of the whole result."""

    edges: list[PaperEdge] = strawberry.field(
        description="The papers of this page with their cursors."
    )
    nodes: list[Paper] = strawberry.field(description="The papers of this page alone.")
    page_info: PageInfo = strawberry.field(description="How this page lies in its walk.")
    total_count: int = strawberry.field(
        description="How many papers the whole result has; exact, and constant over its pages."
    )
    total_all: int = strawberry.field(
        description="How many papers hold every word of the query; less than `totalCount` where "
        "`matched` is `ANY`."
    )
    matched: Match = strawberry.field(
        description="How the words were combined in the end: `ALL` or `ANY`."
    )
    revision: str = strawberry.field(description="The revision that was read; opaque.")
    facets: Facets = strawberry.field(
        resolver=count_facets,
        description="How many papers of the whole result each value has; counted when asked for.",
    )
    warnings: list[QueryWarning] = strawberry.field(
        description="What of the query was not taken as written; empty when all was."
    )
    alternatives: list[Alternative] = strawberry.field(
        resolver=find_alternatives,
        description="Other questions with more full matches, the best first, where fewer than "
        f"{LITTLE} papers match this one whole; empty where enough do, and behind a cursor.",
    )
