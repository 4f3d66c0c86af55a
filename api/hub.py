"""The door for Hugging Face's own clients: its addresses, names and shapes over the same papers.

`HfApi(endpoint=...)` of huggingface_hub and `HF_ENDPOINT=... hf papers ...` ask here. What is asked
means what it means under `/v1`; the shapes are those of https://huggingface.co/api/papers/search
and its neighbours, without what no source tells. Their clients send their users' tokens: no answer
depends on one, and nothing writes it down.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from time import perf_counter
from typing import Any
from urllib.parse import urlencode

import orjson
from starlette.types import Receive, Scope, Send

from api.delivery import Delivery, Planned
from api.dispatch import Call, Dispatch, Handler, allowed
from api.http import (
    JSON,
    NEGOTIATED,
    PROBLEM_JSON,
    Answer,
    Header,
    chosen_media,
    method_problem,
    options_answer,
    problem_answer,
    query_parameters,
    send_answer,
)
from api.hub_routes import HUB_OPERATIONS, HUB_PAGE
from api.markdown import paper_markdown
from api.operation import MARKDOWN
from api.pool import Pool
from api.renderings import RENDERED_AT_ONCE
from api.version import program_version
from index.daily import Listed
from index.shelf import Shelf
from index.view import View
from schema.dates import DayInterval
from schema.errors import Problem
from schema.filters import Condition
from schema.request import parse_request, read_parameters
from schema.search import DEFAULT_LIMIT, SearchRequest, SortKey

EVERY_DAY: DayInterval = (1_01_01, 9999_12_31)
GITHUB = "https://github.com/"
TRENDING = (SortKey("trending", descending=True),)

KEPT_BYTES = 4 * 2**20
"""Of answers that are remembered; the doors of our own have four times as much."""

MAX_WARNINGS = 8
MAX_WARNING = 300
"""Warnings that an answer carries in its headers, and the most characters of one."""

NO_SUBMITTER = ("submitter", "No source says who submitted a paper.")

_CONTROLS = dict.fromkeys((*range(32), *range(127, 160)), " ")

Json = dict[str, Any]


class HubDoor:
    """Answers what Hugging Face has under `/api/papers`, `/api/daily_papers` and `/papers`.

    `public_url` stands before links, which are relative without it.
    """

    def __init__(self, shelf: Shelf, pool: Pool, *, public_url: str = "") -> None:
        self._shelf = shelf
        self._pool = pool
        self._public_url = public_url.rstrip("/")
        self._delivery = Delivery(pool, KEPT_BYTES)
        self._version = program_version().encode()
        handlers: Mapping[str, Handler] = {
            "searchHubPapers": self._search,
            "getHubPaper": self._paper,
            "readHubPaper": self._markdown,
            "listHubDailyPapers": self._daily,
        }
        self._dispatch = Dispatch((each, handlers[each.operation_id]) for each in HUB_OPERATIONS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; a problem is also told where Hugging Face's clients look for it."""
        began = perf_counter()
        verb = scope["method"]
        try:
            methods, rest = self._dispatch.at(scope["path"])
            if row := methods.get("GET" if verb == "HEAD" else verb):
                operation, handler = row
                chosen_media(scope, tuple(operation.answer.content))
                planned = handler(Call(scope, receive, operation, rest))
                answer = await self._delivery.deliver(planned, scope)
            else:
                told = allowed(methods)
                answer = options_answer(told) if verb == "OPTIONS" else method_problem(verb, told)
        except Problem as problem:
            answer = problem_answer(problem)
        await send_answer(readable(answer), send, head=verb == "HEAD", began=began)

    def _search(self, call: Call) -> Planned:
        values = read_parameters(query_parameters(call.scope), call.operation.query)
        asked = parse_request([("q", values["q"])] if "q" in values else [])
        request = replace(asked, limit=values.get("limit", DEFAULT_LIMIT))
        view = self._shelf.view
        tag = self._tag(view, b"hub/search?" + call.scope["query_string"])
        return Planned(partial(self._pool.run, self._found, request, view, tag), tag)

    def _found(self, request: SearchRequest, view: View, tag: bytes) -> Answer:
        answer = self._shelf.answer(self._shelf.plan(request, view))
        told = [(each.code, each.message) for each in answer.page.warnings]
        told += [
            (each.kind, f"{each.message} (finds {each.total})") for each in answer.alternatives
        ]
        return entries(answer.rows, tag, warning_headers(told))

    def _daily(self, call: Call) -> Planned:
        values = read_parameters(query_parameters(call.scope), call.operation.query)
        view = self._shelf.view
        tag = self._tag(view, b"hub/daily?" + call.scope["query_string"])
        return Planned(partial(self._pool.run, self._days, call.scope, values, view, tag), tag)

    def _days(self, scope: Scope, values: Mapping[str, Any], view: View, tag: bytes) -> Answer:
        if "submitter" in values:
            return entries((), tag, warning_headers([NO_SUBMITTER]))
        days, limit, page = interval(values), values.get("limit", HUB_PAGE), values.get("p", 0)
        rank = page * limit
        if days[0] > days[1] or rank >= self._shelf.stats(view).papers:
            return entries((), tag)
        listed = self._trending if values.get("sort") == "trending" else self._shelf.listed
        found = listed(days, rank, limit, view)
        return entries(found.rows, tag, self._next(scope, page + 1) if found.more else ())

    def _trending(self, days: DayInterval, rank: int, limit: int, view: View) -> Listed:
        """The same papers by attention."""
        condition = Condition("listed", intervals=(days,))
        request = SearchRequest(conditions=(("listedOn", condition),), sort=TRENDING, limit=limit)
        page = self._shelf.run(self._shelf.plan(self._shelf.behind(request, rank, view), view))
        return Listed(page.rows, more=page.next_cursor is not None)

    def _next(self, scope: Scope, page: int) -> Sequence[Header]:
        """The link to a page as the one that follows (RFC 8288)."""
        given = [pair for pair in query_parameters(scope) if pair[0] != "p"]
        query = urlencode([*given, ("p", page)])
        address = f"{self._public_url}{scope['path']}?{query}"
        return [(b"link", f'<{address}>; rel="next"'.encode())]

    def _paper(self, call: Call) -> Planned:
        return self._one(call, b"hub/paper/", lambda paper: orjson.dumps(hub_paper(paper)), JSON)

    def _markdown(self, call: Call) -> Planned:
        def text(paper: Json) -> bytes:
            return paper_markdown({"data": paper}, self._public_url).encode()

        return self._one(call, b"hub/markdown/", text, f"{MARKDOWN}; charset=utf-8".encode())

    def _one(
        self, call: Call, kind: bytes, render: Callable[[Json], bytes], media: bytes
    ) -> Planned:
        """The answer for the paper that a path names, made from its JSON."""
        read_parameters(query_parameters(call.scope), call.operation.query)
        view, identifier = self._shelf.view, call.rest
        tag = self._tag(view, kind + identifier.encode("utf-8", "surrogateescape"))

        async def make() -> Answer:
            stored = self._shelf.paper(identifier, view)
            made = partial(render, orjson.loads(stored))
            body = await self._pool.run(made) if len(stored) > RENDERED_AT_ONCE else made()
            return Answer(body, media=media, tag=tag, vary=NEGOTIATED)

        return Planned(make, tag)

    def _tag(self, view: View, question: bytes) -> bytes:
        return self._shelf.tag(view, self._version + question)


