"""Exports over HTTP: whole results and pages, read back by `csv` and by our own loader."""

import gzip
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.formats import EXTERNAL_IDS, NDJSON
from api.renderings import RENDERINGS, Rendering
from api.route_parameters import SAMPLE_ID
from index.shelf import Shelf
from schema.members import LIST_MEMBERS, MEMBERS
from schema.search import SearchRequest
from tests.api.client import Client, Parameters, Silent, running
from tests.api.reading import cells
from tests.paths import REPOSITORY
from tests.scale import SEED, scaled
from tests.shelf.building import lines, load, random_papers
from tests.shelf.changing import paper

LISTINGS = [each for each in RENDERINGS.values() if each.papers]
ADDRESSES = (
    "/v1/papers",
    f"/v1/papers/{SAMPLE_ID}",
    f"/v1/papers/{SAMPLE_ID}/related",
    "/v1/daily",
    "/v1/daily/2025-12-12",
)
QUESTIONS: tuple[dict[str, str], ...] = (
    {},
    {"q": "alignment"},
    {"q": "optimal transport"},
    {"q": "aligning diffusion models", "sort": "title"},
    {"sort": "-comments,title"},
    {"q": "nowhere"},
    {"year": "2025", "minAuthors": "5"},
)


def rows_of(client: Client, asked: Parameters) -> list[dict[str, Any]]:
    """All papers of a search as a walk through JSON shows them, without `search`."""
    rows: list[dict[str, Any]] = []
    more: dict[str, str] = {}
    while True:
        body = client.get("/v1/papers", {**dict(asked), "limit": "13", **more}).json()
        rows += [{name: row[name] for name in row if name != "search"} for row in body["data"]]
        if (cursor := body["meta"]["nextCursor"]) is None:
            return rows
        more = {"cursor": cursor}


def decoded(text: str) -> list[dict[str, Any]]:
    assert text == "" or text.endswith("\n")
    return [json.loads(line) for line in text.split("\n")[:-1]]


def flat(row: dict[str, Any]) -> dict[str, str]:
    """What a row of CSV must be, for texts that no spreadsheet would run."""
    shown: dict[str, str] = {}
    for name, value in row.items():
        if name == "externalIds":
            shown |= {kind: value[kind] or "" for kind in EXTERNAL_IDS}
        elif isinstance(value, bool):
            shown[name] = str(value).lower()
        elif isinstance(value, list):
            named = {"authors": "name", "links": "url", "sources": "name"}.get(name)
            shown[name] = "; ".join(each[named] if named else each for each in value)
        else:
            shown[name] = "" if value is None else str(value)
    return shown


@pytest.mark.parametrize("asked", QUESTIONS, ids=str)
def test_a_whole_result_is_the_walk(client: Client, asked: dict[str, str]) -> None:
    rows = rows_of(client, asked)
    answer = client.get("/v1/papers.ndjson", asked)
    assert answer.headers["content-type"] == "application/x-ndjson; charset=utf-8"
    assert decoded(answer.text) == rows
    assert [[*each] for each in decoded(answer.text)] == [[*each] for each in rows]
    answer = client.get("/v1/papers.csv", asked)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert cells(answer.text) == [flat(row) for row in rows]


@pytest.mark.parametrize("form", LISTINGS, ids=lambda each: each.name)
@pytest.mark.parametrize("address", ADDRESSES)
def test_suffix_and_accept_bring_the_same(client: Client, address: str, form: Rendering) -> None:
    by_suffix = client.get(address + form.suffix)
    by_accept = client.get(address, headers={"accept": form.media})
    assert by_suffix.status_code == 200
    for answer in (by_suffix, by_accept):
        assert answer.headers["content-type"] == f"{form.media}; charset=utf-8"
        assert answer.headers["vary"].startswith("Accept, Accept-Encoding")
        name = answer.headers["content-disposition"]
        assert name.startswith('attachment; filename="')
        assert name.endswith(f'{form.suffix}"')
    assert by_suffix.content == by_accept.content


