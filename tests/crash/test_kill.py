"""Kill -9 at any moment of a load: what was acknowledged is found, nothing is there twice."""

import json
import random
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from index.shelf import Shelf
from schema.request import parse_request
from tests.api.client import Silent
from tests.conftest import Tell
from tests.paths import REPOSITORY
from tests.scale import SEED, scaled

PAPERS = 120
POINTS = ("before-store-commit", "between-commits", "engine-commit")


@dataclass(frozen=True, slots=True)
class Killed:
    """Where a loader died, and how many papers it had acknowledged."""

    point: str
    acknowledged: int


def write_papers(path: Path) -> None:
    """Papers that each have a word of their own, so that each can be looked for."""
    with path.open("w") as lines:
        for number in range(PAPERS):
            paper = {
                "id": f"2501.{number:05d}",
                "title": f"On the kill resistance of unique{number:04d}x",
                "abstract": "A loader is stopped at a moment that nobody chose. " * 5,
                "authors": [f"Author {number}", "Second Author"],
                "published": "2025-01-02",
            }
            lines.write(json.dumps(paper) + "\n")


def load_and_kill(
    folder: Path, engine: str, source: Path, hold: str, chance: random.Random
) -> Killed:
    """Run the driver until it is at `hold`, kill it there, and say where it really was."""
    occurrence = chance.randint(1, 8)
    driver = REPOSITORY / "tests" / "crash" / "driver.py"
    held = "none" if hold == "engine-commit" else hold
    process = subprocess.Popen(
        [
            sys.executable,
            "-u",
            str(driver),
            str(folder),
            engine,
            str(source),
            held,
            str(occurrence),
        ],
        cwd=REPOSITORY,
        env={"PYTHONPATH": str(REPOSITORY), "PATH": "/usr/bin:/bin"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    point, acknowledged, seen = "start", 0, []
    for line in process.stdout:
        seen.append(line.split())
        if seen[-1] == [hold, str(occurrence)]:
            if hold == "engine-commit":
                time.sleep(chance.uniform(0, 0.008))
            process.kill()
            break
    seen += [line.split() for line in process.stdout]
    process.wait()
    process.stdout.close()
    for name, *rest in seen:
        if name == "committed":
            acknowledged = int(rest[0])
        else:
            point = name
    return Killed(point, acknowledged)


def assert_whole(folder: Path, engine: str, acknowledged: int) -> int:
    """The shelf after a restart: positions equal, no paper twice, no acknowledged paper missing."""
    with Shelf(folder, engine) as shelf:
        shelf.load([], Silent())
        stats = shelf.stats()
        assert stats.index_position == stats.store_position
        assert shelf.check() == []
        everything = shelf.search(parse_request([("limit", "1")]))
        assert everything.total == stats.papers >= acknowledged
        for number in range(acknowledged):
            page = shelf.search(parse_request([("q", f"unique{number:04d}x")]))
            assert page.total == 1, f"paper {number} is found {page.total} times"
            assert shelf.find_paper(f"arxiv:2501.{number:05d}") is not None
        return stats.papers


@pytest.mark.parametrize(("engine", "rounds"), [("tantivy", 50), ("whoosh", 10)])
def test_a_killed_load_loses_nothing_and_doubles_nothing(
    tmp_path: Path, tell: Tell, engine: str, rounds: int
) -> None:
    source = tmp_path / "papers.jsonl"
    write_papers(source)
    chance = random.Random(f"{SEED} {engine}")
    histogram: Counter[str] = Counter()
    rounds = max(len(POINTS), scaled(rounds))
    for number in range(rounds):
        folder = tmp_path / f"round-{number}"
        killed = load_and_kill(folder, engine, source, POINTS[number % len(POINTS)], chance)
        histogram[killed.point] += 1
        papers = assert_whole(folder, engine, killed.acknowledged)
        assert papers - killed.acknowledged in (0, 10)
    tell(f"killed at {dict(histogram)}")
    assert all(histogram[point] >= rounds / 5 for point in POINTS), histogram


def test_a_load_goes_on_where_it_was_killed(tmp_path: Path) -> None:
    source = tmp_path / "papers.jsonl"
    write_papers(source)
    folder = tmp_path / "shelf"
    chance = random.Random(SEED)
    killed = load_and_kill(folder, "tantivy", source, "between-commits", chance)
    assert killed.acknowledged < PAPERS
    with Shelf(folder) as shelf:
        report = shelf.load([source], Silent())
        assert (report.added + report.unchanged, report.updated) == (PAPERS, 0)
        assert report.unchanged >= killed.acknowledged
    assert assert_whole(folder, "tantivy", PAPERS) == PAPERS
