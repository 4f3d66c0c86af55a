"""What engines check of a query tree before they compile it: bounds that keep every query small.

The query language keeps these bounds itself; here they guard against callers that do not. A tree
of some thousand levels would end the process in compiled code.
"""

import math
from collections.abc import Iterator
from itertools import accumulate, product

from index.document import EXACT_FIELDS, HEADING, NUMBER_FIELDS, TEXT_FIELDS
from index.query import And, Fuzzy, Node, Not, Or, Phrase, Prefix, Range, Term, Wildcard
from index.ranking import Ranking
from schema.search import RELEVANCE, Sort, SortPosition

MAX_DEPTH = 50
MAX_NODES = 200_000
MAX_PHRASE_FORMS = 32
MAX_DISTANCE = 2
LEAST, MOST = -(2**63), 2**63 - 1
"""The integers that an index field can hold."""

_FIELDS = {
    Term: frozenset(TEXT_FIELDS + EXACT_FIELDS),
    Range: frozenset(NUMBER_FIELDS),
    **dict.fromkeys((Phrase, Prefix, Wildcard, Fuzzy), frozenset(TEXT_FIELDS)),
}
_SCORED_FIELDS = frozenset((*TEXT_FIELDS, HEADING))


def check(*trees: Node | None) -> None:
    """Raise `ValueError` for a tree that no engine may be asked.

    That is one too deep or large, a field that does not exist or cannot take the node, a phrase of
    too many forms, a boost that is no number, text with a lone surrogate.
    """
    waiting = [(tree, 1) for tree in trees if tree is not None]
    count = 0
    while waiting:
        node, depth = waiting.pop()
        count += 1
        if depth > MAX_DEPTH or count > MAX_NODES:
            raise ValueError(f"a query tree has at most {MAX_DEPTH} levels and {MAX_NODES} nodes")
        if isinstance(node, And | Or):
            waiting += [(each, depth + 1) for each in node.nodes]
        elif isinstance(node, Not):
            waiting.append((node.node, depth + 1))
        elif (fields := _FIELDS.get(type(node))) is not None:
            _check_leaf(node, fields)
        _check_boost(getattr(node, "boost", 1.0))


def check_ranking(ranking: Ranking | None) -> None:
    """Raise `ValueError` for clauses that no engine may be asked, as `check` does for trees."""
    texts: list[str] = []
    for clause in ranking or ():
        node = clause.node
        if isinstance(node, Term) and node.field in _SCORED_FIELDS:
            texts.append(node.text)
        else:
            term = isinstance(node, Term)
            _check_leaf(node, _SCORED_FIELDS if term else _FIELDS[type(node)])
        _check_boost(node.boost)
    "".join(texts).encode()  # as above


def _check_boost(boost: float) -> None:
    if not 0 <= boost < math.inf:
        raise ValueError(f"a boost is a positive number, not {boost}")


def _check_leaf(node: Node, fields: frozenset[str]) -> None:
    field = getattr(node, "field", "")
    if field not in fields:
        raise ValueError(f"{type(node).__name__} cannot ask the field {field!r}")
    if isinstance(node, Phrase):
        if node.slop < 1 or node.slop ** (len(node.words) - 1) > MAX_PHRASE_FORMS:
            raise ValueError(f"a phrase stands for at most {MAX_PHRASE_FORMS} exact forms")
    elif isinstance(node, Fuzzy) and not 1 <= node.distance <= MAX_DISTANCE:
        raise ValueError(f"a fuzzy distance is 1 to {MAX_DISTANCE}")
    for text in _texts(node):
        text.encode()  # a lone surrogate raises UnicodeEncodeError, a ValueError


def _texts(node: Node) -> tuple[str, ...]:
    match node:
        case Term() | Prefix() | Fuzzy():
            return (node.text,)
        case Wildcard():
            return (node.pattern,)
        case Phrase():
            return node.words
        case _:
            return ()


def check_positions(
    sort: Sort, after: SortPosition | None, before: SortPosition | None, backward: bool
) -> bool:
    """Whether a page lies ahead of a position or of the end.

    Raises `ValueError` for a position that no paper of this order can have, and for two.
    """
    backward = backward or before is not None
    if after is not None and backward:
        raise ValueError("a page stands after a position or before one")
    if backward and sort[0].name == RELEVANCE:
        raise ValueError("relevance has no positions; it pages by offset")
    position = after or before
    if position is None:
        return backward
    if len(position.values) != len(sort) or not 0 <= position.tie < 2**32:
        raise ValueError("a position has a value for each sort key, and a tie of 32 bits")
    for key, value in zip(sort, position.values, strict=True):
        if key.name == RELEVANCE:
            raise ValueError("relevance has no positions; it pages by offset")
        if key.name == "title":
            fits = isinstance(value, str)
        else:
            fits = value is None or (isinstance(value, int) and 0 <= value < 2**31)
        if not fits:
            raise ValueError(f"no paper has {value!r:.80} for {key.name}")
    return backward


def phrase_forms(phrase: Phrase) -> Iterator[tuple[tuple[int, str], ...]]:
    """The exact forms of a phrase: (offset, word) pairs, for every way to place the words.

    Engines' own slop means other things: tantivy's is a budget over the whole phrase, in both
    directions, and lets a repeated word match itself.
    """
    for steps in product(range(1, phrase.slop + 1), repeat=len(phrase.words) - 1):
        yield tuple(zip(accumulate(steps, initial=0), phrase.words, strict=True))


def bounded(low: int | None, high: int | None) -> tuple[int, int] | None:
    """An interval's ends as integers that an index can hold; None if nothing lies between."""
    first = LEAST if low is None else max(low, LEAST)
    last = MOST if high is None else min(high, MOST)
    return (first, last) if first <= last else None
