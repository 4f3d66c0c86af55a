"""A real server, spoken to in bytes: whatever arrives, it answers in its one shape and goes on."""

import json
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urljoin

import pytest

from index.shelf import Shelf
from schema.errors import PROBLEMS
from tests.api.client import Silent
from tests.cli.running import started
from tests.paths import SAMPLE

TIMEOUT = 20.0
SECRET = "c0ffee-token"
JSON = b"Content-Type: application/json\r\n"
IDS = b'{"ids": ["x"]}'
STATS = b'{"query": "{stats {papers}}"}'


@dataclass(frozen=True)
class Reply:
    """One response: status, headers in lower case, body."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str | None:
        """The code of a refusal, which must have the shape and the status of the table."""
        body = json.loads(self.body)
        media = self.headers["content-type"].split(";")[0]
        code = body.get("code")
        if "errors" in body and code is None:
            assert media in ("application/json", "application/graphql-response+json")
            code = body["errors"][0]["extensions"]["code"]
        elif code is not None:
            assert media == "application/problem+json"
        assert code is None or PROBLEMS[code].status == self.status
        return str(code) if code else None


@dataclass(frozen=True)
class Server:
    """Where a server listens."""

    port: int

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), TIMEOUT)

    def send(self, *parts: bytes, done: bool = False) -> list[Reply]:
        """All replies until the server closes; `done` closes our side after the last byte."""
        with self.connect() as connection:
            with suppress(OSError):  # it hung up before our last byte
                for part in parts:
                    connection.sendall(part)
                if done:
                    connection.shutdown(socket.SHUT_WR)
            return list(replies(received(connection)))

    def ask(self, method: bytes, target: bytes, head: bytes = b"", body: bytes = b"") -> Reply:
        """The one reply to a request that asks to close."""
        [reply] = self.send(request(method, target, head, body))
        return reply


def request(method: bytes, target: bytes, head: bytes = b"", body: bytes = b"") -> bytes:
    start = b"%b %b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" % (method, target)
    return start + head + b"\r\n" + body


def sized(body: bytes) -> bytes:
    return JSON + b"Content-Length: %d\r\n" % len(body)


def chunked(body: bytes) -> bytes:
    return b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)


def received(connection: socket.socket) -> bytes:
    chunks = []
    try:
        while chunk := connection.recv(65536):
            chunks.append(chunk)
    except ConnectionResetError:  # it hung up while we were still sending
        pass
    return b"".join(chunks)


def replies(data: bytes) -> Iterator[Reply]:
    """The responses in what was received; those to HEAD must come last."""
    while data:
        head, _, data = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        found = re.fullmatch(r"HTTP/1\.1 (\d{3}) .*", first)
        assert found, first
        pairs = (line.split(": ", 1) for line in lines)
        headers = {name.lower(): value for name, value in pairs}
        length = int(headers.get("content-length", 0))
        yield Reply(int(found[1]), headers, data[:length])
        data = data[length:]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server over the sample, which must have stayed quiet and private when it ends."""
    folder = tmp_path_factory.mktemp("sockets")
    with Shelf(folder / "data") as shelf:
        shelf.load([SAMPLE], Silent())
    with started(folder, "serve", "--port", "0") as process:
        yield Server(port_of(process))
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 0
    assert log == b""


def port_of(process: "subprocess.Popen[bytes]") -> int:
    assert process.stdout is not None
    for line in process.stdout:
        found = re.search(rb"http://127\.0\.0\.1:(\d+)/graphql", line)
        if found:
            return int(found[1])
    raise AssertionError("the server ended early")


