"""Hits that were taken deep in a walk, kept for the pages that come next."""

import threading
from collections import OrderedDict
from collections.abc import Hashable

from schema.search import Hits


class Blocks:
    """At most `most` runs of neighbouring hits, the least recently used going first.

    A run belongs to a result, which `key` names, and begins at a rank of it; the hits of a key
    never change. Threads may share it.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._runs: OrderedDict[tuple[Hashable, int], Hits] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, key: Hashable, first: int, count: int) -> Hits | None:
        """`count` hits from rank `first` on, fewer only at the end; None unless all are here."""
        with self._lock:
            for known, begin in reversed(self._runs):
                if known != key or begin > first:
                    continue
                run = self._runs[known, begin]
                end = begin + len(run.hits)
                if first + count <= end or end >= run.total:
                    self._runs.move_to_end((known, begin))
                    return Hits(run.total, run.hits[first - begin : first - begin + count])
        return None

    def add(self, key: Hashable, begin: int, run: Hits) -> None:
        """Keep a run that begins at rank `begin`."""
        with self._lock:
            self._runs[key, begin] = run
            if len(self._runs) > self._most:
                self._runs.popitem(last=False)