def interval(values: Mapping[str, Any]) -> DayInterval:
    """The days for which `date`, `week` and `month` all hold; none where the first is behind."""
    given = [values[name] for name in ("date", "week", "month") if name in values]
    firsts, lasts = zip(EVERY_DAY, *given, strict=True)
    return max(firsts), min(lasts)


def hub_paper(paper: Json) -> Json:
    """A paper of ours, whole or a list row, under Hugging Face's names.

    Its id is the arXiv id, the only one that they have, else ours. `publishedAt` and
    `submittedOnDailyAt` are the midnight (UTC) with which their day begins. `authors` is null where
    only their number is known. What is left out there, as theirs leaves it out, is a link to code
    on GitHub and to the project's page.
    """
    names = paper["authors"]
    made = {
        "id": paper["externalIds"]["arxiv"] or paper["id"],
        "authors": names and [{"name": each["name"], "hidden": False} for each in names],
        "publishedAt": _moment(paper["publishedAt"]),
        "submittedOnDailyAt": _moment(paper["listedAt"]),
        "title": paper["title"],
        "summary": paper["abstract"],
        "upvotes": paper["upvotes"],
        "numComments": paper["comments"],
    }
    for name, kind, start in (("githubRepo", "code", GITHUB), ("projectPage", "project", "")):
        urls = [each["url"] for each in paper["links"] if each["kind"] == kind]
        if found := [url for url in urls if url.startswith(start)]:
            made[name] = found[0]
    return made


def hub_entry(paper: Json) -> Json:
    """A paper as an entry of a list.

    What Hugging Face's lists show beside a paper is that of the entry: its `publishedAt` is when
    the paper was listed (`submitted_at` in their Python). It is left out where a paper's own date
    is unknown, which their Python would take it for.
    """
    made = hub_paper(paper)
    entry: Json = {
        name: made[name] for name in ("title", "summary", "numComments", "submittedOnDailyAt")
    }
    beside: Json = {name: made[name] for name in ("githubRepo", "projectPage") if name in made}
    listed: Json = {"publishedAt": made["submittedOnDailyAt"]} if made["publishedAt"] else {}
    return {"paper": made, **listed, **entry, **beside}


def entries(rows: Sequence[bytes], tag: bytes, headers: Sequence[Header] = ()) -> Answer:
    """A list of papers from their rows as stored."""
    body = orjson.dumps([hub_entry(orjson.loads(row)) for row in rows])
    return Answer(body, headers=headers, tag=tag, vary=NEGOTIATED)


def warning_headers(told: Sequence[tuple[str, str]]) -> list[Header]:
    """Topics and messages as `X-HF-Warning: topic; message`.

    huggingface_hub logs them, the first of each topic.
    """
    texts = [f"{topic}; {message}".translate(_CONTROLS) for topic, message in told]
    return [
        (b"x-hf-warning", text[:MAX_WARNING].encode("utf-8", "replace"))
        for text in texts[:MAX_WARNINGS]
    ]


def readable(answer: Answer) -> Answer:
    """A refusal with its detail as the member `error` too, where huggingface_hub reads it.

    RFC 9457, section 3.2, lets a problem have further members.
    """
    if answer.media != PROBLEM_JSON:
        return answer
    body = orjson.loads(answer.body)
    return replace(answer, body=orjson.dumps(body | {"error": body["detail"]}))


def _moment(day: str | None) -> str | None:
    return day and f"{day}T00:00:00.000Z"
