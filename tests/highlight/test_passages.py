"""Which passages of an abstract are shown, where they are cut, and how long that takes."""

import random
import time
from itertools import pairwise

from index.analysis import tokens_with_offsets
from index.highlight import Highlighter
from index.language import parse
from index.passages import MAX_PASSAGES, PASSAGE, Mark, fragments, passages
from index.query import Or, Phrase, Prefix, Term
from tests.highlight.papers import expand_over, odd_text, shown, written
from tests.scale import SEED, scaled

FILLER = "Nothing of note stands in this long sentence about other things. " * 6


def abstracts(query: str, text: str) -> list[str]:
    found = Highlighter(parse(query).any, expand_over(set())).highlights("", text, ())
    return [each.removeprefix("abstract: ") for each in shown(found)]


def test_the_passage_with_most_different_words_comes_first() -> None:
    text = (
        f"We train models and models. {FILLER}A language is spoken. {FILLER}"
        f"Here a language model wins. {FILLER}"
    )
    found = abstracts("language model", text)
    assert found[0].startswith("Here a [language] [model] wins. Nothing")
    assert found[1].startswith("We train [models] and [models].")
    assert found[2].startswith("A [language] is spoken.")
    assert len(found) == 3


def test_a_later_passage_shows_words_not_shown_before() -> None:
    text = (
        f"Deep nets learn deep. {FILLER}Deep nets. {FILLER}Deep learning. {FILLER}Robust. {FILLER}"
    )
    found = abstracts("deep nets robust", text)
    assert [piece[: piece.index("Nothing") - 1] for piece in found] == [
        "[Deep] [nets] learn [deep].", "[Robust].", "[Deep] [nets].",
    ]  # fmt: skip


def test_a_passage_begins_with_its_sentence_and_ends_between_words() -> None:
    text = f"{FILLER}In the end, after all of it, we find a model. {FILLER}"
    (found,) = abstracts("model", text)
    assert found.startswith("In the end, after all of it, we find a [model]. Nothing of note")
    plain = found.replace("[", "").replace("]", "")
    assert len(plain) <= PASSAGE
    assert text[text.index(plain) + len(plain)] == " "


def test_a_far_sentence_start_is_not_waited_for() -> None:
    text = "word, " * 100 + "model, " + "word, " * 100
    (found,) = abstracts("model", text)
    before, after = found.split("[model]")
    assert 60 < len(before) < 110
    assert 60 < len(after) < 140
    assert before.startswith("word, ")
    assert after.endswith("word,")


def test_a_short_abstract_is_shown_whole() -> None:
    assert abstracts("model", "  A model.\n") == ["  A [model].\n"]


def test_a_phrase_before_a_passage_is_not_cut() -> None:
    text = f"{FILLER}transportation ox so model {'xx ' * 55}language mode {FILLER}"
    first, second = abstracts('"transportation ox" model language mode', text)
    assert first.startswith("so [model] xx")
    assert second.endswith("[transportation] [ox]")


def test_neighbours_are_shown_together_or_not_at_all() -> None:
    chance = random.Random(SEED)
    for _ in range(scaled(5_000)):
        text = " ".join(chance.choices(("word", "Words.", "a", "lengthy"), k=120))
        tokens = tokens_with_offsets(text)
        marks: list[Mark] = []
        at = chance.randrange(40)
        while at < len(tokens) - 1 and len(marks) < 20:
            parts = 1 << chance.randrange(3)
            for token in tokens[at : at + 2]:
                marks.append(Mark(token.start, token.end, token.position, parts))
            at += chance.choice((3, 5, 12, 30, 35))
        for start, end in passages(text, marks):
            shown_ = [start <= mark.start and mark.end <= end for mark in marks]
            assert shown_[::2] == shown_[1::2]
            assert not text[start].isspace()
            assert not text[end - 1].isspace()


def test_an_abbreviation_ends_no_sentence() -> None:
    (found,) = abstracts("model", f"{FILLER}We use parts, e.g. a model. {FILLER}")
    assert found.startswith("We use parts, e.g. a [model].")


def test_of_passages_with_as_many_words_that_with_more_marks_comes_first() -> None:
    found = abstracts("model", f"A model. {FILLER}A model of a model. {FILLER}")
    assert found[0].startswith("A [model] of a [model].")


