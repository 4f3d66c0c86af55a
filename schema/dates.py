"""Calendar texts that people type, as inclusive intervals of days written as integers yyyymmdd."""

import datetime
import re

DayInterval = tuple[int, int]

_DAY = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?", re.ASCII)
_WEEK = re.compile(r"(\d{4})-W(\d{2})", re.ASCII)


def day_number(day: datetime.date) -> int:
    """The integer yyyymmdd of a date."""
    return day.year * 10_000 + day.month * 100 + day.day


def day_interval(text: str) -> DayInterval | None:
    """`YYYY`, `YYYY-MM` or `YYYY-MM-DD` as first and last day; None if there is no such date."""
    found = _DAY.fullmatch(text)
    if not found:
        return None
    year = int(found[1])
    if year == 0:
        return None
    if found[2] is None:
        return year * 10_000 + 101, year * 10_000 + 1231
    month = int(found[2])
    if not 1 <= month <= 12:
        return None
    if found[3] is None:
        following = datetime.date(year + month // 12, month % 12 + 1, 1) if year < 9999 else None
        last = (following - datetime.timedelta(days=1)).day if following else 31
        return year * 10_000 + month * 100 + 1, year * 10_000 + month * 100 + last
    try:
        number = day_number(datetime.date(year, month, int(found[3])))
    except ValueError:
        return None
    return number, number


def week_interval(text: str) -> DayInterval | None:
    """An ISO 8601 week `YYYY-Www` as its Monday and Sunday; None if there is no such week."""
    found = _WEEK.fullmatch(text)
    if not found:
        return None
    try:
        monday = datetime.date.fromisocalendar(int(found[1]), int(found[2]), 1)
    except ValueError:
        return None
    sunday = min(monday.toordinal() + 6, datetime.date.max.toordinal())
    return day_number(monday), day_number(datetime.date.fromordinal(sunday))


def iso_day(number: int) -> str:
    """`YYYY-MM-DD` of an integer yyyymmdd."""
    return f"{number // 10_000:04d}-{number // 100 % 100:02d}-{number % 100:02d}"
