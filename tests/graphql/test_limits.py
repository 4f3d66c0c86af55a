"""Documents that ask for too much are refused before they cost anything."""

import re
import time
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


HOSTILE = {
    "aliases": "{" + " ".join(f"a{i}: stats {{papers}}" for i in range(5000)) + "}",
    "aliases within the tokens": "{" + " ".join(f"a{i}:__typename" for i in range(31)) + "}",
    "aliases of lists": "{" + " ".join(f"a{i}: daily {{date}}" for i in range(6)) + "}",
    "depth": nested(15),
    "depth of braces": "{a" * 900 + "}" * 900,
    "endless braces": "{a" * 15_000,
    "inline fragments": "{" + "...{" * 31 + "__typename" + "}" * 31 + "}",
    "deep lists": "{paper(id: " + "[" * 900 + "]" * 900 + ") {id}}",
    "deep objects": "{papers(filter: " + "{year:" * 500 + "1" + "}" * 500 + ") {totalCount}}",
    "doubling fragments": chain(25, "stats {papers}"),
    "many fragments": "{...F0}" + "".join(f" fragment F{i} on Query {{a}}" for i in range(51)),
    "repeated fields": "{" + "stats {papers} " * 200 + "}",
    "repeated fields below": "{stats {papers} paper(id: 1) {" + "links {url} " * 40 + "}}",
    "repeated arguments": "{" + 'paper(id: "a") {id} ' * 60 + "}",
    "fields": "{stats {" + "engine " * 301 + "}}",
    "tokens": "{stats {" + "engine " * 2500 + "}}",
    "comments": "# c\n" * 600 + "{stats {papers}}",
    "characters": " " * 40_000 + "{stats {papers}}",
    "introspections": "{a: __schema {description} b: __schema {description}}",
    "aliased introspection": "{__schema {"
    + " ".join(f"a{i}: types {{name}}" for i in range(6))
    + "}}",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_document_is_refused_at_once(client: Client, name: str) -> None:
    client.post("{stats {papers}}")
    started = time.process_time()
    errors = client.errors(HOSTILE[name])
    spent = time.process_time() - started
    assert [error["extensions"]["code"] for error in errors] == ["graphql-limit"]
    assert re.search(r"\d|nested too deeply", errors[0]["message"])
    assert spent < 0.25  # generous: a garbage collection may fall into it


SLOW_TO_VALIDATE = {
    "unknown fields": "{" + " ".join(f"f{i}{'y' * 90}" for i in range(290)) + "}",
    "unknown names that are long": "{" + "papers" * 5000 + "}",
    "unknown directives": "{stats {papers " + "@no" * 900 + "}}",
    "unused variables": "query (" + " ".join(f"$v{i}: Int" for i in range(390)) + ") {__typename}",
    "unknown arguments": "{papers(" + " ".join(f"a{i}: 1" for i in range(600)) + ") {matched}}",
    "a cycle": "{...A} fragment A on Query {...B} fragment B on Query {...A ...B}",
}


@pytest.mark.parametrize("name", SLOW_TO_VALIDATE)
def test_validation_gives_up_early(client: Client, name: str) -> None:
    started = time.process_time()
    errors = client.errors(SLOW_TO_VALIDATE[name])
    assert time.process_time() - started < 0.25
    assert {error["extensions"]["code"] for error in errors} == {"graphql-validation"}
    assert len(errors) <= 11
    assert all(len(error["message"]) <= 501 for error in errors)


@pytest.mark.parametrize(
    "query",
    [
        "{" + " ".join(f"a{i}: __typename" for i in range(30)) + "}",
        "{" + " ".join(f"a{i}: papers(first: 1) {{totalCount}}" for i in range(5)) + "}",
        "{" + " ".join(f"a{i}: stats {{papers}}" for i in range(30)) + "}",
        "{" + "...{" * 29 + "__typename" + "}" * 29 + "}",
        "{stats {" + "engine " * 299 + "}}",
        "{" + 'paper(id: "a") {id} ' * 31 + "}",
        chain(8, "__typename"),
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
    document = f"query A {{{aliases}}} query B {{{aliases}}}"
    assert len(client.post(document, name="B").json()["data"]) == 20


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
        if name.startswith("MAX_") and name not in vars(search)
    ]
    assert sorted(written) == sorted(defined)
