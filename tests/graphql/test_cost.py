"""What an operation costs: known before it runs, told in full, and never met in the midst."""

import json
import re
from typing import Any

import pytest
from graphql import (
    GraphQLObjectType,
    OperationDefinitionNode,
    get_named_type,
    is_list_type,
    is_non_null_type,
    parse,
)

from api.graphql import cost, work
from api.graphql.cost import EXTRA, ITEMS, MAX_COST, SIZED
from api.graphql.query import build_schema
from api.graphql.work import read_operation
from index.shelf import Shelf
from schema.search import FACETS
from tests.graphql.asking import Client
from tests.paths import REPOSITORY

SCHEMA = build_schema()
PAPER = (
    "id title abstract abstractRaw authors {name} authorCount publishedAt publishedPrecision "
    "publishedYearInferred publishedRaw listedAt upvotes comments links {url kind} hasCode "
    "categories externalIds {arxiv doi acl s2 openalex other} sources {name sha256 start end} "
    "createdSeq updatedSeq"
)
EXPLANATION = "{fullMatch missing parts {kind term matched field count weight score}}"
EDGE = f"cursor score highlights {{field fragments {{text match}}}} node {{{PAPER}}}"
PAGE = (
    "totalCount totalAll matched revision pageInfo {hasNextPage hasPreviousPage startCursor "
    f"endCursor}} warnings {{code message position length suggestion}} edges {{{EDGE}}}"
)
FACET = "{values {value count selected} totalValues otherCount missingCount}"


def cost_of(document: str, **variables: object) -> int:
    parsed = parse(document)
    operation = parsed.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    return read_operation(SCHEMA, parsed, operation).cost.total(variables)


def test_every_member_of_paper_is_among_those_asked_here() -> None:
    paper = SCHEMA.type_map["Paper"]
    assert isinstance(paper, GraphQLObjectType)
    assert set(paper.fields) - {"related"} <= set(re.findall(r"\w+", PAPER))


def test_every_list_of_objects_is_reckoned_with() -> None:
    lists = set()
    for name, type_ in SCHEMA.type_map.items():
        if not isinstance(type_, GraphQLObjectType) or name.startswith("__"):
            continue
        for key, each in type_.fields.items():
            inner = each.type.of_type if is_non_null_type(each.type) else each.type
            if is_list_type(inner) and hasattr(get_named_type(inner), "fields"):
                lists.add(f"{name}.{key}")
    assert set(ITEMS) == lists
    fields = {
        f"{name}.{key}"
        for name, type_ in SCHEMA.type_map.items()
        if isinstance(type_, GraphQLObjectType)
        for key in type_.fields
    }
    assert EXTRA.keys() | SIZED.keys() <= fields
    assert {f"Facets.{name}" for name in FACETS} <= EXTRA.keys()
    for name, kind in SIZED.items():
        type_name, _, key = name.partition(".")
        type_ = SCHEMA.type_map[type_name]
        assert isinstance(type_, GraphQLObjectType)
        assert set(kind.arguments) <= set(type_.fields[key].args)


def test_the_documented_examples_cost_what_is_written() -> None:
    text = (REPOSITORY / "docs" / "graphql.md").read_text()
    section = text.partition("## Cost")[2].partition("\n## ")[0]
    examples = re.findall(r"^\| `(\{.*\})` \| ([\d,]+) \|$", section, re.M)
    assert len(examples) >= 5
    for document, written in examples:
        assert f"{cost_of(document):,}" == written, document
    assert f"{MAX_COST:,}" in section


def test_the_documented_tables_are_the_tables() -> None:
    text = (REPOSITORY / "docs" / "graphql.md").read_text()
    section = text.partition("## Cost")[2].partition("\n## ")[0]
    written = [
        (name.strip("`"), int(number.replace(",", "")))
        for names, number in re.findall(r"^\| (`[A-Z]\w+\.[^|]*) \| ([\d,]+) \|$", section, re.M)
        for name in names.split(", ")
    ]
    defined = [(name, items) for name, items in ITEMS.items() if items is not None]
    assert sorted(written) == sorted([*defined, *EXTRA.items()])


@pytest.mark.parametrize("size", ["first: 100", "last: 100", 'query: "alignment", first: 100'])
def test_a_page_of_everything_passes(client: Client, size: str) -> None:
    facets = " ".join(f"{name} {FACET}" for name in FACETS)
    page = client.data(f"{{papers({size}) {{{PAGE} facets(size: 100) {{{facets}}}}}}}")["papers"]
    assert len(page["edges"]) == 40


def test_reasonable_operations_pass(client: Client) -> None:
    lists = " ".join(f"l{i}: papers(first: 20) {{{PAGE}}}" for i in range(4))
    assert len(client.data(f"{{{lists}}}")) == 4
    papers = " ".join(f'p{i}: paper(id: "a{i}") {{{PAPER}}}' for i in range(8))
    assert len(client.data(f"{{{papers}}}")) == 8
    ids = [f"a{number}" for number in range(100)]
    query = f"query ($ids: [ID!]!) {{nodes(ids: $ids) {{... on Paper {{{PAPER}}}}}}}"
    assert client.data(query, ids=ids)["nodes"] == [None] * 100
    assert client.data(f"{{daily(first: 100) {{papers {{{PAPER}}}}}}}")


