"""The fields of the query language: their names, where they look, how their values are read."""

import re
from dataclasses import dataclass
from enum import Enum, auto

from index.document import exact_value
from index.query import Nothing, Range, Term
from schema.dates import day_interval, week_interval
from schema.filters import MAX_COUNT
from schema.identifiers import identifier_key


class FieldKind(Enum):
    """How the value of a field is read."""

    TEXT = auto()
    """Words and phrases, stemmed."""
    NAMES = auto()
    """Words and phrases of names, not stemmed."""
    WHOLE = auto()
    """One whole value."""
    DAYS = auto()
    """Dates and ranges of dates."""
    COUNT = auto()
    """Whole numbers and ranges of them."""


@dataclass(frozen=True, slots=True)
class QueryField:
    """A field: its name in the language, the index field it searches, and what it takes."""

    name: str
    target: str
    kind: FieldKind
    expected: str
    example: str


_DAYS = "a date (YYYY, YYYY-MM, YYYY-MM-DD or YYYY-Www) or a range such as 2023..2025"
_COUNT = f"a whole number up to {MAX_COUNT} or a range such as 2..10 or >=20"

HAS_VALUES = (
    "abstract", "authors", "code", "comments", "dataset", "date", "links", "model", "paper",
    "project", "upvotes",
)  # fmt: skip

FIELDS: dict[str, QueryField] = {
    field.name: field
    for field in (
        QueryField("title", "title", FieldKind.TEXT, "words", "hydra"),
        QueryField("abstract", "abstract", FieldKind.TEXT, "words", "hydra"),
        QueryField("author", "author", FieldKind.NAMES, "words of a name", "lecun"),
        QueryField("category", "category", FieldKind.WHOLE, "a category", "cs.CL"),
        QueryField("year", "published", FieldKind.DAYS, _DAYS, "2023..2025"),
        QueryField("published", "published", FieldKind.DAYS, _DAYS, "2024-01..2025-06"),
        QueryField("listed", "listed", FieldKind.DAYS, _DAYS, "2025-12-12"),
        QueryField("comments", "comments", FieldKind.COUNT, _COUNT, ">=2"),
        QueryField("upvotes", "upvotes", FieldKind.COUNT, _COUNT, ">=10"),
        QueryField("authors", "authorCount", FieldKind.COUNT, _COUNT, ">=20"),
        QueryField("has", "has", FieldKind.WHOLE, f"one of {', '.join(HAS_VALUES)}", "code"),
        QueryField("source", "source", FieldKind.WHOLE, "the name of a loaded file", "page.txt"),
        QueryField("id", "id", FieldKind.WHOLE, "an identifier", "arxiv:2407.09941"),
        QueryField("arxiv", "id", FieldKind.WHOLE, "an arXiv id", "2407.09941"),
        QueryField("doi", "id", FieldKind.WHOLE, "a DOI", "10.1000/182"),
        QueryField("acl", "id", FieldKind.WHOLE, "an ACL Anthology id", "D16-2004"),
    )
}

_BRACKETS = re.compile(r"([\[{])\s*+(\S+)\s++TO\s++(\S+?)\s*+([\]}])")
_COMPARED = re.compile(r"([<>]=?)(.+)")
_YEARS = re.compile(r"(\d{4})-(\d{4})", re.ASCII)


def whole_value(field: QueryField, text: str) -> Term | None:
    """The term of one whole value; None if the field cannot have such a value."""
    if field.target == "has":
        return Term("has", text.lower()) if text.lower() in HAS_VALUES else None
    if field.target == "id":
        written = text if field.name == "id" else f"{field.name}:{text}"
        key = identifier_key(written) or identifier_key(written.lower())
        return Term("id", key) if key else None
    value = exact_value(field.target, text)
    return Term(field.target, value) if value else None


def _interval(field: QueryField, text: str) -> tuple[int, int] | None:
    """One date or number as first and last value."""
    if field.kind is FieldKind.DAYS:
        return day_interval(text) or week_interval(text)
    if text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= MAX_COUNT:
        return int(text), int(text)
    return None


def value_range(field: QueryField, text: str) -> tuple[Range | Nothing, bool] | None:
    """The node of a written date, number or range, and whether its ends were the wrong way round.

    `2024`, `2023..2025`, `2023..`, `..2025`, `>=2`, `>2`, `<=2`, `<2`, `[2 TO 5]`, `{2 TO 5}`
    (exclusive), `*` (any value), and for dates `2023-2025`. None if it is none of these.
    """
    first, last, above, below = _ends(field, text)
    low, high = _interval(field, first), _interval(field, last)
    if (low is None and first not in _OPEN) or (high is None and last not in _OPEN):
        return None
    turned = low is not None and high is not None and low[0] > high[1]
    if turned:
        low, high = high, low
    least = None if low is None else low[1] + 1 if above else low[0]
    most = None if high is None else high[0] - 1 if below else high[1]
    if least is not None and most is not None and least > most:
        return Nothing(), turned
    return Range(field.target, least, most), turned


_OPEN = ("", "*")


def _ends(field: QueryField, text: str) -> tuple[str, str, bool, bool]:
    """First and last value as written, and whether each is excluded from the range."""
    if bracketed := _BRACKETS.fullmatch(text):
        opening, first, last, closing = bracketed.groups()
        return first, last, opening == "{", closing == "}"
    if compared := _COMPARED.fullmatch(text):
        sign, value = compared.groups()
        value = value if value != "*" else "?"
        return (
            (value, "", sign == ">", False) if sign[0] == ">" else ("", value, False, sign == "<")
        )
    first, dots, last = text.partition("..")
    if dots and (first or last):
        return first, last, False, False
    if field.kind is FieldKind.DAYS and (years := _YEARS.fullmatch(text)):
        return years[1], years[2], False, False
    value = text or "?"
    return value, value, False, False
