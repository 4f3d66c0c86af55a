"""The published schema: equal to the contract, described everywhere, true to the tables."""

import orjson
import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
)

from api.graphql.query import build_schema, schema_text
from api.graphql.types import REST_MEMBERS, enum_name
from index.shelf import Shelf
from schema.filters import FILTERS
from schema.search import SORT_FIELDS
from tests.graphql.asking import Client
from tests.paths import REPOSITORY

CONTRACT = REPOSITORY / "schema" / "contracts" / "schema.graphql"


@pytest.fixture(scope="module")
def graphql_schema() -> GraphQLSchema:
    return build_schema()


def test_the_schema_is_the_contract(graphql_schema: GraphQLSchema) -> None:
    assert schema_text(graphql_schema) == CONTRACT.read_text(), (
        "run `python -m api.graphql > schema/contracts/schema.graphql` and read the difference"
    )


def test_the_server_publishes_the_contract(client: Client) -> None:
    answer = client.send("GET", "/graphql/schema.graphql")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.text == CONTRACT.read_text()


def test_everything_is_described(graphql_schema: GraphQLSchema) -> None:
    missing = []
    for name, type_ in graphql_schema.type_map.items():
        if name.startswith("__"):
            continue
        if not type_.description:
            missing.append(name)
        if isinstance(type_, GraphQLEnumType):
            missing += [
                f"{name}.{key}" for key, each in type_.values.items() if not each.description
            ]
        if isinstance(type_, GraphQLInputObjectType):
            missing += [
                f"{name}.{key}" for key, each in type_.fields.items() if not each.description
            ]
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            for key, field in type_.fields.items():
                if not field.description:
                    missing.append(f"{name}.{key}")
                missing += [
                    f"{name}.{key}({argument})"
                    for argument, each in field.args.items()
                    if not each.description
                ]
    assert missing == []


def test_every_filter_of_the_table_is_in_the_input_and_no_other(
    graphql_schema: GraphQLSchema,
) -> None:
    paths = set()
    outer = graphql_schema.type_map["PaperFilter"]
    assert isinstance(outer, GraphQLInputObjectType)
    for name, field in outer.fields.items():
        inner = get_named_type(field.type)
        if isinstance(inner, GraphQLInputObjectType):
            paths |= {f"{name}.{member}" for member in inner.fields}
        else:
            paths.add(name)
    assert paths == {spec.graphql for spec in FILTERS}


def test_a_repeatable_filter_is_a_list_and_no_other(graphql_schema: GraphQLSchema) -> None:
    outer = graphql_schema.type_map["PaperFilter"]
    assert isinstance(outer, GraphQLInputObjectType)
    lists = {name for name, field in outer.fields.items() if str(field.type).startswith("[")}
    assert lists == {spec.graphql for spec in FILTERS if spec.repeatable}


def test_every_sort_field_of_the_table_is_an_enum_value(graphql_schema: GraphQLSchema) -> None:
    enum = graphql_schema.type_map["PaperSortField"]
    assert isinstance(enum, GraphQLEnumType)
    assert list(enum.values) == [enum_name(key) for key in SORT_FIELDS]


def test_a_paper_has_the_members_of_the_stored_paper(
    graphql_schema: GraphQLSchema, shelf: Shelf, client: Client
) -> None:
    some = client.data("{papers(first: 1) {nodes {id}}}")["papers"]["nodes"][0]["id"]
    stored = orjson.loads(shelf.paper(some))
    paper = graphql_schema.type_map["Paper"]
    assert isinstance(paper, GraphQLObjectType)
    assert set(paper.fields) == {*stored, "related"}
    row = orjson.loads(shelf.papers([some])[0] or b"")
    assert set(stored) - set(row) == REST_MEMBERS


def test_hardly_any_field_below_the_root_is_resolved(graphql_schema: GraphQLSchema) -> None:
    """The executor's short way rests on this: below the root values are plain dicts."""
    resolved = {
        f"{type_name}.{name}"
        for type_name, type_ in graphql_schema.type_map.items()
        if isinstance(type_, GraphQLObjectType) and not type_name.startswith(("__", "Query"))
        for name, field in type_.fields.items()
        if field.resolve is not None
    }
    assert resolved == {
        "PaperConnection.facets",
        "PaperConnection.alternatives",
        "Paper.related",
    }


def test_dates_name_their_specification(graphql_schema: GraphQLSchema) -> None:
    assert "rfc3339" in (graphql_schema.type_map["Date"].specified_by_url or "")  # type: ignore[union-attr]
