"""Composition: one shelf, its doors, and the routes that lead to them."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from api.assets import Assets, openapi_viewer
from api.changes import ChangesDoor
from api.delivery import content_tag, finished
from api.edge import Edge
from api.graphql import GraphQLDoor
from api.http import (
    ENDING,
    NEGOTIATED,
    Answer,
    accepts_page,
    all_headers,
    header,
    method_problem,
    options_answer,
    problem_answer,
)
from api.hub import HubDoor
from api.llms import llms_text, newest_id
from api.mcp import PATH as MCP_PATH
from api.mcp import McpDoor
from api.negotiation import preferred_media
from api.openapi import MEDIA_TYPES, openapi_document
from api.pool import Pool
from api.process import settle
from api.rate import RateLimit
from api.rest import RestDoor
from api.settings import Settings
from api.streaming import Streams
from api.tools import Tools
from api.version import program_version
from api.web import greeting_json, greeting_page, icon, visited_address
from api.writing import WriteDoor
from index.shelf import Shelf
from schema.errors import Problem


class Front:
    """Sends what has a door of its own straight to it, and all else to Starlette's router."""

    def __init__(
        self, rest: ASGIApp, graphql: ASGIApp, mcp: ASGIApp, hub: ASGIApp, others: ASGIApp
    ) -> None:
        self._rest = rest
        self._hub = hub
        self._graphql = graphql
        self._mcp = mcp
        self._others = others

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection, lifespan included."""
        path = scope.get("path", "") if scope["type"] == "http" else ""
        if path.startswith("/v1/"):
            await self._rest(scope, receive, send)
        elif path == "/graphql" or path.startswith("/graphql/"):
            await self._graphql(scope, receive, send)
        elif path == MCP_PATH:
            await self._mcp(scope, receive, send)
        elif path.startswith(("/api/", "/papers/")):
            await self._hub(scope, receive, send)
        else:
            await self._others(scope, receive, send)


def create_app(settings: Settings) -> ASGIApp:
    """The whole server as one ASGI application; the shelf opens now and closes at shutdown.

    Raises `StoreError` or `OSError` if the data folder cannot be used.
    """
    shelf = Shelf(settings.data, settings.engine)
    pool, streams = Pool(), Streams()
    writing = WriteDoor(shelf, settings)

    described = openapi_document(program_version(), settings.public_url)
    others = Starlette(
        routes=_routes(shelf, pool, settings, described),
        exception_handlers={HTTPException: _http_problem},
        lifespan=lambda _: _living(shelf, writing, pool, streams),
    )
    # A redirect would lead to whatever host the client has named.
    others.router.redirect_slashes = False
    rest = RestDoor(
        shelf,
        pool,
        streams,
        max_body=settings.max_body,
        public_url=settings.public_url,
        others={**writing.handlers, **ChangesDoor(shelf, pool, settings.public_url).handlers},
    )
    graphql = GraphQLDoor(shelf, pool, max_body=settings.max_body, public_url=settings.public_url)
    mcp = McpDoor(
        Tools(rest, pool, described["components"]["schemas"], settings.public_url.rstrip("/")),
        pool,
        max_body=settings.max_body,
        origins=settings.cors_origins,
        public_url=settings.public_url,
    )
    hub = HubDoor(shelf, pool, public_url=settings.public_url)
    front: ASGIApp = Front(rest, graphql, mcp, hub, others)
    if settings.rate_limit or settings.trusted_proxies:
        limit, trusted = settings.rate_limit, settings.trusted_proxies
        front = RateLimit(front, per_minute=limit, trusted=trusted)
    return Edge(front, origins=settings.cors_origins, hosts=settings.allowed_hosts)


@asynccontextmanager
async def _living(
    shelf: Shelf, writing: WriteDoor, pool: Pool, streams: Streams
) -> AsyncIterator[dict[str, Callable[[], None]]]:
    """From the start of the server to its end, of which the write door hears first."""
    shelf.start()
    settle()
    try:
        yield {ENDING: writing.end}
    finally:
        writing.close()
        pool.close()
        streams.close()
        shelf.close()


def _routes(shelf: Shelf, pool: Pool, settings: Settings, described: dict[str, Any]) -> list[Route]:
    """The few addresses that are no door of their own; `described` is the OpenAPI document."""
    assets, viewer, public_url = Assets(), openapi_viewer(), settings.public_url

    async def greet(request: Request) -> Response:
        papers = shelf.stats().papers
        if not accepts_page(request.scope):
            return _response(request, greeting_json(papers, public_url))
        address = public_url or visited_address(request.scope)
        return _response(request, greeting_page(papers, address))

    async def icon_file(request: Request) -> Response:
        return _response(request, icon())

    async def viewer_page(request: Request) -> Response:
        return _response(request, viewer)

    async def asset(request: Request) -> Response:
        found = assets.get(request.path_params["name"], request.scope)
        if found is None:
            raise HTTPException(404)
        return _response(request, found, constant=True)

    document = orjson.dumps(described)
    description = Answer(document, tag=content_tag(document), vary=NEGOTIATED)

    async def describe(request: Request) -> Response:
        media = preferred_media(header(request.scope, b"accept"), MEDIA_TYPES) or MEDIA_TYPES[0]
        return _response(request, replace(description, media=media.encode()), constant=True)

    async def health(request: Request) -> Response:
        return _response(request, Answer(orjson.dumps({"status": "ok"})))

    async def readiness(request: Request) -> Response:
        if shelf.ready:
            return _response(request, Answer(orjson.dumps({"status": "ready"})))
        problem = Problem("starting", "The index has not caught up with the store yet.")
        return _response(request, problem_answer(problem))

    return [
        Route("/", greet),
        Route("/favicon.ico", icon_file),
        Route("/llms.txt", _llms(shelf, pool, settings)),
        Route("/openapi.json", describe),
        Route("/docs", viewer_page),
        Route("/assets/{name}", asset),
        Route("/healthz", health),
        Route("/readyz", readiness),
    ]


def _llms(shelf: Shelf, pool: Pool, settings: Settings) -> Callable[[Request], Awaitable[Response]]:
    """What answers `/llms.txt`."""

    async def llms(request: Request) -> Response:
        example = await pool.run(newest_id, shelf)
        base = settings.public_url.rstrip("/")
        answer = llms_text(shelf.stats(), example, base, settings.max_body)
        return _response(request, answer)

    return llms


def from_environment() -> ASGIApp:
    """The application of a worker process, by the `PAPERSHELF_` variables it inherits."""
    return create_app(Settings.from_environment(os.environ))


async def _http_problem(request: Request, error: Exception) -> Response:
    """Starlette's own refusals in the one shape that our errors have."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status == 405:
        allowed = "GET, HEAD, OPTIONS"
        if request.method == "OPTIONS":
            return _response(request, options_answer(allowed))
        return _response(request, method_problem(request.method, allowed))
    path = request.scope["path"][:200]
    problem = Problem("route-not-found", f"There is nothing at {path}. `GET /` lists the doors.")
    return _response(request, problem_answer(problem))


def _response(request: Request, answer: Answer, *, constant: bool = False) -> Response:
    answer = finished(answer, request.scope, constant=constant)
    response = Response(answer.body, answer.status)
    response.raw_headers = all_headers(answer)
    return response
