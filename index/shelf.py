"""The service. Every door asks it, and all meaning lives here: what a request finds and says."""

import datetime
import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import orjson

from index.changes import Changes
from index.cursors import CursorCodec
from index.daily import DailyPage, Listed, daily_page, listed_papers
from index.engines import open_engine
from index.facets import Facet
from index.indexer import Indexer, Progress
from index.loader import Loader, LoadObserver, LoadReport
from index.ranking import RECIPE, Recipe
from index.related import Related, related_papers
from index.searches import Answer, Searches
from index.sources import Upload
from index.store import Removal, Store
from index.suggestions import Suggestions
from index.view import Plan, View
from index.views import Views
from schema.dates import DayInterval
from schema.errors import no_paper
from schema.identifiers import identifier_key
from schema.search import (
    MAX_LIMIT,
    Alternative,
    Highlight,
    Page,
    SearchRequest,
    Suggestion,
)

_log = logging.getLogger("papershelf")

INDEX_EVERY = 2.0
"""Seconds after which a running load brings the index up to what it has stored."""

REFRESH_EVERY = 0.4
"""Seconds between two looks of a server for a newer revision: 0.4 % of a core when idle."""

PATIENCE = 30.0
"""Seconds that a load waits at its end for another process that holds the index lock."""


@dataclass(frozen=True, slots=True)
class Stats:
    """Counts and positions of one revision."""

    papers: int
    store_position: int
    index_position: int
    engine: str
    published_from: str | None
    published_to: str | None
    revision: str


