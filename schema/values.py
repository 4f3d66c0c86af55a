"""Single values as people write them: of each kind its JSON Schema and the parser that agrees.

A pattern here is written once. The parser demands it, the OpenAPI document shows it, so what the
schema of a value accepts and what the server accepts are the same. Patterns are in the part of
ECMA-262 that Python and Rust read alike: no look-around, no classes by property, and no short one
such as that of white space, which is not the same everywhere.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from schema.dates import week_interval

JsonSchema = dict[str, Any]
"""A JSON Schema of the dialect 2020-12, as it stands in JSON."""

T = TypeVar("T")

# Years begin with 0001, as in `datetime`.
_YEAR = "(?:[1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])"
_LEAP_YEAR = "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)"


_CENTURIES = (
    "[02468][048]|[13579][26]",
    "[02468][159]|[13579][37]",
    "[02468][26]|[13579][048]",
    "[02468][37]|[13579][159]",
)
"""First two digits of years, by their remainder modulo 4."""


def _long_years() -> str:
    """The years with an ISO week 53; the calendar repeats after 400 years."""
    parts = []
    for remainder, centuries in enumerate(_CENTURIES):
        first = 2000 + 100 * remainder
        years = [f"{n:02d}" for n in range(100) if week_interval(f"{first + n}-W53")]
        parts.append(f"(?:{centuries})(?:{'|'.join(years)})")
    return "|".join(parts)


YEARS = f"{_YEAR}(?:-(?:{_YEAR})?)?|-{_YEAR}"
"""`2024`, `2023-2025`, `2023-` or `-2025`."""
MONTH = f"{_YEAR}-(?:0[1-9]|1[0-2])"
"""`2025-10`."""
DAY = (
    f"{_YEAR}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)"
    f"|(?:0[13578]|1[02])-31)|{_LEAP_YEAR}-02-29"
)
"""`2025-12-12`, a day that exists in the proleptic Gregorian calendar (ISO 8601)."""
DATE = f"{_YEAR}|{MONTH}|{DAY}"
"""A day, a month or a year."""
WEEK = f"{_YEAR}-W(?:0[1-9]|[1-4][0-9]|5[0-2])|(?:{_long_years()})-W53"
"""`2025-W50`, a week that exists (ISO 8601)."""


def _any_case(word: str) -> str:
    return "".join(f"[{each}{each.upper()}]" if each.isalpha() else each for each in word)


_ARXIV = r"(?:[0-9]{4}\.[0-9]{4,5}|[A-Za-z][A-Za-z-]*(?:\.[A-Za-z]{2})?/[0-9]{7})(?:[vV][0-9]+)?"
_ACL = r"[A-Z][0-9]{2}-[0-9]{4}|[0-9]{4}\.[a-z0-9_]+-[a-z0-9_]+\.[0-9]+"
_CONTROLS = r"\x00-\x1f\x7f-\x9f\u2028\u2029"

IDENTIFIER = "|".join(
    (
        "[a-z0-9]+(?:-[a-z0-9]+)*",
        _ARXIV,
        f"{_any_case('arxiv')}:{_ARXIV}",
        rf"{_any_case('doi')}:(?:https?://(?:dx\.)?doi\.org/)?10\.[0-9]{{4,9}}/[^{_CONTROLS} ,]+",
        f"{_any_case('acl')}:(?:{_ACL})",
        f"(?:{'|'.join(map(_any_case, ('s2', 'openalex', 'other')))}):[^{_CONTROLS},]+",
    )
)
"""An identifier of a paper without commas, as `schema.identifiers.identifier_key` reads it."""

FILE_NAME = rf"[^{_CONTROLS}/\\ .][^{_CONTROLS}/\\]*"
"""The name of a file without a folder, not hidden; of any length."""

NOT_BLANK = r"[^\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"
"""A character that `str.strip` leaves; anywhere in a text."""


def matching(pattern: str, **further: object) -> JsonSchema:
    """The schema of a text that is all of `pattern`."""
    return {"type": "string", "pattern": f"^(?:{pattern})$", **further}


def parser(pattern: str, meaning: Callable[[str], T | None]) -> Callable[[str], T | None]:
    """A parser that gives `meaning(text)` for a text that is all of `pattern`, else None."""
    whole = re.compile(pattern)
    return lambda text: meaning(text) if whole.fullmatch(text) else None


def number(low: int, high: int, **further: object) -> JsonSchema:
    """The schema of a whole number from `low` to `high`."""
    return {"type": "integer", "minimum": low, "maximum": high, **further}


def whole_number(low: int, high: int) -> Callable[[str], int | None]:
    """The parser of a whole number in decimal digits without leading zeros, else None."""
    longest = len(str(high))

    def parse(text: str) -> int | None:
        if not (text.isascii() and text.isdigit() and len(text) <= longest):
            return None
        if len(text) > 1 and text[0] == "0":
            return None
        return int(text) if low <= int(text) <= high else None

    return parse


FLAG: JsonSchema = {"type": "boolean"}


def flag(text: str) -> bool | None:
    """`true` or `false`, else None."""
    return {"true": True, "false": False}.get(text)


def text(longest: int, **further: object) -> JsonSchema:
    """The schema of any text of at most `longest` characters that is not blank."""
    return {"type": "string", "pattern": NOT_BLANK, "maxLength": longest, **further}


def one_of(names: Iterable[str], **further: object) -> JsonSchema:
    """The schema of one of some names."""
    return {"type": "string", "enum": list(names), **further}
