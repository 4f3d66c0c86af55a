"""A limit of requests per client, and who a client is behind proxies."""

import ipaddress
import re
import socket
import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from math import ceil

import orjson
from starlette.types import ASGIApp, Receive, Scope, Send

from api.edge import PROBES
from api.graphql.errors import problem_error
from api.graphql.request import PLAIN_JSON, response_media
from api.http import Answer, header, problem_answer, send_answer
from schema.errors import Problem

MAX_CLIENTS = 10_000
"""Clients that a process remembers; beyond it the one not seen for longest starts anew."""

MAX_HOPS = 20
"""Addresses of a forwarding header that are looked at, from its end."""

_ROUNDING = 1e-6
"""Seconds by which a sum of many steps may be off."""

_PAIR = re.compile(r'([\w!#$%&\'*+.^`|~-]+)=("(?:[^"\\]|\\.)*"|[^\s;,"]*)[ \t]*([;,]|$)[ \t]*')
"""`token "=" value` and what follows it in a `Forwarded` (RFC 7239, section 4)."""
_WITH_PORT = re.compile(r"\[([^\]]*)\](?::\d+)?|([0-9.]+)(?::\d+)?")
_MAPPED = bytes(10) + b"\xff\xff"
"""Before an IPv4 address in an IPv6 one (RFC 4291, section 2.5.5.2)."""


class Limiter:
    """Counts requests by client: the generic cell rate algorithm, a bucket of `per_minute` tokens.

    GCRA (ITU-T I.371, appendix I; the virtual scheduling form) keeps one number a client, the time
    at which its bucket is full again. `clock` gives seconds.
    """

    def __init__(
        self,
        per_minute: int,
        *,
        most: int = MAX_CLIENTS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._step = 60 / per_minute
        self._most = most
        self._clock = clock
        self._full_at: dict[bytes, float] = {}

    def wait(self, client: bytes) -> float:
        """Count a request; 0 if it passes, else the seconds until one will, and it is not counted.

        Clients stand in the order in which they were last seen, so that one that goes on is not
        forgotten.
        """
        now = self._clock()
        full_at = max(self._full_at.pop(client, now), now)
        wait = full_at + self._step - now - 60
        if wait <= _ROUNDING:
            full_at += self._step
            wait = 0.0
        if len(self._full_at) >= self._most:
            del self._full_at[next(iter(self._full_at))]
        self._full_at[client] = full_at
        return wait


class Clients:
    """Who asks: the last address on the way to us that is not one of the `trusted` networks."""

    def __init__(self, trusted: Sequence[str] = ()) -> None:
        self._networks = [ipaddress.ip_network(each) for each in trusted]
        self._is_trusted = lru_cache(4096)(self._in_a_network)

    def address(self, scope: Scope) -> str:
        """The address of the client; empty where the connection has none, as a Unix socket.

        `X-Forwarded-For` and `Forwarded` (RFC 7239) count only if the connection comes from a
        trusted network. If both are there they must agree, for a proxy that sets one of them passes
        the other on as its client wrote it; else the proxy itself is the client.
        """
        peer = str(scope["client"][0]) if scope.get("client") else ""
        if not self._networks or not self._is_trusted(peer):
            return peer
        found = {
            self._last_untrusted(peer, hops)
            for name, split in ((b"x-forwarded-for", _listed), (b"forwarded", _forwarded))
            if (hops := split(header(scope, name)))
        }
        return found.pop() if len(found) == 1 else peer

    def _last_untrusted(self, peer: str, hops: Sequence[str]) -> str:
        """The client by a header; what stands before an illegible address is hearsay."""
        client = peer
        for hop in reversed(hops[-MAX_HOPS:]):
            address = _plain_address(hop)
            if not address:
                break
            client = address
            if not self._is_trusted(address):
                break
        return client

    def _in_a_network(self, text: str) -> bool:
        try:
            address = ipaddress.ip_address(text.partition("%")[0])
        except ValueError:
            return False
        mapped = getattr(address, "ipv4_mapped", None) or address
        return any(mapped in network for network in self._networks)


class RateLimit:
    """Wraps the doors: `per_minute` requests for a client (0: any number), told by `trusted`.

    A refusal is 429 (RFC 6585, section 4) with `Retry-After`, in the shape of its door. Probes are
    not counted. The client's own address replaces that of a trusted proxy in `scope["client"]`.
    """

    def __init__(self, inner: ASGIApp, *, per_minute: int, trusted: Sequence[str]) -> None:
        self._inner = inner
        self._clients = Clients(trusted)
        self._limiter = Limiter(per_minute) if per_minute else None
        self._per_minute = per_minute

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection; only HTTP is counted."""
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        peer = scope.get("client")
        address = self._clients.address(scope)
        if peer and address != peer[0]:
            scope["client"] = (address, 0)
        wait = 0.0
        if self._limiter and scope["path"] not in PROBES:
            wait = self._limiter.wait(_key(address))
        if wait:
            await send_answer(self._refusal(scope, wait), send, head=scope["method"] == "HEAD")
        else:
            await self._inner(scope, receive, send)

    def _refusal(self, scope: Scope, wait: float) -> Answer:
        seconds = ceil(wait)
        problem = Problem(
            "rate-limited",
            f"This server answers {self._per_minute} requests a minute for one client. The next "
            f"will pass in {seconds} s.",
        )
        headers = [(b"retry-after", b"%d" % seconds)]
        if scope["path"] == "/graphql" or scope["path"].startswith("/graphql/"):
            media = (response_media(scope) or PLAIN_JSON) + b"; charset=utf-8"
            body = orjson.dumps({"errors": [problem_error(problem)]})
            return Answer(body, problem.kind.status, media, headers)
        return problem_answer(problem, headers)


def _listed(text: str) -> list[str]:
    """The addresses of an `X-Forwarded-For`, from the farthest to the nearest."""
    return [each.strip() for each in text.split(",")] if text else []


def _forwarded(text: str) -> list[str]:
    """The same of a `Forwarded`; an empty one stands for what is illegible or left out."""
    hops, hop, at = [], "", 0
    while at < len(text):
        pair = _PAIR.match(text, at)
        if not pair:
            return [""]
        if pair[1].lower() == "for":
            hop = pair[2].strip('"')
        if pair[3] != ";":
            hops.append(hop)
            hop = ""
        at = pair.end()
    return hops


def _plain_address(text: str) -> str:
    """An IP address without brackets and port; empty if it is none."""
    found = _WITH_PORT.fullmatch(text)
    address = (found[1] or found[2] or "") if found else text
    try:
        ipaddress.ip_address(address)
    except ValueError:
        return ""
    return address


def _key(address: str) -> bytes:
    """What counts as one client: an IPv4 address, or the 64 bits of an IPv6 network."""
    text = address.partition("%")[0]
    try:
        if ":" not in text:
            return socket.inet_pton(socket.AF_INET, text)
        packed = socket.inet_pton(socket.AF_INET6, text)
    except OSError:
        return text.encode()
    return packed[12:] if packed.startswith(_MAPPED) else packed[:8]
