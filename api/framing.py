"""Where messages end whose end is not told as usual: helpers of `api.protocol`."""

import socket
import struct
from asyncio import Transport
from collections.abc import Callable
from typing import Any, Protocol

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

_BODILESS = (204, 304)

_AT_ONCE = struct.pack("ii", 1, 0)
"""To linger for no time, which makes the end of a connection a reset."""


class TakesBody(Protocol):
    """What takes a body piece by piece, and is told its end."""

    def on_body(self, body: bytes) -> None:
        """More of the body."""

    def on_message_complete(self) -> None:
        """Its end."""


class BodyOnly:
    """Hands the first body that a parser finds to `protocol`, and nothing else."""

    def __init__(self, protocol: TakesBody) -> None:
        self._protocol: TakesBody | None = protocol

    def on_body(self, body: bytes) -> None:
        """More of the body."""
        if self._protocol:
            self._protocol.on_body(body)

    def on_message_complete(self) -> None:
        """Its end."""
        if self._protocol:
            self._protocol.on_message_complete()
        self._protocol = None


class Unfinished:
    """The transport that an answer gets whose request is still arriving: its end is a parting."""

    def __init__(self, transport: Transport, part: Callable[[], None]) -> None:
        self.write = transport.write
        self.is_closing = transport.is_closing
        self.close = part


def unframe(cycle: RequestResponseCycle) -> None:
    """Have an answer without length end with its connection, as clients of HTTP/1.0 know it.

    They do not know chunks, in which uvicorn would send it (RFC 9112, sections 6.1 and 6.3). Half
    an answer is told from a whole one by a reset.
    """
    cycle.send = _Unframed(cycle)  # type: ignore[method-assign]


class _Unframed:
    def __init__(self, cycle: RequestResponseCycle) -> None:
        self._cycle = cycle
        self._send = cycle.send
        self._endless = False

    async def __call__(self, message: Any) -> None:
        cycle = self._cycle
        if message["type"] == "http.response.start":
            names = [name for name, _ in message["headers"]]
            if b"content-length" not in names and message["status"] not in _BODILESS:
                self._endless = True
                cycle.chunked_encoding = cycle.keep_alive = False
                cycle.transport = _WholeOrReset(cycle)  # type: ignore[assignment]
        elif self._endless:
            cycle.expected_content_length = len(message.get("body", b""))
        await self._send(message)


class _WholeOrReset:
    def __init__(self, cycle: RequestResponseCycle) -> None:
        self.write = cycle.transport.write
        self.is_closing = cycle.transport.is_closing
        self._cycle = cycle
        self._transport = cycle.transport

    def close(self) -> None:
        """The end of the answer, or of an answer that broke off."""
        if self._cycle.response_complete:
            self._transport.close()
        else:
            connection = self._transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
            self._transport.abort()
