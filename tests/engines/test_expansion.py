"""What patterns and fuzzy words stand for, compared with plain slow definitions."""

import random
import time

from index.expansion import fuzzy_words, literal_prefix, wildcard_regex, wildcard_words
from tests.corpus import vocabulary
from tests.engines.oracle import distance, matches
from tests.scale import SEED, scaled


def test_patterns_mean_what_the_table_of_beginnings_says() -> None:
    chance = random.Random(SEED)
    for _ in range(scaled(20_000)):
        word = "".join(chance.choices("abc", k=chance.randint(0, 9)))
        pattern = "".join(chance.choices("abc?*", k=chance.randint(0, 7)))
        found = bool(wildcard_words(pattern, [word]))
        assert found == matches(pattern, word), (pattern, word)


def test_a_pattern_of_many_stars_takes_no_time() -> None:
    pattern, word = "a*" * 31 + "b", "a" * 200
    start = time.process_time()
    assert wildcard_words(pattern, [word] * 1000) == []
    assert time.process_time() - start < 1.0


def test_regular_expression_signs_are_letters() -> None:
    assert wildcard_words("c+*", ["c++", "ccc", "c+"]) == ["c++", "c+"]
    assert wildcard_words("a.[b]", ["a.[b]", "axb"]) == ["a.[b]"]
    assert wildcard_regex("a?").fullmatch("a\n")
    assert literal_prefix("al?gn*") == "al"
    assert literal_prefix("*") == ""


def test_edits_are_counted_as_optimal_string_alignment() -> None:
    chance = random.Random(SEED)
    words = sorted({word.lower() for word in vocabulary()})
    for _ in range(scaled(300)):
        text = list(chance.choice(words))
        for _ in range(chance.randint(0, 3)):
            place = chance.randrange(len(text))
            text[place : place + 2] = reversed(text[place : place + 2])
        word = "".join(text)
        for edits in (1, 2):
            near = [(distance(word, each), each) for each in words]
            expected = [each for far, each in sorted(near) if far <= edits]
            assert fuzzy_words(word, edits, words, lambda _: True) == expected[:64]


def test_a_swap_is_one_edit_and_no_letter_is_edited_twice() -> None:
    assert fuzzy_words("transpotr", 1, ["transport"], lambda _: True) == ["transport"]
    assert fuzzy_words("ca", 2, ["abc"], lambda _: True) == []


def test_only_living_words_use_up_the_limit() -> None:
    words = [f"a{number:03d}" for number in range(500)]
    living = set(words[::5])
    found = fuzzy_words("a000", 2, words, living.__contains__)
    near = sorted((distance("a000", word), word) for word in words)
    assert found == [word for far, word in near if far <= 2 and word in living][:64]
    assert len(found) == 64
