"""Loading: transactions, rejects, repetition, standard input, and what stops a load half way."""

import io
import json
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

import index.batches
from index.shelf import Shelf
from index.store import StoreError
from schema.errors import Problem
from tests.api.client import Silent
from tests.paths import SAMPLE
from tests.shelf.building import ask, ids, lines, load, numbered, walk, walked_ids


class Told(Silent):
    """Writes down what a load says."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def opened(self, source: object) -> None:
        self.said.append("opened")

    def advanced(self, source: object, report: object) -> None:
        self.said.append("advanced")

    def committed(self, report: object) -> None:
        self.said.append(f"committed {report.stored}")  # type: ignore[attr-defined]


def rejects(folder: Path) -> dict[str, list[dict[str, object]]]:
    """The rejects files of a data folder and their lines."""
    return {
        path.name: [json.loads(line) for line in path.read_text().splitlines()]
        for path in sorted((folder / "rejects").glob("*"))
    }


def test_a_load_tells_each_transaction(shelf: Shelf, tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(lines(*map(numbered, range(1200))))
    told = Told()
    report = shelf.load([path], told)
    assert (report.added, report.stored, report.clean) == (1200, 1200, True)
    assert told.said[0] == "opened"
    committed = [int(each.split()[1]) for each in told.said if each.startswith("committed")]
    assert committed == sorted(committed)
    assert committed[-1] == 1200
    assert len(committed) >= 3
    assert told.said.count("advanced") == len(committed)


def test_large_papers_are_stored_a_few_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index.batches, "BATCH_BYTES", 50_000)
    told = Told()
    path = tmp_path / "x.jsonl"
    path.write_text(lines(*(numbered(n, abstract="word " * 4000) for n in range(12))))
    with Shelf(tmp_path / "data") as shelf:
        shelf.load([path], told)
    committed = [each for each in told.said if each.startswith("committed")]
    assert committed == ["committed 3", "committed 6", "committed 9", "committed 12"]


def test_the_same_file_again_moves_nothing(shelf: Shelf, tmp_path: Path) -> None:
    shelf.load([SAMPLE], Silent())
    page = ask(shelf, q="alignment")
    stats = shelf.stats()
    copy = tmp_path / "renamed.txt"
    copy.write_bytes(SAMPLE.read_bytes())
    for path in (SAMPLE, copy):
        report = shelf.load([path], Silent())
        assert (report.unchanged, report.added, report.updated, report.rejected) == (40, 0, 0, 0)
        assert shelf.stats() == stats
        assert ask(shelf, q="alignment") == page


def test_a_dry_run_writes_nothing(shelf: Shelf, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    bad = tmp_path / "bad.jsonl"
    bad.write_text(lines(numbered(1)) + "{broken\n")
    before = sorted(path.name for path in folder.rglob("*"))
    stats = shelf.stats()
    report = shelf.load([SAMPLE, bad], Silent(), dry_run=True)
    assert (report.added, report.rejected) == (41, 1)
    assert sorted(path.name for path in folder.rglob("*")) == before
    assert shelf.stats() == stats


def test_rejects_are_kept_one_private_file_a_source(shelf: Shelf, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    one, other = tmp_path / "one.jsonl", tmp_path / "other.jsonl"
    one.write_text(lines(numbered(1)) + '{"abstract": "no title"}\n{broken\n' + lines(numbered(2)))
    other.write_text(lines(numbered(3)) + '{"title": "  "}\n')
    previous = os.umask(0o002)
    try:
        report = shelf.load([one, other, one], Silent())
    finally:
        os.umask(previous)
    assert (report.added, report.unchanged, report.rejected, report.clean) == (3, 2, 5, False)
    kept = rejects(folder)
    assert sorted(len(each) for each in kept.values()) == [1, 2]
    by_source = {each[0]["source"]: [line["line"] for line in each] for each in kept.values()}
    assert by_source == {"one.jsonl": [2, 3], "other.jsonl": [2]}
    assert all(line["reason"] and "excerpt" in line for each in kept.values() for line in each)
    assert stat.S_IMODE((folder / "rejects").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (folder / "rejects").iterdir()} == {0o600}
    shelf.load([other], Silent())
    assert rejects(folder) == kept


def test_rejects_of_the_store_are_kept_too(shelf: Shelf, tmp_path: Path) -> None:
    """Two papers that cannot be one: the ids of two papers in one record."""
    load(shelf, tmp_path, numbered(1), numbered(2, doi="10.1000/two"), name="good.jsonl")
    report = load(shelf, tmp_path, numbered(1, doi="10.1000/one"), name="first.jsonl")
    assert report.updated == 1
    report = load(shelf, tmp_path, numbered(1, doi="10.1000/other"), name="second.jsonl")
    assert report.rejected == 1
    (kept,) = rejects(tmp_path / "data").values()
    assert [(line["source"], line["line"]) for line in kept] == [("second.jsonl", 1)]


def test_a_source_nobody_can_read_does_not_stop_the_others(shelf: Shelf, tmp_path: Path) -> None:
    binary, empty = tmp_path / "binary", tmp_path / "empty.txt"
    binary.write_bytes(bytes(range(256)) * 9)
    empty.write_bytes(b"")
    report = shelf.load([binary, tmp_path / "none", empty, tmp_path, SAMPLE], Silent())
    assert report.added == 40
    assert report.failed == len(report.failures) == 4
    assert ask(shelf, q="alignment").total == 40


def test_standard_input(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    text = SAMPLE.read_bytes()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(text)))
    assert shelf.load([None], Silent()).added == 40
    assert shelf.load([SAMPLE], Silent()).unchanged == 40


def test_a_page_and_a_dump_make_one_paper(shelf: Shelf, tmp_path: Path) -> None:
    """The dump knows the id, authors and date that the page does not."""
    shelf.load([SAMPLE], Silent())
    row = json.loads(ask(shelf, q="title:hydra", limit=1).rows[0])
    full = json.loads(shelf.paper(row["id"]))
    dump = {
        "id": "2512.99999",
        "title": f"  {row['title'].upper()} ",
        "abstract": row["abstract"],
        "authors": ["Ada Lovelace", "Alan Turing"],
        "categories": ["cs.CL"],
    }
    report = load(shelf, tmp_path, dump, name="dump.jsonl")
    assert (report.added, report.updated, shelf.stats().papers) == (0, 1, 40)
    merged = json.loads(shelf.paper("arxiv:2512.99999"))
    assert (merged["id"], merged["title"]) == (row["id"], row["title"])
    assert merged["publishedAt"] == full["publishedAt"]
    assert merged["externalIds"]["arxiv"] == "2512.99999"
    assert [source["name"] for source in merged["sources"]] == [SAMPLE.name, "dump.jsonl"]
    assert ids(ask(shelf, q="author:lovelace")) == [row["id"]]
    assert load(shelf, tmp_path, dump, name="dump.jsonl").unchanged == 1


class Interrupts(Silent):
    """Presses Ctrl-C behind a commit."""

    def committed(self, report: object) -> None:
        raise KeyboardInterrupt


def test_what_was_committed_before_ctrl_c_is_found(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index.batches, "BATCH_ITEMS", 10)
    path = tmp_path / "x.jsonl"
    path.write_text(lines(*map(numbered, range(30))))
    with pytest.raises(KeyboardInterrupt):
        shelf.load([path], Interrupts())
    shelf.catch_up()
    assert ask(shelf, q="walked").total == len(walked_ids(walk(shelf, q="walked"))) == 10
    report = shelf.load([path], Silent())
    assert (report.added, report.unchanged) == (20, 10)
    assert ask(shelf, q="walked").total == 30


def test_the_first_trouble_is_the_one_that_is_told(shelf: Shelf, tmp_path: Path) -> None:
    """The store fails and then the index too: the store is what one must hear of."""
    load(shelf, tmp_path, numbered(1))

    class Fails(Silent):
        def committed(self, report: object) -> None:
            (tmp_path / "data" / "index.lock").unlink()
            (tmp_path / "data" / "index.lock").mkdir()
            raise StoreError("The disk is full.")

    path = tmp_path / "y.jsonl"
    path.write_text(lines(numbered(2)))
    with pytest.raises(StoreError, match="The disk is full"):
        shelf.load([path], Fails())


def test_a_daily_walk_stays_on_its_day(shelf: Shelf, tmp_path: Path) -> None:
    """Asked for the newest day, it goes on there when a newer one has come meanwhile."""
    shelf.load([SAMPLE], Silent())
    first = shelf.daily(limit=15)
    assert (first.day, first.total, len(first.rows)) == ("2025-12-12", 40, 15)
    load(shelf, tmp_path, numbered(1, listedAt="2026-01-05"))
    assert shelf.daily(limit=15).day == "2026-01-05"
    rows, page = list(first.rows), first
    while page.next_cursor is not None:
        page = shelf.daily(limit=15, cursor=page.next_cursor)
        assert (page.day, page.total) == ("2025-12-12", 40)
        rows += page.rows
    assert len(set(rows)) == len(rows) == 40
    assert rows == list(shelf.daily("2025-12-12").rows)


def test_a_load_that_meets_the_begin_of_a_copy_is_refused_as_on_a_copy(
    shelf: Shelf, tmp_path: Path
) -> None:
    (tmp_path / "x.jsonl").write_text(lines(numbered(1)))
    with Shelf(tmp_path / "leader") as leader:
        load(leader, tmp_path, numbered(2))
        with leader.changes.feed() as feed:
            made = [line for _, line in feed.lines()]

    def sources() -> Iterator[Path]:
        shelf.changes.follow(made, lambda _: None)
        yield tmp_path / "x.jsonl"

    with pytest.raises(Problem) as refusal:
        shelf.load(sources(), Silent())
    assert refusal.value.code == "shelf-follows"
    assert shelf.stats().papers == 1
