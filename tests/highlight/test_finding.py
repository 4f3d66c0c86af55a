"""Words found by how they begin, against all words of a text read the slow way."""

import random
from collections.abc import Collection
from itertools import combinations

import pytest

from index.analysis import TextWords, stem, stem_opening, tokens_with_offsets, words
from index.highlight import Highlighter
from index.occurrences import Expand, Part, Sought, TextLeaf
from index.query import Fuzzy, Phrase, Prefix, Term, Wildcard
from tests.highlight.papers import odd_text, shown
from tests.scale import SEED, scaled

# The ends that the stemmer knows, and pieces that make them meet in odd ways.
_ENDS = """
    s es ies ied sses us ss ed edly ing ingly ying eed eedly at bl iz y e l ll li tional enci anci
    abli entli izer ization ational ation ator alism aliti alli fulness ousli ousness iveness iviti
    biliti bli bility ability ibility ogi ogist logy fulli fully lessli less alize icate iciti ical
    ness ful ative ement ment ent ism ate iti ous ive ize ion sion tion able ible ence ance er ic al
"""
ENDS = _ENDS.split()
_ODD_STEMS = """
    skis skies dying lying tying vying idly gently ugly early only singly news atlas abilities
    nobility visibly happily hoped hoping dies ties cries by say generically proceeding succeed
    outing c++ c# r 2 x1s ye yes
"""
STARTS = (
    *("", "a", "b", "t", "l", "d", "y", "sk", "st", "gener", "commun", "arsen", "past", "univers"),
    *("mod", "opp", "happ", "ly", "dy", "ty", "vy", "by", "ho", "hop", "sens", "no", "é", "ж"),
)
LETTERS = "aaeeiioouybcdgklmnprstvwxz"


def test_all_words_of_a_stem_begin_with_its_opening() -> None:
    chance = random.Random(SEED)
    openings = 0
    for _ in range(scaled(400_000)):
        middle = "".join(chance.choices(LETTERS, k=chance.randrange(6)))
        ends = "".join(chance.choices(ENDS, k=chance.choice((0, 1, 1, 2, 3))))
        word = chance.choice(STARTS) + middle + ends
        if not word:
            continue
        stem_ = stem(word)
        opening = stem_opening(stem_)
        assert word.startswith(opening), (word, stem_)
        openings += len(opening) > 2
    assert openings > scaled(200_000)


@pytest.mark.parametrize("word", _ODD_STEMS.split())
def test_odd_stems_have_openings(word: str) -> None:
    assert word.startswith(stem_opening(stem(word)))
    title = f"So {word.title()} it is"
    found = Highlighter(Term("text", stem(word)), lambda _: ()).highlights(title, "", ())
    assert shown(found) == [f"title: So [{word.title()}] it is"]


def _standing_for(words_: Collection[str]) -> Expand:
    return lambda _: words_


def test_what_is_found_is_what_reading_all_gives() -> None:
    chance = random.Random(SEED)
    some = beyond = 0
    for _ in range(scaled(20_000)):
        text = odd_text(chance, chance.choice((3, 14, 60)))
        tokens = tokens_with_offsets(text)
        picked = chance.sample(tokens, min(len(tokens), chance.randint(0, 4)))
        surfaces = {token.surface for token in picked}
        sought = Sought(_standing_for(surfaces), stemmed=chance.random() < 0.8)
        leaves: list[TextLeaf] = [Prefix("text", each[: chance.randint(1, 3)]) for each in surfaces]
        leaves += [Term("text", stem(each)) for each in surfaces]
        leaves += [Fuzzy("text", "x", 1), Wildcard("text", chance.choice(("mo*l?", "mod*", "*s")))]
        leaves.append(Phrase("text", ("a", "model"), chance.choice((1, 2, 5, 32))))
        for leaf in chance.sample(leaves, chance.randint(1, len(leaves))):
            sought.finder(leaf)
        found = TextWords(text).find(sought.openings, sought, sought.reach)
        expected = [token for token in tokens if sought[token.surface]]
        assert [each[1:] for each in found] == [
            (token.start, token.end, token.surface) for token in expected
        ], (ascii(text), sought.openings)
        for (one, first), (two, second) in combinations(zip(found, expected, strict=True), 2):
            distance = second.position - first.position
            if distance <= sought.reach:
                assert two[0] - one[0] == distance
            else:
                assert two[0] - one[0] > sought.reach
                beyond += 1
        some += len(found)
    assert some > scaled(50_000)
    assert beyond > scaled(50_000)


def test_no_opening_begins_with_another() -> None:
    sought = Sought(lambda _: ["learner", "learning"], stemmed=True)
    for leaf in (Term("text", "model"), Prefix("text", "mo"), Term("text", "move"),
                 Fuzzy("text", "learnt", 2), Phrase("text", ("deep", "learn"), 1)):  # fmt: skip
        sought.finder(leaf)
    assert sorted(sought.openings) == ["deep", "learn", "mo"]
    sought.finder(Wildcard("text", "*ing"))
    assert sought.openings == ("",)


def test_a_fuzzy_word_that_stands_for_nothing_is_not_looked_for() -> None:
    sought = Sought(lambda _: (), stemmed=True)
    find = sought.finder(Fuzzy("text", "model", 1))
    assert sought.openings == ()
    assert find(Part("a model", sought)) == ()


def test_long_runs_are_several_words_wherever_they_stand() -> None:
    for length in (63, 64, 65, 66, 128, 129, 200):
        for before, after in (("", ""), ("a ", ""), ("", " b"), ("a " * 40, " b" * 40), ("(", ")")):
            text = f"{before}{'x' * length}{after}"
            tokens = tokens_with_offsets(text)
            assert words(text) == [token.surface for token in tokens]
            (found,) = Highlighter(Prefix("text", "x"), lambda _: ()).highlights(text, "", ())
            assert [len(each.text) for each in found.fragments if each.match] == [length]
