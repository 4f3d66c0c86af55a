"""The executor's short way gives what graphql-core gives, for any selection."""

import asyncio
import inspect
import random
from typing import Any

import pytest
from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    execute,
    execute_sync,
    get_named_type,
    parse,
)

from api.graphql.executor import RowExecutor, is_awaitable, member
from api.graphql.query import Root, build_schema
from api.graphql.work import Work, read_operation
from api.pool import Pool
from index.shelf import Shelf
from tests.scale import SEED, scaled

ROOTS = (
    "papers(first: 3)",
    'papers(query: "alignment", first: 2)',
    'papers(filter: {authorCount: {min: 20}}, orderBy: {field: TITLE}, first: 4)',
    "stats",
    'nodes(ids: ["no-such-paper"])',
)  # fmt: skip


class Writer:
    """Writes random valid selections."""

    def __init__(self, graphql_schema: GraphQLSchema, rng: random.Random) -> None:
        self.schema = graphql_schema
        self.rng = rng

    def document(self) -> str:
        root = self.rng.choice(ROOTS)
        name = root.partition("(")[0]
        query = self.schema.query_type
        assert query is not None
        type_ = get_named_type(query.fields[name].type)
        if not isinstance(type_, GraphQLObjectType):
            return f"{{{root} {{__typename id ... on Paper {self.selection('Paper', 1)}}}}}"
        return f"{{{root} {self.selection(type_.name, 0)}}}"

    def selection(self, type_name: str, depth: int) -> str:
        type_ = self.schema.type_map[type_name]
        assert isinstance(type_, GraphQLObjectType)
        names = self.rng.sample(
            sorted(type_.fields), self.rng.randint(1, min(8, len(type_.fields)))
        )
        parts = []
        for name in names:
            inner = get_named_type(type_.fields[name].type)
            part = name
            if isinstance(inner, GraphQLObjectType):
                if depth > 4:
                    continue
                part += " " + self.selection(inner.name, depth + 1)
            if self.rng.random() < 0.15:
                part = f"a{self.rng.randrange(10**6)}: {part}"
            if self.rng.random() < 0.1:
                condition = self.rng.choice(["true", "false"])
                part = f"... on {type_name} @include(if: {condition}) {{{part}}}"
            parts.append(part)
        return "{" + " ".join([*parts, "__typename"]) + "}"


def executed(outcome: Any) -> ExecutionResult:
    """The result of an execution that may have to wait, for facets."""

    async def waiting() -> ExecutionResult:
        result: ExecutionResult = await outcome
        return result

    return asyncio.run(waiting()) if inspect.isawaitable(outcome) else outcome


def work_of(graphql_schema: GraphQLSchema, document: DocumentNode, shelf: Shelf) -> Work:
    node = document.definitions[0]
    assert isinstance(node, OperationDefinitionNode)
    return Work(read_operation(graphql_schema, document, node), shelf.view)


@pytest.fixture(scope="module")
def graphql_schema() -> GraphQLSchema:
    return build_schema()


def test_the_short_way_equals_the_long_one(
    graphql_schema: GraphQLSchema, shelf: Shelf, pool: Pool
) -> None:
    rng = random.Random(SEED)
    writer = Writer(graphql_schema, rng)
    root = Root(shelf, pool)
    answered = 0
    for _ in range(scaled(1000)):
        text = writer.document()
        document = parse(text)
        results = [
            executed(
                execute(
                    graphql_schema,
                    document,
                    root,
                    work_of(graphql_schema, document, shelf),
                    field_resolver=member,
                    executor_class=executor,
                )
            )
            for executor in (None, RowExecutor)
        ]
        assert results[0].data == results[1].data, text
        assert results[0].errors is None, text
        assert results[1].errors is None, text
        answered += bool(results[0].data)
    assert answered > 0


def test_a_null_where_none_may_be_is_an_error_both_ways(
    graphql_schema: GraphQLSchema, shelf: Shelf, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Shelf, "find_paper", lambda *_: b'{"id": "a", "title": null}')
    document = parse('{paper(id: "a") {id title}}')
    for executor in (None, RowExecutor):
        result = execute_sync(
            graphql_schema,
            document,
            Root(shelf, pool),
            work_of(graphql_schema, document, shelf),
            field_resolver=member,
            executor_class=executor,
        )
        assert result.data == {"paper": None}
        assert result.errors is not None
        assert "Paper.title" in result.errors[0].message


def test_only_coroutines_are_awaited() -> None:
    async def something() -> None: ...

    coroutine = something()
    assert is_awaitable(coroutine)
    assert not is_awaitable({"id": "a"})
    coroutine.close()
