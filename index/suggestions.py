"""Suggestions: what a text that is being typed may become: a term, an author, the title of a paper.

The index is asked for the words that begin as the last word does, so nothing is kept but what was
worked out lately. Of terms and authors those come first that most papers have; behind other words,
those that go with them. One slip in the last word, and one in each before it, is forgiven.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice

import orjson

from index.analysis import (
    STOP_WORDS,
    TextWords,
    name_words,
    stem,
    words,
)
from index.document import exact_value
from index.engine import Snapshot
from index.language import MAX_CLAUSES
from index.query import And, Node, Or, Term
from index.ranking import ranking_of
from index.recent import Recent
from index.spelling import LEAST_LETTERS, candidates, likelihood, slips
from index.view import View, conjunction, parsed_of
from schema.errors import Problem
from schema.search import (
    Fragment,
    SortKey,
    Suggestion,
    SuggestionKind,
)

MAX_WORDS = 8
"""Words that count of what is typed, the last ones."""

LOOKED_AT = 12
"""Words that are looked at for each kind; those of one stem are one term."""

SHORT, KEPT = 2, 10_000
"""Letters of a beginning with thousands of words, and how many words and beginnings are kept."""

FEW_PAPERS = 3
"""That have a completion below which another spelling is looked for."""

RARELY = 0.01
"""The share of the most frequent term's papers up to which another is not worth showing."""

LEAST_TERM, SURNAMES, NAMES, ENDS = 2, 2, 5, 3
"""Letters of a term; how many completions are taken of a word of a name, of a whole name, and of
the last word of a title."""

SAMPLE, SPELLED = 12, 2
"""The newest papers of a name in which whole names are looked for, and those that tell how a term
is written."""

MOST_UPVOTES = (SortKey("upvotes", descending=True),)
NEWEST = (SortKey("publishedAt", descending=True),)

_QUOTES = re.compile(r"[\"“”„‟«»＂]")
"""What the language takes for a quote."""

UPVOTED = Term("has", "upvotes")

_TERMS, _AUTHORS = 0.4, 0.3
"""The shares of terms and authors; titles have the rest, and what the others leave."""


class Suggestions:
    """Makes suggestions, and keeps by revision what is asked again and again."""

    def __init__(self) -> None:
        self._short: Recent[list[tuple[str, int]]] = Recent(KEPT)
        self._written: Recent[str] = Recent(KEPT)

    def of(self, text: str, limit: int, view: View) -> tuple[Suggestion, ...]:
        """At most `limit` suggestions: terms, authors, titles, each kind by use; exact counts.

        Nothing comes of a text without words. Raises `Problem` `starting` without an index.
        """
        typed = words(text)[-MAX_WORDS:]
        if not typed:
            return ()
        typing = _Typing(self, text, typed, view)
        terms, authors = typing.terms(), typing.authors()
        first = list(islice(terms, max(1, round(limit * _TERMS))))
        names = list(islice(authors, max(1, round(limit * _AUTHORS))))[: limit - len(first)]
        titles = typing.titles(limit - len(first) - len(names))
        return (*first, *names, *titles)

    def completions(
        self, view: View, field: str, prefix: str, within: Node | None = None
    ) -> list[tuple[str, int]]:
        """`Snapshot.completions`, kept for short beginnings."""
        snapshot = view.open_snapshot()
        if len(prefix) > SHORT or within is not None:
            return snapshot.completions(field, prefix, within=within, limit=LOOKED_AT)
        return self._short.get(
            (snapshot.generation, field, prefix),
            lambda: snapshot.completions(field, prefix, limit=LOOKED_AT),
        )

    def written(self, view: View, word: str) -> str:
        """A word as most of a few papers write it, abstracts before titles."""
        return self._written.get((view.revision, word), lambda: _written(view, word))


class _Wanted(dict[str, bool]):
    """Says of every word whether it is the one."""

    def __missing__(self, word: str) -> bool:
        return False


