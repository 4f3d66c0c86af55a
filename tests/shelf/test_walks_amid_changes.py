"""Walks in both directions while another process loads, updates and removes papers."""

import json
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import index.view
import index.views
from index.query import And, Node, Not
from index.shelf import Shelf
from index.view import Plan
from schema.request import parse_request
from schema.search import AUTO_MINIMUM, END, MAX_LIMIT, RELEVANCE, SORT_FIELDS, Match, Page
from tests.conftest import Tell
from tests.paths import REPOSITORY
from tests.scale import SEED, scaled
from tests.shelf.building import WORDS, ask, codes, load, walk
from tests.shelf.changing import NUMBERS, paper

WALKS = {"tantivy": 750, "whoosh": 250}
LOST_WALKS = {"tantivy": 120, "whoosh": 60}
WAYS = ("forward", "backward", "turning")
MOST_PAGES = 40
KEYS = [name for name in SORT_FIELDS if name != RELEVANCE]
SINGLE_SORTS = [*[RELEVANCE] * 5, *KEYS, *(f"-{name}" for name in KEYS)]
FILTERS = (
    *(("year", "2015-"), ("minAuthors", "2"), ("minComments", "2"), ("to", "2019-06")),
    *(("author", "author 3"), ("listedOn", "2025-12-02"), ("hasCode", "false")),
)


