"""The rate limit: what passes, what is said to the rest, and who counts as one client."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from api.app import create_app
from api.rate import MAX_CLIENTS, Clients, Limiter, RateLimit
from api.settings import Settings

A, B = b"a", b"b"


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1e6

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def passed(limiter: Limiter, client: bytes, times: int) -> int:
    return sum(limiter.wait(client) == 0 for _ in range(times))


@pytest.mark.parametrize("per_minute", [1, 2, 60, 1000, 1_000_000])
def test_a_minute_s_requests_may_come_at_once_and_then_no_faster(
    clock: Clock, per_minute: int
) -> None:
    limiter = Limiter(per_minute, clock=clock)
    most = min(per_minute, 2000)
    assert passed(limiter, A, most) == most
    if most < per_minute:
        return
    wait = limiter.wait(A)
    assert wait == pytest.approx(60 / per_minute)
    clock.now += wait / 2
    assert limiter.wait(A) == pytest.approx(wait / 2)
    clock.now += wait / 2 + 1e-6
    assert passed(limiter, A, 3) == 1
    clock.now += 59 - 60 / per_minute
    assert passed(limiter, A, 2 * per_minute) <= per_minute
    clock.now += 1000
    assert passed(limiter, A, 2 * per_minute) == per_minute


def test_what_is_refused_is_not_counted(clock: Clock) -> None:
    limiter = Limiter(60, clock=clock)
    assert passed(limiter, A, 1000) == 60
    clock.now += 1.000001
    assert passed(limiter, A, 1000) == 1


def test_clients_do_not_share(clock: Clock) -> None:
    limiter = Limiter(2, clock=clock)
    assert (passed(limiter, A, 5), passed(limiter, B, 5)) == (2, 2)


def test_only_so_many_clients_are_remembered_and_the_silent_go_first(clock: Clock) -> None:
    limiter = Limiter(2, most=100, clock=clock)
    assert passed(limiter, A, 3) == 2
    assert passed(limiter, B, 3) == 2
    for number in range(5 * MAX_CLIENTS):
        assert limiter.wait(b"%d" % number) == 0
        if number % 50 == 0:
            assert limiter.wait(A) > 0
    assert len(limiter._full_at) == 100
    assert passed(limiter, B, 3) == 2


# Who asks

NETWORKS = ("10.0.0.0/8", "192.0.2.1/32", "2001:db8::/32", "127.0.0.1")


def who(peer: str | None, *headers: tuple[str, str], trusted: tuple[str, ...] = NETWORKS) -> str:
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    client = None if peer is None else (peer, 1234)
    return Clients(trusted).address({"type": "http", "client": client, "headers": raw})


XFF, FORWARDED = "x-forwarded-for", "forwarded"


@pytest.mark.parametrize(
    ("peer", "headers", "client"),
    [
        ("203.0.113.9", [(XFF, "198.51.100.1")], "203.0.113.9"),
        ("203.0.113.9", [(FORWARDED, "for=198.51.100.1")], "203.0.113.9"),
        ("10.1.2.3", [], "10.1.2.3"),
        ("10.1.2.3", [(XFF, "198.51.100.1")], "198.51.100.1"),
        ("::ffff:10.1.2.3", [(XFF, "198.51.100.1")], "198.51.100.1"),
        ("2001:db8::7", [(XFF, "198.51.100.1")], "198.51.100.1"),
        ("10.1.2.3", [(XFF, "6.6.6.6, 198.51.100.1")], "198.51.100.1"),
        ("10.1.2.3", [(XFF, "6.6.6.6, 198.51.100.1 , 10.9.9.9,192.0.2.1")], "198.51.100.1"),
        ("10.1.2.3", [(XFF, "6.6.6.6"), (XFF, "198.51.100.1")], "198.51.100.1"),
        ("10.1.2.3", [(XFF, "10.0.0.1, 10.0.0.2")], "10.0.0.1"),
        ("10.1.2.3", [(XFF, "198.51.100.1:4711")], "198.51.100.1"),
        ("10.1.2.3", [(XFF, "2001:db9::1")], "2001:db9::1"),
        ("10.1.2.3", [(XFF, "[2001:db9::1]:4711")], "2001:db9::1"),
        ("10.1.2.3", [(XFF, "198.51.100.1, unknown")], "10.1.2.3"),
        ("10.1.2.3", [(XFF, "198.51.100.1, unknown, 10.0.0.2")], "10.0.0.2"),
        ("10.1.2.3", [(XFF, "unknown, 198.51.100.1")], "198.51.100.1"),
        ("10.1.2.3", [(XFF, "")], "10.1.2.3"),
        ("10.1.2.3", [(XFF, ",,,")], "10.1.2.3"),
        ("10.1.2.3", [(XFF, "1.2.3.4.5, 256.1.1.1")], "10.1.2.3"),
        ("10.1.2.3", [(XFF, "10.0.0.1," * 5000)], "10.1.2.3"),
        ("10.1.2.3", [(FORWARDED, "for=198.51.100.1")], "198.51.100.1"),
        ("10.1.2.3", [(FORWARDED, 'For="198.51.100.1:4711";proto=https')], "198.51.100.1"),
        ("10.1.2.3", [(FORWARDED, 'by=x;for="[2001:db9::1]:4711"')], "2001:db9::1"),
        ("10.1.2.3", [(FORWARDED, "for=6.6.6.6, for=198.51.100.1,for=10.2.2.2")], "198.51.100.1"),
        ("10.1.2.3", [(FORWARDED, "for=6.6.6.6"), (FORWARDED, "for=198.51.100.1")], "198.51.100.1"),
        ("10.1.2.3", [(FORWARDED, 'for=198.51.100.1;host="a,for=6.6.6.6;b"')], "198.51.100.1"),
        ("10.1.2.3", [(FORWARDED, 'for=198.51.100.1;host="\\",for=6.6.6.6"')], "198.51.100.1"),
        ("10.1.2.3", [(FORWARDED, "for=6.6.6.6, for=_hidden")], "10.1.2.3"),
        ("10.1.2.3", [(FORWARDED, "for=6.6.6.6, proto=https")], "10.1.2.3"),
        ("10.1.2.3", [(FORWARDED, 'for=6.6.6.6;x=", for=198.51.100.1')], "10.1.2.3"),
        ("10.1.2.3", [(FORWARDED, 'for=6.6.6.6;x=", for="[2001:db9::1]"')], "10.1.2.3"),
        ("10.1.2.3", [(FORWARDED, "=;=,=")], "10.1.2.3"),
        ("10.1.2.3", [(XFF, "198.51.100.1"), (FORWARDED, "for=198.51.100.1")], "198.51.100.1"),
        ("10.1.2.3", [(XFF, "198.51.100.1"), (FORWARDED, "for=6.6.6.6")], "10.1.2.3"),
        ("10.1.2.3", [(XFF, "6.6.6.6"), (FORWARDED, 'for="')], "10.1.2.3"),
        (None, [(XFF, "198.51.100.1")], ""),
        ("/run/socket", [(XFF, "198.51.100.1")], "/run/socket"),
    ],
)
def test_the_last_address_that_is_no_trusted_proxy_counts(
    peer: str | None, headers: list[tuple[str, str]], client: str
) -> None:
    assert who(peer, *headers) == client


def test_nobody_is_believed_by_default() -> None:
    assert who("127.0.0.1", (XFF, "6.6.6.6"), (FORWARDED, "for=6.6.6.6"), trusted=()) == "127.0.0.1"


# The layer


class Told:
    """An application that tells as whom it sees the client."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = json.dumps(scope["client"]).encode()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})


