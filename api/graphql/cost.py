"""What an operation costs, reckoned from its document and variables before it is executed.

A unit is a value of the answer: one for each object and one for each of its fields, objects in a
list as many times as there may be. Work that an answer does not show (a search, a facet) counts
as so many values more. docs/graphql.md has the formula and examples.
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field

from graphql import (
    FieldNode,
    GraphQLError,
)

from api.graphql.arguments import Spelled
from schema.errors import ParameterError
from schema.search import (
    DEFAULT_FACET_SIZE,
    DEFAULT_LIMIT,
    DEFAULT_SUGGESTIONS,
    MAX_ALTERNATIVES,
    MAX_FACET_SIZE,
    MAX_LIMIT,
    MAX_SUGGESTIONS,
)

MAX_COST = 50_000
"""Of an operation: a page of 100 with all members, highlights and facets passes."""
MAX_FAULTS = 10
"""Sizes out of their bounds that are told at once."""
MAX_NODES = 100
"""Ids that `nodes` takes."""


@dataclass(frozen=True, slots=True)
class Sized:
    """A field whose arguments say how many items it gives: their names, bounds, and default.

    `expected` says what is right, `code` is that of a wrong size, `written` how one is written.
    """

    arguments: tuple[str, ...]
    least: int
    most: int
    default: int
    expected: str = "must be a whole number from {} to {}"
    code: str = "parameter-invalid"
    written: str = "`{}: {}`"


SIZED: dict[str, Sized] = {
    "Query.papers": Sized(("first", "last"), 0, MAX_LIMIT, DEFAULT_LIMIT),
    "Query.daily": Sized(("first",), 1, MAX_LIMIT, MAX_LIMIT),
    "Query.nodes": Sized(
        ("ids",), 0, MAX_NODES, 0, "may have {} to {} ids", "graphql-limit", "{1} `{0}`"
    ),
    "Query.suggest": Sized(("first",), 1, MAX_SUGGESTIONS, DEFAULT_SUGGESTIONS),
    "PaperConnection.facets": Sized(("size",), 1, MAX_FACET_SIZE, DEFAULT_FACET_SIZE),
}

ITEMS: dict[str, int | None] = {
    "PaperConnection.edges": None,
    "PaperConnection.nodes": None,
    "PaperConnection.warnings": 5,
    "PaperConnection.alternatives": MAX_ALTERNATIVES,
    "Alternative.parameters": 3,
    "Query.suggest": None,
    "Suggestion.fragments": 5,
    "DailyPage.papers": None,
    "Paper.related": MAX_LIMIT,
    "Query.nodes": None,
    "Facet.values": None,
    "Paper.authors": 10,
    "Paper.links": 5,
    "Paper.sources": 5,
    "PaperEdge.highlights": 4,
    "Highlight.fragments": 6,
    "Explanation.parts": 12,
}
"""Objects that a list is reckoned to have; None: as many as the sized field at or above it says."""

EXTRA: dict[str, int] = {
    "Query.papers": 500,
    "Query.daily": 500,
    "Query.suggest": 1500,
    "PaperConnection.alternatives": 3000,
    "Query.paper": 50,
    "Query.node": 50,
    "PaperEdge.highlights": 50,
    "PaperEdge.explanation": 100,
    "Paper.abstractRaw": 10,
    "Paper.publishedRaw": 10,
    "Paper.sources": 10,
    "Paper.related": 5000,
    "Facets.year": 300,
    "Facets.month": 300,
    "Facets.author": 5000,
    "Facets.category": 1000,
    "Facets.hasCode": 300,
    "Facets.source": 300,
}
"""Values that a field's work is worth: finding papers, marking a text, reading a whole paper,
counting: the authors of 75,000 papers take 18 ms, categories 2, the others 0.3. Related papers
take 4 ms, and a list of papers could ask for a hundred such searches."""


@dataclass(slots=True)
class SizedField:
    """A sized field of an operation, and what each of its items costs.

    `path` has its response names. `given` is the size by argument: a number, the name of
    the variable that has it, or None.
    """

    path: tuple[str, ...]
    node: FieldNode
    kind: Sized
    given: tuple[tuple[str, int | str | None], ...]
    each: int = 0

    def size(self, variables: Mapping[str, object]) -> tuple[str, int]:
        """The argument that counts, and its value."""
        for argument, given in self.given:
            value = variables.get(given) if isinstance(given, str) else given
            if isinstance(value, list):
                return argument, len(value)
            if isinstance(value, int):
                return argument, value
        return self.kind.arguments[0], self.kind.default

    def fault(self, argument: str, size: int, largest: int) -> GraphQLError:
        """The fault of a size out of its bounds; `largest` is what the cost would let pass."""
        kind = self.kind
        expected = kind.expected.format(kind.least, kind.most)
        fitting = max(kind.least, min(kind.most, largest)) if size > kind.most else kind.default
        fault = ParameterError(argument, kind.code, f"`{argument}` {expected}.", str(fitting))
        return GraphQLError(
            fault.message,
            self.node,
            original_error=Spelled(fault.code, fault.message, (fault,)),
        )


@dataclass(slots=True)
class Cost:
    """The cost of an operation: `fixed`, and what the items of its sized fields add."""

    fixed: int = 0
    sized: list[SizedField] = field(default_factory=list)

    def total(self, variables: Mapping[str, object], most: int | None = None) -> int:
        """The cost for coerced variables; `most` cuts all sizes down to that."""
        sizes = (each.size(variables)[1] for each in self.sized)
        return self.fixed + sum(
            each.each * (size if most is None else min(size, most))
            for each, size in zip(self.sized, sizes, strict=True)
        )

    def faults(self, variables: Mapping[str, object]) -> list[GraphQLError]:
        """Why the operation is not executed: sizes out of their bounds, else its cost."""
        sizes = [(each, *each.size(variables)) for each in self.sized]
        wrong = [each for each in sizes if not each[0].kind.least <= each[2] <= each[0].kind.most]
        total = self.total(variables)
        if not wrong and total <= MAX_COST:
            return []
        largest = self._largest(variables)
        if wrong:
            told = wrong[:MAX_FAULTS]
            return [each.fault(argument, size, largest) for each, argument, size in told]
        faults = []
        for each, argument, size in sizes:
            if 0 < largest < size:
                written = each.kind.written.format(argument, largest)
                name = ".".join(each.path)
                words = f"`{name}` passes with {written}."
                fault = ParameterError(f"{name}.{argument}", "graphql-limit", words, str(largest))
                faults.append(fault)
        advice = " ".join(each.message for each in faults) or "Ask for fewer fields."
        message = f"The operation would cost {total}, and at most {MAX_COST} may be. {advice}"
        return [
            GraphQLError(
                message,
                original_error=Spelled("graphql-limit", message, faults),
                extensions={"cost": total, "limit": MAX_COST},
            )
        ]

    def _largest(self, variables: Mapping[str, object]) -> int:
        """The largest size that would pass in all sized fields at once, 0 if none would."""
        sizes = range(1, MAX_LIMIT + 1)
        return bisect_right(sizes, MAX_COST, key=lambda most: self.total(variables, most))
