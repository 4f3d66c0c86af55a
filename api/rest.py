"""The REST door, `/v1`: pure ASGI with its own dispatch, since every request passes here."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from time import perf_counter
from urllib.parse import urlencode

import orjson
from starlette.types import Message, Receive, Scope, Send

from api.answers import (
    batch_json,
    daily_json,
    envelope,
    page_json,
    related_json,
    stats_data,
    suggestions_json,
)
from api.asked import Asked, Parameters, Questions
from api.delivery import Delivery, Planned, content_tag
from api.dispatch import Call, Dispatch, Handler, allowed
from api.exports import listing_format, page_text, whole_result
from api.formats import PaperFormat
from api.forms import Forms, chosen_form, media_type, offering
from api.http import (
    NEGOTIATED,
    Answer,
    ClientGone,
    json_body,
    method_problem,
    options_answer,
    problem_answer,
    query_parameters,
    read_body,
    send_answer,
)
from api.operation import JSON, Operation
from api.pool import Pool
from api.route_parameters import DATE
from api.routes import MAX_BATCH, OPERATIONS
from api.streaming import Streams
from api.version import program_version
from index.shelf import Shelf
from index.view import Plan, View
from schema.errors import ParameterError, Problem
from schema.request import read_parameters
from schema.search import DEFAULT_RELATED, DEFAULT_SUGGESTIONS, MAX_LIMIT

WALK_PARAMETERS = ("cursor", "before")

_URI = str.maketrans({"<": "%3C", ">": "%3E", '"': "%22"})
"""What a client may write into an address, but would end it in a `Link` header."""


class RestDoor:
    """Answers everything under `/v1`.

    `max_body` bounds request bodies in bytes; `public_url` stands before every link, and links
    are relative without it. `others` are the handlers of operations that have a module of their
    own, by the name of the operation.
    """

    def __init__(
        self,
        shelf: Shelf,
        pool: Pool,
        streams: Streams,
        *,
        max_body: int,
        public_url: str = "",
        others: Mapping[str, Handler] | None = None,
    ) -> None:
        self._shelf = shelf
        self._pool = pool
        self._streams = streams
        self._max_body = max_body
        self._public_url = public_url.rstrip("/")
        self._delivery = Delivery(pool)
        self._version = program_version().encode()
        self._forms = Forms(shelf, pool, self._public_url)
        self._questions = Questions()
        self._handlers: dict[str, Handler] = {
            "listPapers": self._papers,
            "batchPapers": self._batch,
            "getPaper": self._paper,
            "getRelatedPapers": self._related,
            "getSuggestions": self._suggest,
            "getNewestDay": self._daily,
            "getDay": self._daily,
            "getStats": self._stats,
            **(others or {}),
        }
        self._dispatch = Dispatch(
            (each, self._handlers[each.operation_id])
            for each in OPERATIONS
            if each.operation_id in self._handlers
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; every problem is answered as `application/problem+json`."""
        began = perf_counter()
        verb = scope["method"]
        try:
            path, named = self._forms.named(scope["path"])
            methods, rest = self._dispatch.at(path)
            if named:
                methods = offering(named, methods, scope["path"])
            if row := methods.get("GET" if verb == "HEAD" else verb):
                operation, handler = row
                rendering = named or chosen_form(scope, operation)
                call = Call(scope, receive, operation, rest, rendering)
                planned = handler(call)
                if named or rendering.media != JSON:
                    planned = self._forms.formed(planned, call)
                answer = await self._delivery.deliver(planned, scope)
                if answer.parts and verb != "HEAD":
                    await self._streams.send(answer, receive, send, began)
                    return
            else:
                told = allowed(methods)
                answer = options_answer(told) if verb == "OPTIONS" else method_problem(verb, told)
        except Problem as problem:
            answer = problem_answer(problem)
        except ClientGone:
            return
        await send_answer(answer, send, head=verb == "HEAD", began=began)

    async def ask(self, operation: Operation, rest: str, given: Parameters) -> Answer:
        """The JSON that a `GET` answers, for other doors; raises `Problem`.

        `rest` is what the operation's path leaves open, `given` its parameters, as in a URL.
        """
        scope: Scope = {
            "type": "http",
            "method": "GET",
            "path": operation.prefix + rest + operation.suffix,
            "query_string": urlencode(given).encode(),
            "headers": [],
        }
        call = Call(scope, _no_body, operation, rest)
        handler = self._handlers[operation.operation_id]
        return await self._delivery.deliver(handler(call), scope)

    def _papers(self, call: Call) -> Planned:
        asked = self._questions.of(call.scope, call.rendering.defaults)
        form = call.rendering
        papers = listing_format(form, asked.request.extras) if form.papers or form.feed else None
        text: bytes = call.scope["query_string"]
        if asked.walks:
            plan = self._shelf.plan(asked.request)
            tag = self._tag(plan.view, b"walk/%d?%b" % (plan.stale, text))
            again = partial(self._shelf.walked, plan)
            make = partial(self._page, call, asked, tag, papers, plan.view, plan)
            return Planned(make, tag, again, plan.view)
        view = self._shelf.view
        if papers and not asked.paged:
            tag = self._tag(view, b"whole?" + text)
            whole = partial(whole_result, self._shelf, asked, call.rendering, papers, view, tag)
            return Planned(whole, tag)
        tag = self._tag(view, b"papers?" + text)
        return Planned(partial(self._page, call, asked, tag, papers, view), tag, view=view)

    async def _page(
        self,
        call: Call,
        asked: Asked,
        tag: bytes,
        papers: PaperFormat | None,
        view: View,
        plan: Plan | None = None,
    ) -> Answer:
        plan = plan or self._shelf.plan(asked.request, view)
        answer = self._shelf.at_once(plan)
        if answer is None:
            answer = await self._pool.run(self._shelf.answer, plan)
        page = answer.page
        links = self._walk_links(call.scope, asked.given, page.next_cursor, page.previous_cursor)
        if papers:
            body = await self._pool.run(page_text, papers, answer)
            return replace(_data(body, tag, links), media=media_type(call.rendering))
        return _data(page_json(answer, links, self._public_url), tag, links)

    def _paper(self, call: Call) -> Planned:
        _no_parameters(call)
        view = self._shelf.view
        tag = self._tag(view, b"paper/" + call.rest.encode("utf-8", "surrogateescape"))
        return Planned(partial(self._one, call.rest, view, tag), tag)

    async def _one(self, identifier: str, view: View, tag: bytes) -> Answer:
        paper = self._shelf.paper(identifier, view)
        own = f"{self._public_url}/v1/papers/{_leading_id(paper)}"
        links = {"self": own, "related": f"{own}/related"}
        return _data(envelope(paper, {"revision": view.revision}, links), tag, {"canonical": own})

    def _related(self, call: Call) -> Planned:
        view, whole = self._shelf.view, call.rest + call.operation.suffix
        if self._shelf.find_paper(whole, view) is not None:  # a DOI may well end like that
            return replace(self._paper(replace(call, rest=whole)), schema_name="PaperAnswer")
        limit = read_parameters(query_parameters(call.scope), call.operation.query).get("limit")
        limit = DEFAULT_RELATED if limit is None else limit
        asked = call.rest.encode("utf-8", "surrogateescape")
        tag = self._tag(view, b"related/%d/%b" % (limit, asked))
        return Planned(partial(self._near, call.scope, call.rest, limit, view, tag), tag)

    async def _near(
        self, scope: Scope, identifier: str, limit: int, view: View, tag: bytes
    ) -> Answer:
        related = await self._pool.run(self._shelf.related, identifier, limit, view)
        paper = f"{self._public_url}/v1/papers/{related.paper}"
        links = {"self": f"{paper}/related?limit={limit}", "paper": paper}
        return _data(related_json(related, links), tag)

    def _batch(self, call: Call) -> Planned:
        _no_parameters(call)
        return Planned(partial(self._several, call))

    async def _several(self, call: Call) -> Answer:
        body = json_body(call.scope, await read_body(call.scope, call.receive, self._max_body))
        ids = batch_ids(body)
        view = self._shelf.view
        if len(ids) > MAX_LIMIT:
            rows = await self._pool.run(self._shelf.papers, ids, view)
        else:
            rows = self._shelf.papers(ids, view)
        links = {"self": self._public_url + "/v1/papers/batch"}
        return Answer(batch_json(rows, view.revision, links), vary=NEGOTIATED)

    def _suggest(self, call: Call) -> Planned:
        given = query_parameters(call.scope)
        values = read_parameters(given, call.operation.query)
        text, limit = values.get("q", ""), values.get("limit", DEFAULT_SUGGESTIONS)
        view = self._shelf.view
        tag = self._tag(view, b"suggest?" + call.scope["query_string"])
        return Planned(partial(self._completed, call.scope, text, limit, view, tag), tag)

    async def _completed(
        self, scope: Scope, text: str, limit: int, view: View, tag: bytes
    ) -> Answer:
        found = await self._pool.run(self._shelf.suggest, text, limit, view)
        own = {"self": self._walk_links(scope, [], None)["self"]}
        return _data(suggestions_json(found, limit, view.revision, own, self._public_url), tag)

    def _daily(self, call: Call) -> Planned:
        given = query_parameters(call.scope)
        day = call.rest or None
        wrong = day is not None and DATE.parse(day) is None
        values = read_parameters(given, call.operation.query, (DATE.fault(),) if wrong else ())
        limit, cursor = values.get("limit", MAX_LIMIT), values.get("cursor")
        return Planned(partial(self._day, call.scope, given, day, limit, cursor))

    async def _day(
        self, scope: Scope, given: Parameters, day: str | None, limit: int, cursor: str | None
    ) -> Answer:
        page = await self._pool.run(self._shelf.daily, day, limit, cursor)
        walk = self._walk_links(scope, given, page.next_cursor)
        links = walk | {
            f"{name}Day": f"{self._public_url}/v1/daily/{neighbour}" if neighbour else None
            for name, neighbour in (("previous", page.previous), ("next", page.next))
        }
        body = daily_json(page, links)
        return _data(body, content_tag(body), walk)

    def _stats(self, call: Call) -> Planned:
        _no_parameters(call)
        return Planned(self._counts)

    async def _counts(self) -> Answer:
        stats = self._shelf.stats()
        links = {"self": self._public_url + "/v1/stats"}
        body = envelope(orjson.dumps(stats_data(stats)), {"revision": stats.revision}, links)
        return _data(body, content_tag(body))

    def _tag(self, view: View, question: bytes) -> bytes:
        return self._shelf.tag(view, self._version + question)

    def _walk_links(
        self, scope: Scope, given: Parameters, following: str | None, previous: str | None = None
    ) -> dict[str, str | None]:
        """Links of a page and to its neighbours, which differ from it in their cursor alone."""
        path = self._public_url + scope["path"]
        query = scope["query_string"].decode("ascii")
        shared = query
        if any(name in WALK_PARAMETERS for name, _ in given):
            shared = urlencode([pair for pair in given if pair[0] not in WALK_PARAMETERS])
        start = f"{path}?{shared}&" if shared else f"{path}?"
        return {
            "self": f"{path}?{query}" if query else path,
            "next": f"{start}cursor={following}" if following else None,
            "prev": f"{start}before={previous}" if previous else None,
        }


