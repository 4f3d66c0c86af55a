"""The two pages for browsers: what they load, what they may do, and what GraphiQL begins with."""

import json
import re
from collections.abc import Iterator
from urllib.parse import urljoin

import pytest

from tests.api.client import Client, running
from tests.paths import REPOSITORY

BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
PAGES = ("/graphql", "/docs")
EXAMPLES = REPOSITORY / "web" / "examples"
VARIABLES = json.loads((EXAMPLES / "variables.json").read_bytes())


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """The application over an empty shelf."""
    with running(tmp_path_factory.mktemp("bare") / "data") as client:
        yield client


@pytest.mark.parametrize("path", PAGES)
def test_a_page_may_do_little(bare: Client, path: str) -> None:
    page = bare.get(path, headers=BROWSER)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    rules = dict(each.split(" ", 1) for each in page.headers["content-security-policy"].split("; "))
    assert rules == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "connect-src": "'self'",
        "img-src": "'self' data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=", page.text)


@pytest.mark.parametrize("path", PAGES)
def test_what_a_page_names_is_there_below_any_path(bare: Client, path: str) -> None:
    page = bare.get(path, headers=BROWSER)
    addresses = re.findall(r'(?:src|href)="([^"]*)"', page.text)
    assert len(addresses) >= 4
    for address in addresses:
        assert not re.match(r"[a-z]+:|/", address), "is not relative"
        assert bare.get(urljoin(path, address)).status_code == 200, address
    kinds = [address.rpartition(".")[2] for address in addresses if address.startswith("assets/")]
    assert sorted(kinds) == ["css", "js"]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_asked_for_again_and_says_if_it_is_the_same(bare: Client, path: str) -> None:
    page = bare.get(path, headers=BROWSER)
    assert page.headers["cache-control"] == "no-cache"
    assert "accept-encoding" in page.headers["vary"].lower()
    again = bare.get(path, headers=BROWSER | {"if-none-match": page.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    head = bare.request("HEAD", path, headers=BROWSER)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["etag"] == page.headers["etag"]


def test_the_viewer_is_only_read(bare: Client) -> None:
    options = bare.request("OPTIONS", "/docs")
    assert (options.status_code, options.headers["allow"]) == (204, "GET, HEAD, OPTIONS")
    for method in ("POST", "PUT", "DELETE"):
        refused = bare.request(method, "/docs")
        assert (refused.status_code, refused.json()["code"]) == (405, "method-not-allowed")


@pytest.mark.parametrize(("path", "door"), [("/graphql", "schema.graphql"), ("/docs", "openapi")])
def test_a_page_says_what_to_do_without_scripts(bare: Client, path: str, door: str) -> None:
    page = bare.get(path, headers=BROWSER).text
    found = re.search(r"<noscript>(.*?)</noscript>", page, re.DOTALL)
    assert found
    assert "JavaScript" in found[1]
    assert door in found[1]


def test_a_graphql_client_at_the_same_address_gets_json(bare: Client) -> None:
    for accept in ("application/json", "application/graphql-response+json", "*/*"):
        params = {"query": "{__typename}"}
        answer = bare.get("/graphql", params=params, headers={"accept": accept})
        assert answer.json() == {"data": {"__typename": "Query"}}
        assert "accept" in answer.headers["vary"].lower()


def test_the_pages_are_found_from_the_front_page(bare: Client) -> None:
    page = bare.get("/", headers=BROWSER).text
    for path in PAGES:
        assert f'href="{path.removeprefix("/")}"' in page
        assert path in [door["href"] for door in bare.get("/").json()["doors"].values()]


@pytest.mark.parametrize("name", VARIABLES)
def test_an_example_of_graphiql_works_on_any_shelf(bare: Client, client: Client, name: str) -> None:
    query = (EXAMPLES / f"{name}.graphql").read_text("utf-8")
    for shelf in (bare, client):
        assert "errors" not in shelf.graphql(query, **VARIABLES[name])


def test_an_example_of_graphiql_finds_papers(client: Client) -> None:
    query = (EXAMPLES / "search.graphql").read_text("utf-8")
    assert client.graphql(query, **VARIABLES["search"])["data"]["papers"]["totalCount"] > 1
