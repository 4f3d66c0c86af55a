"""Automatic persisted queries: a hash instead of a text, verified, bounded, under every limit."""

import hashlib
from typing import Any
from urllib.parse import urlencode

import httpx
import orjson
import pytest

from api.graphql.documents import Documents, Refused
from api.graphql.persisted import MAX_PERSISTED, MAX_PERSISTED_CHARACTERS, PersistedQueries
from api.graphql.query import build_schema
from tests.graphql.asking import GRAPHQL_JSON, Client


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def hashed(text: str, **members: Any) -> dict[str, Any]:
    """A request by hash alone, unless `members` has the text."""
    persisted = {"version": 1, "sha256Hash": sha256(text)}
    return {"extensions": {"persistedQuery": persisted}} | members


def asked(client: Client, body: dict[str, Any], accept: str = GRAPHQL_JSON) -> httpx.Response:
    return client.send("POST", json=body, headers={"accept": accept})


def got(client: Client, body: dict[str, Any], accept: str = GRAPHQL_JSON) -> httpx.Response:
    parameters = {
        name: each if isinstance(each, str) else orjson.dumps(each) for name, each in body.items()
    }
    return client.send("GET", f"/graphql?{urlencode(parameters)}", headers={"accept": accept})


def codes(answer: httpx.Response) -> list[str]:
    return [each["extensions"]["code"] for each in answer.json()["errors"]]


def test_an_unknown_hash_is_told_in_the_words_that_clients_look_for(client: Client) -> None:
    for ask in (asked, got):
        for accept, status in ((GRAPHQL_JSON, 400), ("application/json", 200)):
            answer = ask(client, hashed("{nobody sent this}"), accept)
            assert answer.status_code == status
            assert "etag" not in answer.headers
            assert answer.headers["cache-control"] == "no-store"
            assert answer.json() == {
                "errors": [
                    {
                        "message": "PersistedQueryNotFound",
                        "extensions": {"code": "PERSISTED_QUERY_NOT_FOUND"},
                    }
                ]
            }


def test_a_text_is_known_by_its_hash_once_it_was_sent(client: Client) -> None:
    text = "query Once($n: Int) {papers(first: $n) {nodes {id}}}"
    assert codes(asked(client, hashed(text))) == ["PERSISTED_QUERY_NOT_FOUND"]
    body = hashed(text, query=text, variables={"n": 2})
    # urql marks the second attempt with a member of its own.
    body["extensions"]["persistedQuery"]["miss"] = True
    assert len(asked(client, body).json()["data"]["papers"]["nodes"]) == 2
    for ask in (asked, got):
        answer = ask(client, hashed(text, variables={"n": 3}, operationName="Once"))
        assert answer.status_code == 200
        assert len(answer.json()["data"]["papers"]["nodes"]) == 3


def test_a_get_by_hash_has_a_validator(client: Client) -> None:
    text = "{papers(first: 3) {nodes {id title}} validated: __typename}"
    asked(client, hashed(text, query=text))
    answer = got(client, hashed(text))
    tag = answer.headers["etag"]
    parameters = urlencode({"extensions": orjson.dumps(hashed(text)["extensions"])})
    headers = {"accept": GRAPHQL_JSON, "if-none-match": tag}
    assert client.send("GET", f"/graphql?{parameters}", headers=headers).status_code == 304


def test_a_hash_of_another_text_is_refused_and_nothing_is_kept(client: Client) -> None:
    victim, other = "{victim: stats {papers}}", "{other: stats {engine}}"
    answer = asked(client, hashed(victim, query=other))
    assert answer.status_code == 400
    assert codes(answer) == ["graphql-request-invalid"]
    assert answer.json()["errors"][0]["message"].startswith("provided sha does not match query")
    assert codes(asked(client, hashed(victim))) == ["PERSISTED_QUERY_NOT_FOUND"]
    assert codes(asked(client, hashed(other))) == ["PERSISTED_QUERY_NOT_FOUND"]


