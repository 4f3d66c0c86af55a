"""What valid traffic is made of: requests with checks of their answers, and walks."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from bench.wire import Reply, Wrong, request

WALK_PAGES = 6


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of the shelf before the soak.

    `titles` by id; `totals` by query, all words wanted; `extra` is how many papers more than
    these a loader may have there at any time, each of which holds every word of `totals`.
    """

    papers: int
    titles: dict[str, str]
    totals: dict[str, int]
    words: Sequence[str]
    days: Sequence[str]
    authors: Sequence[str]
    extra: int


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and the check of its answer.

    `check` raises `Wrong`, or gives what is asked next on the same connection, None for nothing.
    """

    sent: bytes
    check: "Callable[[Reply], Exchange | None]"
    method: str = "GET"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of valid request: its share of all, and how one of it is made."""

    name: str
    weight: int
    make: Callable[[random.Random, Facts], Exchange]


def want(truth: object, what: str) -> None:
    """Raise `Wrong` saying `what` unless `truth`."""
    if not truth:
        raise Wrong(what)


def get(target: str, check: Callable[[Any], object], *lines: str) -> Exchange:
    """A GET whose answer is JSON that `check` takes."""

    def checked(reply: Reply) -> None:
        want(reply.status == 200, f"{reply.status} {reply.code} for {target[:200]}")
        check(reply.json())

    return Exchange(request("GET", target, *lines), checked)


def papers(**parameters: object) -> str:
    """The address of a list or search."""
    return f"/v1/papers?{urlencode({name: str(each) for name, each in parameters.items()})}"


def page_of(body: Any, low: int, high: int, limit: int) -> list[str]:
    """The ids of a page whose total must lie between `low` and `high`."""
    total, ids = body["meta"]["total"], [paper["id"] for paper in body["data"]]
    want(low <= total <= high, f"a total of {total}, not of {low} to {high}")
    want(len(ids) == min(limit, total), f"{len(ids)} papers of {total} at a limit of {limit}")
    want(len(set(ids)) == len(ids), "a page repeats a paper")
    return ids


@dataclass(slots=True)
class Walk:
    """A walk some pages on and then back: no paper twice, one total, the same pages backwards."""

    target: str
    low: int
    high: int
    limit: int
    pages: list[list[str]] = field(default_factory=list)
    total: int | None = None
    backward: int = 0

    def ask(self, place: str) -> Exchange:
        """The request for a page, `place` being empty or the parameter that leads to it."""
        return Exchange(request("GET", self.target + place), self._check)

    def _check(self, reply: Reply) -> Exchange | None:
        want(reply.status == 200, f"{reply.status} {reply.code} for {self.target}")
        body = reply.json()
        meta, ids = body["meta"], [paper["id"] for paper in body["data"]]
        if any(each["code"] == "revision-changed" for each in meta["warnings"]):
            return None  # nothing is promised any more but what other kinds check
        want(self.low <= meta["total"] <= self.high, f"a total of {meta['total']}")
        want(self.total in (None, meta["total"]), "a total that changes within a walk")
        self.total = meta["total"]
        if self.backward:
            return self._back(ids, meta["previousCursor"])
        seen = {each for page in self.pages for each in page}
        want(not seen & set(ids), "a walk that repeats a paper")
        self.pages.append(ids)
        walked = len(seen) + len(ids)
        want(meta["nextCursor"] or walked == self.total, f"{walked} papers of {self.total}")
        if meta["nextCursor"] and len(self.pages) < WALK_PAGES:
            return self.ask(f"&cursor={meta['nextCursor']}")
        self.backward = len(self.pages)
        return self._ahead(meta["previousCursor"])

    def _back(self, ids: list[str], cursor: str | None) -> Exchange | None:
        want(ids == self.pages[self.backward - 1], "a page that differs on the way back")
        return self._ahead(cursor)

    def _ahead(self, cursor: str | None) -> Exchange | None:
        self.backward -= 1
        want(bool(cursor) == (self.backward > 0), "a way back of another length")
        return self.ask(f"&before={cursor}") if cursor else None
