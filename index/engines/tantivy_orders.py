"""Orders of a result: pages by sort keys, exact, nulls last, ties by `tie` in both directions.

An order is walked forward or backward; backward, every column is read from its other end, so that
nulls come first and ties descend. `passed` is the position that a walk has come to.

A whole number and its tie are one unique column, so that one search makes a page of them. Titles,
and first keys of two, order groups of equal papers; within a group the rest of the order decides.
Groups of one paper, nearly all of them, cost nothing; each other group on a page is one search.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Protocol

import tantivy
from tantivy import Query

from index.engines.tantivy_fields import (
    TITLE,
    TITLE_PARTS,
    sort_field,
    sort_prefix,
    sort_prefix_of,
    sort_range,
    title_part,
)
from index.engines.tantivy_queries import Compiler, all_of
from schema.search import Hit, Hits, Sort, SortPosition

Address = tantivy.DocAddress
FEW_TITLES = 32
"""So many titles are compared as texts; of more that begin alike, the next 8 bytes are asked."""


@dataclass(frozen=True, slots=True)
class Matching:
    """The papers that a page is taken from: a query over a searcher."""

    searcher: tantivy.Searcher
    compiler: Compiler
    query: Query

    def narrowed(self, query: Query) -> "Matching":
        """Those of them that match `query` too."""
        return Matching(self.searcher, self.compiler, all_of(self.query, query))

    def between(self, field: str, low: int | None, high: int | None) -> "Matching":
        """Those of them whose column lies between two ends."""
        return self.narrowed(self.compiler.between(field, low, high))

    def ordered(
        self, field: str, limit: int, offset: int = 0, descending: bool = False
    ) -> list[tuple[Any, Address]]:
        """(value, address) of the papers by a column."""
        order = tantivy.Order.Desc if descending else tantivy.Order.Asc
        found = self.searcher.search(
            self.query, limit, count=False, order_by_field=field, offset=offset, order=order
        )
        return found.hits

    def best(self, offset: int, limit: int) -> Hits:
        """A page by score, and how many there are."""
        found: Any = self.searcher.search(self.query, limit, count=True, offset=offset)
        return Hits(int(found.count), self.hits(found.hits))

    def hits(self, scored: Iterable[tuple[float, Address]]) -> tuple[Hit, ...]:
        """The hits of scores and addresses."""
        scores, addresses = [], []
        for score, address in scored:
            scores.append(float(score))
            addresses.append(address)
        rowids = self.searcher.fast_field_values("rowid", addresses) if addresses else []
        return tuple(
            Hit(int(rowid), score)
            for rowid, score in zip(rowids, scores, strict=True)
            if rowid is not None
        )

    def count(self) -> int:
        """How many there are."""
        found: Any = self.searcher.search(self.query, 1, count=True)
        return int(found.count)


class Order(Protocol):
    """A way to walk through matching papers."""

    def page(
        self, papers: Matching, offset: int, limit: int, passed: SortPosition | None
    ) -> list[Address]:
        """`limit` papers, as the walk meets them, after the first `offset` beyond `passed`."""


@dataclass(frozen=True, slots=True)
class ByColumn:
    """By one unique ascending column: a value with its tie, or the tie itself."""

    name: str | None
    descending: bool
    backward: bool

    def page(
        self, papers: Matching, offset: int, limit: int, passed: SortPosition | None
    ) -> list[Address]:
        """See `Order`."""
        field = sort_field(self.name, self.descending) if self.name else "tie"
        if passed:
            key = passed.tie
            if self.name:
                value = passed.values[0]
                key = sort_prefix(value, self.descending) * 2**32 + passed.tie
            ends = (None, key - 1) if self.backward else (key + 1, None)
            papers = papers.between(field, *ends)
        return [address for _, address in papers.ordered(field, limit, offset, self.backward)]


BY_TIE = ByColumn(None, descending=False, backward=False)


@dataclass(frozen=True, slots=True)
class ByNumber:
    """Groups of papers with an equal whole number, as the first of two keys."""

    name: str
    descending: bool
    backward: bool

    def run(self, papers: Matching, limit: int) -> list[tuple[Any, Address]]:
        """The first papers with what names the group of each."""
        field = sort_field(self.name, self.descending)
        hits = papers.ordered(field, limit, 0, self.backward)
        return [(sort_prefix_of(key), address) for key, address in hits]

    def group(self, value: int | str | None) -> int:
        """What names the group of a value."""
        return sort_prefix(value, self.descending)

    def within(self, papers: Matching, group: Any) -> Matching:
        """The papers of a group."""
        field = sort_field(self.name, self.descending)
        return papers.between(field, *sort_range(group))

    def beyond(self, papers: Matching, group: Any, limit: int) -> list[tuple[Any, Address]]:
        """The first papers beyond a group."""
        first, last = sort_range(group)
        ends = (None, first - 1) if self.backward else (last + 1, None)
        field = sort_field(self.name, self.descending)
        return self.run(papers.between(field, *ends), limit)


@dataclass(frozen=True, slots=True)
class ByTitle:
    """Groups of papers with an equal folded title, which every paper has.

    To walk them backward is to descend where the order ascends.
    """

    descending: bool

    def run(self, papers: Matching, limit: int, part: int = 0) -> list[tuple[Any, Address]]:
        """The first papers with what names the group of each; they are alike up to `part`."""
        last = papers.ordered(TITLE_PARTS[part], 1, limit - 1, self.descending)
        if last:
            # Comparing texts across segments is slow, integers are not: they bound the rest.
            bound = last[0][0]
            ends = (bound, None) if self.descending else (None, bound)
            papers = papers.between(TITLE_PARTS[part], *ends)
        return papers.ordered(TITLE, limit, 0, self.descending)

    def group(self, value: int | str | None) -> str:
        """What names the group of a value."""
        return str(value)

    def within(self, papers: Matching, group: Any) -> Matching:
        """The papers of a group."""
        return papers.narrowed(papers.compiler.text(TITLE, group))

    def beyond(self, papers: Matching, group: Any, limit: int) -> list[tuple[Any, Address]]:
        """The first papers beyond a group.

        Of those that begin like the group, part by part until they are few, the place is found by
        halving; then come those that part from it in the last part, in the one before, and so on.
        """
        scopes: list[Matching] = []
        for part, field in enumerate(TITLE_PARTS):
            value = title_part(group, part)
            ends = (None, value - 1) if self.descending else (value + 1, None)
            scopes.append(papers.between(field, *ends))
            papers = papers.between(field, value, value)
            count = papers.count()
            if count <= FEW_TITLES:
                break

        def is_beyond(place: int) -> bool:
            title = papers.ordered(TITLE, 1, place, self.descending)[0][0]
            return bool(title < group if self.descending else title > group)

        place = bisect_left(range(count), True, key=is_beyond)
        hits = papers.ordered(TITLE, limit, place, self.descending) if place < count else []
        for part, scope in reversed([*enumerate(scopes)]):
            if len(hits) < limit:
                hits += self.run(scope, limit - len(hits), part)
        return hits


@dataclass(frozen=True, slots=True)
class Grouped:
    """By groups, and within each by the rest of the order."""

    first: ByNumber | ByTitle
    rest: Order

    def page(
        self, papers: Matching, offset: int, limit: int, passed: SortPosition | None
    ) -> list[Address]:
        """See `Order`."""
        wanted = offset + limit
        if passed is None:
            hits = self.first.run(papers, wanted + 1)
            return self._resolved(papers, hits, wanted)[offset:]
        group = self.first.group(passed.values[0])
        place = SortPosition(passed.values[1:], passed.tie)
        found = self.rest.page(self.first.within(papers, group), 0, wanted, place)
        if len(found) < wanted:
            hits = self.first.beyond(papers, group, wanted - len(found) + 1)
            found += self._resolved(papers, hits, wanted - len(found))
        return found[offset:]

    def _resolved(
        self, papers: Matching, hits: Sequence[tuple[Any, Address]], wanted: int
    ) -> list[Address]:
        """The first `wanted` papers; `hits` are one more, if there are as many."""
        found: list[Address] = []
        for group, members in _groups(hits):
            if len(members) == 1:
                found += members
            else:
                inside = self.first.within(papers, group)
                found += self.rest.page(inside, 0, wanted - len(found), None)
            if len(found) >= wanted:
                break
        return found[:wanted]


def _groups(hits: Sequence[tuple[Any, Address]]) -> Iterator[tuple[Any, list[Address]]]:
    for group, members in groupby(hits, key=lambda hit: hit[0]):
        yield group, [address for _, address in members]


def order_of(sort: Sort, backward: bool = False) -> Order:
    """The order of one or two keys other than relevance, to be walked forward or backward."""
    key, *others = sort
    if not others and key.name != "title":
        return ByColumn(key.name, key.descending, backward)
    rest = order_of(tuple(others), backward) if others else ByColumn(None, False, backward)
    if key.name == "title":
        return Grouped(ByTitle(key.descending != backward), rest)
    return Grouped(ByNumber(key.name, key.descending, backward), rest)
