"""Rescue: other questions for one that found little or nothing, each with what it finds.

Words that no paper holds are spelled as papers do, dates are widened or left out, and so are
filters and words. Every such question is counted by the engine, and only those are shown that find
more. All of it rests on the revision and the question alone, so that equal ones have equal answers.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise

from index.query import And, Fuzzy, Node, Not, Or, Phrase, Prefix, Range, Term, Wildcard
from index.rewriting import Part, Rewriting, Word
from index.spelling import candidates, joined
from index.view import Plan, View, parsed_of
from schema.errors import Problem
from schema.filters import FILTERS_BY_NAME
from schema.request import parse_request
from schema.search import (
    LITTLE,
    MAX_ALTERNATIVES,
    MAX_FACET_SIZE,
    Alternative,
    AlternativeKind,
    Match,
    Page,
    SearchRequest,
)

MAX_CORRECTED = 8
MAX_TRIED, MAX_HEAVY = 24, 6
"""Words of a query that are looked at, and questions that are counted, each by one or two calls of
the engine; so many where patterns or phrases with gaps make a call take long."""

SPELLINGS = 2
"""Of a word that are tried, and whole spellings of a query that are shown."""

FAR_RARER = 50
"""How many times more papers must hold a word for one that some hold to be taken for a slip."""

PUBLISHED, LISTED = "published", "listed"

Parameters = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _Question:
    """A question to be tried."""

    kind: AlternativeKind
    message: str
    q: str | None
    parameters: Parameters


def found_little(page: Page) -> bool:
    """Whether a page is the first of a question with too few full matches for ways out."""
    request = page.request
    asks = request.q is not None or bool(request.conditions)
    first = request.cursor is None and request.before is None
    return asks and first and page.total_all < LITTLE


def alternatives(page: Page, plan: Plan) -> tuple[Alternative, ...]:
    """At most `MAX_ALTERNATIVES` questions with more full matches than that of a page, best first.

    None where that found enough. Where words were relaxed so that enough was found, only spelling
    is in question, and where a paper has all words, only that of words that no paper holds.
    """
    if not found_little(page) or plan.parsed.crowded:
        return ()
    found: list[Alternative] = []
    counts = dict.fromkeys(AlternativeKind, 0)
    most = {AlternativeKind.SPELLING: SPELLINGS, AlternativeKind.DATE: 2}
    rescue = _Rescue(page, plan)
    most_tried = MAX_HEAVY if _heavy(plan.parsed.all) else MAX_TRIED
    for question in islice(rescue.questions(), most_tried):
        tried = rescue.tried(question)
        if tried is not None and not any(_same(tried, each) for each in found):
            found.append(tried)
    kinds = list(AlternativeKind)
    found.sort(key=lambda each: kinds.index(each.kind))
    chosen: list[Alternative] = []
    for each in found:
        counts[each.kind] += 1
        if counts[each.kind] <= most.get(each.kind, MAX_ALTERNATIVES):
            chosen.append(each)
    return tuple(chosen[:MAX_ALTERNATIVES])


def _same(one: Alternative, other: Alternative) -> bool:
    return (one.q, one.parameters) == (other.q, other.parameters)


class _Rescue:
    """The question of a page, and those that may find more."""

    def __init__(self, page: Page, plan: Plan) -> None:
        self._page = page
        self._request = plan.request
        self._view: View = plan.view
        self._snapshot = plan.view.open_snapshot()
        self._parameters = tuple(pair for pair in plan.request.given if _chooses(*pair))
        self._q = plan.request.q or ""
        self.found = 0
        """The most full matches of a question that was tried."""

    def questions(self) -> Iterator[_Question]:
        """What may be asked instead, the likeliest first."""
        text = Rewriting(self._q)
        words = text.words()[:MAX_CORRECTED]
        unknown = [word for word in words if not self._papers(word)]
        spelled = self._spellings(text, words)
        yield from map(self._meant, spelled)
        if self.found < LITTLE:
            joined_ = self._joined(Rewriting(spelled[0]) if spelled else text)
            apart = [each for each in joined_ if _may_be_asked(each)]
            yield from map(self._meant, apart)
            spelled = [*apart, *spelled]
        if self._page.total >= LITTLE or self.found >= LITTLE:
            return
        hint, base = "", text
        if spelled and unknown:
            hint, base = f"Did you mean `{spelled[0]}`? ", Rewriting(spelled[0])
        yield from self._dates(base, hint)
        yield from self._filters(base, hint)
        yield from self._words(base, hint, unknown if base is text else ())

    def tried(self, question: _Question) -> Alternative | None:
        """A question with its totals; None if it has no more full matches, or cannot be asked."""
        try:
            request = _request(question)
            total, total_all = _totals(self._view, request)
        except Problem:
            return None
        if total_all <= self._page.total_all:
            return None
        self.found = max(self.found, total_all)
        return Alternative(
            question.kind, question.message, question.q, question.parameters, total, total_all
        )

    def _meant(self, q: str) -> _Question:
        message = f"Did you mean `{q}`?"
        return _Question(AlternativeKind.SPELLING, message, q, self._parameters)

    def _papers(self, word: Word) -> int:
        return self._snapshot.count(Term(word.field, word.term))

    def _spellings(self, text: Rewriting, words: Sequence[Word]) -> list[str]:
        """The query with its words spelled as papers do, the likeliest spelling first."""
        choices: list[list[tuple[int, int, str]]] = []
        enough = self._page.total_all and self._page.total >= LITTLE
        for word in words:
            papers = self._papers(word)
            if papers >= LITTLE or (papers and enough):
                continue
            near = candidates(word.surface, word.field, self._snapshot, SPELLINGS)
            chosen = [each for each, count in near if count >= max(1, papers * FAR_RARER)]
            if chosen:
                choices.append([(word.start, word.end, each) for each in chosen])
        spelled = []
        if choices:
            best = [each[0] for each in choices]
            spelled.append(text.replaced(best))
            for number, each in enumerate(choices):
                for other in each[1:]:
                    spelled.append(text.replaced([*best[:number], other, *best[number + 1 :]]))
        return [each for each in dict.fromkeys(spelled) if _may_be_asked(each)]

    def _joined(self, text: Rewriting) -> Iterator[str]:
        """A query with two neighbouring words as one that papers hold."""
        words = text.words()[:MAX_CORRECTED]
        made = joined([word.surface for word in words], "text", self._snapshot)
        for (first, second), (word, papers) in zip(pairwise(words), made, strict=True):
            between = text.text[first.end : second.start]
            if first.bare and second.bare and papers and not between.strip():
                yield text.replaced([(first.start, second.end, word)])

    def _dates(self, text: Rewriting, hint: str) -> Iterator[_Question]:
        """Without bounds of publication, within the years around them that have papers; listed."""
        request = self._request
        parts = [part for part in text.parts() if part.field == PUBLISHED]
        names = {name for name, each in request.conditions if each.field == PUBLISHED}
        if parts or names:
            q, left = text.without(parts) or None, self._left(names)
            free = _Question(AlternativeKind.DATE, f"{hint}Published at any time.", q, left)
            years = self._nearest(free, text, names)
            if years:
                wide = (*left, ("year", years))
                yield replace(free, message=f"{hint}{_published(years)}", parameters=wide)
            yield free
        parts = [part for part in text.parts() if part.field == LISTED]
        names = {name for name, each in request.conditions if each.field == LISTED}
        if parts or names:
            q, left = text.without(parts) or None, self._left(names)
            yield _Question(AlternativeKind.DATE, f"{hint}Listed at any time.", q, left)

    def _nearest(self, free: _Question, text: Rewriting, names: set[str]) -> str | None:
        """The years asked for, widened to the nearest with papers, as the filter `year` has it."""
        conditions = self._request.conditions
        asked = [span for name, each in conditions if name in names for span in each.intervals]
        asked += _ranges(parsed_of(text.text or None).all)
        low = min((first // 10_000 for first, _ in asked if first), default=None)
        high = max((last // 10_000 for _, last in asked if last), default=None)
        request = _request(free)
        filters = self._view.filters(request, None)
        tree = parsed_of(request.q).all
        counts = self._snapshot.facet("year", tree, filters, size=MAX_FACET_SIZE)
        years = [int(each.value) for each in counts.values] if counts else []
        below = max((year for year in years if low and year < low), default=None)
        above = min((year for year in years if high and year > high), default=None)
        if low and below and not (high and above and above - high <= low - below):
            low = below
        elif high and above:
            high = above
        else:
            return None
        return f"{low:04d}" if low == high and low else f"{_year(low)}-{_year(high)}"

    def _filters(self, text: Rewriting, hint: str) -> Iterator[_Question]:
        """Without one filter, or one value that the query asks for."""
        for name in dict.fromkeys(name for name, _ in self._parameters):
            spec = FILTERS_BY_NAME.get(name)
            if spec and spec.field not in (PUBLISHED, LISTED):
                message = f"{hint}Without `{name}`."
                left = self._left({name})
                yield _Question(AlternativeKind.FILTER, message, text.text or None, left)
        conditions = [part for part in text.parts() if not part.is_text]
        for part in conditions:
            if part.field not in (PUBLISHED, LISTED):
                message = f"{hint}Without `{_shown(text, part)}`."
                q = text.without([part]) or None
                yield _Question(AlternativeKind.FILTER, message, q, self._parameters)
        names = {name for name, _ in self._parameters if name in FILTERS_BY_NAME}
        if len(names) + len(conditions) > 1 and self.found < LITTLE:
            message, q = f"{hint}Without any filter.", text.without(conditions) or None
            yield _Question(AlternativeKind.FILTER, message, q, self._left(names))

    def _words(self, text: Rewriting, hint: str, unknown: Sequence[Word]) -> Iterator[_Question]:
        """Without the words that no paper holds, or else without one."""
        parts = [part for part in text.parts() if part.is_text and not part.stop]
        lost = [part for part in parts if _holds(part, unknown)]
        for dropped in [lost] if lost else [[part] for part in parts]:
            if len(dropped) < len(parts):
                shown = "`, `".join(_shown(text, part) for part in dropped)
                message = f"{hint}Without `{shown}`."
                q = text.without(dropped) or None
                yield _Question(AlternativeKind.WORD, message, q, self._parameters)

    def _left(self, names: set[str]) -> Parameters:
        """The parameters without those of some names."""
        return tuple(pair for pair in self._parameters if pair[0] not in names)


def _chooses(name: str, value: str) -> bool:
    """Whether a parameter chooses papers or their order, and says more than the default."""
    return name in FILTERS_BY_NAME or name == "sort" or (name == "match" and value != Match.AUTO)


def _totals(view: View, request: SearchRequest) -> tuple[int, int]:
    """What the first page of a request calls its total, and the number of full matches."""
    snapshot, parsed = view.open_snapshot(), parsed_of(request.q)
    filters = view.filters(request, None)
    full = snapshot.count(parsed.all, filters)
    if parsed.matched(request.match, full) is Match.ALL:
        return full, full
    return snapshot.count(parsed.any, filters), full


def _heavy(tree: Node) -> bool:
    """Whether a tree has leaves that stand for many words or places."""
    if isinstance(tree, And | Or):
        return any(map(_heavy, tree.nodes))
    if isinstance(tree, Not):
        return _heavy(tree.node)
    expands = isinstance(tree, Prefix | Wildcard | Fuzzy)
    return expands or (isinstance(tree, Phrase) and tree.slop > 1)


def _request(question: _Question) -> SearchRequest:
    written = [("q", question.q)] if question.q else []
    return parse_request([*written, *question.parameters])


def _may_be_asked(q: str) -> bool:
    """Whether a query is within the bounds; one near to them may grow beyond by its spelling."""
    try:
        parse_request([("q", q)])
        parsed_of(q)
    except Problem:
        return False
    return True


def _shown(text: Rewriting, part: Part) -> str:
    return text.text[part.start : part.end]


def _holds(part: Part, words: Sequence[Word]) -> bool:
    return any(part.start <= word.start < part.end for word in words)


def _year(year: int | None) -> str:
    return "" if year is None else f"{year:04d}"


def _published(years: str) -> str:
    """What the filter `year` asks for, in words."""
    low, dash, high = years.partition("-")
    if dash and not high:
        return f"Published in {low} or later."
    return f"Published in {years}." if low else f"Published in {high} or earlier."


def _ranges(tree: Node) -> Iterator[tuple[int | None, int | None]]:
    """The bounds of publication that a tree asks for."""
    if isinstance(tree, And | Or):
        for each in tree.nodes:
            yield from _ranges(each)
    elif isinstance(tree, Range) and tree.field == PUBLISHED:
        yield tree.low, tree.high
