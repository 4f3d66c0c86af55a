import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from index.engines import ENGINES
from index.shelf import Shelf
from tests.api.client import Silent
from tests.hub.serving import Served, serving
from tests.paths import SAMPLE
from tests.scale import SEED
from tests.shelf.building import WORDS

DAYS = (
    *("2020-12-27", "2020-12-28", "2020-12-31", "2021-01-01", "2021-01-03", "2021-01-04"),
    *("2025-12-11", "2025-12-12", "2025-12-28", "2025-12-29", "2025-12-31", "2026-01-01"),
    *("2026-01-04", "2026-01-05"),
)
"""Around the weeks 2020-W53 and 2026-W01, which lie in two years, and the sample's day."""

BUSY = "2026-01-01"
"""A day with more papers than a page shows unless it is told otherwise."""

KNOWN = {
    "title": "An old paper on 中文模型 & naïve “transport”",
    "authors": [{"name": "Zoë Łukasz"}, {"name": "李 Anna"}],
    "abstract": "Zero-shot alignment — with *stars*.\nA second line.",
    "publishedAt": "1999-01-01",
    "publishedPrecision": "year",
    "upvotes": 7,
    "comments": 2,
    "externalIds": {"arxiv": "hep-th/9901001", "doi": "10.1000/old.md", "acl": "D16-2004"},
    "links": [
        {"url": "https://gitlab.com/a/b", "kind": "code"},
        {"url": "https://github.com/a/b", "kind": "code"},
        {"url": "https://a.github.io/b", "kind": "project"},
    ],
}
"""A paper that has everything; ids of three kinds."""

CROWDED = {
    "title": "A paper of many",
    "id": "2503.00001",
    "authors": [f"Author {number}" for number in range(3000)],
}
GONE = {"title": "A paper that goes", "id": "2501.09999"}


def random_listings(count: int) -> Iterator[tuple[dict[str, Any], list[str]]]:
    """Papers of every kind of gap, each with the days that list it: none, one or several."""
    chance = random.Random(SEED)
    for number in range(count):
        paper: dict[str, Any] = {
            "title": f"{' '.join(chance.choices(WORDS, k=3))} {number}",
            "abstract": " ".join(chance.choices(WORDS, k=chance.choice((0, 9)))),
            "doi": f"10.1000/{number}",
        }
        if chance.random() < 0.5:
            paper["id"] = f"25{chance.randint(10, 12)}.{number:05d}"
        if chance.random() < 0.6:
            paper["authors"] = chance.sample(["Ana", "Bo", "Cy Ö"], chance.randint(1, 3))
        if chance.random() < 0.8:
            paper["published"] = f"20{chance.randint(18, 25)}-0{chance.randint(1, 9)}-02"
        days = chance.sample(DAYS, chance.choice((0, 1, 1, 1, 2, 3)))
        if number % 5 == 0:
            days.append(BUSY)
        yield paper, days


def filled(folder: Path, engine: str) -> None:
    """A shelf with the sample page, the paper `KNOWN`, and random ones that many files list."""
    papers = list(random_listings(400))
    files = {"known.jsonl": [KNOWN, CROWDED, GONE]}
    for turn in range(4):
        files[f"{turn}.jsonl"] = [
            paper | ({"listed": days[turn]} if days else {})
            for paper, days in papers
            if turn < max(1, len(days))
        ]
    paths = [folder.parent / name for name in files]
    for path, lines in zip(paths, files.values(), strict=True):
        path.write_text("".join(json.dumps(each) + "\n" for each in lines), "utf-8")
    with Shelf(folder, engine) as shelf:
        report = shelf.load([SAMPLE, *paths], Silent())
        assert (report.added, report.rejected) == (443, 0)
        shelf.remove(["arxiv:2501.09999"])


@pytest.fixture(scope="session", params=ENGINES)
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A real server over a filled shelf, once with each engine."""
    folder = tmp_path_factory.mktemp("hub") / "data"
    filled(folder, request.param)
    with serving(folder, engine=request.param) as running:
        yield running


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A real server over the sample page alone, which takes writes from whoever has its token."""
    folder = tmp_path_factory.mktemp("sample") / "data"
    with Shelf(folder) as shelf:
        shelf.load([SAMPLE], Silent())
    with serving(folder, token="a-token-that-nobody-guesses-0123456789") as running:
        yield running
