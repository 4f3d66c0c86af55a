"""CPU of the service alone, in this process: extras of a search, and pages deep in a walk."""

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import replace

from bench.corpus import queries, shelf_folder
from index.shelf import Shelf
from schema.request import parse_request

COMMON = "alignment"
DEEP_PAGE = 50


def measure_service() -> None:
    """Print milliseconds of CPU for each extra, and for page 1 and page 50 of a walk."""
    with Shelf(shelf_folder()) as shelf:
        gc.collect()
        gc.freeze()
        searches = [words for words in queries(120) if " " in words]
        report("highlights of 20 hits", 1.5, [_highlights(shelf, words) for words in searches])
        for names, goal in ((("year", "hasCode"), 1), (("category",), 3), (("author",), 40)):
            costs = [_facets(shelf, names, number) for number in range(9)]
            report(f"facets {' + '.join(names)} of `{COMMON}`", goal, costs)
        for sort in ("relevance", "-publishedAt", "-comments", "title"):
            first, deep = _walk(shelf, sort)
            print(
                f"{f'page {DEEP_PAGE} by {sort}':36} {deep:7.2f} ms   x{deep / first:.1f} of page 1"
            )


def report(name: str, goal: float, costs: list[float]) -> None:
    """One line: the median in milliseconds."""
    print(f"{name:36} {statistics.median(costs):7.2f} ms   goal <= {goal:g} ms")


def cost(call: Callable[[], object]) -> float:
    """Milliseconds of CPU that a call takes in this thread."""
    before = time.thread_time()
    call()
    return (time.thread_time() - before) * 1e3


def _highlights(shelf: Shelf, words: str) -> float:
    plan = shelf.plan(parse_request([("q", words)]))
    page = shelf.run(plan)
    return cost(lambda: shelf.highlights(page, plan)) * 20 / max(1, len(page.rows))


def _facets(shelf: Shelf, names: tuple[str, ...], number: int) -> float:
    """Each time with another size, since the same one would be remembered."""
    plan = shelf.plan(parse_request([("q", COMMON)]))
    page = shelf.run(plan)
    return cost(lambda: shelf.facets(page, plan, names, 10 + number))


def _walk(shelf: Shelf, sort: str) -> tuple[float, float]:
    """Median cost of page 1 and of page 50 of walks through a common word's papers."""
    firsts, deeps = [], []
    for number in range(5):
        request = parse_request([("q", COMMON), ("sort", sort), ("limit", str(20 - number))])
        costs: list[float] = []
        for _ in range(DEEP_PAGE):
            before = time.thread_time()
            page = shelf.search(request)
            costs.append((time.thread_time() - before) * 1e3)
            request = replace(request, cursor=page.next_cursor)
        firsts.append(costs[0])
        deeps.append(costs[-1])
    return statistics.median(firsts), statistics.median(deeps)
