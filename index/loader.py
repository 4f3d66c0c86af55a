"""Loading: sources in, transactions of records out, with a report that leaves nothing unsaid."""

import datetime
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol

import orjson

from index.batches import in_batches
from index.sources import Item, Source, SourceError, Upload, open_source, parse_source
from index.store import Store
from schema.record import PaperRecord, Reject, SourceFile, SourceWarning

MAX_REPORTED = 1000
"""Rejects and warnings that a report holds; the counts and the rejects file go on."""


@dataclass(slots=True)
class LoadReport:
    """What a load did. `rejected` counts refused papers and `failed` sources nobody could read."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    warned: int = 0
    failed: int = 0
    rejects: list[tuple[str, Reject]] = field(default_factory=list)
    warnings: list[tuple[str, SourceWarning]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    @property
    def stored(self) -> int:
        """Papers of this load that are in the store now."""
        return self.added + self.updated + self.unchanged

    @property
    def clean(self) -> bool:
        """Whether all that was given is now in the store."""
        return not self.rejected and not self.failed


class LoadObserver(Protocol):
    """Who wants to know how a load goes on."""

    def opened(self, source: Source) -> None:
        """A source is about to be read."""

    def advanced(self, source: Source, report: LoadReport) -> None:
        """Some of the source was read; `source.consumed()` of `source.size` bytes."""

    def committed(self, report: LoadReport) -> None:
        """The store has committed; the `report.stored` papers of this run are safe."""


class Loader:
    """Loads sources into a store; `after_commit` is called between transactions and may index."""

    def __init__(
        self,
        store: Store,
        rejects_folder: Path,
        observer: LoadObserver,
        after_commit: Callable[[], None],
    ) -> None:
        self._store = store
        self._rejects_folder = rejects_folder
        self._observer = observer
        self._after_commit = after_commit
        self.report = LoadReport()

    def load(
        self,
        given: Path | Upload | None,
        *,
        format_name: str | None = None,
        page_date: datetime.date | None = None,
        dry_run: bool = False,
    ) -> None:
        """Load one file or upload (None: standard input).

        Raises `StoreError` if the store cannot take it. A source that cannot be read at all is a
        failure in the report, not an exception.
        """
        try:
            with open_source(given) as source:
                self._observer.opened(source)
                rejects = RejectsFile(self._rejects_folder, source.file, enabled=not dry_run)
                with rejects:
                    items = parse_source(source, format=format_name, page_date=page_date)
                    if isinstance(given, Upload):
                        items = _until(items, given.most_rejects)
                    for batch in in_batches(self._records(items, source, rejects), _size):
                        if dry_run:
                            self.report.added += len(batch)
                        else:
                            self._write(source.file, batch, rejects)
                        self._observer.advanced(source, self.report)
        except SourceError as error:
            self.report.failed += 1
            self.report.failures.append(str(error))

    def _records(
        self,
        items: Iterable[PaperRecord | Reject | SourceWarning],
        source: Source,
        rejects: "RejectsFile",
    ) -> Iterator[PaperRecord]:
        for item in items:
            if isinstance(item, PaperRecord):
                yield item
            elif isinstance(item, Reject):
                self._reject(source.file, item, rejects)
            else:
                self.report.warned += 1
                if len(self.report.warnings) < MAX_REPORTED:
                    self.report.warnings.append((source.file.name, item))

    def _reject(self, file: SourceFile, reject: Reject, rejects: "RejectsFile") -> None:
        self.report.rejected += 1
        rejects.add(reject)
        if len(self.report.rejects) < MAX_REPORTED:
            self.report.rejects.append((file.name, reject))

    def _write(self, file: SourceFile, batch: list[PaperRecord], rejects: "RejectsFile") -> None:
        outcomes = self._store.write(file, batch)
        for record, outcome in zip(batch, outcomes, strict=True):
            if outcome.status == "added":
                self.report.added += 1
            elif outcome.status == "updated":
                self.report.updated += 1
            elif outcome.status == "unchanged":
                self.report.unchanged += 1
            else:
                reason = outcome.reason or "refused by the store"
                self._reject(file, Reject(record.span.line, reason, record.title[:200]), rejects)
        self._observer.committed(self.report)
        self._after_commit()


class RejectsFile:
    """`rejects/<sha256>.jsonl` in the data folder: what a source had that could not be loaded.

    One file a source (named by 16 digits of its hash), written anew by each load of it, and absent
    when nothing was rejected.
    """

    def __init__(self, folder: Path, file: SourceFile, *, enabled: bool) -> None:
        self._path = folder / f"{file.sha256[:16]}.jsonl"
        self._name = file.name
        self._enabled = enabled
        self._lines: BinaryIO | None = None

    def __enter__(self) -> "RejectsFile":
        if self._enabled:
            self._path.unlink(missing_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        if self._lines is not None:
            self._lines.close()

    def add(self, reject: Reject) -> None:
        """Append one reject as a JSON line."""
        if not self._enabled:
            return
        if self._lines is None:
            self._path.parent.mkdir(mode=0o700, exist_ok=True)
            self._lines = os.fdopen(self._create(), "wb")
        line = {
            "source": self._name,
            "line": reject.line,
            "reason": reject.reason,
            "excerpt": reject.excerpt,
        }
        self._lines.write(orjson.dumps(line) + b"\n")
        self._lines.flush()

    def _create(self) -> int:
        """A new file of this load alone: another load of the same source writes its own."""
        while True:
            self._path.unlink(missing_ok=True)
            with suppress(FileExistsError):
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
                return os.open(self._path, flags, 0o600)


def _until(items: Iterable[Item], most: int) -> Iterator[Item]:
    """Items up to the reject that is one too many, which says so instead of its own reason."""
    rejects = 0
    for item in items:
        if isinstance(item, Reject):
            rejects += 1
            if rejects > most:
                reason = f"more than {most:,} papers were rejected; the rest was not read"
                yield Reject(item.line, reason, "")
                return
        yield item


def _size(record: PaperRecord) -> int:
    return record.span.end - record.span.start
