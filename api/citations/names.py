"""Names of authors taken apart, for formats that want a family name by itself.

Papers keep a name as one string, as its source wrote it. Taking it apart must not change who is
meant: where the order or the kind of a name is in doubt, it stays whole.
"""

import re
from dataclasses import dataclass

_SUFFIXES = frozenset(("jr", "sr", "ii", "iii", "iv"))
_BEFORE_PARTICLES = frozenset(("van", "von", "de", "di", "da", "do", "du", "della", "del"))
"""What begins a family name in upper case too, but only before a particle: `Van den Broeck`."""
_JOINING = frozenset(("y", "e", "i"))
"""What stands between two family names: `Ortega y Gasset`."""

_OF_GROUPS = re.compile(
    r"^The\s|(?<!\S)(?i:and|of|for|&|et|others|inc|ltd|llc|corp|teams?|groups?|collaborations?"
    r"|consortium|project|university|institute|labs?|laborator(?:y|ies)|corporation|company"
    r"|foundation|cent(?:er|re)|network|community|initiative|association|society|committee)"
    r"\.?(?!\S)"
)
"""Words that no person's name has."""

_ORDER_UNKNOWN = re.compile(
    r"[\d\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff]"
)
"""Digits, and scripts in which the family name may come first."""


@dataclass(frozen=True, slots=True)
class Name:
    """A name in its parts; one that stays whole has only `family`, and `whole` is true."""

    family: str
    given: str = ""
    particle: str = ""
    suffix: str = ""
    whole: bool = False

    @property
    def inverted(self) -> str:
        """The name with its family name first: `van Beethoven, Ludwig, Jr.`."""
        family = f"{self.particle} {self.family}" if self.particle else self.family
        return ", ".join(part for part in (family, self.given, self.suffix) if part)


def split_name(text: str) -> Name:
    """A name on one line as its parts.

    `Ludwig van Beethoven` has the particle `van`, `Sammy Davis Jr.` a suffix, `Gu, Albert` says
    itself which is which. Whole stay names of one word, of groups, with digits, in scripts whose
    order is not known, and with commas that are not understood.
    """
    words = text.split()
    if _OF_GROUPS.search(text.replace(",", " ")) or _ORDER_UNKNOWN.search(text):
        return _whole(words)
    before, *after = (part.strip() for part in text.split(","))
    if after and not (len(after) == 1 and before and after[0]):
        return _whole(words)
    suffix = ""
    if after and not _is_suffix(after[0]):
        return _parts(before.split(), 0, " ".join(after[0].split()), "")
    if after:
        suffix, words = after[0], before.split()
    elif len(words) > 2 and _is_suffix(words[-1]):
        suffix, words = words[-1], words[:-1]
    if len(words) < 2:
        return _whole(text.split())
    return _parts(words, _family_start(words), "", suffix)


def _whole(words: list[str]) -> Name:
    return Name(" ".join(words), whole=True)


def _is_suffix(word: str) -> bool:
    return word.casefold().rstrip(".") in _SUFFIXES


def _family_start(words: list[str]) -> int:
    """Where the family name of `Given von Family` begins: at its particles, else the last word."""
    start = len(words) - 1
    while start > 1 and words[start - 1][0].islower():
        start -= 1
    if 1 < start < len(words) - 1:
        leads = words[start - 1].casefold() in _BEFORE_PARTICLES
        start -= leads or words[start] in _JOINING
    return start


def _parts(words: list[str], start: int, given: str, suffix: str) -> Name:
    """The name whose words from `start` on are particles, if any, and the family name."""
    family = start
    for number, word in enumerate(words[start:-1], start=start):
        if not word[0].islower() and not (number == start and _leads(words[start:-1])):
            break
        family = number + 1
    return Name(
        family=" ".join(words[family:]),
        given=given or " ".join(words[:start]),
        particle=" ".join(words[start:family]),
        suffix=suffix,
    )


def _leads(words: list[str]) -> bool:
    """Whether particles begin in upper case: `Van den`."""
    return len(words) > 1 and words[0].casefold() in _BEFORE_PARTICLES and words[1][0].islower()
