"""Clients that misbehave, over real sockets: refused in one shape, in turn and in time."""

import asyncio
import json
import logging
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from api.connections import Bounds, Connections
from api.heads import MAX_HEAD
from api.protocol import MAX_PIPELINED, Protocol
from tests.api.test_sockets import Reply, Server, received, replies
from tests.scale import SEED

PATIENCE = 60.0
BIG = 16 * 1024 * 1024

QUICK = Bounds(idle=0.3, head=0.3, body=0.3, reader=0.5, parting=0.5, leaving=0.5, sweep=0.05)
"""For tests that wait to be cut off; those that must not be use the usual bounds."""


class Application:
    """Tells what it was asked; `/early` does not read the body, `/gate` waits until it is open."""

    def __init__(self) -> None:
        self.open = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = b""
        while scope["path"] == "/gate" and not self.open:
            await asyncio.sleep(0.01)
        while scope["path"] != "/early":
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message["body"]
            if not message["more_body"]:
                break
        told = {
            "path": scope["path"],
            "query": scope["query_string"].decode(),
            "headers": [
                [name.decode("latin-1"), value.decode("latin-1")]
                for name, value in scope["headers"]
            ],
            "body": body.decode("latin-1"),
        }
        answer = b"x" * BIG if scope["path"] == "/big" else json.dumps(told).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(answer))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})


@dataclass(frozen=True)
class Running(Server):
    """A server in a thread of this process."""

    server: uvicorn.Server
    application: Application
    thread: threading.Thread

    @property
    def open(self) -> int:
        return len(self.server.server_state.connections)

    @property
    def running(self) -> int:
        return len(self.server.server_state.tasks)

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive()


@contextmanager
def serving(bounds: Bounds) -> Iterator[Running]:
    """A server that must have logged nothing when it ends, and have no connection left."""
    application = Application()
    config = uvicorn.Config(
        application,
        http=partial(Protocol, Connections(bounds)),  # type: ignore[arg-type]
        loop="uvloop",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=20,
    )
    server = uvicorn.Server(config)
    records: list[logging.LogRecord] = []
    listening = logging.Handler(logging.WARNING)
    listening.emit = records.append  # type: ignore[method-assign]
    logging.getLogger().addHandler(listening)
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        running = Running(listener.getsockname()[1], server, application, thread)
        try:
            until(lambda: server.started)
            yield running
        finally:
            running.stop()
            logging.getLogger().removeHandler(listening)
    assert [record.getMessage() for record in records] == []
    assert running.open == 0


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with serving(Bounds(parting=1)) as running:
        yield running


@pytest.fixture(scope="module")
def quick() -> Iterator[Running]:
    with serving(QUICK) as running:
        yield running


def get(target: bytes = b"/", head: bytes = b"") -> bytes:
    return b"GET %b HTTP/1.1\r\nHost: x\r\n%b\r\n" % (target, head)


def post(head: bytes, body: bytes = b"", target: bytes = b"/") -> bytes:
    return b"POST %b HTTP/1.1\r\nHost: x\r\n%b\r\n%b" % (target, head, body)


def last(target: bytes = b"/end") -> bytes:
    return get(target, b"Connection: close\r\n")


CHUNKED = b"Transfer-Encoding: chunked\r\n"


def told(reply: Reply) -> dict[str, object]:
    body = json.loads(reply.body)
    assert isinstance(body, dict)
    return body


def codes(answers: list[Reply]) -> list[str | None]:
    return [answer.code for answer in answers]


# What a head may hold


def padded(size: int) -> bytes:
    """A request whose address and headers have `size` bytes."""
    fields = b"Host: x\r\nConnection: close\r\nX: "
    return b"GET / HTTP/1.1\r\n%b%b\r\n\r\n" % (fields, b"a" * (size - 1 - len(fields) - 2))


