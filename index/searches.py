"""Searching: from a request to a page, and to the facets and highlights that go with it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any

import orjson

from index.cursors import Cursor, CursorCodec, fingerprint
from index.document import index_document
from index.engine import Capabilities
from index.explanation import explanations
from index.export import exported
from index.facets import Facet, facet
from index.highlight import Highlighter, Holds
from index.language import Parsed, parse
from index.page_cache import PageCache
from index.query import Range, Term
from index.ranking import RECIPE, Kind, Ranking, Recipe, ranking_of
from index.recent import Recent
from index.rescue import alternatives, found_little
from index.view import MAX_DIRECT_RANK, STALE, Plan, View, is_light, parsed_of
from index.views import Views
from schema.members import FURTHER_MEMBERS
from schema.search import (
    END,
    RELEVANCE,
    Alternative,
    Explanation,
    Highlight,
    Hit,
    Match,
    Page,
    SearchRequest,
)

PAGE_CACHE_BYTES = 16 * 2**20
MAX_FACETS_KEPT = 200
MAX_CUT_KEPT = 50
MAX_ALTERNATIVES_KEPT = 100

MAX_DIRECT_PAIRS = 1
"""Pairs are read with all places of their words; more of them belong into a thread."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A page with the extras that its request asks for.

    `rows` are JSON objects with the members asked for. `facets` by name, and `highlights` and
    `explanations` for each row, are None where they were not asked for; `alternatives` are none
    where enough was found.
    """

    page: Page
    rows: Sequence[bytes]
    facets: Mapping[str, Facet | None] | None = None
    highlights: Sequence[tuple[Highlight, ...]] | None = None
    explanations: Sequence[Explanation | None] | None = None
    alternatives: Sequence[Alternative] = ()


class Searches:
    """Answers requests from the views; `capabilities` are those of the engine.

    Pages are remembered by revision, and facets too, since they cost the most.
    """

    def __init__(
        self,
        views: Views,
        codec: CursorCodec,
        capabilities: Capabilities,
        recipe: Recipe = RECIPE,
    ) -> None:
        self._views = views
        self._codec = codec
        self._parallel = capabilities.parallel
        self._recipe = replace(recipe, feedback=recipe.feedback and capabilities.feedback)
        self._pages = PageCache(PAGE_CACHE_BYTES)
        self._facets: Recent[Facet | None] = Recent(MAX_FACETS_KEPT)
        self._alternatives: Recent[tuple[Alternative, ...]] = Recent(MAX_ALTERNATIVES_KEPT)
        self._cut: Recent[Parsed] = Recent(MAX_CUT_KEPT)

    def plan(self, request: SearchRequest, view: View | None = None) -> Plan:
        """Parse a request and fix the revision it reads; raises `Problem` for a query or cursor."""
        parsed = parsed_of(request.q)
        view, start, stale = view or self._views.current, None, False
        backward = request.before is not None
        place = request.before if backward else request.cursor
        if place is not None and not (backward and place == END):
            parameter = "before" if backward else "cursor"
            start = self._codec.decode(place, fingerprint(request), parameter)
            kept = self._views.of(start.revision)
            stale = kept is None
            view = kept or view
        page = self._pages.get((view.revision, stale, request))
        filters = view.filters(request, start if stale else None)
        ranking, feedback = self._order(request, partial(_ranking_of, request.q, self._recipe))
        pairs = sum(each.kind is Kind.PAIR for each in ranking or ())
        direct = (
            self._parallel
            and feedback is None
            and pairs <= MAX_DIRECT_PAIRS
            and (start.rank <= MAX_DIRECT_RANK if start else not backward)
            and is_light(parsed.all)
            and is_light(filters)
        )
        light = (page is not None or direct) and not (
            request.extras.facets or request.extras.highlight or request.extras.explain
        )
        return Plan(
            *(request, view, parsed, filters, light, start, backward, stale, page),
            ranking=ranking,
            feedback=feedback,
        )

    def behind(self, request: SearchRequest, rank: int, view: View) -> SearchRequest:
        """A first page's request turned into that of the page behind `rank` papers in `view`.

        It must not be one whose query may fall back on papers with some of its words.
        """
        if rank == 0:
            return request
        place = Cursor(view.revision, view.index_position, Match.ALL, rank, None)
        return replace(request, cursor=self._codec.encode(place, fingerprint(request)))

    def _order(
        self, request: SearchRequest, ranking_of_query: Callable[[], Ranking]
    ) -> tuple[Ranking | None, Recipe | None]:
        """What `Plan` calls `ranking` and `feedback`."""
        if request.q is None or request.sort[0].name != RELEVANCE:
            return None, None
        ranking = ranking_of_query()
        words = sum(each.kind is Kind.WORD for each in ranking)
        enough = self._recipe.feedback and words >= self._recipe.feedback_from
        return ranking, self._recipe if enough else None

    def run(self, plan: Plan) -> Page:
        """The page that a plan asks for."""
        if (known := plan.page) is not None:
            if (known.next_cursor or known.previous_cursor) and not plan.stale:
                self._views.walked(plan.view)
            return known
        plan = self._settled(plan)
        view, request = plan.view, plan.request
        found = view.find(plan)
        hits = found.hits
        if request.sort[0].name != RELEVANCE:
            hits = tuple(Hit(hit.rowid, None) for hit in hits)
        stored = view.reader.rows([hit.rowid for hit in hits])
        following = previous = None
        if found.later and hits:
            last = found.rank + len(hits)
            (following,) = self._cursors(plan, found.matched, [(last, hits[-1])])
        if found.earlier and hits:
            (previous,) = self._cursors(plan, found.matched, [(found.rank + 1, hits[0])])
        page = Page(
            request=request,
            hits=hits,
            rows=tuple(stored[hit.rowid] for hit in hits),
            total=found.total,
            total_all=found.total_all,
            matched=found.matched,
            next_cursor=following,
            previous_cursor=previous,
            rank=found.rank,
            revision=view.revision,
            warnings=plan.parsed.warnings + ((STALE,) if plan.stale else ()),
        )
        self._pages.put((view.revision, plan.stale, request), page)
        return page

    def export(self, plan: Plan, *, whole: bool) -> Iterator[bytes]:
        """The whole result of a plan without a cursor; see `index.export`."""
        yield from exported(self._settled(plan), whole=whole)

    def at_once(self, plan: Plan) -> Answer | None:
        """The same as `answer` where that is light work; None where it belongs into a thread."""
        if not plan.light:
            return None
        page = self.run(plan)
        if plan.request.extras.alternatives and found_little(page):
            return None
        return self.answer(replace(plan, page=page))

    def answer(self, plan: Plan) -> Answer:
        """The page that a plan asks for, with the extras of its request."""
        page, extras = self.run(plan), plan.request.extras
        return Answer(
            page,
            rows=page.rows if extras.fields is None else _chosen(page, plan, extras.fields),
            facets=self.facets(page, plan, extras.facets, extras.facet_size)
            if extras.facets
            else None,
            highlights=self.highlights(page, plan) if extras.highlight else None,
            explanations=self.explanations(page, plan) if extras.explain else None,
            alternatives=self.alternatives(page, plan) if extras.alternatives else (),
        )

    def cursors(self, page: Page, plan: Plan, numbers: Sequence[int] | None = None) -> list[str]:
        """A cursor behind each hit of a page, or behind those of these numbers, 0 the first."""
        chosen = range(len(page.hits)) if numbers is None else numbers
        ranked = [(page.rank + 1 + number, page.hits[number]) for number in chosen]
        return self._cursors(plan, page.matched, ranked)

    def facets(
        self, page: Page, plan: Plan, names: Sequence[str], size: int
    ) -> dict[str, Facet | None]:
        """Facets of a page's whole result by name, `size` values each; None for one not exact."""
        plan = self._settled(plan)
        found: dict[str, Facet | None] = {}
        request = plan.request
        for name in names:
            bound = plan.start.bound if plan.stale and plan.start else None
            key = (plan.view.revision, fingerprint(request), page.matched, bound, name, size)
            found[name] = self._facets.get(key, partial(facet, plan, page.matched, name, size))
        return found

    def highlights(self, page: Page, plan: Plan) -> list[tuple[Highlight, ...]]:
        """What the query matched in each paper of a page, in order; nothing without a query."""
        if plan.request.q is None:
            return [() for _ in page.rows]
        plan = self._settled(plan)
        tree = plan.parsed.any if page.matched is Match.ANY else plan.parsed.all
        highlighter = Highlighter(tree, plan.view.open_snapshot().expand)
        return [_highlights(highlighter, orjson.loads(row)) for row in page.rows]

    def explanations(self, page: Page, plan: Plan) -> list[Explanation | None]:
        """Why each paper of a page has its score, in order; None where nothing ranked."""
        text = plan.request.q
        if text is None or plan.request.sort[0].name != RELEVANCE or not page.hits:
            return [None] * len(page.hits)
        plan = self._settled(plan)
        papers = [orjson.loads(row) for row in page.rows]
        scoring = plan.view.scoring(plan, page, [paper["id"] for paper in papers])
        snapshot = plan.view.open_snapshot()
        return [*explanations(text, page.hits, papers, scoring, snapshot)]

    def alternatives(self, page: Page, plan: Plan) -> tuple[Alternative, ...]:
        """Questions that find more, where the one of a page found little; see `index.rescue`."""
        if not found_little(page):
            return ()
        key = (plan.view.revision, plan.request, plan.request.given)
        return self._alternatives.get(key, partial(alternatives, page, plan))

    def _settled(self, plan: Plan) -> Plan:
        """A plan whose long text is cut to its rarest words, which takes the index to tell."""
        if not plan.parsed.crowded or not plan.request.q:
            return plan
        snapshot = plan.view.open_snapshot()
        key = (plan.view.revision, plan.request.q)
        cut = self._cut.get(key, partial(parse, plan.request.q, snapshot.count))
        order = partial(ranking_of, cut.any, self._recipe)
        ranking, feedback = self._order(plan.request, order)
        return replace(plan, parsed=cut, ranking=ranking, feedback=feedback)

    def _cursors(self, plan: Plan, matched: Match, ranked: Sequence[tuple[int, Hit]]) -> list[str]:
        """A cursor behind each hit, given with its number in its result; keeps the revision."""
        start, view, request = plan.start, plan.view, plan.request
        if not plan.stale:
            self._views.walked(view)
        revision = start.revision if start else view.revision
        bound = start.bound if start else view.index_position
        search = fingerprint(request)
        places = view.places([hit.rowid for _, hit in ranked], request)
        return [
            self._codec.encode(Cursor(revision, bound, matched, rank, place), search)
            for (rank, _), place in zip(ranked, places, strict=True)
        ]


