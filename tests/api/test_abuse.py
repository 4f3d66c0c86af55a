"""Hostile traffic against a real server: it is refused or answered, cheaply, and others are served.

What is sent and what may come back is written down in `bench/attacks.py`; the soak sends the same.
"""

import asyncio
import json
import random
import re
import time
from collections.abc import Iterator
from inspect import signature
from pathlib import Path

import pytest

from api.connections import Bounds
from api.graphql.cost import MAX_COST
from api.heads import MAX_HEAD
from api.http import MAX_PARAMETERS
from api.pool import Pool
from api.protocol import MAX_PIPELINED
from api.routes import MAX_BATCH
from api.settings import Settings
from api.streaming import LONGEST, MAX_STREAMS
from api.writing import LOADED_WITHIN, MAX_REJECTS, MAX_UNPACKED, MAX_UPLOAD, MAX_UPLOADS
from bench.assault import POOLS, carry_out
from bench.attacks import ATTACK, ATTACKS
from bench.corpus import generated
from bench.facts import gather_facts
from bench.hostile import Attack, Ending
from bench.traffic import Facts
from bench.watched import Watched, serving
from bench.wire import Connection, request
from index.shelf import Shelf
from schema.errors import PROBLEMS
from schema.search import MAX_LIMIT, MAX_QUERY_LENGTH
from tests.api.client import Silent
from tests.conftest import Tell
from tests.paths import REPOSITORY
from tests.scale import SEED
from tests.test_documents import table

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/schedstat").exists(), reason="watches the server through Linux's /proc"
)

PAPERS = 400
AT_ONCE = 3
PATIENCE = 60.0
CPU_SECONDS = 0.5
"""What one attack may cost the server, the bystander's requests included."""
DEAF_SECONDS = 3.0
DEAF_BYTES = 64 * 2**20
BRIEF = [each for each in ATTACKS if each.ending not in (Ending.WAITS, Ending.DEAF)]
WAITING = [each for each in ATTACKS if each.ending is Ending.WAITS]


