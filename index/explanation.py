"""Explanations: the parts of which the score of a hit is the sum, and what in the paper made them.

A score is the sum of what the clauses of its order give the paper (`index.ranking`), so each clause
is asked alone, by the engine that made the score, over the same statistics. What matched is read
from the paper's texts, as highlights do.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from index.analysis import tokens_with_offsets
from index.document import HEADING
from index.engine import Snapshot
from index.folding import fold
from index.occurrences import Expand, Finder, Part, Sought
from index.query import Fuzzy, Phrase, Prefix, Term, Wildcard
from index.ranking import Clause, Kind, Ranking, Scored
from schema.search import Explanation, Hit, ScoreKind, ScorePart

MAX_FORMS = 5
MAX_FORM_LENGTH = 200
"""Of the ways in which a paper writes what matched, so many are shown, and so much of each."""

WANTED = frozenset({Kind.WORD, Kind.PREFIX, Kind.WILDCARD, Kind.TYPO})
"""Clauses that a query asks for itself; the others only order."""


@dataclass(frozen=True, slots=True)
class Scoring:
    """How the hits of a page got their scores: by `ranking`, and the `led` ones by `added` too.

    `full` are the row numbers of those that match the whole query.
    """

    ranking: Ranking
    added: Ranking
    led: Collection[int]
    full: Collection[int]


def explanations(
    text: str,
    hits: Sequence[Hit],
    papers: Sequence[Mapping[str, Any]],
    scoring: Scoring,
    snapshot: Snapshot,
) -> list[Explanation]:
    """An explanation for each hit of the query `text`; `papers` are their decoded list rows.

    The scores of its parts add up to that of the hit within the rounding of an engine that adds in
    single precision, about 1e-7 of the score. A paper that was changed since the index was written
    has the parts of its former text, with the counts of its new one.
    """
    rowids = [hit.rowid for hit in hits]
    led = [rowid for rowid in rowids if rowid in scoring.led]
    asked = [(clause, snapshot.scores(rowids, (clause,))) for clause in scoring.ranking]
    asked += [(clause, snapshot.scores(led, (clause,))) for clause in scoring.added if led]
    reader = _Reader(text, [clause for clause, _ in asked], snapshot.expand)
    made = []
    for rowid, paper in zip(rowids, papers, strict=True):
        texts = _Texts(paper, reader)
        given = [(clause, score) for clause, scores in asked if (score := scores.get(rowid, 0.0))]
        parts = [reader.part(clause, score, texts) for clause, score in given]
        parts.sort(key=lambda part: -part.score)
        missing = reader.missing(scoring.ranking, {clause for clause, _ in given})
        made.append(Explanation(rowid in scoring.full, missing, tuple(parts)))
    return made


class _Reader:
    """Finds clauses in texts, and names them as the query wrote them."""

    def __init__(self, text: str, clauses: Ranking | list[Clause], expand: Expand) -> None:
        self.in_texts = Sought(expand, stemmed=True)
        self.in_names = Sought(expand, stemmed=False)
        self._written: dict[str, str] = {}
        self._surfaces: set[str] = set()
        for token in tokens_with_offsets(text):
            written = text[token.start : token.end]
            self._written.setdefault(token.stem, written)
            self._written.setdefault(f"author:{token.surface}", written)
            self._surfaces.add(token.surface)
        self._finders: dict[Scored, tuple[Finder, Finder]] = {}
        for clause in clauses:
            node = _found_as(clause.node)
            if node not in self._finders:
                sought = self.in_names if node.field == "author" else self.in_texts
                find = sought.finder(node)
                starts = sought.starts(node) if isinstance(node, Phrase) else find
                self._finders[node] = find, starts

    def part(self, clause: Clause, score: float, texts: "_Texts") -> ScorePart:
        """A clause as a part of a paper's score."""
        node = _found_as(clause.node)
        forms: Counter[str] = Counter()
        shown: dict[str, str] = {}
        exact = False
        for form in self._occurrences(node, texts):
            key = form.casefold()
            forms[key] += 1
            shown.setdefault(key, form)
            exact = exact or fold(form) in self._surfaces
        kind = ScoreKind(clause.kind)
        if clause.kind is Kind.WORD and forms and not exact:
            kind = ScoreKind.STEM
        best = tuple(shown[key] for key, _ in forms.most_common(MAX_FORMS))
        foreign = isinstance(node, Term) and node.text not in self._written
        term = best[0] if clause.kind is Kind.FEEDBACK and foreign and best else self._name(node)
        weight = float(clause.node.boost)
        return ScorePart(kind, term, best, node.field, forms.total(), weight, score)

    def missing(self, ranking: Ranking, found: Collection[Clause]) -> tuple[str, ...]:
        """What the query asks for and the paper lacks, with its field where the query named one."""
        wanted = [clause for clause in ranking if clause.kind in WANTED] or ranking
        names = (
            self._name(node) if node.field == "text" else f"{node.field}:{self._name(node)}"
            for node in (clause.node for clause in wanted if clause not in found)
        )
        return tuple(dict.fromkeys(names))

    def _name(self, node: Scored) -> str:
        match node:
            case Term():
                return self._word(node.field, node.text)
            case Phrase():
                return " ".join(self._word(node.field, each) for each in node.words)
            case Prefix():
                return f"{node.text}*"
            case Wildcard():
                return node.pattern
            case Fuzzy():
                return f"{node.text}~{node.distance}"

    def _word(self, field: str, text: str) -> str:
        return self._written.get(f"author:{text}" if field == "author" else text, text)

    def _occurrences(self, node: Scored, texts: "_Texts") -> Iterator[str]:
        """What a paper has of a clause, as it is written there."""
        find, starts = self._finders[node]
        length = len(node.words) if isinstance(node, Phrase) else 1
        for text, part in texts.of(node.field):
            positions = find(part)
            for start in starts(part):
                last = positions[bisect_left(positions, start) + length - 1]
                form = text[part.places[start][0] : part.places[last][1]]
                yield " ".join(form[:MAX_FORM_LENGTH].split())


class _Texts:
    """The texts of a paper by field, read as far as they are asked for."""

    def __init__(self, paper: Mapping[str, Any], reader: _Reader) -> None:
        self._paper = paper
        self._reader = reader
        self._read: dict[str, list[tuple[str, Part]]] = {}

    def of(self, field: str) -> list[tuple[str, Part]]:
        """The texts of a field, each with its words that are sought."""
        if field == "text":
            return self.of("title") + self.of("abstract")
        if field not in self._read:
            sought = self._reader.in_texts
            texts = [self._paper[field]] if field != "author" else []
            if field == "author":
                sought = self._reader.in_names
                texts = [author["name"] for author in self._paper["authors"] or ()]
            self._read[field] = [(text, Part(text, sought)) for text in texts]
        return self._read[field]


def _found_as(node: Scored) -> Scored:
    """A clause's node as it is looked for in texts: without boost, by the names of members."""
    field = "title" if node.field == HEADING else node.field
    return replace(node, field=field, boost=1.0)
