"""Brings the full-text index up to the store: whoever holds the lock applies the outbox."""

import fcntl
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

from index.document import IndexDocument
from index.engine import Engine
from index.store import Store

CHUNK = 5000
"""Changes an index commit takes at most; what a long catch-up has done is kept chunk by chunk."""

Progress = Callable[[int, int], None]
"""Called with how many papers of how many are indexed."""


class Stopped(Exception):  # noqa: N818
    """Indexing was given up half way."""


class Indexer:
    """Applies the store's outbox to an engine; several processes may each have one.

    Once `stop` is set, work that is under way is given up: what it would have made is made later.
    """

    def __init__(self, store: Store, engine: Engine, lock: Path, stop: Event) -> None:
        self._store = store
        self._engine = engine
        self._lock = lock
        self._stop = stop

    def settle(self, patience: float) -> None:
        """To be called before the store is written: make an index anew that is ahead of it.

        The store is then an older copy than the index was made from. Once written to, it would
        reach the index's position with other papers, and nobody could tell any more.
        """
        position = self._engine.position()
        if position is not None and position > self._store.position():
            self.catch_up(patience)

    def catch_up(self, patience: float = 0.0, progress: Progress | None = None) -> bool:
        """Apply what is new; rebuild an index that is missing, foreign, damaged or ahead.

        If another process holds the lock it does the work: wait up to `patience` seconds for it.
        Returns whether the index has reached the position that the store had at the call.
        """
        target = self._store.position()
        deadline = time.monotonic() + patience
        while True:
            with self._locked() as mine:
                if mine:
                    self._apply(progress)
            position = self._engine.position()
            if position is not None and target <= position <= self._store.position():
                return True
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.05)

    def rebuild(self, progress: Progress | None = None) -> int:
        """Make the index anew from the store, waiting for the lock; returns the papers indexed."""
        while True:
            with self._locked() as mine:
                if mine:
                    return self._rebuild(progress)
            time.sleep(0.05)

    def check(self) -> list[str]:
        """What is wrong with the index, a sentence each."""
        position, target = self._engine.position(), self._store.position()
        if position is None:
            return ["The full-text index is missing or unreadable; `rebuild` makes it anew."]
        if position != target:
            return [
                f"The full-text index is at position {position}, the store at {target}; the next "
                "load or server catches up."
            ]
        return []

    def _apply(self, progress: Progress | None) -> None:
        position, target = self._engine.position(), self._store.position()
        if position is None or position > target:
            self._rebuild(progress)
            return
        while position < target:
            upto = min(position + CHUNK, target)
            changes = list(self._store.changes(position, upto))
            deletes = [change.rowid for change in changes if change.op == "remove"]
            puts = [change.rowid for change in changes if change.op == "put"]
            self._engine.apply(self._wanted(self._store.documents(puts)), deletes, upto)
            position = upto

    def _rebuild(self, progress: Progress | None) -> int:
        total, position = self._store.count(), self._store.position()
        done = 0

        def documents() -> Iterator[IndexDocument]:
            nonlocal done
            for document in self._wanted(self._store.documents()):
                yield document
                done += 1
                if progress:
                    progress(done, max(total, done))

        self._engine.rebuild(documents(), position)
        return done

    def _wanted(self, documents: Iterable[IndexDocument]) -> Iterator[IndexDocument]:
        for document in documents:
            if self._stop.is_set():
                raise Stopped("indexing was given up, for the shelf is closing")
            yield document

    @contextmanager
    def _locked(self) -> Iterator[bool]:
        """Try the lock without waiting; it goes with the process, however that ends."""
        descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True
        finally:
            os.close(descriptor)
