"""One revision of the shelf, as a reader sees it: rows and index of the same moment, unchanging."""

import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TypeAlias

from index.blocks import Blocks
from index.cursors import Cursor
from index.document import exact_value
from index.engine import Snapshot
from index.explanation import Scoring
from index.feedback import Led, with_feedback
from index.language import Parsed, parse
from index.query import And, Every, Fuzzy, Node, Not, Or, Phrase, Prefix, Range, Term, Wildcard
from index.ranking import Ranking, Recipe
from index.recent import Recent
from index.store_reader import Reader
from schema.errors import Problem
from schema.filters import Condition
from schema.search import (
    RELEVANCE,
    Hit,
    Hits,
    Match,
    Page,
    QueryWarning,
    SearchRequest,
    SortPosition,
)

MAX_DIRECT_LEAVES = 4
"""A query of at most this many plain leaves takes well under a millisecond: no pool is needed."""

MAX_DIRECT_RANK = 1000
"""A page that begins deeper belongs into a thread: an engine counts off all hits ahead of it."""

BLOCK = 200
KEPT_BLOCKS = 8
"""Hits that are taken at once deep in a walk, and how many such blocks a revision keeps."""

KEPT_FEEDBACK = 8
"""Searches whose first block, as feedback finds and as it leaves it, a revision keeps."""

Trees: TypeAlias = tuple[Node, ...]


def condition_node(condition: Condition) -> Node:
    """The tree of a filter's condition."""
    field = condition.field
    leaves: list[Node] = [Term(field, exact_value(field, each)) for each in condition.values]
    leaves += [Range(field, low, high) for low, high in condition.intervals]
    node = leaves[0] if len(leaves) == 1 else Or(tuple(leaves))
    return Not(node) if condition.absent else node


def conjunction(nodes: list[Node]) -> Node | None:
    """All of `nodes`; None for none."""
    if not nodes:
        return None
    return nodes[0] if len(nodes) == 1 else And(tuple(nodes))


@dataclass(frozen=True, slots=True)
class Plan:
    """A request made ready for one view: trees, filters, and whether it is light.

    A light plan takes well under a millisecond and may run where it stands; others belong into
    a thread. `start` is the decoded cursor, None on a first page (with `backward`: on the last
    one); `backward` asks for the papers ahead of that place; `stale` says that the walk's own
    revision is gone; `page` is the answer if it is known already. `ranking` is the order by
    relevance, None in any other; `feedback` are the constants by which its first hits order the
    first block, None where they do not.
    """

    request: SearchRequest
    view: "View"
    parsed: Parsed
    filters: Node | None
    light: bool
    start: Cursor | None = None
    backward: bool = False
    stale: bool = False
    page: Page | None = None
    ranking: Ranking | None = None
    feedback: Recipe | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """The hits of a page, the number of papers ahead of it, and the exact counts.

    `earlier` and `later` say whether papers lie ahead of the page and behind it.
    """

    hits: tuple[Hit, ...]
    rank: int
    earlier: bool
    later: bool
    total: int
    total_all: int
    matched: Match


