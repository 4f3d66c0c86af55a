"""A paper is found under every spelling of each of its identifiers, through every lookup."""

import json
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from index.shelf import Shelf
from tests.api.client import Client, Silent, running

SICI = "10.1002/(SICI)1097-4571(199110)42:7<501::AID-ASI4>3.0.CO;2-#"
PAPERS: dict[str, dict[str, str]] = {
    "Strings": {"id": "hep-th/9901001"},
    "Knots": {"id": "math.GT/0309136"},
    "Mixers": {"id": "2407.09941v2"},
    "Maps": {"doi": "10.1000/X.Y"},
    "Sets": {"doi": SICI},
    "Escapes": {"doi": "https://doi.org/10.1000/a%2Fb?c=d&e+f"},
    "Accents": {"doi": "10.1000/na\u00efve"},
    "Parsers": {"id": "D16-2004"},
    "Trees": {"id": "2020.acl-main.1"},
    "Others": {"id": "Weird:Id/With Slash"},
}
SPELLINGS: dict[str, tuple[str, ...]] = {
    "Strings": (
        "hep-th/9901001", "HEP-TH/9901001", "hep-th/9901001v3", "arxiv:hep-th/9901001",
        "arXiv:hep-th/9901001v1", "ARXIV:Hep-Th/9901001",
    ),
    "Knots": ("math.GT/0309136", "math.gt/0309136", "arxiv:math.GT/0309136v2"),
    "Mixers": (
        "2407.09941", "2407.09941v1", "2407.09941V12", "arxiv:2407.09941", "arXiv:2407.09941v2",
    ),
    "Maps": ("doi:10.1000/x.y", "doi:10.1000/X.Y", "DOI:10.1000/X.y"),
    "Sets": (f"doi:{SICI}", f"doi:{SICI.lower()}", f"Doi:{SICI.upper()}"),
    "Escapes": ("doi:10.1000/a%2Fb?c=d&e+f", "doi:10.1000/A%2fB?C=D&E+F"),
    "Accents": ("doi:10.1000/na\u00efve", "doi:10.1000/NA\u00efVE"),
    "Parsers": ("acl:D16-2004", "ACL:D16-2004"),
    "Trees": ("acl:2020.acl-main.1", "Acl:2020.acl-main.1"),
    "Others": ("other:Weird:Id/With Slash", "OTHER:Weird:Id/With Slash"),
}  # fmt: skip
UNKNOWN = (
    "hep-th/9901002", "arxiv:hep-th", "arxiv:", "doi:", "doi:10.1000", "doi:x", "acl:d16", "other:",
    "nobody:x", ":", "/", "a/b", "2407.0994", "x" * 201, "x" * 5000, "\x00", "\u202e", "\U0001f600",
    "%2e%2e", " 2407.09941", "2407.09941\n", "other:weird:id/with slash", "sources", "'; --",
)  # fmt: skip


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """The application over `PAPERS`."""
    folder = tmp_path_factory.mktemp("identifiers")
    source = folder / "papers.jsonl"
    lines = [json.dumps({"title": title} | more) for title, more in PAPERS.items()]
    source.write_text("\n".join(lines), "utf-8")
    with Shelf(folder / "data") as shelf:
        assert shelf.load([source], Silent()).added == len(PAPERS)
    with running(folder / "data") as client:
        yield client


def spelled(client: Client) -> Iterator[tuple[str, str]]:
    """Every spelling of an id, our own too, and the title of its paper."""
    for paper in client.get("/v1/papers?limit=100").json()["data"]:
        yield paper["id"], paper["title"]
    for title, spellings in SPELLINGS.items():
        for spelling in spellings:
            yield spelling, title


def test_by_path_encoded_or_as_it_is(known: Client) -> None:
    for spelling, title in spelled(known):
        for safe in ("", "/:", "/:()<>;&=+,.", "/:@!$&'()*+,;="):
            answer = known.get(f"/v1/papers/{quote(spelling, safe=safe)}")
            assert answer.status_code == 200, spelling
            body = answer.json()
            assert body["data"]["title"] == title, spelling
            itself = known.get(body["links"]["self"]).json()
            assert itself == body


def test_by_batch_and_by_filter(known: Client) -> None:
    spellings = list(spelled(known))
    asked = [spelling for spelling, _ in spellings]
    batch = known.post("/v1/papers/batch", {"ids": asked}).json()["data"]
    assert [paper["title"] for paper in batch] == [title for _, title in spellings]
    for spelling, title in spellings:
        found = known.get("/v1/papers", [("ids", spelling)]).json()
        assert [paper["title"] for paper in found["data"]] == [title], spelling
    page = known.get("/v1/papers", [("ids", each) for each in asked]).json()
    assert page["meta"]["total"] == len(PAPERS)


def test_by_graphql(known: Client) -> None:
    document = """query ($id: ID!, $ids: [ID!]!) {
      paper(id: $id) {title} node(id: $id) {... on Paper {title}} nodes(ids: $ids) {id}
      papers(filter: {ids: $ids}) {nodes {title}}
    }"""
    for spelling, title in spelled(known):
        data = known.graphql(document, id=spelling, ids=[spelling])["data"]
        assert data["paper"] == data["node"] == {"title": title}
        assert data["papers"]["nodes"] == [{"title": title}], spelling
        assert len(data["nodes"]) == 1
        assert data["nodes"][0] is not None


def test_what_is_no_id_of_ours_is_found_nowhere(known: Client) -> None:
    for text in UNKNOWN:
        answer = known.get(f"/v1/papers/{quote(text, safe='')}")
        assert (answer.status_code, answer.json()["code"]) == (404, "paper-not-found"), text
        assert len(answer.content) < 1000
    data = known.graphql("query ($ids: [ID!]!) {nodes(ids: $ids) {id}}", ids=UNKNOWN)["data"]
    assert data["nodes"] == [None] * len(UNKNOWN)
    batch = known.post("/v1/papers/batch", {"ids": UNKNOWN}).json()["data"]
    assert batch == [None] * len(UNKNOWN)
