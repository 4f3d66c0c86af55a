"""The filters: one table that gives each its spelling in every door, its meaning and its words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from schema.dates import day_interval, week_interval
from schema.errors import ParameterError
from schema.identifiers import identifier_key

Interval = tuple[int | None, int | None]
MAX_VALUES = 100
MAX_VALUE_LENGTH = 300
MAX_COUNT = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Condition:
    """What a filter asks of one index field: any of `values`, or any of `intervals`.

    Intervals are inclusive, None is an open end. `absent` turns the condition round.
    """

    field: str
    values: tuple[str, ...] = ()
    intervals: tuple[Interval, ...] = ()
    absent: bool = False


@dataclass(frozen=True, slots=True)
class FilterSpec:
    """A filter: URL parameter `name`, member path `graphql` of PaperFilter, field of the index.

    `parse` turns one written value into an interval, a value or a flag, or None if it is wrong;
    `expected` says what would be right; `language` is the query language's spelling, if any.
    """

    name: str
    graphql: str
    field: str
    parse: Callable[[str], Interval | str | bool | None]
    expected: str
    description: str
    example: str
    repeatable: bool = False
    language: str | None = None


def _text(value: str) -> str | None:
    return value if value.strip() else None


def _count(value: str) -> int | None:
    if value.isascii() and value.isdigit() and len(value) <= 10 and int(value) <= MAX_COUNT:
        return int(value)
    return None


def _at_least(value: str) -> Interval | None:
    number = _count(value)
    return None if number is None else (number, None)


def _at_most(value: str) -> Interval | None:
    number = _count(value)
    return None if number is None else (None, number)


def _flag(value: str) -> bool | None:
    return {"true": True, "false": False}.get(value)


def _from_day(value: str) -> Interval | None:
    days = day_interval(value)
    return (days[0], None) if days else None


def _to_day(value: str) -> Interval | None:
    days = day_interval(value)
    return (None, days[1]) if days else None


def _exact_day(value: str) -> Interval | None:
    return day_interval(value) if value.count("-") == 2 else None


def _month(value: str) -> Interval | None:
    return day_interval(value) if value.count("-") == 1 else None


def _years(value: str) -> Interval | None:
    """`2024`, `2023-2025`, `2023-` or `-2025` as days."""
    low, dash, high = value.partition("-")
    if "-" in high or not (low or high):
        return None
    first = day_interval(low) if low else None
    last = day_interval(high) if high else None
    if (low and not first) or (high and not last):
        return None
    if not dash:
        return first
    return (first[0] if first else None, last[1] if last else None)


_DATE = "a date as YYYY, YYYY-MM or YYYY-MM-DD"
_COUNT = f"a whole number from 0 to {MAX_COUNT}"

FILTERS: tuple[FilterSpec, ...] = (
    FilterSpec(
        "author",
        "author",
        "authorName",
        _text,
        "an author's whole name",
        "Papers by an author, by whole name; case and accents do not matter.",
        "Yann LeCun",
        repeatable=True,
    ),
    FilterSpec(
        "category",
        "category",
        "category",
        _text,
        "a category such as cs.CL",
        "Papers of a subject category.",
        "cs.CL",
        repeatable=True,
        language="category",
    ),
    FilterSpec(
        "year",
        "year",
        "published",
        _years,
        "a year or years: 2024, 2023-2025 or 2023-",
        "Papers published in a year or a range of years.",
        "2023-2025",
        repeatable=True,
        language="year",
    ),
    FilterSpec(
        "from",
        "publishedAt.from",
        "published",
        _from_day,
        _DATE,
        "Papers published on or after the first day of this date.",
        "2024-11",
        language="published",
    ),
    FilterSpec(
        "to",
        "publishedAt.to",
        "published",
        _to_day,
        _DATE,
        "Papers published on or before the last day of this date.",
        "2025-01",
        language="published",
    ),
    FilterSpec(
        "month",
        "month",
        "published",
        _month,
        "a month as YYYY-MM",
        "Papers published in a month.",
        "2025-10",
        repeatable=True,
    ),
    FilterSpec(
        "listedOn",
        "listedOn",
        "listed",
        _exact_day,
        "a day as YYYY-MM-DD",
        "Papers listed on a day.",
        "2025-12-12",
        repeatable=True,
        language="listed",
    ),
    FilterSpec(
        "listedWeek",
        "listedWeek",
        "listed",
        week_interval,
        "an ISO week as YYYY-Www",
        "Papers listed in an ISO week.",
        "2025-W50",
        repeatable=True,
    ),
    FilterSpec(
        "listedMonth",
        "listedMonth",
        "listed",
        _month,
        "a month as YYYY-MM",
        "Papers listed in a month.",
        "2025-12",
        repeatable=True,
    ),
    FilterSpec(
        "minAuthors",
        "authorCount.min",
        "authorCount",
        _at_least,
        _COUNT,
        "Papers with at least this many authors.",
        "20",
        language="authors",
    ),
    FilterSpec(
        "maxAuthors",
        "authorCount.max",
        "authorCount",
        _at_most,
        _COUNT,
        "Papers with at most this many authors.",
        "3",
        language="authors",
    ),
    FilterSpec(
        "minComments",
        "comments.min",
        "comments",
        _at_least,
        _COUNT,
        "Papers with at least this many comments.",
        "2",
        language="comments",
    ),
    FilterSpec(
        "hasCode",
        "hasCode",
        "has",
        _flag,
        "true or false",
        "Papers that link to code, or that do not.",
        "true",
        language="has",
    ),
    FilterSpec(
        "source",
        "source",
        "source",
        _text,
        "the name of a loaded file",
        "Papers that came from a source file.",
        "daily-papers-2025-12-12.txt",
        repeatable=True,
    ),
    FilterSpec(
        "ids",
        "ids",
        "id",
        identifier_key,
        "an id such as arxiv:2407.09941",
        "Papers by id: ours, arxiv:, doi:, acl: or a bare arXiv id.",
        "arxiv:2407.09941",
        repeatable=True,
    ),
)
FILTERS_BY_NAME = {spec.name: spec for spec in FILTERS}


def parse_filter(spec: FilterSpec, values: Sequence[str]) -> Condition | list[ParameterError]:
    """The condition that one or more written values of a filter make, or what is wrong with them.

    `ids` takes several ids in one value too, with commas between.
    """
    if spec.name == "ids":
        values = [part.strip() for value in values for part in value.split(",")]
    errors = []
    if len(values) > 1 and not spec.repeatable:
        errors.append(
            ParameterError(
                spec.name, "parameter-repeated", f"`{spec.name}` may be given only once."
            )
        )
    if len(values) > MAX_VALUES:
        return [
            ParameterError(
                spec.name, "parameter-invalid", f"`{spec.name}` takes at most {MAX_VALUES} values."
            )
        ]
    parsed: list[Interval | str | bool] = []
    for value in values:
        meaning = spec.parse(value) if len(value) <= MAX_VALUE_LENGTH else None
        if meaning is None:
            errors.append(
                ParameterError(
                    spec.name,
                    "parameter-invalid",
                    f"`{spec.name}` must be {spec.expected}.",
                    spec.example,
                )
            )
        else:
            parsed.append(meaning)
    if errors:
        return errors
    return Condition(
        spec.field,
        values=tuple(m for m in parsed if isinstance(m, str))
        or (("code",) if isinstance(parsed[0], bool) else ()),
        intervals=tuple(m for m in parsed if isinstance(m, tuple)),
        absent=parsed[0] is False,
    )
