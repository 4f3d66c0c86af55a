"""Facets by tantivy's terms aggregation, made exact.

Its counts are silently wrong over several segments unless each segment hands over all its values
(`segment_size`); values with equal counts come in no order; an answer holds at most 65,000 values.
Most facets have fewer: all are fetched. Authors have more, and each different text costs a look
into the dictionary: they are counted by numbers that stand for them, which is several times
faster, and only the best are asked for their names.
"""

import heapq
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from tantivy import Query

from index.document import FACET_FIELDS, NUMBER_FIELDS
from index.engines.facets import best, counted, shown, value_node
from index.engines.tantivy_fields import AUTHOR_KEYS, author_key
from index.engines.tantivy_orders import Matching
from schema.search import FacetCounts, FacetValue

MOST_BUCKETS = 65_000
"""The most values that tantivy gives in one answer."""

FEW_PAIRS = 10_000
"""Of authors, all values are fetched only of so many (paper, author) pairs."""

SPARE_VALUES = 100
MOST_TIES = 500
"""To learn the names of the best authors each segment gives so many more than wanted; more of
them than so many may share the last count on show."""

_EVERY_VALUE = 2**32 - 1
_MISSING = "\0 MISSING"
"""Stands for no value: it is neither folded nor the name of a file."""


class TooManyValues(Exception):  # noqa: N818
    """The values do not fit into one answer."""


def facet_counts(
    papers: Matching, name: str, size: int, selected: tuple[str, ...], total: int
) -> FacetCounts:
    """The counts of a facet over `papers`, of which there are `total`.

    `total_values` is None for more than some 250,000 authors of several papers each, and for more
    than 65,000 values of another facet. Raises `TooManyValues` where so many share the last count
    on show that the first of them by value cannot be told.
    """

    def count_of(value: str) -> int:
        node = value_node(name, value)
        return 0 if node is None else papers.narrowed(papers.compiler.compile(node)).count()

    answer = partial(counted, selected=selected, count_of=count_of)
    if name == "hasCode":
        yes = count_of("true")
        both = {value: count for value, count in (("true", yes), ("false", total - yes)) if count}
        return answer(best(both, size), distinct=len(both), pairs=total, missing=0)
    field = FACET_FIELDS[name]
    if name != "author" or _pairs(papers, field) <= FEW_PAIRS:
        with suppress(TooManyValues):
            found, missing = _all(papers, name, total)
            pairs = sum(found.values())
            return answer(best(found, size), distinct=len(found), pairs=pairs, missing=missing)
    pairs = _pairs(papers, field)
    missing = total - papers.narrowed(Query.exists_query(field)).count()
    distinct, top = _best_authors(papers, size, pairs) if name == "author" else (None, None)
    if top is None:
        top = best(_top(papers, name, size), size)
    return answer(top, distinct=distinct, pairs=pairs, missing=missing)


def _pairs(papers: Matching, field: str) -> int:
    """The number of (paper, value) pairs."""
    return int(_aggregated(papers, {"value_count": {"field": field}})["value"])


def _all(papers: Matching, name: str, total: int) -> tuple[dict[str, int], int]:
    """Every value with its count, and the number of papers without one."""
    field = FACET_FIELDS[name]
    if field in NUMBER_FIELDS:  # one value at most
        found = {shown(name, value): count for value, count in _values(papers, field).items()}
        return found, total - sum(found.values())
    found = _values(papers, field, missing=_MISSING)
    return found, found.pop(_MISSING, 0)


def _best_authors(
    papers: Matching, size: int, pairs: int
) -> tuple[int | None, list[FacetValue] | None]:
    """The number of different authors and the best of them, each None if it is not to be had so.

    Authors are counted by their keys: those of several papers one by one, those of one paper are
    what is left of all pairs. The names of the best are among the best of each segment, or else
    they must be had another way.
    """
    shared: dict[int, int] = {}
    try:
        for field in AUTHOR_KEYS:
            shared |= _values(papers, field, min_doc_count=2)
    except TooManyValues:
        return None, None
    distinct = len(shared) + pairs - sum(shared.values())
    if not 0 < size <= len(shared):
        return distinct, None if size else []
    last = heapq.nlargest(size, shared.values())[-1]
    wanted = {key: count for key, count in shared.items() if count >= last}
    if len(wanted) > size + MOST_TIES:
        return distinct, None
    # Each segment hands over some only: the counts are wrong, and not used.
    some = len(wanted) + SPARE_VALUES
    found = _values(papers, FACET_FIELDS["author"], some, segment_size=some)
    names = {author_key(name): name for name in found}
    if not wanted.keys() <= names.keys():
        return distinct, None
    return distinct, best({names[key]: count for key, count in wanted.items()}, size)


def _top(papers: Matching, name: str, size: int) -> dict[str, int]:
    """Values among which are the best ones, whatever it takes.

    Equal counts come in no order: those with the last count on show are sought once more.
    """
    field = FACET_FIELDS[name]
    frequent = _values(papers, field, size)
    last = min(frequent.values(), default=0)
    if last <= 1:  # fewer than `size` have more, so the first by value hold enough of the others
        found = _values(papers, field, size, by_value=True)
    else:
        try:
            found = _values(papers, field, min_doc_count=last)
        except TooManyValues:
            found = _values(papers, field, MOST_BUCKETS, by_value=True)
    ties = {value: last for value, count in found.items() if count == last}
    above = {value: count for value, count in frequent.items() if count > last}
    if len(above) + len(ties) < len(frequent):
        raise TooManyValues(name)
    return {shown(name, value): count for value, count in (above | ties).items()}


def _values(
    papers: Matching,
    field: str,
    size: int | None = None,
    by_value: bool = False,
    **more: Any,
) -> dict[Any, int]:
    """The first values of a column with their exact counts, by count descending or by value.

    Without `size` they are all there are; raises `TooManyValues` if one answer cannot hold them.
    """
    terms = {
        "field": field,
        "size": MOST_BUCKETS if size is None else size,
        "segment_size": _EVERY_VALUE,
        "order": {"_key": "asc"} if by_value else {"_count": "desc"},
    } | more
    found = _aggregated(papers, {"terms": terms})
    if size is None and found["sum_other_doc_count"]:
        raise TooManyValues(field)
    if found.get("doc_count_error_upper_bound") and terms["segment_size"] == _EVERY_VALUE:
        raise OSError("the full-text index could not be counted exactly")
    return {bucket["key"]: bucket["doc_count"] for bucket in found["buckets"]}


def _aggregated(papers: Matching, asked: Mapping[str, Any]) -> dict[str, Any]:
    found = papers.searcher.aggregate(papers.query, {"facet": dict(asked)})
    answer: dict[str, Any] = found["facet"]
    return answer
