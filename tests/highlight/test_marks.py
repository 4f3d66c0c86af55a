"""What is marked, against the brute-force definition of `tests.highlight.marking`."""

import gzip
import json
import random
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise

import pytest

from index.analysis import TextWords, stems, tokens_with_offsets, words
from index.document import IndexDocument
from index.highlight import Highlighter
from index.language import parse
from index.query import And, Every, Fuzzy, Node, Not, Nothing, Or, Phrase, Prefix, Range, Term
from schema.search import Highlight
from tests.engines.random_trees import Trees
from tests.highlight.marking import Marking
from tests.highlight.papers import (
    expand_over,
    holds_in,
    marked,
    odd_papers,
    odd_text,
    shown,
    written,
)
from tests.paths import ACL
from tests.scale import SEED, scaled

COMMON = Or((Prefix("text", "mod"), Phrase("text", ("languag", "from"), 3), Term("text", "learn")))


def vocabulary(documents: Iterable[IndexDocument]) -> set[str]:
    found: set[str] = set()
    for document in documents:
        found.update(words(document.title), words(document.abstract))
        for name in document.authors:
            found.update(words(name))
    return found


def marks_of(query: str, title: str, abstract: str = "", *authors: str) -> list[str]:
    tree = parse(query).all
    known = set(words(f"{title} {abstract}"))
    return shown(Highlighter(tree, expand_over(known)).highlights(title, abstract, authors))


def places_in(highlight: Highlight, text: str) -> Iterator[tuple[int, int]]:
    """Where in `text` the highlight may stand."""
    part = written(highlight)
    start = text.find(part)
    while start >= 0:
        yield start, start + len(part)
        start = text.find(part, start + 1)


def fits(highlight: Highlight, text: str, expected: set[int], *, whole: bool = True) -> bool:
    """Whether the highlight is a part of `text` in which what is expected is marked.

    Not `whole`: it marks nothing else, but may leave something out.
    """
    inside = marked(highlight)
    for start, end in places_in(highlight, text):
        here = {at - start for at in expected if start <= at < end}
        if here == inside or (not whole and inside < here):
            return True
    return False


def check(tree: Node, document: IndexDocument, highlights: tuple[Highlight, ...]) -> bool:
    """Whether anything is marked; fails if that is not what must be."""
    marking = Marking(document.title, document.abstract, document.authors, holds_in(document))
    expected = marking.marked(tree)
    titles = [each for each in highlights if each.field == "title"]
    abstracts = [each for each in highlights if each.field == "abstract"]
    assert list(highlights) == titles + abstracts
    assert len(titles) == bool(expected["title"])
    assert bool(abstracts) == bool(expected["abstract"])
    for each in titles:
        assert written(each) == document.title
        assert marked(each) == expected["title"], (tree, document.title)
    for each in abstracts:
        assert marked(each)
        assert fits(each, document.abstract, expected["abstract"]), (tree, document.abstract)
    for each in highlights:
        pieces = each.fragments
        assert all(piece.text for piece in pieces)
        assert all(one.match != two.match for one, two in pairwise(pieces))
    return bool(highlights)


def test_marks_are_what_the_definition_says() -> None:
    documents = odd_papers(60, SEED)
    trees = Trees(documents, SEED)
    expand = expand_over(vocabulary(documents))
    chance = random.Random(SEED)
    some = 0
    for _ in range(scaled(4_000)):
        tree = trees.tree()
        if chance.random() < 0.2:
            tree = And((COMMON, Or((Every(), tree))))
        highlighter = Highlighter(tree, expand)
        for document in chance.sample(documents, 8):
            found = highlighter.highlights(
                document.title, document.abstract, document.authors, holds_in(document)
            )
            some += check(tree, document, found)
            again = Highlighter(tree, expand).highlights(
                document.title, document.abstract, document.authors, holds_in(document)
            )
            assert again == found
    assert some > scaled(4_000)