class Caller:
    """Asks an application as any peer."""

    def __init__(self, application: object, runner: asyncio.Runner) -> None:
        self._application = application
        self._runner = runner

    def __call__(
        self, target: str, *, peer: str = "203.0.113.9", method: str = "GET", **headers: str
    ) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self._application, client=(peer, 5))  # type: ignore[arg-type]
            async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
                named = {name.replace("_", "-"): value for name, value in headers.items()}
                return await client.request(method, target, headers=named)

        return self._runner.run(ask())


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


def test_an_ipv6_network_is_one_client_and_every_ipv4_address(runner: asyncio.Runner) -> None:
    call = Caller(RateLimit(Told(), per_minute=1, trusted=()), runner)
    answers = [
        call("/", peer=peer).status_code
        for peer in (
            "2001:db8:1:2::1", "2001:db8:1:2:ffff::1", "2001:db8:1:3::1", "fe80::1%eth0",
            "fe80::2%eth1", "192.0.2.1", "192.0.2.2", "::ffff:192.0.2.1", "odd", "odd",
        )
    ]  # fmt: skip
    assert answers == [200, 429, 200, 200, 429, 200, 200, 429, 200, 429]


def test_the_client_behind_a_proxy_is_counted_and_shown(runner: asyncio.Runner) -> None:
    call = Caller(RateLimit(Told(), per_minute=1, trusted=("10.0.0.0/8",)), runner)
    first = call("/", peer="10.1.1.1", x_forwarded_for="198.51.100.1")
    assert first.json() == ["198.51.100.1", 0]
    assert call("/", peer="10.1.1.2", x_forwarded_for="6.6.6.6, 198.51.100.1").status_code == 429
    assert call("/", peer="10.1.1.2", x_forwarded_for="198.51.100.2").status_code == 200
    assert call("/", x_forwarded_for="198.51.100.3").json() == ["203.0.113.9", 5]


