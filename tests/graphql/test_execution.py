"""The executor's short way gives what graphql-core gives, for any selection."""

import asyncio
import inspect
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLObjectType,
    GraphQLSchema,
    NoUnusedVariablesRule,
    OperationDefinitionNode,
    execute,
    execute_sync,
    get_named_type,
    parse,
    specified_rules,
    validate,
)

from api.graphql import GraphQLDoor, documents, executor
from api.graphql.executor import RowExecutor, is_awaitable, member
from api.graphql.query import Root, build_schema
from api.graphql.work import Work, read_operation
from api.pool import Pool
from index.shelf import Shelf
from tests.api.client import Silent
from tests.graphql.asking import Client
from tests.paths import SAMPLE
from tests.scale import SEED, scaled

IDS = '["no-such-paper", "arxiv:2501.00001", "doi:10.1000/x", "arxiv:2501.00003"]'
ROOTS = (
    "papers(first: 3)",
    "papers(last: 2)",
    "papers(first: 0)",
    'papers(query: "reward", first: 5)',
    'papers(query: "titel:nothing")',
    "papers(filter: {authorCount: {min: 3}}, orderBy: {field: TITLE}, first: 4)",
    "stats",
    "daily",
    "daily(first: 2)",
    'daily(date: "1999-01-01")',
    'paper(id: "arxiv:2501.00002")',
    'paper(id: "no-such-paper")',
    'node(id: "arxiv:2501.00001")',
    f"nodes(ids: {IDS})",
)
RULES = [each for each in specified_rules if each is not NoUnusedVariablesRule]


class Writer:
    """Writes random valid documents: aliases, fragments, directives, repeated fields."""

    def __init__(self, graphql_schema: GraphQLSchema, rng: random.Random) -> None:
        self.schema = graphql_schema
        self.rng = rng
        self.fragments: list[str] = []

    def document(self) -> str:
        self.fragments = []
        query = self.schema.query_type
        assert query is not None
        roots = []
        for number in range(self.rng.choice((1, 1, 2, 3))):
            root = self.rng.choice(ROOTS)
            type_ = get_named_type(query.fields[root.partition("(")[0]].type)
            name = type_.name
            inner = self.selection(name if isinstance(type_, GraphQLObjectType) else "Paper", 0)
            if name == "Node":
                inner = f"{{__typename id ... on Paper {inner}}}"
            roots.append(f"r{number}: {root} {inner}")
        declared = "query ($yes: Boolean!, $no: Boolean = false)"
        return f"{declared} {{{' '.join(roots)} __typename}} {' '.join(self.fragments)}"

    def selection(self, type_name: str, depth: int) -> str:
        type_ = self.schema.type_map[type_name]
        assert isinstance(type_, GraphQLObjectType)
        known = sorted(type_.fields.keys() - {"related"})  # costs too much in a list
        names = self.rng.choices(known, k=self.rng.randint(1, 9))
        parts = [self.field(type_, name, depth) for name in names if depth < 5 or name != "node"]
        return "{" + " ".join(["__typename", *parts]) + "}"

    def field(self, type_: GraphQLObjectType, name: str, depth: int) -> str:
        inner = get_named_type(type_.fields[name].type)
        part = name
        if isinstance(inner, GraphQLObjectType):
            part += " " + self.selection(inner.name, depth + 1)
        if self.rng.random() < 0.15:
            part = f"{name}{self.rng.randrange(3)}: {part}"
        if self.rng.random() < 0.2:
            part += self.condition() if "{" not in part else ""
        chance = self.rng.random()
        if chance < 0.1:
            part = f"... on {type_.name}{self.condition()} {{{part}}}"
        elif chance < 0.15:
            part = f"... {{{part}}}"
        elif chance < 0.25:
            fragment = f"F{len(self.fragments)}"
            self.fragments.append(f"fragment {fragment} on {type_.name} {{{part}}}")
            part = f"...{fragment}{self.condition()}"
        return part

    def condition(self) -> str:
        directive = self.rng.choice(("skip", "include"))
        return f" @{directive}(if: {self.rng.choice(('true', 'false', '$yes', '$no'))})"


