"""Streams over real sockets: slow clients, clients that go, old ones, too many, and failures."""

import asyncio
import gzip
import io
import logging
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import brotli
import pytest
import uvicorn
import zstandard
from starlette.types import Receive, Scope, Send

from api.connections import Bounds, Connections
from api.delivery import compressed
from api.http import Answer, problem_answer, send_answer
from api.negotiation import preferred_coding
from api.protocol import Protocol
from api.streaming import MAX_STREAMS, Streams
from schema.errors import Problem
from tests.api.serving import PATIENCE, PATIENT, get, until

PART = b"x" * 65_536
MANY = 2_000
"""Parts of a stream that no buffer of the system holds: 128 MiB."""


@dataclass
class Application:
    """Streams as many parts as the path says; `/broken/2` fails behind two, `/odd/0` at once."""

    streams: Streams
    made: int = 0
    ended: int = 0
    gate: threading.Event = field(default_factory=threading.Event)

    def parts(self, kind: str, count: int) -> Iterator[bytes]:
        try:
            for number in range(count):
                self.made += 1
                if kind == "gated" and number:
                    assert self.gate.wait(PATIENCE)
                yield b"%06d" % number + PART[6:]
            if kind == "broken":
                raise RuntimeError("a part could not be made")
            if kind == "refused":
                raise Problem("starting", "There is nothing to read yet.")
        finally:
            self.ended += 1

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        _, kind, count = scope["path"].split("/")
        headers = dict(scope["headers"])
        coding = preferred_coding(headers.get(b"accept-encoding", b"").decode())
        answer = Answer(b"", media=b"text/plain", parts=lambda: self.parts(kind, int(count)))
        answer = compressed(answer, coding)
        if scope["method"] == "HEAD":
            await send_answer(answer, send, head=True)
            return
        try:
            await self.streams.send(answer, receive, send)
        except Problem as problem:
            await send_answer(problem_answer(problem), send)


@dataclass(frozen=True)
class Running:
    """A server in a thread of this process, and what it logged."""

    port: int
    server: uvicorn.Server
    application: Application
    records: list[str]

    def connect(self, *, buffer: int = 0) -> socket.socket:
        connection = socket.socket()
        if buffer:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        connection.settimeout(PATIENCE)
        connection.connect(("127.0.0.1", self.port))
        return connection

    def ask(self, request: bytes) -> bytes:
        """All that comes until the server closes."""
        with self.connect() as connection:
            connection.sendall(request)
            return read_all(connection)


@contextmanager
def serving(streams: Streams, bounds: Bounds = PATIENT) -> Iterator[Running]:
    application = Application(streams)
    config = uvicorn.Config(
        application,
        http=lambda **options: Protocol(Connections(bounds), **options),  # type: ignore[arg-type]
        loop="uvloop",
        ws="none",
        lifespan="off",
        log_config=None,
        timeout_graceful_shutdown=20,
    )
    server = uvicorn.Server(config)
    records: list[str] = []
    listening = logging.Handler(logging.WARNING)
    listening.emit = lambda record: records.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger().addHandler(listening)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            until(lambda: server.started)
            yield Running(listener.getsockname()[1], server, application, records)
        finally:
            server.should_exit = True
            thread.join(PATIENCE)
            logging.getLogger().removeHandler(listening)
            streams.close()
    assert not thread.is_alive()


@pytest.fixture
def running() -> Iterator[Running]:
    """A server that must have logged nothing when it ends."""
    with serving(Streams()) as server:
        yield server
    assert server.records == []
    assert server.application.streams._free == MAX_STREAMS


def read_all(connection: socket.socket) -> bytes:
    received = []
    while chunk := connection.recv(1 << 20):
        received.append(chunk)
    return b"".join(received)


def last(target: bytes, *lines: bytes) -> bytes:
    return get(target, b"".join(line + b"\r\n" for line in (*lines, b"Connection: close")))


