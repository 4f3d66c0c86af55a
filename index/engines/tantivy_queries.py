"""From our query tree to tantivy's query objects. Never strings: its parser loses clauses."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from tantivy import FieldType, Occur, Query

from index.document import EXACT_FIELDS
from index.engines.tantivy_fields import PAPER, SCHEMA
from index.engines.texts import SURFACE_FIELDS
from index.engines.trees import bounded, phrase_forms
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
from index.ranking import Clause, Ranking

Pattern = Prefix | Wildcard | Fuzzy
Expand = Callable[[Pattern], list[str]]

MANY_TERMS = 8
"""An `Or` of more exact values than this is one set of terms: 1,000 clauses take 69 ms."""


class Compiler:
    """Compiles checked trees; `expand` gives the words that a fuzzy word or a pattern stands for.

    Scores: words and phrases by BM25, everything else a constant 1, times the boosts.
    """

    def __init__(self, expand: Expand) -> None:
        self._expand = expand
        self.papers = self.text("kind", PAPER)
        self._all_papers = Query.const_score_query(self.papers, 1.0)
        self._unscored_papers = unscored(self.papers)

    def compile(self, node: Node) -> Query:
        """The query of a tree, scored."""
        query = self._compile(node)
        boost = getattr(node, "boost", 1.0)
        return query if boost == 1.0 else Query.boost_query(query, boost)

    def rows(self, rowids: Iterable[int]) -> Query:
        """The papers of some row numbers.

        One by one: a set of 200 terms takes four times as long.
        """
        return _any([Query.term_query(SCHEMA, "rowid", each) for each in rowids])

    def ranked(self, node: Node, clauses: Ranking) -> Query:
        """The papers of a tree, each with the sum of what the clauses give it.

        Where the tree's own leaves are clauses, and always all that match, it scores them itself:
        each list of papers is then read once.
        """
        own = list(_summed(node))
        scored = {each.node for each in clauses}
        in_place = len(set(own)) == len(own) and scored.issuperset(own)
        compiled = self.compile(node)
        if not in_place:
            return self.scored(compiled, clauses)
        return self._adding(compiled, [each for each in clauses if each.node not in own])

    def scored(self, query: Query, clauses: Ranking) -> Query:
        """The papers of a query, each with the sum of what the clauses give it."""
        return self._adding(unscored(query), clauses)

    def _adding(self, query: Query, clauses: Sequence[Clause]) -> Query:
        if not clauses:
            return query
        further = [(Occur.Should, self.compile(each.node)) for each in clauses]
        return Query.boolean_query([(Occur.Must, query), *further])

    def _compile(self, node: Node) -> Query:
        match node:
            case Term():
                return self.text(node.field, node.text)
            case Phrase():
                return self._phrase(node)
            case And():
                return self._and(node)
            case Or():
                return self._or(node)
            case Not():
                return self._and(And((node,)))
            case Range():
                return self.between(node.field, node.low, node.high)
            case Prefix():
                return self._pattern(node, _escaped(node.text) + ".*")
            case Wildcard():
                signs = {"*": ".*", "?": "."}
                pattern = [signs.get(letter) or _escaped(letter) for letter in node.pattern]
                return self._pattern(node, "".join(pattern))
            case Fuzzy():
                return self._words(node)
            case Every():
                return self._all_papers
            case Nothing():
                return Query.empty_query()

    def between(self, field: str, low: int | None, high: int | None) -> Query:
        """Papers with a value of an integer column from `low` to `high`, None for an open end."""
        ends = bounded(low, high)
        if ends is None:
            return Query.empty_query()
        return Query.range_query(SCHEMA, field, FieldType.Integer, *ends)

    def text(self, field: str, text: str) -> Query:
        """Papers that hold a word or a whole value."""
        return Query.term_query(SCHEMA, field, text)

    def _phrase(self, node: Phrase) -> Query:
        if len(node.words) < 2:  # tantivy panics on a phrase of one word
            terms = [self.text(node.field, word) for word in node.words]
            return terms[0] if terms else Query.empty_query()
        forms = [Query.phrase_query(SCHEMA, node.field, list(form)) for form in phrase_forms(node)]
        return forms[0] if len(forms) == 1 else _any(forms)

    def _and(self, node: And) -> Query:
        if not node.nodes:
            return self._all_papers
        clauses = [
            (Occur.MustNot, self.compile(each.node))
            if isinstance(each, Not)
            else (Occur.Must, self.compile(each))
            for each in node.nodes
        ]
        if all(isinstance(each, Not) for each in node.nodes):
            # Alone, exclusions would find nothing; and the checkpoint must stay out.
            clauses.insert(0, (Occur.Must, self._unscored_papers))
        return Query.boolean_query(clauses)

    def _or(self, node: Or) -> Query:
        if len(node.nodes) > MANY_TERMS and (values := _exact_values(node)):
            field, texts = values
            return Query.term_set_query(SCHEMA, field, texts)
        return _any([self.compile(each) for each in node.nodes])

    def _surface(self, field: str, query_of: Callable[[str], Query]) -> Query:
        queries = [query_of(each) for each in SURFACE_FIELDS[field]]
        return queries[0] if len(queries) == 1 else Query.const_score_query(_any(queries), 1.0)

    def _pattern(self, node: Prefix | Wildcard, regex: str) -> Query:
        try:
            return self._surface(node.field, lambda field: Query.regex_query(SCHEMA, field, regex))
        except ValueError:  # a long pattern needs more than tantivy's 1,000 states
            return self._words(node)

    def _words(self, node: Pattern) -> Query:
        words = self._expand(node)
        return self._surface(node.field, lambda field: Query.term_set_query(SCHEMA, field, words))


def unscored(query: Query) -> Query:
    """The same papers, adding nothing to a score: filters and the ground of exclusions."""
    return Query.const_score_query(query, 0.0)


def all_of(*queries: Query) -> Query:
    """Papers that match every query; scores add up."""
    if len(queries) == 1:
        return queries[0]
    return Query.boolean_query([(Occur.Must, query) for query in queries])


def _any(queries: list[Query]) -> Query:
    return Query.boolean_query([(Occur.Should, query) for query in queries])


def _summed(node: Node, optional: bool = False) -> Iterator[Node | None]:
    """The leaves of a tree whose score is the sum of all leaves that match; else a None is there.

    Where all parts are required below a part that is `optional`, a leaf may match in vain.
    """
    match node:
        case Or(boost=1.0):
            for each in node.nodes:
                yield from _summed(each, True)
        case And(boost=1.0) if not optional:
            for each in node.nodes:
                if not isinstance(each, Not):
                    yield from _summed(each)
        case Term() | Phrase() | Prefix() | Wildcard() | Fuzzy():
            yield node
        case _:
            yield None


def _exact_values(node: Or) -> tuple[str, list[str]] | None:
    """The field and values of an `Or` that only lists values of one exact field."""
    texts = [each.text for each in node.nodes if isinstance(each, Term) and each.boost == 1.0]
    fields = {each.field for each in node.nodes if isinstance(each, Term)}
    if len(texts) == len(node.nodes) and len(fields) == 1 and fields <= set(EXACT_FIELDS):
        return fields.pop(), texts
    return None


def _escaped(text: str) -> str:
    """Text as a literal of tantivy's regular expressions."""
    return "".join(
        letter if letter.isalnum() or not letter.isascii() else f"\\{letter}" for letter in text
    )
