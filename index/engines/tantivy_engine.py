"""The default engine: tantivy by its official bindings, one folder, compiled code.

What the protocol asks and tantivy does not give is made here: the store position of a commit is a
checkpoint document (a commit takes no payload), replaced in the same atomic step; a snapshot is a
`Searcher`, which keeps its files mapped whatever happens to them; the generation is a digest of the
list of segments, read so that it belongs to the searcher.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Any

import tantivy

from index.document import IndexDocument
from index.engine import Capabilities, EngineUnavailable
from index.engines.builds import Builds
from index.engines.facets import check_exact, check_facet
from index.engines.tantivy_facets import TooManyValues, facet_counts
from index.engines.tantivy_fields import (
    CHECKPOINT,
    PAPER,
    SCHEMA,
    checkpoint_document,
    paper_document,
    register_tokenizers,
)
from index.engines.tantivy_orders import BY_TIE, Matching, order_of
from index.engines.tantivy_queries import Compiler, Pattern, all_of, unscored
from index.engines.texts import FORMAT, SURFACE_FIELDS
from index.engines.trees import check, check_positions, check_ranking
from index.expansion import fuzzy_words, literal_prefix, wildcard_words
from index.query import Node, Prefix, Term, Wildcard
from index.ranking import Ranking, inverse_frequency
from index.recent import Recent
from schema.search import BY_RELEVANCE, RELEVANCE, FacetCounts, Hits, Sort, SortPosition

WRITER_MEMORY = 64_000_000
"""Bytes of documents that a writer gathers before it writes a segment; twice that made a rebuild no
faster, and its process half as large again."""

OPEN_ATTEMPTS = 20
KEPT_LETTERS = 32
KEPT_TOTALS = 256
KEPT_RARITIES = 2
MAX_RARITIES = 50_000
"""What an engine remembers for all its snapshots together, as dozens of them may be kept: lists of
words by first letter (up to 2 MB each at 75k papers), totals, which each page of a walk asks, and
for the newest generations how rare some words are, which takes 4 us to ask.
"""


@contextmanager
def _border(action: str) -> Iterator[None]:
    """Turn what tantivy raises into an `OSError` that says what failed.

    A panic in compiled code comes as a `PanicException`, which is no `Exception`.
    """
    try:
        yield
    except (EngineUnavailable, OSError):
        raise
    except Exception as error:
        raise OSError(f"the full-text index could not be {action}: {error}") from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise OSError(f"the full-text index could not be {action}: internal error") from error


class TantivyEngine:
    """The engine protocol (`index.engine.Engine`) over a folder of tantivy builds."""

    capabilities = Capabilities(name="tantivy")

    def __init__(self, folder: Path, identity: str) -> None:
        self._builds = Builds(folder)
        self._identity = identity
        self._opened: tuple[Path, tantivy.Index] | None = None
        self._lock = Lock()
        self._words = Recent[tuple[str, ...]](KEPT_LETTERS)
        self._totals = Recent[int](KEPT_TOTALS)
        self._rarities = Recent[dict[str, float]](KEPT_RARITIES)

    def position(self) -> int | None:
        """See `index.engine.Engine`."""
        try:
            return self._newest()[2]
        except EngineUnavailable:
            return None

    def snapshot(self) -> "TantivySnapshot":
        """See `index.engine.Engine`."""
        return TantivySnapshot(*self._newest(), self._words, self._totals, self._rarities)

    def close(self) -> None:
        """See `index.engine.Engine`."""
        self._opened = None

    def apply(self, puts: Iterable[IndexDocument], deletes: Iterable[int], position: int) -> None:
        """See `index.engine.Engine`. Raises `EngineUnavailable`, or `OSError` on a full disk."""
        path = self._builds.current()
        if path is None or self.position() is None:
            raise EngineUnavailable("the full-text index must be rebuilt first")
        with _border("written"):
            # Opened anew each time: a writer that missed another process's commits would fork.
            self._write(_open(path), puts, deletes, position)

    def rebuild(self, documents: Iterable[IndexDocument], position: int) -> None:
        """See `index.engine.Engine`. Raises `OSError` where it cannot write; the old one stays."""
        path = self._builds.begin()
        try:
            with _border("written"):
                opened = tantivy.Index(SCHEMA, str(path))
                register_tokenizers(opened)
                self._write(opened, documents, (), position)
        except BaseException:
            self._builds.discard(path)
            raise
        self._builds.publish(path)

    def _write(
        self,
        opened: tantivy.Index,
        puts: Iterable[IndexDocument],
        deletes: Iterable[int],
        position: int,
    ) -> None:
        writer = opened.writer(WRITER_MEMORY, 1)
        try:
            for rowid in deletes:
                writer.delete_documents_by_term("rowid", rowid)
            for document in puts:
                writer.delete_documents_by_term("rowid", document.rowid)
                writer.add_document(paper_document(document))
            writer.delete_documents_by_term("kind", CHECKPOINT)
            writer.add_document(checkpoint_document(position, self._identity))
            writer.commit()
        finally:
            # Also after a failure: this gives up what is not committed, and the writer's lock.
            writer.wait_merging_threads()

    def _newest(self) -> tuple[tantivy.Searcher, str, int]:
        """Searcher, generation and position of the newest commit, or `EngineUnavailable`."""
        try:
            with self._lock, _border("read"):
                found = self._builds.read(self._load)
        except OSError as error:
            raise EngineUnavailable(str(error)) from error
        if found is None:
            raise EngineUnavailable("there is no full-text index yet")
        searcher, generation, checkpoint = found
        if checkpoint.get("identity") != [self._identity]:
            raise EngineUnavailable("the full-text index belongs to another store")
        if checkpoint.get("format") != [str(FORMAT)]:
            raise EngineUnavailable("the full-text index was written by another version")
        return searcher, generation, int(checkpoint["position"][0])

    def _load(self, path: Path) -> tuple[tantivy.Searcher, str, dict[str, Any]]:
        if self._opened is None or self._opened[0] != path:
            self._opened = (path, _open(path))
        opened = self._opened[1]
        for _ in range(OPEN_ATTEMPTS):
            generation = _generation(path)
            opened.reload()
            searcher = opened.searcher()
            if generation == _generation(path):
                return searcher, generation, _checkpoint(searcher)
        raise OSError("the full-text index changes faster than it can be read")


def _open(path: Path) -> tantivy.Index:
    opened = tantivy.Index.open(str(path))
    opened.config_reader("manual")
    register_tokenizers(opened)
    return opened


def _generation(path: Path) -> str:
    """A digest of the segments and their deletions: what a search of this commit rests on."""
    segments = json.loads((path / "meta.json").read_bytes())["segments"]
    return hashlib.sha256(json.dumps(segments).encode()).hexdigest()[:16]


def _checkpoint(searcher: tantivy.Searcher) -> dict[str, Any]:
    query = tantivy.Query.term_query(SCHEMA, "kind", CHECKPOINT)
    hits = searcher.search(query, 2).hits
    if len(hits) != 1:
        raise EngineUnavailable("the full-text index has no checkpoint")
    return searcher.doc(hits[0][1]).to_dict()


class TantivySnapshot:
    """One commit (`index.engine.Snapshot`). May be asked by several threads at once."""

    def __init__(
        self,
        searcher: tantivy.Searcher,
        generation: str,
        position: int,
        words: Recent[tuple[str, ...]],
        totals: Recent[int],
        rarities: Recent[dict[str, float]],
    ) -> None:
        self.position = position
        self.generation = generation
        self._searcher: tantivy.Searcher | None = searcher
        self._compiler = Compiler(self.expand)
        self._words = words
        self._totals = totals
        self._rarities = rarities

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
        check(query, filters)
        backward = check_positions(sort, after, before, backward)
        check_ranking(ranking)
        searcher = self._open_searcher()
        offset, limit = max(0, offset), min(limit, searcher.num_docs)
        with _border("searched"):
            if limit <= 0 or offset >= searcher.num_docs:
                return Hits(self._total(query, filters), ())
            by_score = sort[0].name == RELEVANCE
            matching = self._matching(query, filters, ranking)
            if by_score and (ranking is None or ranking):
                return matching.best(offset, limit)
            order = BY_TIE if by_score else order_of(sort, backward)
            addresses = order.page(matching, offset, limit, after or before)
            if backward:
                addresses.reverse()
            hits = matching.hits((0.0, address) for address in addresses)
            return Hits(self._total(query, filters), hits)

    def scores(self, rowids: Sequence[int], clauses: Ranking) -> dict[int, float]:
        """See `index.engine.Snapshot`."""
        check_ranking(clauses)
        scores = dict.fromkeys(rowids, 0.0)
        if scores and clauses:
            searcher = self._open_searcher()
            with _border("searched"):
                query = self._compiler.scored(self._compiler.rows(scores), clauses)
                hits = searcher.search(query, len(scores), count=False).hits
                found = searcher.fast_field_values("rowid", [address for _, address in hits])
            scores.update(
                (int(rowid), float(score))
                for rowid, (score, _) in zip(found, hits, strict=True)
                if rowid is not None
            )
        return scores

    def rarity(self, words: Sequence[str]) -> list[float]:
        """See `index.engine.Snapshot`."""
        searcher, known = self._open_searcher(), self._rarities.get(self.generation, dict)
        if len(known) > MAX_RARITIES:
            known.clear()
        found: list[float] = []
        for word in words:
            rare = known.get(word)
            if rare is None:
                count = searcher.doc_freq("text", word)
                rare = known[word] = inverse_frequency(count, searcher.num_docs)
            found.append(rare)
        return found

    def count(self, query: Node, filters: Node | None = None) -> int:
        """See `index.engine.Snapshot`."""
        check(query, filters)
        self._open_searcher()
        with _border("searched"):
            return self._total(query, filters)

    def facet(
        self,
        name: str,
        query: Node,
        filters: Node | None = None,
        *,
        size: int = 20,
        selected: tuple[str, ...] = (),
    ) -> FacetCounts | None:
        """See `index.engine.Snapshot`; raises `ValueError` for a tree beyond the bounds."""
        check(query, filters)
        check_facet(name, size, selected)
        with _border("counted"), suppress(TooManyValues):
            papers = self._matching(query, filters)
            return facet_counts(papers, name, size, selected, self._total(query, filters))
        return None

    def example(self, field: str, value: str) -> int | None:
        """See `index.engine.Snapshot`."""
        check_exact(field, value)
        searcher = self._open_searcher()
        query = self._compiler.text(field, value)
        with _border("searched"):
            found = Matching(searcher, self._compiler, query).ordered("rowid", 1)
        return int(found[0][0]) if found else None

    def vocabulary(self, field: str, prefix: str) -> list[str]:
        """See `index.engine.Snapshot`."""
        return list(self._vocabulary(field, prefix))

    def completions(
        self, field: str, prefix: str, *, within: Node | None = None, limit: int = 10
    ) -> list[tuple[str, int]]:
        """See `index.engine.Snapshot`; raises `ValueError` for a tree beyond the bounds."""
        check(within)
        searcher, counts = self._open_searcher(), dict[str, int]()
        chosen = None if within is None else unscored(self._compiler.compile(within))
        with _border("searched"):
            for each in SURFACE_FIELDS.get(field, (field,)):
                for word, count in searcher.terms_with_prefix(each, prefix, chosen, limit):
                    counts[word] = max(count, counts.get(word, 0))
        ranked = sorted((-count, word) for word, count in counts.items() if count)
        return [(word, -count) for count, word in ranked[:limit]]

    def frequencies(self, field: str, words: Sequence[str]) -> list[int]:
        """See `index.engine.Snapshot`."""
        held, fields = self._open_searcher().doc_freq, SURFACE_FIELDS[field]
        return [max(held(each, word) for each in fields) for word in words]

    def close(self) -> None:
        """See `index.engine.Snapshot`."""
        self._searcher = None

    def _matching(
        self, query: Node, filters: Node | None, ranking: Ranking | None = None
    ) -> Matching:
        if ranking is None:
            compiled = self._compiler.compile(query)
        else:
            compiled = self._compiler.ranked(query, ranking)
        if filters is not None:
            compiled = all_of(compiled, unscored(self._compiler.compile(filters)))
        return Matching(self._open_searcher(), self._compiler, compiled)

    def _total(self, query: Node, filters: Node | None) -> int:
        if isinstance(query, Term) and filters is None and self._nothing_removed():
            return self._open_searcher().doc_freq(query.field, query.text)
        key = (self.generation, query, filters)
        return self._totals.get(key, lambda: self._matching(query, filters).count())

    def _nothing_removed(self) -> bool:
        """Whether no segment has removed papers, so that its counts of a word are exact."""
        searcher = self._open_searcher()
        return searcher.doc_freq("kind", PAPER) == searcher.num_docs - 1

    def _open_searcher(self) -> tantivy.Searcher:
        if self._searcher is None:
            raise RuntimeError("the snapshot is closed")
        return self._searcher

    def expand(self, node: Pattern) -> list[str]:
        """See `index.engine.Snapshot`."""
        if isinstance(node, Prefix):
            return list(self._vocabulary(node.field, node.text))
        if isinstance(node, Wildcard):
            prefix = literal_prefix(node.pattern)
            return wildcard_words(node.pattern, self._vocabulary(node.field, prefix))
        first = self._vocabulary(node.field, node.text[:1]) if node.text else ()
        return fuzzy_words(node.text, node.distance, first, self._alive(node.field))

    def _alive(self, field: str) -> Callable[[str], bool]:
        def alive(word: str) -> bool:
            queries = [self._compiler.text(each, word) for each in SURFACE_FIELDS[field]]
            searcher = self._open_searcher()
            return any(searcher.search(query, 1, count=False).hits for query in queries)

        return alive

    def _vocabulary(self, field: str, prefix: str) -> tuple[str, ...]:
        if field not in SURFACE_FIELDS:
            raise ValueError(f"{field!r} has no words")
        # Words by first letter are asked again and again by fuzzy words; others not.
        if len(prefix) != 1:
            return self._read_words(field, prefix)
        key = (self.generation, field, prefix)
        return self._words.get(key, lambda: self._read_words(field, prefix))

    def _read_words(self, field: str, prefix: str) -> tuple[str, ...]:
        searcher, words = self._open_searcher(), set[str]()
        with _border("searched"):
            for each in SURFACE_FIELDS[field]:
                words.update(word for word, _ in searcher.terms_with_prefix(each, prefix))
        return tuple(sorted(words))