def test_without_values_nothing_wrong_is_marked() -> None:
    documents = odd_papers(60, SEED + 1)
    trees = Trees(documents, SEED + 1)
    expand = expand_over(vocabulary(documents))
    some = 0
    for _ in range(scaled(4_000)):
        tree = trees.tree()
        highlighter = Highlighter(tree, expand)
        for document in documents[::7]:
            marking = Marking(
                document.title, document.abstract, document.authors, holds_in(document)
            )
            if not marking.true(tree):
                continue  # not a hit
            found = highlighter.highlights(document.title, document.abstract, document.authors)
            if not highlighter.asks_values:
                check(tree, document, found)
            else:
                expected = marking.marked(tree)
                for each in found:
                    text = {"title": document.title, "abstract": document.abstract}[each.field]
                    assert fits(each, text, expected[each.field], whole=False), tree
                    some += 1
    assert some > scaled(500)


def test_words_and_places_are_those_of_the_slow_way() -> None:
    chance = random.Random(SEED)
    for _ in range(scaled(30_000)):
        text = odd_text(chance, chance.randrange(14))
        read, tokens = TextWords(text), tokens_with_offsets(text)
        assert read.surfaces == words(text) == [token.surface for token in tokens], ascii(text)
        assert read.stems == stems(text)
        wanted = sorted(chance.sample(range(len(tokens)), chance.randint(0, len(tokens))))
        expected = [(tokens[at].start, tokens[at].end) for at in wanted]
        assert read.places(wanted) == expected, (ascii(text), wanted)
        some = chance.choice(read.surfaces or ["none"])
        alike = [at for at, word in enumerate(read.surfaces) if word == some]
        assert read.places(alike) == [(tokens[at].start, tokens[at].end) for at in alike]


def test_real_abstracts_are_read_like_any_other() -> None:
    if not ACL.exists():
        pytest.skip("the ACL papers are not present")
    chance = random.Random(SEED)
    with gzip.open(ACL, "rt", encoding="utf-8") as lines:
        found = [json.loads(line).get("abstract") or "" for line in lines]
    for text in chance.sample(found, scaled(len(found))):
        read, tokens = TextWords(text), tokens_with_offsets(text)
        spans = [(token.start, token.end) for token in tokens]
        assert read.surfaces == [token.surface for token in tokens]
        assert read.places(range(len(tokens))) == spans
        for surface in chance.sample(read.surfaces, min(5, len(tokens))):
            alike = [at for at, word in enumerate(read.surfaces) if word == surface]
            assert read.places(alike) == [spans[at] for at in alike]


def test_a_text_beyond_ascii_is_read_like_any_other() -> None:
    text = "We “align” models—Łukasz’s model, Øystein's alignment: α-models"
    read, tokens = TextWords(text), tokens_with_offsets(text)
    everything = list(range(len(tokens)))
    assert read.places(everything) == [(token.start, token.end) for token in tokens]
    at = read.surfaces.index("oystein")
    assert [text[start:end] for start, end in read.places([at])] == ["Øystein"]


def test_only_what_matched_is_marked() -> None:
    title, abstract = "Optimal transport for all", "A transport of goods. Optimal transports win."
    assert marks_of("transport", title, abstract) == [
        "title: Optimal [transport] for all",
        "abstract: A [transport] of goods. Optimal [transports] win.",
    ]
    assert marks_of('"optimal transport"', title, abstract) == [
        "title: [Optimal] [transport] for all",
        "abstract: A transport of goods. [Optimal] [transports] win.",
    ]
    assert marks_of("title:transport", title, abstract) == ["title: Optimal [transport] for all"]
    assert marks_of("transport -goods", title, abstract) == []  # not a hit
    assert marks_of("transport -missing win", title) == []
    assert marks_of("for -missing", "Search for all") == ["title: Search [for] all"]
    assert marks_of("transport OR (optimal AND missing)", title) == [
        "title: Optimal [transport] for all"
    ]
    assert marks_of("trans*", title) == ["title: Optimal [transport] for all"]
    assert marks_of("tr?nsp*", title) == ["title: Optimal [transport] for all"]
    assert marks_of("transpotr~1", title) == ["title: Optimal [transport] for all"]


def test_a_phrase_with_slop_marks_its_words_not_those_between() -> None:
    text = "reward is a model; the reward model and model of reward"
    assert marks_of('"reward model"~3', text) == [
        "title: [reward] is a [model]; the [reward] [model] and [model] of reward"
    ]