@pytest.mark.parametrize(
    ("target", "status", "code"),
    [
        (b"/v1/papers/hep-th%2F9901001", 404, "paper-not-found"),
        (b"/v1/papers/..", 404, "paper-not-found"),
        (b"/v1/papers/../stats", 404, "paper-not-found"),
        (b"/v1/papers/%2e%2e/%2E%2E/etc/passwd", 404, "paper-not-found"),
        (b"/v1/papers/" + b"a" * 8000, 404, "paper-not-found"),
        (b"/v1/papers/%00%ff%fe%ed%a0%80", 404, "paper-not-found"),
        (b"/v1/papers/%", 404, "paper-not-found"),
        (b"/v1/papers/%zz%0d%0aSet-Cookie:%20x", 404, "paper-not-found"),
        (b"/v1/papers/a?b?c", 400, "parameter-unknown"),
        (b"/v1/pap%65rs?limit=1", 200, None),
        (b"/V1/papers", 404, "route-not-found"),
        (b"//v1/papers", 404, "route-not-found"),
        (b"/v1//papers", 404, "route-not-found"),
        (b"//evil.example/%2f..", 404, "route-not-found"),
        (b"/healthz/", 404, "route-not-found"),
        (b"/" + b"a" * 8000, 404, "route-not-found"),
        (b"/%00", 404, "route-not-found"),
        (b"*", 404, "route-not-found"),
        (b"/graphql/assets/../../door.py", 404, "route-not-found"),
        (b"/graphql/assets/%2e%2e/%2e%2e/door.py", 404, "route-not-found"),
        (b"http://other.example/v1/stats", 200, None),
        (b"/v1/papers/na\xc3\xafve", 400, "request-malformed"),
        (b"/v1/papers?q=\xff", 400, "request-malformed"),
        (b"/v1/papers?q=two words", 400, "request-malformed"),
        (b"v1/papers", 400, "request-malformed"),
    ],
)
def test_any_address_is_answered(
    server: Server, target: bytes, status: int, code: str | None
) -> None:
    reply = server.ask(b"GET", target)
    assert (reply.status, reply.code) == (status, code)
    assert len(reply.body) < 1000 or code is None
    assert "location" not in reply.headers
    assert "set-cookie" not in reply.headers


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        (b"q=" + b"a" * 30_000, 400, "query-too-long"),
        (b"&".join([b"author=x"] * 100), 200, None),
        (b"&".join([b"author=x"] * 200), 400, "parameter-invalid"),
        (b"&".join([b"author=x"] * 3000), 400, "parameter-invalid"),
        (b"&" * 30_000, 400, "parameter-invalid"),
        (b"x" * 5000 + b"=1", 400, "parameter-unknown"),
        (b"q=%e9", 400, "parameter-invalid"),
        (b"q=%ED%A0%80", 400, "parameter-invalid"),
        (b"q=%zz", 200, None),
        (b"q=%", 200, None),
        (b"q=%00", 200, None),
        (b"q=a;limit=999", 200, None),
        (b"&&&", 200, None),
        (b"=", 400, "parameter-unknown"),
        (b"q[]=a", 400, "parameter-unknown"),
        (b"limit=%D9%A1", 400, "parameter-invalid"),
        (b"limit=+5", 400, "parameter-invalid"),
        (b"limit=" + b"9" * 5000, 400, "parameter-invalid"),
        (b"minAuthors=" + b"9" * 5000, 400, "parameter-invalid"),
        (b"cursor=" + b"A" * 30_000, 400, "cursor-invalid"),
        (b"%71=hydra", 200, None),
    ],
)
def test_any_query_string_is_answered(
    server: Server, query: bytes, status: int, code: str | None
) -> None:
    reply = server.ask(b"GET", b"/v1/papers?" + query)
    assert (reply.status, reply.code) == (status, code)
    assert status == 200 or len(reply.body) < 30_000
    by_graphql = server.ask(b"GET", b"/graphql?" + query)
    assert by_graphql.status == 400
    assert by_graphql.code in ("graphql-request-invalid", "parameter-invalid")


def test_plus_and_percent_20_are_the_same_space(server: Server) -> None:
    queries = (b"optimal+transport", b"optimal%20transport", b"optim%61l+transport")
    bodies = [json.loads(server.ask(b"GET", b"/v1/papers?q=" + each).body) for each in queries]
    assert bodies[0]["meta"]["totalAll"] == 2
    assert bodies[0]["data"] == bodies[1]["data"] == bodies[2]["data"]
    assert bodies[0]["links"]["self"] == "/v1/papers?q=optimal+transport"
    assert bodies[1]["links"]["self"] == "/v1/papers?q=optimal%20transport"


