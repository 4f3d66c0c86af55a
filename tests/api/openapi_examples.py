"""The examples of the OpenAPI document, as the real program answers them.

`python -m tests.api.openapi_examples > api/openapi/examples.json` writes them anew.
"""

import asyncio
import json
import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from starlette.types import ASGIApp, Receive, Scope, Send

from api.app import create_app
from api.edge import Edge
from api.heads import (
    ADDRESS_TOO_LONG,
    CODING,
    EXPECTATION,
    HEAD_TOO_LARGE,
    HOST_INVALID,
    MALFORMED,
)
from api.http import problem_answer
from api.operation import GRAPHQL_JSON, JSON, Operation
from api.pool import Pool
from api.route_parameters import SAMPLE_ID
from api.routes import OPERATIONS
from api.settings import Settings
from index.shelf import Shelf
from schema.errors import Problem
from tests.api.client import Client, Silent, running
from tests.paths import SAMPLE

ANSWERS = {
    "listPapers": "/v1/papers?q=title:hydra&highlight=true&explain=true&facets=year&limit=1",
    "getRelatedPapers": f"/v1/papers/{SAMPLE_ID}/related?limit=1",
    "getSuggestions": "/v1/suggest?q=optimal+tr&limit=3",
    "getNewestDay": "/v1/daily?limit=1",
    "getDay": "/v1/daily/2025-12-12?limit=1",
    "listChanges": "/v1/changes?limit=1",
    "searchHubPapers": "/api/papers/search?q=hydra&limit=1",
    "listHubDailyPapers": "/api/daily_papers?date=2025-12-12&limit=1",
}
"""Requests of answers that are short; the others are asked for by their own examples."""

TOKEN = "an-example-of-a-token"
SIGNED = {"authorization": f"Bearer {TOKEN}"}

UNSHOWN = {"getOpenAPI"}

PROBLEMS: dict[str, str] = {
    "parameter-unknown": "/v1/papers?limt=3",
    "parameter-invalid": "/v1/papers?year=20x5",
    "parameter-repeated": "/v1/papers?limit=5&limit=6",
    "parameter-conflict": "/v1/papers?sort=relevance,title",
    "cursor-invalid": "/v1/papers?cursor=abc",
    "changes-token-invalid": "/v1/changes?since=0123456789abcdef-3",
    "query-too-long": f"/v1/papers?q={'x' * 65}",
    "query-too-deep": f"/v1/papers?q={'(' * 25}x{')' * 25}",
    "query-too-many-clauses": f"/v1/papers?q={'+OR+'.join(f'w{n}' for n in range(70))}",
    "query-too-many-expansions": "/v1/papers?q=aaa*+bbb*+ccc*+ddd*+eee*",
    "paper-not-found": "/v1/papers/arxiv:2407.09941",
    "day-not-found": "/v1/daily/2025-12-13",
    "route-not-found": "/v1/paper",
}
"""A GET that meets each problem."""

BODIES: dict[str, tuple[str, bytes]] = {
    "body-not-json": (JSON, b'{"ids": ['),
    "body-invalid": (JSON, b'{"idz": []}'),
    "body-too-large": (JSON, b" " * 131_073),
    "media-type-unsupported": ("text/plain", b"ids"),
}
"""Media type and body of a batch that meets each problem."""

GRAPHQL: dict[str, object] = {
    "graphql-parse": {"query": "{ stats {"},
    "graphql-validation": {"query": "{ stats { paper } }"},
    "graphql-coercion": {"query": "query ($id: ID!) { paper(id: $id) { title } }"},
    "graphql-limit": {"query": f"{{ {' '.join(f's{n}: __typename' for n in range(100))} }}"},
    "graphql-request-invalid": {"query": ""},
    "PERSISTED_QUERY_NOT_FOUND": {
        "extensions": {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}
    },
}
"""The request that meets each problem of GraphQL alone."""

HEADS = (MALFORMED, HEAD_TOO_LARGE, ADDRESS_TOO_LONG, HOST_INVALID, EXPECTATION, CODING)
"""Refusals of heads that never become a request."""


def examples(folder: Path) -> dict[str, Any]:
    """All examples; `folder` is empty, for shelves."""
    with sample(folder / "shelf") as client:
        answers = {
            each.operation_id: answer(client, each)
            for each in OPERATIONS
            if each.operation_id not in UNSHOWN and not each.secured
        }
        problems = {code: client.get(target).json() for code, target in PROBLEMS.items()}
        problems["not-acceptable"] = client.get(
            "/v1/papers", headers={"accept": "image/png"}
        ).json()
        problems["method-not-allowed"] = client.request("DELETE", "/v1/papers").json()
        graphql = {}
        for code, (media, body) in BODIES.items():
            headers = {"content-type": media, "accept": GRAPHQL_JSON}
            given = {"content": body, "headers": headers}
            batch = {"content": body, "headers": {"content-type": media}}
            problems[code] = client.request("POST", "/v1/papers/batch", **batch).json()
            if code != "body-invalid":
                graphql[code] = client.request("POST", "/graphql", **given).json()
        for code, request in GRAPHQL.items():
            headers = {"accept": GRAPHQL_JSON}
            graphql[code] = client.post("/graphql", request, headers=headers).json()
        refused = client.get("/graphql?query=x", headers={"accept": "image/png"})
        graphql["not-acceptable"] = refused.json()
    written, refused = _written(folder)
    answers |= written
    problems |= refused | _rare(folder)
    problems |= {refusal[0]: _problem(Problem(*refusal)) for refusal in HEADS}
    with running(folder / "shelf", rate_limit="1") as client:
        client.get("/v1/stats")
        problems["rate-limited"] = client.get("/v1/stats").json()
        graphql["rate-limited"] = client.get("/graphql").json()
    return {"answers": answers, "problems": problems, "graphql": graphql}


