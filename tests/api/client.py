"""The whole application in this process, spoken to as a client would."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from starlette.types import ASGIApp, Message

from api.app import create_app
from api.settings import Settings

Parameters = Sequence[tuple[str, str]] | Mapping[str, str]


class Client:
    """A client of an application: `get`, `post`, `request`; `graphql` for a whole operation."""

    def __init__(self, application: ASGIApp) -> None:
        self._runner = asyncio.Runner()
        transport = httpx.ASGITransport(application)
        self._http = httpx.AsyncClient(transport=transport, base_url="http://papershelf.test")
        self._inbox: asyncio.Queue[Message] = asyncio.Queue()
        self._outbox: asyncio.Queue[Message] = asyncio.Queue()
        self._application = application
        self._lifespan: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start the application up, and wait until it is ready."""

        async def start() -> None:
            scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
            running = self._application(scope, self._inbox.get, self._outbox.put)
            self._lifespan = asyncio.ensure_future(running)
            await self._inbox.put({"type": "lifespan.startup"})
            assert (await self._outbox.get())["type"] == "lifespan.startup.complete"

        self._runner.run(start())
        for _ in range(200):
            if self.get("/readyz").status_code == 200:
                return
            self._runner.run(asyncio.sleep(0.05))
        raise TimeoutError("the application did not become ready")

    def close(self) -> None:
        """Shut the application down."""

        async def stop() -> None:
            await self._http.aclose()
            await self._inbox.put({"type": "lifespan.shutdown"})
            assert self._lifespan is not None
            await self._lifespan

        self._runner.run(stop())
        self._runner.close()

    def request(self, method: str, target: str, **options: Any) -> httpx.Response:
        """One request, any method."""
        return self._runner.run(self._http.request(method, target, **options))

    def get(self, target: str, params: Parameters | None = None, **options: Any) -> httpx.Response:
        """A GET; `params` are encoded into the query string."""
        return self.request("GET", target, params=params, **options)

    def post(self, target: str, json: object, **options: Any) -> httpx.Response:
        """A POST of JSON."""
        return self.request("POST", target, json=json, **options)

    def raw(self, target: str, headers: Mapping[str, str]) -> tuple[dict[str, str], bytes]:
        """Headers and body of a GET as the application sends them, codings left in place."""

        async def stream() -> tuple[dict[str, str], bytes]:
            async with self._http.stream("GET", target, headers=headers) as answer:
                return dict(answer.headers), b"".join([part async for part in answer.aiter_raw()])

        return self._runner.run(stream())

    def graphql(self, document: str, **variables: Any) -> dict[str, Any]:
        """The decoded answer to a GraphQL operation."""
        answer = self.post("/graphql", {"query": document, "variables": variables}).json()
        assert isinstance(answer, dict)
        return answer


@contextmanager
def running(folder: Path, **settings: str) -> Iterator[Client]:
    """The application over the shelf in `folder`, with further settings as environment values."""
    environment = {"PAPERSHELF_DATA": str(folder)} | {
        f"PAPERSHELF_{name.upper()}": value for name, value in settings.items()
    }
    client = Client(create_app(Settings.from_environment(environment)))
    client.start()
    try:
        yield client
    finally:
        client.close()


class Silent:
    """An observer of a load that says nothing."""

    def opened(self, source: object) -> None:
        pass

    def advanced(self, source: object, report: object) -> None:
        pass

    def committed(self, report: object) -> None:
        pass
