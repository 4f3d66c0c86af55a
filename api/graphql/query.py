"""The query root and the connection: the few fields that do something."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import Annotated, Any

import orjson
import strawberry
from graphql import (
    GraphQLArgument,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLSchema,
    Undefined,
    print_schema,
)
from strawberry.schema.config import StrawberryConfig

from api.answers import alternative_data, explanation_data, stats_data, suggestion_data
from api.graphql.arguments import PaperArguments, PaperFilter, as_graphql
from api.graphql.connection import ALTERNATIVES_OF, FACETS_OF, PaperConnection, Suggestion
from api.graphql.cost import MAX_NODES
from api.graphql.rows import Row, highlight_row, read_row
from api.graphql.types import (
    REST_MEMBERS,
    SCALARS,
    DailyPage,
    Date,
    Node,
    Paper,
    PaperOrder,
    Stats,
)
from api.graphql.work import Work
from api.pool import Pool
from index.searches import Answer
from index.shelf import Shelf
from index.view import Plan, View
from schema.errors import ParameterError, Problem
from schema.parameters import RELATED_LIMIT, SUGGEST
from schema.request import read_parameters
from schema.search import (
    DEFAULT_LIMIT,
    DEFAULT_RELATED,
    DEFAULT_SUGGESTIONS,
    MAX_LIMIT,
    MAX_SUGGEST_LENGTH,
    MAX_SUGGESTIONS,
    Extras,
    Match,
    Page,
)

Wants = Callable[..., bool]
"""Whether a field of one of the given names is selected below a root field."""


def _full(row: Row, full: bytes | None) -> Row:
    """The full paper of a list row; without it (removed just now) the row with nulls."""
    if full is not None:
        decoded: Row = orjson.loads(full)
        return decoded
    return row | {"abstractRaw": None, "publishedRaw": None, "sources": None}


def _edges(answer: Answer, cursors: Sequence[str], rows: Sequence[Row]) -> list[Row]:
    """Members of `PaperEdge` for each row; without cursors nobody reads those."""
    nothing = [None] * len(rows)
    return [
        {
            "cursor": cursor,
            "score": hit.score,
            "highlights": [highlight_row(each) for each in highlights or ()],
            "explanation": explanation and explanation_data(explanation),
            "node": row,
        }
        for row, hit, cursor, highlights, explanation in zip(
            rows,
            answer.page.hits,
            cursors or nothing,
            answer.highlights or nothing,
            answer.explanations or nothing,
            strict=False,
        )
    ]


def _described(description: str) -> Any:
    return strawberry.argument(description=description)


_Id = Annotated[
    strawberry.ID,
    _described("Our id, `arxiv:2407.09941` or a bare arXiv id, `doi:...` or `acl:...`."),
]
_Ids = Annotated[list[strawberry.ID], _described(f"At most {MAX_NODES} ids of any kind.")]
_Query = Annotated[
    str | None,
    _described(
        'Words, "phrases", field:word, ranges, AND, OR, NOT, -word, (groups), pre*. Any text is '
        "valid; `warnings` tells what was not understood."
    ),
]
_Match = Annotated[Match | None, _described("How bare words combine.")]
_Filter = Annotated[PaperFilter | None, _described("Which papers to take.")]
_OrderBy = Annotated[
    list[PaperOrder] | None,
    _described(
        "One or two keys. Without it by relevance where there is a query, else newest first."
    ),
]
_First = Annotated[
    int | None,
    _described(
        f"How many papers, 0 to {MAX_LIMIT}; 0 gives the totals alone. Without it, and without "
        f"`last`, {DEFAULT_LIMIT}."
    ),
]
_Last = Annotated[
    int | None,
    _described(f"How many papers, 0 to {MAX_LIMIT}, ahead of `before` or of the end."),
]
_Before = Annotated[
    str | None,
    _described("A cursor of another page of the same search: take what comes ahead of it."),
]
_After = Annotated[
    str | None,
    _described("A cursor of an earlier page of the same search: take what follows it."),
]
_Typed = Annotated[
    str, _described(f"What has been typed so far, at most {MAX_SUGGEST_LENGTH} characters.")
]
_Suggestions = Annotated[
    int | None, _described(f"How many suggestions at most, 1 to {MAX_SUGGESTIONS}.")
]
_Day = Annotated[Date | None, _described("The day; the newest that has papers if not given.")]
_DailyFirst = Annotated[int | None, _described(f"How many papers, 1 to {MAX_LIMIT}.")]
_DailyAfter = Annotated[
    str | None, _described("An `endCursor` of the same day: take what follows it.")
]


class Root:
    """What answers the fields of `Query`, over the shelf and the pool of the door.

    Its methods give JSON objects under their GraphQL names (`Row`), not instances of the declared
    types, hence the return type `Any`; `papers` gives a coroutine of one where a search is long.
    """

    def __init__(self, shelf: Shelf, pool: Pool, public_url: str = "") -> None:
        self._shelf = shelf
        self._public_url = public_url
        self._pool = pool

    def paper(self, info: strawberry.Info, id: _Id) -> Any:  # noqa: A002
        """The full paper of any of its ids, or None."""
        work: Work = info.context
        found = self._shelf.find_paper(id, work.view)
        return None if found is None else orjson.loads(found)

    def nodes(self, info: strawberry.Info, ids: _Ids) -> Any:
        """Papers in the order of `ids`: rows, or full ones where the operation wants more."""
        work: Work = info.context
        read = partial(self._nodes, ids, work.view, partial(work.wants, info.path))
        return read() if work.alone else work.in_turn(read)

    def _nodes(self, ids: Sequence[str], view: View, wants: Wants) -> list[Row | None]:
        if wants(*REST_MEMBERS):
            whole = [self._shelf.find_paper(each, view) for each in ids]
            return [None if each is None else orjson.loads(each) for each in whole]
        rows = self._shelf.papers(ids, view)
        return [None if each is None else read_row(each, wants) for each in rows]

    def papers(
        self,
        info: strawberry.Info,
        query: _Query = None,
        match: _Match = Match.AUTO,
        filter: _Filter = None,  # noqa: A002
        order_by: _OrderBy = None,
        first: _First = None,
        after: _After = None,
        last: _Last = None,
        before: _Before = None,
    ) -> Any:
        """The page: from a thread where it is not light, in turn where there are other lists."""
        work: Work = info.context
        asked = PaperArguments(query, match, filter, order_by, first, after, last, before)
        request = asked.request()
        marks, explains = (work.wants(info.path, name) for name in ("highlights", "explanation"))
        extras = Extras(highlight=marks, explain=explains, alternatives=False)
        request = replace(request, extras=extras)
        plan = self._shelf.plan(request, work.view)
        if plan.stale or plan.view is not work.view:
            work.settled = False
        wants = partial(work.wants, info.path)
        show = partial(self._connection, plan, asked.totals_only, wants)
        if plan.light:
            answer = partial(self._shelf.answer, plan)
            return show(answer()) if work.alone else work.in_turn(lambda: show(answer()))
        return self._slow_papers(plan, show)

    async def _slow_papers(self, plan: Plan, show: Callable[[Answer], Row]) -> Row:
        return show(await self._pool.run(self._shelf.answer, plan))

    def _connection(self, plan: Plan, totals_only: bool, wants: Wants, answer: Answer) -> Row:
        """Members of `PaperConnection`; papers and cursors only where they are wanted."""
        page = answer.page
        rows: list[Row] = []
        cursors: list[str] = []
        ends: list[str] = []
        if not totals_only:
            if wants("nodes", "edges"):
                rows = [read_row(row, wants) for row in page.rows]
                if wants(*REST_MEMBERS):
                    paper = plan.view.reader.paper
                    rows = [_full(row, paper(row["id"])) for row in rows]
            if wants("cursor"):
                cursors = ends = self._shelf.cursors(page, plan)
            elif page.hits and wants("startCursor", "endCursor"):
                ends = self._shelf.cursors(page, plan, (0, len(page.hits) - 1))
        return {
            "edges": _edges(answer, cursors, rows),
            "nodes": rows,
            "pageInfo": {
                "hasNextPage": bool(page.hits) if totals_only else page.next_cursor is not None,
                "hasPreviousPage": not totals_only and page.rank > 0,
                "startCursor": ends[0] if ends else None,
                "endCursor": ends[-1] if ends else None,
            },
            "totalCount": page.total,
            "totalAll": page.total_all,
            "matched": page.matched,
            "revision": page.revision,
            "warnings": [asdict(warning) for warning in page.warnings],
            ALTERNATIVES_OF: partial(self._pool.run, partial(self._alternatives, page, plan)),
            FACETS_OF: partial(self._pool.run, partial(self._shelf.facets, page, plan)),
        }

    def _alternatives(self, page: Page, plan: Plan) -> list[Row]:
        found = self._shelf.alternatives(page, plan)
        return [alternative_data(each, self._public_url) for each in found]

    async def suggest(
        self, info: strawberry.Info, query: _Typed, first: _Suggestions = DEFAULT_SUGGESTIONS
    ) -> Any:
        """Members of `Suggestion`, each of them; raises `Problem` for too long a text."""
        work: Work = info.context
        try:
            text = read_parameters([("q", query)], SUGGEST)["q"]
        except Problem as problem:
            raise as_graphql(problem) from problem
        limit = DEFAULT_SUGGESTIONS if first is None else first
        found = await self._pool.run(self._shelf.suggest, text, limit, work.view)
        return [suggestion_data(each, self._public_url) for each in found]

    async def daily(
        self,
        info: strawberry.Info,
        date: _Day = None,
        first: _DailyFirst = MAX_LIMIT,
        after: _DailyAfter = None,
    ) -> Row | None:
        """Members of `DailyPage`, or None for a day without papers."""
        work: Work = info.context
        limit = MAX_LIMIT if first is None else first
        if after is not None:
            work.settled = False
        try:
            page = await self._pool.run(self._shelf.daily, date, limit, after, work.view)
        except Problem as problem:
            if problem.code == "day-not-found":
                return None
            raise
        wants = partial(work.wants, info.path)
        rows = [read_row(row, wants) for row in page.rows]
        if wants(*REST_MEMBERS):
            rows = [_full(row, self._shelf.find_paper(row["id"], work.view)) for row in rows]
        return {
            "date": page.day,
            "previous": page.previous,
            "next": page.next,
            "totalCount": page.total,
            "papers": rows,
            "endCursor": page.next_cursor,
            "revision": page.revision,
        }

    async def related(self, info: strawberry.Info, identifier: str, first: int | None) -> Any:
        """Members of `RelatedPaper`; none for a paper that is no longer there."""
        work: Work = info.context
        faults: list[ParameterError] = []
        limit = RELATED_LIMIT.read([str(DEFAULT_RELATED if first is None else first)], faults)
        if not isinstance(limit, int):
            raise Problem(faults[0].code, faults[0].message, faults)
        try:
            found = await self._pool.run(self._shelf.related, identifier, limit, work.view)
        except Problem as problem:
            if problem.code in ("paper-not-found", "paper-removed"):
                return []
            raise
        root = info.path
        while root.prev is not None:
            root = root.prev
        rows = [orjson.loads(row) for row in found.rows]
        if work.wants(root, *REST_MEMBERS):
            rows = [_full(row, self._shelf.find_paper(row["id"], work.view)) for row in rows]
        scored = zip(found.hits, rows, strict=True)
        return [{"score": hit.score, "node": row} for hit, row in scored]

    def stats(self, info: strawberry.Info) -> Any:
        """Members of `Stats`."""
        work: Work = info.context
        stats = self._shelf.stats(work.view)
        return stats_data(stats) | {"revision": stats.revision}


@strawberry.type(description="What can be asked.")
class Query:
    """The root type; `Root` resolves its fields."""

    paper: Paper | None = strawberry.field(
        resolver=Root.paper, description="A paper by any of its ids; null when unknown."
    )
    papers: PaperConnection = strawberry.field(
        resolver=Root.papers,
        description="Papers that a query and a filter select, in an order, a page at a time.",
    )
    daily: DailyPage | None = strawberry.field(
        resolver=Root.daily,
        description="The papers listed on a day; null for a day without any.",
    )
    suggest: list[Suggestion] = strawberry.field(
        resolver=Root.suggest,
        description="What a text being typed may become: terms, authors, titles, each kind by use.",
    )
    stats: Stats = strawberry.field(
        resolver=Root.stats, description="Counts, positions and the range of dates."
    )
    node: Node | None = strawberry.field(
        resolver=Root.paper, description="The same as `paper`, as Relay asks for it."
    )
    nodes: list[Node | None] = strawberry.field(
        resolver=Root.nodes,
        description="Papers by ids of any kind, in the order of the ids; null for each unknown.",
    )


def build_schema() -> GraphQLSchema:
    """The executable schema. Fields without a resolver of ours have none at all.

    Strawberry gives such fields a wrapper around `getattr`; our values are dicts, and the
    executor reads those directly. An absent argument is absent, not a null by default.
    """
    built = strawberry.Schema(
        query=Query, types=[Paper], config=StrawberryConfig(scalar_map=SCALARS)
    )._schema
    for type_ in built.type_map.values():
        inputs: list[GraphQLArgument | GraphQLInputField] = []
        if isinstance(type_, GraphQLInputObjectType):
            inputs += type_.fields.values()
        if isinstance(type_, GraphQLObjectType) and not type_.name.startswith("__"):
            type_.is_type_of = None
            for field in type_.fields.values():
                inputs += field.args.values()
                if getattr(field.resolve, "_is_default", False):
                    field.resolve = None
        for each in inputs:
            if each.default_value is None:
                each.default_value = Undefined
    return built


def schema_text(graphql_schema: GraphQLSchema) -> str:
    """The schema in the schema definition language, as published."""
    return print_schema(graphql_schema) + "\n"
