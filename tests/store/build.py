"""Records and sources for the tests of the store."""

import hashlib
import itertools
from pathlib import Path
from typing import Any

import orjson

from index.store import Outcome, Store
from schema.record import ExternalIdKind, PaperRecord, Precision, Published, SourceFile, Span

_starts = itertools.count(0, 1000)


def record(title: str = "Optimal Transport", **members: Any) -> PaperRecord:
    """A record at a place of its own; `arxiv` and `doi` are short for external ids."""
    start = next(_starts)
    external = {
        kind: members.pop(str(kind)) for kind in ExternalIdKind if str(kind) in members
    } | members.pop("external_ids", {})
    if "abstract" in members:
        members.setdefault("abstract_raw", members["abstract"])
    members.setdefault("span", Span(start, start + 500, start // 1000 + 1))
    return PaperRecord(title, external_ids=external, **members)


def day(text: str, *, inferred: bool = False) -> Published:
    """A date as `YYYY`, `YYYY-MM` or `YYYY-MM-DD`, written so."""
    precision = {4: Precision.YEAR, 7: Precision.MONTH, 10: Precision.DAY}[len(text)]
    return Published((text + "-01-01")[:10], precision, inferred, text)


def source(name: str = "a.jsonl", content: str | None = None) -> SourceFile:
    """A file; equal content has an equal hash."""
    return SourceFile(name, hashlib.sha256((content or name).encode()).hexdigest())


def write(store: Store, *records: PaperRecord, name: str = "a.jsonl") -> list[Outcome]:
    return store.write(source(name), records)


def statuses(outcomes: list[Outcome]) -> list[str]:
    return [outcome.status for outcome in outcomes]


def papers(store: Store) -> list[dict[str, Any]]:
    """All papers as their full JSON, in the order in which they were added."""
    reader = store.reader()
    try:
        found = []
        for document in store.documents():
            stored = reader.paper(document.exact["id"][0])
            assert stored is not None
            found.append(orjson.loads(stored))
        return found
    finally:
        reader.close()


def open_store(folder: Path) -> Store:
    return Store.open(folder / "data")
