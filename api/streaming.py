"""Answers that are too long to be held: made part by part, in threads of their own.

A part is made when the client has taken the one before it. So a stream costs a few parts of memory,
however long it is and however slow its client, and nothing once the client has gone.
"""

import asyncio
import logging
from collections.abc import Generator
from concurrent.futures import Executor, Future, ThreadPoolExecutor

from starlette.types import Receive, Send

from api.codings import coded_parts
from api.http import Answer, send_head
from schema.errors import Problem

MAX_STREAMS = 8
"""Streams that a process sends at once. A slow client holds its place and what it reads from."""

LONGEST = 3600.0
"""Seconds that a stream may take: as long as a revision is kept for a walk (`index.views`)."""

THREADS = 1
"""One makes 150,000 papers a second as NDJSON. With two a small request beside two exports took
2.5 ms instead of 1.1, since it waited for the interpreter more often."""

_log = logging.getLogger("papershelf")


class Streams:
    """Sends answers that have `parts`, `most` at once, each for at most `longest` seconds."""

    def __init__(self, most: int = MAX_STREAMS, longest: float = LONGEST) -> None:
        self._free = self._most = most
        self._longest = longest
        self._executor = ThreadPoolExecutor(THREADS, thread_name_prefix="papershelf-stream")

    async def send(
        self, answer: Answer, receive: Receive, send: Send, began: float | None = None
    ) -> None:
        """Send an answer to a `GET`; `began` as for `api.http.send_answer`.

        Raises `Problem` `server-busy`, and what making the first part raises, while nothing is
        sent yet. What fails later is logged and ends the connection without the last chunk, which
        tells the client that something is missing (RFC 9112, section 8). That a client has gone is
        told by `receive` alone.
        """
        if self._free <= 0:
            raise Problem(
                "server-busy",
                f"{self._most} long answers are being sent already. Try again when one has ended.",
            )
        self._free -= 1
        try:
            await self._send(answer, receive, send, began)
        finally:
            self._free += 1

    async def _send(
        self, answer: Answer, receive: Receive, send: Send, began: float | None
    ) -> None:
        assert answer.parts is not None
        stream = _Parts(self._executor, coded_parts(answer.parts(), answer.coding.decode()))
        gone: asyncio.Future[None] | None = None
        try:
            part = await stream.next()
            gone = asyncio.ensure_future(_gone(receive))
            async with asyncio.timeout(self._longest):
                await send_head(answer, send, began)
                while part is not None and not gone.done():
                    await send({"type": "http.response.body", "body": part, "more_body": True})
                    part = await stream.next()
                if not gone.done():
                    await send({"type": "http.response.body", "body": b""})
        except Exception as error:
            if gone is None:
                raise
            if isinstance(error, TimeoutError):
                _log.warning("A stream was ended: it took more than %g seconds", self._longest)
            else:
                _log.exception("A stream broke off")
        finally:
            stream.close()
            if gone:
                gone.cancel()

    def close(self) -> None:
        """Let the threads end once they have finished their parts."""
        self._executor.shutdown(wait=True, cancel_futures=True)


class _Parts:
    """Parts that are made in threads, one after another."""

    def __init__(self, executor: Executor, parts: Generator[bytes]) -> None:
        self._executor = executor
        self._parts = parts
        self._making: Future[bytes | None] | None = None

    async def next(self) -> bytes | None:
        """The next part, None at the end."""
        self._making = self._executor.submit(next, self._parts, None)
        return await asyncio.wrap_future(self._making)

    def close(self) -> None:
        """Let what the parts are made of go, once none is being made."""
        if self._making:
            self._making.add_done_callback(lambda _: self._parts.close())


async def _gone(receive: Receive) -> None:
    """Wait until the client has gone; the rest of its request is passed over."""
    while (await receive())["type"] != "http.disconnect":
        pass
