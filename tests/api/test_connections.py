"""Clients that misbehave, over real sockets: refused in turn and in time, and others served."""

import asyncio
import json
import select
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import pytest
import uvicorn

from api.connections import Bounds, Connections
from api.protocol import MAX_PIPELINED, Protocol
from tests.api.serving import (
    BIG,
    CHUNKED,
    PATIENCE,
    PATIENT,
    Application,
    Running,
    codes,
    get,
    last,
    post,
    serving,
    told,
    until,
)
from tests.api.test_sockets import received, replies

QUICK = replace(PATIENT, head=0.3, body=0.3, sweep=0.05)
"""For tests that wait to be cut off."""


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with serving(PATIENT) as running:
        yield running


@pytest.fixture(scope="module")
def quick() -> Iterator[Running]:
    with serving(QUICK) as running:
        yield running


# Turns


def test_requests_ahead_of_their_answers_are_answered_in_turn(server: Running) -> None:
    sent = b"".join(get(b"/%d" % each) for each in range(MAX_PIPELINED - 1)) + last()
    answers = server.send(sent)
    expected = [f"/{each}" for each in range(MAX_PIPELINED - 1)] + ["/end"]
    assert [told(each)["path"] for each in answers] == expected


def test_too_many_requests_ahead_are_refused_after_those_before(server: Running) -> None:
    many = 200 * MAX_PIPELINED
    answers = server.send(get() * many)
    assert MAX_PIPELINED < len(answers) < many
    assert codes(answers) == [None] * (len(answers) - 1) + ["server-busy"]
    assert "retry-after" in answers[-1].headers


def test_a_refusal_waits_for_the_answers_before_it() -> None:
    with serving(PATIENT) as server, server.connect() as connection:
        connection.sendall(get(b"/gate") + get(b"/second") + b"nonsense\r\n\r\n")
        with server.connect() as other:
            other.sendall(last())
            assert len(list(replies(received(other)))) == 1
        server.application.open = True
        first, second, third = replies(received(connection))
        assert (told(first)["path"], told(second)["path"]) == ("/gate", "/second")
        assert third.code == "request-malformed"


def test_a_request_spoilt_behind_one_that_runs_is_refused_in_turn() -> None:
    with serving(PATIENT) as server, server.connect() as connection:
        connection.sendall(get(b"/gate") + post(CHUNKED, b"1\r\nx\r\n"))
        connection.sendall(b"spoilt\r\n")
        server.application.open = True
        first, second = replies(received(connection))
        assert (told(first)["path"], second.code) == ("/gate", "request-malformed")


def test_one_who_leaves_before_several_answers_is_forgotten() -> None:
    with serving(PATIENT) as server:
        with server.connect() as connection:
            connection.sendall(get(b"/gate") + get(b"/gate") + get(b"/big"))
            until(lambda: server.running == 1)
        server.application.open = True
        until(lambda: server.open == 0)
        until(lambda: server.running == 0)


def test_an_answer_that_comes_after_the_end_of_its_connection_is_dropped() -> None:
    with (
        serving(replace(PATIENT, leaving=0.2, sweep=0.05)) as server,
        server.connect() as connection,
    ):
        connection.sendall(get(b"/gate") + get(b"/gate"))
        until(lambda: server.running == 1)
        server.server.should_exit = True
        until(lambda: server.open == 0)
        assert server.running == 1
        server.application.open = True
        server.stop()
        assert received(connection) == b""


@pytest.mark.parametrize(
    "half", [b"", b"GET /x", post(b"Content-Length: 9\r\n", b"a")], ids=range(3)
)
def test_a_client_may_stop_sending_and_wait(half: bytes) -> None:
    with serving(PATIENT) as server, server.connect() as connection:
        connection.sendall(get(b"/gate") + half)
        connection.shutdown(socket.SHUT_WR)
        assert codes(server.send(last())) == [None]
        server.application.open = True
        [reply] = replies(received(connection))
        assert told(reply)["path"] == "/gate"