@pytest.mark.parametrize(
    ("path", "body"), [(b"/v1/papers/batch", IDS), (b"/graphql", STATS)], ids=["rest", "graphql"]
)
def test_any_body_is_answered(server: Server, path: bytes, body: bytes) -> None:
    for head, sent, expected in (
        (sized(body), body, None),
        (JSON + b"Transfer-Encoding: chunked\r\n", chunked(body), None),
        (sized(body) + b"Content-Encoding: identity\r\n", body, None),
        (sized(body).replace(b"json", b"JSON; charset=UTF-8"), body, None),
        (JSON, b"", "body-not-json"),
        (sized(b""), b"", "body-not-json"),
        (JSON + b"Content-Length: 3\r\n", body[:3], "body-not-json"),
        (sized(b"\xef\xbb\xbf" + body), b"\xef\xbb\xbf" + body, "body-not-json"),
        (sized(body) + b"Content-Encoding: gzip\r\n", body, "media-type-unsupported"),
        (sized(body).replace(b"application/json", b"\xff;;="), body, "media-type-unsupported"),
        (sized(body)[len(JSON) :], body, "media-type-unsupported"),
        (sized(body) + b"Content-Type: text/plain\r\n", body, "media-type-unsupported"),
        (JSON + b"Content-Length: 1000000000\r\n", b"", "body-too-large"),
        (JSON + b"Transfer-Encoding: chunked\r\n", chunked(b" " * 140_000), "body-too-large"),
        (JSON + b"Transfer-Encoding: chunked\r\n", b"zz\r\nabc", "request-malformed"),
        (JSON + b"Content-Length: -3\r\n", body, "request-malformed"),
        (JSON + b"Content-Length: 9999999999999999999999\r\n", body, "request-malformed"),
        (sized(body) + b"Content-Length: 3\r\n", body, "request-malformed"),
        (sized(body) + b"Transfer-Encoding: chunked\r\n", chunked(body), "request-malformed"),
    ):
        reply = server.ask(b"POST", path, head, sent)
        assert reply.code == expected, (head, sent[:50])
        assert reply.status < 500


def test_a_body_is_asked_for_only_if_it_is_wanted(server: Server) -> None:
    expecting = b"Expect: 100-continue\r\n"
    start = request(b"POST", b"/graphql", sized(STATS) + expecting)
    first, second = server.send(start, STATS)
    assert (first.status, second.status, second.code) == (100, 200, None)
    big = JSON + b"Content-Length: 10000000\r\n" + expecting
    [refusal] = server.send(request(b"POST", b"/graphql", big))
    assert refusal.code == "body-too-large"


def test_one_who_sends_half_a_body_and_leaves_gets_nothing(server: Server) -> None:
    head = JSON + b"Content-Length: 1000\r\n"
    assert server.send(request(b"POST", b"/v1/papers/batch", head, IDS), done=True) == []


def test_requests_in_a_row_are_answered_in_a_row(server: Server) -> None:
    def kept(method: bytes, target: bytes, head: bytes = b"", body: bytes = b"") -> bytes:
        return request(method, target, head, body).replace(b"Connection: close\r\n", b"")

    row = [
        (kept(b"GET", b"/v1/papers?q=al*+co*"), None),
        (kept(b"POST", b"/v1/papers/batch", sized(IDS), IDS), None),
        (kept(b"POST", b"/v1/stats", sized(IDS), IDS), "method-not-allowed"),
        (kept(b"GET", b"/v1/stats", b"Content-Length: 5\r\n", b"abcde"), None),
        (kept(b"POST", b"/graphql", sized(b"{"), b"{"), "body-not-json"),
        (kept(b"POST", b"/graphql", sized(b" " * 140_000), b" " * 140_000), "body-too-large"),
        (kept(b"GET", b"/nowhere"), "route-not-found"),
        (kept(b"GET", b"/v1/daily"), None),
    ] * 3
    answers = server.send(*(sent for sent, _ in row), request(b"GET", b"/healthz"))
    assert [answer.code for answer in answers] == [code for _, code in row] + [None]


@pytest.mark.parametrize(
    ("sent", "codes"),
    [
        (b"GET /v1/stats HTTP/1.0\r\n\r\n", [None]),
        (b"GET /v1/stats HTTP/1.1\r\nConnection: close\r\n\r\n", ["header-invalid"]),
        (b"get /v1/stats HTTP/1.1\r\nHost: x\r\n\r\n", ["request-malformed"]),
        (b"BREW /v1/stats HTTP/1.1\r\nHost: x\r\n\r\n", ["request-malformed"]),
        (b"GET /v1/stats HTTP/1.1\r\nbad header\r\n\r\n", ["request-malformed"]),
        (b"GET /v1/stats HTTP/1.1\r\nX: a\x00b\r\n\r\n", ["request-malformed"]),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ["request-malformed"]),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", ["request-malformed"]),
        (b"\x00" * 1000, ["request-malformed"]),
        (request(b"GET", b"/v1/stats", b"X: %b\r\n" % (b"a" * 30_000)), [None]),
        (request(b"GET", b"/v1/stats", b"Accept: \xff\r\nOrigin: \xfe\r\nCookie: a=b\r\n"), [None]),
    ],
)
def test_odd_connections(server: Server, sent: bytes, codes: list[str | None]) -> None:
    assert [reply.code for reply in server.send(sent)] == codes


