"""Of what scores are made: the parts add up, and say what is in the paper."""

import json
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from index.analysis import stems
from index.ranking import Kind
from index.searches import Answer
from index.shelf import Shelf
from schema.request import parse_request
from schema.search import Explanation, ScoreKind, ScorePart
from tests.conftest import Tell
from tests.ranking.conftest import Ranked
from tests.scale import SEED, scaled
from tests.shelf.building import WORDS, load, store_only, walk, walked_ids

PRECISION = 1e-6
"""Of a score: engines add in single precision."""


def explained(shelf: Shelf, **parameters: str | int) -> Answer:
    given = [(name, str(value)) for name, value in parameters.items()]
    return shelf.answer(shelf.plan(parse_request([*given, ("explain", "true")])))


def told(answer: Answer) -> Iterator[tuple[float, Explanation, dict[str, Any]]]:
    """Score, explanation and paper of each hit."""
    assert answer.explanations is not None
    hits = zip(answer.page.hits, answer.explanations, answer.page.rows, strict=True)
    for hit, explanation, row in hits:
        assert explanation is not None
        assert hit.score is not None
        yield hit.score, explanation, json.loads(row)


def query(chance: random.Random) -> str:
    pieces = []
    for _ in range(chance.choice((1, 2, 3, 3, 4, 6))):
        word, other = chance.choices(WORDS, k=2)
        forms = (word, word, word, word, f'"{word} {other}"', f"title:{word}", f"{word}^3",
                 f"({word} OR {other})", f"{word[:5]}*", f"{word}~1", f"-{word}",
                 "author:author", f"abstract:{word}")  # fmt: skip
        pieces.append(chance.choice(forms))
    return " ".join(pieces)


def test_parts_add_up_to_the_score(made: Ranked, tell: Tell) -> None:
    """For at least a thousand hits, with feedback, on pages of every kind."""
    chance = random.Random(SEED)
    kinds: Counter[str] = Counter()
    hits, worst = 0, 0.0
    while hits < max(1000, scaled(10_000)):
        asked = {
            "q": query(chance),
            "match": chance.choice(("auto", "auto", "any", "all")),
            "limit": chance.choice((5, 20)),
        }
        answer = explained(made.with_feedback, **asked)
        for score, explanation, paper in told(answer):
            scores = [part.score for part in explanation.parts]
            assert scores == sorted(scores, reverse=True)
            assert sum(scores) == pytest.approx(score, rel=PRECISION), asked
            worst = max(worst, abs(sum(scores) - score) / score if score else 0.0)
            asked_as = {
                part.matched: part.term
                for part in explanation.parts
                if part.kind in ("word", "stem") and part.field == "text"
            }
            for part in explanation.parts:
                check_part(part, paper)
                kinds[part.kind] += 1
                if part.kind == "feedback":
                    assert part.term == asked_as.get(part.matched, part.term)
            hits += 1
    tell(f"{hits} hits, at most {worst:.1e} of the score apart, {dict(kinds)}")
    assert set(kinds) >= {"word", "pair", "title", "feedback", "prefix", "typo"}


def check_part(part: ScorePart, paper: dict[str, Any]) -> None:
    """Raise unless a part says what is in the paper."""
    texts = {
        "title": [paper["title"]],
        "abstract": [paper["abstract"]],
        "author": [each["name"] for each in paper["authors"]],
    }
    texts["text"] = texts["title"] + texts["abstract"]
    assert part.score > 0
    assert part.weight > 0
    assert part.count >= len(part.matched) > 0
    assert len(part.matched) <= 5
    for form in part.matched:
        assert any(form in " ".join(text.split()) for text in texts[part.field])
    if part.kind in (ScoreKind.WORD, ScoreKind.STEM, ScoreKind.TITLE) and part.field != "author":
        (stem,) = set(stems(part.term))
        assert part.count == sum(stems(text).count(stem) for text in texts[part.field])


def test_full_matches_and_missing_words(made: Ranked) -> None:
    chance = random.Random(SEED)
    lacking = 0
    for match in ("auto", "any", "all") * max(3, scaled(20)):
        words = chance.sample([each for each in WORDS if each.isalpha() and len(each) > 3], k=4)
        asked = {"q": " ".join(words), "match": match}
        full = set(walked_ids(walk(made.with_feedback, q=asked["q"], match="all", limit=100)))
        for _, explanation, paper in told(explained(made.with_feedback, **asked, limit=100)):
            assert explanation.full_match == (paper["id"] in full)
            held = {*stems(paper["title"]), *stems(paper["abstract"])}
            missing = [word for word in words if stems(word)[0] not in held]
            assert list(explanation.missing) == missing
            assert explanation.full_match == (not missing)
            lacking += bool(missing)
    assert lacking > 20