@pytest.mark.parametrize("close", [b"", b"Connection: close\r\n"], ids=["kept", "closed"])
def test_an_early_answer_reaches_one_who_goes_on_sending(close: bytes) -> None:
    with serving(replace(PATIENT, parting=PATIENCE)) as server:
        with server.connect() as connection:
            body = b"x" * 700_000
            head = b"Content-Length: %d\r\n" % len(body)
            connection.sendall(post(head + close, target=b"/early"))
            for start in range(0, len(body), 70_000):
                connection.sendall(body[start : start + 70_000])
            if not close:
                connection.sendall(last())
            answers = list(replies(received(connection)))
        assert codes(answers) == ([None] if close else [None, None])


def test_what_comes_behind_an_early_answer_without_end_is_cut_off(server: Running) -> None:
    with server.connect() as connection:
        connection.sendall(post(b"Content-Length: 100000000\r\n", target=b"/early"))
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            connection.sendall(b"x" * 100_000_000)


# Time


def test_an_idle_connection_is_closed() -> None:
    with serving(replace(PATIENT, idle=0.3, sweep=0.05)) as server:
        for sent in (b"", b"\r\n\r\n"):
            assert server.send(sent) == []
        until(lambda: codes(server.send(get())) == [None])


@pytest.mark.parametrize(
    ("sent", "part"),
    [
        (b"G", "head"),
        (b"GET /slo", "head"),
        (b"GET / HTTP/1.1\r\n", "head"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: ", "head"),
        (post(b"Content-Length: 9\r\n"), "body"),
        (post(b"Content-Length: 9\r\n", b"abc"), "body"),
        (post(CHUNKED, b"3\r\nabc\r\n"), "body"),
        (post(CHUNKED, b"3\r\nabc\r\n0\r\nX"), "body"),
        (post(b"Content-Length: 9\r\nConnection: upgrade\r\nUpgrade: h2c\r\n", b"abc"), "body"),
    ],
)
def test_half_a_request_is_given_up(quick: Running, sent: bytes, part: str) -> None:
    [reply] = quick.send(sent)
    assert (reply.status, reply.code) == (408, "request-timeout")
    assert f"The {part} of" in json.loads(reply.body)["detail"]
    answers = quick.send(get() * 2 + sent)
    assert codes(answers) == [None, None, "request-timeout"]


@pytest.mark.parametrize(
    ("start", "piece"),
    [(b"GET / HTTP/1.1\r\n", b"X: y\r\n"), (post(CHUNKED), b"1\r\nx\r\n")],
    ids=["head", "body"],
)
def test_to_go_on_slowly_gains_no_time(quick: Running, start: bytes, piece: bytes) -> None:
    with quick.connect() as connection:
        connection.sendall(start)
        deadline = time.monotonic() + PATIENCE
        while not select.select([connection], [], [], 0.02)[0] and time.monotonic() < deadline:
            connection.sendall(piece)
        answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 408 ")


def test_the_end_of_a_body_behind_an_early_answer_is_not_awaited_for_ever(quick: Running) -> None:
    [reply] = quick.send(post(b"Content-Length: 9\r\n", b"abc", target=b"/early"))
    assert reply.status == 200


def test_an_answer_that_nobody_takes_is_dropped() -> None:
    bounds = replace(PATIENT, reader=0.5, sweep=0.05)
    with serving(bounds) as server, server.connect() as connection:
        connection.sendall(get(b"/big"))
        until(lambda: server.answered == 1)
        until(lambda: server.open == 0)
        assert 0 < len(received(connection)) < BIG


def test_one_who_keeps_a_refused_connection_open_is_dropped() -> None:
    bounds = replace(PATIENT, parting=0.3, sweep=0.05)
    with serving(bounds) as server, server.connect() as connection:
        connection.sendall(b"nonsense\r\n\r\n")
        assert connection.recv(10) == b"HTTP/1.1 4"
        until(lambda: server.open == 0)


class Taken:
    """A transport of which somebody else decides how much waits in it."""

    def __init__(self) -> None:
        self.waiting = 0
        self.aborted = False

    def get_write_buffer_size(self) -> int:
        return self.waiting

    def abort(self) -> None:
        self.aborted = True

    def is_closing(self) -> bool:
        return self.aborted

    def get_extra_info(self, name: str) -> None:
        return None


def test_a_slow_reader_is_kept_as_long_as_it_takes_something() -> None:
    async def read(step: int) -> bool:
        config = uvicorn.Config(Application(), lifespan="off", log_config=None)
        state = uvicorn.server.ServerState()
        connections = Connections(Bounds(reader=30, idle=1e9))
        protocol = Protocol(connections, config=config, server_state=state, app_state={})
        transport = Taken()
        protocol.connection_made(transport)  # type: ignore[arg-type]
        transport.waiting = 10_000_000
        for second in range(100):
            protocol.check(1e6 + second)
            transport.waiting -= step
        connections.remove(protocol)
        return not transport.aborted

    assert asyncio.run(read(3000))
    assert not asyncio.run(read(1000))
    assert not asyncio.run(read(-1000))


# Numbers


def busy(server: Running, count: int) -> list[socket.socket]:
    """Connections that wait for our answer, which does not come."""
    connections = [server.connect() for _ in range(count)]
    for connection in connections:
        connection.sendall(get(b"/gate"))
    until(lambda: server.running >= count)
    return connections


def test_a_connection_too_many_is_told_to_try_again() -> None:
    with serving(replace(PATIENT, open=4)) as server:
        kept = busy(server, 4)
        [reply] = server.send(get())
        assert (reply.status, reply.code) == (503, "server-busy")
        assert int(reply.headers["retry-after"]) >= 1
        server.application.open = True
        for connection in kept:
            assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
        kept.pop().close()
        until(lambda: server.open <= 3)
        assert codes(server.send(last())) == [None]
        for connection in kept:
            connection.close()


def test_a_flood_of_connections_is_bounded() -> None:
    bounds = replace(PATIENT, open=4, parting=PATIENCE)
    with serving(bounds) as server:
        kept = busy(server, 4)
        flood = [server.connect() for _ in range(200)]
        for connection in flood:
            assert received(connection)[:13] in (b"HTTP/1.1 503 ", b"")
        assert server.open <= bounds.most
        server.application.open = True
        for connection in kept + flood:
            connection.close()
        until(lambda: server.open == 0)
        assert codes(server.send(last())) == [None]


@pytest.mark.parametrize("half", [b"", b"GET / HTTP/1.1\r\nHost", post(b"Content-Length: 9\r\n")])
def test_who_waits_for_its_client_the_longest_gives_way(half: bytes) -> None:
    with serving(replace(PATIENT, open=8)) as server:
        [owed] = busy(server, 1)
        waiting = [server.connect() for _ in range(40)]
        for connection in waiting:
            # One that was dropped already hears so at its next byte.
            with suppress(ConnectionError):
                connection.sendall(half)
        for _ in range(20):
            assert codes(server.send(last())) == [None]
        assert server.open <= 8
        server.application.open = True
        assert owed.recv(65536).startswith(b"HTTP/1.1 200 ")
        for connection in [owed, *waiting]:
            connection.close()
        until(lambda: server.open == 0)


def test_hundreds_of_half_requests_keep_nobody_from_being_served() -> None:
    with serving(PATIENT) as server:
        waiting = [server.connect() for _ in range(400)]
        for number, connection in enumerate(waiting):
            half = (
                b"GET / HTTP/1.1\r\nHost" if number % 2 else post(b"Content-Length: 9\r\n", b"ab")
            )
            connection.sendall(half)
        until(lambda: server.open >= 400)
        assert codes(server.send(get() * 20 + last())) == [None] * 21
        for connection in waiting:
            connection.close()
        until(lambda: server.open == 0)


def test_the_server_ends_whatever_clients_are_doing() -> None:
    with serving(replace(PATIENT, leaving=0.5, sweep=0.05)) as server:
        sent = (
            b"",
            b"GET /",
            post(b"Content-Length: 9\r\n", b"abc"),
            get(b"/big"),
            get(),
            b"!\r\n",
        )
        connections = [server.connect() for _ in sent]
        for connection, each in zip(connections, sent, strict=True):
            connection.sendall(each)
        until(lambda: server.open >= len(sent) - 1)
        server.stop()
        for connection in connections:
            connection.close()
