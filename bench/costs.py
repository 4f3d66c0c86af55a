"""What one request of each kind costs the server: how long it holds the event loop, and the rest.

Nobody else is served while the event loop runs one piece of work, so the worst of these figures
decides how slow the slowest valid requests are.
"""

import asyncio
import random
import statistics
from collections.abc import Awaitable, Callable
from pathlib import Path

from bench.assault import carry_out
from bench.attacks import ATTACKS
from bench.facts import gather_facts
from bench.hostile import Attack, Ending
from bench.soak import shelf
from bench.traffic import Exchange, Facts, Kind
from bench.valid import KINDS
from bench.watched import Watched, serving
from bench.wire import Connection, Wrong

TIMES = 7
QUIET_SECONDS = 0.02
"""What the server gets to finish in, before its thread is asked for its CPU time."""

Once = Callable[[], Awaitable[object]]


async def measure_costs(folder: Path | None, seed: int) -> None:
    """Print a line for each kind of valid and hostile request, the costliest first."""
    with shelf(folder) as data:
        async with serving(data) as server:
            facts = await gather_facts(server.port, 0)
            chance = random.Random(f"{seed} costs")
            costs = {kind.name: await _cost(server, kind.name, _valid(server, kind, chance, facts))
                     for kind in KINDS}  # fmt: skip
            for attack in ATTACKS:
                if attack.ending not in (Ending.WAITS, Ending.DEAF):
                    once = _hostile(server, attack, chance, facts)
                    costs[f"! {attack.name}"] = await _cost(server, attack.name, once)
    print(f"{'ms of CPU':28} {'event loop worst':>18} {'median':>8} {'other threads':>15}")
    for name, (worst, median, others) in sorted(costs.items(), key=lambda each: -each[1][0]):
        print(f"{name:28} {worst:18.2f} {median:8.2f} {others:15.2f}")


def _valid(server: Watched, kind: Kind, chance: random.Random, facts: Facts) -> Once:
    async def once() -> None:
        connection = await Connection.open(server.port)
        exchange: Exchange = kind.make(chance, facts)
        await connection.send(exchange.sent)
        await connection.reply(exchange.method)
        connection.close()

    return once


def _hostile(server: Watched, attack: Attack, chance: random.Random, facts: Facts) -> Once:
    async def once() -> None:
        await carry_out(attack, server.port, chance, facts.words)

    return once


async def _cost(server: Watched, name: str, once: Once) -> tuple[float, float, float]:
    """Milliseconds of the event loop, worst and median, and of all other threads, median."""
    loop, others = [], []
    for _ in range(TIMES):
        await asyncio.sleep(QUIET_SECONDS)
        before, before_all = server.loop_cpu(), server.cpu()
        try:
            await once()
        except Wrong as wrong:  # the soak counts such; here only what it cost is of interest
            print(f"{name}: {wrong}")
            return 0, 0, 0
        await asyncio.sleep(QUIET_SECONDS)
        loop.append((server.loop_cpu() - before) * 1e3)
        others.append((server.cpu() - before_all) * 1e3 - loop[-1])
    return max(loop), statistics.median(loop), statistics.median(others)