def test_a_refusal_tells_the_largest_size_that_passes(client: Client) -> None:
    query = """query ($a: Int, $b: Int) {
      one: papers(first: $a) {...Page} two: papers(last: $b) {...Page} three: papers {totalCount}
    } fragment Page on PaperConnection {%s nodes {%s}}""" % (PAGE, PAPER)  # noqa: UP031
    [error] = client.errors(query, a=100, b=90)
    extensions = error["extensions"]
    assert extensions["code"] == "graphql-limit"
    assert extensions["limit"] == MAX_COST < extensions["cost"]
    assert extensions["cost"] == cost_of(query, a=100, b=90)
    assert f"{extensions['cost']}" in error["message"]
    faults = {each["parameter"]: each for each in extensions["errors"]}
    assert list(faults) == ["one.first", "two.last"]
    largest = int(faults["one.first"]["suggestion"])
    assert f"first: {largest}" in error["message"]
    assert faults["two.last"]["suggestion"] == str(largest)
    assert client.data(query, a=largest, b=largest)
    assert client.errors(query, a=largest + 1, b=largest + 1)
    assert cost_of(query, a=largest, b=largest) <= MAX_COST
    assert cost_of(query, a=largest + 1, b=largest + 1) > MAX_COST


def test_a_size_out_of_bounds_is_told_before_anything_is_executed(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(Shelf, "plan", lambda *given: asked.append(given))
    monkeypatch.setattr(Shelf, "stats", lambda *given: asked.append(given))
    errors = client.errors(
        "query ($n: Int = 101) {stats {papers} a: papers {totalCount} b: papers(first: $n) "
        "{totalCount facets(size: 0) {year {missingCount}}} daily(first: 0) {date}}"
    )
    told = {
        (each["parameter"], each["message"], each["suggestion"])
        for error in errors
        for each in error["extensions"]["errors"]
    }
    assert told == {
        ("first", "`first` must be a whole number from 0 to 100.", "100"),
        ("size", "`size` must be a whole number from 1 to 100.", "10"),
        ("first", "`first` must be a whole number from 1 to 100.", "100"),
    }
    assert all(error["locations"] for error in errors)
    assert asked == []


def test_a_fixed_cost_that_is_too_much_asks_for_fewer_fields(client: Client) -> None:
    facets = " ".join(f"f{i}: facets(size: {i + 1}) {{author {{missingCount}}}}" for i in range(10))
    [error] = client.errors(f"{{papers(first: 0) {{{facets}}}}}")
    assert error["extensions"]["code"] == "graphql-limit"
    assert error["extensions"]["errors"] == []
    assert "fewer fields" in error["message"]


@pytest.mark.parametrize(
    ("less", "more"),
    [
        ("{papers(first: 0) {nodes {id}}}", "{papers(first: 1) {nodes {id}}}"),
        ("{papers {nodes {id}}}", "{papers {nodes {id title}}}"),
        ("{papers {nodes {id}}}", "{papers {nodes {id authors {name}}}}"),
        ("{papers {nodes {id title}}}", "{papers {nodes {id abstractRaw}}}"),
        ("{papers {edges {score}}}", "{papers {edges {highlights {field}}}}"),
        ("{papers {totalCount}}", "{papers {facets {year {missingCount}}}}"),
        ("{a: papers {totalCount}}", "{a: papers {totalCount} b: papers {totalCount}}"),
        ("{daily(first: 1) {papers {id}}}", "{daily {papers {id}}}"),
        ('{nodes(ids: "a") {id}}', '{nodes(ids: ["a", "b"]) {id}}'),
    ],
)
def test_more_costs_more(less: str, more: str) -> None:
    assert cost_of(less) < cost_of(more)


def test_the_cost_is_the_same_however_it_is_written() -> None:
    plain = "{papers(first: 30) {nodes {id title authors {name}}}}"
    written = """query ($n: Int) {papers(first: $n) {...A}}
      fragment A on PaperConnection {nodes {... on Paper {...B} ... {authors {x: name}}}}
      fragment B on Paper {i: id title @include(if: false)}"""
    assert cost_of(plain) == cost_of(written, n=30)
    assert cost_of("{papers {nodes {id}}}") == cost_of("{papers(first: null) {nodes {id}}}")
    assert cost_of("{papers {nodes {id}}}") == cost_of(
        "query ($n: Int) {papers(first: $n) {nodes {id}}}"
    )


def values(answer: Any) -> int:
    """Objects of an answer and their values, as `Work.spend` counts them."""
    if isinstance(answer, list):
        return sum(map(values, answer))
    if isinstance(answer, dict):
        return 1 + len(answer) + sum(map(values, answer.values()))
    return 0


def test_what_passes_does_not_meet_the_bound_of_values(client: Client) -> None:
    for query in (f"{{papers(first: 100) {{{PAGE}}}}}", f"{{daily {{papers {{{PAPER}}}}}}}"):
        answer = client.data(query)
        assert values(answer) <= cost_of(query)
    assert 2 * cost.MAX_COST <= work.MAX_VALUES
    assert json.dumps(answer)
