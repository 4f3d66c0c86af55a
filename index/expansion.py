"""Which words a wildcard or a fuzzy word stands for: one meaning for all engines."""

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from rapidfuzz import process
from rapidfuzz.distance import OSA

from index.query import MAX_FUZZY_TERMS

_LITERAL = re.compile(r"[^*?]*")


def literal_prefix(pattern: str) -> str:
    """The characters before the first `*` or `?` of a wildcard pattern."""
    found = _LITERAL.match(pattern)
    return found[0] if found else ""


def wildcard_words(pattern: str, vocabulary: Iterable[str]) -> list[str]:
    """The words that match `pattern` whole, in the order of `vocabulary`."""
    matches = wildcard_regex(pattern).fullmatch
    return [word for word in vocabulary if matches(word)]


def wildcard_regex(pattern: str) -> re.Pattern[str]:
    """A regular expression for `*` (any characters) and `?` (exactly one) that never backtracks.

    Between two stars the first place that fits is the right one, so each piece but the last is
    an atomic group: a pattern of many stars takes linear, not exponential time.
    """
    head, *pieces = (_piece(part) for part in re.sub(r"\*+", "*", pattern).split("*"))
    if not pieces:
        return re.compile(head, re.DOTALL)
    *middle, last = pieces
    inner = "".join(f"(?>.*?{piece})" for piece in middle)
    return re.compile(f"{head}{inner}.*{last}", re.DOTALL)


def _piece(part: str) -> str:
    return "".join("." if letter == "?" else re.escape(letter) for letter in part)


def fuzzy_words(
    text: str, distance: int, vocabulary: Sequence[str], is_alive: Callable[[str], bool]
) -> list[str]:
    """Words within `distance` edits of `text`, nearest first, then alphabetically.

    Edits are counted as optimal string alignment. `vocabulary` holds the words that begin with
    the first letter of `text`. At most `MAX_FUZZY_TERMS` are taken; as words that only removed
    papers hold must not use up that number, `is_alive` is asked where it would be exceeded.
    """
    found = process.extract(
        text, vocabulary, scorer=OSA.distance, score_cutoff=distance, limit=None
    )
    ranked = [word for _, word in sorted((int(edits), word) for word, edits, _ in found)]
    if len(ranked) <= MAX_FUZZY_TERMS:
        return ranked
    return list(islice(filter(is_alive, ranked), MAX_FUZZY_TERMS))