@pytest.fixture(scope="module")
def varied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    """Papers with and without authors, links, dates, counts."""
    folder = tmp_path_factory.mktemp("varied")
    rng = random.Random(SEED)
    papers = [
        {
            "title": f"Reward number {number}",
            "abstract": rng.choice(("", 'Reward hacking by \u2028 "quotes".', "Rewards. " * 60)),
            "externalIds": {"arxiv": f"2501.{number:05d}", "doi": f"10.1000/{number}"},
            "authors": rng.choice((None, [], [{"name": f"Ann {each}"} for each in range(number)])),
            "publishedAt": rng.choice((None, "2024-05-06")),
            "publishedPrecision": "day",
            "listedAt": rng.choice((None, "2025-01-02")),
            "comments": rng.choice((None, 0, 7)),
            "links": [{"url": "https://github.com/a/b", "kind": "code"}][: number % 2],
            "categories": ["cs.LG", "cs.CL"][: number % 3],
        }
        for number in range(12)
    ]
    path = folder / "papers.jsonl"
    path.write_text("".join(json.dumps(paper) + "\n" for paper in papers))
    with Shelf(folder / "data") as shelf:
        shelf.load([path, SAMPLE], Silent())
        yield shelf


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
    graphql_schema: GraphQLSchema, varied: Shelf, pool: Pool
) -> None:
    rng = random.Random(SEED)
    writer = Writer(graphql_schema, rng)
    root = Root(varied, pool)
    answered = 0
    for _ in range(scaled(1000)):
        text = writer.document()
        document = parse(text)
        assert not validate(graphql_schema, document, RULES), text
        work = work_of(graphql_schema, document, varied)
        # Twice by the short way: compiled projections are kept with the operation.
        for yes in (True, True, False):
            variables = {"yes": yes} | ({"no": not yes} if rng.random() < 0.5 else {})
            results = [
                executed(
                    execute(
                        graphql_schema,
                        document,
                        root,
                        Work(work.operation, varied.view),
                        variables,
                        field_resolver=member,
                        executor_class=executor,
                    )
                )
                for executor in (None, RowExecutor)
            ]
            assert results[0].errors is None, text
            assert results[1].errors is None, text
            assert json.dumps(results[0].data) == json.dumps(results[1].data), text
            answered += len(json.dumps(results[0].data)) > 500
    assert answered > 0


@pytest.mark.parametrize(
    "broken",
    [
        {"title": None},
        {"hasCode": None, "title": None},
        {"publishedPrecision": "decade"},
        {"authors": [{"name": "A"}, {"name": None}]},
        {"authors": [None]},
        {"authors": "A"},
        {"authors": {"name": "A"}},
        {"links": None},
        {"links": [{"url": None, "kind": "code"}]},
        {"links": [{"url": "u", "kind": "unheard"}]},
        {"externalIds": None},
        {"externalIds": {}},
        {"externalIds": []},
    ],
)
def test_what_is_not_as_declared_is_an_error_both_ways(
    graphql_schema: GraphQLSchema,
    varied: Shelf,
    pool: Pool,
    monkeypatch: pytest.MonkeyPatch,
    broken: dict[str, Any],
) -> None:
    stored = json.loads(varied.paper("arxiv:2501.00003")) | broken
    monkeypatch.setattr(Shelf, "find_paper", lambda *_: json.dumps(stored).encode())
    document = parse(
        """{paper(id: "a") {id title hasCode publishedPrecision authors {name}
          x: authors {__typename name} links {url kind} y: links {kind} externalIds {doi}}}"""
    )
    results = [
        execute_sync(
            graphql_schema,
            document,
            Root(varied, pool),
            work_of(graphql_schema, document, varied),
            field_resolver=member,
            executor_class=executor_class,
        )
        for executor_class in (None, RowExecutor)
    ]
    assert results[0].errors
    told = [
        [(each.message, each.path, each.locations) for each in result.errors or ()]
        for result in results
    ]
    assert told[0] == told[1]
    assert results[0].data == results[1].data


def test_a_document_is_read_once_and_compiled_once_for_its_conditions(
    shelf: Shelf, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: Counter[str] = Counter()

    def counted(module: Any, name: str) -> None:
        called: Callable[..., Any] = getattr(module, name)

        def call(*given: Any, **named: Any) -> Any:
            calls[name] += 1
            return called(*given, **named)

        monkeypatch.setattr(module, name, call)

    for name in ("parse", "validate", "read_operation"):
        counted(documents, name)
    counted(executor, "compiled")
    client = Client(GraphQLDoor(shelf, pool))
    text = """query ($n: Int, $more: Boolean = false) {
      papers(first: $n) {nodes {id title authors {name} abstract @include(if: $more)}}
    }"""
    for size in range(1, 9):
        assert len(client.data(text, n=size)["papers"]["nodes"]) == size
    assert calls == {"parse": 1, "validate": 1, "read_operation": 1, "compiled": 1}
    assert "abstract" in client.data(text, n=1, more=True)["papers"]["nodes"][0]
    assert "abstract" not in client.data(text, n=2, more=False)["papers"]["nodes"][0]
    assert calls == {"parse": 1, "validate": 1, "read_operation": 1, "compiled": 3}


def test_only_coroutines_are_awaited() -> None:
    async def something() -> None: ...

    coroutine = something()
    assert is_awaitable(coroutine)
    assert not is_awaitable({"id": "a"})
    coroutine.close()
