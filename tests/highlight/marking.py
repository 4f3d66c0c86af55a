"""What must be marked, worked out by brute force: every token, every way to place a phrase.

It shares with the highlights what a word is and where it stands (`tokens_with_offsets`, the slow
exact way), and nothing else.
"""

from collections.abc import Callable, Sequence
from itertools import product

from index.analysis import Token, name_words, tokens_with_offsets
from index.query import (
    And,
    Every,
    Fuzzy,
    Node,
    Not,
    Nothing,
    Or,
    Phrase,
    Prefix,
    Range,
    Term,
    Wildcard,
)
from tests.engines.oracle import distance, matches

TEXTS = {"text": ("title", "abstract"), "title": ("title",), "abstract": ("abstract",)}


class Marking:
    """One paper. `marked(tree)` gives the characters that must be marked, by field."""

    def __init__(
        self,
        title: str,
        abstract: str,
        authors: Sequence[str] = (),
        holds: Callable[[Term | Range], bool] = lambda _: False,
    ) -> None:
        self.texts = {"title": title, "abstract": abstract}
        self.tokens = {name: tokens_with_offsets(text) for name, text in self.texts.items()}
        self.names = [
            [Token(word, word, at, 0, 0) for at, word in enumerate(name_words(name))]
            for name in authors
        ]
        self.holds = holds

    def true(self, node: Node) -> bool:
        """Whether the paper matches a tree."""
        match node:
            case And(nodes):
                return all(self.true(each) for each in nodes)
            case Or(nodes):
                return any(self.true(each) for each in nodes)
            case Not(inner):
                return not self.true(inner)
            case Every() | Nothing():
                return isinstance(node, Every)
            case Range():
                return self.holds(node)
            case Term() if node.field not in (*TEXTS, "author"):
                return self.holds(node)
            case _:
                return any(self.matched(node, tokens) for _, tokens in self.parts(node.field))

    def parts(self, field: str) -> list[tuple[str, list[Token]]]:
        if field == "author":
            return [("author", tokens) for tokens in self.names]
        return [(name, self.tokens[name]) for name in TEXTS[field]]

    def matched(
        self, leaf: Term | Phrase | Prefix | Wildcard | Fuzzy, tokens: list[Token]
    ) -> list[Token]:
        """The tokens of one part that a leaf matches."""
        match leaf:
            case Term():
                return [token for token in tokens if token.stem == leaf.text]
            case Prefix():
                return [token for token in tokens if token.surface.startswith(leaf.text)]
            case Wildcard():
                return [token for token in tokens if matches(leaf.pattern, token.surface)]
            case Fuzzy():
                words = expansion(leaf, {token.surface for token in tokens})
                return [token for token in tokens if token.surface in words]
            case Phrase():
                return self.occurrences(leaf, tokens)

    @staticmethod
    def occurrences(phrase: Phrase, tokens: list[Token]) -> list[Token]:
        if not phrase.words:
            return []
        found: set[int] = set()
        steps = range(1, phrase.slop + 1)
        for first in range(len(tokens)):
            for gaps in product(steps, repeat=len(phrase.words) - 1):
                places = [first + sum(gaps[:count]) for count in range(len(phrase.words))]
                if places[-1] < len(tokens) and all(
                    tokens[at].stem == word for at, word in zip(places, phrase.words, strict=True)
                ):
                    found.update(places)
        return [tokens[at] for at in sorted(found)]

    def marked(self, tree: Node) -> dict[str, set[int]]:
        """Character places by field; none for a paper that does not match."""
        found: dict[str, set[int]] = {"title": set(), "abstract": set()}
        for leaf in self.reasons(tree) if self.true(tree) else ():
            for name, tokens in self.parts(leaf.field):
                if name != "author":
                    for token in self.matched(leaf, tokens):
                        found[name].update(range(token.start, token.end))
        return found

    def reasons(self, node: Node) -> list[Term | Phrase | Prefix | Wildcard | Fuzzy]:
        """The leaves of a true tree that make it true, without those under `Not`."""
        match node:
            case And(nodes) | Or(nodes):
                return [leaf for each in nodes if self.true(each) for leaf in self.reasons(each)]
            case Term() if node.field not in (*TEXTS, "author"):
                return []
            case Term() | Phrase() | Prefix() | Wildcard() | Fuzzy():
                return [node]
            case _:
                return []


def expansion(node: Fuzzy, words: set[str]) -> set[str]:
    """The words within the edits of a fuzzy word."""
    return {
        word
        for word in words
        if word[:1] == node.text[:1]
        and abs(len(word) - len(node.text)) <= node.distance
        and distance(node.text, word) <= node.distance
    }
