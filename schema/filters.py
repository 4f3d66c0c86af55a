"""The filters: one table that gives each its spelling in every door, its meaning and its words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from schema import values as written
from schema.dates import day_interval, week_interval
from schema.errors import ParameterError
from schema.identifiers import MAX_ID_LENGTH, identifier_key
from schema.values import JsonSchema

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
    `value` is the JSON Schema of exactly what it takes; `expected` says what would be right.
    `repeatable` ones take several values, which `listed` ones also take with commas between.
    `language` is the query language's spelling, if any.
    """

    name: str
    graphql: str
    field: str
    parse: Callable[[str], Interval | str | bool | None]
    value: JsonSchema
    expected: str
    description: str
    example: str
    repeatable: bool = False
    listed: bool = False
    language: str | None = None


def _text(value: str) -> str | None:
    return value if value.strip() and len(value) <= MAX_VALUE_LENGTH else None


_count = written.whole_number(0, MAX_COUNT)


def _at_least(value: str) -> Interval | None:
    number = _count(value)
    return None if number is None else (number, None)


def _at_most(value: str) -> Interval | None:
    number = _count(value)
    return None if number is None else (None, number)


def _from_day(value: str) -> Interval | None:
    days = day_interval(value)
    return (days[0], None) if days else None


def _to_day(value: str) -> Interval | None:
    days = day_interval(value)
    return (None, days[1]) if days else None


def _years(value: str) -> Interval | None:
    low, dash, high = value.partition("-")
    first = day_interval(low) if low else None
    last = day_interval(high if dash else low) if high or not dash else None
    return (first and first[0], last and last[1])


_DATE = "a date as YYYY, YYYY-MM or YYYY-MM-DD"
_COUNT = f"a whole number from 0 to {MAX_COUNT}"
_ANY_TEXT = written.text(MAX_VALUE_LENGTH)
_ANY_COUNT = written.number(0, MAX_COUNT)
_A_DATE = written.matching(written.DATE)

FILTERS: tuple[FilterSpec, ...] = (
    FilterSpec(
        "author",
        "author",
        "authorName",
        _text,
        _ANY_TEXT,
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
        _ANY_TEXT,
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
        written.parser(written.YEARS, _years),
        written.matching(written.YEARS),
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
        written.parser(written.DATE, _from_day),
        _A_DATE,
        _DATE,
        "Papers published on or after the first day of this date.",
        "2024-11",
        language="published",
    ),
    FilterSpec(
        "to",
        "publishedAt.to",
        "published",
        written.parser(written.DATE, _to_day),
        _A_DATE,
        _DATE,
        "Papers published on or before the last day of this date.",
        "2025-01",
        language="published",
    ),
    FilterSpec(
        "month",
        "month",
        "published",
        written.parser(written.MONTH, day_interval),
        written.matching(written.MONTH),
        "a month as YYYY-MM",
        "Papers published in a month.",
        "2025-10",
        repeatable=True,
    ),
    FilterSpec(
        "listedOn",
        "listedOn",
        "listed",
        written.parser(written.DAY, day_interval),
        written.matching(written.DAY),
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
        written.parser(written.WEEK, week_interval),
        written.matching(written.WEEK),
        "an ISO week as YYYY-Www",
        "Papers listed in an ISO week.",
        "2025-W50",
        repeatable=True,
    ),
    FilterSpec(
        "listedMonth",
        "listedMonth",
        "listed",
        written.parser(written.MONTH, day_interval),
        written.matching(written.MONTH),
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
        _ANY_COUNT,
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
        _ANY_COUNT,
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
        _ANY_COUNT,
        _COUNT,
        "Papers with at least this many comments.",
        "2",
        language="comments",
    ),
    FilterSpec(
        "hasCode",
        "hasCode",
        "has",
        written.flag,
        written.FLAG,
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
        _ANY_TEXT,
        "the name of a loaded file",
        "Papers that came from a source file.",
        "daily-papers-2025-12-12.txt",
        repeatable=True,
    ),
    FilterSpec(
        "ids",
        "ids",
        "id",
        written.parser(written.IDENTIFIER, identifier_key),
        written.matching(written.IDENTIFIER, maxLength=MAX_ID_LENGTH),
        "an id such as arxiv:2407.09941",
        "Papers by id: ours, arxiv:, doi:, acl: or a bare arXiv id.",
        "arxiv:2407.09941",
        repeatable=True,
        listed=True,
    ),
)
FILTERS_BY_NAME = {spec.name: spec for spec in FILTERS}


def parse_filter(spec: FilterSpec, values: Sequence[str]) -> Condition | list[ParameterError]:
    """The condition that one or more written values of a filter make, or what is wrong with them.

    A listed one takes several in one value too, with commas between.
    """
    if spec.listed:
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
        meaning = spec.parse(value)
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