def test_a_head_may_have_just_so_many_bytes(server: Running) -> None:
    [reply] = server.send(padded(MAX_HEAD))
    assert (reply.status, reply.code) == (200, None)
    [reply] = server.send(padded(MAX_HEAD + 1))
    assert (reply.status, reply.code) == (431, "head-too-large")
    assert reply.headers["connection"] == "close"
    assert "date" in reply.headers


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 25_000_000, "head-too-large"),
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"a" * 1_000_000, "head-too-large"),
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 1_000_000, "head-too-large"),
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"a:\r\n" * 20_000, "head-too-large"),
        (b"GET /" + b"a" * 25_000_000, "address-too-long"),
        (b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", "address-too-long"),
        (get(b"/" + b"a" * 20_000, b"X: %b\r\n" % (b"a" * 20_000)), "head-too-large"),
        (get(b"/" + b"a" * 20_000, b"X: " + b"a" * 20_000)[:-2], "head-too-large"),
        (post(CHUNKED, b"1\r\nx\r\n0\r\n" + b"X: y\r\n" * 1_000_000), "head-too-large"),
        (post(CHUNKED, b"1\r\nx\r\n0\r\nX: " + b"a" * 25_000_000), "head-too-large"),
        (post(CHUNKED, b"1;" + b"a" * 25_000_000), "head-too-large"),
    ],
    ids=range(11),
)
def test_a_head_that_grows_without_end_is_refused(server: Running, sent: bytes, code: str) -> None:
    [reply] = server.send(sent)
    assert reply.code == code


def test_a_head_that_grows_by_little_pieces_is_refused(server: Running) -> None:
    with server.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX: ")
        for _ in range(40):
            connection.sendall(b"a" * 1000)
            time.sleep(0.001)
        [reply] = replies(received(connection))
    assert reply.code == "head-too-large"


def test_what_is_refused_to_head_has_no_body(server: Running) -> None:
    with server.connect() as connection:
        connection.sendall(b"HEAD / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n")
        answer = received(connection)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.endswith(b"\r\n\r\n")


# What a head may say


@pytest.mark.parametrize(
    "host",
    [
        b"papers.example.org", b"x:8000", b"x:", b"127.0.0.1:80", b"[::1]", b"[2001:db8::1]:8000",
        b"under_score.example", b"X.EXAMPLE.", b"a%20b", b" x \t", b"xn--bcher-kva.example",
    ],
)  # fmt: skip
def test_a_valid_host_is_let_pass(server: Running, host: bytes) -> None:
    head = b"GET / HTTP/1.1\r\nConnection: close\r\nHost:%b\r\n\r\n" % host
    [reply] = server.send(head)
    assert ["host", host.strip().decode()] in told(reply)["headers"]  # type: ignore[operator]


@pytest.mark.parametrize(
    "fields",
    [
        b"", b"Host:\r\n", b"Host: \t\r\n", b"Host: x\r\nHost: x\r\n", b"Host: x\r\nHOST: y\r\n",
        b"Host: a b\r\n", b"Host: a/b\r\n", b"Host: a@b\r\n", b"Host: http://x\r\n",
        b"Host: x:80:80\r\n", b"Host: x:a\r\n", b"Host: ::1\r\n", b"Host: [::1\r\n",
        b"Host: [x]\r\n", b"Host: \xff\r\n", b"Host: a%zz\r\n", b"Host: x, y\r\n", b"Host: <x>\r\n",
        b"Host: x\r\nX: " + b"a" * 1000 + b"\r\nHost: x\r\n",
    ],
)  # fmt: skip
def test_a_host_must_be_given_once_and_valid(server: Running, fields: bytes) -> None:
    [reply] = server.send(b"GET / HTTP/1.1\r\n%b\r\n" % fields)
    assert (reply.status, reply.code) == (400, "header-invalid")


