"""Folding: the one form in which texts, names and words are compared."""

import re
from unicodedata import normalize

from index.folding_table import ALIKE, FROM, REMOVED, TO


def _removed() -> list[int]:
    points: list[int] = []
    for part in REMOVED.split():
        first, _, last = part.partition("-")
        points.extend(range(int(first, 16), int(last or first, 16) + 1))
    return points


_TABLE: dict[int, str] = (
    dict.fromkeys(_removed(), "")
    | {ord(char): target for target, chars in ALIKE.items() for char in chars}
    | {ord(char): target for char, target in zip(FROM, TO, strict=True)}
)
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")


def _translate(run: re.Match[str]) -> str:
    return run[0].translate(_TABLE)


def fold(text: str) -> str:
    """`text` without differences of case, accent and width; the length may change.

    NFKC, then one table: lower case, accented and special Latin letters as ASCII (those of
    Lucene's ASCIIFoldingFilter, taken from tantivy), typographic quotes and dashes as ASCII, marks
    and invisible format characters removed; NFKC once more, because letters of Hangul may meet
    where a mark stood. Any string is accepted, lone surrogates too. `fold(fold(x)) == fold(x)`.
    """
    if text.isascii():
        return text.lower()
    # The table is asked only about runs beyond ASCII: str.translate looks every letter up.
    folded = _BEYOND_ASCII.sub(_translate, normalize("NFKC", text)).lower()
    return folded if folded.isascii() else normalize("NFKC", folded)
