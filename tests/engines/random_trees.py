"""Random questions about a corpus: every node, the odd shapes on purpose, many with answers."""

import random
from collections.abc import Sequence

from index.analysis import name_words, stems, words
from index.document import EXACT_FIELDS, NUMBER_FIELDS, SORT_NAMES, TEXT_FIELDS, IndexDocument
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
from schema.search import Sort, SortKey

LEAVES = ("term", "term", "term", "phrase", "phrase", "exact", "range", "prefix", "wildcard",
          "fuzzy", "every", "nothing")  # fmt: skip


class Trees:
    """Draws trees, filters and orders that a list of documents can be asked for."""

    def __init__(self, documents: Sequence[IndexDocument], seed: int) -> None:
        self._documents = documents
        self._random = random.Random(seed)

    def tree(self, depth: int | None = None) -> Node:
        """A random tree; the rare shapes are drawn often enough to be met."""
        draw = self._random.random()
        if depth is None:
            if draw < 0.05:
                return Not(self.tree(2))
            if draw < 0.10:
                return And(tuple(Not(self.tree(1)) for _ in range(self._random.randint(1, 3))))
            if draw < 0.13:
                return self.deep(20)
            depth = self._random.choice((0, 1, 1, 2, 2, 3, 4))
        if depth == 0 or draw < 0.2:
            return self.leaf()
        if draw < 0.35:
            return Not(self.tree(depth - 1))
        nodes = tuple(self.tree(depth - 1) for _ in range(self._random.choice((0, 1, 2, 2, 3, 5))))
        return self._random.choice((And, Or))(nodes, self._boost())

    def deep(self, levels: int) -> Node:
        """A tree of so many levels."""
        node = self.leaf()
        for _ in range(levels - 1):
            other = self.leaf()
            node = self._random.choice((Not(node), And((node, Not(other))), Or((other, node)),
                                        And((other, Not(node)))))  # fmt: skip
        return node

    def leaf(self) -> Node:
        """One node without others in it."""
        kind = self._random.choice(LEAVES)
        field = self._random.choice(TEXT_FIELDS)
        boost = self._boost()
        match kind:
            case "every":
                return Every(boost)
            case "nothing":
                return Nothing()
            case "exact":
                return self._exact(boost)
            case "range":
                return self._range(boost)
            case "phrase":
                return self._phrase(field, boost)
            case "term":
                return Term(field, self._word(self._stems(field)), boost)
        word = self._word(self._surface(field))
        match kind:
            case "prefix":
                return Prefix(field, word[: self._random.randint(1, 6)], boost)
            case "wildcard":
                return Wildcard(field, self._pattern(word), boost)
        return Fuzzy(field, self._mistyped(word), self._random.choice((1, 2)), boost)

    def filters(self) -> Node | None:
        """What a filter asks, or none."""
        nodes = [self._random.choice((self._exact, self._range))(1.0) for _ in range(2)]
        return self._random.choice((None, None, None, nodes[0], Not(nodes[0]), And(tuple(nodes))))

    def sort(self) -> Sort:
        """One or two keys."""
        names = self._random.sample(SORT_NAMES, self._random.choice((1, 1, 2)))
        return tuple(SortKey(name, self._random.random() < 0.5) for name in names)

    def _boost(self) -> float:
        return self._random.choice((1.0, 1.0, 1.0, 0.01, 2.5, 100.0))

    def _document(self) -> IndexDocument:
        return self._random.choice(self._documents)

    def _stems(self, field: str) -> list[str]:
        document = self._document()
        if field == "author":
            return [word for name in document.authors for word in name_words(name)]
        title, abstract = stems(document.title), stems(document.abstract)
        return {"title": title, "abstract": abstract}.get(field) or title + abstract

    def _surface(self, field: str) -> list[str]:
        document = self._document()
        if field == "author":
            return self._stems(field)
        return words(document.title if field == "title" else document.abstract)

    def _word(self, words_: Sequence[str]) -> str:
        if not words_ or self._random.random() < 0.03:
            return "absentword"
        return self._random.choice(words_)

    def _phrase(self, field: str, boost: float) -> Phrase:
        found = self._stems(field)
        slop, most = self._random.choice(((1, 4), (1, 3), (2, 4), (3, 3), (5, 3), (32, 2)))
        length = self._random.randint(2, most)
        start = self._random.randrange(max(1, len(found) - length))
        chosen = found[start : start + self._random.choice((length, length * slop))]
        while len(chosen) > length:
            del chosen[self._random.randrange(len(chosen))]
        if self._random.random() < 0.1:
            chosen = chosen[:1] * 2
        if self._random.random() < 0.1:
            chosen.reverse()
        while len(chosen) < 2:
            chosen.append(self._word(found))
        return Phrase(field, tuple(chosen), slop, boost)

    def _exact(self, boost: float) -> Node:
        field = self._random.choice(EXACT_FIELDS)
        values = self._document().exact.get(field) or ("absent",)
        if self._random.random() < 0.1:
            many = [value for _ in range(20) for value in self._document().exact.get(field, ())]
            return Or(tuple(Term(field, value) for value in many), boost)
        return Term(field, self._random.choice(values), boost)

    def _range(self, boost: float) -> Range:
        field = self._random.choice(NUMBER_FIELDS)
        extreme = self._random.choice((-5, 0, 2**31 - 1, 2**63, -(2**70)))
        ends: list[int | None] = [None, None, extreme]
        for _ in range(4):
            ends.extend(self._document().numbers.get(field, ())[:1])
        low, high = self._random.choice(ends), self._random.choice(ends)
        if low is not None and high is not None and self._random.random() < 0.8:
            low, high = min(low, high), max(low, high)
        return Range(field, low, high, boost)

    def _pattern(self, word: str) -> str:
        letters = list(word)
        for _ in range(self._random.randint(1, 3)):
            place = self._random.randrange(len(letters))
            letters[place] = self._random.choice(("?", "*", "*"))
            if self._random.random() < 0.3:
                del letters[place + 1 : place + 3]
        return "".join(letters)

    def _mistyped(self, word: str) -> str:
        letters = list(word)
        for _ in range(self._random.randint(0, 2)):
            place = self._random.randrange(len(letters))
            change = self._random.randrange(4)
            if change == 0:
                letters.insert(place, self._random.choice("aeiou"))
            elif change == 1 and len(letters) > 1:
                del letters[place]
            elif change == 2:
                letters[place] = self._random.choice("aeiou")
            elif place:
                letters[place - 1], letters[place] = letters[place], letters[place - 1]
        return "".join(letters)