@lru_cache(maxsize=256)
def _ranking_of(text: str | None, recipe: Recipe) -> Ranking:
    """`ranking_of` a query, remembered as its tree is: every page of a walk asks."""
    return ranking_of(parsed_of(text).any, recipe)


def _chosen(page: Page, plan: Plan, fields: Sequence[str]) -> list[bytes]:
    """The papers of a page with `fields` alone; the whole papers are read where they must be."""
    whole = not set(fields).isdisjoint(FURTHER_MEMBERS)
    rows: list[bytes] = []
    for row in page.rows:
        paper = orjson.loads(row)
        if whole:
            paper = orjson.loads(plan.view.reader.paper(paper["id"]) or row)
        rows.append(orjson.dumps({name: paper.get(name) for name in fields}))
    return rows


def _highlights(highlighter: Highlighter, paper: dict[str, Any]) -> tuple[Highlight, ...]:
    names = [author["name"] for author in paper["authors"] or ()]
    holds = _values_of(paper) if highlighter.asks_values else None
    return highlighter.highlights(paper["title"], paper["abstract"], names, holds)


def _values_of(paper: dict[str, Any]) -> Holds:
    """Whether a paper holds a value, as far as its list row tells: not its sources and listings."""
    document = index_document(0, 0, paper | {"sources": []}, ())

    def holds(leaf: Term | Range) -> bool | None:
        if leaf.field in ("source", "listed"):
            return None
        if isinstance(leaf, Term):
            return leaf.text in document.exact.get(leaf.field, ())
        low, high = leaf.low, leaf.high
        return any(
            (low is None or low <= value) and (high is None or value <= high)
            for value in document.numbers.get(leaf.field, ())
        )

    return holds
