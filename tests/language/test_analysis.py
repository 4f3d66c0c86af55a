import itertools
import random
import threading

import pytest
import Stemmer

from index import analysis
from index.analysis import (
    GAP_TOKEN,
    POSITION_GAP,
    STOP_WORDS,
    gapped,
    name_words,
    positions,
    stem,
    stems,
    text_parts,
    tokens_with_offsets,
    words,
)
from index.folding import fold
from tests.scale import SEED, scaled

SOUP = [
    "a",
    "B",
    "'s",
    "’s ",
    "c++",
    "C#",
    " ",
    "-",
    "é",
    "e\u0301",
    "ﬁ",
    "½",
    "最適",
    "กา",
    "ᄀ",
    "ᅡ",
]
SOUP += ["\u200d", "\u200b", "ﷺ", "İ", "ß", "\x1f", "_", "x" * 70, "²", "ア", "ﾞ", "\U0001f600", "."]


def soups(count):
    draw = random.Random(SEED)
    for _ in range(count):
        characters = [chr(draw.randrange(0x110000)) for _ in range(2)]
        yield "".join(draw.choice(SOUP + characters) for _ in range(draw.randrange(12)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Zero-Shot, pre_training!", ["zero", "shot", "pre", "training"]),
        ("C++ c++11 C# F# vitamin-c R", ["c++", "c++", "11", "c#", "f#", "vitamin", "c", "r"]),
        ("abc++ xc# c+", ["abc", "xc", "c"]),
        ("Gao's, Gao’s LLMs' it's 1990's", ["gao", "gao", "llms", "it", "1990"]),
        ("don't O’Brien 's x'sy", ["don", "t", "o", "brien", "s", "x", "sy"]),
        ("GPT-4.5 x² 10.5%", ["gpt", "4", "5", "x2", "10", "5"]),
        ("最適 Transport です", ["最", "適", "transport", "で", "す"]),
        ("한국어 текст", ["한국어", "текст"]),
        ("x" * 130, ["x" * 64, "x" * 64, "xx"]),
        (" \x1f!?", []),
    ],
)
def test_words(text, expected):
    assert words(text) == expected


def test_stems_are_those_of_the_snowball_stemmer():
    stemmer = Stemmer.Stemmer("english")
    text = "generalization generalizations aligned aligning alignment proteins skies dying"
    assert stems(text) == [stemmer.stemWord(word) for word in text.split()]
    assert stems("Aligned ALIGNMENT") == ["align", "align"]


def test_stems_stay_right_when_the_remembered_ones_are_let_go(monkeypatch):
    monkeypatch.setattr(analysis, "MAX_REMEMBERED_STEMS", len(analysis._stems) + 5)
    assert [stem(f"w{number}ing") for number in range(20)] == [f"w{n}ing" for n in range(20)]
    assert len(analysis._stems) <= analysis.MAX_REMEMBERED_STEMS
    assert stem("aligning") == "align"


def test_stems_are_the_same_in_several_threads():
    vocabulary = [f"{letter}{number}izations" for letter in "abcdefgh" for number in range(200)]
    expected = [Stemmer.Stemmer("english").stemWord(word) for word in vocabulary]
    found = []
    threads = [
        threading.Thread(target=lambda: found.append([stem(word) for word in vocabulary]))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 4


def test_names_are_not_stemmed():
    assert name_words("Jürgen Müllings-Jones") == ["jurgen", "mullings", "jones"]


def test_stop_words_are_folded_single_words():
    assert [word for word in STOP_WORDS if words(word) != [word]] == []
    assert 100 < len(STOP_WORDS) < 140


def test_parts_lie_further_apart_than_any_phrase_reaches():
    placed = positions(text_parts("Deep nets", "A study"))
    assert placed == [
        ("deep", 0), ("net", 1), ("deep", 35), ("net", 36), ("a", 70), ("studi", 71),
    ]  # fmt: skip
    names = [name_words(name) for name in ("Ann Lee", "Bo")]
    assert positions(names) == [("ann", 0), ("lee", 1), ("bo", 35)]
    assert POSITION_GAP >= 32


@pytest.mark.parametrize(
    "parts", [[["a", "b"], ["c"], ["d", "e"]], [[], ["a"], [], ["b"]], [["a"]], [[]], []]
)
def test_gapped_text_has_each_word_at_its_position(parts):
    split = gapped(parts).split(" ") if gapped(parts) else []
    placed = [(word, at) for at, word in enumerate(split) if word != GAP_TOKEN]
    assert placed == positions(parts)


def test_the_gap_token_is_never_a_word():
    assert all(GAP_TOKEN not in word for text in soups(200) for word in words(text))


def test_a_title_counts_twice():
    assert text_parts("Nets", "learn")[0] == text_parts("Nets", "learn")[1] == ["net"]


def test_tokens_point_into_the_text_as_given():
    text = "The “Naïve” ﬁne’s CAFE\u0301 ½"
    found = [(token.surface, text[token.start : token.end]) for token in tokens_with_offsets(text)]
    assert found == [
        ("the", "The"), ("naive", "Naïve"), ("fine", "ﬁne"), ("cafe", "CAFE\u0301"),
        ("1", "½"), ("2", "½"),
    ]  # fmt: skip


def test_tokens_of_any_text_are_its_words_at_their_places():
    for text in soups(scaled(50_000)):
        tokens = tokens_with_offsets(text)
        assert [token.surface for token in tokens] == words(text), ascii(text)
        assert [token.stem for token in tokens] == stems(text)
        assert [token.position for token in tokens] == list(range(len(tokens)))
        for token in tokens:
            assert 0 <= token.start < token.end <= len(text)
            assert token.surface in fold(text[token.start : token.end]), ascii(text)
        assert all(a.start <= b.start for a, b in itertools.pairwise(tokens))


def test_ascii_and_other_texts_are_cut_alike():
    for folded in filter(str.isascii, map(fold, soups(scaled(20_000)))):
        assert words(folded + " 最")[:-1] == words(folded), folded


def test_analysis_of_a_folded_text_is_that_of_the_text():
    for text in soups(scaled(20_000)):
        assert words(fold(text)) == words(text), ascii(text)
