"""The one analyser: from text to words, stems, positions and places in the text.

Engines, queries and highlights all use it, so nothing is left to keep equal. A word is a run of
letters and digits of the folded text (`index.folding`); everything else parts words. Except:

- `c++`, `c#` and `f#` are words; a word may have one letter (`r`).
- An apostrophe parts words (`o'brien` is `o brien`), but a possessive `'s` is dropped (`gao's` is
  `gao`). Typographic apostrophes count as the plain one.
- Scripts without spaces (Chinese, Japanese, Thai, Lao, Khmer, Burmese) give one word for each
  letter, so that a query, as a phrase of letters, finds any part of a text.
- A run longer than `MAX_WORD` is taken as several words of that length.
"""

import re
import threading
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import Stemmer

from index.folding import fold

MAX_WORD = 64
POSITION_GAP = 33
"""Positions left free between parts of a field; above any phrase slop, so no phrase crosses."""

GAP_TOKEN = "\x1f"
"""Stands for one free position in `gapped` text; never part of a word."""

MAX_REMEMBERED_STEMS = 32_768

_STOP_WORDS = """
    a about above after again against all also am an and any are as at be because been before
    being below between both but by can cannot could did do does doing down during each for from
    further had has have having he her here hers herself him himself his how i if in into is it
    its itself just me more most my myself no nor not now of on once only or other ought our
    ours ourselves out over own same she should so some such than that the their theirs them
    themselves then there these they this those through to too under until up very via was we
    were what when where which while who whom why will with would you your yours yourself
    yourselves
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())
"""English function words: indexed, but left out of a query that has other words.

Not among them, though common in such lists: `few` and `off` (few shot, off policy), `us` (US).
"""

_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\U00020000-\U0003ffff"
)
_LETTER = rf"[^\W_{_UNSPACED}]"
_WORD = re.compile(
    rf"(c\+\+|[cf]#|{_LETTER}{{1,{MAX_WORD}}}|[^\W_])(?:(?<={_LETTER})'s(?![^\W_]))?"
)
_LONG_WORD = re.compile(rf"{_LETTER}{{{MAX_WORD + 1}}}")
_ASCII_WORD = re.compile(rf"(c\+\+|[cf]#|[a-z0-9]{{1,{MAX_WORD}}})(?:(?<=[a-z0-9])'s(?![a-z0-9]))?")
_POSSESSIVE = re.compile(r"'s(?<=[a-z0-9]'s)(?![a-z0-9])")
_TO_SPACE = bytes(at if chr(at).isalnum() else 32 for at in range(128)) + bytes(128)


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a text: folded, its stem, and where it stands.

    `position` counts words from 0; `start` to `end` (exclusive) are characters of the raw text.
    """

    surface: str
    stem: str
    position: int
    start: int
    end: int


class _Stems(dict[str, str]):
    """Stems by word, filled as they are asked for and emptied when there are too many."""

    def __init__(self) -> None:
        super().__init__()
        self._stemmer = Stemmer.Stemmer("english")
        self._lock = threading.Lock()  # a Stemmer must not be used by two threads at once

    def __missing__(self, word: str) -> str:
        with self._lock:
            result: str = self._stemmer.stemWord(word)
        if len(self) >= MAX_REMEMBERED_STEMS:
            self.clear()
        self[word] = result
        return result


_stems = _Stems()


def stem(word: str) -> str:
    """The stem of one folded word by the English Snowball rules (Porter 2)."""
    return _stems[word]


def stem_opening(stem_: str) -> str:
    """Letters that every word of this stem begins with; not all that they share.

    The rules take letters from the end of a word and add few: an `e`, `i` or `y`, `ie` for `ying`
    (`lying`), `ble` for `bility`, of which the `e` may go again.
    """
    if stem_.endswith(("ie", "ble")):
        return stem_[:-2]
    return stem_[:-1] if stem_.endswith(("e", "i", "y", "bl")) else stem_


def words(text: str) -> list[str]:
    """The words of `text` in order, folded: the surface forms."""
    folded = fold(text)
    spaced = _spaced(folded)
    return _read(folded) if spaced is None else spaced.split()


def _read(folded: str) -> list[str]:
    """The words of any folded text."""
    return (_ASCII_WORD if folded.isascii() else _WORD).findall(folded)


