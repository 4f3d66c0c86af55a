"""What the head of a request may hold and say: all else is refused, and nothing behind it read."""

import random
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from api.heads import MAX_HEAD
from tests.api.serving import CHUNKED, PATIENT, Running, codes, get, last, post, serving, told
from tests.api.test_sockets import received, replies
from tests.scale import SEED


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with serving(PATIENT) as running:
        yield running


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
        with suppress(BrokenPipeError, ConnectionResetError):
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
        whole, parted = server.send(data, done=True), server.send(*pieces, done=True)
        assert whole, data
        assert [(r.status, r.body) for r in whole] == [(r.status, r.body) for r in parted], data
