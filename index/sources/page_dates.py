"""Dates of a Daily Papers page, the line of authors that carries them, and the missing years.

English month names from a fixed table: neither the locale nor the clock has a say.
"""

import datetime
import re
from collections.abc import Iterable
from dataclasses import dataclass

from index.sources.limits import MAX_COUNT
from schema.record import Precision, Published

_NAMES = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_MONTHS = {name: number for number, name in enumerate(_NAMES, start=1)}
_MONTHS |= {name[:3]: number for name, number in _MONTHS.items()} | {"Sept": 9}

_MONTH = rf"(?P<month>{'|'.join(sorted(_MONTHS, key=len, reverse=True))})\.?"
_NUMBER = r"[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+"
_PAGE_DAY = re.compile(rf"{_MONTH}\s+(?P<day>[0-9]{{1,2}})(?:,?\s+(?P<year>[0-9]{{4}}))?")
_AUTHORS = re.compile(rf"•\s*(?P<count>{_NUMBER})\s+authors?")
_DATE = re.compile(
    rf"(?P<raw>{_MONTH}\s+(?P<day>[0-9]{{1,2}})(?:,\s*(?P<year>[0-9]{{4}}))?)"
    rf"(?:\s+(?P<comments>{_NUMBER}))?"
)
_LONGEST = 100
_LEAP_YEAR = 2000


@dataclass(frozen=True, slots=True)
class WrittenDay:
    """A day as a page writes it: `year` None where it is left out; it exists in some year."""

    month: int
    day: int
    year: int | None
    raw: str

    def in_year(self, year: int) -> datetime.date | None:
        """The date in a year, None where there is none (29 February)."""
        try:
            return datetime.date(year, self.month, self.day)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class AuthorLine:
    """`  • 5 authors`, `·`, `Aug 4, 2024 2`: count, date, and the comments, None where absent."""

    authors: int
    date: WrittenDay
    comments: int | None


@dataclass(frozen=True, slots=True)
class PageDay:
    """What is known of the day of a page: its year, and the day itself."""

    year: int | None
    day: datetime.date | None
    warnings: tuple[str, ...] = ()


def read_page_day(text: str) -> WrittenDay | None:
    """A header's `Dec 12`, `Dec 12, 2025` or `December 12 2025`; None if it is no such day."""
    found = _PAGE_DAY.fullmatch(text) if len(text) <= _LONGEST else None
    return _written(found, text) if found else None


def read_author_line(text: str) -> AuthorLine | str:
    """The parts of a line of authors, its white space single; or why it cannot be read."""
    if len(text) > _LONGEST:
        return "the line of authors is too long"
    left, dot, right = (part.strip() for part in text.partition("·"))
    authors = _AUTHORS.fullmatch(left)
    if not authors:
        return f"the number of authors cannot be read: {left!r}"
    if not dot or not right:
        return "there is no date after the number of authors"
    date = _DATE.fullmatch(right)
    written = _written(date, date["raw"]) if date else None
    if not date or not written:
        return f"the date cannot be read: {right!r}"
    count = int(authors["count"].replace(",", ""))
    comments = int(date["comments"].replace(",", "")) if date["comments"] else None
    if max(count, comments or 0) > MAX_COUNT:
        return f"a count is larger than {MAX_COUNT}"
    return AuthorLine(count, written, comments)


def page_day(
    given: datetime.date | None, header: WrittenDay | None, dates: Iterable[WrittenDay]
) -> PageDay:
    """The day of a page, of which `given` is what the user says.

    Its year is, in this order: that of `given`; the one written in the header; the newest one
    written in `dates` + 1, if others of them lack it; else unknown.
    """
    if given:
        warnings: tuple[str, ...] = ()
        if header and header.in_year(header.year or given.year) != given:
            warnings = (f"the page says {header.raw}; the given page date {given} was taken",)
        return PageDay(given.year, given, warnings)
    year = header.year if header else None
    if year is None:
        years = {date.year for date in dates}
        written = max((each for each in years if each is not None), default=None)
        year = written + 1 if written and None in years and written < datetime.MAXYEAR else None
    if header is None:
        reason = "the page does not say its day"
    elif year is None:
        reason = f"the year of the page's day {header.raw} is not known"
    else:
        day = header.in_year(year)
        if day:
            return PageDay(year, day)
        reason = f"the page's day {header.raw} does not exist in {year}"
    return PageDay(year, None, (f"{reason}; its papers get no listing (give the page date)",))


def published_on(date: WrittenDay, page: PageDay) -> tuple[Published, str | None]:
    """The publication date of an entry, and a warning where the day had to be left open."""
    inferred = date.year is None
    year = date.year or page.year
    day = date.in_year(year) if year else None
    if year is None:
        warning = f"the year of {date.raw} is not known (give the page date)"
    elif day is None:
        warning = f"{date.raw} does not exist in {year}"
    elif inferred and page.day and day > page.day:
        warning = f"{date.raw} without a year would lie after the page's day {page.day}"
    else:
        return Published(day.isoformat(), Precision.DAY, inferred, date.raw), None
    return Published(None, None, inferred, date.raw), warning


def _written(found: re.Match[str], raw: str) -> WrittenDay | None:
    year = int(found["year"]) if found["year"] else None
    written = WrittenDay(_MONTHS[found["month"]], int(found["day"]), year, raw)
    return written if written.in_year(_LEAP_YEAR if year is None else year) else None