class Shelf:
    """Papers in a folder: load, remove, look up, search.

    Readers see one `View` at a time and never wait for a writer. `start` keeps the index and the
    view fresh in the background, for servers; without it call `catch_up`. `recipe` has the
    constants of the order by relevance, and the switch of its feedback. `changes` tells others
    what changed, and follows other shelves.
    """

    def __init__(self, folder: Path, engine: str = "tantivy", recipe: Recipe = RECIPE) -> None:
        self._stop = threading.Event()
        self._store = Store.open(folder)
        self._engine = open_engine(engine, folder / "index", self._store.identity)
        self._engine_name = engine
        self._indexer = Indexer(self._store, self._engine, folder / "index.lock", self._stop)
        self._rejects = folder / "rejects"
        self._codec = CursorCodec(self._store.identity.encode())
        self._tag_key = f"{self._store.identity} {engine}".encode()
        self._behind = threading.Event()
        self._threads: list[threading.Thread] = []
        self._goal = 0
        self.ready = False
        self._views = Views(self._store, self._engine)
        self._suggestions = Suggestions()
        self.changes = Changes(self._store, self._tag_key, self._begin, self._make_findable)
        self._searches = Searches(self._views, self._codec, self._engine.capabilities, recipe)

    def __enter__(self) -> "Shelf":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop the background work and let all files go."""
        self._stop.set()
        self._behind.set()
        for thread in self._threads:
            thread.join()
        self._views.close()
        self._engine.close()
        self._store.close()

    # Keeping up

    def start(self) -> None:
        """Index and refresh in background threads until `close`; see `ready`.

        Two, for readers are to see each commit at once, however long the next one takes. `load` and
        `remove` leave the index to them from now on; see `is_searchable`.
        """
        self._goal = self._store.position()
        for name, step in (("shelf-refresher", self._refresh), ("shelf-indexer", self._index)):
            thread = threading.Thread(None, self._repeat, name, (step,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _repeat(self, step: Callable[[], None]) -> None:
        trouble = ""
        while not self._stop.is_set():
            try:
                step()
                trouble = ""
            except Exception as error:  # whatever it is, the next round may succeed
                if str(error) != trouble and not self._stop.is_set():
                    trouble = str(error)
                    _log.exception("The index could not be brought up to date; trying again")
            self._stop.wait(REFRESH_EVERY)

    def _refresh(self) -> None:
        if not self._views.refresh():
            self._behind.set()
        self._views.tidy()
        view = self.view
        self.ready = self.ready or (view.snapshot is not None and view.index_position >= self._goal)

    def _index(self) -> None:
        self._behind.wait()
        self._behind.clear()
        if not self._stop.is_set():
            self.catch_up()

    def catch_up(self, patience: float = 0.0, progress: Progress | None = None) -> bool:
        """Bring the index up to the store, and readers to it; whether it got there.

        If another process is at it, wait up to `patience` seconds for that one.
        """
        reached = self._indexer.catch_up(patience, progress)
        self._views.refresh()
        return reached

    @property
    def view(self) -> View:
        """The revision that readers see now; take it once a call."""
        return self._views.current

    # Writing

    def load(
        self,
        sources: Iterable[Path | Upload | None],
        observer: LoadObserver,
        *,
        format_name: str | None = None,
        page_date: datetime.date | None = None,
        dry_run: bool = False,
    ) -> LoadReport:
        """Load files and uploads (None: standard input) one after another, index them, and report.

        Raises `StoreError` when the store cannot go on, `OSError` when the index or the rejects
        cannot be written; what was committed before stays, and the next load or server indexes it.
        Raises `Problem` `shelf-follows` on a copy of another shelf.
        """
        if not dry_run:
            self._store.refuse_if_copy()
        between = (lambda: None) if dry_run else self._begin()
        loader = Loader(self._store, self._rejects, observer, between)
        try:
            for each in sources:
                loader.load(each, format_name=format_name, page_date=page_date, dry_run=dry_run)
        except BaseException:
            with suppress(Exception):  # what stopped the load is what the caller must hear of
                if not dry_run:
                    self._make_findable(0.0)
            raise
        if not dry_run:
            self._make_findable(PATIENCE)
        return loader.report

    def remove(self, ids: Sequence[str]) -> list[Removal]:
        """Remove papers by any of their ids, leaving tombstones; one answer for each id given."""
        self._store.refuse_if_copy()
        self._indexer.settle(PATIENCE)
        removals = self._store.remove(ids)
        self._make_findable(PATIENCE)
        return removals

    def _begin(self) -> Callable[[], None]:
        """Begin to write; what is to be called between the commits indexes now and then."""
        self._indexer.settle(PATIENCE)
        indexed = time.monotonic()

        def index_now_and_then() -> None:
            nonlocal indexed
            if not self._threads and time.monotonic() - indexed >= INDEX_EVERY:
                self._indexer.catch_up()
                indexed = time.monotonic()

        return index_now_and_then

    def _make_findable(self, patience: float) -> None:
        if self._threads:
            self._views.refresh()
            self._behind.set()
        elif not self.catch_up(patience) and patience:
            _log.warning("Stored, but not to be found until another process has done its indexing.")

    @property
    def position(self) -> int:
        """The position of the store: the number of the newest change. Raises `StoreError`."""
        return self._store.position()

    def is_searchable(self, position: int) -> bool:
        """Whether searches find, and no longer find, what was changed up to a position."""
        return self.view.index_position >= position

    def rebuild(self, progress: Progress | None = None) -> int:
        """Make the full-text index anew; returns how many papers it holds."""
        count = self._indexer.rebuild(progress)
        self._views.refresh()
        return count

    def check(self) -> list[str]:
        """What is wrong with the store or the index, a sentence each; nothing if all is well."""
        return self._store.verify() + self._indexer.check()

    # Reading

    def plan(self, request: SearchRequest, view: View | None = None) -> Plan:
        """Parse a request and fix the revision it reads: that of its cursor, else of `view`.

        By default that is the current one. Raises `Problem` for a query or cursor.
        """
        return self._searches.plan(request, view)

    def tag(self, view: View, question: bytes) -> bytes:
        """A validator of the answer to `question` in a view: 24 hexadecimal digits.

        Keyed by the shelf's identity and engine, so that no other shelf's answer has it and nobody
        can make one up.
        """
        digest = blake2b(question, digest_size=12, key=self._tag_key)
        digest.update(b"\0" + view.revision.encode())
        return digest.hexdigest().encode()

    def behind(self, request: SearchRequest, rank: int, view: View) -> SearchRequest:
        """A first page's request turned into that of the page behind `rank` papers in `view`."""
        return self._searches.behind(request, rank, view)

    def walked(self, plan: Plan) -> None:
        """Note that a cursor of this plan's revision is handed out once more, so keep that."""
        if not plan.stale:
            self._views.walked(plan.view)

    def run(self, plan: Plan) -> Page:
        """The page that a plan asks for."""
        return self._searches.run(plan)

    def answer(self, plan: Plan) -> Answer:
        """The page that a plan asks for, with the extras of its request."""
        return self._searches.answer(plan)

    def export(self, plan: Plan, *, whole: bool = False) -> Iterator[bytes]:
        """All papers that a plan without a cursor finds, in its order, in constant memory.

        They are JSON objects as stored: list rows, or `whole` papers. The view of the plan is held
        until the iterator ends or is let go. Raises `Problem` where it begins: for a query, and
        `starting` without index.
        """
        return self._searches.export(plan, whole=whole)

    def at_once(self, plan: Plan) -> Answer | None:
        """The same as `answer` where that is light work; None where it belongs into a thread."""
        return self._searches.at_once(plan)

    def alternatives(self, page: Page, plan: Plan) -> tuple[Alternative, ...]:
        """Questions that find more than that of a page, where it found little, best first."""
        return self._searches.alternatives(page, plan)

    def search(self, request: SearchRequest) -> Page:
        """Plan and run in one step."""
        return self.run(self.plan(request))

    def cursors(self, page: Page, plan: Plan, numbers: Sequence[int] | None = None) -> list[str]:
        """A cursor behind each hit of a page, or behind those of these numbers, 0 the first."""
        return self._searches.cursors(page, plan, numbers)

    def facets(
        self, page: Page, plan: Plan, names: Sequence[str], size: int
    ) -> dict[str, Facet | None]:
        """Facets of a page's whole result by name, `size` values each; None for one not exact."""
        return self._searches.facets(page, plan, names, size)

    def highlights(self, page: Page, plan: Plan) -> list[tuple[Highlight, ...]]:
        """What the query matched in each paper of a page, in order; nothing without a query."""
        return self._searches.highlights(page, plan)

    def find_paper(self, identifier: str, view: View | None = None) -> bytes | None:
        """The full paper of any of its ids as JSON bytes; None if there is none (any more)."""
        key = identifier_key(identifier)
        view = view or self.view  # held: a view whose last user is gone closes, also in mid-call
        return view.reader.paper(key) if key else None

    def paper(self, identifier: str, view: View | None = None) -> bytes:
        """The same as `view` has it, by default the current one.

        Raises `Problem`: `paper-not-found`, or `paper-removed` for a tombstone.
        """
        key = identifier_key(identifier)
        view = view or self.view
        found = view.reader.paper(key) if key else None
        if found is not None:
            return found
        raise no_paper(identifier, removed=key is not None and view.reader.is_removed(key))

    def papers(self, identifiers: Sequence[str], view: View | None = None) -> list[bytes | None]:
        """List rows for ids of any kind, in their order, None for ones unknown to `view`.

        By default that is the current one.
        """
        view = view or self.view  # held: a view whose last user is gone closes
        reader = view.reader
        keys = [identifier_key(identifier) for identifier in identifiers]
        rowids = dict(zip(keys, reader.resolve([key or "" for key in keys]), strict=True))
        stored = reader.rows([rowid for rowid in rowids.values() if rowid is not None])
        return [stored.get(rowid) if (rowid := rowids[key]) else None for key in keys]

    def related(self, identifier: str, limit: int, view: View | None = None) -> Related:
        """The papers most like the one of any of its ids, at most `limit`, as `view` has them.

        Raises `Problem`: what `paper` raises, and `starting` where there is no index yet.
        """
        view = view or self.view
        return related_papers(orjson.loads(self.paper(identifier, view)), limit, view)

    def suggest(self, text: str, limit: int, view: View | None = None) -> tuple[Suggestion, ...]:
        """What a text that is being typed may become: at most `limit` terms, authors and titles.

        Nothing for a text without words. Raises `Problem` `starting` where there is no index yet.
        """
        return self._suggestions.of(text, limit, view or self.view)

    def daily(
        self,
        day: str | None = None,
        limit: int = MAX_LIMIT,
        cursor: str | None = None,
        view: View | None = None,
    ) -> DailyPage:
        """The papers listed on a day (ISO; None: the newest that has some), `limit` of them.

        A first page is read from `view`, by default the current one. Raises `Problem`
        `day-not-found` for a day without papers, naming its neighbours.
        """
        return daily_page(self._views, self._codec, day, limit, cursor, view or self.view)

    def listed(self, days: DayInterval, rank: int, limit: int, view: View | None = None) -> Listed:
        """The papers listed on the days of a range, `limit` of them behind the first `rank`.

        The newest day comes first, and on a day papers stand as `daily` has them. One that several
        of these days list stands on the earliest of them.
        """
        return listed_papers(view or self.view, days, rank, limit)

    def stats(self, view: View | None = None) -> Stats:
        """Counts and positions as `view` has them, by default the current one."""
        view = view or self.view
        papers, published_from, published_to = view.reader.stats()
        return Stats(
            papers=papers,
            store_position=view.reader.position,
            index_position=view.index_position,
            engine=self._engine_name,
            published_from=published_from,
            published_to=published_to,
            revision=view.revision,
        )
