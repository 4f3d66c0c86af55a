"""Facets of a search: how many of its papers each value holds, and which values are chosen."""

from dataclasses import dataclass

import orjson

from index.document import exact_value
from index.query import Node
from index.view import Plan
from schema.dates import iso_day
from schema.filters import Condition, Interval
from schema.search import FacetCounts, Match

FIELDS = {"author": "authorName", "category": "category"}
"""Facets whose values the index holds folded; they are shown as a paper writes them."""

MAX_SELECTED = 30
"""Chosen values that are counted even when they are not among the most frequent."""


@dataclass(frozen=True, slots=True)
class FacetBucket:
    """A value, how many papers of the search hold it, and whether a filter chooses it."""

    value: str
    count: int
    selected: bool


@dataclass(frozen=True, slots=True)
class Facet:
    """The most frequent values of a facet; see `schema.search.FacetCounts` for the numbers."""

    values: tuple[FacetBucket, ...]
    total_values: int | None
    other_count: int | None
    missing_count: int


def facet(plan: Plan, matched: Match, name: str, size: int) -> Facet | None:
    """A facet of the search that `plan` makes, counted without the filter of its own name.

    `matched` is the set that the search took. None where an engine cannot count it exactly.
    """
    view, request = plan.view, plan.request
    snapshot = view.open_snapshot()
    own = dict(request.conditions).get(name)
    tree: Node = plan.parsed.any if matched is Match.ANY else plan.parsed.all
    filters = view.filters(request, plan.start if plan.stale else None, without=name)
    chosen = _chosen(name, own) if own else ()
    counts = snapshot.facet(name, tree, filters, size=size, selected=chosen)
    if counts is None:
        return None
    written = _written(plan, name, counts) if name in FIELDS else {}
    return Facet(
        values=tuple(
            FacetBucket(
                written.get(each.value, each.value),
                each.count,
                own is not None and _selects(name, own, each.value),
            )
            for each in counts.values
        ),
        total_values=counts.total_values,
        other_count=counts.other_count,
        missing_count=counts.missing_count,
    )


def _chosen(name: str, own: Condition) -> tuple[str, ...]:
    """The values of a facet that its own filter names one by one, as the index holds them."""
    if name == "hasCode":
        return ("false" if own.absent else "true",)
    if name == "year":
        years = (_years(interval) for interval in own.intervals)
        values = [f"{year:04d}" for span in years for year in span]
    elif name == "month":
        values = [iso_day(low)[:7] for low, _ in own.intervals if low]
    else:
        values = [exact_value(own.field, value) for value in own.values]
    return tuple(dict.fromkeys(values))[:MAX_SELECTED]


def _years(interval: Interval) -> range:
    """The years of an interval of days; of an open one only the year that it names."""
    low, high = interval
    first = (low or high or 0) // 10_000
    last = (high or low or 0) // 10_000
    return range(first, min(last, first + MAX_SELECTED) + 1)


def _selects(name: str, own: Condition, value: str) -> bool:
    """Whether the filter of the facet's own name lets papers with this value through."""
    if name == "hasCode":
        return value == ("false" if own.absent else "true")
    if name in ("year", "month"):
        day = int(value.replace("-", "").ljust(8, "0")) + (101 if name == "year" else 1)
        return any(
            (low is None or low <= day) and (high is None or day <= high)
            for low, high in own.intervals
        )
    return value in {exact_value(own.field, each) for each in own.values}


def _written(plan: Plan, name: str, counts: FacetCounts) -> dict[str, str]:
    """How the first paper that has it writes each folded value."""
    snapshot, field = plan.view.open_snapshot(), FIELDS[name]
    examples = {each.value: snapshot.example(field, each.value) for each in counts.values}
    rows = plan.view.reader.rows([rowid for rowid in examples.values() if rowid is not None])
    written: dict[str, str] = {}
    for value, rowid in examples.items():
        if rowid is None or rowid not in rows:
            continue
        paper = orjson.loads(rows[rowid])
        names = (
            paper["categories"]
            if name == "category"
            else [author["name"] for author in paper["authors"] or ()]
        )
        spelled = (each for each in names if exact_value(field, each) == value)
        written[value] = next(spelled, value)
    return written
