"""The revision that readers see now, and the earlier ones kept for walks that began in them."""

import threading
import time
from collections import OrderedDict

from index.engine import Engine, EngineUnavailable
from index.store import Store
from index.view import View

KEPT_SECONDS = 600.0
KEPT_VIEWS = 32
"""How long, and how many, revisions are kept for walks whose cursor was handed out."""

LONG_LOG = 128 * 2**20
"""Bytes of write-ahead log above which `tidy` makes it start anew."""


class Views:
    """Holds the current `View` and replaces it when store or index have moved on.

    Take `current` into a local variable for the length of a call: a view whose last user is gone
    closes.
    """

    def __init__(self, store: Store, engine: Engine) -> None:
        self._store = store
        self._engine = engine
        self._kept: OrderedDict[str, tuple[View, float]] = OrderedDict()
        self._lock = threading.Lock()
        self._seen: tuple[int | str, ...] = ()
        self._tidied = 0
        self.current = View(store.reader(), None)
        self.refresh()

    def refresh(self) -> None:
        """Show readers the newest revision."""
        try:
            snapshot = self._engine.snapshot()
        except EngineUnavailable:
            snapshot = None
        position = self._store.position()
        seen = (position, snapshot.position, snapshot.generation) if snapshot else (position,)
        if seen == self._seen:
            if snapshot:
                snapshot.close()
            return
        before, self.current = self.current, View(self._store.reader(), snapshot)
        self._seen = seen
        if before.walked:
            self._keep(before)

    def walked(self, view: View) -> None:
        """Note that a cursor into `view` is handed out: it is kept when it is replaced."""
        view.walked = True
        if view is not self.current:
            self._keep(view)

    def of(self, revision: str) -> View | None:
        """The view of a revision, if it is the current one or still kept."""
        current = self.current
        if revision == current.revision:
            return current
        with self._lock:
            kept = self._kept.get(revision)
        return kept[0] if kept and kept[1] >= time.monotonic() else None

    def tidy(self) -> None:
        """Let revisions go whose time is over, and the write-ahead log shrink.

        SQLite starts the log anew only when no reader needs it any more, so a view that has read
        from a long one is replaced by one that reads the file alone.
        """
        now = time.monotonic()
        with self._lock:
            while self._kept and next(iter(self._kept.values()))[1] < now:
                self._kept.popitem(last=False)
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
            views = [self.current, *(view for view, _ in self._kept.values())]
            self._kept.clear()
        for view in views:
            view.close()

    def _keep(self, view: View) -> None:
        with self._lock:
            self._kept[view.revision] = (view, time.monotonic() + KEPT_SECONDS)
            self._kept.move_to_end(view.revision)
            if len(self._kept) > KEPT_VIEWS:
                self._kept.popitem(last=False)
