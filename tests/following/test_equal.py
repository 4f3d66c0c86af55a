"""A shelf is loaded and edited while another follows it: in the end they tell the same.

Leader and follower are the real server and the real command, which is killed now and then.
"""

import json
import random
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from index.shelf import Shelf
from schema.errors import Problem
from schema.request import parse_request
from tests.api.questions import random_question
from tests.cli.running import run, started
from tests.cli.test_copies import wait_until_ready
from tests.conftest import Tell
from tests.corpus import exports, vocabulary
from tests.paths import SAMPLE
from tests.scale import SEED, scaled
from tests.store.test_replica import content

TOKEN = "a-token-for-this-test-alone"
PAPERS = 500
STEPS = 32


class Leader:
    """A running server, and edits of it: everything that a writer may do, at random."""

    def __init__(self, address: str, chance: random.Random, papers: list[dict[str, Any]]) -> None:
        self.address = address
        self._chance = chance
        self._fresh = papers
        self._known: list[dict[str, Any]] = []
        self._removed: list[dict[str, Any]] = []

    def send(self, method: str, path: str, body: bytes | None = None) -> None:
        request = urllib.request.Request(
            self.address + path,
            data=body,
            method=method,
            headers={
                "Authorization": f"Bearer {TOKEN}",
                "Content-Type": "application/octet-stream",
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as given:
                given.read()
        except urllib.error.HTTPError as refusal:  # of a paper that is gone already
            refusal.close()

    def load(self, papers: list[dict[str, Any]], name: str) -> None:
        body = "".join(json.dumps(paper) + "\n" for paper in papers).encode()
        self.send("POST", f"/v1/papers?name={name}", body)
        self._known += papers

    def remove(self, paper: dict[str, Any]) -> None:
        external = paper["externalIds"]["arxiv"]
        key = f"arxiv:{external}" if external and self._chance.random() < 0.5 else paper.get("id")
        if key:
            self.send("DELETE", f"/v1/papers/{key}")
            self._removed.append(paper)

    def step(self, number: int) -> None:
        chance, count = self._chance, -(-len(self._fresh) // max(1, STEPS - number))
        new, self._fresh = self._fresh[:count], self._fresh[count:]
        self.load(new, f"page-{number % 7}.txt")
        if number % 8 == 3:
            self.send("POST", "/v1/papers?name=daily.txt", SAMPLE.read_bytes())
        changed = chance.sample(self._known, min(len(self._known), 12))
        self.load([self._revised(paper) for paper in changed], f"revised-{number % 5}.jsonl")
        for paper in chance.sample(self._known, min(len(self._known), 4)):
            self.remove(paper)
        if self._removed:
            self.load(chance.sample(self._removed, min(len(self._removed), 3)), "again.jsonl")

    def _revised(self, paper: dict[str, Any]) -> dict[str, Any]:
        """The same paper as another source tells it: by its id, its title, or another's key."""
        chance = self._chance
        revised = paper | {
            "abstract": paper["abstract"] + " More is known of it now."[: chance.randint(0, 25)],
            "upvotes": chance.choice((None, 3, 7)),
            "listedAt": chance.choice((None, "2025-12-12", "2025-12-11")),
            "authorCount": None,
            "categories": paper["categories"] + chance.choice(([], ["cs.AI"])),
        }
        if chance.random() < 0.5:
            revised.pop("id", None)
        if chance.random() < 0.2:
            external = revised["externalIds"] | {"doi": f"10.1000/{chance.randrange(30)}"}
            revised["externalIds"] = external
        return revised


@pytest.fixture
def leader(tmp_path: Path, engine: str, chance: random.Random) -> Iterator[Leader]:
    """A server over an empty shelf in `leader`."""
    papers = exports(PAPERS if engine == "tantivy" else PAPERS // 5, SEED)
    options = ("--data", "leader", "--engine", engine, "--port", "0")
    with started(tmp_path, "serve", *options, PAPERSHELF_TOKEN=TOKEN) as process:
        yield Leader(wait_until_ready(process), chance, papers)
        process.terminate()
        process.communicate(timeout=60)


@pytest.fixture
def chance(engine: str) -> random.Random:
    return random.Random(f"{SEED} {engine}")


def follow(folder: Path, leader: Leader, engine: str) -> None:
    done = run(folder, "follow", leader.address, "--data", "copy", "--engine", engine)
    assert (done.code, "put" in done.out) == (0, True), done


def follow_and_be_killed(folder: Path, leader: Leader, engine: str, chance: random.Random) -> bool:
    """Whether the command was under way when it was killed."""
    options = ("follow", leader.address, "--data", "copy", "--engine", engine)
    with started(folder, *options) as process:
        with suppress(subprocess.TimeoutExpired):
            process.wait(chance.uniform(0.3, 1.5))
        killed = process.poll() is None
        process.kill()
        process.communicate()
    return killed


def questions(chance: random.Random, count: int) -> Iterator[list[tuple[str, str]]]:
    for _ in range(count):
        given = random_question(chance, vocabulary(), wrong=False).parameters()
        yield [pair for pair in given if pair[0] not in ("highlight", "explain")]


def told(shelf: Shelf, given: list[tuple[str, str]], *, ranked: bool) -> Any:
    """What a shelf answers; without `ranked` an order by relevance is left out."""
    try:
        answer = shelf.answer(shelf.plan(parse_request(given)))
    except Problem as problem:
        return problem.code
    page = answer.page
    rows: Any = answer.rows
    if page.request.sort[0].name == "relevance" and not ranked:
        rows = len(rows)
    scores = [hit.score for hit in page.hits] if ranked else None
    return rows, scores, page.total, page.total_all, page.matched, answer.facets


def test_a_copy_of_a_shelf_that_is_edited_is_equal_to_it(
    tmp_path: Path, leader: Leader, engine: str, chance: random.Random, tell: Tell
) -> None:
    killed = 0
    for number in range(STEPS):
        leader.step(number)
        if number % 4 == 1:
            killed += follow_and_be_killed(tmp_path, leader, engine, chance)
        elif number % 8 == 7:
            follow(tmp_path, leader, engine)
    follow(tmp_path, leader, engine)
    with Shelf(tmp_path / "leader", engine) as first, Shelf(tmp_path / "copy", engine) as copy:
        assert first.catch_up(60)
        assert copy.catch_up(60)
        assert content(copy._store) == content(first._store)
        assert copy.check() == first.check() == []
        stats = first.stats()
        assert copy.stats().papers == stats.papers
        assert copy.stats().store_position == stats.store_position
        for day, _ in first.view.reader.listing_days():
            assert copy.daily(day).rows == first.daily(day).rows
        count, asked = scaled(500), 0
        for given in questions(random.Random(SEED), count):
            assert told(copy, given, ranked=False) == told(first, given, ranked=False), given
            asked += 1
        first.rebuild()
        copy.rebuild()
        for given in questions(random.Random(SEED), count):
            assert told(copy, given, ranked=True) == told(first, given, ranked=True), given
    tell(f"{engine}: {stats.papers} papers, {stats.store_position} changes, killed {killed} times")
    assert killed
    assert asked == count