def test_files_have_names(client: Client) -> None:
    names = {
        "/v1/papers.csv?q=x": "papers.csv",
        "/v1/papers.csl.json?limit=1": "papers.csl.json",
        f"/v1/papers/{SAMPLE_ID}.bib": f"{SAMPLE_ID}.bib",
        f"/v1/papers/{SAMPLE_ID}/related.csv": f"{SAMPLE_ID}-related.csv",
        "/v1/daily/2025-12-12.ndjson": "daily-2025-12-12.ndjson",
        "/v1/daily.csv": "daily.csv",
    }
    for target, name in names.items():
        header = client.get(target).headers["content-disposition"]
        assert header == f'attachment; filename="{name}"'
    assert "content-disposition" not in client.get("/v1/papers.md").headers
    assert "content-disposition" not in client.get("/v1/papers.json").headers


def test_a_page_is_a_page(client: Client) -> None:
    whole = decoded(client.get("/v1/papers.ndjson?q=alignment").text)
    first = client.get("/v1/papers.ndjson?q=alignment&limit=15")
    assert decoded(first.text) == whole[:15]
    following = first.links["next"]["url"]
    assert following.startswith("/v1/papers.ndjson?")
    second = client.get(following)
    assert decoded(second.text) == whole[15:30]
    assert decoded(client.get(second.links["prev"]["url"]).text) == whole[:15]
    last = client.get("/v1/papers.ndjson?q=alignment&before=end&limit=15")
    assert decoded(last.text) == whole[-15:]
    assert "link" not in client.get("/v1/papers.ndjson?q=alignment").headers
    daily = client.get("/v1/daily.csv?limit=7")
    days = cells(daily.text) + cells(client.get(daily.links["next"]["url"]).text)
    assert [each["id"] for each in days] == [
        each["id"] for each in client.get("/v1/daily").json()["data"]
    ][:14]


def test_a_paper_is_whole(client: Client) -> None:
    whole = client.get(f"/v1/papers/{SAMPLE_ID}").json()["data"]
    (line,) = decoded(client.get(f"/v1/papers/{SAMPLE_ID}.ndjson").text)
    assert line == whole
    assert [*line] == [*MEMBERS]
    (row,) = cells(client.get(f"/v1/papers/{SAMPLE_ID}.csv").text)
    assert row == flat(whole)
    related = client.get(f"/v1/papers/{SAMPLE_ID}/related").json()["data"]
    shown = decoded(client.get(f"/v1/papers/{SAMPLE_ID}/related.ndjson").text)
    assert shown == [{name: each[name] for name in LIST_MEMBERS} for each in related]


@pytest.mark.parametrize("paged", ["", "&limit=40"])
@pytest.mark.parametrize("fields", ["id", "title,authors", "abstractRaw,id,sources,externalIds"])
def test_fields_choose_members_and_columns(client: Client, fields: str, paged: str) -> None:
    chosen = client.get(f"/v1/papers?fields={fields}&limit=40").json()["data"]
    lines = decoded(client.get(f"/v1/papers.ndjson?fields={fields}{paged}").text)
    assert lines == chosen
    assert [[*each] for each in lines] == [[*each] for each in chosen]
    assert cells(client.get(f"/v1/papers.csv?fields={fields}{paged}").text) == [
        flat(each) for each in chosen
    ]
    nothing = client.get(f"/v1/papers.csv?q=nowhere&fields={fields}{paged}").text
    assert nothing.count("\r\n") == 1


@pytest.mark.parametrize("paged", ["", "&limit=3"])
@pytest.mark.parametrize("extra", ["facets=year", "highlight=true", "explain=true", "fields=id"])
@pytest.mark.parametrize("form", LISTINGS, ids=lambda each: each.name)
def test_what_has_no_place_is_refused(
    client: Client, form: Rendering, extra: str, paged: str
) -> None:
    answer = client.get(f"/v1/papers{form.suffix}?q=alignment&{extra}{paged}")
    if extra == "fields=id" and form.chosen:
        assert answer.status_code == 200
        return
    assert answer.status_code == 400
    (fault,) = answer.json()["errors"]
    assert fault["code"] == answer.json()["code"] == "parameter-conflict"
    assert fault["parameter"] == extra.partition("=")[0]