@pytest.mark.parametrize("upgrade", [b"h2c", b"websocket"])
def test_an_offer_of_another_protocol_is_passed_over(server: Server, upgrade: bytes) -> None:
    offer = b"Upgrade: %b\r\nConnection: Upgrade, close\r\n" % upgrade
    head = b"GET /v1/stats HTTP/1.1\r\nHost: x\r\n" + offer
    [reply] = server.send(head + b"\r\n", done=True)
    assert (reply.status, reply.code) == (200, None)


@pytest.mark.parametrize(
    ("accept", "code"),
    [
        (b"", None),
        (b"*/*;q=0", "not-acceptable"),
        (b"image/png", "not-acceptable"),
        (b"x/y;q=\xb2", "not-acceptable"),
        (b",,;;q==,", None),
        (b"a" * 5000, None),
        (b"\xff", None),
    ],
)
def test_any_accept_is_answered(server: Server, accept: bytes, code: str | None) -> None:
    head = b"Accept: %b\r\n" % accept
    for target in (b"/", b"/healthz"):
        assert server.ask(b"GET", target, head).code is None
    for target in (b"/v1/stats", b"/v1/papers?q=hydra"):
        assert server.ask(b"GET", target, head).code == code
    assert server.ask(b"GET", b"/v1/nowhere", head).code == "route-not-found"
    assert server.ask(b"POST", b"/graphql", head + sized(STATS), STATS).code == code


def test_slow_and_broken_clients_hold_up_nobody(server: Server) -> None:
    idle = [server.connect() for _ in range(20)]
    try:
        for number, connection in enumerate(idle):
            half = request(b"POST", b"/graphql", JSON + b"Content-Length: 1000\r\n", b"{")
            connection.sendall(half[: 10 + number * 5])
        for _ in range(40):
            with server.connect() as leaving:
                leaving.sendall(request(b"GET", b"/v1/papers?q=al*+co*+mo*&limit=100"))
        assert server.ask(b"GET", b"/healthz").status == 200
        assert server.ask(b"GET", b"/v1/papers?q=re*").code is None
    finally:
        for connection in idle:
            connection.close()


def test_what_a_client_keeps_secret_is_not_logged(server: Server) -> None:
    secret = SECRET.encode()
    head = b"Authorization: Bearer %b\r\nCookie: %b\r\n" % (secret, secret)
    assert server.ask(b"GET", b"/v1/papers?q=" + secret, head).code is None
    assert server.ask(b"GET", b"/v1/%b?limit=0" % secret, head).code == "route-not-found"
    assert server.ask(b"BREW", b"/" + secret, head).code == "request-malformed"


def test_the_page_says_what_it_may_load(server: Server) -> None:
    for target in (b"/", b"/graphql"):
        reply = server.ask(b"GET", target, b"Accept: text/html,*/*;q=0.1\r\n")
        policy = reply.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; ")
        assert "http" not in policy
        assert b"//" not in re.sub(rb"http://x/v1/papers", b"", reply.body)
        links = re.findall(r'(?:src|href|action)="([^"?{]*)"', reply.body.decode())
        assert len(links) >= 4
        for link in links:
            path = urljoin(target.decode(), link).encode()
            assert server.ask(b"HEAD", path, b"Accept: text/html,*/*;q=0.8\r\n").status == 200


def test_what_would_end_a_link_is_encoded_in_it(server: Server) -> None:
    reply = server.ask(b"GET", b'/v1/papers?limit=1&match=any&q=alignment+b>;rel="evil",<x')
    assert reply.status == 200
    link = reply.headers["link"]
    assert (link.count("<"), link.count(">"), link.count('"')) == (1, 1, 2)
    assert link.endswith('>; rel="next"')
