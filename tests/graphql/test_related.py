"""Related papers and explanations through GraphQL: as in REST, and few at a time."""

from collections.abc import Iterator
from typing import Any

import pytest

from api.route_parameters import SAMPLE_ID
from index.shelf import Shelf
from tests.api.client import Client as Both
from tests.api.client import Silent, running
from tests.graphql.asking import Client
from tests.paths import SAMPLE

PARTS = "explanation {fullMatch missing parts {kind term matched field count weight score}}"


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """The whole application over the sample page."""
    folder = tmp_path_factory.mktemp("related") / "data"
    with Shelf(folder) as shelf:
        shelf.load([SAMPLE], Silent())
    with running(folder) as client:
        yield client


def test_related_papers_are_those_of_rest(both: Both) -> None:
    document = """query($id: ID!, $first: Int) { paper(id: $id) { related(first: $first) {
      score node { id title abstract sources { name } } } } }"""
    ids = [each["id"] for each in both.get("/v1/papers?limit=40").json()["data"]]
    for identifier in ids[::5]:
        for first in (1, 7, 100):
            rest = both.get(f"/v1/papers/{identifier}/related?limit={first}").json()["data"]
            related = both.graphql(document, id=identifier, first=first)["data"]["paper"]["related"]
            assert [(each["score"], each["node"]["id"]) for each in related] == [
                (each["search"]["score"], each["id"]) for each in rest
            ]
            assert {each["node"]["sources"][0]["name"] for each in related} == {
                "daily-papers-2025-12-12.txt"
            }


def test_ten_are_given_without_a_number(both: Both) -> None:
    for given in ("", "(first: null)", "(first: 10)"):
        document = f'{{paper(id: "{SAMPLE_ID}") {{related{given} {{node {{id}}}}}}}}'
        assert len(both.graphql(document)["data"]["paper"]["related"]) == 10


def test_they_can_be_had_below_any_paper(both: Both) -> None:
    related = "related(first: 1) {node {title}}"
    node = both.graphql(f'{{node(id: "{SAMPLE_ID}") {{... on Paper {{{related}}}}}}}')
    one = node["data"]["node"]["related"]
    assert len(one) == 1
    found = both.graphql(f'{{papers(query: "hydra", first: 1) {{nodes {{title {related}}}}}}}')
    assert found["data"]["papers"]["nodes"][0]["related"] == one
    found = both.graphql(f'{{nodes(ids: ["{SAMPLE_ID}"]) {{... on Paper {{{related}}}}}}}')
    assert found["data"]["nodes"][0]["related"] == one
    daily = both.graphql(f"{{daily(first: 2) {{papers {{{related}}}}}}}")
    assert all(each["related"] for each in daily["data"]["daily"]["papers"])


def code(answer: dict[str, Any]) -> str:
    (error,) = answer["errors"]
    return str(error["extensions"]["code"])


@pytest.mark.parametrize("first", [0, 101, -1])
def test_a_number_out_of_bounds_is_refused(both: Both, first: int) -> None:
    answer = both.graphql(f'{{paper(id: "{SAMPLE_ID}") {{related(first: {first}) {{score}}}}}}')
    assert code(answer) == "parameter-invalid"
    assert answer["errors"][0]["extensions"]["errors"][0]["parameter"] == "first"


@pytest.mark.parametrize(
    "document",
    [
        "{papers(first: 100) {nodes {related {score}}}}",
        "{papers(first: 10) {nodes {related(first: 1) {score}}}}",
        "{papers(first: 1) {nodes {related(first: 1) {node {related(first: 1) {score}}}}}}",
        "{daily {papers {related {score}}}}",
    ],
)
def test_many_of_them_are_refused(client: Client, document: str) -> None:
    assert client.codes(document) == ["graphql-limit"]


def test_explanations_are_those_of_rest(both: Both) -> None:
    document = f"""query($query: String, $order: [PaperOrder!]) {{
      papers(query: $query, orderBy: $order) {{edges {{score {PARTS}}}}} }}"""
    for q in ("optimal transport", "aligning hessian gradients zero-shot", "title:hydra", "align*"):
        rest = both.get("/v1/papers", {"q": q, "explain": "true"}).json()["data"]
        edges = both.graphql(document, query=q)["data"]["papers"]["edges"]
        for edge in edges:
            for part in edge["explanation"]["parts"]:
                part["kind"] = part["kind"].lower()
        assert [each["explanation"] for each in edges] == [
            each["search"]["explanation"] for each in rest
        ]
        assert all(each["explanation"]["parts"] for each in edges)
    order = [{"field": "TITLE"}]
    edges = both.graphql(document, query="alignment", order=order)["data"]["papers"]["edges"]
    assert {edge["explanation"] for edge in edges} == {None}
    assert both.graphql(document)["data"]["papers"]["edges"][0]["explanation"] is None


def test_a_page_of_a_hundred_can_be_explained(client: Client) -> None:
    document = f'{{papers(query: "reward", first: 100) {{edges {{{PARTS} node {{id title}}}}}}}}'
    assert client.data(document)["papers"]["edges"]
