"""The HTTP/1.1 of a connection: uvicorn's, kept to its standard, and bounded in room and time."""

import logging
from asyncio import Transport
from enum import Enum
from math import inf
from typing import Any, cast

import httptools
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from api.connections import Connections
from api.framing import BodyOnly, Unfinished, unframe
from api.heads import (
    ADDRESS_TOO_LONG,
    FRAMING,
    FULL,
    HEAD_TOO_LARGE,
    HOST_INVALID,
    MALFORMED,
    MAX_HEAD,
    MAX_PIPELINED,
    MAX_SURPLUS,
    NOTED,
    PIPELINE_FULL,
    TOO_LATE,
    check_head,
    host_and_path,
    timed_out,
)
from api.http import ENDING, all_headers, problem_answer
from schema.errors import Problem

# Warnings are of what strangers send, such as an offer of HTTP/2: they could fill the log with it.
_log = logging.getLogger("papershelf.connections")
_log.setLevel(logging.ERROR)


class Phase(Enum):
    """What a connection is waiting for: of the newest message, where there is one."""

    IDLE = "a request"
    HEAD = "the rest of a head"
    BODY = "the rest of a body"
    ANSWER = "our answer"
    LAST = "our answers before a refusal"
    PARTING = "the end, after a refusal"


IDLE, HEAD, BODY, ANSWER, LAST, PARTING = Phase


