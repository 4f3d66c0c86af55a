"""Spelling: the words of the shelf that somebody may have meant by a word that it lacks.

Candidates are all words of the index within one edit, asked for one by one, so nothing is kept in
memory; further ones only where there are none. Which comes first is decided by how likely the word
is and how likely the slip: M. Kernighan, K. Church, W. Gale, "A spelling correction program based
on a noisy channel model" (1990), with a few kinds of slips instead of a table of all.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from string import ascii_lowercase, digits

from index.analysis import stem
from index.engine import Snapshot
from index.query import Fuzzy, Phrase

LEAST_LETTERS = 4
"""Of a word that is corrected: shorter ones are too near to too many others."""

FAR_LETTERS = 6
"""From so many letters on, a word without candidates within one edit may be two edits away."""

LEAST_PAPERS = 3
"""That hold a candidate, where there are any such: what fewer write may be a slip itself."""

LEAST_PART, MAX_PARTINGS = 2, 4
"""Letters of a word that may have lost the space beside it, and how many places are tried."""

_LETTERS = ascii_lowercase + digits

_USE = 0.4
"""The weight of the logarithm of a candidate's papers."""

_SWAPPED, _MISSING, _EXTRA, _DOUBLE, _OPENING, _FAR = 3.0, 3.0, 1.5, 3.0, -0.5, -4.0
"""How much likelier than a wrong letter two swapped ones are, a missing and an extra one, and a
wrong number of equal ones; what it is less where the first letter is wrong, and for two edits. A
word of n letters can lose one in n ways, but have a wrong one in 25 n."""


def candidates(word: str, field: str, snapshot: Snapshot, most: int) -> list[tuple[str, int]]:
    """At most `most` texts that may stand in a text field for `word`, the likeliest first.

    That is a word that is spelled like it, or two words with a hyphen where it lacks a space; with
    each the number of papers that hold it, of a word as `Snapshot.frequencies` tells it. `word` is
    folded; nothing comes for one of fewer than `LEAST_LETTERS` letters.
    """
    if len(word) < LEAST_LETTERS or word.isdigit():
        return []
    if word.isascii():
        near = slips(word)
    else:
        near = dict.fromkeys(snapshot.expand(Fuzzy(field, word, 1)), 0.0)
        near.pop(word, None)
    found = [*_held(near, field, snapshot), *_parted(word, field, snapshot)]
    if not found and len(word) >= FAR_LETTERS:
        far = dict.fromkeys(snapshot.expand(Fuzzy(field, word, 2)), _FAR)
        far.pop(word, None)
        found = _held(far, field, snapshot)
    found.sort(key=lambda each: (-each[0], each[2]))
    return [(each, papers) for _, papers, each in found[:most]]


def joined(words: Sequence[str], field: str, snapshot: Snapshot) -> list[tuple[str, int]]:
    """Each two neighbours of some words as one, and the number of papers that hold that word."""
    pairs = ["".join(pair) for pair in pairwise(words)]
    return list(zip(pairs, snapshot.frequencies(field, pairs), strict=True))


def _parted(word: str, field: str, snapshot: Snapshot) -> list[tuple[float, int, str]]:
    """The two words of which `word` is made that most papers have side by side: see `_held`."""
    ends = range(LEAST_PART, len(word) - LEAST_PART + 1)
    parts = [part for at in ends for part in (word[:at], word[at:])]
    counts = snapshot.frequencies(field, parts)
    rarer = {at: min(counts[2 * number : 2 * number + 2]) for number, at in enumerate(ends)}
    likely = sorted((at for at in rarer if rarer[at]), key=lambda at: (-rarer[at], at))
    found = []
    for at in likely[:MAX_PARTINGS]:
        pair = word[:at], word[at:]
        stems = pair if field == "author" else tuple(map(stem, pair))
        papers = snapshot.count(Phrase(field, stems))
        if papers:
            found.append((likelihood(papers, _MISSING), papers, "-".join(pair)))
    return sorted(found, reverse=True)[:1]


def _held(near: dict[str, float], field: str, snapshot: Snapshot) -> list[tuple[float, int, str]]:
    """Those of some words that papers hold: what speaks for each, its papers, the word."""
    counts = snapshot.frequencies(field, list(near))
    held = [
        (likelihood(papers, slip), papers, word)
        for (word, slip), papers in zip(near.items(), counts, strict=True)
        if papers
    ]
    return [each for each in held if each[1] >= LEAST_PAPERS] or held


def slips(word: str) -> dict[str, float]:
    """Every text within one edit of `word` but itself, and what speaks for its being meant.

    `likelihood` adds how often papers hold it.
    """
    found: dict[str, float] = {}

    def note(text: str, score: float) -> None:
        found[text] = max(score, found.get(text, score))

    for at in range(len(word) + 1):
        head, tail = word[:at], word[at:]
        opening = 0.0 if head else _OPENING
        for letter in _LETTERS:
            double = _DOUBLE if letter in (head[-1:], tail[:1]) else 0.0
            note(head + letter + tail, opening + _MISSING + double)
            if tail:
                note(head + letter + tail[1:], opening)
        if tail:
            double = _DOUBLE if tail[0] in (head[-1:], tail[1:2]) else 0.0
            note(head + tail[1:], opening + _EXTRA + double)
        if len(tail) > 1:
            note(head + tail[1] + tail[0] + tail[2:], opening + _SWAPPED)
    found.pop(word, None)
    return found


def likelihood(papers: int, slip: float) -> float:
    """What speaks for a text that so many papers hold, after what `slips` says of it."""
    return _USE * math.log(papers) + slip