@pytest.mark.parametrize(
    "persisted",
    [
        "x",
        [],
        {},
        {"version": 1},
        {"sha256Hash": "0" * 64},
        {"version": 2, "sha256Hash": "0" * 64},
        {"version": "1", "sha256Hash": "0" * 64},
        {"version": 1, "sha256Hash": "0" * 63},
        {"version": 1, "sha256Hash": "G" * 64},
        {"version": 1, "sha256Hash": "A" * 64},
        {"version": 1, "sha256Hash": "0" * 64 + "\n"},
        {"version": 1, "sha256Hash": 5},
        {"version": 1, "sha256Hash": "x" * 50_000},
    ],
)
def test_what_is_not_a_persisted_query_is_refused(client: Client, persisted: Any) -> None:
    for more in ({}, {"query": "{__typename}"}):
        answer = asked(client, {"extensions": {"persistedQuery": persisted}} | more)
        assert answer.status_code == 400
        assert codes(answer) == ["graphql-request-invalid"]
        assert len(answer.content) < 400


def test_null_is_no_persisted_query(client: Client) -> None:
    body = {"extensions": {"persistedQuery": None}, "query": "{__typename}"}
    assert asked(client, body).json() == {"data": {"__typename": "Query"}}
    assert codes(asked(client, {"extensions": {"persistedQuery": None}})) == [
        "graphql-request-invalid"
    ]
    assert codes(asked(client, hashed("", query=""))) == ["graphql-request-invalid"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", "graphql-parse"),
        ("{nothing}", "graphql-validation"),
        ("{" + " ".join(f"a{i}: __typename" for i in range(31)) + "}", "graphql-limit"),
        ("mutation {__typename}", "graphql-validation"),
    ],
)
def test_what_is_refused_as_text_is_not_kept(client: Client, text: str, code: str) -> None:
    assert set(codes(asked(client, hashed(text, query=text)))) == {code}
    assert codes(asked(client, hashed(text))) == ["PERSISTED_QUERY_NOT_FOUND"]


def test_all_limits_hold_at_every_execution(client: Client) -> None:
    text = """query ($n: Int, $f: PaperFilter) {
      a: papers(first: $n, filter: $f) {...Page} b: papers(first: $n) {...Page}
      c: papers(first: $n) {...Page}
    } fragment Page on PaperConnection {edges {highlights {field fragments {text match}} node {
      id authors {name} links {url} sources {name} abstractRaw}}}"""
    assert asked(client, hashed(text, query=text, variables={"n": 5})).status_code == 200
    for variables, code in (
        ({"n": 100}, "graphql-limit"),
        ({"n": 101}, "parameter-invalid"),
        ({"n": "x"}, "graphql-coercion"),
        ({"f": {"year": ["2024"] * 9_000}}, "graphql-limit"),
    ):
        assert set(codes(asked(client, hashed(text, variables=variables)))) == {code}
    assert asked(client, hashed(text, variables={"n": 5})).status_code == 200


def test_the_kept_texts_are_bounded() -> None:
    persisted = PersistedQueries(Documents(build_schema()))
    texts = [f"query Q{number} {{__typename}}" for number in range(MAX_PERSISTED + 5)]
    for text in texts:
        assert persisted.text(sha256(text), text) == text
        assert persisted.text(sha256(texts[0]), "") == texts[0]
    assert len(persisted) == MAX_PERSISTED
    assert persisted.text(sha256(texts[-1]), "") == texts[-1]
    with pytest.raises(Refused) as refused:
        persisted.text(sha256(texts[1]), "")
    assert refused.value.code == "PERSISTED_QUERY_NOT_FOUND"
    for number in range(50):
        text = f"{{__typename}} #{number:030000}"
        persisted.text(sha256(text), text)
        assert persisted.characters <= MAX_PERSISTED_CHARACTERS
    assert len(persisted) < 50