async def _no_body() -> Message:
    return {"type": "http.request"}


def _no_parameters(call: Call) -> None:
    """Raise `Problem` for any parameter, where an operation takes none."""
    read_parameters(query_parameters(call.scope), call.operation.query)


def _data(body: bytes, tag: bytes, links: Mapping[str, str | None] | None = None) -> Answer:
    """Data with its validator, and links to what belongs to it (RFC 8288)."""
    named = [
        f'<{url.translate(_URI)}>; rel="{relation}"'
        for relation, url in (links or {}).items()
        if url and relation != "self"
    ]
    headers = [(b"link", ", ".join(named).encode("latin-1"))] if named else []
    return Answer(body, headers=headers, tag=tag, vary=NEGOTIATED)


def _leading_id(paper: bytes) -> str:
    """The id of a rendered paper, which always comes first and needs no escapes."""
    return paper[7 : paper.index(b'"', 7)].decode()


def batch_ids(body: dict[str, object]) -> list[str]:
    """The `ids` of a batch body; raises `Problem` `body-invalid` saying what is wrong."""
    errors = [
        ParameterError(name[:64], "body-invalid", f"There is no member `{name[:64]}` here.", "ids")
        for name in body
        if name != "ids"
    ]
    ids = body.get("ids")
    if not isinstance(ids, list) or not all(isinstance(each, str) for each in ids):
        message = "`ids` must be a list of strings."
        errors.append(ParameterError("ids", "body-invalid", message, '["arxiv:2407.09941"]'))
    elif len(ids) > MAX_BATCH:
        message = f"`ids` may have at most {MAX_BATCH} ids, not {len(ids)}."
        errors.append(ParameterError("ids", "body-invalid", message))
    if errors or not isinstance(ids, list):
        raise Problem("body-invalid", errors[0].message, errors)
    return ids
