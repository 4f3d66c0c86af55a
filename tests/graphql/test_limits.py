"""Documents that ask for too much are refused before they cost anything."""

import re
from typing import Any

import pytest
from graphql import get_introspection_query

from api.graphql import cost, limits, work
from api.graphql.documents import CACHED_CHARACTERS, CACHED_DOCUMENTS, Documents, Refused
from api.graphql.query import build_schema
from index.shelf import Shelf
from schema import search
from tests.graphql.asking import Client
from tests.paths import REPOSITORY


def nested(depth: int) -> str:
    return "{" + "a {" * depth + "id" + "}" * depth + "}"


def chain(count: int, inner: str) -> str:
    """Fragments that each spread the next one twice: 2^count fields when written out."""
    links = "".join(f" fragment F{i} on Query {{...F{i + 1} ...F{i + 1}}}" for i in range(count))
    return f"{{...F0}}{links} fragment F{count} on Query {{{inner}}}"


@pytest.mark.parametrize(
    "query",
    [
        "{" + " ".join(f"a{i}: __typename" for i in range(30)) + "}",
        "{" + " ".join(f"a{i}: papers(first: 1) {{totalCount}}" for i in range(5)) + "}",
        "{" + " ".join(f"a{i}: stats {{papers}}" for i in range(30)) + "}",
        "{" + "...{" * 29 + "__typename" + "}" * 29 + "}",
        "{stats {" + "engine " * 141 + "papers " * 10 + "}}",
        "\n" * 2_999 + "{__typename}",
        "{" + 'paper(id: "a") {id} ' * 31 + "}",
        chain(7, "__typename"),
        "# c\n" * 500 + "{__typename}",
    ],
)
def test_what_is_just_within_the_limits_passes(client: Client, query: str) -> None:
    assert client.data(query)


def test_introspection_of_the_usual_tools_passes(client: Client) -> None:
    query = get_introspection_query(
        specified_by_url=True,
        directive_is_repeatable=True,
        schema_description=True,
        input_value_deprecation=True,
    )
    answer = client.data(query)
    names = {type_["name"] for type_ in answer["__schema"]["types"]}
    assert {"Paper", "PaperConnection", "PaperFilter", "Date"} <= names
    assert client.data('{__type(name: "Paper") {name fields {name}}}')["__type"]["name"] == "Paper"


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        ({"filter": {"year": ["2024"] * 9_000}}, "graphql-limit"),
        ({"filter": {f"x{i}": 1 for i in range(9_000)}}, "graphql-limit"),
        ({"order": [{"field": "TITLE"}] * 3_000}, "graphql-limit"),
        ({"unused": [[[]]] * 2_000}, "graphql-limit"),
    ],
)
def test_variables_are_bounded(client: Client, variables: dict[str, Any], code: str) -> None:
    query = """query ($filter: PaperFilter, $order: [PaperOrder!]) {
      papers(filter: $filter, orderBy: $order) {totalCount}
    }"""
    assert client.codes(query, **variables) == [code]


def test_nodes_takes_a_hundred_ids(client: Client) -> None:
    query = "query ($ids: [ID!]!) {nodes(ids: $ids) {id}}"
    assert client.data(query, ids=["a"] * 100) == {"nodes": [None] * 100}
    [error] = client.errors(query, ids=["a"] * 101)
    assert error["extensions"]["code"] == "graphql-limit"
    assert "100" in error["message"]


def test_an_answer_that_grows_too_big_is_given_up(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = "{papers(first: 40) {nodes {id links {url kind} externalIds {doi}}} stats {papers}}"
    assert len(client.data(query)["papers"]["nodes"]) == 40
    monkeypatch.setattr(work, "MAX_VALUES", 150)
    answer = client.post(query)
    body = answer.json()
    assert answer.status_code == 200
    assert body["data"] is None
    [error] = body["errors"]
    assert error["extensions"]["code"] == "graphql-limit"
    assert "150" in error["message"]
    small = client.data("{papers(first: 5) {nodes {id}}}")
    assert len(small["papers"]["nodes"]) == 5


def test_a_page_of_everything_is_well_within_the_limits(client: Client, shelf: Shelf) -> None:
    fields = "id title abstract abstractRaw authors {name} links {url kind} sources {name start}"
    more = "externalIds {arxiv doi acl s2 openalex other} categories createdSeq"
    answer = client.data(
        f"{{papers(first: 100) {{nodes {{{fields} {more}}} edges {{cursor node {{{fields}}}}}}}}}"
    )
    assert len(answer["papers"]["edges"]) == 40


def test_the_memory_of_documents_is_bounded() -> None:
    documents = Documents(build_schema())
    for number in range(20):
        documents.get(f"query Q{number} {{stats {{papers}}}} #{'x' * 20_000}")
        assert documents.characters <= CACHED_CHARACTERS
    assert len(documents) < 20
    for number in range(CACHED_DOCUMENTS + 20):
        documents.get(f"query Q{number} {{__typename}}")
    assert len(documents) == CACHED_DOCUMENTS
    assert documents.characters <= CACHED_CHARACTERS
    document = documents.get("query Q30 {__typename}")
    assert documents.get("query Q30 {__typename}") is document


def test_a_refused_document_is_not_remembered() -> None:
    documents = Documents(build_schema())
    for query in ("{", "{nothing}", nested(30)):
        with pytest.raises(Refused):
            documents.get(query)
    assert len(documents) == 0


def test_every_operation_is_measured_by_itself(client: Client) -> None:
    aliases = " ".join(f"a{i}: __typename" for i in range(20))
    document = " ".join(f"query Q{i} {{{aliases}}}" for i in range(20))
    assert len(client.post(document, name="Q7").json()["data"]) == 20
    document = " ".join(f"query Q{i} {{__typename}}" for i in range(50))
    assert client.post(document, name="Q49").json() == {"data": {"__typename": "Query"}}


def test_the_documented_limits_are_the_limits() -> None:
    text = (REPOSITORY / "docs" / "graphql.md").read_text().partition("## Limits")[2]
    text = text.partition("\n## ")[0]
    written = [
        int(number.replace(",", "")) for number in re.findall(r"\| ([\d,]+) \|$", text, re.M)
    ]
    defined = [
        value
        for module in (limits, cost, work)
        for name, value in vars(module).items()
        if name.startswith("MAX_") and name not in (*vars(search), "MAX_FAULTS")
    ]
    assert sorted(written) == sorted(defined)
