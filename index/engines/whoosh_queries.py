"""From our query tree to Whoosh's queries, round its broken parts.

AndNot and Require find wrong papers, Not adds to scores, an Or of small segments loses papers with
the score 0 and `normalize()` changes meanings: of its own only And, DefaultOr (the plain tree of
unions), Term, Phrase, NumericRange and NullQuery are used.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from index.engines.texts import SURFACE_FIELDS
from index.engines.trees import bounded
from index.engines.whoosh_library import matching, query
from index.query import (
    And,
    Every,
    Fuzzy,
    Node,
    Not,
    Nothing,
    Or,
    Phrase,
    Prefix,
    Range,
    Term,
    Wildcard,
)

PAPER = "paper"
PAPERS = query.Term("kind", PAPER)
Expand = Callable[[Prefix | Wildcard | Fuzzy], Sequence[str]]


class Boosted(query.Query):  # type: ignore[misc]
    """A query with its scores multiplied; a compound of one part would forget its own boost."""

    def __init__(self, inner: query.Query, boost: float) -> None:
        self.inner = inner
        self.boost = boost

    def matcher(self, searcher: Any, context: Any = None) -> Any:
        """What Whoosh walks through."""
        return matching.WrappingMatcher(self.inner.matcher(searcher, context), self.boost)

    def estimate_size(self, reader: Any) -> int:
        """At most how many papers it finds."""
        return int(self.inner.estimate_size(reader))

    def estimate_min_size(self, reader: Any) -> int:
        """At least how many papers it finds."""
        return 0

    def is_leaf(self) -> bool:
        """Whoosh need not look inside."""
        return True


class Constant(query.Query):  # type: ignore[misc]
    """The papers of a query, all with the same score; Whoosh's own class forgets its boost."""

    def __init__(self, inner: query.Query, boost: float) -> None:
        self.inner = inner
        self.boost = boost

    def matcher(self, searcher: Any, context: Any = None) -> Any:
        """What Whoosh walks through: the papers' numbers, ascending."""
        return _listed(sorted(set(numbers(self.inner, searcher))), self.boost)

    def estimate_size(self, reader: Any) -> int:
        """At most how many papers it finds."""
        return int(self.inner.estimate_size(reader))

    def estimate_min_size(self, reader: Any) -> int:
        """At least how many papers it finds."""
        return 0

    def is_leaf(self) -> bool:
        """Whoosh need not look inside."""
        return True


class Without(query.Query):  # type: ignore[misc]
    """The papers that a query does not find, with the score 0.

    Whoosh's `Not` would add 1 to each score, and loses papers when its numbers are listed.
    """

    def __init__(self, inner: query.Query) -> None:
        self.inner = inner
        self.boost = 1.0

    def matcher(self, searcher: Any, context: Any = None) -> Any:
        """What Whoosh walks through: the papers' numbers, ascending."""
        unwanted = set(numbers(self.inner, searcher))
        found = [number for number in numbers(PAPERS, searcher) if number not in unwanted]
        return _listed(found, 0.0)

    def estimate_size(self, reader: Any) -> int:
        """At most how many papers it finds."""
        return int(reader.doc_count())

    def estimate_min_size(self, reader: Any) -> int:
        """At least how many papers it finds."""
        return 0

    def is_leaf(self) -> bool:
        """Whoosh need not look inside."""
        return True


class AnyWord(query.Query):  # type: ignore[misc]
    """Papers that hold any of some words in any of some fields."""

    def __init__(self, names: Sequence[str], words: Sequence[str]) -> None:
        self.names = names
        self.words = words
        self.boost = 1.0

    def numbers(self, searcher: Any) -> Iterator[int]:
        """The papers' numbers in one segment, in no order."""
        reader = searcher.reader()
        for name in self.names:
            for word in self.words:
                term = name, word.encode()
                if term in reader:
                    yield from reader.postings(*term).all_ids()

    def estimate_size(self, reader: Any) -> int:
        """At most how many papers it finds."""
        return int(reader.doc_count())


def numbers(asked: query.Query, searcher: Any) -> Iterator[int]:
    """The numbers of the papers that a query finds in one segment."""
    if isinstance(asked, AnyWord):
        yield from asked.numbers(searcher)
        return
    matcher = asked.matcher(searcher, searcher.boolean_context())
    while matcher.is_active():
        yield matcher.id()
        matcher.next()


def _listed(found: list[int], score: float) -> Any:
    if not found:
        return matching.NullMatcher()
    return matching.ListMatcher(found, [score] * len(found))


def compile_query(node: Node, expand: Expand) -> query.Query:
    """The query of a checked tree; `expand` gives the words that a pattern stands for.

    Words and phrases score by the searcher's weighting, everything else a constant 1, times the
    boosts.
    """
    match node:
        case Term():
            return _boosted(query.Term(node.field, node.text), node.boost)
        case Phrase():
            return _boosted(_phrase(node), node.boost)
        case And():
            return _boosted(_and(node, expand), node.boost)
        case Or():
            parts = [compile_query(each, expand) for each in node.nodes]
            return _boosted(query.DefaultOr(parts), node.boost) if parts else query.NullQuery
        case Not():
            return _and(And((node,)), expand)
        case Range():
            ends = bounded(node.low, node.high)
            if ends is None:
                return query.NullQuery
            return Constant(query.NumericRange(node.field, *ends), node.boost)
        case Prefix() | Wildcard() | Fuzzy():
            return Constant(AnyWord(SURFACE_FIELDS[node.field], expand(node)), node.boost)
        case Every():
            return Constant(PAPERS, node.boost)
        case Nothing():
            return query.NullQuery


def _phrase(node: Phrase) -> query.Query:
    if not node.words:
        return query.NullQuery
    if len(node.words) == 1:
        return query.Term(node.field, node.words[0])
    return query.Phrase(node.field, list(node.words), slop=node.slop)


def _and(node: And, expand: Expand) -> query.Query:
    wanted = [compile_query(each, expand) for each in node.nodes if not isinstance(each, Not)]
    unwanted = [
        Without(compile_query(each.node, expand)) for each in node.nodes if isinstance(each, Not)
    ]
    parts = wanted + unwanted or [Constant(PAPERS, 1.0)]
    return query.And(parts)


def _boosted(scored: query.Query, boost: float) -> query.Query:
    return scored if boost == 1.0 else Boosted(scored, boost)
