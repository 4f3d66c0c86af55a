"""The open connections of a process: how many there may be, and how long each may take."""

import asyncio
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a client may take of us; times are in seconds, each up to one `sweep` late.

    `open` is the number of connections, `idle` the time without a request (RFC 9112, section 9.5),
    `head` the time from its first byte to its last, `body` that from the end of its head, and from
    then on longer by a second for each `rate` bytes that have come, but never `body` without one;
    `reader` the time in which a client must have taken all that waits for it, or 64 KiB of that;
    `parting` how long we listen to one that was hung up on (section 9.6); `leaving` the life of a
    connection after the server was asked to end.
    """

    open: int = 1000
    idle: float = 5.0
    head: float = 5.0
    body: float = 15.0
    rate: float = 16_384.0
    reader: float = 30.0
    parting: float = 2.0
    leaving: float = 3.0
    sweep: float = 1.0

    @property
    def most(self) -> int:
        """Connections beyond which one too many is not even told so."""
        return self.open + self.open // 8 + 8


class Connection(Protocol):
    """What is watched."""

    def gives_way(self) -> bool:
        """End, and say so, if it waits for its client and owes it no answer."""

    def check(self, now: float) -> None:
        """End what is overdue at `now`, a time of the event loop."""


class Connections:
    """Counts the open connections, and checks all of them once a sweep.

    A sweep over 1,000 takes half a millisecond each second. A timer for each request would take a
    microsecond or two of every one, however fast it is.
    """

    def __init__(self, bounds: Bounds | None = None) -> None:
        self.bounds = bounds or Bounds()
        self._open: dict[Connection, None] = {}
        self._sweeping = False

    @property
    def full(self) -> bool:
        """Whether there are more connections than may be."""
        return len(self._open) > self.bounds.open

    @property
    def flooded(self) -> bool:
        """Whether there are so many more that those too many cannot even be told so."""
        return len(self._open) > self.bounds.most

    def add(self, connection: Connection, loop: asyncio.AbstractEventLoop) -> None:
        """Watch a connection of `loop` until it is removed.

        Where there are too many, the oldest that waits for its client gives way to the new one.
        """
        if len(self._open) >= self.bounds.open:
            oldest = next((each for each in self._open if each.gives_way()), None)
            if oldest:
                self.remove(oldest)
        self._open[connection] = None
        if not self._sweeping:
            self._sweeping = True
            loop.call_later(self.bounds.sweep, self._sweep, loop)

    def remove(self, connection: Connection) -> None:
        """Forget a connection that is lost."""
        self._open.pop(connection, None)

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for connection in tuple(self._open):
            connection.check(now)
        self._sweeping = bool(self._open)
        if self._sweeping:
            loop.call_later(self.bounds.sweep, self._sweep, loop)