class View:
    """A reader of the store and a snapshot of the index that belong together.

    The snapshot is opened first, so it is never ahead of the rows. Papers that were removed since
    its position are kept out of every search; `snapshot` is None where there is no index yet.
    """

    def __init__(self, reader: Reader, snapshot: Snapshot | None) -> None:
        self.reader = reader
        self.snapshot = snapshot
        self.walked = False
        self._blocks = Blocks(KEPT_BLOCKS)
        self._first_blocks: Recent[Hits] = Recent(KEPT_FEEDBACK)
        self._led: Recent[Led] = Recent(KEPT_FEEDBACK)
        self.index_position = snapshot.position if snapshot else 0
        generation = snapshot.generation if snapshot else "none"
        self.revision = f"{reader.position:x}-{self.index_position:x}-{generation}"
        removed = reader.removed_since(self.index_position) if snapshot else ()
        hidden = Or(tuple(Term("id", each) for each in removed))
        self._removed: list[Node] = [Not(hidden)] if removed else []
        self._finalizer = weakref.finalize(self, _release, reader, snapshot)

    def close(self) -> None:
        """Let rows and index go now; else it happens when the last user of the view is done."""
        self._finalizer()

    def open_snapshot(self) -> Snapshot:
        """The snapshot; raises `Problem` `starting` where there is no index yet."""
        if self.snapshot is None:
            raise Problem("starting", "The index is being built; search will answer when it is.")
        return self.snapshot

    def filters(
        self, request: SearchRequest, stale: Cursor | None, without: str | None = None
    ) -> Node | None:
        """The filter tree of a request, leaving out the filter named `without`.

        A walk whose own revision is gone (`stale` is its cursor) leaves out what came after it.
        """
        conditions = (each for name, each in request.conditions if name != without)
        nodes = [condition_node(condition) for condition in conditions]
        if stale:
            nodes.append(Range("createdSeq", None, stale.bound))
        return conjunction(nodes + self._removed)

    @property
    def removed(self) -> Node | None:
        """The filter tree that leaves out papers that were removed since the index was written."""
        return conjunction(self._removed)

    def without(self, paper: str) -> Node | None:
        """The filter tree that leaves out one paper, by its own id."""
        return conjunction([Not(Term("id", paper)), *self._removed])

    def find(self, plan: Plan) -> Found:
        """The page that `plan` asks for; raises `Problem` `starting` without index."""
        snapshot = self.open_snapshot()
        request, parsed, start = plan.request, plan.parsed, plan.start
        if request.match is Match.ANY:
            hits = self._page(plan, parsed.any)
            same = parsed.any == parsed.all
            total_all = hits.total if same else snapshot.count(parsed.all, plan.filters)
            return _found(plan, hits, total_all, Match.ANY)
        ranked = request.sort[0].name == RELEVANCE
        if start and start.matched is Match.ANY and not ranked:
            # A place in the larger result has no rank among the full matches.
            total_all = snapshot.count(parsed.all, plan.filters)
            return _found(plan, self._page(plan, parsed.any), total_all, Match.ANY)
        # With feedback the page takes another search, and the order rests on all that is found.
        full = None if plan.feedback else self._page(plan, parsed.all)
        total_all = (full or self._first_block(plan, parsed.all)).total
        matched = start.matched if start else parsed.matched(request.match, total_all)
        if matched is Match.ALL:
            return _found(plan, full or self._page(plan, parsed.all), total_all, Match.ALL)
        if ranked:
            return _found(plan, self._then_partial(plan, full), total_all, Match.ANY)
        return _found(plan, self._page(plan, parsed.any), total_all, Match.ANY)

    def _page(self, plan: Plan, tree: Node, beside: Trees = ()) -> Hits:
        """The hits of the page among those of `tree`, and the one next to it if there is one.

        In the revision of the walk ranks are exact, whatever the order. When that is gone the walk
        goes on from the key of its place; one by relevance has none, and goes on from its rank.
        `beside` are all trees of the result, where there are several.
        """
        snapshot, start = self.open_snapshot(), plan.start
        if start is None or not plan.stale or start.position is None:
            first, count = _window(plan, lambda: snapshot.count(tree, plan.filters))
            return self._ranked(plan, tree, first, count, beside)
        after, before = (None, start.position) if plan.backward else (start.position, None)
        count = plan.request.limit + 1
        return snapshot.search(
            tree, plan.filters, plan.request.sort, after=after, before=before, limit=count
        )

    def _ranked(self, plan: Plan, tree: Node, first: int, count: int, beside: Trees) -> Hits:
        """`count` hits from rank `first` on.

        An engine counts off every hit ahead of a page, so deep in a walk hits are taken in blocks
        that serve the next pages too. Feedback orders the first block, and nothing behind it.
        """
        if first < BLOCK and plan.feedback:
            trees = beside or (tree,)
            led = self.led(plan, trees).blocks[trees.index(tree)]
            hits = led.hits[first : first + max(0, count)]
            if len(hits) < count and led.total > BLOCK:
                hits += self.search(plan, tree)(offset=BLOCK, limit=count - len(hits)).hits
            return Hits(led.total, hits)
        if first < BLOCK or count <= 0:
            return self.search(plan, tree)(offset=first, limit=count)
        key = (tree, plan.filters, plan.request.sort, plan.ranking)
        found = self._blocks.find(key, first, count)
        if found is None:
            begin, block = self._block(plan, tree, first, first + count)
            self._blocks.add(key, begin, block)
            found = Hits(block.total, block.hits[first - begin : first - begin + count])
        return found

    def search(self, plan: Plan, tree: Node) -> "partial[Hits]":
        """A search for a tree in the order of a plan, to be told which hits to take."""
        search, sort = self.open_snapshot().search, plan.request.sort
        return partial(search, tree, plan.filters, sort, ranking=plan.ranking)

    def _block(self, plan: Plan, tree: Node, first: int, end: int) -> tuple[int, Hits]:
        """A block with the ranks `first` to `end` in it, and the rank at which it begins.

        It lies in the direction of the walk. From a place, and from the end, the engine goes on by
        keys, at any depth alike; where there is none, by relevance, it counts off from the start.
        """
        search, start = self.search(plan, tree), plan.start
        place, size = start.position if start else None, max(BLOCK, end - first)
        if plan.request.sort[0].name == RELEVANCE:
            return first, search(offset=first, limit=size)
        if plan.backward and (place or not start):
            block = search(before=place, backward=True, limit=min(size, end))
            return end - len(block.hits), block
        if place:
            return first, search(after=place, limit=size)
        return first, search(offset=first, limit=size)

    def _first_block(self, plan: Plan, tree: Node) -> Hits:
        """The first block of a tree as feedback finds it."""
        key = (plan.request.q, plan.filters, tree)
        return self._first_blocks.get(key, partial(self.search(plan, tree), limit=BLOCK))

    def led(self, plan: Plan, trees: Trees) -> Led:
        """The first blocks of trees whose results follow one another, as feedback orders them.

        It is worked out in this revision, alike for all pages. Raises `ValueError` for a plan
        without feedback.
        """
        recipe, ranking = plan.feedback, plan.ranking
        if recipe is None or ranking is None:
            raise ValueError("this plan has no feedback")
        return self._led.get(
            (plan.request.q, plan.filters, trees),
            lambda: with_feedback(
                [self._first_block(plan, tree) for tree in trees],
                *(ranking, self.reader.rows, self.open_snapshot(), recipe),
            ),
        )

    def scoring(self, plan: Plan, page: Page, ids: Sequence[str]) -> Scoring:
        """How the hits of a page by relevance, with these own ids, got their scores."""
        rowids = [hit.rowid for hit in page.hits]
        if page.matched is Match.ANY:
            shown = Or(tuple(Term("id", each) for each in ids))
            whole = self.open_snapshot().search(plan.parsed.all, shown, limit=len(ids), ranking=())
            rowids = [hit.rowid for hit in whole.hits]
        led = self.led(plan, trees_of(plan, page.matched)) if plan.feedback else Led((), ())
        first = {hit.rowid for block in led.blocks for hit in block.hits}
        return Scoring(plan.ranking or (), led.clauses, first, frozenset(rowids))

    def _then_partial(self, plan: Plan, full: Hits | None) -> Hits:
        """Behind the papers with all words those with some, by score; the sets are disjoint.

        `full` is the page among the former, None where feedback orders both.
        """
        whole, some = both = trees_of(plan, Match.ANY)
        full = full or self._page(plan, whole, both)
        total, snapshot = full.total, self.open_snapshot()
        first, count = _window(plan, lambda: total + snapshot.count(some, plan.filters))
        leading = full.hits
        if plan.backward:  # its window was that of the full matches alone
            wanted = max(0, min(count, total - first))
            leading = self._ranked(plan, whole, first, wanted, both).hits
        begin, wanted = max(0, first - total), count - len(leading)
        partial_hits = self._ranked(plan, some, begin, wanted, both)
        return Hits(total + partial_hits.total, leading + partial_hits.hits)

    def places(self, rowids: Sequence[int], request: SearchRequest) -> list[SortPosition | None]:
        """Where papers stand in the request's order; None where only its rank can tell.

        That is relevance, and a paper whose row is newer than the index: the index still has it at
        its former place, and a walk that went on behind the new one would repeat or skip papers.
        """
        names = [key.name for key in request.sort]
        if names[0] == RELEVANCE:
            return [None] * len(rowids)
        found = self.reader.sort_positions(rowids, names)
        places: list[SortPosition | None] = []
        for rowid in rowids:
            changed, values, tie = found[rowid]
            known = changed <= self.index_position
            places.append(SortPosition(tuple(values.values()), tie) if known else None)
        return places