def dechunked(data: bytes) -> tuple[bytes, bytes]:
    """Head and body of a whole answer in chunks; raises `ValueError` for half of one."""
    head, _, rest = data.partition(b"\r\n\r\n")
    assert b"transfer-encoding: chunked" in head.lower()
    stream, parts = io.BytesIO(rest), []
    while size := int(stream.readline(), 16):
        parts.append(stream.read(size))
        assert stream.read(2) == b"\r\n"
    assert stream.read() == b"\r\n"
    return head, b"".join(parts)


def expected(count: int) -> bytes:
    return b"".join(b"%06d" % number + PART[6:] for number in range(count))


@pytest.mark.parametrize("count", [0, 1, 50])
def test_a_stream_arrives_whole_in_chunks(running: Running, count: int) -> None:
    head, body = dechunked(running.ask(last(b"/plain/%d" % count)))
    assert head.startswith(b"HTTP/1.1 200 ")
    assert b"content-length" not in head.lower()
    assert body == expected(count)


@pytest.mark.parametrize(
    ("coding", "undo"),
    [
        ("gzip", gzip.decompress),
        ("br", brotli.decompress),
        ("zstd", lambda body: zstandard.ZstdDecompressor().decompressobj().decompress(body)),
    ],
)
@pytest.mark.parametrize("count", [0, 1, 50])
def test_a_stream_is_compressed_on_its_way(
    running: Running, coding: str, undo: Callable[[bytes], bytes], count: int
) -> None:
    target = b"/plain/%d" % count
    head, body = dechunked(running.ask(last(target, b"Accept-Encoding: " + coding.encode())))
    assert b"content-encoding: " + coding.encode() in head
    assert undo(body) == expected(count)
    assert len(body) < max(100, len(expected(count)) // 100)


def test_connections_go_on_behind_a_stream(running: Running) -> None:
    with running.connect() as connection:
        connection.sendall(get(b"/plain/20") + get(b"/plain/3") + last(b"/plain/0"))
        data = read_all(connection)
    assert [len(each) for each in re.findall(rb"\r\n10000\r\n", data)] == [9] * 23
    assert data.count(b"HTTP/1.1 200 ") == 3
    assert data.endswith(b"0\r\n\r\n")


@pytest.mark.parametrize("lines", [b"", b"Connection: keep-alive\r\n"])
def test_old_clients_get_it_without_chunks(running: Running, lines: bytes) -> None:
    data = running.ask(b"GET /plain/20 HTTP/1.0\r\n%b\r\n" % lines)
    head, _, body = data.partition(b"\r\n\r\n")
    assert b"transfer-encoding" not in head
    assert b"connection: close" in head
    assert body == expected(20)


def test_head_makes_nothing(running: Running) -> None:
    data = running.ask(last(b"/plain/20").replace(b"GET", b"HEAD"))
    head, _, body = data.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert b"content-type: text/plain" in head
    assert body == b""
    assert running.application.made == 0


def test_nothing_is_made_ahead_of_a_client_that_stops_reading(running: Running) -> None:
    application = running.application
    with running.connect(buffer=4096) as connection:
        connection.sendall(get(b"/plain/%d" % MANY))
        assert connection.recv(1000).startswith(b"HTTP/1.1 200 ")
        waiting = settled(lambda: application.made)
        assert waiting < MANY // 4
        assert dechunked(running.ask(last(b"/plain/3")))[1] == expected(3)
        while application.made < waiting + 20:
            assert connection.recv(1 << 16)
        assert application.ended == 1


@pytest.mark.parametrize("how", ["close", "reset"])
def test_a_stream_stops_when_its_client_goes(running: Running, how: str) -> None:
    connection = running.connect(buffer=4096)
    connection.sendall(get(b"/plain/%d" % MANY))
    assert connection.recv(1000)
    if how == "reset":
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
    until(lambda: running.application.ended == 1)
    assert running.application.made < MANY
    until(lambda: running.application.streams._free == MAX_STREAMS)


def test_a_stream_stops_whose_client_goes_while_a_part_is_made(running: Running) -> None:
    connection = running.connect()
    connection.sendall(get(b"/gated/%d" % MANY))
    assert connection.recv(1000)
    until(lambda: running.application.made == 2)
    connection.close()
    until(lambda: not running.server.server_state.connections)
    running.application.gate.set()
    until(lambda: running.application.ended == 1)
    assert running.application.made == 2


def test_one_too_many_is_told_so(running: Running) -> None:
    application = running.application
    held = [running.connect(buffer=4096) for _ in range(MAX_STREAMS)]
    for each in held:
        each.sendall(get(b"/plain/%d" % MANY))
        assert each.recv(1000).startswith(b"HTTP/1.1 200 ")
    refused = running.ask(last(b"/plain/1"))
    assert refused.startswith(b"HTTP/1.1 503 ")
    assert b"retry-after: " in refused
    assert b'"code":"server-busy"' in refused
    held.pop().close()
    until(lambda: application.ended == 1)
    assert dechunked(running.ask(last(b"/plain/1")))[1] == expected(1)
    for each in held:
        each.close()
    until(lambda: application.ended == MAX_STREAMS + 1)


def test_what_cannot_begin_is_refused_as_a_problem(running: Running) -> None:
    refused = running.ask(last(b"/refused/0"))
    assert refused.startswith(b"HTTP/1.1 503 ")
    assert b'"code":"starting"' in refused


@pytest.mark.parametrize("kind", [b"broken", b"refused"])
def test_a_stream_that_fails_has_no_last_chunk(kind: bytes) -> None:
    with serving(Streams()) as server:
        data = server.ask(get(b"/%b/3" % kind))
        assert data.startswith(b"HTTP/1.1 200 ")
        assert data.endswith(PART[6:] + b"\r\n")
        with pytest.raises(ConnectionResetError):
            server.ask(b"GET /%b/3 HTTP/1.0\r\n\r\n" % kind)
    assert server.records.count("A stream broke off") == 2


def test_a_slow_client_is_cut_off() -> None:
    """One that reads so little is none that is slow but honest (`Bounds.reader`)."""
    bounds = Bounds(reader=0.5, sweep=0.1)
    with serving(Streams(), bounds) as server, server.connect(buffer=4096) as connection:
        connection.sendall(get(b"/plain/%d" % MANY))
        until(lambda: server.application.ended == 1)
    assert server.records == []


def test_a_stream_has_an_end_in_time() -> None:
    with serving(Streams(longest=0.3)) as server:
        with server.connect(buffer=4096) as connection:
            connection.sendall(get(b"/plain/%d" % MANY))
            until(lambda: server.application.ended == 1)
            assert not read_all(connection).endswith(b"0\r\n\r\n")
        until(lambda: server.application.streams._free == MAX_STREAMS)
    assert any("more than 0.3 seconds" in each for each in server.records)


def test_closing_waits_for_no_client() -> None:
    with serving(Streams(), Bounds(leaving=0.2, sweep=0.1)) as server:
        connection = server.connect(buffer=4096)
        connection.sendall(get(b"/plain/%d" % MANY))
        assert connection.recv(1000)
    connection.close()
    assert server.application.ended == 1


def settled(value: Callable[[], int]) -> int:
    """A number once it has not changed for a while."""
    before = -1
    while (now := value()) != before:
        before = now
        time.sleep(0.3)
    return now


def test_a_cancelled_stream_gives_its_place_back() -> None:
    async def run() -> None:
        streams = Streams(most=1)
        begun = asyncio.Event()

        async def send(message: object) -> None:
            begun.set()
            await asyncio.Event().wait()

        async def receive() -> dict[str, object]:
            await asyncio.Event().wait()
            return {}

        application = Application(streams)
        answer = Answer(b"", parts=lambda: application.parts("plain", 9))
        task = asyncio.ensure_future(streams.send(answer, receive, send))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert application.ended == 1
        assert streams._free == 1
        streams.close()

    asyncio.run(run())
