"""Members of a JSON object, read with their types checked: what is wrong is refused or noted."""

import datetime
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from index.sources.limits import MAX_CATEGORIES, MAX_CATEGORY, MAX_COUNT
from index.sources.text import readable
from schema.record import Precision, Published

_DATE = re.compile(
    r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})(?:[T ][0-9:.,]+(?: ?Z| ?[+-][0-9]{2}:?[0-9]{2})?)?)?)?"
)
_SHOWN = 60
_COARSENESS = (Precision.DAY, Precision.MONTH, Precision.YEAR)


class Refused(Exception):  # noqa: N818  (a verdict on a line, caught where lines are read)
    """The object cannot become a paper; the message is the reason."""


@dataclass(slots=True)
class Members:
    """A decoded JSON object; `notes` gathers what was left out and why."""

    values: dict[str, Any]
    notes: list[str] = field(default_factory=list)

    def required_text(self, name: str) -> str:
        """A string without NUL; raises `Refused` otherwise. Absent and null are the empty one."""
        value = self.values.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise Refused(f"`{name}` must be a text, not {kind_of(value)}")
        if "\0" in value:
            raise Refused(f"`{name}` has a NUL character")
        return value

    def text(self, name: str) -> str | None:
        """A string that says something, or None; other types are noted."""
        value = self.values.get(name)
        if isinstance(value, str):
            return value.strip() or None
        self._note_type(name, "a text", value)
        return None

    def count(self, name: str) -> int | None:
        """A whole number from 0 to `MAX_COUNT`, or None; others are noted."""
        value = self.values.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_COUNT:
            return value
        self._note_type(name, f"a whole number from 0 to {MAX_COUNT}", value)
        return None

    def flag(self, name: str) -> bool:
        """True or false; false for null, and for other types, which are noted."""
        value = self.values.get(name)
        if isinstance(value, bool):
            return value
        self._note_type(name, "true or false", value)
        return False

    def mapping(self, name: str) -> dict[str, Any]:
        """An object, empty for null and for other types, which are noted."""
        value = self.values.get(name)
        if isinstance(value, dict):
            return value
        self._note_type(name, "an object", value)
        return {}

    def names(self, name: str = "authors") -> tuple[str, ...] | None:
        """Names of people from a list of strings or of `{"name": ...}`; None for none.

        Raises `Refused` where the list holds something else.
        """
        value = self.values.get(name)
        if value is None:
            return None
        if not isinstance(value, list):
            raise Refused(f"`{name}` must be a list of names, not {kind_of(value)}")
        names = []
        for each in value:
            written = each.get("name") if isinstance(each, dict) else each
            if not isinstance(written, str):
                raise Refused(f"`{name}` must be a list of names, but holds {kind_of(written)}")
            readable_name = readable(written)
            if readable_name:
                names.append(readable_name)
            else:
                self.notes.append(f"an empty name in `{name}` was left out")
        return tuple(names) or None

    def categories(self, name: str = "categories") -> tuple[str, ...]:
        """Categories from a list or a text, each split at `;` and `,`; each once, in order."""
        value = self.values.get(name)
        if isinstance(value, str):
            value = [value]
        if not isinstance(value, list):
            self._note_type(name, "a list of texts or a text", value)
            return ()
        found: dict[str, None] = {}
        for each in value:
            if isinstance(each, str):
                for part in re.split("[;,]", each):
                    self._add_category(found, readable(part))
            else:
                self._note_type(name, "a list of texts", each)
        return tuple(found)

    def _add_category(self, found: dict[str, None], category: str) -> None:
        if not category or category in found:
            return
        if len(category) > MAX_CATEGORY:
            self.notes.append(
                f"a category of {len(category):,} characters was left out; "
                f"the limit is {MAX_CATEGORY}"
            )
        elif len(found) == MAX_CATEGORIES:
            self.notes.append(f"categories beyond {MAX_CATEGORIES} were left out")
        else:
            found[category] = None

    def day(self, name: str) -> str | None:
        """A whole date as ISO day, or None; what is none is noted."""
        published = self.published(name, None)
        if published.precision in (None, Precision.DAY):
            return published.day
        self.notes.append(f"`{name}` must be a whole date, not {shown(self.values[name])}")
        return None

    def published(self, name: str, precision_name: str | None) -> Published:
        """A date `YYYY[-MM[-DD]]` or an ISO timestamp, whose day as written counts.

        A coarser precision named by the source wins over a finer text.
        """
        value = self.values.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and 1000 <= value <= 9999:
            value = str(value)
        if not isinstance(value, str):
            self._note_type(name, "a date as YYYY, YYYY-MM or YYYY-MM-DD", value)
            return Published()
        raw = value.strip()
        if not raw:
            return Published()
        found = _DATE.fullmatch(raw) if len(raw) <= _SHOWN else None
        try:
            if not found:
                raise ValueError
            day = datetime.date(int(found[1]), int(found[2] or 1), int(found[3] or 1))
        except ValueError:
            self.notes.append(f"`{name}` is no date that exists: {shown(raw)}")
            return Published(raw=raw[:_SHOWN])
        parts = sum(each is not None for each in found.groups())
        precision = (Precision.YEAR, Precision.MONTH, Precision.DAY)[parts - 1]
        if precision_name:
            precision = max(precision, self._precision(precision_name), key=_COARSENESS.index)
        if precision is not Precision.DAY:
            day = day.replace(day=1, month=day.month if precision is Precision.MONTH else 1)
        return Published(day.isoformat(), precision, raw=raw)

    def _precision(self, name: str) -> Precision:
        value = self.values.get(name)
        if isinstance(value, str) and value in _COARSENESS:
            return Precision(value)
        self._note_type(name, "day, month or year", value)
        return Precision.DAY

    def _note_type(self, name: str, expected: str, value: object) -> None:
        if value is not None:
            self.notes.append(f"`{name}` was left out: it must be {expected}, not {shown(value)}")


def kind_of(value: object) -> str:
    """A JSON value's type in words."""
    if isinstance(value, bool):
        return "true or false"
    kinds: Iterable[tuple[type, str]] = (
        (str, "a text"),
        (int, "a number"),
        (float, "a number"),
        (list, "a list"),
        (dict, "an object"),
    )
    return next((words for kind, words in kinds if isinstance(value, kind)), "null")


def shown(value: object) -> str:
    """A value for a message: texts and numbers themselves, cut; else the type."""
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        text = repr(value)
        return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
    return kind_of(value)