def _spaced(folded: str) -> str | None:
    """A folded text with nothing but its words, between spaces; None if it is not so simple.

    `_WORD` says what a word is. In ASCII without its exceptions that is what stands between
    spaces after all other characters have become spaces, found in a third of the time. The result
    is as long as the text but for a space more at each end.
    """
    if not folded.isascii() or "#" in folded or ("+" in folded and "c++" in folded):
        return None
    if "'" in folded and "'s" in folded:
        if "'s's" in folded:
            return None
        folded = _POSSESSIVE.sub("  ", folded)
    # Of bytes: str.translate takes twice as long.
    spaced = f" {folded.encode().translate(_TO_SPACE).decode()} "
    at, last = 0, len(spaced) - 1
    while at < last:  # from space to space: is one always near enough?
        at = spaced.rfind(" ", at + 1, at + MAX_WORD + 2)
        if at < 0:
            return None
    return spaced


def stems(text: str) -> list[str]:
    """The stems of the words of `text`, in order."""
    return list(map(_stems.__getitem__, words(text)))


def has_long_word(text: str) -> bool:
    """Whether a run of letters and digits in `text` is longer than `MAX_WORD`."""
    return len(text) > MAX_WORD and _LONG_WORD.search(fold(text)) is not None


def name_words(name: str) -> list[str]:
    """The words of a person's name, folded but not stemmed, in order."""
    return words(name)


def gapped(parts: Sequence[Sequence[str]]) -> str:
    """The words of several parts joined by spaces, `POSITION_GAP` times `GAP_TOKEN` between parts.

    For engines whose tokenizer drops `GAP_TOKEN` but counts its position: each word's place in
    the result split at spaces is its position.
    """
    gap = " ".join([GAP_TOKEN] * POSITION_GAP)
    return f" {gap} ".join(" ".join(part) for part in parts if part)


def positions(parts: Sequence[Sequence[str]]) -> list[tuple[str, int]]:
    """The words of several parts with their positions, `POSITION_GAP` left free between parts."""
    placed: list[tuple[str, int]] = []
    start = 0
    for part in parts:
        if part:
            placed.extend(zip(part, range(start, start + len(part)), strict=True))
            start += len(part) + POSITION_GAP
    return placed


def text_parts(title: str, abstract: str) -> list[list[str]]:
    """The parts of the field `text` as stems: the title, the title again, the abstract."""
    title_stems = stems(title)
    return [title_stems, title_stems, stems(abstract)]


def tokens_with_offsets(text: str) -> list[Token]:
    """The words of `text` with stem, position and place in the text as given.

    Surfaces are those of `words`. Where several letters fold together the place is that of all
    of them; where one character gives several words (`½`), they share its place.
    """
    if text.isascii():
        found = list(_ASCII_WORD.finditer(text.lower()))
        spans = [match.span(1) for match in found]
    else:
        folded, starts, ends = _fold_with_places(text)
        found = list((_ASCII_WORD if folded.isascii() else _WORD).finditer(folded))
        spans = [(starts[match.start(1)], ends[match.end(1) - 1]) for match in found]
    return [
        Token(match[1], _stems[match[1]], position, *span)
        for position, (match, span) in enumerate(zip(found, spans, strict=True))
    ]