def test_every_request_of_a_connection_needs_its_host(server: Running) -> None:
    answers = server.send(get() * 2 + b"GET / HTTP/1.1\r\n\r\n" + get())
    assert codes(answers) == [None, None, "header-invalid"]
    answers = server.send(get() + b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n")
    assert codes(answers) == [None, "header-invalid"]


def test_http_1_0_needs_no_host_but_a_valid_one_if_any(server: Running) -> None:
    [reply] = server.send(b"GET / HTTP/1.0\r\n\r\n")
    assert (reply.status, reply.headers["connection"]) == (200, "close")
    for fields in (b"Host: a b\r\n", b"Host: x\r\nHost: x\r\n"):
        [reply] = server.send(b"GET / HTTP/1.0\r\n%b\r\n" % fields)
        assert reply.code == "header-invalid"


def test_the_host_of_an_absolute_address_counts(server: Running) -> None:
    for target, host, path, query in (
        (b"http://a.example/p?q=1", "a.example", "/p", "q=1"),
        (b"HTTPS://a.example:81", "a.example:81", "/", ""),
        (b"http://[::1]:81?q", "[::1]:81", "/", "q"),
    ):
        [reply] = server.send(get(target, b"Connection: close\r\n"))
        body = told(reply)
        assert (body["path"], body["query"]) == (path, query)
        assert [v for n, v in body["headers"] if n == "host"] == [host]  # type: ignore[attr-defined]
    [reply] = server.send(b"GET http://a.example/ HTTP/1.1\r\n\r\n")
    assert reply.code == "header-invalid"


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (get(b"http:///p"), "request-malformed"),
        (get(b"http://a@b/p"), "request-malformed"),
        (get(b"http://a b/p"), "request-malformed"),
        (get(b"ftp://a/p"), "request-malformed"),
        (b"CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n", "request-malformed"),
        (b"GET / HTTP/2.0\r\nHost: x\r\n\r\n", "request-malformed"),
        (b"GET / HTTP/0.9\r\nHost: x\r\n\r\n", "request-malformed"),
        (b"GET / HTTP/1.2\r\nHost: x\r\n\r\n", "request-malformed"),
        (get(head=b"X: a\r\n b\r\n"), "request-malformed"),
        (get(head=b" X: a\r\n"), "request-malformed"),
        (get(head=b"X : a\r\n"), "request-malformed"),
        (get(head=b": a\r\n"), "request-malformed"),
        (get(head=b"X: a\0\r\n"), "request-malformed"),
        (get(head=b"X: a\rb\r\n"), "request-malformed"),
        (get(head=b"X: a\n"), "request-malformed"),
        (b"GET / HTTP/1.1\nHost: x\n\n", "request-malformed"),
        (post(b"Content-Length: 3\r\nContent-Length: 3\r\n", b"abc"), "request-malformed"),
        (post(b"Content-Length: 3\r\nContent-Length: 4\r\n", b"abc"), "request-malformed"),
        (post(b"Content-Length: 3, 3\r\n", b"abc"), "request-malformed"),
        (post(b"Content-Length: +3\r\n", b"abc"), "request-malformed"),
        (post(b"Content-Length: 0x3\r\n", b"abc"), "request-malformed"),
        (post(b"Content-Length:\r\n", b"abc"), "request-malformed"),
        (post(b"Content-Length: 99999999999999999999\r\n", b"abc"), "request-malformed"),
        (post(b"Content-Length: 3\r\n" + CHUNKED, b"0\r\n\r\n"), "request-malformed"),
        (post(CHUNKED + b"Content-Length: 3\r\n", b"0\r\n\r\n"), "request-malformed"),
        (post(CHUNKED * 2, b"0\r\n\r\n"), "request-malformed"),
        (post(b"Transfer-Encoding: chunked, gzip\r\n", b"0\r\n\r\n"), "request-malformed"),
        (post(b"Transfer-Encoding: gzip, chunked\r\n"), "transfer-coding-unsupported"),
        (post(b"Transfer-Encoding: identity\r\n"), "transfer-coding-unsupported"),
        (post(b"Transfer-Encoding: xchunked\r\n"), "transfer-coding-unsupported"),
        (post(CHUNKED).replace(b"1.1", b"1.0"), "request-malformed"),
        (get(head=b"Expect: 200-ok\r\n"), "expectation-failed"),
        (get(head=b"Expect: 100-continue, x\r\n"), "expectation-failed"),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(server: Running, sent: bytes, code: str) -> None:
    """RFC 9112, sections 3.2, 5, 6.3 and 11.2: nothing behind it is taken for a request."""
    answers = server.send(sent + last(b"/smuggled"))
    assert codes(answers) == [code]
    assert answers[0].headers["connection"] == "close"


@pytest.mark.parametrize("size", [b"zz", b"-1", b" 3", b"3 ", b"0x3", b"f" * 17, b"", b"3\n"])
def test_a_bad_chunk_is_refused(server: Running, size: bytes) -> None:
    answers = server.send(post(CHUNKED, b"%b\r\nabc\r\n0\r\n\r\n" % size) + last(b"/smuggled"))
    assert codes(answers) == ["request-malformed"]


def test_trailers_and_spaces_around_values_are_no_part_of_a_request(server: Running) -> None:
    body = b"2\r\nab\r\n1;x=y\r\nc\r\n0\r\nAuthorization: later\r\nX-Late: 1\r\n\r\n"
    first, _ = server.send(post(CHUNKED + b"X: \t v \t\r\n", body) + last())
    assert told(first)["body"] == "abc"
    assert told(first)["headers"] == [["host", "x"], ["transfer-encoding", "chunked"], ["x", "v"]]


def test_http_1_0_is_not_told_to_go_on(server: Running) -> None:
    sent = post(b"Content-Length: 3\r\nExpect: 100-continue\r\n", b"abc")
    assert [each.status for each in server.send(sent.replace(b"1.1", b"1.0"))] == [200]


def test_an_offer_of_another_protocol_is_passed_over_with_its_body(server: Running) -> None:
    """As `curl --http2 --data` sends it; llhttp would take the body for the next request."""
    offer = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
    answers = server.send(get(b"/1", offer) + get(b"/2", offer) + last())
    assert [told(each)["path"] for each in answers] == ["/1", "/2", "/end"]
    smuggled = last(b"/smuggled")
    sized = offer + b"Content-Length: %d\r\n" % len(smuggled)
    chunks = b"%x\r\n%b\r\n0\r\n\r\n" % (len(smuggled), smuggled)
    for sent in (post(sized, smuggled), post(offer + CHUNKED, chunks)):
        for cut in (len(sent), len(sent) - 1, len(sent) - len(chunks), 60):
            [reply] = server.send(sent[:cut], sent[cut:] + get(b"/dropped"))
            assert told(reply)["path"] == "/"
            assert told(reply)["body"] == smuggled.decode()
            assert reply.headers["connection"] == "close"


# Turns


def test_requests_ahead_of_their_answers_are_answered_in_turn(server: Running) -> None:
    sent = b"".join(get(b"/%d" % each) for each in range(MAX_PIPELINED - 1)) + last()
    answers = server.send(sent)
    expected = [f"/{each}" for each in range(MAX_PIPELINED - 1)] + ["/end"]
    assert [told(each)["path"] for each in answers] == expected


def test_too_many_requests_ahead_are_refused_after_those_before(server: Running) -> None:
    answers = server.send(get() * (MAX_PIPELINED * 20))
    assert codes(answers) == [None] * (MAX_PIPELINED + 1) + ["server-busy"]
    assert "retry-after" in answers[-1].headers


def test_a_refusal_waits_for_the_answers_before_it() -> None:
    with serving(Bounds()) as server, server.connect() as connection:
        connection.sendall(get(b"/gate") + get(b"/second") + b"nonsense\r\n\r\n")
        with server.connect() as other:
            other.sendall(last())
            assert len(list(replies(received(other)))) == 1
        server.application.open = True
        first, second, third = replies(received(connection))
        assert (told(first)["path"], told(second)["path"]) == ("/gate", "/second")
        assert third.code == "request-malformed"


def test_a_request_spoilt_behind_one_that_runs_is_refused_in_turn() -> None:
    with serving(Bounds()) as server, server.connect() as connection:
        connection.sendall(get(b"/gate") + post(CHUNKED, b"1\r\nx\r\n"))
        connection.sendall(b"spoilt\r\n")
        server.application.open = True
        first, second = replies(received(connection))
        assert (told(first)["path"], second.code) == ("/gate", "request-malformed")


def test_one_who_leaves_before_several_answers_is_forgotten() -> None:
    with serving(Bounds()) as server:
        with server.connect() as connection:
            connection.sendall(get(b"/gate") + get(b"/gate") + get(b"/big"))
            until(lambda: server.running == 1)
        server.application.open = True
        until(lambda: server.open == 0)
        until(lambda: server.running == 0)


def test_an_answer_that_comes_after_the_end_of_its_connection_is_dropped() -> None:
    with serving(Bounds(leaving=0.2, sweep=0.05)) as server, server.connect() as connection:
        connection.sendall(get(b"/gate") + get(b"/gate"))
        until(lambda: server.running == 1)
        server.server.should_exit = True
        until(lambda: server.open == 0)
        assert server.running == 1
        server.application.open = True
        server.stop()
        assert received(connection) == b""


def test_a_client_may_stop_sending_and_wait() -> None:
    with serving(Bounds()) as server, server.connect() as connection:
        connection.sendall(get(b"/gate"))
        connection.shutdown(socket.SHUT_WR)
        with server.connect() as other:
            other.sendall(last())
            assert len(list(replies(received(other)))) == 1
        server.application.open = True
        [reply] = replies(received(connection))
        assert told(reply)["path"] == "/gate"


@pytest.mark.parametrize("close", [b"", b"Connection: close\r\n"], ids=["kept", "closed"])
def test_an_early_answer_reaches_one_who_goes_on_sending(close: bytes) -> None:
    with serving(Bounds(parting=PATIENCE)) as server:
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


@pytest.mark.parametrize(
    "sent", [b"", b"\r\n\r\n", get()], ids=["nothing", "newlines", "a request"]
)
def test_an_idle_connection_is_closed(quick: Running, sent: bytes) -> None:
    answers = quick.send(sent)
    assert codes(answers) == [None] * sent.count(b"GET")


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
        connection.settimeout(0.02)
        answer = b""
        while not answer and time.monotonic() < deadline:
            connection.sendall(piece)
            try:
                answer = connection.recv(65536)
            except TimeoutError:
                continue
    assert answer.startswith(b"HTTP/1.1 408 ")


def test_the_end_of_a_body_behind_an_early_answer_is_not_awaited_for_ever(quick: Running) -> None:
    [reply] = quick.send(post(b"Content-Length: 9\r\n", b"abc", target=b"/early"))
    assert reply.status == 200


def test_an_answer_that_nobody_takes_is_dropped(quick: Running) -> None:
    before = quick.open
    with quick.connect() as connection:
        connection.sendall(get(b"/big"))
        until(lambda: quick.open == before + 1)
        until(lambda: quick.open <= before)
        assert len(received(connection)) < BIG


def test_one_who_reads_no_refusal_is_dropped(quick: Running) -> None:
    connection = quick.connect()
    with connection:
        connection.sendall(b"nonsense\r\n\r\n")
        until(lambda: quick.open == 0)


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


def test_a_connection_too_many_is_told_to_try_again() -> None:
    with serving(Bounds(open=4, idle=PATIENCE)) as server:
        kept = [server.connect() for _ in range(4)]
        until(lambda: server.open == 4)
        [reply] = server.send(get())
        assert (reply.status, reply.code) == (503, "server-busy")
        assert int(reply.headers["retry-after"]) >= 1
        for connection in kept:
            connection.sendall(get())
            assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
        kept.pop().close()
        until(lambda: server.open == 3)
        assert codes(server.send(last())) == [None]
        for connection in kept:
            connection.close()


def test_a_flood_of_connections_is_bounded() -> None:
    bounds = Bounds(open=4, idle=PATIENCE)
    with serving(bounds) as server:
        flood = [server.connect() for _ in range(200)]
        until(lambda: server.open <= bounds.most)
        for connection in flood[4:]:
            connection.close()
        until(lambda: server.open <= 4)
        for connection in flood:
            connection.close()
        until(lambda: server.open == 0)
        assert codes(server.send(last())) == [None]


def test_hundreds_of_half_requests_keep_nobody_from_being_served() -> None:
    with serving(Bounds()) as server:
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
    with serving(Bounds(leaving=0.5, sweep=0.05)) as server:
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


# Bytes in any pieces


def streams(chance: random.Random) -> Iterator[bytes]:
    """Rows of requests, most of them valid, some with random bytes changed."""
    pieces = [
        get(b"/a?b=c"), get(b"/early"), post(b"Content-Length: 5\r\n", b"hello"),
        post(CHUNKED, b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: u\r\n\r\n"), b"\r\n",
        get(head=b"Upgrade: h2c\r\nConnection: upgrade\r\n"), get(b"http://h/p"),
        post(b"Content-Length: 2\r\nUpgrade: h2c\r\nConnection: upgrade\r\n", b"hi"),
        get(head=b"X: %b\r\n" % (b"a" * 2000)), post(b"Content-Length: 0\r\n"),
    ]  # fmt: skip
    while True:
        data = bytearray(b"".join(chance.choices(pieces, k=chance.randint(1, 6))))
        for _ in range(chance.choice((0, 0, 1, 2))):
            data[chance.randrange(len(data))] = chance.choice(b"\r\n\0 :/x9\xff\x01;,")
        yield bytes(data) + last()


def test_the_same_bytes_get_the_same_answers_in_whatever_pieces_they_come(
    server: Running,
) -> None:
    chance = random.Random(f"{SEED} pieces")
    for _, data in zip(range(60), streams(chance), strict=False):
        cuts = sorted(chance.sample(range(1, len(data)), k=min(4, len(data) - 1)))
        pieces = [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]
        whole, parted = server.send(data, done=False), server.send(*pieces)
        assert whole, data
        assert [(r.status, r.body) for r in whole] == [(r.status, r.body) for r in parted], data