def test_without_a_limit_the_client_is_only_shown(runner: asyncio.Runner) -> None:
    call = Caller(RateLimit(Told(), per_minute=0, trusted=("10.0.0.0/8",)), runner)
    for _ in range(100):
        answer = call("/", peer="10.1.1.1", x_forwarded_for="198.51.100.1")
        assert (answer.status_code, answer.json()) == (200, ["198.51.100.1", 0])


@pytest.fixture
def limited(tmp_path: Path, runner: asyncio.Runner) -> Iterator[Caller]:
    """The whole application, one request a minute for a client, ended well."""
    application = create_app(Settings(data=tmp_path / "data", rate_limit=1))
    inbox: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    outbox: asyncio.Queue[dict[str, str]] = asyncio.Queue()

    async def start() -> "asyncio.Task[None]":
        scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
        running = asyncio.ensure_future(application(scope, inbox.get, outbox.put))  # type: ignore[arg-type]
        await inbox.put({"type": "lifespan.startup"})
        assert (await outbox.get())["type"] == "lifespan.startup.complete"
        return running

    async def stop() -> None:
        await inbox.put({"type": "lifespan.shutdown"})
        await running

    running = runner.run(start())
    yield Caller(application, runner)
    runner.run(stop())


def test_a_refusal_has_the_shape_of_its_door(limited: Caller) -> None:
    assert limited("/v1/stats").status_code == 200
    for target in ("/v1/stats", "/", "/nowhere"):
        answer = limited(target, origin="https://a.example")
        assert (answer.status_code, answer.json()["code"]) == (429, "rate-limited")
        assert answer.headers["content-type"] == "application/problem+json"
        assert 0 < int(answer.headers["retry-after"]) <= 60
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "retry-after" in answer.headers["access-control-expose-headers"].lower()
    media = "application/graphql-response+json"
    for target, accept, expected in (
        ("/graphql?query={stats{papers}}", "*/*", "application/json"),
        ("/graphql?query={stats{papers}}", media, media),
        ("/graphql/schema.graphql", "*/*", "application/json"),
        ("/graphql", "text/html", "application/json"),
    ):
        answer = limited(target, accept=accept)
        [error] = answer.json()["errors"]
        assert (answer.status_code, error["extensions"]["code"]) == (429, "rate-limited")
        assert answer.headers["content-type"].split(";")[0] == expected
        assert int(answer.headers["retry-after"]) > 0
    assert limited("/v1/stats", method="HEAD").content == b""
    assert limited("/v1/stats", peer="203.0.113.10").status_code == 200


def test_probes_and_preflights_do_not_count(limited: Caller) -> None:
    preflight = {"origin": "https://a.example", "access_control_request_method": "GET"}
    for _ in range(3):
        assert limited("/healthz").status_code == 200
        assert limited("/readyz").status_code in (200, 503)
        assert limited("/v1/stats", method="OPTIONS", **preflight).status_code == 204
    assert limited("/v1/stats").status_code == 200
    assert limited("/v1/stats").status_code == 429
    assert limited("/healthz").status_code == 200
    assert limited("/v1/stats", method="OPTIONS", **preflight).status_code == 204
