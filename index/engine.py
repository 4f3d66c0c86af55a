"""The protocol every full-text engine keeps. Engines deal in row numbers and scores, not papers.

An engine's folder is derived data: it can be thrown away and made again from the store. Every
commit holds, in the same atomic step, the store position (`change.seq`) that it has reached.
The caller holds the index lock around `apply` and `rebuild`; `snapshot` needs no lock and may be
called while another process writes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from index.document import IndexDocument
from index.query import Node
from schema.search import Hits, Sort, SortPosition


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an engine can do; the contract tests read these flags."""

    name: str
    ranks_phrases: bool = True
    parallel: bool = True
    """Searches release the interpreter lock, so a thread pool gains something."""


class Snapshot(Protocol):
    """An immutable view of one commit; results never change while it is open."""

    position: int
    generation: str
    """Names the state of the index's segments; equal generations give equal scores and ties."""

    def search(
        self,
        query: Node,
        filters: Node | None = None,
        sort: Sort = ...,
        *,
        offset: int = 0,
        after: SortPosition | None = None,
        limit: int = 20,
    ) -> Hits:
        """A page of the papers that match `query` and `filters`, and their exact total.

        `filters` select but add nothing to scores. Relevance orders by score, best first, and
        pages by `offset`; every other sort orders by its keys (nulls last, then tie), and pages
        by `offset` or by `after` (papers strictly behind that position; the total stays whole).
        `limit` 0 gives the total alone.
        """

    def count(self, query: Node, filters: Node | None = None) -> int:
        """The exact number of papers that match both."""

    def vocabulary(self, field: str, prefix: str) -> list[str]:
        """Surface words of a text field that begin with `prefix`, in alphabetical order.

        Words whose papers are all removed may be among them until segments merge.
        """

    def close(self) -> None:
        """Let the files go; the snapshot must not be used afterwards."""


class Engine(Protocol):
    """A full-text index in one folder, bound to the store named by `identity`."""

    capabilities: Capabilities

    def position(self) -> int | None:
        """The store position of the last commit; None if there is none to be trusted.

        That is an index that is missing, foreign (another identity or format version) or damaged
        and must be rebuilt. Cheap enough to be asked several times a second.
        """

    def apply(self, puts: Iterable[IndexDocument], deletes: Iterable[int], position: int) -> None:
        """Replace or add `puts`, drop the rows `deletes`, commit at `position`. Idempotent."""

    def rebuild(self, documents: Iterable[IndexDocument], position: int) -> None:
        """Throw all away and index `documents`, in one visible step at `position`."""

    def snapshot(self) -> Snapshot:
        """A view of the newest commit. Raises `EngineUnavailable` while `position()` is None.

        Cheap enough to be taken several times a second while nothing changes.
        """

    def close(self) -> None:
        """Release everything; snapshots that are still open stay usable until closed."""


class EngineUnavailable(Exception):  # noqa: N818
    """There is no index to read: it is missing, foreign or damaged."""
