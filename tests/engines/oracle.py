"""What a search must find, worked out by brute force: no index, no engine's code.

It shares the analysis with the engines, for what a word is belongs to the question; places of
words, phrases, patterns, edits, sets, orders and pages are its own.
"""

from collections import defaultdict
from collections.abc import Iterable
from functools import cmp_to_key, lru_cache
from itertools import accumulate
from operator import or_

from index.analysis import POSITION_GAP, name_words, stems, words
from index.document import EXACT_FIELDS, IndexDocument
from index.folding import fold
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
from schema.search import FacetCounts, FacetValue, Sort, SortPosition

MOST_FUZZY_WORDS = 64


class Oracle:
    """Answers about a fixed list of documents, by row number."""

    def __init__(self, documents: Iterable[IndexDocument]) -> None:
        self.documents = {document.rowid: document for document in documents}
        self.all = frozenset(self.documents)
        self._places: dict[str, dict[str, dict[int, list[int]]]] = {}
        self._surface: dict[str, dict[str, set[int]]] = {}
        self._exact: dict[str, dict[str, set[int]]] = {}
        for name in ("text", "title", "abstract", "author"):
            self._places[name] = defaultdict(lambda: defaultdict(list))
            self._surface[name] = defaultdict(set)
        for name in EXACT_FIELDS:
            self._exact[name] = defaultdict(set)
        for document in self.documents.values():
            self._read(document)

    def _read(self, document: IndexDocument) -> None:
        title, abstract = stems(document.title), stems(document.abstract)
        names = [name_words(name) for name in document.authors]
        parts = {
            "text": [title, title, abstract],
            "title": [title],
            "abstract": [abstract],
            "author": names,
        }
        for field, lists in parts.items():
            place = 0
            for part in lists:
                for word in part:
                    self._places[field][word][document.rowid].append(place)
                    place += 1
                place += POSITION_GAP if part else 0
        surface = {
            "title": set(words(document.title)),
            "abstract": set(words(document.abstract)),
            "author": {word for name in names for word in name},
        }
        surface["text"] = surface["title"] | surface["abstract"]
        for field, found in surface.items():
            for word in found:
                self._surface[field][word].add(document.rowid)
        for field, values in document.exact.items():
            for value in values:
                self._exact[field][value].add(document.rowid)

    def match(self, node: Node) -> frozenset[int]:
        """The rows that match a tree."""
        match node:
            case Every():
                return self.all
            case Nothing():
                return frozenset()
            case Not():
                return self.all - self.match(node.node)
            case And():
                found = self.all
                for each in node.nodes:
                    found &= self.match(each)
                return found
            case Or():
                return frozenset().union(*(self.match(each) for each in node.nodes))
            case Term():
                exact = self._exact.get(node.field)
                if exact is not None:
                    return frozenset(exact.get(node.text, ()))
                return frozenset(self._places[node.field].get(node.text, ()))
            case Phrase():
                return self._phrase(node)
            case Range():
                return frozenset(
                    rowid
                    for rowid, document in self.documents.items()
                    if any(
                        (node.low is None or value >= node.low)
                        and (node.high is None or value <= node.high)
                        for value in document.numbers.get(node.field, ())
                    )
                )
            case Prefix() | Wildcard() | Fuzzy():
                surface = self._surface[node.field]
                return frozenset().union(*(surface[word] for word in self.expansion(node)))

    def expansion(self, node: Prefix | Wildcard | Fuzzy) -> list[str]:
        """The surface words that a node stands for."""
        surface = self._surface[node.field]
        if isinstance(node, Prefix):
            return [word for word in surface if word[: len(node.text)] == node.text]
        if isinstance(node, Wildcard):
            return [word for word in surface if matches(node.pattern, word)]
        ranked = sorted(
            (edits, word)
            for word in surface
            if word[:1] == node.text[:1]
            and abs(len(word) - len(node.text)) <= node.distance
            and (edits := distance(node.text, word)) <= node.distance
        )
        return [word for _, word in ranked[:MOST_FUZZY_WORDS]]

    def common_word(self) -> str:
        """The stem that most papers hold."""
        return max(self._places["text"].items(), key=lambda item: (len(item[1]), item[0]))[0]

    def words(self, field: str, prefix: str) -> list[str]:
        """The surface words of a field that begin with `prefix`, in order."""
        return sorted(word for word in self._surface[field] if word.startswith(prefix))

    def _phrase(self, node: Phrase) -> frozenset[int]:
        places = [self._places[node.field].get(word, {}) for word in node.words]
        rows = frozenset.intersection(*(frozenset(each) for each in places))
        return frozenset(
            rowid for rowid in rows if _in_order([each[rowid] for each in places], node.slop)
        )

    def ordered(self, rows: Iterable[int], sort: Sort) -> list[int]:
        """Rows in an order other than relevance: nulls last, then by tie."""

        def compare(one: int, other: int) -> int:
            return self.compare(self.position(one, sort), self.position(other, sort), sort)

        return sorted(rows, key=cmp_to_key(compare))

    def position(self, rowid: int, sort: Sort) -> SortPosition:
        """Where a row stands in an order."""
        document = self.documents[rowid]
        return SortPosition(tuple(document.sort[key.name] for key in sort), document.tie)

    @staticmethod
    def compare(one: SortPosition, other: SortPosition, sort: Sort) -> int:
        """Negative if `one` stands before `other`, positive behind, 0 if they are the same."""
        for key, mine, theirs in zip(sort, one.values, other.values, strict=True):
            if mine == theirs:
                continue
            if mine is None:
                return 1
            if theirs is None:
                return -1
            less = mine < theirs  # type: ignore[operator]
            return -1 if less != key.descending else 1
        return one.tie - other.tie

    def page(
        self,
        query: Node,
        filters: Node | None,
        sort: Sort,
        offset: int = 0,
        after: SortPosition | None = None,
        before: SortPosition | None = None,
        limit: int = 20,
    ) -> tuple[int, list[int]]:
        """The total and the rows of a page."""
        found = self.match(query) & (self.match(filters) if filters is not None else self.all)
        rows = self.ordered(found, sort)
        if after is not None:
            rows = [
                rowid for rowid in rows if self.compare(self.position(rowid, sort), after, sort) > 0
            ]
        if before is not None:
            rows = [
                rowid
                for rowid in rows
                if self.compare(self.position(rowid, sort), before, sort) < 0
            ]
            return len(found), rows[::-1][offset : offset + limit][::-1]
        return len(found), rows[offset : offset + limit]

    def facet(
        self,
        name: str,
        query: Node,
        filters: Node | None,
        size: int,
        selected: Iterable[str] = (),
    ) -> FacetCounts:
        """The counts of a facet, counted paper by paper."""
        found = self.match(query) & (self.match(filters) if filters is not None else self.all)
        counts: dict[str, int] = defaultdict(int)
        missing = 0
        for rowid in found:
            values = held(name, self.documents[rowid])
            missing += not values
            for value in values:
                counts[value] += 1
        ranked = sorted(counts, key=lambda value: (-counts[value], value))
        chosen = {*ranked[:size], *selected}
        rest = sum(count for value, count in counts.items() if value not in chosen)
        shown = [FacetValue(value, counts.get(value, 0)) for value in chosen]
        shown.sort(key=lambda each: (-each.count, each.value))
        return FacetCounts(tuple(shown), len(ranked), rest, missing)


