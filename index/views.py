"""The revision that readers see now, and the earlier ones kept for walks that began in them."""

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass

from index.engine import Engine, EngineUnavailable, Snapshot
from index.store import Store
from index.view import View

KEPT_SECONDS = 600.0
KEPT_VIEWS = 32
"""How long after its last cursor a revision is kept for walks, and how many are kept at once."""

KEPT_LONGEST = 3600.0
"""Seconds after which a revision goes although it is walked: it holds back the write-ahead log."""

LONG_LOG = 128 * 2**20
"""Bytes of write-ahead log above which `tidy` makes it start anew."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """An earlier view, since when and until when it is kept (`time.monotonic`)."""

    view: View
    since: float
    until: float


class Views:
    """Holds the current `View` and replaces it when store or index have moved on.

    Take `current` into a local variable for the length of a call: a view whose last user is gone
    closes.
    """

    def __init__(self, store: Store, engine: Engine) -> None:
        self._store = store
        self._engine = engine
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._lock = threading.Lock()
        self._refreshing = threading.Lock()
        self._seen: tuple[int | str, ...] = ()
        self._tidied = 0
        self.current = View(store.reader(), None)
        self.refresh()

    def refresh(self) -> bool:
        """Show readers the newest revision; while there is no index, the last that had one.

        Returns whether the index has all that the store has.
        """
        with self._refreshing:
            try:
                snapshot = self._engine.snapshot()
            except EngineUnavailable:
                return self._show(None)
            try:
                return self._show(snapshot)
            except BaseException:
                snapshot.close()
                raise

    def _show(self, snapshot: Snapshot | None) -> bool:
        position = self._store.position()
        if snapshot is not None and snapshot.position > position:
            # The store is an older copy, and the index has papers that it does not know.
            snapshot.close()
            snapshot = None
        if snapshot is None and self.current.snapshot is not None:
            return False
        seen = (position, snapshot.position, snapshot.generation) if snapshot else (position,)
        if seen != self._seen:
            view = View(self._store.reader(), snapshot)
            with self._lock:  # a walk finds its revision either current or kept, never neither
                before, self.current = self.current, view
                if before.walked:
                    self._keep(before)
            self._seen = seen
        elif snapshot is not None:
            snapshot.close()
        return snapshot is not None and snapshot.position == position

    def walked(self, view: View) -> None:
        """Note that a cursor into `view` is handed out: it is kept when it is replaced."""
        view.walked = True
        if view is not self.current:
            with self._lock:
                self._keep(view)

    def of(self, revision: str) -> View | None:
        """The view of a revision, if it is the current one or still kept."""
        current = self.current
        if revision == current.revision:
            return current
        with self._lock:
            kept = self._kept.get(revision)
        return kept.view if kept and kept.until >= time.monotonic() else None

    def tidy(self) -> None:
        """Let revisions go whose time is over, and the write-ahead log shrink.

        SQLite starts the log anew only when no reader needs it any more, so a view that has read
        from a long one is replaced by one that reads the file alone.
        """
        now = time.monotonic()
        with self._lock:
            for revision in [each for each, kept in self._kept.items() if kept.until < now]:
                del self._kept[revision]
            kept = len(self._kept)
        position = self.current.reader.position
        if not kept and position != self._tidied and self._store.log_bytes() > LONG_LOG:
            self._store.checkpoint()
            self._tidied = position
            self._seen = ()
            self.refresh()

    def close(self) -> None:
        """Close every view."""
        with self._lock:
            views = [self.current, *(kept.view for kept in self._kept.values())]
            self._kept.clear()
        for view in views:
            view.close()

    def _keep(self, view: View) -> None:
        """Keep a view from now on; the lock is held."""
        now = time.monotonic()
        before = self._kept.get(view.revision)
        since = before.since if before else now
        until = min(now, since + KEPT_LONGEST - KEPT_SECONDS) + KEPT_SECONDS
        self._kept[view.revision] = _Kept(view, since, until)
        self._kept.move_to_end(view.revision)
        if len(self._kept) > KEPT_VIEWS:
            self._kept.popitem(last=False)
