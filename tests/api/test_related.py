"""Papers like another, through REST, with both engines."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.route_parameters import SAMPLE_ID
from index.shelf import Shelf
from tests.api.client import Client, Silent, running
from tests.api.test_rest import MEMBERS, problem

ROOM = "a paper about quantum error correction with surface codes on superconducting qubits"
PAPERS: tuple[dict[str, str], ...] = (
    {"title": "Surface codes for quantum error correction", "abstract": ROOM, "id": "2401.00001"},
    {"title": "Superconducting qubits", "abstract": ROOM + " and gates", "id": "2401.00002"},
    {"title": "Quantum error correction in the title alone", "id": "2401.00003"},
    {"title": "Garden birds", "abstract": "Counting blackbirds in spring.", "id": "2401.00004"},
    {"title": "To be or not to be", "id": "2401.00005"},
    {"title": "To be", "id": "2401.00006"},
    {"title": "!?", "id": "2401.00007"},
    {"title": "Blackbirds again", "doi": "10.1000/birds"},
    {"title": "Related quantum work", "doi": "10.1000/birds/related"},
)


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory, engine: str) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("few")
    lines = folder / "few.jsonl"
    lines.write_text("".join(json.dumps(each) + "\n" for each in PAPERS))
    with Shelf(folder / "data", engine) as shelf:
        assert shelf.load([lines], Silent()).added == len(PAPERS)
    with running(folder / "data", engine=engine) as client:
        yield client


def related(client: Client, identifier: str, **given: int) -> dict[str, Any]:
    target = f"/v1/papers/{identifier}/related"
    answer = client.get(target, {name: str(value) for name, value in given.items()})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def titles(answer: dict[str, Any]) -> list[str]:
    return [paper["title"] for paper in answer["data"]]


def test_the_nearest_come_first_as_rows_of_a_search(client: Client) -> None:
    answer = related(client, SAMPLE_ID)
    assert list(answer) == ["data", "meta", "links"]
    assert len(answer["data"]) == answer["meta"]["limit"] == 10
    assert list(answer["data"][0]) == [*MEMBERS, "search"]
    scores = [paper["search"]["score"] for paper in answer["data"]]
    assert scores == sorted(scores, reverse=True)
    assert scores[-1] > 0


def test_every_paper_of_the_sample_is_like_others_and_not_itself(client: Client) -> None:
    ids = [each["id"] for each in client.get("/v1/papers?limit=100").json()["data"]]
    for each in ids:
        found = [paper["id"] for paper in related(client, each, limit=100)["data"]]
        assert each not in found
        assert len(found) == len(set(found)) > 10


def test_what_shares_more_words_is_nearer(few: Client) -> None:
    found = titles(related(few, "2401.00001"))
    assert found[:2] == ["Superconducting qubits", "Quantum error correction in the title alone"]
    assert "Garden birds" not in found


def test_a_title_is_enough(few: Client) -> None:
    found = titles(related(few, "2401.00003"))
    assert found[0] == "Surface codes for quantum error correction"
    assert titles(related(few, "2401.00005")) == ["To be"]
    assert titles(related(few, "2401.00007")) == []


def test_any_id_of_a_paper_will_do(few: Client) -> None:
    by_arxiv = related(few, "arxiv:2401.00001")
    own = few.get("/v1/papers/2401.00001").json()
    assert related(few, own["data"]["id"]) == by_arxiv
    assert own["links"]["related"] == f"/v1/papers/{own['data']['id']}/related"
    assert few.get(own["links"]["related"]).json() == by_arxiv
    assert few.get(by_arxiv["links"]["self"]).json() == by_arxiv
    assert few.get(by_arxiv["links"]["paper"]).json() == own


def test_a_doi_may_end_like_the_address(few: Client) -> None:
    whole = few.get("/v1/papers/doi:10.1000/birds/related").json()
    assert whole["data"]["title"] == "Related quantum work"
    for address in ("related", "related.md"):
        target = f"/v1/papers/doi:10.1000/birds/{address}"
        text = few.get(target, headers={"accept": "text/markdown"})
        assert (text.status_code, text.text.split("\n")[0]) == (200, "# Related quantum work")
    assert "Superconducting qubits" in titles(related(few, "doi:10.1000/birds/related"))
    assert "Related quantum work" not in titles(related(few, "doi:10.1000/birds/related"))


def test_the_limit(client: Client) -> None:
    assert len(related(client, SAMPLE_ID, limit=3)["data"]) == 3
    whole = related(client, SAMPLE_ID, limit=100)["data"]
    assert related(client, SAMPLE_ID, limit=3)["data"] == whole[:3]
    for wrong in ("0", "101", "x", ""):
        target = f"/v1/papers/{SAMPLE_ID}/related?limit={wrong}"
        problem(client, target, 400, "parameter-invalid")
    found = problem(client, f"/v1/papers/{SAMPLE_ID}/related?limt=3", 400, "parameter-unknown")
    assert found["errors"][0]["suggestion"] == "limit"


def test_papers_that_are_not_there(client: Client, tmp_path: Path, engine: str) -> None:
    problem(client, "/v1/papers/nobody/related", 404, "paper-not-found")
    problem(client, "/v1/papers/related", 404, "paper-not-found")
    problem(client, "/v1/papers//related", 404, "paper-not-found")
    lines = tmp_path / "few.jsonl"
    lines.write_text("".join(json.dumps(each) + "\n" for each in PAPERS[:3]))
    with Shelf(tmp_path / "data", engine) as shelf:
        shelf.load([lines], Silent())
        shelf.remove(["arxiv:2401.00001"])
    with running(tmp_path / "data", engine=engine) as shrunk:
        problem(shrunk, "/v1/papers/2401.00001/related", 410, "paper-removed")
        assert "Surface codes" not in str(related(shrunk, "2401.00002"))


def test_it_is_answered_once(client: Client) -> None:
    target = f"/v1/papers/{SAMPLE_ID}/related"
    first = client.get(target)
    assert client.get(f"{target}?limit=10").content == first.content
    again = client.get(target, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = client.get(f"{target}?limit=9")
    assert other.headers["etag"] != first.headers["etag"]
    head = client.request("HEAD", target)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["etag"] == first.headers["etag"]