def test_what_stands_near_a_better_passage_is_shown_too() -> None:
    text = f"Alpha {'and ' * 30} Beta {'and ' * 15} gamma delta. {FILLER}"
    first, second = abstracts("alpha beta gamma delta", text)
    assert [word in first for word in ("[Alpha]", "[Beta]", "[gamma]", "[delta]")] == [
        False, True, True, True,
    ]  # fmt: skip
    assert second.startswith("[Alpha] and and")


def test_texts_without_spaces_are_cut_between_letters() -> None:
    text = "研究" * 300 + "模型" + "研究" * 300
    (found,) = abstracts("模型", text)
    plain = found.replace("[", "").replace("]", "")
    assert "[模型]" in found
    assert 100 < len(plain) <= PASSAGE
    joined = "".join(c + "\u0301" for c in "ab" * 200) + " model"
    (found,) = abstracts("model", joined)
    assert found.replace("[", "").replace("]", "") in joined
    assert not found.startswith("\u0301")
    (found,) = abstracts("model", "ab \u0301" * 100 + "model")
    assert not found.startswith("\u0301")
    for word in ("model", "models"):
        text = f"{FILLER}{word}" + "字\u0301" * 300
        (found,) = abstracts("model", text)
        plain = found.replace("[", "").replace("]", "")
        assert text[text.index(plain) + len(plain)] == "字"


def test_passages_of_any_text() -> None:
    chance = random.Random(SEED)
    for _ in range(scaled(4_000)):
        text = odd_text(chance, chance.choice((20, 60, 200)))
        tokens = tokens_with_offsets(text)
        chosen = sorted(chance.sample(range(len(tokens)), chance.randint(0, min(12, len(tokens)))))
        marks = [
            Mark(tokens[at].start, tokens[at].end, at, 1 << chance.randrange(4)) for at in chosen
        ]
        found = passages(text, marks)
        assert bool(found) == bool(marks)
        assert len(found) <= MAX_PASSAGES
        assert found == passages(text, marks)
        inside = [[m for m in marks if start <= m.start and m.end <= end] for start, end in found]
        assert all(inside)
        ordered = sorted(found)
        assert all(0 <= start < end <= len(text) for start, end in found)
        assert all(one[1] <= two[0] for one, two in pairwise(ordered))
        for start, end in found:
            longest = max(mark.end - mark.start for mark in marks)
            assert end - start <= max(PASSAGE, longest) or len(text) <= PASSAGE
            pieces = fragments(text, start, end, marks)
            assert "".join(piece.text for piece in pieces) == text[start:end]
            for mark in marks:  # no mark is cut
                assert not mark.start < start < mark.end
                assert not mark.start < end < mark.end
            for token in tokens:  # nor, between spaces, any word
                if text[max(0, start - 1) : start] == " " != text[token.start]:
                    assert not token.start < start < token.end
        if len(found) > 1:
            parts = [0, 0]
            for at in (0, 1):
                for mark in inside[at]:
                    parts[at] |= mark.parts
            assert parts[0].bit_count() >= parts[1].bit_count()


def test_hostile_texts_take_bounded_time() -> None:
    tree = Or((
        Term("text", "a"), Prefix("text", "a"), Phrase("text", ("a", "a"), 32),
        Phrase("text", ("a",) * 6, 2), Phrase("text", ("b", "a"), 5), Term("text", "model"),
    ))  # fmt: skip
    texts = {
        "one letter": "a" * 100_000,
        "one word": "a " * 50_000,
        "two words": "a b " * 25_000,
        "no spaces": "model" * 20_000,
        "signs": "a" + "!" * 99_990 + " model",
        "marks": "a" + "\u0301" * 99_999,
        "letters": "模" * 99_990 + " a model",
        "spaces": "a" + " " * 99_990 + "model",
        "sentences": "A. " * 33_000,
        "fractions": "½" * 50_000,
        "odd": odd_text(random.Random(SEED), 15_000)[:100_000],
    }
    for name, text in texts.items():
        start = time.process_time()
        found = Highlighter(tree, lambda _: ()).highlights(text[:1000], text, ())
        spent = time.process_time() - start
        assert spent < 1.5, name
        longest = max(len(word) for word in text.split()) if name == "marks" else PASSAGE
        assert all(len(written(each)) <= longest for each in found if each.field == "abstract")
