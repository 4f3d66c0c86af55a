"""Spelling: the word that was meant comes first, from the words of the shelf alone."""

import random
from collections.abc import Iterator
from pathlib import Path
from string import ascii_lowercase

import pytest

from index.engine import Snapshot
from index.engines import ENGINES
from index.shelf import Shelf
from index.spelling import candidates, slips
from tests.api.client import Silent
from tests.engines.oracle import distance
from tests.large import two_thousand_papers
from tests.scale import SEED, scaled
from tests.shelf.building import load


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snapshot]:
    """Two thousand papers."""
    folder = tmp_path_factory.mktemp("spelling")
    path = folder / "papers.jsonl"
    two_thousand_papers(path)
    with Shelf(folder / "data") as shelf:
        shelf.load([path], Silent())
        yield shelf.view.open_snapshot()


def slipped(chance: random.Random, word: str) -> str:
    """A word with one letter more, less or other, or with two that changed places."""
    kind, at = chance.randrange(4), chance.randrange(len(word))
    letter = chance.choice(ascii_lowercase)
    if kind == 0:
        return word[:at] + word[at + 1 :]
    if kind == 1:
        return word[:at] + letter + word[at:]
    if kind == 2:
        return word[:at] + letter + word[at + 1 :]
    return word[:at] + word[at + 1 : at + 2] + word[at] + word[at + 2 :]


def test_one_slip_is_forgiven(snapshot: Snapshot) -> None:
    """Of words that a shelf holds as often as they are used; any place may be wrong."""
    chance = random.Random(SEED)
    known = [word for word in snapshot.vocabulary("text", "") if len(word) >= 5 and word.isascii()]
    papers = dict(zip(known, snapshot.frequencies("text", known), strict=True))
    common = [word for word in known if papers[word] >= 3 and word.isalpha()]
    right = drawn = 0
    while drawn < scaled(1000):
        (word,) = chance.choices(common, [papers[each] for each in common])
        wrong = slipped(chance, word)
        if snapshot.frequencies("text", [wrong]) == [0]:
            drawn += 1
            right += [each for each, _ in candidates(wrong, "text", snapshot, 1)] == [word]
    assert right >= 0.94 * drawn


def test_slips_are_all_texts_within_one_edit() -> None:
    found = slips("abca")
    assert "abca" not in found
    assert all(distance("abca", each) == 1 for each in found)
    assert {"bca", "aabca", "abcaz", "abxa", "bac"[:2] + "ca", "acba", "0bca"} <= set(found)
    assert len(found) == 4 * 35 + (5 * 36 - 4) + 4 + 3


@pytest.fixture(params=ENGINES)
def few(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Snapshot]:
    papers = [{"title": "Zero shot hypergraph diffusion", "authors": ["Ada Müller"]}] * 1
    papers += [{"title": f"Diffusion {n} by kernels", "abstract": "Przyłęcki"} for n in range(5)]
    papers += [{"title": "Кластеризация", "authors": ["Bo Li"]}]
    with Shelf(tmp_path / "data", request.param) as shelf:
        load(shelf, tmp_path, *papers)
        yield shelf.view.open_snapshot()


@pytest.mark.parametrize(
    ("word", "field", "expected"),
    [
        ("difusion", "text", ["diffusion"]),
        ("iffusion", "text", ["diffusion"]),
        ("siffusion", "text", ["diffusion"]),
        ("hypergrpah", "text", ["hypergraph"]),
        ("hyprgrpah", "text", ["hypergraph"]),
        ("zeroshot", "text", ["zero-shot"]),
        ("mueller", "author", ["muller"]),
        ("adamuller", "author", ["ada-muller"]),
        ("кластеризаци", "text", ["кластеризация"]),
        ("przylecky", "text", ["przylecki"]),
        ("zro", "text", []),
        ("20255", "text", []),
        ("qqqqqqqq", "text", []),
    ],
)
def test_what_a_word_may_stand_for(
    few: Snapshot, word: str, field: str, expected: list[str]
) -> None:
    assert [each for each, _ in candidates(word, field, few, 2)] == expected
