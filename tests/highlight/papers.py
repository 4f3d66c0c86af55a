"""Papers with every odd character in title and abstract, and ways to look at highlights."""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace

from index.document import IndexDocument
from index.query import Fuzzy, Range, Term
from schema.search import Highlight
from tests.corpus import papers
from tests.highlight.marking import expansion


def _listed(text: str) -> list[str]:
    return text.split(" ")


ODD = _listed(
    "a B 's ’s\u00a0 c++ C# c f s C++'s model's models' é e\u0301 ﬁ ½ 最適 กา ᄀ ᅡ \u200d \u200b ﷺ İ"
    " ß ² ア ﾞ . \U0001f600 \U0001d4b3 Straße naïve modeling modelled models. Model GPT-4 (learning)"
    " — “deep” zero-shot e.g. Σ μ 한국어 текст _x_ don't 's's f# \ud800 \ufe0f \u0301"
)
ODD += ["x" * 70, "ab" * 50, "\x1f", "\n", "\u00a0", "a's's", "  ", "\u2028"]
PLAIN = _listed("the deep model learns a good model of language from models that learn. We show it")


def odd_text(chance: random.Random, length: int) -> str:
    """A text of about so many pieces; half of the texts are mostly plain words between spaces."""
    plain = chance.random() < 0.5
    pieces = []
    for _ in range(length):
        if chance.random() < (0.9 if plain else 0.3):
            pieces.append(chance.choice(PLAIN) + chance.choice((" ", " ", ". ", " ", ", ")))
        elif chance.random() < 0.1:
            pieces.append(chr(chance.randrange(0x110000)))
        else:
            pieces.append(chance.choice(ODD) + chance.choice((" ", "")))
    return "".join(pieces)


def odd_papers(count: int, seed: int) -> list[IndexDocument]:
    """Documents of the generated corpus, most with odd texts instead of their own."""
    chance = random.Random(seed)
    found = []
    for document in papers(count, seed):
        draw = chance.random()
        if draw < 0.3:
            title = odd_text(chance, chance.randint(1, 8))
            abstract = odd_text(chance, chance.choice((0, 3, 12, 30)))
            document = replace(document, title=title, abstract=abstract)
        elif draw < 0.6:
            document = replace(document, abstract=odd_text(chance, chance.choice((80, 150))))
        found.append(document)
    return found


def holds_in(document: IndexDocument) -> Callable[[Term | Range], bool]:
    """Whether a document has a value."""

    def holds(leaf: Term | Range) -> bool:
        if isinstance(leaf, Term):
            return leaf.text in document.exact.get(leaf.field, ())
        return any(
            (leaf.low is None or leaf.low <= value) and (leaf.high is None or value <= leaf.high)
            for value in document.numbers.get(leaf.field, ())
        )

    return holds


def expand_over(words: set[str]) -> Callable[[Fuzzy], set[str]]:
    """The expansion of fuzzy words over a vocabulary, without a limit."""
    return lambda node: expansion(node, words)


def written(highlight: Highlight) -> str:
    """The text of a highlight."""
    return "".join(each.text for each in highlight.fragments)


def shown(highlights: Sequence[Highlight]) -> list[str]:
    """Highlights to be read: `title: a [match]`."""
    return [
        f"{each.field}: "
        + "".join(f"[{piece.text}]" if piece.match else piece.text for piece in each.fragments)
        for each in highlights
    ]


def marked(highlight: Highlight) -> set[int]:
    """The characters of a highlight's text that are marked."""
    places: set[int] = set()
    at = 0
    for piece in highlight.fragments:
        if piece.match:
            places.update(range(at, at + len(piece.text)))
        at += len(piece.text)
    return places
