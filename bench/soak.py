"""The soak: valid and hostile traffic at once for minutes, and a verdict. See docs/safety.md."""

import asyncio
import json
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.assault import BUSY
from bench.corpus import generated
from bench.facts import gather_facts
from bench.loader import EXTRA
from bench.traffic import Exchange, Facts, Kind
from bench.valid import KINDS
from bench.watched import Helper, Watched, helping, serving
from bench.wire import Connection, Wrong
from index.shelf import Shelf
from tests.api.client import Silent

PAPERS = 4_000
CLIENTS = 12
VALID_RATE = 60.0
HOSTILE_RATE = 40.0
"""Requests a second; the waiting connections of `bench.assault.POOLS` come on top."""
ALONE_SECONDS = 60.0
"""Valid traffic alone, before and after; a quarter of a shorter soak."""
WARM_SECONDS = 3.0
SETTLED_SECONDS = 60.0
IDLE_SECONDS = 4.0
"""What the server must let a connection be idle for; it hangs up a second later."""
LET_GO_SECONDS = 15.0
"""How soon after the end every connection must be closed."""
MAX_GROWTH = 0.10
MAX_SLOWER = 5.0
JUDGED_MINUTES = 2.0
"""Shorter soaks judge neither memory nor times: they have too few samples."""
REUSE = 0.8
"""The share of requests that go on a connection which is open already."""


@dataclass(slots=True)
class Tally:
    """What came of the valid requests of a phase: kind and seconds of each, as they came.

    `kept_waiting` is the share of the phase in which the server's event loop had to wait for a
    core: where that is much, the times tell of the machine, not of the server.
    """

    times: list[tuple[str, float]] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    busy: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    kept_waiting: float = 0.0

    def seconds(self, kind: str = "", since: int = 0) -> list[float]:
        """What each request of a kind took, or of every kind, but for the first `since`."""
        return [each for name, each in self.times[since:] if kind in ("", name)]


