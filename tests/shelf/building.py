"""Shelves, papers as lines of the interchange form, and walks, for the tests of the service."""

import json
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from index.loader import LoadReport
from index.shelf import Shelf
from schema.request import parse_request
from schema.search import Page
from tests.api.client import Silent

SORTS = (
    "relevance",
    "publishedAt",
    "-publishedAt",
    "title",
    "-title",
    "comments",
    "-comments",
    "-upvotes,title",
    "listedAt,-authorCount",
)
"""At least one order of each kind: by score, number, text, and two keys."""


WORDS = (
    *("alignment", "diffusion", "protein", "transport", "reward", "vision", "graph", "kernel"),
    *("the", "of", "optimal", "language", "models", "zero-shot", "C++", "policy", "robust"),
    *("sparse", "latent", "speech", "video", "editing", "of", "sampling"),
)


def lines(*papers: dict[str, Any]) -> str:
    """Papers as JSON lines."""
    return "".join(json.dumps(paper) + "\n" for paper in papers)


def numbered(number: int, doi: str | None = None, **members: Any) -> dict[str, Any]:
    """A paper, in the form of our own export, that `uniqueNx` finds, and `walked` as all others."""
    return {
        "externalIds": {"arxiv": f"2501.{number:05d}", "doi": doi},
        "title": f"A walked paper unique{number}x",
        "abstract": "Nothing but alignment. " * (1 + number % 5),
        "authors": [{"name": f"Author {number % 7}"}, {"name": "Second Author"}][: 1 + number % 2],
        "publishedAt": f"20{10 + number % 15}-0{1 + number % 9}-11",
        "publishedPrecision": "day",
        "listedAt": f"2025-12-{1 + number % 3:02d}" if number % 4 else None,
        "comments": number % 11 if number % 6 else None,
        "upvotes": number % 3,
    } | members


def random_papers(count: int, seed: int) -> Iterator[dict[str, Any]]:
    """Papers of few different words, so that any two or three words are met together."""
    chance = random.Random(seed)
    for number in range(count):
        yield {
            "id": f"2502.{number:05d}",
            "title": " ".join(chance.choices(WORDS, k=chance.randint(1, 6))),
            "abstract": " ".join(chance.choices(WORDS, k=chance.choice((0, 4, 25)))),
            "authors": [f"Author {chance.randrange(9)}"],
            "published": f"20{chance.randint(18, 25)}-01-02",
        }


def load(shelf: Shelf, folder: Path, *papers: dict[str, Any], name: str = "x.jsonl") -> LoadReport:
    """Load papers from a file of this name, and wait for a shelf that indexes by itself."""
    path = folder / name
    path.write_text(lines(*papers))
    report = shelf.load([path], Silent())
    deadline = time.monotonic() + 60
    while shelf._threads and not shelf.is_searchable(shelf.position):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return report


def store_only(shelf: Shelf, folder: Path, *papers: dict[str, Any]) -> None:
    """Commit papers to the store and show readers that, with the index left behind."""
    indexer = shelf._indexer
    kept = indexer.catch_up
    indexer.catch_up = lambda *_: False  # type: ignore[method-assign]
    try:
        load(shelf, folder, *papers, name="behind.jsonl")
    finally:
        indexer.catch_up = kept  # type: ignore[method-assign]


def ask(shelf: Shelf, **parameters: str | int) -> Page:
    """The page that URL parameters ask for."""
    return shelf.search(parse_request((name, str(value)) for name, value in parameters.items()))


def ids(page: Page) -> list[str]:
    return [json.loads(row)["id"] for row in page.rows]


def walk(
    shelf: Shelf,
    between: Callable[[int], object] = lambda _: None,
    **parameters: str | int,
) -> list[Page]:
    """All pages from the first to the last; `between` is called with the number of each."""
    pages = [ask(shelf, **parameters)]
    while (cursor := pages[-1].next_cursor) is not None:
        between(len(pages))
        pages.append(ask(shelf, **parameters, cursor=cursor))
        assert len(pages) < 1000, "the walk does not end"
    return pages


def walked_ids(pages: list[Page]) -> list[str]:
    return [each for page in pages for each in ids(page)]


def codes(page: Page) -> list[str]:
    return [warning.code for warning in page.warnings]
