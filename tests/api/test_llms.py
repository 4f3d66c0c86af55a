"""`/llms.txt`: its form, its numbers, and that every link leads to what it says."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from index.shelf import Shelf
from schema.search import MAX_LIMIT
from tests.api.client import Client, Silent, running
from tests.api.reading import blocks
from tests.paths import SAMPLE

ITEM = re.compile(r"- \[[^\]]+\]\(\S+\): \S.*")
"""A link of a section, as llmstxt.org has it."""


def links(text: str) -> list[str]:
    return [address for block in blocks(text) for _, address in block.links]


def test_its_form_is_that_of_llmstxt_org(client: Client) -> None:
    text = client.get("/llms.txt").text
    head, *sections = re.split(r"^## ", text, flags=re.MULTILINE)
    lines = [line for line in head.splitlines() if line]
    assert lines[0] == "# Papershelf"
    assert lines[1].startswith("> ")
    assert not any(line.startswith("#") for line in lines[1:])
    assert [section.partition("\n")[0] for section in sections][-1] == "Optional"
    for section in sections:
        name, *items = [line for line in section.splitlines() if line]
        assert items, name
        assert all(ITEM.fullmatch(item) for item in items), items


def test_it_says_what_there_is(client: Client) -> None:
    text = client.get("/llms.txt").text
    stats = client.get("/v1/stats").json()["data"]
    span = f"from {stats['publishedFrom'][:4]} to {stats['publishedTo'][:4]}"
    assert f"{stats['papers']} papers, published {span}" in text
    assert f"at most {MAX_LIMIT}" in text
    assert "131,072 bytes" in text
    assert "To cite" in text


def test_every_link_leads_somewhere(client: Client) -> None:
    found = links(client.get("/llms.txt").text)
    assert len(found) >= 10
    for address in found:
        status = 405 if address == "/mcp" else 200
        asked = "/graphql?query={__typename}" if address == "/graphql" else address
        answer = client.get(asked)
        assert answer.status_code == status, address
        if urlsplit(address).path.endswith(".md"):
            assert answer.headers["content-type"] == "text/markdown; charset=utf-8"


def test_it_is_plain_text_that_a_client_may_keep(client: Client) -> None:
    first = client.get("/llms.txt")
    assert first.headers["content-type"] == "text/plain; charset=utf-8"
    again = client.get("/llms.txt", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    head = client.request("HEAD", "/llms.txt")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["etag"] == first.headers["etag"]


def test_it_is_found_from_the_doors(client: Client) -> None:
    doors = client.get("/").json()["doors"]
    assert doors["llms"]["href"] == "/llms.txt"
    assert doors["mcp"]["href"] == "/mcp"
    page = client.get("/", headers={"accept": "text/html"}).text
    assert 'href="llms.txt"' in page
    assert 'href="mcp"' not in page, "a browser has nothing to see there"


@pytest.mark.parametrize("public_url", ["https://papers.example.org", "http://[::1]:8000/shelf"])
def test_addresses_are_whole_below_a_public_one(tmp_path: Path, public_url: str) -> None:
    with Shelf(tmp_path / "data") as shelf:
        shelf.load([SAMPLE], Silent())
    with running(tmp_path / "data", public_url=public_url) as client:
        for address in links(client.get("/llms.txt").text):
            assert address.startswith(f"{public_url}/")


def test_an_empty_shelf_shows_no_paper(tmp_path: Path) -> None:
    file = tmp_path / "one.jsonl"
    with running(tmp_path / "data") as client:
        text = client.get("/llms.txt").text
        assert "0 papers." in text
        assert "/v1/papers/{id}.md" in text.replace("%7B", "{").replace("%7D", "}")
    file.write_text('{"title": "One paper"}\n')
    with Shelf(tmp_path / "data") as shelf:
        shelf.load([file], Silent())
    with running(tmp_path / "data") as client:
        text = client.get("/llms.txt").text
        assert "one paper." in text
        assert "/v1/papers/one-paper-" in text