def percentile(seconds: Sequence[float], share: int) -> float:
    """Milliseconds that so many percent of the times stay within, by the nearest rank."""
    ranked = sorted(seconds)
    return ranked[min(len(ranked) - 1, len(ranked) * share // 100)] * 1e3 if ranked else 0.0


class Valid:
    """Clients that ask `VALID_RATE` valid requests a second together and check every answer."""

    def __init__(self, server: Watched, facts: Facts, chance: random.Random) -> None:
        self._server = server
        self._facts = facts
        self._chance = chance
        self._weights = [kind.weight for kind in KINDS]
        self.tally = Tally()

    async def run(self, seconds: float) -> Tally:
        """Ask for so long; what came of it."""
        self.tally = Tally()
        end, waited = time.monotonic() + seconds, self._server.loop_kept_waiting()
        await asyncio.gather(*(self._client(end) for _ in range(CLIENTS)))
        waited = self._server.loop_kept_waiting() - waited
        self.tally.kept_waiting = waited / seconds
        return self.tally

    async def _client(self, end: float) -> None:
        connection: Connection | None = None
        while time.monotonic() < end:
            await asyncio.sleep(self._chance.expovariate(VALID_RATE / CLIENTS))
            [kind] = self._chance.choices(KINDS, self._weights)
            if connection and self._chance.random() > REUSE:
                connection.close()
                connection = None
            try:
                connection = await self._ask(kind, connection)
            except (Wrong, OSError, TimeoutError, LookupError, TypeError) as error:
                fault = f"{kind.name}: {type(error).__name__} {error}"
                self.tally.faults[fault[:400]] += 1
                connection = None
        if connection:
            connection.close()

    async def _ask(self, kind: Kind, connection: Connection | None) -> Connection | None:
        """One exchange, or a walk of several; the connection to go on with."""
        exchange: Exchange | None = kind.make(self._chance, self._facts)
        while exchange:
            began = time.perf_counter()
            connection = connection or await Connection.open(self._server.port)
            try:
                await connection.send(exchange.sent)
                reply = await connection.reply(exchange.method)
            except ConnectionError:
                reply = None
            if reply is None:
                connection.close()
                if time.monotonic() < connection.used + IDLE_SECONDS:
                    raise Wrong("the server hung up")
                connection = None
                continue
            self.tally.times.append((kind.name, time.perf_counter() - began))
            self.tally.statuses[reply.status] += 1
            if reply.status == 503 and reply.code == BUSY:
                self.tally.busy += 1
                break
            exchange = exchange.check(reply)
        return connection


@dataclass(slots=True)
class Watch:
    """Samples of a server, one a second, and a line a minute of how it goes."""

    server: Watched
    valid: Valid
    assault: Helper
    memory: list[int] = field(default_factory=list)
    sockets: list[int] = field(default_factory=list)

    async def run(self, seconds: float) -> None:
        """Sample for so long."""
        began, seen, cpu = time.monotonic(), 0, self.server.cpu()
        for number in range(1, int(seconds) + 1):
            await asyncio.sleep(max(0.0, began + number - time.monotonic()))
            self.memory.append(self.server.memory())
            self.sockets.append(self.server.sockets())
            if number % 60 == 0 or number == int(seconds):
                times = self.valid.tally.seconds(since=seen)
                seen += len(times)
                spent, cpu = self.server.cpu() - cpu, self.server.cpu()
                hostile = sum(json.loads(await self.assault.ask())["sent"].values())
                print(
                    f"{number:5} s: {seen:,} valid, {hostile:,} hostile; "
                    f"p50 {percentile(times, 50):.1f} ms, p99 {percentile(times, 99):.0f} ms; "
                    f"{self.memory[-1] / 2**20:.0f} MiB own, {self.sockets[-1]} sockets, "
                    f"{spent / ((number - 1) % 60 + 1):.0%} of a core",
                    flush=True,
                )


@dataclass(slots=True)
class Outcome:
    """What a soak saw: tallies of the three phases, samples of the second, what was left open.

    `ending` is what was wrong with the server's end, empty if nothing was.
    """

    minutes: float
    before: Tally
    during: Tally
    after: Tally
    hostile: dict[str, Any]
    memory: Sequence[int]
    most_sockets: int
    left_open: int
    loaded: int
    ending: str = ""


@dataclass(frozen=True, slots=True)
class Criterion:
    """What must hold, what was seen, and whether it held: None where it was not judged."""

    name: str
    seen: str
    held: bool | None


async def soak(minutes: float, seed: int, folder: Path | None) -> bool:
    """Soak a server over a copy of the shelf in `folder`, or a made one; whether all held.

    Prints a line a minute and a table at the end.
    """
    print(f"seed {seed}", flush=True)
    with shelf(folder) as data:
        async with serving(data) as server:
            outcome = await phases(server, data, minutes, seed)
        outcome.ending = server.ending
    criteria = judge(outcome)
    print(table(outcome))
    for each in criteria:
        word = {True: "held", False: "FAILED", None: "not judged"}[each.held]
        print(f"{each.name:58} {each.seen:>26}  {word}")
    return all(each.held is not False for each in criteria)


@contextmanager
def shelf(folder: Path | None) -> Iterator[Path]:
    """A copy of the shelf in `folder`, or one of made-up papers; it is gone at the end."""
    with tempfile.TemporaryDirectory(prefix="papershelf-soak-") as scratch:
        data, source = Path(scratch) / "data", Path(scratch) / "papers.jsonl"
        if folder is not None:
            shutil.copytree(folder, data)
        else:
            with source.open("w", encoding="utf-8") as lines:
                lines.writelines(json.dumps(paper) + "\n" for paper in generated(PAPERS))
            with Shelf(data) as made:
                made.load([source], Silent())
        yield data


async def phases(server: Watched, data: Path, minutes: float, seed: int) -> Outcome:
    """Valid traffic alone, with hostile traffic beside it, and alone again."""
    facts = await gather_facts(server.port, EXTRA)
    words = " ".join(facts.words)
    valid = Valid(server, facts, random.Random(f"{seed} valid"))
    alone = min(ALONE_SECONDS, minutes * 60 / 4)
    idle = await settled(server, 0)
    async with helping("bench.loader", str(data), f"{seed} loader", words) as loader:
        await valid.run(min(WARM_SECONDS, alone))
        before = await valid.run(alone)
        arguments = (str(server.port), f"{seed} hostile", str(HOSTILE_RATE), words)
        async with helping("bench.assault", *arguments) as assault:
            watch = Watch(server, valid, assault)
            during, _ = await asyncio.gather(valid.run(minutes * 60), watch.run(minutes * 60))
            hostile = json.loads(await assault.end())
        await settled(server, idle)
        after = await valid.run(alone)
        loaded = int(await loader.end())
    return Outcome(
        minutes,
        before,
        during,
        after,
        hostile,
        watch.memory,
        max(watch.sockets, default=0),
        await settled(server, idle) - idle,
        loaded,
    )


async def settled(server: Watched, idle: int) -> int:
    """The open sockets once they are no more than `idle`, or after some seconds."""
    deadline = time.monotonic() + (LET_GO_SECONDS if idle else 1.0)
    while (found := server.sockets()) > idle and time.monotonic() < deadline:
        await asyncio.sleep(0.2)
    return found


def judge(outcome: Outcome) -> list[Criterion]:
    """The criteria of a soak, in the order in which they are printed."""
    tallies = (outcome.before, outcome.during, outcome.after)
    statuses = sum((each.statuses for each in tallies), Counter[int]())
    valid = sum(statuses.values())
    failures = sum(count for status, count in statuses.items() if status >= 500)
    busy = sum(each.busy for each in tallies)
    faults = sum((each.faults for each in tallies), Counter[str]())
    hostile = outcome.hostile
    alone = outcome.before.seconds() + outcome.after.seconds()
    fast, slow = percentile(alone, 99), percentile(outcome.during.seconds(), 99)
    growth = grown(outcome.memory)
    long = outcome.minutes >= JUDGED_MINUTES
    return [
        Criterion(
            "valid answers are right",
            f"{sum(faults.values())} faults of {valid:,}",
            not faults and valid > 0,
        ),
        Criterion(
            "hostile requests are refused or answered as they must be",
            f"{sum(hostile['faults'].values())} faults of {sum(hostile['sent'].values()):,}",
            not hostile["faults"],
        ),
        Criterion(
            "no 5xx but 503 by budget", f"{failures - busy} others, {busy} by budget",
            failures == busy,
        ),
        Criterion(
            f"own memory grows <= {MAX_GROWTH:.0%} after the first minute",
            f"{growth:+.1%}",
            growth <= MAX_GROWTH if long else None,
        ),
        Criterion(
            "no socket stays open",
            f"{outcome.left_open} of {outcome.most_sockets}",
            outcome.left_open <= 0,
        ),
        Criterion(
            "nothing is logged of strangers, and the server ends well",
            f"{len(outcome.ending)} characters",
            not outcome.ending,
        ),
        Criterion(
            f"p99 amid hostile traffic <= {MAX_SLOWER:g} times p99 without",
            f"{slow:.1f} / {fast:.1f} ms = x{slow / fast if fast else 0:.1f}",
            slow <= MAX_SLOWER * fast if long else None,
        ),
    ]  # fmt: skip


def grown(memory: Sequence[int]) -> float:
    """How much the most of the samples exceeds the one after the first minute."""
    later = memory[int(SETTLED_SECONDS) :]
    return max(later) / later[0] - 1 if later else 0.0


def table(outcome: Outcome) -> str:
    """The kinds of valid requests, slowest first; the faults; what hostile requests met."""
    lines = [f"{'':18} {'requests':>9} {'alone p50':>10} {'p99':>8} {'amid p50':>10} {'p99':>8} ms"]
    kinds = [kind.name for kind in KINDS]
    kinds.sort(key=lambda name: -percentile(outcome.during.seconds(name), 99))
    for name in ("", *kinds):
        alone, amid = (each.seconds(name) for each in (outcome.before, outcome.during))
        figures = [percentile(each, share) for each in (alone, amid) for share in (50, 99)]
        lines.append(
            f"{name or 'all':18} {len(amid):9,} {figures[0]:10.1f} {figures[1]:8.1f} "
            f"{figures[2]:10.1f} {figures[3]:8.1f}"
        )
    after = outcome.after.seconds()
    lines.append(f"afterwards p50 {percentile(after, 50):.1f}, p99 {percentile(after, 99):.1f} ms")
    waits = ", ".join(
        f"{each.kept_waiting:.0%}" for each in (outcome.before, outcome.during, outcome.after)
    )
    lines.append(f"time that the event loop waited for a core, alone, amid, after: {waits}")
    lines.append(f"papers loaded meanwhile: {outcome.loaded:,}")
    lines.append(f"statuses of valid requests: {dict(sorted(outcome.during.statuses.items()))}")
    codes = Counter(outcome.hostile["codes"])
    said = ", ".join(f"{count:,} {code or 'answered'}" for code, count in codes.most_common())
    lines.append(f"hostile: {said}")
    phases_ = {"before": outcome.before, "during": outcome.during, "after": outcome.after}
    for phase, tally in phases_.items():
        lines += [f"FAULT {phase}: {n} x {text}" for text, n in tally.faults.most_common(20)]
    faults = Counter(outcome.hostile["faults"])
    lines += [f"FAULT hostile: {n} x {text}" for text, n in faults.most_common(20)]
    return "\n".join([*lines, outcome.ending[:4000]])
