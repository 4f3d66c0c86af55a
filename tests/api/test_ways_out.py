"""Ways out and suggestions, alike through REST, GraphQL and MCP's tool of the same name."""

import random
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.api.client import Client
from tests.scale import SEED, scaled

ALTERNATIVES = "alternatives {kind message q parameters {name value} total totalAll link}"
SUGGESTION = "kind text fragments {text match} q count id link"
QUESTIONS = (
    {"q": "alignmnet"},
    {"q": "hesian gradint"},
    {"q": "protien year:2031"},
    {"q": "protein", "year": "2031"},
    {"q": "protein", "hasCode": "true", "category": "cs.XX"},
    {"listedOn": "2024-01-01"},
    {"q": "alignment"},
    {"q": "qzxv"},
)


def by_rest(client: Client, given: dict[str, str]) -> list[dict[str, Any]]:
    answer = client.get("/v1/papers", given)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["meta"]["alternatives"])


def by_graphql(client: Client, given: dict[str, str]) -> list[dict[str, Any]]:
    filters: dict[str, Any] = {name: value for name, value in given.items() if name != "q"}
    filters = {name: True if name == "hasCode" else [each] for name, each in filters.items()}
    fields = f"papers(query: $q, filter: $f) {{{ALTERNATIVES}}}"
    document = f"query ($q: String, $f: PaperFilter) {{{fields}}}"
    variables = {"q": given.get("q"), "f": filters or None}
    body = client.post("/graphql", {"query": document, "variables": variables}).json()
    assert "errors" not in body, body
    return [
        each | {"kind": each["kind"].lower()} for each in body["data"]["papers"]["alternatives"]
    ]


@pytest.mark.parametrize("given", QUESTIONS, ids=urlencode)
def test_both_doors_show_the_same_ways_out(client: Client, given: dict[str, str]) -> None:
    assert by_rest(client, given) == by_graphql(client, given)


@pytest.mark.parametrize("given", QUESTIONS, ids=urlencode)
def test_a_link_leads_to_what_it_promises(client: Client, given: dict[str, str]) -> None:
    before = client.get("/v1/papers", given).json()["meta"]
    for each in before["alternatives"]:
        meta = client.get(each["link"]).json()["meta"]
        assert (meta["total"], meta["totalAll"]) == (each["total"], each["totalAll"])
        assert meta["totalAll"] > before["totalAll"]
        asked = [(part["name"], part["value"]) for part in each["parameters"]]
        q = [("q", each["q"])] if each["q"] else []
        assert each["link"] == f"/v1/papers?{urlencode([*q, *asked])}".rstrip("?")


def test_there_is_always_a_list_of_ways_out(client: Client) -> None:
    assert by_rest(client, {}) == by_rest(client, {"q": "alignment"}) == []
    assert by_rest(client, {"q": "alignmnet"})[0]["message"] == "Did you mean `alignment`?"


def test_the_tag_stands_for_the_ways_out_too(client: Client) -> None:
    first = client.get("/v1/papers?q=alignmnet")
    again = client.get("/v1/papers?q=alignmnet", headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304
    assert client.get("/v1/papers?q=alignmnet").content == first.content


def test_markdown_shows_the_ways_out(client: Client) -> None:
    text = client.get("/v1/papers.md?q=alignmnet").text
    assert "Did you mean" in text
    assert "(/v1/papers.md?q=alignment)" in text


def suggested(client: Client, **given: str) -> list[dict[str, Any]]:
    answer = client.get("/v1/suggest", given)
    assert answer.status_code == 200, answer.text
    assert answer.headers["etag"]
    return list(answer.json()["data"])


def test_both_doors_suggest_the_same(client: Client) -> None:
    chance = random.Random(SEED)
    rows = client.get("/v1/papers?limit=40&fields=title,abstract").json()["data"]
    for _ in range(scaled(300)):
        text = chance.choice(chance.choice(rows)["abstract"].split())[: chance.randint(1, 9)]
        first = chance.randint(1, 20)
        fields = f"suggest(query: $q, first: $n) {{{SUGGESTION}}}"
        document = f"query ($q: String!, $n: Int) {{{fields}}}"
        asked = {"query": document, "variables": {"q": text, "n": first}}
        found = client.post("/graphql", asked).json()["data"]["suggest"]
        found = [each | {"kind": each["kind"].lower()} for each in found]
        assert found == suggested(client, q=text, limit=str(first))


def test_a_suggestion_leads_to_its_papers(client: Client) -> None:
    for text in ("align", "optimal tr", "hydr", "protien"):
        found = suggested(client, q=text)
        assert found
        for each in found:
            assert "".join(part["text"] for part in each["fragments"]) == each["text"]
            answer = client.get(each["link"]).json()
            if each["kind"] == "title":
                assert answer["data"]["title"] == each["text"]
                assert answer["data"]["id"] == each["id"]
            else:
                assert answer["meta"]["total"] == each["count"] > 0
                assert each["id"] is None


def test_suggestions_without_words_are_none(client: Client) -> None:
    assert client.get("/v1/suggest").json()["data"] == suggested(client, q=" !? ") == []


@pytest.mark.parametrize(
    ("target", "code"),
    [
        (f"/v1/suggest?q={'x' * 201}", "query-too-long"),
        ("/v1/suggest?q=a&limit=21", "parameter-invalid"),
        ("/v1/suggest?q=a&first=3", "parameter-unknown"),
        ("/v1/suggest?q=a&q=b", "parameter-repeated"),
    ],
)
def test_what_suggestions_do_not_take(client: Client, target: str, code: str) -> None:
    answer = client.get(target)
    assert answer.status_code == 400
    assert answer.json()["code"] == code


def test_graphql_refuses_the_same(client: Client) -> None:
    def code(arguments: str) -> str:
        body = client.post("/graphql", {"query": f"{{suggest({arguments}) {{text}}}}"}).json()
        return str(body["errors"][0]["extensions"]["code"])

    assert code(f'query: "{"x" * 201}"') == "query-too-long"
    assert code('query: "a", first: 21') == "parameter-invalid"
    assert code('query: "a", first: 0') == "parameter-invalid"