@contextmanager
def changing(folder: Path, engine: str, seed: str) -> Iterator[Counter[str]]:
    """Another process that changes the shelf; what it did is known at the end."""
    done = Counter[str]()
    command = [sys.executable, "-m", "tests.shelf.changing", str(folder), engine, seed]
    with subprocess.Popen(
        command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            yield done
            output, _ = process.communicate(timeout=60)
            assert process.returncode == 0
            done.update(json.loads(output))
        finally:
            process.kill()


@dataclass
class Walk:
    """A walk, and the whole order of its result as the engine gives it in one piece."""

    shelf: Shelf
    asked: Mapping[str, str]
    plan: Plan
    expected: list[int]
    shown: set[int] = field(default_factory=set)
    pages: int = 0

    def ask(self, first: int, last: int, limit: int, **place: str) -> Page:
        """A page, which must be the papers of the ranks from `first` up to `last`."""
        request = parse_request([*self.asked.items(), *place.items(), ("limit", str(limit))])
        revision, parsed = self.plan.view.revision, self.plan.parsed
        self.plan = self.shelf.plan(request)
        page = self.shelf.run(self.plan)
        told = (self.asked, place, limit)
        assert (page.revision, page.warnings) == (revision, parsed.warnings), told
        assert (page.total, page.rank) == (len(self.expected), first), told
        assert [hit.rowid for hit in page.hits] == self.expected[first:last], told
        if page.hits:
            assert (page.next_cursor is None) == (last == page.total), told
            assert (page.previous_cursor is None) == (first == 0), told
        self.shown.update(range(first, last))
        self.pages += 1
        return page

    def first(self, limit: int) -> Page:
        return self.ask(0, min(len(self.expected), limit), limit)

    def last(self, limit: int) -> Page:
        end = len(self.expected)
        return self.ask(max(0, end - limit), end, limit, before=END)

    def behind(self, rank: int, limit: int, cursor: str) -> Page:
        """The page from `rank` on, which is the one behind `cursor`."""
        return self.ask(rank, min(len(self.expected), rank + limit), limit, cursor=cursor)

    def ahead(self, rank: int, limit: int, cursor: str) -> Page:
        """The page up to `rank`, which is the one ahead of `cursor`."""
        return self.ask(max(0, rank - limit), rank, limit, before=cursor)

    def step(self, page: Page, limit: int, backward: bool) -> Page | None:
        """The next page in a direction, None at its end."""
        if backward:
            previous = page.previous_cursor
            return self.ahead(page.rank, limit, previous) if previous else None
        following = page.next_cursor
        return self.behind(page.rank + len(page.hits), limit, following) if following else None

    def leap(self, page: Page, limit: int, chance: random.Random) -> Page:
        """A page behind or ahead of any paper of `page`; `page` itself if there is none."""
        if not page.hits:
            return page
        number = chance.randrange(len(page.hits))
        cursor, rank = self.shelf.cursors(page, self.plan)[number], page.rank + number
        if chance.random() < 0.5:
            found = self.behind(rank + 1, limit, cursor)
        else:
            found = self.ahead(rank, limit, cursor)
        return found if found.hits else page


def begin(shelf: Shelf, asked: Mapping[str, str]) -> Walk:
    """A walk in the current revision; its order comes from one search without any cursor."""
    plan = shelf.plan(parse_request(asked.items()))
    snapshot, request, parsed = plan.view.open_snapshot(), plan.request, plan.parsed

    def order(*trees: Node) -> list[int]:
        led = plan.view.led(plan, trees).blocks if plan.feedback else ()
        order: list[int] = []
        for number, tree in enumerate(trees):
            found = snapshot.search(
                tree, plan.filters, request.sort, ranking=plan.ranking, limit=10 * NUMBERS
            )
            assert found.total == len(found.hits)
            rows = [hit.rowid for hit in found.hits]
            if led:
                first = [hit.rowid for hit in led[number].hits]
                assert sorted(first) == sorted(rows[: len(first)])
                rows[: len(first)] = first
            order += rows
        return order

    some = And((parsed.any, Not(parsed.all)))
    expected = order(parsed.any if request.match is Match.ANY else parsed.all)
    if request.match is Match.AUTO and parsed.relaxable and len(expected) < AUTO_MINIMUM:
        by_score = request.sort[0].name == RELEVANCE
        expected = order(parsed.all, some) if by_score else order(parsed.any)
    assert len(set(expected)) == len(expected)
    return Walk(shelf, asked, plan, expected)


def go(walk: Walk, way: str, limit: int, chance: random.Random, turn: Callable[[], None]) -> None:
    """Walk to an end: straight, or turning round and leaping a few times before; `turn` between."""
    backward = way == "backward" or (way == "turning" and chance.random() < 0.5)
    straight = way != "turning"
    page: Page | None = walk.last(limit) if backward else walk.first(limit)
    left = 0 if straight else chance.randint(2, 6)
    while page is not None:
        turn()
        draw = chance.random()
        limit = limit if straight or draw < 0.7 else page_size(walk, chance)
        if left and draw < 0.4:
            left -= 1
            backward = not backward
        elif left and draw < 0.6:
            left -= 1
            page = walk.leap(page, limit, chance)
        following = walk.step(page, limit, backward)
        if following is None and left:
            left -= 1
            backward = not backward
            following = walk.step(page, limit, backward)
        page = following
    if straight:
        assert len(walk.shown) == len(walk.expected)


def page_size(walk: Walk, chance: random.Random) -> int:
    """1 to 40, for a walk of more than one page but not of very many."""
    size = chance.choice((1, 2, 3, 5, 8, 13, chance.randint(1, 40), 40))
    total = len(walk.expected)
    return min(max(size, -(-total // MOST_PAGES)), max(1, total // 3))


def question(chance: random.Random, sort: str) -> dict[str, str]:
    """A query, or none, a way to match, filters and the order `sort`."""
    one, other, *more = chance.choices(WORDS, k=5)
    several = f"{one} {other} {' '.join(more)}"
    queries = ("walked", one, f"{one} {other}", f"{one} {other} walked", several, f"walked -{one}")
    patterns = (f'"{one} {other}"', f"{one[:4]}*", f"title:{one}", f"({one} OR {other}) -of")
    asked = {"sort": sort, "match": chance.choice(("auto", "auto", "any", "all"))}
    if sort == RELEVANCE or chance.random() < 0.8:
        asked["q"] = chance.choice((*queries, *queries, *patterns, "nowhere"))
    if chance.random() < 0.35:
        asked |= chance.sample(FILTERS, chance.choice((1, 1, 2)))
    return asked


def orders(count: int, chance: random.Random) -> list[str]:
    """The orders of one key in turn, relevance more often, and every third time one of two."""
    pairs = [
        ",".join(chance.choice(("", "-")) + name for name in chance.sample(KEYS, 2))
        for _ in range(count)
    ]
    singles = chance.sample(SINGLE_SORTS, len(SINGLE_SORTS)) * count
    return [pairs[n] if n % 3 == 2 else singles[n - n // 3] for n in range(count)]


@pytest.mark.parametrize("way", WAYS)
def test_walks_are_exact_while_another_process_changes_the_shelf(
    tmp_path: Path, engine: str, way: str, tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index.view, "BLOCK", 24)  # so that short walks are deep ones too
    chance = random.Random(f"{SEED} {engine} {way}")
    mix = Counter[str]()
    with Shelf(tmp_path / "data", engine) as shelf:
        load(shelf, tmp_path, *(paper(number, chance) for number in range(0, NUMBERS, 2)))
        with changing(tmp_path, engine, f"{SEED} {way}") as done:
            for sort in orders(scaled(WALKS[engine] // len(WAYS) + 1), chance):
                shelf._views.refresh()
                mix += walked(shelf, question(chance, sort), way, chance)
    assert mix["changed"] >= mix["walks"] // 4
    assert min(done["added"], done["updated"], done["removed"]) > 0, done
    tell(", ".join(f"{count} {name}" for name, count in (mix + done).items()))


def walked(shelf: Shelf, asked: Mapping[str, str], way: str, chance: random.Random) -> Counter[str]:
    """Walk once, in the midst of changes, and count what kind of walk it was."""
    walk = begin(shelf, asked)
    began, turns, awaited = walk.plan.view, 0, chance.randint(1, 2)

    def turn() -> None:
        nonlocal turns
        turns += 1
        if turns == awaited:
            await_change(shelf, began.revision)
        elif chance.random() < 0.2:
            shelf._views.refresh()

    go(walk, way, page_size(walk, chance), chance, turn)
    two_keys = "," in asked["sort"]
    crossed = asked["match"] == "auto" and walk.plan.start is not None
    return Counter(
        walks=1,
        pages=walk.pages,
        papers=len(walk.expected),
        empty=not walk.expected,
        changed=shelf.view.revision != began.revision and walk.pages > turns - awaited > 0,
        relevance=asked["sort"] == RELEVANCE,
        title="title" in asked["sort"],
        two_keys=two_keys,
        partial=crossed and walk.plan.start.matched is Match.ANY,  # type: ignore[union-attr]
        index_behind=began.index_position < began.reader.position,
    )


def await_change(shelf: Shelf, revision: str) -> None:
    """Until the other process has done something."""
    deadline = time.monotonic() + 30
    while shelf.view.revision == revision:
        assert time.monotonic() < deadline
        time.sleep(0.005)
        shelf._views.refresh()


@pytest.mark.parametrize("backward", [False, True], ids=["forward", "backward"])
def test_walks_whose_revisions_are_gone_meet_what_stayed_once(
    tmp_path: Path, engine: str, backward: bool, tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By key: each paper that nobody touched meanwhile. By relevance they come to an end."""
    monkeypatch.setattr(index.views, "KEPT_SECONDS", -1.0)
    chance = random.Random(f"{SEED} {engine} {backward}")
    mix = Counter[str]()
    with Shelf(tmp_path / "data", engine) as shelf:
        load(shelf, tmp_path, *(paper(number, chance) for number in range(0, NUMBERS, 2)))
        with changing(tmp_path, engine, f"{SEED} {backward}"):
            for sort in orders(scaled(LOST_WALKS[engine]), chance):
                mix += lost(shelf, question(chance, sort), backward, chance)
    assert mix["warned"] > mix["walks"] // 4
    assert mix["untouched"] > mix["walks"]
    tell(", ".join(f"{count} {name}" for name, count in mix.items()))


def lost(
    shelf: Shelf, asked: Mapping[str, str], backward: bool, chance: random.Random
) -> Counter[str]:
    """Walk straight on while every page is of another revision."""
    settle(shelf)
    start = versions(walk(shelf, **asked, limit=MAX_LIMIT))
    limit = max(1, len(start) // chance.randint(2, 7))
    page = ask(shelf, **asked, limit=limit, **({"before": END} if backward else {}))
    pages = [page]
    while (cursor := page.previous_cursor if backward else page.next_cursor) is not None:
        await_change(shelf, page.revision)
        settle(shelf)
        place = {"before" if backward else "cursor": cursor}
        page = ask(shelf, **asked, limit=limit, **place)
        assert "revision-changed" in codes(page)
        assert 0 <= page.rank <= page.rank + len(page.rows) <= page.total
        pages.append(page)
        assert len(pages) < 10 * MOST_PAGES, "the walk does not end"
    if backward:
        assert pages[-1].rank == 0
        pages.reverse()
    now = dict(versions(walk(shelf, limit=MAX_LIMIT)))
    untouched = [each for each, version in start if now.get(each) == version]
    met = [each for each, _ in versions(pages)]
    if asked["sort"] != RELEVANCE:
        assert [each for each in met if each in set(untouched)] == untouched, (asked, limit)
    return Counter(
        walks=1,
        pages=len(pages),
        warned=len(pages) > 1,
        relevance=asked["sort"] == RELEVANCE,
        papers=len(start),
        untouched=len(untouched),
    )


def versions(pages: list[Page]) -> list[tuple[str, int]]:
    """Id and last change of each paper."""
    rows = [json.loads(row) for page in pages for row in page.rows]
    return [(row["id"], row["updatedSeq"]) for row in rows]


def settle(shelf: Shelf) -> None:
    """Until the index has what the store has."""
    deadline = time.monotonic() + 30
    while not shelf._views.refresh():
        assert time.monotonic() < deadline
        time.sleep(0.002)