class Besieged:
    """A server and what is known of its shelf, in an event loop that goes on between tests."""

    def __init__(self, runner: asyncio.Runner, server: Watched, facts: Facts) -> None:
        self._runner = runner
        self.server = server
        self.facts = facts
        self._idle = server.sockets()

    def suffer(self, *attacks: Attack, deaf_for: float = 0) -> list[list[str]]:
        """The codes that each attack met, all at once, while a bystander was served."""
        return self._runner.run(self._suffer(attacks, deaf_for))

    async def _suffer(self, attacks: tuple[Attack, ...], deaf_for: float) -> list[list[str]]:
        over = asyncio.Event()
        bystander = asyncio.ensure_future(self._bystander(over))
        words = self.facts.words
        try:
            async with asyncio.timeout(2 * PATIENCE):
                met = await asyncio.gather(
                    *(
                        carry_out(
                            attack,
                            self.server.port,
                            random.Random(f"{SEED} {attack.name} {number}"),
                            words,
                            deaf_for,
                        )
                        for number, attack in enumerate(attacks)
                    )
                )
        finally:
            over.set()
            served = await bystander
        assert served >= 3
        await self._let_go()
        return met

    async def _bystander(self, over: asyncio.Event) -> int:
        """How many searches were answered, each of them rightly, until it was over."""
        text, total = next(iter(self.facts.totals.items()))
        served = 0
        while not over.is_set() or served < 3:
            connection = await Connection.open(self.server.port)
            target = f"/v1/papers?q={text}&match=all&limit=5"
            await connection.send(request("GET", target, "Connection: close"))
            reply = await connection.reply()
            connection.close()
            assert reply is not None
            assert reply.status == 200, reply
            assert reply.json()["meta"]["total"] == total
            served += 1
            await asyncio.sleep(0.02)
        return served

    async def _let_go(self) -> None:
        """Wait until the server has let go of every connection."""
        async with asyncio.timeout(PATIENCE):
            while self.server.sockets() > self._idle:
                await asyncio.sleep(0.05)

    def calm_down(self, seconds: float = 0.5) -> None:
        """Learn how many sockets there are while nobody is connected."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._idle = min(self._idle, self.server.sockets())
            time.sleep(0.02)


@pytest.fixture(scope="module")
def besieged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Besieged]:
    """A server over made-up papers, which must have stayed quiet when it ends."""
    folder = tmp_path_factory.mktemp("besieged")
    source = folder / "papers.jsonl"
    source.write_text("".join(json.dumps(each) + "\n" for each in generated(PAPERS)))
    with Shelf(folder / "data") as shelf:
        assert shelf.load([source], Silent()).added == PAPERS
    with asyncio.Runner() as runner:
        context = serving(folder / "data")
        server = runner.run(context.__aenter__())
        try:
            facts = runner.run(gather_facts(server.port, 0))
            besieged = Besieged(runner, server, facts)
            besieged.calm_down()
            yield besieged
        finally:
            runner.run(context.__aexit__(None, None, None))
    assert server.ending == ""


@pytest.mark.parametrize("attack", BRIEF, ids=lambda attack: attack.name)
def test_an_attack_is_cheap_and_holds_up_nobody(besieged: Besieged, attack: Attack) -> None:
    before = besieged.server.cpu()
    met = besieged.suffer(*[attack] * AT_ONCE)
    assert besieged.server.cpu() - before < AT_ONCE * CPU_SECONDS
    if attack.ending not in (Ending.LEAVES, Ending.RESETS):
        assert all(met), met


def test_half_sent_requests_keep_nobody_from_being_served(besieged: Besieged) -> None:
    attacks = [*WAITING, *[ATTACK["half a head"], ATTACK["half a body"]] * 199]
    met = besieged.suffer(*attacks)
    assert met == [list(attack.codes) for attack in attacks]


def test_who_does_not_read_costs_little_memory(besieged: Besieged, tell: Tell) -> None:
    before = besieged.server.memory()
    besieged.suffer(*[ATTACK["deaf client"]] * POOLS["deaf client"], deaf_for=DEAF_SECONDS)
    growth = besieged.server.memory() - before
    tell(f"{growth / 2**20:.1f} MiB for {POOLS['deaf client']} who do not read")
    assert growth < DEAF_BYTES


def test_there_are_attacks_of_every_kind() -> None:
    assert {each.ending for each in ATTACKS} == set(Ending)
    assert len(ATTACK) == len(ATTACKS)


def test_the_bounds_are_documented() -> None:
    bounds, budget = Bounds(), signature(Pool).parameters["budget"].default
    expected = [
        ("request line and headers", f"{MAX_HEAD // 1024} KiB, in {bounds.head:g} s"),
        (
            "body",
            f"{Settings().max_body // 1024} KiB, in {bounds.body:g} s, or at "
            f"{bounds.rate / 1024:g} KiB a second",
        ),
        ("upload with the token", f"{MAX_UPLOAD // 2**20} MiB, at the same rate"),
        ("the same, unpacked", f"{MAX_UNPACKED // 2**20:,} MiB"),
        ("rejects of an upload", f"{MAX_REJECTS:,}"),
        ("time to load an upload", f"{LOADED_WITHIN:g} s"),
        ("uploads at once", f"{MAX_UPLOADS}, one of them loading"),
        ("connections of a worker", f"{Settings().max_connections:,}"),
        ("requests on a connection ahead of their answers", f"{MAX_PIPELINED}"),
        ("a connection without a request", f"{bounds.idle:g} s"),
        ("an answer that is not read", f"{bounds.reader:g} s for 64 KiB"),
        ("parameters of an address", f"{MAX_PARAMETERS}"),
        ("text of a query", f"{MAX_QUERY_LENGTH:,} characters"),
        ("ids of a batch", f"{MAX_BATCH}"),
        ("papers of a page", f"{MAX_LIMIT}"),
        ("whole results that a worker sends at once", f"{MAX_STREAMS}, each for {LONGEST:,.0f} s"),
        ("cost of a GraphQL operation", f"{MAX_COST:,}"),
        ("time that a search waits and works", f"{budget:g} s"),
    ]
    rows = table(REPOSITORY / "docs" / "safety.md", "bounds")
    assert [(what, bound) for what, bound, _ in rows] == expected
    codes = {code for *_, refused in rows for code in re.findall("`(.*?)`", refused)}
    assert codes <= set(PROBLEMS)
