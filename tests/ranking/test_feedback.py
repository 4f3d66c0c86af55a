"""What the first hits of a search add to its order."""

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256

import pytest

from index.feedback import LEADING, feedback
from index.language import parse
from index.query import Term
from index.ranking import RECIPE, Kind, Ranking, Recipe, ranking_of

RANKING = ranking_of(parse("reward model alignment").any)


def rarity(words: Sequence[str]) -> list[float]:
    return [4.0 if word == "rare" else 1.0 for word in words]


def paper(text: str, score: float = 1.0, title: str = "") -> tuple[str, str, float]:
    """Title, abstract and score; the abstract has words that no other paper has."""
    own = sha256(text.encode()).hexdigest()[:12]
    return title, text + "".join(f" f{own}{number}x" for number in range(30)), score


def weights(papers: list[tuple[str, str, float]], recipe: Recipe = RECIPE) -> dict[str, float]:
    found: Ranking = feedback(papers, RANKING, rarity, recipe)
    assert {clause.kind for clause in found} <= {Kind.FEEDBACK}
    assert all(isinstance(clause.node, Term) and clause.node.field == "text" for clause in found)
    return {getattr(clause.node, "text", ""): clause.node.boost for clause in found}


def test_shared_words_of_the_first_hits_are_added() -> None:
    found = weights([paper("rlhf rlhf robot one"), paper("rlhf robot the a two"), paper("alone")])
    assert set(found) == {"rlhf", "robot"}
    assert found["rlhf"] > found["robot"] > 0
    share = RECIPE.feedback_share / (1 - RECIPE.feedback_share)
    assert max(found.values()) == pytest.approx(share)


def test_rare_words_and_words_of_better_hits_weigh_more() -> None:
    found = weights([paper("rare common"), paper("rare common again")])
    assert found["rare"] == pytest.approx(2 * found["common"])
    found = weights([paper("best one", 9.0), paper("best two", 9.0), paper("last one", 0.1),
                     paper("last two", 0.1)])  # fmt: skip
    assert found["best"] > 10 * found["last"]


def test_only_papers_with_an_abstract_speak() -> None:
    bare = ("shared title", "", 5.0)
    assert weights([bare, bare, bare]) == {}
    assert weights([bare, paper("shared"), bare]) == {}
    assert set(weights([bare, paper("shared"), bare, paper("shared too")])) == {"share"}


def test_only_the_first_papers_and_the_strongest_words_speak() -> None:
    papers = [paper(f"early number{n}") for n in range(8)] + [paper(f"late n{n}") for n in range(9)]
    assert set(weights(papers)) == {"earli"}
    assert "late" in weights(papers, replace(RECIPE, feedback_papers=12))
    many = " ".join(f"word{n}y" for n in range(50))
    assert len(weights([paper(many), paper(many + " more")])) == RECIPE.feedback_words
    assert RECIPE.feedback_papers <= LEADING


def test_nothing_to_say() -> None:
    assert feedback([], RANKING, rarity, RECIPE) == ()
    assert weights([paper("of the a"), paper("of the b")]) == {}
    only_fields = ranking_of(parse("title:one title:two author:three").any)
    assert feedback([paper("shared x"), paper("shared y")], only_fields, rarity, RECIPE) == ()