def trees_of(plan: Plan, matched: Match) -> Trees:
    """The trees whose results, one behind the other, are that of a plan by relevance."""
    whole, some = plan.parsed.all, plan.parsed.any
    if matched is Match.ALL:
        return (whole,)
    return (some,) if plan.request.match is Match.ANY else (whole, And((some, Not(whole))))


def _window(plan: Plan, total: Callable[[], int]) -> tuple[int, int]:
    """The rank at which a page begins and how many hits to take, one more than it shows.

    Forward the one more is behind the page, backward ahead of it; `total` counts the result. The
    rank of a stale cursor may lie beyond that.
    """
    count, start = plan.request.limit + 1, plan.start
    if not plan.backward:
        return start.rank if start else 0, count
    end = start.rank - 1 if start else total()
    if plan.stale:
        end = min(end, total())
    first = max(0, end - count)
    return first, end - first


def _found(plan: Plan, hits: Hits, total_all: int, matched: Match) -> Found:
    """The page without the hit next to it, which only tells that there are more.

    The rank of a stale cursor is no more than a guess: it gives way to what is known of the ends.
    """
    limit, start = plan.request.limit, plan.start
    more = len(hits.hits) > limit
    if plan.backward:
        shown = hits.hits[-limit:]
        end = min(start.rank - 1, hits.total) if start else hits.total
        rank, earlier, later = max(1, end - len(shown)) if more else 0, more, start is not None
    else:
        shown = hits.hits[:limit]
        rank = hits.total - len(shown)
        if more:
            rank = min(rank - 1, start.rank if start else 0)
        earlier, later = rank > 0, more
    return Found(shown, rank, earlier, later, hits.total, total_all, matched)


def _release(reader: Reader, snapshot: Snapshot | None) -> None:
    reader.close()
    if snapshot is not None:
        snapshot.close()


def is_light(tree: Node | None) -> bool:
    """Whether a tree is only a few plain words, phrases and ranges."""
    leaves, waiting = 0, [tree] if tree is not None else []
    while waiting:
        node = waiting.pop()
        if isinstance(node, And | Or):
            waiting.extend(node.nodes)
        elif isinstance(node, Not):
            waiting.append(node.node)
        elif isinstance(node, Prefix | Wildcard | Fuzzy) or (
            isinstance(node, Phrase) and node.slop > 1
        ):
            return False
        else:
            leaves += 1
        if leaves > MAX_DIRECT_LEAVES:
            return False
    return True


@lru_cache(maxsize=256)
def parsed_of(text: str | None) -> Parsed:
    """`parse`, remembering recent queries; a page and its next pages parse once. None asks all."""
    return parse(text) if text else EVERYTHING


EVERYTHING = Parsed(all=Every(), any=Every(), relaxable=False, warnings=())

STALE = QueryWarning(
    "revision-changed",
    "The revision at which this walk began is no longer kept: papers that moved since may be "
    "repeated or missing. Start again without the cursor for an exact walk.",
)
