"""Passages: which parts of a long text to show for what matched in it, and how they are cut."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from index.analysis import TextWords
from schema.search import Fragment

PASSAGE = 200
"""Characters of a passage, some thirty words; what matched at one place is never cut."""

MAX_PASSAGES = 3
MAX_PLACES = 25
"""Of many places that match the same, the first so many decide which passages are shown."""

_JOINED = 100
_SPACE = re.compile(r"\s+")
_TO_LAST_SPACE = re.compile(r".*(?=\s)", re.DOTALL)


class Mark(NamedTuple):
    """A word that matched: its place in the text, its position, and what it matched.

    `start` to `end` (exclusive) are characters; `parts` has a bit for each part of the query.
    """

    start: int
    end: int
    position: int
    parts: int


@dataclass(slots=True)
class _Place:
    """Marks of neighbouring words, such as a phrase: shown together or not at all."""

    start: int
    end: int
    parts: int
    marks: int


@dataclass(slots=True)
class _Window:
    """The places `first` to `last` of a list, near enough for one passage."""

    first: int
    last: int
    parts: int
    marks: int


def fragments(text: str, start: int, end: int, marks: Iterable[Mark]) -> tuple[Fragment, ...]:
    """`text[start:end]` in pieces, marked or not in turn; marks that touch are one piece.

    `marks` ascend; those not wholly within are left out.
    """
    pieces: list[Fragment] = []
    at = marked = start  # `at` to `marked` is a mark not yet written
    for first, last, _, _ in marks:
        if first >= end:
            break
        if first < start or last > end:
            continue
        if first > marked or at == marked:
            if at < marked:
                pieces.append(Fragment(text[at:marked], True))
            if marked < first:
                pieces.append(Fragment(text[marked:first], False))
            at = first
        if last > marked:
            marked = last
    if at < marked:
        pieces.append(Fragment(text[at:marked], True))
    if marked < end:
        pieces.append(Fragment(text[marked:end], False))
    return tuple(pieces)


def passages(text: str, marks: Sequence[Mark]) -> list[tuple[int, int]]:
    """Start and end of the best passages for `marks`, which ascend: at most `MAX_PASSAGES`.

    The best passage holds the most different parts of the query, then the most marks, then stands
    first; each next one the most that those before do not hold. They do not overlap, each holds a
    mark, and they begin with a sentence where one begins near. A short text is one passage.
    """
    if not marks:
        return []
    if len(text) <= PASSAGE:
        return [(0, len(text))]
    places = _places(marks)
    windows = [_window(places, first, len(text)) for first in range(len(places))]
    chosen: list[tuple[int, int]] = []
    shown = 0
    while windows:
        best = _best(windows, shown)
        low, high = 0, len(text)
        for start, end in chosen:
            if end <= places[best.first].start:
                low = max(low, end)
            if start >= places[best.last].end:
                high = min(high, start)
        start, end = _cut(text, places, best, low, high)
        chosen.append((start, end))
        if len(chosen) == MAX_PASSAGES:
            break
        left: list[_Window] = []
        for window in windows:
            first = places[window.first]
            if first.start >= end or places[window.last].end <= start:
                left.append(window)
            elif first.end <= start:
                left.append(_window(places, window.first, start))
            else:
                shown |= first.parts
        windows = left
    return chosen


def _best(windows: list[_Window], shown: int) -> _Window:
    if len(windows) == 1:
        return windows[0]
    return max(
        windows,
        key=lambda each: ((each.parts & ~shown).bit_count(), each.parts.bit_count(), each.marks),
    )


def _places(marks: Sequence[Mark]) -> list[_Place]:
    if len(marks) > MAX_PLACES:
        counts: Counter[int] = Counter()
        kept = []
        for mark in marks:
            counts[mark.parts] += 1
            if counts[mark.parts] <= MAX_PLACES:
                kept.append(mark)
        marks = kept
    places: list[_Place] = []
    position = -2
    for mark in marks:
        last = places[-1] if places else None
        if last is not None and (
            mark.start < last.end
            or (mark.position == position + 1 and mark.end - last.start <= _JOINED)
        ):
            last.end = max(last.end, mark.end)
            last.parts |= mark.parts
            last.marks += 1
        else:
            places.append(_Place(mark.start, mark.end, mark.parts, 1))
        position = mark.position
    return places


def _window(places: list[_Place], first: int, limit: int) -> _Window:
    """The window from a place on: as many more as fit into a passage and end before `limit`."""
    begun = places[first]
    limit = min(limit, begun.start + PASSAGE)
    last, parts, marks = first, begun.parts, begun.marks
    while last + 1 < len(places) and (place := places[last + 1]).end <= limit:
        last += 1
        parts |= place.parts
        marks += place.marks
    return _Window(first, last, parts, marks)


def _cut(text: str, places: list[_Place], window: _Window, low: int, high: int) -> tuple[int, int]:
    """The passage around a window within `low` to `high`: cut between words, through no place."""
    first, last = places[window.first].start, places[window.last].end
    if last - first >= PASSAGE:
        return first, last
    start = _start(text, first, max(low, last - PASSAGE), low)
    before = window.first
    while before and places[before - 1].end > start:
        before -= 1
    for place in places[before : window.first]:
        if place.start < start < place.end:
            start = first - len(text[place.end : first].lstrip())
    end = _end(text, last, min(high, max(last, start + PASSAGE)))
    for at in range(window.last + 1, len(places)):
        place = places[at]
        if place.start >= end:
            break
        if end < place.end:
            end = last + len(text[last : place.start].rstrip())
    return start, end


def _start(text: str, first: int, least: int, low: int) -> int:
    """Where a passage begins whose first mark is at `first`: from `least`, with a sentence."""
    at = first
    while True:
        at = max(
            text.rfind(". ", least, at), text.rfind("? ", least, at), text.rfind("! ", least, at)
        )
        if at < 0:
            break
        if text[at + 2].isupper():
            return at + 2
    if least == 0:
        return 0
    near = max(low, (least + first) // 2)
    space = _SPACE.search(text, near, first)
    if space is None:
        within = TextWords(text[near:first])
        return near + within.places([1])[0][0] if len(within.surfaces) > 1 else first
    return first if unicodedata.category(text[space.end()])[0] == "M" else space.end()


def _end(text: str, last: int, limit: int) -> int:
    """Where a passage ends whose last mark ends at `last`: between words, at `limit` at most."""
    if limit == len(text):
        return limit
    found = _TO_LAST_SPACE.match(text, last, limit + 1)
    if found:
        return last + len(found[0].rstrip())
    within = TextWords(text[last:limit])
    count = len(within.surfaces)
    return last + within.places([count - 2])[0][1] if count > 1 else last
