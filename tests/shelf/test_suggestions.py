"""What a text being typed may become."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from index.analysis import words
from index.engines import ENGINES
from index.shelf import Shelf
from schema.errors import Problem
from schema.request import parse_request
from schema.search import Suggestion, SuggestionKind
from tests.api.client import Silent
from tests.large import two_thousand_papers
from tests.scale import SEED, scaled
from tests.shelf.building import load, store_only

PAPERS: list[dict[str, object]] = [
    *(
        {
            "id": f"2501.{n:05d}",
            "title": f"Transformer study {n}",
            "abstract": "BERT and optimal transport, an optimal transport method.",
            "authors": ["Yann LeCun", "José Müller"],
            "published": f"20{10 + n}-01-02",
        }
        for n in range(6)
    ),
    *(
        {
            "id": f"2502.{n:05d}",
            "title": f"Hydra of states {n}",
            "abstract": "We transfer a transformer by training, and by training alone.",
            "authors": ["Jure Leskovec"],
            "published": f"20{10 + n}-03-04",
        }
        for n in range(4)
    ),
    {"id": "2503.00001", "title": 'The "quoted" one: <b>Hydra</b>', "authors": ["Ann O'Hara"]},
]


@pytest.fixture(scope="module", params=ENGINES)
def shelf(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shelf]:
    folder = tmp_path_factory.mktemp("suggestions")
    with Shelf(folder / "data", request.param) as opened:
        load(opened, folder, *PAPERS)
        yield opened


def texts(found: tuple[Suggestion, ...], kind: str) -> list[str]:
    return [each.text for each in found if each.kind == kind]


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("trans", "term", ["Transformer", "transport", "transfer"]),
        ("TRANSP", "term", ["transport"]),
        ("be", "term", ["BERT"]),
        ("optimal transp", "term", ["optimal transport"]),
        ("optiml transp", "term", ["optimal transport"]),
        ("transpro", "term", ["transport"]),
        ("rtansport", "term", ["transport"]),
        ("yann l", "author", ["Yann LeCun"]),
        ("lecu", "author", ["Yann LeCun"]),
        ("lecnu", "author", ["Yann LeCun"]),
        ("jose mu", "author", ["José Müller"]),
        ("Mül", "author", ["José Müller"]),
        ("leskovec ju", "author", ["Jure Leskovec"]),
        ("o'h", "author", ["Ann O'Hara"]),
        ("states 3", "title", ["Hydra of states 3"]),
        ("hydra of st", "title", [f"Hydra of states {n}" for n in range(4)]),
        ("quo", "title", ['The "quoted" one: <b>Hydra</b>']),
    ],
)
def test_what_is_typed_is_completed(
    shelf: Shelf, text: str, kind: str, expected: list[str]
) -> None:
    assert texts(shelf.suggest(text, 20), kind)[: len(expected)] == expected


def test_no_word_is_offered_behind_itself(shelf: Shelf) -> None:
    found = texts(shelf.suggest("transfer trans", 20), "term")
    assert found
    assert "transfer transfer" not in found


def test_newer_titles_come_first_where_nobody_votes(shelf: Shelf) -> None:
    assert texts(shelf.suggest("hyd", 20), "title") == [
        *(f"Hydra of states {n}" for n in (3, 2, 1, 0)),
        'The "quoted" one: <b>Hydra</b>',
    ]


def test_the_most_upvoted_titles_come_first(tmp_path: Path, engine: str) -> None:
    votes = {"Alpha hydra": 3, "Beta hydra": 9, "Gamma hydra": None}
    papers = ({"title": title, "upvotes": count} for title, count in votes.items())
    with Shelf(tmp_path / "data", engine) as opened:
        load(opened, tmp_path, *({"externalIds": {}, "authors": None, **each} for each in papers))
        found = texts(opened.suggest("hydr", 10), "title")
    assert found == ["Beta hydra", "Alpha hydra", "Gamma hydra"]


@pytest.mark.parametrize("text", ["", "  ", "!?", '"', "\ud7ff"])
def test_nothing_typed_gives_nothing(shelf: Shelf, text: str) -> None:
    assert shelf.suggest(text, 10) == ()


def test_what_was_typed_is_marked(shelf: Shelf) -> None:
    (term, *_) = shelf.suggest("Optimal transp", 10)
    assert [(each.text, each.match) for each in term.fragments] == [
        ("optimal", True),
        (" ", False),
        ("transp", True),
        ("ort", False),
    ]


def test_removed_papers_are_not_suggested(tmp_path: Path, engine: str) -> None:
    with Shelf(tmp_path / "data", engine) as opened:
        load(opened, tmp_path, *PAPERS)
        opened.remove([f"2501.{n:05d}" for n in range(5)])
        found = opened.suggest("trans", 20)
        assert texts(found, "title") == ["Transformer study 5"]
        counts = {each.text: each.count for each in found if each.kind == "term"}
        assert counts["transport"] == 1
        assert [each.count for each in opened.suggest("yann", 20) if each.kind == "author"] == [1]
        opened.remove(["2501.00005"])
        assert not {each.kind for each in opened.suggest("yann", 20)}


def test_papers_ahead_of_the_index_are_not_counted(tmp_path: Path, engine: str) -> None:
    with Shelf(tmp_path / "data", engine) as opened:
        load(opened, tmp_path, *PAPERS)
        store_only(opened, tmp_path, {"id": "2504.00001", "title": "Transformer of tomorrow"})
        assert len(texts(opened.suggest("transformer", 20), "title")) == 6


def test_an_index_that_is_not_there_yet_is_said(tmp_path: Path) -> None:
    with Shelf(tmp_path / "data") as opened, pytest.raises(Problem) as refusal:
        opened.suggest("a", 10)
    assert refusal.value.code == "starting"


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    folder = tmp_path_factory.mktemp("large")
    path = folder / "papers.jsonl"
    two_thousand_papers(path)
    with Shelf(folder / "data") as opened:
        opened.load([path], Silent())
        yield opened


def check(shelf: Shelf, suggestion: Suggestion) -> None:
    """What a suggestion says is what its query finds."""
    assert "".join(each.text for each in suggestion.fragments) == suggestion.text
    found = shelf.search(parse_request([("q", suggestion.q), ("match", "all")]))
    if suggestion.kind is SuggestionKind.TERM:
        assert suggestion.count == found.total > 0
    elif suggestion.kind is SuggestionKind.AUTHOR:
        whole = shelf.search(parse_request([("author", suggestion.text)]))
        assert suggestion.count == whole.total > 0
        assert found.total >= whole.total
    else:
        assert suggestion.count is None
        assert found.total >= 1
        assert shelf.paper(suggestion.id or "")


def test_any_beginning_of_any_text_is_completed_with_exact_counts(large: Shelf) -> None:
    chance = random.Random(SEED)
    rows = large.search(parse_request([("limit", "100")])).rows
    kinds = set()
    for _ in range(scaled(500)):
        row = chance.choice(rows).decode()
        start = chance.randrange(len(row))
        text = row[start : start + chance.randint(1, 25)]
        limit = chance.randint(1, 20)
        found = large.suggest(text, limit)
        assert len(found) <= limit
        assert found == large.suggest(text, limit)
        assert bool(words(text)) or not found
        for each in found:
            check(large, each)
            kinds.add(each.kind)
    assert kinds == set(SuggestionKind)
