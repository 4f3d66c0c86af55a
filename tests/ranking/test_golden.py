"""The order of the sample page's papers for some queries, as files that a reviewer can read.

`pytest tests/ranking --update-golden` writes them anew; look at the difference before you commit.
"""

import json

import pytest

from index.shelf import Shelf
from schema.request import parse_request
from tests.ranking.conftest import GOLDEN

QUERIES = {
    "one-word": "alignment",
    "two-words": "optimal transport",
    "three-words": "reward model alignment",
    "few-full-matches": "protein sequence alignment",
    "a-title": "video generation with human preference",
    "hyphen": "zero-shot alignment",
    "phrase": '"preference optimization"',
    "exclusion": "language model -vision",
    "field": "title:alignment video",
    "prefix": "multimod*",
    "sentence": "How can large language models be aligned with human preferences without training?",
    "repeated": "alignment alignment safety",
}
SHOWN = 10


def ranking(shelf: Shelf, query: str) -> str:
    """The query, how much it found, and its best papers: rank, score, title."""
    page = shelf.search(parse_request([("q", query), ("limit", str(SHOWN))]))
    lines = [f"query: {query}", f"found: {page.total}, all words: {page.total_all}", ""]
    for rank, (hit, row) in enumerate(zip(page.hits, page.rows, strict=True), start=1):
        lines.append(f"{rank:3} {hit.score:8.3f}  {json.loads(row)['title']}")
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("name", QUERIES)
def test_the_sample_is_ranked_as_it_was(sample: Shelf, name: str, update_golden: bool) -> None:
    path, found = GOLDEN / f"{name}.txt", ranking(sample, QUERIES[name])
    if update_golden:
        path.write_text(found, encoding="utf-8")
    assert found == path.read_text(encoding="utf-8")


def test_no_golden_file_is_left_over() -> None:
    assert {path.stem for path in GOLDEN.glob("*")} == set(QUERIES)