@pytest.mark.parametrize("suffix", [".ndjson", ".csv", ".csl.json"])
def test_problems_are_problems_in_every_form(client: Client, suffix: str) -> None:
    for target, code in (
        (f"/v1/papers{suffix}?limt=3", "parameter-unknown"),
        (f"/v1/papers{suffix}?limit=0", "parameter-invalid"),
        (f"/v1/papers{suffix}?cursor=xyz", "cursor-invalid"),
        (f"/v1/papers/nowhere{suffix}", "paper-not-found"),
        (f"/v1/daily/1999-01-01{suffix}", "day-not-found"),
        (f"/v1/suggest{suffix}?q=al", "route-not-found"),
        (f"/v1/stats{suffix}", "route-not-found"),
    ):
        answer = client.get(target)
        assert answer.json()["code"] == code, target
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/v1/stats.csv", "/v1/papers/batch.csv", "/v1/papers/x.atom"])
def test_what_has_no_such_form_is_nowhere_for_every_method(client: Client, path: str) -> None:
    for method in ("GET", "OPTIONS", "POST", "DELETE"):
        answer = client.request(method, path)
        assert (answer.status_code, answer.json()["code"]) == (404, "route-not-found"), method
    answer = client.request("OPTIONS", "/v1/papers.csv")
    assert (answer.status_code, answer.headers["allow"]) == (204, "GET, HEAD, OPTIONS")


def test_what_the_client_has_is_not_sent_again(client: Client) -> None:
    seen = set()
    for target in ("/v1/papers.ndjson", "/v1/papers.csv", "/v1/papers.csv?limit=40"):
        for coding in ("identity", "gzip", "br", "zstd"):
            headers = {"accept-encoding": coding}
            answer = client.get(target, headers=headers)
            tag = answer.headers["etag"]
            seen.add(tag)
            again = client.get(target, headers={**headers, "if-none-match": tag})
            assert (again.status_code, again.content) == (304, b"")
            assert again.headers["etag"] == tag
            other = client.get(target, headers={**headers, "if-none-match": '"other"'})
            assert other.status_code == 200
        star = client.get(target, headers={"if-none-match": "*"})
        assert (star.status_code, star.content) == (304, b"")
    assert len(seen) == 12


def test_head_tells_all_but_the_length(client: Client) -> None:
    got = client.get("/v1/papers.csv", headers={"accept-encoding": "gzip"})
    head = client.request("HEAD", "/v1/papers.csv", headers={"accept-encoding": "gzip"})
    assert (head.status_code, head.content) == (200, b"")
    for answer in (head, got):
        del answer.headers["server-timing"]
    assert head.headers == got.headers
    assert "content-length" not in head.headers
    assert client.request("HEAD", "/v1/papers.csv?limt=1").status_code == 400


