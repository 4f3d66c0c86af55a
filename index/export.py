"""The whole result of a question, from one revision, a few hundred papers at a time."""

from collections.abc import Iterator, Sequence
from functools import partial

from index.query import Node
from index.view import BLOCK, Plan, Trees, trees_of
from schema.search import RELEVANCE, Hit, Match

ENGINE_BLOCK = 5000
"""Hits that are taken at once. By relevance an engine counts off all that lie ahead of a block, so
larger ones are fewer; 75,000 papers take 15, of 0.3 MB each."""

ROWS_AT_ONCE = 64
"""Papers that are read at once, about 100 kB."""


def exported(plan: Plan, *, whole: bool) -> Iterator[bytes]:
    """The papers that a plan without a cursor finds, in its order: JSON objects, UTF-8.

    They are list rows, or whole papers. Raises `Problem` `starting` without index. The iterator
    holds the plan, and so its view, until it ends or is let go.
    """
    reader, trees = plan.view.reader, _result(plan)
    read = reader.papers if whole else reader.rows
    for tree in trees:
        for hits in _blocks(plan, tree, trees):
            for first in range(0, len(hits), ROWS_AT_ONCE):
                rowids = [hit.rowid for hit in hits[first : first + ROWS_AT_ONCE]]
                stored = read(rowids)
                yield from map(stored.__getitem__, rowids)


def _result(plan: Plan) -> Trees:
    """The trees whose results, one behind the other, are that of a plan; see `View.find`."""
    request, parsed = plan.request, plan.parsed
    full = plan.view.open_snapshot().count(parsed.all, plan.filters)
    matched = parsed.matched(request.match, full)
    if request.sort[0].name == RELEVANCE:
        return trees_of(plan, matched)
    return (parsed.any if matched is Match.ANY else parsed.all,)


def _blocks(plan: Plan, tree: Node, trees: Trees) -> Iterator[Sequence[Hit]]:
    """The hits of a tree, one of those of the result; feedback orders the first `BLOCK`."""
    view, rank, place = plan.view, 0, None
    search = partial(view.search(plan, tree), limit=ENGINE_BLOCK)
    if plan.feedback:
        led = view.led(plan, trees).blocks[trees.index(tree)]
        yield led.hits
        if led.total <= BLOCK:
            return
        rank = BLOCK
    while True:
        # By its keys an engine finds a place at any depth alike; relevance has none.
        found = search(after=place) if place else search(offset=rank)
        yield found.hits
        rank += len(found.hits)
        if rank >= found.total or not found.hits:
            return
        (place,) = view.places([found.hits[-1].rowid], plan.request)
