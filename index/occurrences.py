"""Occurrences: which words of one text a leaf of a query matches."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Sequence
from itertools import compress
from typing import TypeAlias

from index.analysis import TextWords
from index.expansion import literal_prefix, wildcard_regex
from index.query import Fuzzy, Phrase, Prefix, Term, Wildcard

TextLeaf: TypeAlias = Term | Phrase | Prefix | Wildcard | Fuzzy

Expand: TypeAlias = Callable[[Fuzzy], Collection[str]]
"""The words that a fuzzy word stands for in the index."""


class Part:
    """A title, an abstract or a name: its words, and the positions of those that are wanted."""

    __slots__ = ("where", "words")

    def __init__(self, text: str, wanted: frozenset[str], *, stemmed: bool = True) -> None:
        self.words = TextWords(text, stemmed=stemmed)
        self.where: dict[str, list[int]] = {}
        stems = self.words.stems
        for at in compress(range(len(stems)), map(wanted.__contains__, stems)):
            self.where.setdefault(stems[at], []).append(at)


Finder: TypeAlias = Callable[[Part], Sequence[int]]
"""The positions, ascending, of the words of a part that a leaf matches."""


def sought(leaf: TextLeaf) -> tuple[str, ...]:
    """The stems, or words of names, that a part must know the positions of for this leaf."""
    match leaf:
        case Term():
            return (leaf.text,)
        case Phrase():
            return leaf.words
        case _:
            return ()


def finder(leaf: TextLeaf, expand: Expand) -> Finder:
    """What finds a leaf in parts that were made with its `sought`; `expand` is asked once."""
    match leaf:
        case Term():
            return _term(leaf.text)
        case Phrase():
            return _phrase(leaf.words, leaf.slop)
        case Prefix():
            return _prefix(leaf.text)
        case Wildcard():
            return _wildcard(leaf.pattern)
        case Fuzzy():
            return _among(frozenset(expand(leaf)))


def _term(text: str) -> Finder:
    def find(part: Part) -> Sequence[int]:
        return part.where.get(text, ())

    return find


def _phrase(words: tuple[str, ...], slop: int) -> Finder:
    """The words of all occurrences: ways to place the words, each 1 to `slop` behind the last."""

    def find(part: Part) -> Sequence[int]:
        if not words or not all(word in part.where for word in words):
            return ()
        reached = [part.where[words[0]]]
        for word in words[1:]:
            reached.append(_behind(part.where[word], reached[-1], slop))
            if not reached[-1]:
                return ()
        kept = reached[-1]
        found = set(kept)
        for before in reversed(reached[:-1]):
            kept = _ahead(before, kept, slop)
            found.update(kept)
        return sorted(found)

    return find


def _behind(positions: Sequence[int], others: Sequence[int], slop: int) -> list[int]:
    """The `positions` that have one of `others` 1 to `slop` before them; all ascend."""
    kept = []
    for at in positions:
        first = bisect_left(others, at - slop)
        if first < len(others) and others[first] < at:
            kept.append(at)
    return kept


def _ahead(positions: Sequence[int], others: Sequence[int], slop: int) -> list[int]:
    """The `positions` that have one of `others` 1 to `slop` after them; all ascend."""
    kept = []
    for at in positions:
        first = bisect_right(others, at)
        if first < len(others) and others[first] <= at + slop:
            kept.append(at)
    return kept


def _prefix(text: str) -> Finder:
    def find(part: Part) -> Sequence[int]:
        return [at for at, word in enumerate(part.words.surfaces) if word.startswith(text)]

    return find


def _wildcard(pattern: str) -> Finder:
    prefix, matches = literal_prefix(pattern), wildcard_regex(pattern).fullmatch

    def find(part: Part) -> Sequence[int]:
        surfaces = part.words.surfaces
        near = {word for word in surfaces if word.startswith(prefix)}
        found = {word for word in near if matches(word)}
        return [at for at, word in enumerate(surfaces) if word in found] if found else ()

    return find


def _among(words: frozenset[str]) -> Finder:
    def find(part: Part) -> Sequence[int]:
        return [at for at, word in enumerate(part.words.surfaces) if word in words]

    return find
