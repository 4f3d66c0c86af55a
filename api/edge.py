"""The outermost layer: CORS, headers that every answer carries, and the last net for errors."""

import logging
from collections.abc import Sequence

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http import Answer, Header, header, problem_answer, send_answer
from schema.errors import Problem

EXPOSED = "ETag, Link, Location, Retry-After, Server-Timing"
METHODS = "GET, HEAD, POST, OPTIONS"
REQUEST_HEADERS = "Accept, Authorization, Content-Type, If-None-Match"
MAX_AGE = "86400"

_log = logging.getLogger("papershelf")


class Edge:
    """Wraps the doors. `origins` are those that a browser may call from; `("*",)` means any.

    CORS is the Fetch standard's: a preflight is answered here, an actual request gains
    `Access-Control-Allow-Origin`. No answer depends on cookies, so credentials are never allowed.
    """

    def __init__(self, inner: ASGIApp, origins: Sequence[str]) -> None:
        self._inner = inner
        self._any = "*" in origins
        self._origins = frozenset(origins)
        self._common: list[Header] = [(b"x-content-type-options", b"nosniff")]
        exposed = (b"access-control-expose-headers", EXPOSED.encode())
        self._for_all = [*self._common, (b"access-control-allow-origin", b"*"), exposed]
        self._exposed = exposed

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
                message["headers"] = [*message["headers"], *extra]
            await send(message)

        if scope["method"] == "OPTIONS":
            await send_answer(self._options(scope), send_with_headers)
            return
        try:
            await self._inner(scope, receive, send_with_headers)
        except Exception:
            _log.exception("An unexpected error in %s %s", scope["method"], scope["path"][:200])
            if started:
                raise
            problem = Problem("internal", "Something went wrong here; the server's log says what.")
            await send_answer(problem_answer(problem), send_with_headers)

    def _for_origin(self, origin: str) -> list[Header]:
        headers = [*self._common, (b"vary", b"Origin")]
        if origin in self._origins:
            allowed = (b"access-control-allow-origin", origin.encode("latin-1"))
            headers += [allowed, self._exposed]
        return headers

    def _options(self, scope: Scope) -> Answer:
        headers: list[Header] = [(b"allow", METHODS.encode())]
        if header(scope, b"access-control-request-method"):
            headers = [
                (b"access-control-allow-methods", METHODS.encode()),
                (b"access-control-allow-headers", REQUEST_HEADERS.encode()),
                (b"access-control-max-age", MAX_AGE.encode()),
            ]
        return Answer(b"", 204, headers=headers)