@pytest.fixture
def three(tmp_path: Path, engine: str) -> Iterator[Shelf]:
    with Shelf(tmp_path / "data", engine) as shelf:
        load(
            shelf,
            tmp_path,
            {"title": "Aligned, aligning: ALIGNMENT", "abstract": "Nothing else is aligned."},
            {"title": "Transport", "abstract": "Optimal\n  transport; optimal-transport plans."},
            {
                "title": "Be",
                "abstract": "to be or not to be or not to be",
                "authors": ["Albert Gu"],
            },
        )
        yield shelf


def parts_of(shelf: Shelf, q: str) -> dict[str, tuple[str, tuple[str, ...], str, int, float]]:
    """By kind of the first hit's parts: term, what matched, field, count and weight."""
    _, explanation, _ = next(told(explained(shelf, q=q)))
    return {
        str(part.kind): (part.term, part.matched, part.field, part.count, part.weight)
        for part in explanation.parts
    }


def test_words_are_told_as_they_are_written(three: Shelf) -> None:
    forms = ("Aligned", "aligning", "ALIGNMENT")
    found = parts_of(three, "Aligning")
    assert found == {"word": ("Aligning", forms, "text", 4, 1.0)}
    assert parts_of(three, "aligns^2") == {"stem": ("aligns", forms, "text", 4, 2.0)}
    found = parts_of(three, "Optimal Transports")
    phrase = ("Optimal transport", "optimal-transport")
    assert found["pair"] == ("Optimal Transports", phrase, "text", 2, 0.25)
    assert parts_of(three, "title:transport") == {
        "word": ("transport", ("Transport",), "title", 1, 1.0)
    }
    assert parts_of(three, "author:GU") == {"word": ("GU", ("Gu",), "author", 1, 1.0)}


def test_patterns_are_told_as_they_are_written(three: Shelf) -> None:
    forms = ("Aligned", "aligning", "ALIGNMENT")
    assert parts_of(three, "align*") == {"prefix": ("align*", forms, "text", 4, 1.0)}
    assert parts_of(three, "al*ment") == {"wildcard": ("al*ment", ("ALIGNMENT",), "text", 1, 1.0)}
    assert parts_of(three, "transpotr~1") == {
        "typo": ("transpotr~1", ("Transport",), "text", 3, 1.0)
    }


def test_a_phrase_counts_where_it_begins(three: Shelf) -> None:
    """Once for each beginning, also where two of them share words."""
    assert parts_of(three, '"to be"') == {"pair": ("to be", ("to be",), "text", 3, 1.0)}
    assert parts_of(three, '"to be or not to be"') == {
        "pair": ("to be or not to be", ("to be or not to be",), "text", 2, 1.0)
    }
    assert parts_of(three, '"to to"~4')["pair"][3] == 2


def test_missing_words_are_named_with_their_fields(three: Shelf) -> None:
    _, explanation, _ = next(told(explained(three, q="(aligned OR author:gu) -nobody")))
    assert explanation.full_match
    assert len(explanation.missing) == 1
    assert explanation.missing[0] in ("author:gu", "aligned")
    _, explanation, _ = next(told(explained(three, q="optimal transport hydra")))
    assert (explanation.full_match, explanation.missing) == (False, ("hydra",))


def test_nothing_is_explained_where_nothing_ranks(three: Shelf) -> None:
    for asked in ({"q": "aligned", "sort": "title"}, {"sort": "title"}, {}):
        answer = explained(three, **asked)
        assert answer.explanations == [None] * len(answer.page.hits)
    (found,) = told(explained(three, q="has:authors"))
    assert found[:2] == (0.0, Explanation(True, (), ()))
    assert explained(three, q="xyzzyplugh").explanations == []


def test_what_is_remembered_is_explained_too(made: Ranked) -> None:
    """A page from the cache, and the pages of a walk, have the parts of their own order."""
    asked = {"q": "alignment diffusion protein reward", "limit": 7}
    whole = explained(made.with_feedback, **asked | {"limit": 100})
    first = explained(made.with_feedback, **asked)
    assert explained(made.with_feedback, **asked) == first
    assert first.explanations is not None
    assert whole.explanations is not None
    found, cursor = list(first.explanations), first.page.next_cursor
    while cursor and len(found) < 90:
        answer = explained(made.with_feedback, **asked, cursor=cursor)
        assert answer.explanations is not None
        found += answer.explanations
        cursor = answer.page.next_cursor
    assert found == list(whole.explanations)[: len(found)]


def test_a_paper_changed_since_the_index_keeps_its_former_parts(
    tmp_path: Path, engine: str
) -> None:
    with Shelf(tmp_path / "data", engine) as shelf:
        paper = {"id": "2501.00001", "title": "Kernel", "abstract": "short"}
        load(shelf, tmp_path, paper)
        store_only(shelf, tmp_path, paper | {"abstract": "a longer text of another kernel"})
        ((score, explanation, _),) = told(explained(shelf, q="short"))
        (part,) = explanation.parts
        assert part.score == pytest.approx(score, rel=PRECISION)
        assert (part.term, part.count, part.matched) == ("short", 0, ())


def test_every_kind_of_clause_has_a_name() -> None:
    assert {each.value for each in Kind} | {"stem"} == {each.value for each in ScoreKind}
