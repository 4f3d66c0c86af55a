"""Occurrences: which words of one text a leaf of a query matches."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Sequence
from itertools import takewhile
from typing import TypeAlias

from index.analysis import TextWords, stem, stem_opening
from index.expansion import literal_prefix, wildcard_regex
from index.query import Fuzzy, Phrase, Prefix, Term, Wildcard

TextLeaf: TypeAlias = Term | Phrase | Prefix | Wildcard | Fuzzy

Expand: TypeAlias = Callable[[Fuzzy], Collection[str]]
"""The words that a fuzzy word stands for in the index."""


Finder: TypeAlias = Callable[["Part"], Sequence[int]]
"""The positions, ascending, of the words of a part that a leaf matches."""

MAX_REMEMBERED_WORDS = 65_536


class Sought(dict[str, tuple[int, ...]]):
    """What the leaves of a query look for in texts of one kind: by word, the numbers of it.

    A number is a stem, a prefix, a pattern or a fuzzy word; two leaves may share one. Filled as
    words are asked for, each once a request; emptied when there are too many.
    """

    def __init__(self, expand: Expand, *, stemmed: bool) -> None:
        """Not `stemmed`, as for names, a word stands for its stem; `expand` is asked once."""
        super().__init__()
        self.openings: tuple[str, ...] = ()
        self.reach = 1
        self._expand = expand
        self._stemmed = stemmed
        self._stems: dict[str, int] = {}
        self._tests: list[tuple[int, Callable[[str], bool]]] = []

    def __missing__(self, word: str) -> tuple[int, ...]:
        number = self._stems.get(stem(word) if self._stemmed else word)
        numbers: tuple[int, ...] = () if number is None else (number,)
        for number, test in self._tests:
            if test(word):
                numbers += (number,)
        if len(self) >= MAX_REMEMBERED_WORDS:
            self.clear()
        self[word] = numbers
        return numbers

    def finder(self, leaf: TextLeaf) -> Finder:
        """What finds a leaf in parts; all leaves are to be asked for before the first part."""
        match leaf:
            case Term():
                return _at(self._stem(leaf.text))
            case Phrase():
                self.reach = max(self.reach, leaf.slop)
                return _phrase([self._stem(word) for word in leaf.words], leaf.slop)
            case Prefix():
                return self._tested(leaf.text, _begins(leaf.text))
            case Wildcard():
                return self._tested(literal_prefix(leaf.pattern), _matches(leaf.pattern))
            case Fuzzy():
                words = frozenset(self._expand(leaf))
                return self._tested(_shared(words), words.__contains__) if words else _nowhere

    def starts(self, phrase: Phrase) -> Finder:
        """What finds the first word of each occurrence of a phrase, one for each."""
        return _phrase([self._stem(word) for word in phrase.words], phrase.slop, starts=True)

    def _stem(self, text: str) -> int:
        self._open(stem_opening(text) if self._stemmed else text)
        return self._stems.setdefault(text, len(self._stems) + len(self._tests))

    def _tested(self, opening: str, test: Callable[[str], bool]) -> Finder:
        self._open(opening)
        number = len(self._stems) + len(self._tests)
        self._tests.append((number, test))
        return _at(number)

    def _open(self, opening: str) -> None:
        """Of two openings, one of which begins with the other, only the shorter is kept."""
        if not opening.startswith(self.openings):
            others = (each for each in self.openings if not each.startswith(opening))
            self.openings = (*others, opening)


class Part:
    """A title, an abstract or a name: where it has what is sought.

    `where` has the positions of each number, ascending; `places` the start and end (exclusive) by
    position. Distances between positions are right as far as a phrase of the query reaches.
    """

    __slots__ = ("places", "where")

    def __init__(self, text: str, sought: Sought) -> None:
        self.where: dict[int, list[int]] = {}
        self.places: dict[int, tuple[int, int]] = {}
        found = TextWords(text).find(sought.openings, sought, sought.reach)
        for position, start, end, surface in found:
            self.places[position] = start, end
            for number in sought[surface]:
                self.where.setdefault(number, []).append(position)


def _nowhere(_: Part) -> Sequence[int]:
    return ()


def _at(number: int) -> Finder:
    def find(part: Part) -> Sequence[int]:
        return part.where.get(number, ())

    return find


def _phrase(words: Sequence[int], slop: int, *, starts: bool = False) -> Finder:
    """The words of all occurrences: ways to place the words, each 1 to `slop` behind the last.

    With `starts` the first words alone.
    """

    def find(part: Part) -> Sequence[int]:
        if not words or not all(word in part.where for word in words):
            return ()
        reached: list[Sequence[int]] = [part.where[words[0]]]
        for word in words[1:]:
            reached.append(_behind(part.where[word], reached[-1], slop))
            if not reached[-1]:
                return ()
        kept = reached[-1]
        found = set(kept)
        for before in reversed(reached[:-1]):
            kept = _ahead(before, kept, slop)
            found.update(kept)
        return kept if starts else sorted(found)

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


def _shared(words: Collection[str]) -> str:
    """What all of `words` begin with."""
    pairs = zip(min(words), max(words), strict=False)
    return "".join(one for one, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _begins(opening: str) -> Callable[[str], bool]:
    return lambda word: word.startswith(opening)


def _matches(pattern: str) -> Callable[[str], bool]:
    matches = wildcard_regex(pattern).fullmatch
    return lambda word: matches(word) is not None
