"""The reference engine: Whoosh 2.7.4, pure Python, good to about ten thousand papers.

Orders are computed from stored values, scores by BM25F. A searcher is opened afresh for every
commit (`Searcher.refresh` is broken). Index files are pickles: the folder is private, and nobody
else's files may be put there.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any

from index.document import IndexDocument
from index.engine import Capabilities, EngineUnavailable
from index.engines.builds import Builds
from index.engines.facets import best, check_exact, check_facet, counted
from index.engines.texts import FORMAT, SURFACE_FIELDS
from index.engines.trees import check, check_positions, check_ranking
from index.engines.whoosh_fields import Row, build_schema, paper_members
from index.engines.whoosh_library import (
    filestore,
    query,
    scoring,
    searching,
    storage,
)
from index.engines.whoosh_queries import compile_query, numbers
from index.expansion import fuzzy_words, literal_prefix, wildcard_words
from index.query import Fuzzy, Node, Prefix, Wildcard
from index.ranking import Ranking, inverse_frequency
from schema.search import BY_RELEVANCE, RELEVANCE, FacetCounts, Hit, Hits, Sort, SortPosition

MEMORY_MB = 64
OPEN_ATTEMPTS = 5
CHECKPOINT = "checkpoint"


class Files(filestore.FileStorage):  # type: ignore[misc]
    """A folder that remembers what was opened, as Whoosh leaves files open when it fails."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self.opened: list[Any] = []

    def open_file(self, name: str, **kwargs: Any) -> Any:
        """An open file of the folder."""
        self.opened.append(super().open_file(name, **kwargs))
        return self.opened[-1]


def open_reader(path: Path) -> Any:
    """A reader of the newest commit.

    Raises whatever Whoosh makes of a damaged folder. A commit may remove the list of segments that
    was just found; then there is a newer one.
    """
    for attempt in range(OPEN_ATTEMPTS):
        files = Files(path)
        try:
            reader = files.open_index().reader()
        except Exception as error:
            for opened in files.opened:
                with suppress(Exception):
                    opened.close()
            overtaken = isinstance(error, FileNotFoundError) and str(error.filename).endswith(
                ".toc"
            )
            if not overtaken or attempt == OPEN_ATTEMPTS - 1:
                raise
        else:
            files.opened = []
            return reader
    raise AssertionError("the last attempt returns or raises")


class WhooshEngine:
    """The engine protocol (`index.engine.Engine`) over a folder of Whoosh builds."""

    capabilities = Capabilities(name="whoosh", parallel=False)

    def __init__(self, folder: Path, identity: str) -> None:
        self._builds = Builds(folder)
        self._identity = identity

    def position(self) -> int | None:
        """See `index.engine.Engine`."""
        try:
            snapshot = self.snapshot()
        except EngineUnavailable:
            return None
        snapshot.close()
        return snapshot.position

    def snapshot(self) -> "WhooshSnapshot":
        """See `index.engine.Engine`."""
        try:
            found = self._builds.read(self._load)
        except EngineUnavailable:
            raise
        except Exception as error:  # a damaged pickle may raise anything
            raise EngineUnavailable(f"the full-text index could not be read: {error}") from error
        if found is None:
            raise EngineUnavailable("there is no full-text index yet")
        return found

    def close(self) -> None:
        """See `index.engine.Engine`; between calls nothing is held."""

    def apply(self, puts: Iterable[IndexDocument], deletes: Iterable[int], position: int) -> None:
        """See `index.engine.Engine`. Raises `EngineUnavailable`, or `OSError` on a full disk."""
        path = self._builds.current()
        if path is None or self.position() is None:
            raise EngineUnavailable("the full-text index must be rebuilt first")
        # A deletion does not reach what the same commit added: each row once, the last one.
        rows = {document.rowid: document for document in puts}
        self._write(path, rows.values(), {*deletes, *rows}, position)

    def rebuild(self, documents: Iterable[IndexDocument], position: int) -> None:
        """See `index.engine.Engine`. Raises `OSError` where it cannot write; the old one stays."""
        path = self._builds.begin()
        try:
            storage.create_in(str(path), build_schema()).close()
            self._write(path, documents, (), position)
        except BaseException:
            self._builds.discard(path)
            raise
        self._builds.publish(path)

    def _write(
        self, path: Path, puts: Iterable[IndexDocument], deletes: Iterable[int], position: int
    ) -> None:
        opened = storage.open_dir(str(path))
        writer = opened.writer(limitmb=MEMORY_MB)
        try:
            with writer.searcher() as searcher:  # else each deletion opens one
                for rowid in deletes:
                    writer.delete_by_term("rowid", rowid, searcher=searcher)
                writer.delete_by_term("kind", CHECKPOINT, searcher=searcher)
            for document in puts:
                writer.add_document(**paper_members(document))
            stored = (position, self._identity, FORMAT)
            writer.add_document(kind=CHECKPOINT, checkpoint=stored)
        except BaseException:
            writer.cancel()
            raise
        writer.commit()
        opened.close()

    def _load(self, path: Path) -> "WhooshSnapshot":
        reader = open_reader(path)
        searcher = searching.Searcher(reader, weighting=scoring.BM25F())
        try:
            found = [
                searcher.stored_fields(number)["checkpoint"]
                for number in searcher.docs_for_query(query.Term("kind", CHECKPOINT))
            ]
            if len(found) != 1:
                raise EngineUnavailable("the full-text index has no checkpoint")
            position, identity, version = found[0]
            if identity != self._identity:
                raise EngineUnavailable("the full-text index belongs to another store")
            if version != FORMAT:
                raise EngineUnavailable("the full-text index was written by another version")
        except BaseException:
            searcher.close()
            raise
        return WhooshSnapshot(searcher, f"{path.name}.{reader.generation()}", position)