@contextmanager
def sample(folder: Path) -> Iterator[Client]:
    """The application over the sample page."""
    with Shelf(folder, "tantivy") as shelf:
        shelf.load([SAMPLE], Silent())
    with running(folder) as client:
        yield client


def answer(client: Client, operation: Operation) -> dict[str, Any]:
    """An answer to an operation by media type, those that are JSON."""
    target = ANSWERS.get(operation.operation_id) or target_of(operation)
    shown = {}
    for media, name in operation.answer.content.items():
        if name is not None:
            given = client.request(
                operation.method, target, headers={"accept": media} | SIGNED, **body_of(operation)
            )
            assert given.headers["content-type"].partition(";")[0] == media
            shown[media] = given.json()
    return shown


def body_of(operation: Operation) -> dict[str, Any]:
    """The body of an operation that passes, as an option of a request."""
    if operation.body is None:
        return {}
    return {"json" if operation.body.media == JSON else "content": operation.body.example}


def _written(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Answers and problems of the operations that write."""
    problems = {}
    with running(folder / "shelf") as client:
        problems["writes-disabled"] = client.request("POST", "/v1/papers").json()
    with running(folder / "shelf", token=TOKEN) as client:
        answers = {each.operation_id: answer(client, each) for each in OPERATIONS if each.secured}
        for code, headers, content in (
            ("token-missing", {}, ""),
            ("token-invalid", {"authorization": "Bearer x"}, ""),
            ("source-unreadable", SIGNED, "papers"),
            ("origin-not-allowed", SIGNED | {"origin": "https://other.example"}, ""),
        ):
            given = client.request("POST", "/v1/papers", headers=headers, content=content)
            problems[code] = given.json()
    with running(folder / "shelf") as leader, Shelf(folder / "copy") as copy:
        copy.changes.follow(leader.get("/v1/changes").content.splitlines(), lambda _: None)
    with running(folder / "copy", token=TOKEN) as client:
        given = client.request("POST", "/v1/papers", headers=SIGNED, content="papers")
        problems["shelf-follows"] = given.json()
    log = logging.getLogger("papershelf")
    log.disabled = True
    with running(folder / "lost", token=TOKEN) as client:
        (folder / "lost" / "papers.sqlite").rename(folder / "elsewhere")
        given = client.request("DELETE", f"/v1/papers/{SAMPLE_ID}", headers=SIGNED)
        problems["store-failed"] = given.json()
    log.disabled = False
    return answers, problems


def target_of(operation: Operation) -> str:
    """The address of an operation with the examples of what it must be given."""
    path = operation.path
    for name, parameter in operation.path_parameters.items():
        path = path.replace(f"{{{name}}}", parameter.example or "")
    if operation.path == "/graphql" and operation.method == "GET":
        given = {each.name: each.example or "" for each in operation.query.values()}
        return f"{path}?{httpx.QueryParams(given)}"
    return path


def _rare(folder: Path) -> dict[str, Any]:
    """Problems of a server that is set up otherwise, starts, is busy, or fails."""
    with Shelf(folder / "removed", "tantivy") as shelf:
        shelf.load([SAMPLE], Silent())
        shelf.remove([SAMPLE_ID])
    with running(folder / "removed", allowed_hosts="papershelf.test") as client:
        removed = client.get(f"/v1/papers/{SAMPLE_ID}").json()
        foreign = client.get("/v1/stats", headers={"host": "papers.example"}).json()
    unstarted = Client(create_app(Settings(data=folder / "new")))
    starting = unstarted.get("/readyz").json()
    unstarted.start()
    unstarted.close()

    async def failing(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError

    log = logging.getLogger("papershelf")
    log.disabled = True
    internal = _get(Edge(failing, origins="*", hosts="*"))
    log.disabled = False
    return {
        "paper-removed": removed,
        "host-not-allowed": foreign,
        "starting": starting,
        "time-budget": _time_budget(),
        "internal": internal,
    }


def _get(application: ASGIApp) -> Any:
    async def get() -> httpx.Response:
        transport = httpx.ASGITransport(application)
        async with httpx.AsyncClient(transport=transport, base_url="http://papershelf") as client:
            return await client.get("/v1/stats")

    return asyncio.run(get()).json()


def _time_budget() -> Any:
    pool = Pool(threads=1, waiting=-1)
    try:
        asyncio.run(pool.run(int))
    except Problem as problem:
        return _problem(problem)
    finally:
        pool.close()
    raise AssertionError("a full pool took a call")


def _problem(problem: Problem) -> Any:
    return json.loads(problem_answer(problem).body)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="papershelf-") as place:
        print(json.dumps(examples(Path(place)), indent=2, ensure_ascii=False))
