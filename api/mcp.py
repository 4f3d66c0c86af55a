"""The MCP door, `/mcp`: the Model Context Protocol over its streamable HTTP transport.

Each POST is one JSON-RPC 2.0 message, answered with JSON; there are no sessions, streams or
batches. It speaks revision 2026-07-28, in which a request says all of itself, and the two before
it, which begin with a handshake; they are told apart as that revision says (basic/versioning,
"Backward Compatibility"), and neither needs anything to be remembered.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from functools import partial
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

import orjson
from starlette.types import Receive, Scope, Send

from api.delivery import Delivery, Planned
from api.http import (
    Answer,
    ClientGone,
    chosen_media,
    header,
    json_body,
    method_problem,
    options_answer,
    problem_answer,
    read_body,
    send_answer,
)
from api.operation import JSON
from api.pool import Pool
from api.tools import TOOLS, Tools
from api.version import program_version
from schema.errors import Problem

PATH = "/mcp"
METHODS = "POST, OPTIONS"

MODERN = ("2026-07-28",)
HANDSHAKE = ("2025-11-25", "2025-06-18")
"""The revisions that begin with `initialize`, the newest first."""

PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS = -32700, -32600, -32601, -32602
HEADER_MISMATCH, UNSUPPORTED_VERSION = -32020, -32022

_META = "io.modelcontextprotocol/"
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

KEPT = {"ttlMs": 3_600_000, "cacheScope": "public"}
"""How long what never changes while a server runs may be kept."""

INSTRUCTIONS = (
    "Papershelf searches a collection of research papers. Begin with `search_papers`: plain words "
    'find papers, "phrases", `field:word`, ranges and -word narrow them, and `list_facets` counts '
    "what there is by year, author or category. Totals are exact; `cursor` goes on to the next "
    "page. `get_paper` shows an abstract whole, `related_papers` what is like it. An error says "
    "what would pass."
)


class Refused(Exception):  # noqa: N818
    """A message that is not carried out: a JSON-RPC error, and the HTTP status that goes with it.

    Once a handshake has taken place, errors of well-formed requests are answers like others: 200.
    """

    def __init__(self, code: int, message: str, status: int = 400, data: object = None) -> None:
        super().__init__(message)
        self.error = {"code": code, "message": message}
        if data is not None:
            self.error["data"] = data
        self.status = status


class McpDoor:
    """Answers `/mcp` by `tools`; `max_body` bounds request bodies in bytes.

    A browser's page may ask if it is of this machine, of `public_url`, or of one of `origins`;
    there `*` counts for nothing, since DNS rebinding lends any name to a server.
    """

    def __init__(
        self,
        tools: Tools,
        pool: Pool,
        *,
        max_body: int,
        origins: Sequence[str] = (),
        public_url: str = "",
    ) -> None:
        self._tools = tools
        self._delivery = Delivery(pool)
        self._max_body = max_body
        own = urlsplit(public_url)
        self._origins = {*origins, f"{own.scheme}://{own.netloc}"} - {"*"}
        self._server = {
            "name": "papershelf",
            "title": "Papershelf",
            "version": program_version(),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One HTTP request; what is wrong with it as such is `application/problem+json`."""
        began = perf_counter()
        verb = scope["method"]
        try:
            if verb == "OPTIONS":
                answer = options_answer(METHODS)
            elif verb != "POST":
                answer = method_problem(verb, METHODS)
            else:
                self._check_origin(header(scope, b"origin"))
                chosen_media(scope, (JSON,))
                planned = Planned(partial(self._answer, scope, receive))
                answer = await self._delivery.deliver(planned, scope)
        except Problem as problem:
            answer = problem_answer(problem)
        except ClientGone:
            return
        await send_answer(answer, send, head=verb == "HEAD", began=began)

    def _check_origin(self, origin: str) -> None:
        """Raise `Problem` `origin-not-allowed` for a page that may not ask."""
        if not origin or origin in self._origins:
            return
        try:
            if urlsplit(origin).hostname in _LOOPBACK:
                return
        except ValueError:
            pass
        message = (
            f"Pages of `{origin[:100]}` may not ask here, only those of this machine and of the "
            "origins that PAPERSHELF_CORS_ORIGINS names."
        )
        raise Problem("origin-not-allowed", message)

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        identifier: object = None
        try:
            message = await self._message(scope, receive)
            if "id" not in message:
                return Answer(b"", 202)  # nothing that a client may notify us of concerns us
            identifier = message["id"]
            if isinstance(identifier, bool) or not isinstance(identifier, str | int):
                identifier = None
                raise Refused(INVALID_REQUEST, "`id` must be a string or an integer.")
            result = await self._result(message, scope)
        except Refused as refused:
            body = {"jsonrpc": "2.0", "id": identifier, "error": refused.error}
            return Answer(orjson.dumps(body), refused.status)
        return Answer(orjson.dumps({"jsonrpc": "2.0", "id": identifier, "result": result}))

    async def _message(self, scope: Scope, receive: Receive) -> dict[str, Any]:
        """The request or notification of a body; raises `Refused`, or `Problem` about HTTP."""
        try:
            message = json_body(scope, await read_body(scope, receive, self._max_body))
        except Problem as problem:
            if problem.code == "body-not-json":
                raise Refused(PARSE_ERROR, problem.detail) from None
            if problem.code == "body-invalid":
                detail = "A body is one JSON-RPC request or notification; there are no batches."
                raise Refused(INVALID_REQUEST, detail) from None
            raise
        if message.get("jsonrpc") != "2.0" or not isinstance(message.get("method"), str):
            detail = 'A message has `jsonrpc` "2.0" and the `method` that it asks for.'
            raise Refused(INVALID_REQUEST, detail)
        return message

    async def _result(self, message: Mapping[str, Any], scope: Scope) -> dict[str, Any]:
        """What a request asks for; raises `Refused`."""
        method, params = message["method"], message.get("params", {})
        if not isinstance(params, dict):
            raise Refused(INVALID_PARAMS, "`params` must be an object.")
        version = header(scope, b"mcp-protocol-version")
        meta = params.get("_meta")
        told = isinstance(meta, dict) and f"{_META}protocolVersion" in meta
        if told or version in MODERN:
            _check_modern(method, params, scope)
            return await self._modern(method, params)
        if version and version not in HANDSHAKE and method != "initialize":
            raise _unsupported(version)
        return await self._handshake(method, params)

    async def _modern(self, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        if method == "server/discover":
            result: dict[str, Any] = {
                "supportedVersions": [*MODERN, *HANDSHAKE],
                **self._described(),
                **KEPT,
            }
        elif method == "tools/list":
            result = self._list(params, 400) | KEPT
        elif method == "tools/call":
            result = await self._call(params, 400)
        else:
            raise Refused(METHOD_NOT_FOUND, f"There is no method {method[:100]} here.", 404)
        return result | {"resultType": "complete", "_meta": {f"{_META}serverInfo": self._server}}

    async def _handshake(self, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        if method == "initialize":
            asked = params.get("protocolVersion")
            version = asked if asked in HANDSHAKE else HANDSHAKE[0]
            return {"protocolVersion": version, "serverInfo": self._server, **self._described()}
        if method == "ping":
            return {}
        if method == "tools/list":
            return self._list(params, 200)
        if method == "tools/call":
            return await self._call(params, 200)
        raise Refused(METHOD_NOT_FOUND, f"There is no method {method[:100]} here.", 200)

    def _described(self) -> dict[str, Any]:
        return {"capabilities": {"tools": {"listChanged": False}}, "instructions": INSTRUCTIONS}

    def _list(self, params: Mapping[str, Any], status: int) -> dict[str, Any]:
        if params.get("cursor") is not None:
            raise Refused(INVALID_PARAMS, "All tools are on one page: leave `cursor` out.", status)
        return {"tools": self._tools.listed}

    async def _call(self, params: Mapping[str, Any], status: int) -> dict[str, Any]:
        name, arguments = params.get("name"), params.get("arguments")
        tool = TOOLS.get(name) if isinstance(name, str) else None
        if tool is None:
            known = ", ".join(TOOLS)
            raise Refused(INVALID_PARAMS, f"Unknown tool; there are {known}.", status)
        if not isinstance(arguments, dict | None):
            raise Refused(INVALID_PARAMS, "`arguments` must be an object.", status)
        return await self._tools.call(tool, arguments or {})


def _check_modern(method: str, params: Mapping[str, Any], scope: Scope) -> None:
    """Raise `Refused` unless a request says of itself what it must, in body and headers alike.

    That is the "Server Validation" of the transport.
    """
    meta = params.get("_meta")
    meta = meta if isinstance(meta, dict) else {}
    version = meta.get(f"{_META}protocolVersion")
    capabilities = meta.get(f"{_META}clientCapabilities")
    if not isinstance(version, str) or not isinstance(capabilities, dict):
        detail = f"`params._meta` must have `{_META}protocolVersion`, a string, and "
        raise Refused(INVALID_PARAMS, f"{detail}`{_META}clientCapabilities`, an object.")
    mirrored: list[tuple[str, object]] = [("MCP-Protocol-Version", version), ("Mcp-Method", method)]
    if method == "tools/call":
        mirrored.append(("Mcp-Name", params.get("name")))
    for name, value in mirrored:
        given = header(scope, name.lower().encode())
        if (_plain(given) if name == "Mcp-Name" else given) != value:
            raise Refused(HEADER_MISMATCH, f"Header mismatch: `{name}` is not what the body says.")
    if version not in MODERN:
        raise _unsupported(version)


def _unsupported(version: str) -> Refused:
    data = {"supported": [*MODERN, *HANDSHAKE], "requested": version[:100]}
    return Refused(UNSUPPORTED_VERSION, "Unsupported protocol version", data=data)


def _plain(value: str) -> str | None:
    """A header's value, decoded where it is `=?base64?...?=`; None where that is broken."""
    if not (value.startswith("=?base64?") and value.endswith("?=")):
        return value
    try:
        return base64.b64decode(value[9:-2], validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