class _Typing:
    """One text that is being typed, in one revision."""

    def __init__(self, kept: Suggestions, text: str, typed: Sequence[str], view: View) -> None:
        self._kept = kept
        self._view = view
        self._snapshot: Snapshot = view.open_snapshot()
        self._removed = view.removed
        self._name = exact_value("authorName", text)
        self._given = typed
        self._last = typed[-1]
        self._former = [self._known(word) for word in typed[:-1]]
        self._whole = {*self._former, *typed[:-1]}
        self._ends = self._completions()

    def terms(self) -> Iterator[Suggestion]:
        """The last word completed, behind the others as they were typed or should have been."""
        before = [self._kept.written(self._view, word) for word in self._former]
        known = {stem(word) for word in self._former}
        most = 0
        for word in self._ends:
            root = stem(word)
            if root in known or word in STOP_WORDS or len(word) < LEAST_TERM:
                continue
            q = " ".join([*before, self._kept.written(self._view, word)])
            count = self._count(q)
            most = max(most, count)
            if count > most * RARELY:
                known.add(root)
                yield Suggestion(SuggestionKind.TERM, self._marked(TextWords(q)), q, count)

    def authors(self) -> Iterator[Suggestion]:
        """Authors by their whole names, whose beginning was typed, or whose last word was."""
        whole = self._kept.completions(self._view, "authorName", self._name)
        surnames = self._surnames()
        names = {name: self._papers_of(name) for name, _ in whole[:NAMES]}
        if sum(count for _, count in surnames) > max(names.values(), default=0):
            names |= {name: self._papers_of(name) for name in self._names_with(surnames)}
        for name in sorted(filter(names.get, names), key=lambda name: (-names[name], name)):
            rowid = self._snapshot.example("authorName", name)
            rows = self._view.reader.rows([rowid] if rowid is not None else [])
            spelled = (each for row in rows.values() for each in _names(row))
            for written in spelled:
                if exact_value("authorName", written) == name:
                    q, marked = _quoted("author", written), self._marked(TextWords(written))
                    yield Suggestion(SuggestionKind.AUTHOR, marked, q, names[name])
                    break

    def _papers_of(self, name: str) -> int:
        return self._snapshot.count(Term("authorName", name), self._removed)

    def titles(self, limit: int) -> list[Suggestion]:
        """At most `limit` titles with all of the words.

        Of one word the most upvoted come first, where there are votes, else the newest.
        """
        roots = list(dict.fromkeys(stem(word) for word in self._ends))[:ENDS]
        if not roots or limit <= 0:
            return []
        former = tuple(Term("title", stem(word)) for word in self._former)
        ends = tuple(Term("title", root) for root in roots)
        tree = And((*former, Or(ends)))
        search = partial(self._snapshot.search, tree, self._removed, limit=limit)
        if former:
            hits = search(ranking=ranking_of(And((*former, ends[0]))))
        else:
            hits = search(MOST_UPVOTES if self._snapshot.count(UPVOTED) else NEWEST)
        rows = self._view.reader.rows([hit.rowid for hit in hits.hits])
        papers = (orjson.loads(rows[hit.rowid]) for hit in hits.hits)
        return [self._title(paper["id"], paper["title"]) for paper in papers]

    def _title(self, identifier: str, title: str) -> Suggestion:
        text_words = TextWords(title)
        short = len(text_words.surfaces) <= MAX_CLAUSES
        q = _quoted("title", title) if short else f"id:{identifier}"
        return Suggestion(SuggestionKind.TITLE, self._marked(text_words), q, None, identifier)

    def _completions(self) -> list[str]:
        """What the last word may become in a text, the likeliest first."""
        former = conjunction([Term("title", stem(word)) for word in self._former])
        field = "title" if former else "text"
        found = self._kept.completions(self._view, field, self._last, former)
        if not found and former:
            former = conjunction([Term("text", stem(word)) for word in self._former])
            found = self._kept.completions(self._view, "text", self._last, former)
        if former:
            counts = self._snapshot.frequencies("text", [word for word, _ in found])
            # Of words that go equally often with the others the rarer say more.
            weights = {
                word: beside * beside / max(papers, 1)
                for (word, beside), papers in zip(found, counts, strict=True)
            }
            found.sort(key=lambda each: (-weights[each[0]], each[0]))
            few = not found
        else:
            few = not found or found[0][1] < FEW_PAPERS
        self._strange = few
        slipped = self._slipped("text") if few else []
        return list(dict.fromkeys(word for word, _ in [*found, *slipped]))

    def _slipped(self, field: str) -> list[tuple[str, int]]:
        """Words of a field that begin nearly as the last one does, the likeliest first."""
        if len(self._last) < LEAST_LETTERS or not self._last.isascii():
            return []
        found: dict[str, tuple[float, int]] = {}
        for prefix, slip in slips(self._last).items():
            for word, papers in self._snapshot.completions(field, prefix, limit=2):
                scored = (likelihood(papers, slip), papers)
                found[word] = max(scored, found.get(word, scored))
        many = [word for word in found if found[word][1] >= FEW_PAPERS]
        ranked = sorted(many or found, key=lambda word: (-found[word][0], word))
        return [(word, found[word][1]) for word in ranked[:LOOKED_AT]]

    def _surnames(self) -> list[tuple[str, int]]:
        """Words of names that the last word begins, beside the others."""
        beside = conjunction([Term("author", word) for word in self._given[:-1]])
        found = self._kept.completions(self._view, "author", self._last, beside)[:SURNAMES]
        if self._strange and (not found or found[0][1] < FEW_PAPERS):
            found += self._slipped("author")[:SURNAMES]
        return found

    def _names_with(self, surnames: Sequence[tuple[str, int]]) -> list[str]:
        """Whole names, folded, that have one of some words: the most frequent of the newest."""
        chosen = {word for word, _ in surnames}
        beside = set(self._given[:-1])
        nodes = [Term("author", word) for word in self._given[:-1]]
        tree = And((*nodes, Or(tuple(Term("author", word) for word in sorted(chosen)))))
        hits = self._snapshot.search(tree, self._removed, NEWEST, limit=SAMPLE)
        rows = self._view.reader.rows([hit.rowid for hit in hits.hits])
        names = Counter(
            name
            for hit in hits.hits
            for written in _names(rows[hit.rowid])
            if not written.isascii() or any(word in written.lower() for word in chosen)
            for name in (exact_value("authorName", written),)
            if any(word in name for word in chosen)
        )
        found = []
        for name, _ in names.most_common():
            parts = set(name_words(name))
            if beside <= parts and parts & chosen:
                found.append(name)
        return found[:LOOKED_AT]

    def _known(self, word: str) -> str:
        """A word before the last, as papers spell it."""
        if word in STOP_WORDS or any(self._snapshot.frequencies("text", [word])):
            return word
        near = candidates(word, "text", self._snapshot, 1)
        return near[0][0] if near and "-" not in near[0][0] else word

    def _count(self, q: str) -> int:
        try:
            tree = parsed_of(q).all
        except Problem:
            return 0
        return self._snapshot.count(tree, self._removed)

    def _marked(self, text_words: TextWords) -> tuple[Fragment, ...]:
        """A text in pieces; what was typed of it matches."""
        spans: list[tuple[int, int]] = []
        found = [
            at
            for at, word in enumerate(text_words.surfaces)
            if word in self._whole or word.startswith(self._last)
        ]
        for at, (start, end) in zip(found, text_words.places(found) if found else (), strict=True):
            word = text_words.surfaces[at]
            if word not in self._whole and end - start == len(word):
                end = start + len(self._last)
            spans.append((start, end))
        text = text_words.text
        pieces: list[Fragment] = []
        at = 0
        for start, end in spans:
            pieces += [Fragment(text[at:start], False)] if start > at else []
            pieces.append(Fragment(text[start:end], True))
            at = end
        return (*pieces, Fragment(text[at:], False)) if at < len(text) else tuple(pieces)


def _quoted(field: str, text: str) -> str:
    return f'{field}:"{_QUOTES.sub(" ", text)}"'


def _names(row: bytes) -> list[str]:
    """The names of a paper's authors, without a look at its abstract."""
    return [author["name"] for author in orjson.loads(row)["authors"] or ()]


def _written(view: View, word: str) -> str:
    for field in (
        "title",
        "text",
    ):  # fewer have it in the title, and nearly all in the abstract too
        root = Term(field, stem(word))
        hits = view.open_snapshot().search(root, view.removed, limit=SPELLED)
        if hits.hits:
            break
    rows = view.reader.rows([hit.rowid for hit in hits.hits])
    papers = [orjson.loads(rows[hit.rowid]) for hit in hits.hits]
    for member in ("abstract", "title"):
        forms = Counter(form for paper in papers for form in _forms(paper[member], word))
        if forms:
            return max(forms, key=lambda form: (forms[form], form))
    return word


def _forms(text: str, word: str) -> list[str]:
    """How a text writes a folded word, each time it does."""
    if text.isascii() and word.isalpha() and word not in text.lower():
        return []
    found = TextWords(text).find([word], _Wanted({word: True}), 0)
    return [text[start:end] for _, start, end, _ in found]