def held(name: str, document: IndexDocument) -> set[str]:
    """The values of a facet that a paper has."""
    day = str(document.numbers["published"][0]) if "published" in document.numbers else None
    match name:
        case "year":
            return {day[:4]} if day else set()
        case "month":
            return {f"{day[:4]}-{day[4:6]}"} if day else set()
        case "author":
            return {" ".join(fold(author).split()) for author in document.authors}
        case "hasCode":
            return {"true" if "code" in document.exact["has"] else "false"}
    return set(document.exact[name])


def _in_order(places: list[list[int]], slop: int) -> bool:
    """Whether a place of each list can be chosen, each 1 to `slop` behind the one before."""
    ends = set(places[0])
    for following in places[1:]:
        steps = range(1, slop + 1)
        ends = {place for place in following if any(place - step in ends for step in steps)}
    return bool(ends)


def matches(pattern: str, word: str) -> bool:
    """Whether a pattern of `*` and `?` covers a word whole, by a table of beginnings."""
    row = [True] + [False] * len(word)
    for sign in pattern:
        if sign == "*":
            after = list(accumulate(row, or_))
        else:
            after = [False] + [row[end] and sign in ("?", word[end]) for end in range(len(word))]
        row = after
    return row[-1]


@lru_cache(maxsize=200_000)
def distance(one: str, other: str) -> int:
    """Edits between two words: insert, delete, substitute, swap neighbours; none edited twice."""
    table = [[0] * (len(other) + 1) for _ in range(len(one) + 1)]
    for i in range(len(one) + 1):
        for j in range(len(other) + 1):
            if not i or not j:
                table[i][j] = i + j
                continue
            differs = one[i - 1] != other[j - 1]
            table[i][j] = min(
                table[i - 1][j] + 1, table[i][j - 1] + 1, table[i - 1][j - 1] + differs
            )
            if i > 1 and j > 1 and one[i - 1] == other[j - 2] and one[i - 2] == other[j - 1]:
                table[i][j] = min(table[i][j], table[i - 2][j - 2] + 1)
    return table[-1][-1]