def test_a_word_twice_in_a_phrase_is_two_words() -> None:
    phrase = Phrase("text", ("beta", "alpha", "alpha"), 2)
    found = Highlighter(phrase, lambda _: ()).highlights("beta alpha beta alpha", "", ())
    assert shown(found) == ["title: [beta] [alpha] beta [alpha]"]


def test_authors_decide_but_are_not_marked() -> None:
    assert marks_of("author:gu align", "To align", "", "Albert Gu") == ["title: To [align]"]
    assert marks_of("author:gu align", "To align", "", "Albert Go") == []
    assert marks_of('author:"gu albert" align', "To align", "", "Albert Gu") == []
    assert marks_of("author:gu", "Gu speaks", "", "Albert Gu") == []


def test_values_that_decide_nothing_need_not_be_known() -> None:
    title = "To align rewards"
    assert marks_of("align year:2024", title) == ["title: To [align] rewards"]
    assert marks_of("align -has:code", title) == ["title: To [align] rewards"]
    assert marks_of("align OR (rewards year:2024)", title) == ["title: To [align] rewards"]
    assert marks_of("(align OR missing) year:2024", title) == ["title: To [align] rewards"]

    def asks(query: str) -> bool:
        return Highlighter(parse(query).all, lambda _: ()).asks_values

    assert [asks("align year:2024"), asks("align -(year:2024 has:code)"), asks("has:code")] == [
        False, False, False,
    ]  # fmt: skip
    assert not asks("align -(year:2024 OR has:code)")
    assert asks("align OR (rewards year:2024)")


def test_of_two_branches_that_may_have_matched_none_is_marked() -> None:
    first = And((Term("text", "align"), Range("published", 1, 2)))
    second = And((Term("text", "reward"), Range("comments", 1, 2)))
    highlighter = Highlighter(Or((first, second)), lambda _: ())
    assert highlighter.highlights("To align rewards", "", ()) == ()


def _answering(known: bool | None) -> Callable[[Term | Range], bool | None]:
    return lambda _: known


def test_a_value_tells_which_branch_matched() -> None:
    tree = Or((Term("text", "align"), And((Term("text", "reward"), Range("published", 1, 2)))))
    title = "To align rewards"
    for known, expected in ((True, "To [align] [rewards]"), (False, "To [align] rewards"),
                            (None, "To [align] rewards")):  # fmt: skip
        found = Highlighter(tree, lambda _: ()).highlights(title, "", (), _answering(known))
        assert shown(found) == [f"title: {expected}"]
    only = And((tree, Not(Term("text", "missing"))))
    hit = Highlighter(only, lambda _: ()).highlights("Rewards", "", (), lambda _: None)
    assert shown(hit) == ["title: [Rewards]"]  # a hit: no other branch can be true


def test_a_fuzzy_word_stands_for_what_the_engine_searched() -> None:
    found = Highlighter(Fuzzy("text", "model", 1), lambda _: ["modes"]).highlights(
        "Model modes", "", ()
    )
    assert shown(found) == ["title: Model [modes]"]


def test_trees_without_words_mark_nothing() -> None:
    for tree in (Every(), Nothing(), And(()), Or(()), Not(Term("text", "a")), Phrase("text", ())):
        assert Highlighter(tree, lambda _: ()).highlights("a b", "a b", ()) == ()


def test_a_mark_keeps_letters_whole() -> None:
    assert marks_of("cafe", "un cafe\u0301!") == ["title: un [cafe\u0301]!"]
    assert marks_of("fine", "a ﬁne\u0327 day") == ["title: a [ﬁne\u0327] day"]
    assert marks_of("strasse", "die Straße") == ["title: die [Straße]"]
    assert marks_of("x", "let \U0001d4b3\U0001f600 be") == ["title: let [\U0001d4b3]\U0001f600 be"]
    assert marks_of("模型", "中文模型的") == ["title: 中文[模型]的"]
    assert marks_of("gao", "Gao’s law") == ["title: [Gao]’s law"]
    assert marks_of("c++", "C and C++, C++'s") == ["title: C and [C++], [C++]'s"]
    assert marks_of("2", "½ cup") == ["title: [½] cup"]
    assert marks_of('"1 2"', "½ cup") == ["title: [½] cup"]
