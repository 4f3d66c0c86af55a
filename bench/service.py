"""CPU of the service alone, in this process: extras of a search, and pages deep in a walk."""

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import replace

from bench.corpus import SEED, queries, shelf_folder
from index.shelf import Shelf
from schema.request import parse_request

COMMON = "alignment"
DEEP_PAGE = 50


def measure_service() -> None:
    """Print milliseconds of CPU for each extra, and for page 1 and page 50 of a walk."""
    with Shelf(shelf_folder()) as shelf:
        gc.collect()
        gc.freeze()
        drawn = queries(480)
        for words in queries(120, SEED - 1):  # as warm as a server that has answered others
            shelf.search(parse_request([("q", words)]))
        for size, goal in ((1, 0.5), (2, 1), (3, 4)):
            asked = [words for words in drawn if words.count(" ") == size - 1]
            name = f"cold search of {size} word{'s' * (size > 1)}"
            report(name, goal, [_search(shelf, words) for words in asked])
        searches = [words for words in drawn[:120] if " " in words]
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
    """One line: the median and the 95th of a hundred, in milliseconds."""
    most = statistics.quantiles(costs, n=20)[-1]
    print(
        f"{name:36} {statistics.median(costs):7.2f} ms   goal <= {goal:g} ms   (95 %: {most:.2f})"
    )


def cost(call: Callable[[], object]) -> float:
    """Milliseconds of CPU that a call takes in this thread."""
    before = time.thread_time()
    call()
    return (time.thread_time() - before) * 1e3


def _search(shelf: Shelf, words: str) -> float:
    """A first page of 20, with everything that a door asks of the service."""
    request = parse_request([("q", words)])
    return cost(lambda: shelf.answer(shelf.plan(request)))


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