class WhooshSnapshot:
    """One commit (`index.engine.Snapshot`). Threads take turns: readers keep a place in files."""

    def __init__(self, searcher: searching.Searcher, generation: str, position: int) -> None:
        self.position = position
        self.generation = generation
        self._searcher = searcher
        self._lock = Lock()
        self._rows: dict[int, Row] | None = None

    def search(
        self,
        query: Node,
        filters: Node | None = None,
        sort: Sort = BY_RELEVANCE,
        *,
        offset: int = 0,
        after: SortPosition | None = None,
        before: SortPosition | None = None,
        backward: bool = False,
        limit: int = 20,
        ranking: Ranking | None = None,
    ) -> Hits:
        """See `index.engine.Snapshot`; raises `ValueError` for a tree beyond the bounds."""
        backward = check_positions(sort, after, before, backward)
        check_ranking(ranking)
        offset = max(0, offset)
        with self._lock:
            scores = self._scores(query, filters)
            if limit <= 0:
                return Hits(len(scores), ())
            if sort[0].name == RELEVANCE:
                if ranking is not None:
                    scores = self._sums(scores, ranking)
                rows = self._read_rows()
                ranked = sorted(scores, key=lambda each: (-scores[each], rows[each].tie))
            else:
                rows = self._read_rows()
                place = {
                    number: order_key(rows[number].tie, rows[number].sort, sort)
                    for number in scores
                }
                ranked = sorted(place, key=place.__getitem__)
                if after is not None:
                    passed = _place(after, sort)
                    ranked = [number for number in ranked if place[number] > passed]
                if before is not None:
                    passed = _place(before, sort)
                    ranked = [number for number in ranked if place[number] < passed]
                if backward:
                    end = max(0, len(ranked) - offset)
                    ranked, offset = ranked[max(0, end - limit) : end], 0
                scores = dict.fromkeys(scores, 0.0)
            page = ranked[offset : offset + limit]
            return Hits(
                len(scores), tuple(Hit(self._rowid(number), scores[number]) for number in page)
            )

    def _sums(self, found: Iterable[int], clauses: Ranking) -> dict[int, float]:
        """The sum of what the clauses give each paper, by Whoosh's number of it."""
        sums = dict.fromkeys(found, 0.0)
        for clause in clauses:
            for number, score in self._score(clause.node).items():
                if number in sums:
                    sums[number] += score
        return sums

    def scores(self, rowids: Sequence[int], clauses: Ranking) -> dict[int, float]:
        """See `index.engine.Snapshot`."""
        check_ranking(clauses)
        wanted = set(rowids)
        with self._lock:
            numbers_ = (number for number, row in self._read_rows().items() if row.rowid in wanted)
            sums = self._sums(numbers_, clauses)
            return {self._rowid(number): score for number, score in sums.items()}

    def rarity(self, words: Sequence[str]) -> list[float]:
        """See `index.engine.Snapshot`."""
        with self._lock:
            reader = self._searcher.reader()
            papers = reader.doc_count_all()
            return [
                inverse_frequency(int(reader.doc_frequency("text", word)), papers) for word in words
            ]

    def count(self, query: Node, filters: Node | None = None) -> int:
        """See `index.engine.Snapshot`."""
        return self.search(query, filters, limit=0).total

    def facet(
        self,
        name: str,
        query: Node,
        filters: Node | None = None,
        *,
        size: int = 20,
        selected: tuple[str, ...] = (),
    ) -> FacetCounts:
        """See `index.engine.Snapshot`; raises `ValueError` for a tree beyond the bounds."""
        check_facet(name, size, selected)
        with self._lock:
            numbers_ = self._scores(query, filters)
            rows = self._read_rows()
            held = [rows[number].facets[name] for number in numbers_]
        counts = Counter(value for values in held for value in values)
        return counted(
            best(counts, size),
            selected=selected,
            count_of=counts.__getitem__,
            distinct=len(counts),
            pairs=counts.total(),
            missing=sum(not values for values in held),
        )

    def example(self, field: str, value: str) -> int | None:
        """See `index.engine.Snapshot`."""
        check_exact(field, value)
        with self._lock:
            if self._searcher.is_closed:
                raise RuntimeError("the snapshot is closed")
            found = self._searcher.docs_for_query(query.Term(field, value))
            return min(map(self._rowid, found), default=None)

    def vocabulary(self, field: str, prefix: str) -> list[str]:
        """See `index.engine.Snapshot`."""
        with self._lock:
            return self._vocabulary(field, prefix)

    def close(self) -> None:
        """See `index.engine.Snapshot`."""
        with self._lock:
            if not self._searcher.is_closed:
                self._searcher.close()

    def _scores(self, tree: Node, filters: Node | None) -> dict[int, float]:
        """The score of each paper that matches, by Whoosh's number of it."""
        if self._searcher.is_closed:
            raise RuntimeError("the snapshot is closed")
        check(tree, filters)
        chosen = compile_query(filters, self.expand) if filters is not None else None
        return self._score(tree, chosen)

    def _score(self, tree: Node, chosen: Any = None) -> dict[int, float]:
        """The score of each paper that matches a checked tree, and the query `chosen` if given."""
        compiled = compile_query(tree, self.expand)
        scores: dict[int, float] = {}
        for searcher, base in self._searcher.leaf_searchers():
            allowed = set(numbers(chosen, searcher)) if chosen is not None else None
            matcher = compiled.matcher(searcher, searcher.context())
            while matcher.is_active():
                number = matcher.id()
                if allowed is None or number in allowed:
                    scores[base + number] = float(matcher.score())
                matcher.next()
        return scores

    def _rowid(self, number: int) -> int:
        if self._rows is not None:
            return self._rows[number].rowid
        return int(self._searcher.stored_fields(number)["row"][0])

    def _read_rows(self) -> dict[int, Row]:
        """What is stored of every paper; read once, when an order first needs it."""
        if self._rows is None:
            stored = self._searcher.reader().iter_docs()
            self._rows = {number: Row(*each["row"]) for number, each in stored if "row" in each}
        return self._rows

    def expand(self, node: Prefix | Wildcard | Fuzzy) -> list[str]:
        """See `index.engine.Snapshot`."""
        if isinstance(node, Prefix):
            return self._vocabulary(node.field, node.text)
        if isinstance(node, Wildcard):
            words = self._vocabulary(node.field, literal_prefix(node.pattern))
            return wildcard_words(node.pattern, words)
        words = self._vocabulary(node.field, node.text[:1]) if node.text else []

        def alive(word: str) -> bool:
            reader = self._searcher.reader()
            terms = [(name, word.encode()) for name in SURFACE_FIELDS[node.field]]
            return any(term in reader and reader.postings(*term).is_active() for term in terms)

        return fuzzy_words(node.text, node.distance, words, alive)

    def _vocabulary(self, field: str, prefix: str) -> list[str]:
        if field not in SURFACE_FIELDS:
            raise ValueError(f"{field!r} has no words")
        words: set[str] = set()
        for name in SURFACE_FIELDS[field]:
            found = self._searcher.reader().expand_prefix(name, prefix.encode())
            words.update(each.decode() for each in found)
        return sorted(words)


def order_key(tie: int, values: Mapping[str, Any], sort: Sort) -> tuple[Any, ...]:
    """What to order papers by: each key ascending with nulls last, then the tie."""
    keys: list[Any] = []
    for key in sort:
        value = values[key.name]
        keys.append(value is None)
        if isinstance(value, str):
            # The end of a title counts as less than any character, so that it turns round too.
            codes = tuple(-ord(letter) for letter in value) if key.descending else value
            keys.append((*codes, 1) if key.descending else codes)
        elif value is not None:
            keys.append(-value if key.descending else value)
        else:
            keys.append(0)
    return (*keys, tie)


def _place(position: SortPosition, sort: Sort) -> tuple[Any, ...]:
    names = [key.name for key in sort]
    return order_key(position.tie, dict(zip(names, position.values, strict=True)), sort)
