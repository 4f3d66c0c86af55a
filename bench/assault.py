"""Carries out hostile traffic: one attack at a time, or all of them until told to stop."""

import asyncio
import contextlib
import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Iterable, Sequence

from bench.attacks import ATTACK, ATTACKS
from bench.hostile import Attack, Ending
from bench.wire import Connection, Reply, Wrong, request

BUSY = "time-budget"
"""What any request may meet while the server is busy."""
FULL = "server-busy"
"""What any connection may meet while there are too many."""
CUT = "request-timeout"
"""What a slow sender is told."""
LONGEST = 60.0
"""Seconds after which the server must have hung up on who never goes on; its limits are shorter."""
DEAF_SECONDS = (2.0, 25.0)
SLOW_SECONDS = 4.0
"""A client of ours that was kept from running for so long may meet the limits of slow ones."""
POOLS = {"half a head": 200, "half a body": 200, "silence": 20, "deaf client": 20}
"""How many connections of these kinds are open all the while."""
NICENESS = 10
"""The hostile and the loader give way to the valid client, whose times are measured."""


async def carry_out(
    attack: Attack, port: int, chance: random.Random, words: Sequence[str], deaf_for: float = 0
) -> list[str]:
    """The codes of the replies to one attack; raises `Wrong` for what the server must not do.

    Who is deaf goes away after `deaf_for` seconds.
    """
    deaf = attack.ending is Ending.DEAF
    connection = await Connection.open(port, receive_buffer=4096 if deaf else 0)
    if deaf:
        connection.pause()
    sending = asyncio.ensure_future(_send(connection, attack.send(chance, words)))
    try:
        if deaf:
            await asyncio.sleep(deaf_for)
            return []
        return await _outcome(attack, connection, sending)
    finally:
        sending.cancel()
        connection.reset()
        await asyncio.gather(sending, return_exceptions=True)


async def _send(connection: Connection, pieces: Iterable[bytes | float]) -> None:
    with contextlib.suppress(ConnectionError):  # seen by who reads the replies
        for piece in pieces:
            if isinstance(piece, float):
                await asyncio.sleep(piece)
            else:
                await connection.send(piece)


async def _outcome(attack: Attack, connection: Connection, sending: Awaitable[None]) -> list[str]:
    if attack.ending is Ending.RESETS:
        await connection.some()
        return []
    if attack.ending is Ending.LEAVES:
        await sending
        with contextlib.suppress(OSError):
            connection.finish()
    waits = attack.ending is Ending.WAITS
    codes: list[str] = []
    for _ in range(attack.replies):
        since = connection.used
        reply = await _reply(connection)
        if reply is None:
            break
        codes.append(reply.code)
        late = (CUT,) if connection.used > since + SLOW_SECONDS else ()
        if codes[-1] not in (*attack.codes, BUSY, FULL, *late):
            raise Wrong(f"{reply.status} {codes[-1]!r}: {reply.body[:200]!r}")
    if attack.ending is Ending.KEPT and not {FULL, CUT} & {*codes}:
        if len(codes) < attack.replies:
            raise Wrong(f"the server hung up after {codes}")
        after = await _asked_once_more(connection)
        in_time = time.monotonic() < connection.used + SLOW_SECONDS
        if in_time and (after is None or after.status != 200):
            raise Wrong(f"the connection does not go on after {codes}")
    if not await connection.hung_up(LONGEST if waits else LONGEST / 4):
        raise Wrong(f"the server does not hang up after {codes}")
    return codes


async def _asked_once_more(connection: Connection) -> Reply | None:
    try:
        await connection.send(request("GET", "/healthz", "Connection: close"))
    except ConnectionError:
        return None
    return await _reply(connection)


async def _reply(connection: Connection) -> Reply | None:
    """A reply; None where the server hangs up, or resets what is still under way."""
    try:
        return await connection.reply()
    except ConnectionError:
        return None


class Assault:
    """All attacks at `rate` a second in random order, and the pools of those who wait."""

    def __init__(self, port: int, seed: str, rate: float, words: Sequence[str]) -> None:
        self._port = port
        self._chance = random.Random(seed)
        self._rate = rate
        self._words = words
        self._tasks: set[asyncio.Task[None]] = set()
        self.codes: Counter[str] = Counter()
        self.sent: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()

    async def run(self, stop: asyncio.Event) -> None:
        """Go on until `stop`, then let every connection go."""
        for name, size in POOLS.items():
            for _ in range(size):
                self._begin(self._hold(ATTACK[name], stop))
        brief = [attack for attack in ATTACKS if attack.name not in POOLS]
        while not stop.is_set():
            if len(self._tasks) < 2 * sum(POOLS.values()):
                self._begin(self._try(self._chance.choice(brief)))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), self._chance.expovariate(self._rate))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _begin(self, work) -> None:  # type: ignore[no-untyped-def]
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _hold(self, attack: Attack, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await asyncio.sleep(self._chance.uniform(0, 2))
            await self._try(attack)

    async def _try(self, attack: Attack) -> None:
        self.sent[attack.name] += 1
        try:
            seconds = self._chance.uniform(*DEAF_SECONDS)
            codes = await carry_out(attack, self._port, self._chance, self._words, seconds)
            self.codes.update(codes or ["no reply"])
        except (Wrong, TimeoutError, OSError) as error:
            self.faults[f"{attack.name}: {type(error).__name__} {error}"[:400]] += 1

    def report(self) -> str:
        """One line of JSON with all that was counted so far."""
        counted = {"codes": self.codes, "sent": self.sent, "faults": dict(self.faults)}
        return json.dumps(counted)


async def _main(port: int, seed: str, rate: float, words: Sequence[str]) -> None:
    assault = Assault(port, seed, rate, words)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def hear() -> None:
        """A line asks for a report, the end of input to stop."""
        if os.read(sys.stdin.fileno(), 65_536):
            print(assault.report(), flush=True)
        else:
            loop.remove_reader(sys.stdin)
            stop.set()

    loop.add_reader(sys.stdin, hear)
    await assault.run(stop)
    print(assault.report(), flush=True)


if __name__ == "__main__":
    os.nice(NICENESS)
    asyncio.run(_main(int(sys.argv[1]), sys.argv[2], float(sys.argv[3]), sys.argv[4].split()))
