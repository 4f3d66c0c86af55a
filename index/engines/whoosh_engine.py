"""The reference engine: Whoosh 2.7.4, pure Python, good to about ten thousand papers.

Orders are computed from stored values, scores by BM25F. A searcher is opened afresh for every
commit (`Searcher.refresh` is broken). Index files are pickles: the folder is private, and nobody
else's files may be put there.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any

from index.analysis import GAP_TOKEN
from index.document import EXACT_FIELDS, NUMBER_FIELDS, SORT_NAMES, TEXT_FIELDS, IndexDocument
from index.engine import Capabilities, EngineUnavailable
from index.engines.builds import Builds
from index.engines.texts import FORMAT, SURFACE_FIELDS, WORD_FIELDS, ready_texts
from index.engines.trees import check, check_position
from index.engines.whoosh_library import (
    analysis,
    fields,
    filestore,
    formats,
    query,
    scoring,
    searching,
    storage,
)
from index.engines.whoosh_queries import PAPER, compile_query, numbers
from index.expansion import fuzzy_words, literal_prefix, wildcard_words
from index.query import Fuzzy, Node, Prefix, Wildcard
from schema.search import BY_RELEVANCE, RELEVANCE, Hit, Hits, Sort, SortPosition

MEMORY_MB = 64
OPEN_ATTEMPTS = 5
CHECKPOINT = "checkpoint"

Row = tuple[int, int, dict[str, int | str | None]]
"""What is stored of a paper: row number, tie, sort values."""


class ReadyTokenizer(analysis.Tokenizer):  # type: ignore[misc]
    """Splits ready tokens at spaces; a gap token counts a position and is dropped.

    Whoosh pickles it into the index, by this name.
    """

    def __call__(self, value: str, **kwargs: Any) -> Iterator[analysis.Token]:
        """The tokens of a string as `index.engines.texts.ready_texts` makes it."""
        token = analysis.Token(**kwargs)
        for position, word in enumerate(value.split(" ") if value else ()):
            if word != GAP_TOKEN:
                token.text, token.pos, token.boost, token.stopped = word, position, 1.0, False
                yield token


def build_schema() -> fields.Schema:
    """The schema: as tantivy's, but sort values are stored together."""
    ready = ReadyTokenizer()
    made = fields.Schema(kind=fields.ID(), row=fields.STORED(), checkpoint=fields.STORED())
    for name in TEXT_FIELDS:
        made.add(name, fields.FieldType(formats.Positions(), ready, scorable=True))
    for name in WORD_FIELDS:
        made.add(name, fields.FieldType(formats.Existence(), ready))
    for name in EXACT_FIELDS:
        made.add(name, fields.FieldType(formats.Existence(), analysis.IDTokenizer()))
    for name in (*NUMBER_FIELDS, "rowid"):
        made.add(name, fields.NUMERIC(int, bits=64, shift_step=8))
    return made


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
                writer.add_document(**_members(document))
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
        limit: int = 20,
    ) -> Hits:
        """See `index.engine.Snapshot`; raises `ValueError` for a tree beyond the bounds."""
        check_position(sort, after)
        offset = max(0, offset)
        with self._lock:
            scores = self._scores(query, filters)
            if limit <= 0:
                return Hits(len(scores), ())
            if sort[0].name == RELEVANCE:
                ranked = sorted(scores, key=lambda number: (-scores[number], number))
            else:
                rows = self._read_rows()
                place = {number: order_key(rows[number], sort) for number in scores}
                ranked = sorted(place, key=place.__getitem__)
                if after is not None:
                    behind = order_key((0, after.tie, _values(after, sort)), sort)
                    ranked = [number for number in ranked if place[number] > behind]
                scores = dict.fromkeys(scores, 0.0)
            page = ranked[offset : offset + limit]
            return Hits(
                len(scores), tuple(Hit(self._rowid(number), scores[number]) for number in page)
            )

    def count(self, query: Node, filters: Node | None = None) -> int:
        """See `index.engine.Snapshot`."""
        return self.search(query, filters, limit=0).total

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
        compiled = compile_query(tree, self._expand)
        chosen = compile_query(filters, self._expand) if filters is not None else None
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
            return self._rows[number][0]
        return int(self._searcher.stored_fields(number)["row"][0])

    def _read_rows(self) -> dict[int, Row]:
        """What is stored of every paper; read once, when an order first needs it."""
        if self._rows is None:
            stored = self._searcher.reader().iter_docs()
            self._rows = {number: each["row"] for number, each in stored if "row" in each}
        return self._rows

    def _expand(self, node: Prefix | Wildcard | Fuzzy) -> list[str]:
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


def order_key(row: Row, sort: Sort) -> tuple[Any, ...]:
    """What to order papers by: each key ascending with nulls last, then the tie."""
    _, tie, values = row
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


def _values(position: SortPosition, sort: Sort) -> dict[str, int | str | None]:
    return {key.name: value for key, value in zip(sort, position.values, strict=True)}


def _members(document: IndexDocument) -> dict[str, Any]:
    """A document as Whoosh takes it."""
    many: dict[str, list[Any]] = {name: list(document.exact.get(name, ())) for name in EXACT_FIELDS}
    many |= {name: list(document.numbers.get(name, ())) for name in NUMBER_FIELDS}
    return {
        **ready_texts(document),
        **{name: values for name, values in many.items() if values},
        "kind": PAPER,
        "rowid": document.rowid,
        "row": (document.rowid, document.tie, {name: document.sort[name] for name in SORT_NAMES}),
    }