@pytest.mark.parametrize("target", ["/v1/papers.ndjson", "/v1/papers.csv?q=alignment"])
def test_codings_bring_the_same(client: Client, target: str) -> None:
    plain = client.get(target, headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    for coding in ("gzip", "br", "zstd"):
        coded = client.get(target, headers={"accept-encoding": coding})
        assert coded.headers["content-encoding"] == coding
        assert coded.content == plain.content
    headers, raw = client.raw(target, {"accept-encoding": "gzip"})
    assert headers["content-encoding"] == "gzip"
    assert gzip.decompress(raw) == plain.content


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Papers whose ids end like suffixes."""
    folder = tmp_path_factory.mktemp("odd")
    with Shelf(folder / "data") as shelf:
        names = ("x", "x.csv", "x.csl.json", "y.csl", "z", "x.bib", "z.atom")
        papers = ({"title": f"Paper {each}", "doi": f"10.1000/{each}"} for each in names)
        load(shelf, folder, *papers)
        shelf.remove(["doi:10.1000/x.bib", "doi:10.1000/z.atom"])
    with running(folder / "data") as client:
        yield client


@pytest.mark.parametrize(
    ("path", "title", "media"),
    [
        ("x", "Paper x", "application/json"),
        ("x.csv", "Paper x.csv", "application/json"),
        ("x.csv.csv", "Paper x.csv", "text/csv"),
        ("x.csv.json", "Paper x.csv", "application/json"),
        ("x.csl.json", "Paper x.csl.json", "application/json"),
        ("x.csl.json.json", "Paper x.csl.json", "application/json"),
        ("x.csl.json.csl.json", "Paper x.csl.json", "application/vnd.citationstyles.csl+json"),
        ("y.csl", "Paper y.csl", "application/json"),
        ("y.csl.json", "Paper y.csl", "application/json"),
        ("y.csl.csl.json", "Paper y.csl", "application/vnd.citationstyles.csl+json"),
        ("z.csl.json", "Paper z", "application/vnd.citationstyles.csl+json"),
        ("z.json", "Paper z", "application/json"),
    ],
)
def test_an_id_goes_before_a_suffix(odd: Client, path: str, title: str, media: str) -> None:
    answer = odd.get(f"/v1/papers/doi:10.1000/{path}")
    assert answer.headers["content-type"].partition(";")[0] == media
    assert f"{title}<" in answer.text.replace('"', "<").replace("\r\n", "<").replace(",", "<")


@pytest.mark.parametrize("path", ["x.bib", "x.bib.bib", "x.bib.csl.json", "z.atom", "z.atom.ris"])
def test_an_id_that_was_removed_is_no_other_paper(odd: Client, path: str) -> None:
    answer = odd.get(f"/v1/papers/doi:10.1000/{path}")
    assert (answer.status_code, answer.json()["code"]) == (410, "paper-removed")


@pytest.mark.parametrize("document", ["exports.md", "rest.md"])
def test_documented_addresses_bring_something_of_the_sample(client: Client, document: str) -> None:
    """Those that `curl` only reads from, as they stand."""
    lines = (REPOSITORY / "docs" / document).read_text("utf-8").splitlines()
    reads = [each for each in lines if each.startswith("curl ") and "Authorization" not in each]
    asked = [found[1] for each in reads if (found := re.search("8000(/v1[^ ']+)", each))]
    assert len(asked) >= 4
    for target in asked:
        if not target.endswith("/batch"):
            assert client.get(target).status_code == 200, target


def test_csv_is_read_back_as_it_was(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    texts = ['say "no"', "two\nlines", "a, b; c", " blank ", "é 中文 \U0001f600", "\u2028", "x'y"]
    papers = [
        paper(number, chance)
        | {"title": f"{chance.choice(texts)} {number}", "abstract": chance.choice(texts)}
        for number in range(60)
    ]
    with Shelf(tmp_path / "data") as shelf:
        load(shelf, tmp_path, *papers)
    with running(tmp_path / "data") as client:
        rows = decoded(client.get("/v1/papers.ndjson").text)
        assert cells(client.get("/v1/papers.csv").text) == [flat(row) for row in rows]
    assert len(rows) == 60


def test_another_shelf_loads_what_was_exported(client: Client, tmp_path: Path) -> None:
    """Equal papers, but for what a list row does not have, and for what is the shelf's own."""
    exported = tmp_path / "exported.ndjson"
    exported.write_bytes(client.get("/v1/papers.ndjson").content)
    with Shelf(tmp_path / "other") as shelf:
        report = shelf.load([exported], Silent())
        assert (report.added, report.rejected, report.warned) == (40, 0, 0)
    with running(tmp_path / "other") as other:
        for asked in ({"sort": "title"}, {"sort": "title", "q": "optimal transport"}):
            first, second = (
                decoded(each.get("/v1/papers.ndjson", asked).text) for each in (client, other)
            )
            for row in (*first, *second):
                del row["createdSeq"], row["updatedSeq"]
            assert second == first


def test_random_papers_are_loaded_again_whole(tmp_path: Path) -> None:
    """Equal renderings, but for sources and positions."""
    count = scaled(2000)
    source = tmp_path / "papers.jsonl"
    source.write_text(lines(*random_papers(count, SEED)))
    with Shelf(tmp_path / "data") as shelf, Shelf(tmp_path / "other") as other:
        shelf.load([source], Silent())
        exported = tmp_path / "exported.ndjson"
        exported.write_bytes(
            b"".join(NDJSON.parts(shelf.export(shelf.plan(SearchRequest()), whole=True)))
        )
        report = other.load([exported], Silent())
        assert (report.added, report.rejected) == (shelf.stats().papers, 0)
        before = {each["id"]: each for each in _whole(shelf)}
        after = {each["id"]: each for each in _whole(other)}
        own = {"createdSeq", "updatedSeq", "sources"}
        for each in (*before.values(), *after.values()):
            for member in own:
                del each[member]
        assert after == before
        assert other.load([exported], Silent()).unchanged == len(after)


def _whole(shelf: Shelf) -> list[dict[str, Any]]:
    return [json.loads(each) for each in shelf.export(shelf.plan(SearchRequest()), whole=True)]