class TextWords:
    """The words of one text, as `words` gives them, and where they stand; worked out when asked.

    Says the same as `tokens_with_offsets`, for less: it makes no tokens, and looks only for the
    words that are wanted.
    """

    __slots__ = ("_folded", "_spaced", "_surfaces", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._folded = fold(text)
        self._spaced = _spaced(self._folded)
        self._surfaces: list[str] | None = None

    @property
    def surfaces(self) -> list[str]:
        """The words in order, folded."""
        if self._surfaces is None:
            spaced = self._spaced
            self._surfaces = _read(self._folded) if spaced is None else spaced.split()
        return self._surfaces

    @property
    def stems(self) -> list[str]:
        """The stems of the words in order."""
        return list(map(_stems.__getitem__, self.surfaces))

    def places(self, wanted: Sequence[int]) -> list[tuple[int, int]]:
        """Start and end (exclusive) in the raw text of the words at the positions `wanted`.

        `wanted` ascends without repeats, each less than the number of words; so do the starts.
        """
        pattern = _ASCII_WORD if self._folded.isascii() else _WORD
        spans = [match.span(1) for match in pattern.finditer(self._folded)]
        if self._keeps_places():
            return [spans[position] for position in wanted]
        _, starts, ends = _fold_with_places(self.text)
        return [(starts[spans[position][0]], ends[spans[position][1] - 1]) for position in wanted]

    def find(
        self, openings: Sequence[str], wanted: Mapping[str, object], reach: int
    ) -> list[tuple[int, int, int, str]]:
        """The words for which `wanted` has something true: position, start, end and surface each.

        All of them begin with one of `openings`, none of which begins with another; only words that
        do are looked up. Start and end (exclusive) are places in the raw text. Distances between
        positions are right up to `reach`, and beyond it greater than `reach`.
        """
        spaced = self._spaced
        if spaced is None or "" in openings or not self._keeps_places():
            surfaces = self.surfaces
            positions_ = [at for at, word in enumerate(surfaces) if wanted[word]]
            places = self.places(positions_) if positions_ else ()
            return [
                (at, start, end, surfaces[at])
                for at, (start, end) in zip(positions_, places, strict=True)
            ]
        found: list[tuple[int, int, str]] = []
        for opening in openings:
            between = f" {opening}"
            start = spaced.find(between)
            while start >= 0:
                end = spaced.find(" ", start + 1)
                surface = spaced[start + 1 : end]
                if wanted[surface]:
                    found.append((start, end - 1, surface))  # the space in front makes up for 1
                start = spaced.find(between, end)
        if len(openings) > 1:
            found.sort()
        return _numbered(spaced, found, reach)

    def _keeps_places(self) -> bool:
        """Whether every character of the text folds alone, to one character."""
        if len(self.text) != len(self._folded):
            return False
        # None folds to nothing without joining what is before it: of equal length, all fold to one.
        return self.text.isascii() or not any(map(_joins, set(_SPECIAL.findall(self.text))))


def _numbered(
    spaced: str, found: list[tuple[int, int, str]], reach: int
) -> list[tuple[int, int, int, str]]:
    """Words of a spaced text with positions; of the words between two, `reach` + 1 are counted."""
    numbered: list[tuple[int, int, int, str]] = []
    position, before = -1, 0
    for start, end, surface in found:
        position += len(spaced[before : start + 1].split(None, reach)) + 1
        numbered.append((position, start, end, surface))
        before = end + 1
    return numbered


_SPECIAL = re.compile(r"[^\x00-\x7f]")


_ALONE = re.compile(r"[\x00-\x7f]+(?=[\x00-\x7f]|\Z)")
"""A run of ASCII without its last letter if a letter beyond ASCII, which may join it, follows."""


def _fold_with_places(text: str) -> tuple[str, list[int], list[int]]:
    """`fold(text)`, and for each of its characters where it comes from: starts and ends."""
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []

    def fold_each(first: int, last: int) -> None:
        for start, end in _clusters(text[first:last]):
            piece = fold(text[first + start : first + end])
            pieces.append(piece)
            starts.extend([first + start] * len(piece))
            ends.extend([first + end] * len(piece))

    done = 0
    for run in _ALONE.finditer(text):
        first, last = run.span()
        fold_each(done, first)
        pieces.append(run[0].lower())
        starts.extend(range(first, last))
        ends.extend(range(first + 1, last + 1))
        done = last
    fold_each(done, len(text))
    return "".join(pieces), starts, ends


def _clusters(text: str) -> Iterator[tuple[int, int]]:
    """The smallest parts of `text` that fold on their own."""
    start = 0
    for at in range(1, len(text)):
        if not _joins(text[at]):
            yield start, at
            start = at
    if text:
        yield start, len(text)


@lru_cache(maxsize=4096)
def _joins(char: str) -> bool:
    """Whether a character may fold together with what stands before it."""
    if char.isascii():
        return False
    first = unicodedata.normalize("NFKD", char)[0]
    # Vowels and final consonants of Hangul compose with the letters before them.
    return unicodedata.category(first)[0] == "M" or "\u1161" <= first <= "\u11c2" or not fold(char)
