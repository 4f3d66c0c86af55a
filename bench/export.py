"""What a whole export costs the server, and everybody else: `python -m bench export`."""

import asyncio
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.corpus import shelf_folder
from bench.soak import shelf
from bench.watched import Watched, serving
from bench.wire import Connection, request

SAMPLE_SECONDS, BEGINNING_SECONDS = 0.02, 0.5
SMALL = 1500
"""Small requests of which the 99th percentile is told."""


@dataclass(frozen=True, slots=True)
class Case:
    """An export: its suffix, the rest of its address, and the coding that is asked for."""

    suffix: str
    query: str = ""
    coding: str = ""

    @property
    def target(self) -> str:
        """The address of the export."""
        return f"/v1/papers{self.suffix}{self.query}"


CASES = (
    Case(".ndjson"),
    Case(".csv"),
    Case(".bib"),
    Case(".ndjson", "?sort=title"),
    Case(".ndjson", "?sort=-upvotes,title"),
    Case(".ndjson", "?q=we"),
    Case(".ndjson", "?q=we+show+that+a+model&match=any"),
    Case(".ndjson", coding="zstd"),
    Case(".ndjson", coding="br"),
    Case(".ndjson", coding="gzip"),
    Case(".csv", coding="gzip"),
)


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one export: bytes received, seconds of it, of the server's CPU, growth in bytes."""

    size: int
    wall: float
    cpu: float
    growth: int


async def measure_exports(folder: Path | None) -> None:
    """Print a line for each export, and how long others wait while two run."""
    with shelf(folder or shelf_folder()) as data:
        async with serving(data) as server:
            await _measure(server)


async def _measure(server: Watched) -> None:
    print(f"{'':46} {'papers':>7} {'MB':>5} {'s':>6} {'CPU ms/1,000':>13} {'MiB grown':>10}")
    for case in CASES:
        total = (await _json(server, f"/v1/papers{case.query}"))["meta"]["total"]
        cost = await _cost(server, case)
        name = f"{case.target} {case.coding}"
        figures = (
            f"{total:7,} {cost.size / 1e6:5.0f} {cost.wall:6.1f} {cost.cpu * 1e6 / total:13.1f}"
        )
        print(f"{name:46} {figures} {cost.growth / 2**20:10.1f}", flush=True)
    before = server.memory()
    eight = [Case(".csv", coding=each) for each in ("", "zstd", "br", "gzip") for _ in range(2)]
    peak = await _peak(server, asyncio.gather(*(_download(server, case) for case in eight)))
    print(f"{'eight of CSV at once':46} {(peak - before) / 2**20:45.1f}")
    alone = await _latencies(server)
    running = [asyncio.ensure_future(_over_and_over(server, case)) for case in CASES[:2]]
    await asyncio.sleep(BEGINNING_SECONDS)
    beside = await _latencies(server)
    for each in running:
        each.cancel()
    for name, taken in (("alone", alone), ("beside two exports", beside)):
        p50, p99 = statistics.median(taken) * 1e3, statistics.quantiles(taken, n=100)[98] * 1e3
        print(f"{SMALL:,} small requests {name:20} p50 {p50:.2f} ms, p99 {p99:.2f} ms")


async def _cost(server: Watched, case: Case) -> Cost:
    before, cpu, began = server.memory(), server.cpu(), time.monotonic()
    done = asyncio.ensure_future(_download(server, case))
    peak = await _peak(server, done)
    return Cost(done.result(), time.monotonic() - began, server.cpu() - cpu, peak - before)


async def _peak(server: Watched, done: "asyncio.Future[Any]") -> int:
    """The most memory that the server has until something is done."""
    peak = server.memory()
    while not done.done():
        peak = max(peak, server.memory())
        await asyncio.sleep(SAMPLE_SECONDS)
    await done
    return peak


async def _download(server: Watched, case: Case) -> int:
    """Read an export to its last chunk; how many bytes came."""
    lines = ("Connection: close", *([f"Accept-Encoding: {case.coding}"] if case.coding else []))
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(request("GET", case.target, *lines))
    size, end = 0, b""
    while chunk := await reader.read(1 << 20):
        size += len(chunk)
        end = (end + chunk)[-5:]
    writer.close()
    if end != b"0\r\n\r\n":
        raise SystemExit(f"{case.target} broke off behind {size:,} bytes")
    return size


async def _over_and_over(server: Watched, case: Case) -> None:
    while True:
        await _download(server, case)


async def _latencies(server: Watched) -> list[float]:
    """Seconds of small requests on one connection, which have nothing to do with exports."""
    rows = (await _json(server, "/v1/papers?limit=100&sort=title"))["data"]
    targets = [f"/v1/papers/{row['id']}" for row in rows] + ["/v1/papers?limit=20"]
    connection, taken = await Connection.open(server.port), []
    for number in range(SMALL):
        began = time.perf_counter()
        await connection.send(request("GET", targets[number % len(targets)]))
        await connection.reply()
        taken.append(time.perf_counter() - began)
        await asyncio.sleep(0.002)
    connection.close()
    return taken


async def _json(server: Watched, target: str) -> Any:
    connection = await Connection.open(server.port)
    await connection.send(request("GET", target))
    reply = await connection.reply()
    connection.close()
    assert reply is not None
    return reply.json()
