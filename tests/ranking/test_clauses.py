"""From the tree of a query to the parts of a score."""

import pytest

from index.language import parse
from index.query import And, Every, Not, Or, Phrase, Prefix, Range, Term
from index.ranking import (
    MAX_PAIRED_WORDS,
    RECIPE,
    Kind,
    Ranking,
    Recipe,
    inverse_frequency,
    ranking_of,
)


def told(ranking: Ranking) -> dict[Kind, dict[str, float]]:
    """The boost of each clause, by its kind and its words."""
    kinds: dict[Kind, dict[str, float]] = {}
    for clause in ranking:
        node = clause.node
        words = " ".join(node.words) if isinstance(node, Phrase) else getattr(node, "text", "?")
        name = words if node.field in ("text", "heading") else f"{node.field}:{words}"
        assert (node.field == "heading") == (clause.kind is Kind.TITLE)
        kinds.setdefault(clause.kind, {})[name] = node.boost
    return kinds


def asked(query: str, recipe: Recipe = RECIPE) -> dict[Kind, dict[str, float]]:
    return told(ranking_of(parse(query).any, recipe))


def test_words_stand_alone_in_pairs_and_in_the_title() -> None:
    assert asked("graph neural networks") == {
        Kind.WORD: {"graph": 1, "neural": 1, "network": 1},
        Kind.PAIR: {"graph neural": RECIPE.pair, "neural network": RECIPE.pair},
        Kind.TITLE: dict.fromkeys(("graph", "neural", "network"), RECIPE.title),
    }


def test_the_count_of_a_word_is_its_weight() -> None:
    found = asked("alignment safety alignment")
    assert found[Kind.WORD] == {"align": 2, "safeti": 1}
    assert found[Kind.TITLE] == pytest.approx({"align": 2 * RECIPE.title, "safeti": RECIPE.title})


@pytest.mark.parametrize(
    ("query", "words", "pairs"),
    [
        ("zero-shot learning", {"zero", "shot", "learn"}, {"zero shot", "shot learn"}),
        ('"state of the art" now', {"state", "art"}, {"state of", "the art"}),
        ("k-means cluster", {"mean", "cluster"}, {"k mean", "mean cluster"}),
        ("I'm interested", {"interest"}, set()),
        ("vitamin c", {"vitamin", "c"}, {"vitamin c"}),
    ],
)  # fmt: skip
def test_a_phrase_counts_as_its_words_and_their_pairs(
    query: str, words: set[str], pairs: set[str]
) -> None:
    found = asked(query)
    assert set(found[Kind.WORD]) == words
    assert set(found.get(Kind.PAIR, {})) == pairs


def test_a_phrase_of_nothing_but_letters_counts_whole() -> None:
    assert asked("R&D") == {Kind.PAIR: {"r d": 1}}


def test_fields_patterns_and_boosts() -> None:
    found = asked("title:hydra^2 author:gu transport^3 multim* alignmnet~")
    assert found[Kind.WORD] == {"title:hydra": 2, "author:gu": 1, "transport": 3}
    assert found[Kind.TITLE] == {"transport": pytest.approx(3 * RECIPE.title)}
    assert found[Kind.PREFIX] == {"multim": 1}
    assert found[Kind.TYPO] == {"alignmnet": 1}
    tree = And((Or((Term("text", "a", 2.0), Term("text", "b")), boost=3.0),))
    assert told(ranking_of(tree))[Kind.WORD] == {"a": 6, "b": 3}


def test_what_only_selects_is_no_part_of_a_score() -> None:
    for query in ("year:2024", "has:code", "*", "-vision", "", "category:cs.CL year:2020.."):
        assert ranking_of(parse(query).any) == ()
    assert ranking_of(Every()) == ()
    tree = And((Prefix("text", "a"), Not(Term("text", "b")), Range("year", 1, 2)))
    assert [clause.node for clause in ranking_of(tree)] == [Prefix("text", "a")]


def test_steps_can_be_left_out() -> None:
    assert set(asked("a graph network", Recipe(pair=0))) == {Kind.WORD, Kind.TITLE}
    assert set(asked("a graph network", Recipe(title=0))) == {Kind.WORD, Kind.PAIR}


def test_a_long_query_goes_without_pairs() -> None:
    words = [f"word{number}x" for number in range(MAX_PAIRED_WORDS + 1)]
    assert Kind.PAIR not in asked(" ".join(words))
    assert len(asked(" ".join(words[1:]))[Kind.PAIR]) == MAX_PAIRED_WORDS - 1


def test_rarer_words_weigh_more_and_none_nothing() -> None:
    found = [inverse_frequency(holders, 100) for holders in (0, 1, 50, 100, 120)]
    assert found == sorted(found, reverse=True)
    assert found[-1] >= 0.0