class Protocol(HttpToolsProtocol):
    """For `uvicorn.Config(http=functools.partial(Protocol, Connections()))`.

    Whatever cannot be served is answered, in its turn, with a problem as all our errors are, and
    `connection: close`. httptools refuses what could be read in two ways (RFC 9112, section 11.2):
    two lengths, a length beside chunks, folded lines, bare CR or LF, NUL.
    """

    def __init__(self, connections: Connections, **options: Any) -> None:
        super().__init__(**options)
        self.logger = _log
        self._connections = connections
        self._bounds = connections.bounds
        self._phase = IDLE
        self._due = inf
        self._end = inf
        self._timed = False
        self._left = 0
        self._taken_by = inf
        self._running: RequestResponseCycle | None = None
        self._last_words = b""
        self._known_host = b"\0"
        self._noted: dict[bytes, bytes] = {}
        self._offered = False
        self._size = 0
        self._pending = 0
        self._surplus = 0
        self.url = b""

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """A new connection, or one too many, which hears so (RFC 9110, section 15.6.4)."""
        super().connection_made(transport)
        self._connections.add(self, self.loop)
        self._due = self.loop.time() + self._bounds.idle
        if self._connections.flooded:
            transport.abort()
        elif self._connections.full:
            self._refuse(Problem(*FULL))

    def connection_lost(self, exc: Exception | None) -> None:
        """The end of it. uvicorn tells the newest request alone, but an older one may run."""
        self._connections.remove(self)
        self.pipeline.clear()
        if self._running:
            self._running.disconnected = True
            self._running.message_event.set()
        super().connection_lost(exc)

    def eof_received(self) -> bool:  # type: ignore[override]
        """The client sends no more; it may still wait for answers (RFC 9112, section 9.6)."""
        if self._phase is ANSWER:
            self.cycle.keep_alive = False
        elif self._phase is HEAD or self._phase is BODY:
            self._give_up(b"")
        return self._phase is ANSWER or self._phase is LAST

    def shutdown(self) -> None:
        """Let what runs be answered, unless the client is too slow for that."""
        self._end = self.loop.time() + self._bounds.leaving
        if tell := self.app_state.get(ENDING):
            tell()
        super().shutdown()

    def resume_writing(self) -> None:
        """The client has taken what waited for it."""
        self._left = 0
        super().resume_writing()

    def gives_way(self) -> bool:
        """End, and say so, if it waits for its client and owes it no answer."""
        waits = self._phase is BODY and self.cycle is self._running
        if self._running is None or self._running.response_complete:
            waits = not self.transport.get_write_buffer_size()
        if waits:
            self.transport.abort()
        return waits

    def check(self, now: float) -> None:
        """End what is overdue (see `Bounds`); called about once a second."""
        left = self.transport.get_write_buffer_size()
        if not left:
            self._left = 0
        elif not self._left or left <= self._left - HIGH_WATER_LIMIT:
            self._left, self._taken_by = left, now + self._bounds.reader
        if now >= self._end or (left and now >= self._taken_by):
            self.transport.abort()
        elif left and self._phase is IDLE:
            self._due = now + self._bounds.idle
        elif now >= self._due and not self.transport.is_closing():
            self._overdue(now)

    def _overdue(self, now: float) -> None:
        if self._phase is IDLE:
            self.transport.close()
        elif self._phase is PARTING:
            self.transport.abort()
        elif self.flow.read_paused:  # it is we who do not read
            self._timed = False
            self._wait(now)
        elif self._phase is BODY:
            self._refuse(timed_out("body", self._bounds.body, self._bounds.rate))
        else:
            self._refuse(timed_out("head", self._bounds.head))

    def data_received(self, data: bytes) -> None:
        """Read on; what is malformed is refused (RFC 9112, sections 2.2 and 9.6)."""
        if self._phase is LAST or self._phase is PARTING:
            self._surplus += len(data)
            if self._surplus > MAX_SURPLUS:
                self.flow.pause_reading()
            return
        try:
            self._feed(data)
            if self._phase is HEAD or self._phase is BODY:
                self._await_rest(data)
        except httptools.HttpParserError as error:
            cause = error.__context__
            self._refuse(cause if isinstance(cause, Problem) else Problem(*MALFORMED))
        except Problem as problem:
            self._refuse(problem)

    def _feed(self, data: bytes) -> None:
        """Parse. Offers of another protocol are passed over (RFC 9110, section 7.8)."""
        while True:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as offer:
                data = data[offer.args[0] :]
                if self._phase is BODY:
                    self.parser = self._body_parser()
                continue
            return

    def _body_parser(self) -> httptools.HttpRequestParser:
        """A parser for the body of a request that offers another protocol, then for nothing.

        llhttp takes such a body for the other protocol's.
        """
        parser = httptools.HttpRequestParser(BodyOnly(self))
        lines = [b"%b: %b\r\n" % each for each in self.headers if each[0] in FRAMING]
        parser.feed_data(b"POST / HTTP/1.1\r\n%b\r\n" % b"".join(lines))
        return parser

    def _await_rest(self, data: bytes) -> None:
        """Bound a message of which `data` was not the end, in time, and in what is held of it."""
        if not self._timed:
            self._wait(self.loop.time())
        if self._phase is HEAD:
            line = data.rfind(b"\n") + 1
            self._pending = len(data) - line if line else self._pending + len(data)
            held = self._pending + (self._size if self.headers else 0)
        else:
            # Trailers and chunk extensions; `on_body` has begun anew at each byte of the body.
            held = self._pending = self._pending + len(data) if self._pending >= 0 else 0
        if held > MAX_HEAD:
            raise Problem(*HEAD_TOO_LARGE)

    def _wait(self, now: float) -> None:
        self._timed = True
        self._pending = min(self._pending, 0)
        if self._phase is HEAD:
            self._due = now + self._bounds.head
        else:
            self._due = now + self._bounds.body
            self.cycle.transport = cast(Transport, Unfinished(self.transport, self._part))

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        if len(self.pipeline) >= MAX_PIPELINED:
            raise Problem(*PIPELINE_FULL)
        super().on_message_begin()
        self._phase = HEAD
        self._timed = False
        self._noted = {}
        self._size = 0

    def on_url(self, url: bytes) -> None:
        """More of the address."""
        self.url += url
        self._size += len(url)
        if self._size > MAX_HEAD:
            raise Problem(*ADDRESS_TOO_LONG)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header; trailers are passed over, since nobody asked for them (RFC 9110, 6.5.1)."""
        self._size += len(name) + len(value) + 4
        if self._size > MAX_HEAD:
            raise Problem(*HEAD_TOO_LARGE)
        if self._phase is not HEAD:
            return
        name, value = name.lower(), value.rstrip(b" \t")
        if name in NOTED:
            if name == b"host" and name in self._noted:
                raise Problem(*HOST_INVALID)
            self._noted[name] = value
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """A whole head: the request begins."""
        noted, version = self._noted, self.parser.get_http_version()
        if (
            len(noted) > 1
            or noted.get(b"host") != self._known_host
            or version != "1.1"
            or not self.url.startswith(b"/")
        ):
            self._examine(version)
        super().on_headers_complete()
        self._phase = BODY
        self._timed = False
        if version == "1.0":
            unframe(self.cycle)
        if not self.pipeline:
            self._running = self.cycle
        if self._offered:
            self.cycle.keep_alive = False

    def _examine(self, version: str) -> None:
        """Look closer at a head that says more than the one before it on this connection."""
        noted = self._noted
        check_head(version, noted)
        self._known_host = noted.get(b"host", self._known_host)
        self.expect_100_continue = b"expect" in noted and version == "1.1"
        if not self.url.startswith(b"/") and self.url != b"*":
            host, self.url = host_and_path(self.url)
            others = [each for each in self.headers if each[0] != b"host"]
            self.headers[:] = [(b"host", host), *others]
        has_body = any(name in FRAMING and value.strip(b"0") for name, value in self.headers)
        self._offered = has_body and self.parser.should_upgrade()

    def on_body(self, body: bytes) -> None:
        """More of a body; what comes after an early answer is thrown away."""
        cycle = self.cycle
        self._pending = -1
        if cycle.response_complete:
            self._surplus += len(body)
            if self._surplus > MAX_SURPLUS:
                raise Problem(*TOO_LATE)
            return
        if self._timed:
            most = self.loop.time() + self._bounds.body
            self._due = min(most, self._due + len(body) / self._bounds.rate)
        cycle.body += body
        if len(cycle.body) > HIGH_WATER_LIMIT:
            self.flow.pause_reading()
        cycle.message_event.set()

    def on_message_complete(self) -> None:
        """The end of a request."""
        cycle = self.cycle
        if self._offered:  # its body follows, see `_body_parser`
            self._offered = False
        elif cycle.response_complete:
            self._phase = IDLE
            self._due = self.loop.time() + self._bounds.idle
            self._surplus = 0
        else:
            self._phase = ANSWER
            self._due = inf
            cycle.more_body = False
            cycle.message_event.set()

    def on_response_complete(self) -> None:
        """The end of an answer; the next request that waits for its turn begins."""
        self.server_state.total_requests += 1
        if self._phase is PARTING or self.transport.is_closing():
            return
        if self.pipeline:
            self._running, app = self.pipeline.pop()
            self._start_asgi_task(self._running, app)
        elif self._phase is LAST:
            self._part(self._last_words)
            return
        if not self.pipeline and self.flow.read_paused:
            self._timed = False
            self.flow.resume_reading()
        if self._phase is ANSWER and self.cycle.response_complete:
            self._phase = IDLE
            self._due = self.loop.time() + self._bounds.idle

    def _refuse(self, problem: Problem) -> None:
        """Answer what cannot be served, and hang up: where the next begins is not known."""
        self._give_up(self._words(problem))

    def _give_up(self, words: bytes) -> None:
        """Give up the message that is arriving: `words` instead of an answer, in its turn."""
        running = self._running
        if self._phase is BODY:
            faulty = self.cycle
            if faulty is running:  # nothing waits behind it
                running = None
                words = b"" if faulty.response_started else words
                faulty.disconnected = True
                faulty.message_event.set()
            else:
                self.pipeline.popleft()
        if running is None or running.response_complete:
            self._part(words)
        else:
            self._phase, self._due, self._last_words = LAST, inf, words

    def _words(self, problem: Problem) -> bytes:
        """A whole response; without a body for `HEAD`."""
        answer = problem_answer(problem)
        headers = [*self.server_state.default_headers, *all_headers(answer)]
        lines = [b"%b: %b\r\n" % each for each in headers]
        head = b"%b%bconnection: close\r\n\r\n" % (STATUS_LINE[answer.status], b"".join(lines))
        return head if self.url and self.parser.get_method() == b"HEAD" else head + answer.body

    def _part(self, words: bytes = b"") -> None:
        """Say `words`, hang up, and listen for a while to what is still under way.

        Closed at once, the system would reset the connection at the next byte from the client, and
        the client would lose what it has not read of our answer (RFC 9112, section 9.6).
        """
        if self.transport.is_closing():
            return
        self.transport.write(words)
        self.transport.write_eof()
        self._phase = PARTING
        self._due = self.loop.time() + self._bounds.parting
        self.flow.resume_reading()
