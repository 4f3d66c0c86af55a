"""Corpora, and indexes of them that have seen updates and removals in many commits."""

import fcntl
import gzip
import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from index.document import SORT_NAMES, IndexDocument, index_document
from index.engine import Engine
from index.engines import open_engine
from index.sources import open_source, parse_source
from schema.record import PaperRecord
from schema.search import Sort, SortKey
from tests.corpus import papers, revised
from tests.paths import ACL, SAMPLE
from tests.scale import SCALE, SEED

IDENTITY = "a-store"
SORTS: list[Sort] = [
    *((SortKey(name, descending),) for name in SORT_NAMES for descending in (False, True)),
    (SortKey("comments", True), SortKey("publishedAt", True)),
    (SortKey("publishedAt", True), SortKey("title")),
    (SortKey("title", True), SortKey("authorCount")),
    (SortKey("title"), SortKey("comments", True)),
    (SortKey("upvotes"), SortKey("title", True)),
]
BATCHES = 6
WHOOSH_PAPERS = 500
"""As many papers of a corpus Whoosh gets below full scale: it writes some hundred a second."""


def sample() -> list[IndexDocument]:
    """The papers of the sample page, as the real parser reads them."""
    with open_source(SAMPLE) as source:
        records = [item for item in parse_source(source) if isinstance(item, PaperRecord)]
    return [_from_record(number, record) for number, record in enumerate(records, start=1)]


def acl() -> list[IndexDocument]:
    """2,000 papers of the ACL Anthology; only where the file is present."""
    with gzip.open(ACL, "rt", encoding="utf-8") as lines:
        return [_from_json(number, json.loads(line)) for number, line in enumerate(lines, start=1)]


def generated() -> list[IndexDocument]:
    """800 made papers with more than 2,000 different authors."""
    return papers(800, SEED)


CORPORA: dict[str, Callable[[], list[IndexDocument]]] = {
    "sample": sample,
    "acl": acl,
    "generated": generated,
}


def _from_record(rowid: int, record: PaperRecord) -> IndexDocument:
    names = record.authors
    paper = _paper(rowid, record.title, record.abstract, names, record.published.day)
    paper["authorCount"] = record.author_count or (len(names) if names else None)
    paper["comments"] = record.comments
    paper["links"] = [{"kind": str(link.kind)} for link in record.links]
    return index_document(rowid, rowid * 7 % 1009, paper, ("2025-12-12",))


def _from_json(rowid: int, line: dict[str, Any]) -> IndexDocument:
    names = tuple(line.get("authors") or ()) or None
    day = (line.get("published") or "")[:10]
    day = f"{day}-01-01"[:10] if len(day) == 4 else f"{day}-01"[:10] if day else None
    paper = _paper(rowid, line["title"], line.get("abstract") or "", names, day)
    paper["categories"] = line.get("categories") or []
    paper["comments"] = None if rowid % 3 else rowid % 5
    return index_document(rowid, rowid * 7 % 10007, paper, ())


def _paper(
    rowid: int, title: str, abstract: str, names: tuple[str, ...] | None, day: str | None
) -> dict[str, Any]:
    return {
        "id": f"paper-{rowid}",
        "title": title,
        "abstract": abstract,
        "authors": None if names is None else [{"name": name} for name in names],
        "authorCount": len(names) if names else None,
        "publishedAt": day,
        "listedAt": None,
        "upvotes": None,
        "comments": None,
        "links": [],
        "categories": [],
        "externalIds": {"acl": f"X{rowid}"},
        "sources": [{"name": "file"}],
        "createdSeq": rowid,
    }


def worn(engine: Engine, documents: list[IndexDocument]) -> None:
    """Index `documents` by way of a rebuild and six commits of updates, additions and removals."""
    random_ = random.Random(SEED)
    shuffled = random_.sample(documents, len(documents))
    early = shuffled[: len(shuffled) // 2]
    doomed = [
        replace(document, rowid=document.rowid + 10_000_000, tie=document.tie + 10_000_000)
        for document in papers(max(12, len(documents) // 10), SEED + 1)
    ]
    stale = [revised(document, number) for number, document in enumerate(early[::3])]
    engine.rebuild(early + doomed, 1)
    engine.apply(stale, (), 2)
    rest = stale + shuffled[len(early) :]
    final = {document.rowid: document for document in documents}
    for number in range(BATCHES):
        puts = [final[document.rowid] for document in rest[number::BATCHES]]
        deletes = [document.rowid for document in doomed[number::BATCHES]]
        engine.apply(puts, deletes, 3 + number)


def open_worn(name: str, corpus: str, place: Path) -> tuple[Engine, list[IndexDocument]]:
    """An engine over a worn index, made once for all processes of a test run."""
    documents = CORPORA[corpus]()
    if name == "whoosh" and SCALE < 1:
        documents = documents[:WHOOSH_PAPERS]
    place.mkdir(exist_ok=True)
    engine = open_engine(name, place, IDENTITY)
    with (place / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if engine.position() != 2 + BATCHES:
            worn(engine, documents)
    return engine, documents
