"""The protocol every full-text engine keeps. Engines deal in row numbers and scores, not papers.

An engine's folder is derived data: it can be thrown away and made again from the store. Every
commit holds, in the same atomic step, the store position (`change.seq`) that it has reached.
The caller holds the index lock around `apply` and `rebuild`; `snapshot` needs no lock and may be
called while another process writes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from index.document import IndexDocument
from index.query import Fuzzy, Node, Prefix, Wildcard
from index.ranking import Ranking
from schema.search import FacetCounts, Hits, Sort, SortPosition


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an engine can do; the contract tests read these flags."""

    name: str
    parallel: bool = True
    """Searches release the interpreter lock, so a thread pool gains something."""
    feedback: bool = True
    """A second search with some tens of words more is cheap enough to improve the order."""


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
        before: SortPosition | None = None,
        backward: bool = False,
        limit: int = 20,
        ranking: Ranking | None = None,
    ) -> Hits:
        """A page of the papers that match `query` and `filters`, and their exact total.

        `filters` select but add nothing to scores. Relevance orders by `ranking`, without one by
        what the leaves of `query` score, best first; where `ranking` is empty, by ties alone.
        It pages by `offset`; every other sort orders by its keys (nulls last, then tie), and pages
        by `offset`, by `after` (papers strictly behind that position) or by `before` (the nearest
        papers strictly ahead of it, still in order; `offset` then leaves out the nearest), which
        `backward` alone puts behind the last paper. The total stays whole; `limit` 0 gives the
        total alone. Raises `ValueError` for `after` with `before` or `backward`, and for a
        position that no paper of the order can have.
        """

    def scores(self, rowids: Sequence[int], clauses: Ranking) -> dict[int, float]:
        """The sum of what `clauses` give each of these papers, 0.0 where none of them matches.

        `rowids` are those of hits, some hundred at most.
        """

    def rarity(self, words: Sequence[str]) -> list[float]:
        """The inverse document frequency of stems in the field `text`, all above 0.

        log(1 + (N - n + 0.5) / (n + 0.5)) for a stem that n of N papers hold, as in BM25; papers
        that are removed may count until segments merge.
        """

    def count(self, query: Node, filters: Node | None = None) -> int:
        """The exact number of papers that match both."""

    def facet(
        self,
        name: str,
        query: Node,
        filters: Node | None = None,
        *,
        size: int = 20,
        selected: tuple[str, ...] = (),
    ) -> FacetCounts | None:
        """The values of a facet (`schema.search.FACETS`) among the papers that match both.

        At most `size` values (0 to `MAX_FACET_SIZE`), the most frequent, by count descending and
        then by value: 2025, 2025-10, true and false, names and categories folded. Each of
        `selected` is among them too, with its count, which may be 0. Every number is exact;
        `total_values`, or the whole answer, is None where an engine cannot tell it exactly. Raises
        `ValueError` for a facet that does not exist.
        """

    def example(self, field: str, value: str) -> int | None:
        """The smallest row number of the papers that hold a whole value of an exact field.

        None if none does. It tells how a folded name or category is written.
        """

    def vocabulary(self, field: str, prefix: str) -> list[str]:
        """Surface words of a text field that begin with `prefix`, in alphabetical order.

        Words whose papers are all removed may be among them until segments merge.
        """

    def expand(self, node: Prefix | Wildcard | Fuzzy) -> Sequence[str]:
        """The surface words that a pattern or fuzzy word stands for in this snapshot."""

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
