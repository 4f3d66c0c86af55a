"""The query language: from what people type to a query tree and warnings (docs/query.md).

Precedence, tightest first: NOT and `-`, AND, OR, words side by side. Linear in the text's length.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from index.analysis import MAX_WORD, STOP_WORDS, stem
from index.leaves import Item, Leaves, boosted, clamped, refusal
from index.lexer import OPERANDS, Kind, Lexeme, Notes, lex, note_lone
from index.query import And, Node, Not, Nothing, Or, Phrase, Term
from schema.errors import ParameterError, Problem
from schema.search import AUTO_MINIMUM, MAX_QUERY_LENGTH, Match, QueryWarning

MAX_DEPTH = 20
MAX_CLAUSES = 64


@dataclass(frozen=True, slots=True)
class Parsed:
    """A query understood.

    `all` matches papers with all of its words; `any` those with any of its bare words, where
    exclusions, fields and explicit operators still hold, so it matches whatever `all` does.
    `relaxable` says that `match=auto` may turn from `all` to `any`: there are two or more words
    and no operator. `warnings` name what was not taken as written, in the order of the text.
    `crowded` says that a long plain text lost words: which ones depends on how frequent they are.
    """

    all: Node
    any: Node
    relaxable: bool
    warnings: tuple[QueryWarning, ...]
    crowded: bool = False

    def matched(self, match: Match, full: int) -> Match:
        """Whether a result is of `all` or of `any`, where `full` papers have all of the words."""
        relaxed = match is Match.AUTO and self.relaxable and full < AUTO_MINIMUM
        return Match.ANY if relaxed or match is Match.ANY else Match.ALL


_PLAIN = re.compile(
    rf"\s*(?:[A-Za-z0-9]{{1,{MAX_WORD}}}\s+){{0,7}}[A-Za-z0-9]{{1,{MAX_WORD}}}[.!?]?\s*", re.ASCII
)
_RESERVED = frozenset(("AND", "OR", "NOT"))


Frequency = Callable[[Node], int]
"""How many papers a word or phrase finds."""


def parse(text: str, frequency: Frequency | None = None) -> Parsed:
    """The tree of a query; any text is one.

    Of a plain text with more words than a query may have the rarest are kept by `frequency`,
    without it the first.

    Raises `Problem` with parameter `q` only beyond a documented bound: `query-too-long` (the text,
    or a word of it), `query-too-deep`, `query-too-many-clauses`, `query-too-many-expansions`, and
    `query-text-invalid` for lone surrogates.
    """
    if len(text) > MAX_QUERY_LENGTH:
        message = f"`q` may have at most {MAX_QUERY_LENGTH} characters; this has {len(text)}."
        raise refusal("query-too-long", message, MAX_QUERY_LENGTH)
    return _parse_plain(text) or _parse_any(text, frequency)


def _parse_plain(text: str) -> Parsed | None:
    """The short way for a few different words without any syntax; None if it is not for `text`."""
    if not _PLAIN.fullmatch(text):
        return None
    written = text.rstrip().rstrip(".!?").split()
    lowered = [word.lower() for word in written]
    if not _RESERVED.isdisjoint(written):
        return None
    kept = [word for word in lowered if word not in STOP_WORDS] or lowered
    found = [stem(word) for word in kept]
    if len(found) == 1:
        term = Term("text", found[0])
        return Parsed(term, term, False, ())
    if len(set(found)) < len(found):
        return None
    terms = tuple([Term("text", each) for each in found])
    return Parsed(And(terms), Or(terms), True, ())


def _parse_any(text: str, frequency: Frequency | None = None) -> Parsed:
    if not _encodes(text):
        message = "`q` has half of a character (a lone surrogate); send valid Unicode."
        error = ParameterError("q", "query-text-invalid", message)
        raise Problem("query-text-invalid", message, (error,))
    notes = Notes()
    parser = _Parser(lex(text, notes), notes)
    items = _settle(parser.query())
    if not items:
        notes.whole("no-searchable-words", "Nothing in this query can be searched for.")
        return Parsed(Nothing(), Nothing(), False, notes.warnings())
    plain, crowded = not parser.operators, False
    if plain:
        kept = _within_clauses(items, notes, frequency)
        crowded = kept is not items
        items = kept
    item = _assemble(items)
    if _clauses(item.all) > MAX_CLAUSES:
        message = f"A query with operators may have at most {MAX_CLAUSES} words."
        raise refusal("query-too-many-clauses", message, MAX_CLAUSES)
    relaxable = plain and isinstance(item.any, Or)
    return Parsed(item.all, item.any, relaxable, notes.warnings(), crowded)


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


class _Parser:
    """Recursive descent over lexemes; each method takes the field of the group around it."""

    def __init__(self, lexemes: list[Lexeme], notes: Notes) -> None:
        self._lexemes = lexemes
        self._notes = notes
        self._leaves = Leaves(notes)
        self._operators = False
        self._at = 0

    @property
    def operators(self) -> bool:
        """Whether the query says more than words, phrases, parentheses and boosts."""
        return self._operators or self._leaves.operators

    def query(self) -> list[Item]:
        """All items side by side at the top."""
        items = self._sequence("", 0)
        while self._at < len(self._lexemes):  # a `)` too many
            close = self._lexemes[self._at]
            self._at += 1
            message = "This `)` closes nothing; it was ignored."
            self._notes.add("parenthesis-unbalanced", message, close.start, close.end)
            items += self._sequence("", 0)
        return items

    def _next(self) -> Kind | None:
        return self._lexemes[self._at].kind if self._at < len(self._lexemes) else None

    def _sequence(self, field: str, depth: int) -> list[Item]:
        items: list[Item] = []
        while self._next() not in (None, Kind.CLOSE):
            items += self._disjunction(field, depth)
        return items

    def _disjunction(self, field: str, depth: int) -> list[Item]:
        first = self._conjunction(field, depth)
        operands = [first]
        while self._next() is Kind.OR:
            operator = self._lexemes[self._at]
            self._at += 1
            operands.append(self._conjunction(field, depth))
            self._note_empty(operands[-2:], operator)
        return first if len(operands) == 1 else self._joined(operands, Or)

    def _conjunction(self, field: str, depth: int) -> list[Item]:
        first = self._negation(field, depth)
        operands = [first]
        while self._next() is Kind.AND:
            operator = self._lexemes[self._at]
            self._at += 1
            operands.append(self._negation(field, depth))
            self._note_empty(operands[-2:], operator)
        return first if len(operands) == 1 else self._joined(operands, And)

    def _note_empty(self, operands: list[list[Item]], operator: Lexeme) -> None:
        if not all(operands):
            note_lone(operator, self._notes)

    def _joined(self, operands: list[list[Item]], kind: type[And] | type[Or]) -> list[Item]:
        """The operands of explicit operators as one item; stop words count only among such."""
        self._operators = True
        groups = [_assemble(_settle(items)) for items in operands if items]
        items = [item for item in groups if not item.stop] or groups
        if not items:
            return []
        return [
            Item(
                _tree(kind, [item.all for item in items]),
                _tree(kind, [item.any for item in items]),
                items[0].start,
                items[-1].end,
                bare=False,
                stop=items[0].stop,
            )
        ]

    def _negation(self, field: str, depth: int) -> list[Item]:
        first, negative = self._at, False
        while self._next() is Kind.NOT:
            self._at += 1
            negative = not negative
        operator = self._lexemes[first]
        items = self._primary(field, depth)
        if self._lexemes[first].kind is not Kind.NOT:
            return items
        if not items:
            note_lone(operator, self._notes)
            return []
        self._operators = True
        item = _assemble(_settle(items))
        start, end = operator.start, item.end
        if not negative:
            return [Item(item.all, item.any, start, end, bare=False)]
        node = item.all.node if isinstance(item.all, Not) else Not(item.all)
        return [Item(node, node, start, end, bare=False)]

    def _primary(self, field: str, depth: int) -> list[Item]:
        lexeme = self._lexemes[self._at]
        if lexeme.kind is Kind.OPEN:
            return self._group(lexeme, field, depth + 1)
        self._at += 1
        if lexeme.kind not in OPERANDS:  # only behind a `)` that closes nothing
            note_lone(lexeme, self._notes)
            lexeme = lexeme._replace(kind=Kind.WORD)
        return self._leaves.read(lexeme, field)

    def _group(self, opening: Lexeme, field: str, depth: int) -> list[Item]:
        if depth > MAX_DEPTH:
            message = f"Parentheses of a query may be nested at most {MAX_DEPTH} deep."
            raise refusal("query-too-deep", message, MAX_DEPTH)
        self._at += 1
        items = self._sequence(opening.field or field, depth)
        boost = 1.0
        if self._next() is Kind.CLOSE:
            close = self._lexemes[self._at]
            boost = self._leaves.boost(close.suffix, close.start, close.end)
            self._at += 1
        else:
            message = "This `(` is never closed; it was closed at the end."
            self._notes.add("parenthesis-unbalanced", message, opening.start, opening.end)
        if opening.field and not items:
            message = f"`{opening.field}:()` has no words in it; it was ignored."
            self._notes.add("field-value-missing", message, opening.start, opening.end)
        for item in items:
            item.all, item.any = boosted(item.all, boost), boosted(item.any, boost)
        if not items or (not opening.field and all(item.bare for item in items)):
            return items
        return [replace(_assemble(_settle(items)), bare=False, stop=False)]


def _settle(items: list[Item]) -> list[Item]:
    """Items side by side without stop words, if another is to be found; repeated ones as one.

    A word that is there n times has n times the boost: its count is its weight.
    """
    if any(not item.stop and not isinstance(item.all, Not) for item in items):
        items = [item for item in items if not item.stop]
    by_node: dict[Node, Item] = {}
    settled: list[Item] = []
    for item in items:
        node = item.all
        if not item.bare or isinstance(node, And | Or | Not | Nothing):
            settled.append(item)
            continue
        key = node if node.boost == 1.0 else replace(node, boost=1.0)
        known = by_node.get(key)
        if known is None:
            by_node[key] = item
            settled.append(item)
        elif not isinstance(known.all, Not | Nothing):
            known.all = known.any = replace(key, boost=clamped(known.all.boost + node.boost))
    return settled


def _assemble(items: list[Item]) -> Item:
    """One item of items side by side: all of them, or any of the bare and all of the others."""
    if len(items) == 1:
        return items[0]
    bare = [item.any for item in items if item.bare]
    some: list[Node] = []
    for item in items:
        if not item.bare:
            some.append(item.any)
        elif item.any is bare[0]:
            some.append(_tree(Or, bare))
    return Item(
        _tree(And, [item.all for item in items]),
        _tree(And, some),
        items[0].start,
        items[-1].end,
        bare=len(bare) == len(items),
        stop=all(item.stop for item in items),
    )


def _tree(kind: type[And] | type[Or], nodes: list[Node]) -> Node:
    """`kind` of the nodes; nested ones of the same kind are taken in, one node stays itself."""
    if len(nodes) == 1:
        return nodes[0]
    flat: list[Node] = []
    for node in nodes:
        if isinstance(node, kind) and node.boost == 1.0:
            flat.extend(node.nodes)
        else:
            flat.append(node)
    return kind(tuple(flat))


def _clauses(node: Node) -> int:
    """How many words and values a tree asks for; each word of a phrase counts."""
    if isinstance(node, And | Or):
        return sum(map(_clauses, node.nodes))
    if isinstance(node, Not):
        return _clauses(node.node)
    return len(node.words) if isinstance(node, Phrase) else 1


def _within_clauses(items: list[Item], notes: Notes, frequency: Frequency | None) -> list[Item]:
    """As many words of a long plain text as a query may have, in their order; a note on the rest.

    Those are the rarest, and the earlier of equally rare ones; the first without `frequency`.
    """
    if sum(_clauses(item.all) for item in items) <= MAX_CLAUSES:
        return items
    ranked: Sequence[int] = range(len(items))
    if frequency:
        counts = [frequency(item.all) for item in items]
        ranked = sorted(ranked, key=counts.__getitem__)
    kept, left = dict[int, Item](), MAX_CLAUSES
    for place in ranked:
        item, needed = items[place], _clauses(items[place].all)
        if needed <= left:
            kept[place] = item
            left -= needed
            continue
        if isinstance(item.all, Phrase) and left > 1:
            node = replace(item.all, words=item.all.words[:left])
            kept[place] = replace(item, all=node, any=node)
        break
    lost = next(item for place, item in enumerate(items) if kept.get(place) is not item)
    which = "rarest" if frequency else "first"
    message = f"Only the {which} {MAX_CLAUSES} different words of this query are searched for."
    notes.add("query-words-dropped", message, lost.start, items[-1].end)
    return [kept[place] for place in sorted(kept)]
