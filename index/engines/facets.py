"""What facets mean to every engine: the values as people write them, and their order."""

import heapq
from collections.abc import Callable, Mapping

from index.document import EXACT_FIELDS, FACET_FIELDS
from index.query import Node, Not, Range, Term
from schema.search import MAX_FACET_SIZE, FacetCounts, FacetValue

HAS_CODE = Term("has", "code")
MAX_SELECTED = 1000


def check_facet(name: str, size: int, selected: tuple[str, ...]) -> None:
    """Raise `ValueError` for a facet that does not exist, is too large, or is no text."""
    if name not in FACET_FIELDS:
        raise ValueError(f"there is no facet {name!r}; facets are {', '.join(FACET_FIELDS)}")
    if not 0 <= size <= MAX_FACET_SIZE or len(selected) > MAX_SELECTED:
        raise ValueError(f"a facet shows at most {MAX_FACET_SIZE} values and {MAX_SELECTED} chosen")
    for each in selected:
        each.encode()  # a lone surrogate raises UnicodeEncodeError, a ValueError


def check_exact(field: str, value: str) -> None:
    """Raise `ValueError` for a field without whole values, or a value that none can hold."""
    if field not in EXACT_FIELDS:
        raise ValueError(f"{field!r} has no whole values; {', '.join(EXACT_FIELDS)} have")
    value.encode()  # a lone surrogate raises UnicodeEncodeError, a ValueError


def shown(name: str, stored: int | str) -> str:
    """A value of a facet's field as the facet shows it: 2025, 2025-10, or the text as it is."""
    if name == "year":
        return f"{stored:04d}"
    return f"{int(stored) // 100:04d}-{int(stored) % 100:02d}" if name == "month" else str(stored)


def value_node(name: str, value: str) -> Node | None:
    """The papers that hold a value as `shown` writes it; None for text that it never writes."""
    if name == "hasCode":
        both: dict[str, Node] = {"true": HAS_CODE, "false": Not(HAS_CODE)}
        return both.get(value)
    if name not in ("year", "month"):
        return Term(FACET_FIELDS[name], value)
    digits = value.replace("-", "")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 6):
        return None
    number = int(digits)
    return Range(FACET_FIELDS[name], number, number) if shown(name, number) == value else None


def best(counts: Mapping[str, int], size: int) -> list[FacetValue]:
    """The `size` most frequent values, by count descending and then by value."""
    ranked = heapq.nsmallest(size, counts.items(), key=lambda item: (-item[1], item[0]))
    return [FacetValue(value, count) for value, count in ranked]


def counted(
    top: list[FacetValue],
    *,
    selected: tuple[str, ...],
    count_of: Callable[[str], int],
    distinct: int | None,
    pairs: int,
    missing: int,
) -> FacetCounts:
    """The answer: `top` and those of `selected` that are not in it, each where its count puts it.

    `distinct` is the number of values, `pairs` that of (paper, value) pairs, shown ones included;
    `count_of` gives the exact count of a value.
    """
    present = {each.value for each in top}
    more = [FacetValue(each, count_of(each)) for each in dict.fromkeys(selected)
            if each not in present]  # fmt: skip
    values = sorted(top + more, key=lambda each: (-each.count, each.value))
    rest = pairs - sum(each.count for each in values)
    return FacetCounts(tuple(values), distinct, rest, missing)
