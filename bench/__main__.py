"""`python -m bench`: CPU per request as multiples of a bare ASGI application, loading, the soak."""

import argparse
import asyncio
import json
import random
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

from bench.corpus import SEED, load, queries, shelf_folder
from bench.costs import measure_costs
from bench.export import measure_exports
from bench.follow import measure_following
from bench.server import Client, Server, running
from bench.service import measure_service
from bench.soak import soak

ROUNDS = 5
WHAT = ("requests", "loading", "service", "relevance", "soak", "costs", "export", "follow")
FIELDS = "id title publishedAt authorCount comments"
MORE = f"{FIELDS} abstract authors {{ name }}"
PAGE = """query Page($q: String, $after: String) {
  papers(query: $q, first: 20, after: $after) { nodes { %s } }
}"""
WALK = """query Walk($q: String, $after: String) {
  papers(query: $q, first: 20, after: $after) {
    totalCount pageInfo { hasNextPage endCursor } edges { cursor node { %s } }
  }
}"""

Request = Callable[[Client], tuple[int, bytes]]


def get(target: str) -> Request:
    """A GET of a path with its query string."""
    return lambda client: client.get(target)


def graphql(document: str, **variables: object) -> Request:
    """A POST of a GraphQL request."""
    body = json.dumps({"query": document, "variables": variables}).encode()
    return lambda client: client.post("/graphql", body)


def anew(document: str) -> list[list[Request]]:
    """Requests for one page that nobody has sent: a variable that is not used tells them apart.

    So they are executed, over a page that is known.
    """
    count = 100
    return [
        [graphql(document, n=number * count + each) for each in range(count)]
        for number in range(ROUNDS)
    ]


def paths(ids: list[str]) -> dict[str, tuple[float, list[list[Request]]]]:
    """Each measured path: its goal, and a list of requests for every round."""
    drawn = [queries(100, SEED + number) for number in range(2 * ROUNDS)]
    searches, others = drawn[:ROUNDS], drawn[ROUNDS:]

    def asked(words: range) -> list[list[Request]]:
        return [
            [get(f"/v1/papers?{urlencode({'q': q})}") for q in each if len(q.split()) in words]
            for each in searches
        ]

    listing = [get(f"/v1/papers?{urlencode({'sort': s})}") for s in ("-publishedAt", "title")]
    page = PAGE % FIELDS
    repeated = urlencode({"query": page})
    return {
        "by id": (3, [[get(f"/v1/papers/{each}") for each in ids * 4]] * ROUNDS),
        "list of 20": (5, [listing[:1] * 200] * ROUNDS),
        "list of 20 by title": (5, [listing[1:] * 100] * ROUNDS),
        "cold search, 1-2 words": (20, asked(range(1, 3))),
        "cold search, 3 words": (110, asked(range(3, 4))),
        "GraphQL page of 20": (15, anew(page)),
        "with authors, abstract": (20, anew(PAGE % MORE)),
        "as edges with cursors": (20, anew(WALK % FIELDS)),
        "GraphQL repeated, POST": (2, [[graphql(page)] * 200] * ROUNDS),
        "GraphQL repeated, GET": (2, [[get(f"/graphql?{repeated}")] * 200] * ROUNDS),
        "GraphQL search of 20": (60, [[graphql(page, q=q) for q in each] for each in others]),
    }


def measure_requests() -> None:
    """Print a line for every path: microseconds of server CPU, and multiples of the bare one.

    Searches are cold, none was asked before, but the server is warm: 500 others were.
    """
    with running() as bare, running(shelf_folder()) as shelf:
        client = shelf.connect()
        rows = json.loads(client.get("/v1/papers?limit=100&sort=title")[1])["data"]
        client.close()
        ids = [row["id"] for row in rows]
        random.Random(SEED).shuffle(ids)
        cost(shelf, [get(f"/v1/papers?{urlencode({'q': q})}") for q in queries(500, SEED - 1)])
        hello: list[float] = []
        costs: dict[str, list[float]] = {}
        measured = paths(ids)
        for number in range(ROUNDS):
            hello.append(cost(bare, [get("/")] * 1000))
            for name, (_, rounds) in measured.items():
                costs.setdefault(name, []).append(cost(shelf, rounds[number]))
    base = statistics.median(hello)
    print(f"{'bare hello':24} {base * 1e6:8.0f} us   x1.0")
    for name, (goal, _) in measured.items():
        value = statistics.median(costs[name])
        print(f"{name:24} {value * 1e6:8.0f} us   x{value / base:<6.1f} goal <= x{goal:g}")


def cost(server: Server, requests: list[Request]) -> float:
    """CPU seconds of the server for each of `requests`; every answer must be 200."""
    client = server.connect()
    before = server.cpu()
    for request in requests:
        status, body = request(client)
        if status != 200:
            raise SystemExit(f"status {status}: {body[:300]!r}")
    spent = server.cpu() - before
    client.close()
    return spent / len(requests)


def measure_loading(engine: str) -> None:
    """Load the large corpus into a fresh folder and print what it cost."""
    with tempfile.TemporaryDirectory() as folder:
        figures = load(Path(folder) / "shelf", engine)
    print(f"{figures.papers:,} papers, engine {engine}")
    print(f"{figures.papers / figures.wall:,.0f} papers/s wall, {figures.wall:.1f} s")
    print(f"{figures.papers / figures.cpu:,.0f} papers/s CPU, {figures.cpu:.1f} s")
    print(f"peak memory {figures.peak / 2**20:.0f} MiB")
    print(f"database {figures.database / 2**20:.0f} MiB, index {figures.index / 2**20:.0f} MiB")


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("what", nargs="?", choices=WHAT)
    parser.add_argument("--engine", choices=("tantivy", "whoosh"), default="tantivy")
    parser.add_argument("--minutes", type=float, default=10.0, help="of a soak")
    parser.add_argument("--data", type=Path, help="soak, export or follow a copy of this shelf")
    parser.add_argument("--seed", type=int, default=SEED, help="of a soak")
    parser.add_argument("--steps", action="store_true", help="each step of the ranking alone")
    parser.add_argument(
        "--leave-one-out", action="store_true", help="constants chosen without each collection"
    )
    arguments = parser.parse_args()
    if arguments.what == "soak":
        sys.exit(not asyncio.run(soak(arguments.minutes, arguments.seed, arguments.data)))
    if arguments.what == "costs":
        asyncio.run(measure_costs(arguments.data, arguments.seed))
    if arguments.what == "follow":
        asyncio.run(measure_following(arguments.data))
    if arguments.what == "export":
        asyncio.run(measure_exports(arguments.data))
    if arguments.what == "loading":
        measure_loading(arguments.engine)
    if arguments.what == "relevance":
        from bench.relevance import measure_relevance  # needs packages that the others do not

        measure_relevance(steps=arguments.steps, leave_one_out=arguments.leave_one_out)
    if arguments.what in (None, "requests"):
        measure_requests()
    if arguments.what in (None, "service"):
        measure_service()


main()
