"""The GraphQL door: `/graphql`, its schema as text, and GraphiQL for browsers."""

from dataclasses import replace
from functools import partial
from time import perf_counter
from typing import Any

import orjson
from graphql import ExecutionResult, GraphQLError
from starlette.types import Receive, Scope, Send

from api.assets import TEXT, graphiql
from api.delivery import Delivery, Planned, content_tag, finished
from api.graphql.documents import Documents, Refused
from api.graphql.errors import field_error, problem_error, request_error
from api.graphql.executor import RowExecutor, is_awaitable, member
from api.graphql.limits import check_variables
from api.graphql.persisted import PersistedQueries
from api.graphql.query import Root, build_schema, schema_text
from api.graphql.request import (
    GRAPHQL_JSON,
    PLAIN_JSON,
    GraphQLRequest,
    read_request,
    response_media,
)
from api.graphql.work import Work, too_much
from api.http import (
    NEGOTIATED,
    Answer,
    ClientGone,
    Header,
    accepts_page,
    options_answer,
    send_answer,
)
from api.pool import Pool
from api.version import program_version
from index.shelf import Shelf
from index.view import View
from schema.errors import Problem

METHODS = "GET, HEAD, POST, OPTIONS"
READ_METHODS = "GET, HEAD, OPTIONS"

MAX_COERCION_ERRORS = 10


class GraphQLDoor:
    """Answers `/graphql` and everything below it, over one shelf.

    Searches that are not light run in `pool`; `max_body` bounds request bodies in bytes;
    `public_url` stands before links.
    """

    def __init__(
        self, shelf: Shelf, pool: Pool, *, max_body: int = 128 * 1024, public_url: str = ""
    ) -> None:
        self._schema = build_schema()
        self._documents = Documents(self._schema)
        self._persisted = PersistedQueries(self._documents)
        self._root = Root(shelf, pool, public_url.rstrip("/"))
        self._shelf = shelf
        self._delivery = Delivery(pool)
        self._version = program_version().encode()
        self._max_body = max_body
        text = schema_text(self._schema).encode()
        self._pages = {
            "": graphiql(),
            "/schema.graphql": Answer(text, media=TEXT, tag=content_tag(text), vary=NEGOTIATED),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One HTTP request; every refusal is `{"errors": [...]}` with a code."""
        began = perf_counter()
        try:
            answer = await self._answer(scope, receive)
        except ClientGone:
            return
        answer = finished(answer, scope)
        await send_answer(answer, send, head=scope["method"] == "HEAD", began=began)

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        method: str = scope["method"]
        below = scope["path"].removeprefix("/graphql")
        if below:
            page = self._pages.get(below)
            if page is None:
                hint = "Did you mean /graphql?" if below == "/" else "`GET /` lists the doors."
                detail = f"There is nothing at {scope['path'][:200]}. {hint}"
                return _refusal(Problem("route-not-found", detail))
            if method == "OPTIONS":
                return options_answer(READ_METHODS)
            return page if method in ("GET", "HEAD") else _not_allowed(method, READ_METHODS)
        if method == "OPTIONS":
            return options_answer(METHODS)
        if method not in ("GET", "HEAD", "POST"):
            return _not_allowed(method, METHODS)
        if method != "POST" and accepts_page(scope):
            return self._pages[""]
        media = response_media(scope)
        if media is None:
            detail = f"Answers are `{GRAPHQL_JSON.decode()}` or `{PLAIN_JSON.decode()}`."
            return _refusal(Problem("not-acceptable", detail))
        try:
            request = await read_request(scope, receive, self._max_body)
            if request.sha256:
                text = self._persisted.text(request.sha256, request.query)
                request = replace(request, query=text)
        except Problem as problem:
            return _refusal(problem, media)
        except Refused as refused:
            return _refused(refused, media)
        if method == "POST":
            # No validator: a POST's answer is no representation of this address.
            return replace(await self._delivered(request, media, scope), tag=b"")
        return await self._delivered(request, media, scope)

    async def _delivered(self, request: GraphQLRequest, media: bytes, scope: Scope) -> Answer:
        """The answer, from memory where the same was asked in this revision."""
        question = b"%b graphql %b %b" % (self._version, media, request.raw)
        view = self._shelf.view
        tag = self._shelf.tag(view, question)
        planned = Planned(partial(self._execute, request, media, view, tag), tag)
        return await self._delivery.deliver(planned, scope)

    async def _execute(
        self, request: GraphQLRequest, media: bytes, view: View, tag: bytes
    ) -> Answer:
        """The answer to a well-formed request; without errors it has a validator.

        That is `tag`, except where a walk has a revision of its own: only the whole answer tells.
        """
        try:
            work = self._work(request, view)
            body = await self._carry_out(request, work)
        except Refused as refused:
            return _refused(refused, media)
        answer = _answer(body, media)
        if "errors" in body:
            return answer
        return replace(answer, tag=tag if work.settled else content_tag(answer.body))

    async def execute(self, request: GraphQLRequest) -> dict[str, Any]:
        """`data`, and `errors` if there are any; raises `Refused` where nothing is executed.

        All of it is read from the current revision, walks from that of their cursor.
        """
        return await self._carry_out(request, self._work(request, self._shelf.view))

    def _work(self, request: GraphQLRequest, view: View) -> Work:
        document = self._documents.get(request.query)
        return Work(document.operation(request.operation_name), view)

    async def _carry_out(self, request: GraphQLRequest, work: Work) -> dict[str, Any]:
        try:
            check_variables(request.variables)
        except Problem as problem:
            raise Refused(problem.code, [GraphQLError(problem.detail)]) from None
        executor = RowExecutor.build(
            self._schema,
            work.operation.document,
            root_value=self._root,
            context_value=work,
            raw_variable_values=request.variables,
            operation_name=request.operation_name,
            field_resolver=member,
            max_coercion_errors=MAX_COERCION_ERRORS,
            is_awaitable=is_awaitable,
        )
        if isinstance(executor, list):
            raise Refused("graphql-coercion", executor)
        outcome = executor.execute_operation()
        result = await outcome if is_awaitable(outcome) else outcome
        assert isinstance(result, ExecutionResult)
        if work.exhausted:
            return {"errors": [problem_error(too_much())], "data": None}
        if result.errors:
            return {"errors": [field_error(each) for each in result.errors], "data": result.data}
        return {"data": result.data}


def _answer(body: dict[str, Any], media: bytes, status: int = 200) -> Answer:
    content_type = media + b"; charset=utf-8"
    return Answer(orjson.dumps(body), status, content_type, vary=NEGOTIATED)


def _refused(refused: Refused, media: bytes) -> Answer:
    """A request error is 400 in `application/graphql-response+json`.

    In `application/json`, which intermediaries also answer with, the draft wants 200 for it.
    """
    errors = [request_error(error, refused.code) for error in refused.errors]
    return _answer({"errors": errors}, media, 400 if media == GRAPHQL_JSON else 200)


def _refusal(
    problem: Problem, media: bytes = PLAIN_JSON, headers: tuple[Header, ...] = ()
) -> Answer:
    """A request that is wrong as HTTP has the problem's status in every media type."""
    answer = _answer({"errors": [problem_error(problem)]}, media, problem.kind.status)
    return replace(answer, headers=headers)


def _not_allowed(method: str, allowed: str) -> Answer:
    problem = Problem("method-not-allowed", f"{method[:20]} is not possible here; use {allowed}.")
    return _refusal(problem, headers=((b"allow", allowed.encode()),))
