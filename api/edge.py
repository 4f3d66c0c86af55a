"""The outermost layer: hosts, CORS, headers that every answer carries, the last net for errors."""

import logging
from collections.abc import Sequence

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http import Answer, Header, header, problem_answer, send_answer
from schema.errors import Problem

EXPOSED = "Content-Disposition, ETag, Link, Location, Retry-After, Server-Timing, X-HF-Warning"
METHODS = "GET, HEAD, POST, OPTIONS"
WRITE_METHODS = "GET, HEAD, POST, DELETE, OPTIONS"
"""What pages of other origins may do, and those of origins that are named."""
REQUEST_HEADERS = "Accept, Authorization, Content-Type, If-None-Match, *"
"""The star stands for what tracing and GraphQL clients add, but not for `Authorization`."""
MAX_AGE = "86400"

POLICY = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
"""What a browser may do with an answer that it is led to show: nothing. Pages bring their own."""

PROBES = ("/healthz", "/readyz")
"""Answered for any host: what watches a server knows its address, not its name."""

_log = logging.getLogger("papershelf")


class Edge:
    """Wraps the doors.

    `origins` are those that a browser may call from, `hosts` those that a request may be for, with
    `*.` in front for any host below; `("*",)` means any. CORS is the Fetch standard's: a preflight
    is answered here, an actual request gains `Access-Control-Allow-Origin`. No answer depends on
    cookies, so credentials are never allowed.
    """

    def __init__(self, inner: ASGIApp, *, origins: Sequence[str], hosts: Sequence[str]) -> None:
        self._inner = inner
        self._any = "*" in origins
        self._origins = frozenset(origins)
        self._any_host = "*" in hosts
        self._hosts = {_plain_host(each) for each in hosts if not each.startswith("*.")}
        self._parents = {_plain_host(each[2:]) for each in hosts if each.startswith("*.")}
        self._common: list[Header] = [
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"no-referrer"),
        ]
        self._exposed = (b"access-control-expose-headers", EXPOSED.encode())
        self._for_all = self._allowed(b"*")
        self._preflight = _preflight(METHODS if self._any else WRITE_METHODS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection; only HTTP is changed on its way."""
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        extra = self._for_all if self._any else self._for_origin(header(scope, b"origin"))
        started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers: list[Header] = message["headers"]
                if POLICY[0] not in [name for name, _ in headers]:
                    headers = [*headers, POLICY]
                message["headers"] = headers + extra
            await send(message)

        verb, answer = scope["method"], None
        if not self._any_host and scope["path"] not in PROBES:
            answer = self._refused(header(scope, b"host"))
        if verb == "OPTIONS" and header(scope, b"access-control-request-method"):
            answer = answer or self._preflight
        if answer:
            await send_answer(answer, send_with_headers, head=verb == "HEAD")
            return
        try:
            await self._inner(scope, receive, send_with_headers)
        except Exception:
            _log.exception("An unexpected error in %s %s", verb, scope["path"][:200])
            if started:
                raise
            problem = Problem("internal", "Something went wrong here; the server's log says what.")
            await send_answer(problem_answer(problem), send_with_headers, head=verb == "HEAD")

    def _for_origin(self, origin: str) -> list[Header]:
        allowed = self._common
        if origin in self._origins:
            allowed = self._allowed(origin.encode("latin-1"))
        return [*allowed, (b"vary", b"Origin")]

    def _allowed(self, origin: bytes) -> list[Header]:
        return [
            *self._common,
            (b"access-control-allow-origin", origin),
            self._exposed,
            (b"timing-allow-origin", origin),
        ]

    def _refused(self, given: str) -> Answer | None:
        """The refusal of a request for a host that is not ours, None for one that is."""
        host = _plain_host(given)
        parent = host.partition(".")[2]
        while parent and parent not in self._parents:
            parent = parent.partition(".")[2]
        if parent or host in self._hosts:
            return None
        message = (
            f"This server does not answer for the host `{given[:100]}`, only for those of its "
            "setting PAPERSHELF_ALLOWED_HOSTS."
        )
        return problem_answer(Problem("host-not-allowed", message))


def _preflight(methods: str) -> Answer:
    return Answer(
        b"",
        204,
        headers=[
            (b"access-control-allow-methods", methods.encode()),
            (b"access-control-allow-headers", REQUEST_HEADERS.encode()),
            (b"access-control-max-age", MAX_AGE.encode()),
        ],
    )


def _plain_host(text: str) -> str:
    """The host of `host[:port]` in lower case, without brackets, port and final dot."""
    text = text.strip().lower()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    name, colon, port = text.rpartition(":")
    if colon and ":" not in name and (port.isdigit() or not port):
        text = name
    return text.removesuffix(".")
