"""Citations over HTTP: of a whole result, a page, a day, a paper, and of papers like it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from index.shelf import Shelf
from tests.api.client import Client, Silent, running
from tests.citations.reading import Read, read_bibtex, read_csl, read_ris, written
from tests.paths import SAMPLE

MEDIA = {
    ".bib": "application/x-bibtex",
    ".ris": "application/x-research-info-systems",
    ".csl.json": "application/vnd.citationstyles.csl+json",
}
READERS: dict[str, Callable[[str], list[Read]]] = {
    ".bib": read_bibtex,
    ".ris": read_ris,
    ".csl.json": read_csl,
}
FORMS = pytest.mark.parametrize("suffix", MEDIA)


@pytest.fixture(scope="module", params=["tantivy", "whoosh"])
def client(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("door")
    odd = folder / "odd.jsonl"
    odd.write_text('{"title": "Ends oddly", "doi": "10.1000/notes.bib"}\n')
    data = folder / "data"
    with Shelf(data, request.param) as shelf:
        assert shelf.load([SAMPLE, Path(odd)], Silent()).rejected == 0
    with running(data, engine=request.param) as client:
        yield client


def cited(answer: httpx.Response, suffix: str) -> list[Read]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == f"{MEDIA[suffix]}; charset=utf-8"
    return READERS[suffix](answer.content.decode())


@FORMS
@pytest.mark.parametrize("query", ["", "?q=alignment", "?q=optimal+transport&year=2025"])
def test_a_search_is_cited_whole_in_its_order(client: Client, suffix: str, query: str) -> None:
    page = client.get(f"/v1/papers{query}{'&' if query else '?'}limit=100").json()
    found = cited(client.get(f"/v1/papers{suffix}{query}"), suffix)
    assert found == [written(paper) for paper in page["data"]]
    assert len(found) == page["meta"]["total"] > 0


@FORMS
def test_a_page_is_cited_as_a_page(client: Client, suffix: str) -> None:
    target, seen = f"/v1/papers{suffix}?q=alignment&limit=15", []
    while target:
        answer = client.get(target)
        seen += cited(answer, suffix)
        target = answer.links.get("next", {"url": ""})["url"]
    assert seen == cited(client.get(f"/v1/papers{suffix}?q=alignment"), suffix)


@FORMS
@pytest.mark.parametrize("path", ["/v1/daily", "/v1/daily/2025-12-12", "related", "paper"])
def test_suffix_and_header_cite_the_same(client: Client, suffix: str, path: str) -> None:
    identifier = client.get("/v1/papers?q=hydra&limit=1").json()["data"][0]["id"]
    own = f"/v1/papers/{identifier}"
    path = {"related": f"{own}/related", "paper": own}.get(path, path)
    data = client.get(path).json()["data"]
    by_suffix = client.get(f"{path}{suffix}")
    by_header = client.get(path, headers={"accept": MEDIA[suffix]})
    assert by_suffix.content == by_header.content
    papers = data if isinstance(data, list) else [data]
    assert cited(by_suffix, suffix) == [written(paper) for paper in papers]
    assert f'{suffix}"' in by_suffix.headers["content-disposition"]
    again = client.get(f"{path}{suffix}", headers={"if-none-match": by_suffix.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_an_id_may_end_like_a_citation(client: Client) -> None:
    """The id as it stands goes before the suffix."""
    exact = client.get("/v1/papers/doi:10.1000/notes.bib")
    assert exact.json()["data"]["title"] == "Ends oddly"
    (found,) = cited(client.get("/v1/papers/doi:10.1000/notes.bib.bib"), ".bib")
    assert (found.title, found.doi) == ("Ends oddly", "10.1000/notes.bib")


@FORMS
@pytest.mark.parametrize("name", ["fields", "facets", "highlight", "explain"])
def test_what_a_citation_cannot_show_is_refused(client: Client, suffix: str, name: str) -> None:
    value = {"fields": "title", "facets": "year"}.get(name, "true")
    for more in ({}, {"limit": "3"}):
        answer = client.get(f"/v1/papers{suffix}", {"q": "alignment", name: value, **more})
        assert (answer.status_code, answer.json()["code"]) == (400, "parameter-conflict")
        assert answer.json()["errors"][0]["parameter"] == name
