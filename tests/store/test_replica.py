"""Copies: whatever a leader does and wherever its feed is cut, the copy ends equal to the row."""

import random
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
import pytest

from index.store import FeedError, Store, read_line
from index.store_rows import chunks
from schema.errors import Problem
from schema.record import Link, LinkKind, Listing, PaperRecord, Published
from tests.scale import SEED, scaled
from tests.store.build import day, record, source, write

TABLES = (
    *("paper", "rendering", "author", "link", "category", "externalid", "papersource"),
    *("listing", "change", "tombstone"),
)


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(tmp_path / "copy")
    yield opened
    assert opened.verify() == []
    opened.close()


def content(store: Store) -> dict[str, list[Any]]:
    """All rows that a copy has to have, and the numbers that are given next."""
    found = {name: sorted(store._file.query(f"SELECT * FROM {name}"), key=repr) for name in TABLES}
    found["given"] = sorted(store._file.query("SELECT name, seq FROM sqlite_sequence"))
    found["sources"] = store._file.query(
        "SELECT * FROM source WHERE number IN (SELECT source FROM papersource) "
        "OR number IN (SELECT source FROM listing) ORDER BY number"
    )
    return found


def feed(leader: Store, since: int = 0, limit: int | None = None) -> list[bytes]:
    with leader.feed(since) as changes:
        return [line for _, line in changes.lines(limit)]


def follow(copy: Store, lines: Sequence[bytes], size: int = 500) -> None:
    for part in chunks(lines, size):
        copy.follow([read_line(line) for line in part])


def catch_up(leader: Store, copy: Store, chance: random.Random) -> None:
    """All that is new, in batches of any size."""
    follow(copy, feed(leader, copy.position()), chance.choice((1, 3, 20, 500)))


class Editor:
    """Changes a store at random: papers of few titles and few ids, so that everything meets."""

    def __init__(self, leader: Store, chance: random.Random) -> None:
        self.leader = leader
        self.chance = chance

    def step(self) -> None:
        chance = self.chance
        if chance.random() < 0.3:
            keys = [f"arxiv:2501.{number:05d}" for number in range(12)]
            keys += [f"doi:10.1000/{number}" for number in range(12)]
            ids = [row[0] for row in self.leader._file.query("SELECT id FROM paper")]
            self.leader.remove(chance.sample(keys + ids, 2))
        else:
            name = f"{chance.choice('abcd')}.jsonl"
            of = source(name, f"{name} {chance.randrange(3)}")
            self.leader.write(of, [self.paper() for _ in range(chance.randint(1, 4))])

    def paper(self) -> PaperRecord:
        chance = self.chance
        members: dict[str, Any] = {}
        if chance.random() < 0.6:
            members["arxiv"] = f"2501.{chance.randrange(12):05d}"
        if chance.random() < 0.5:
            members["doi"] = f"10.1000/{chance.randrange(12)}"
        if chance.random() < 0.3:
            members["listings"] = (
                Listing(f"2025-12-{chance.randint(1, 3):02d}", chance.choice((None, 1, 2))),
            )
        if chance.random() < 0.3:
            members["authors"] = ("Ann Lee", "Bó Łee")[: chance.randint(1, 2)]
        elif chance.random() < 0.5:
            members["author_count"] = chance.randint(0, 9)
        return record(
            f"Title {chance.randrange(4)}",
            abstract=chance.choice(("", "Short.", "Longer “text”, \u2028 of a paper.")),
            published=chance.choice(DATES),
            comments=chance.choice((None, 0, 7)),
            links=(Link(f"https://github.com/a/{chance.randrange(3)}", LinkKind.CODE),),
            categories=tuple(chance.sample(("cs.CL", "cs.LG", "état"), 2)),
            **members,
        )


DATES = (
    Published(),
    Published(raw="soon"),
    day("2025"),
    day("2025-03"),
    day("2025-03-04", inferred=True),
    day("2024-03-04", inferred=True),
)


@pytest.mark.parametrize("number", range(scaled(100)))
def test_a_copy_ends_equal_wherever_the_feed_is_cut(store: Store, copy: Store, number: int) -> None:
    chance = random.Random(f"{SEED} {number}")
    editor = Editor(store, chance)
    begun: list[list[bytes]] = []
    for _ in range(40):
        editor.step()
        turn = chance.random()
        if turn < 0.15:
            catch_up(store, copy, chance)
            assert content(copy) == content(store)
        elif turn < 0.3:  # a feed that is cut short
            follow(copy, feed(store, copy.position(), chance.randint(1, 4)))
        elif turn < 0.4:  # one that was fetched now, and is applied when it is old
            begun.append(feed(store, chance.randint(0, copy.position())))
        elif begun and turn < 0.5:
            follow(copy, begun.pop(0))
    catch_up(store, copy, chance)
    assert content(copy) == content(store)
    follow(copy, feed(store))  # once more from the beginning
    assert content(copy) == content(store)


def test_a_copy_of_a_copy_is_equal_too(store: Store, copy: Store, tmp_path: Path) -> None:
    chance = random.Random(SEED)
    editor = Editor(store, chance)
    second = Store.open(tmp_path / "second")
    for _ in range(20):
        editor.step()
        follow(copy, feed(store, copy.position(), chance.choice((None, 2))))
        catch_up(copy, second, chance)
    catch_up(store, copy, chance)
    catch_up(copy, second, chance)
    assert content(second) == content(store)
    followed = second.followed()
    assert followed is not None
    assert followed.shelf == copy.name != store.name
    second.close()


def test_feeds_one_behind_the_other_are_one(store: Store, copy: Store) -> None:
    (outcome,) = write(store, record("A", arxiv="2501.00001"))
    first = feed(store)
    store.remove([outcome.id or ""])
    write(store, record("A", arxiv="2501.00001"))
    follow(copy, first + feed(store, 1))
    assert content(copy) == content(store)


def test_a_key_that_went_from_paper_to_paper_ends_with_the_last(store: Store, copy: Store) -> None:
    """Also where the last has the older row, and all of it comes in one transaction."""
    later = {"abstract": "Words of it.", "authors": ("Ann Lee",)}
    write(store, record("B", **later))
    (outcome,) = write(store, record("A", arxiv="2501.00001"))
    first = feed(store)
    store.remove([outcome.id or ""])
    write(store, record("B", arxiv="2501.00001", **later))
    store.remove(["arxiv:2501.00001"])
    follow(copy, first + feed(store, 2))
    assert content(copy) == content(store)


def test_a_removal_says_which_keys_it_took(store: Store) -> None:
    (outcome,) = write(store, record("A", arxiv="2501.00001"))
    store.remove([outcome.id or ""])
    write(store, record("B", arxiv="2501.00001"))
    removal, put = map(orjson.loads, feed(store))
    assert (removal["op"], removal["id"], removal["paper"]) == ("remove", outcome.id, None)
    assert removal["replica"]["keys"] == [outcome.id, "arxiv:2501.00001"]
    assert (put["op"], put["token"]) == ("put", f"{store.name}-3")
    reader = store.reader()
    assert not reader.is_removed(outcome.id or "")
    reader.close()


def test_a_copy_takes_no_changes_of_its_own_until_it_is_detached(store: Store, copy: Store) -> None:
    (outcome,) = write(store, record("A"))
    follow(copy, feed(store))
    for change in (
        lambda: write(copy, record("B")),
        lambda: copy.remove([outcome.id or ""]),
    ):
        with pytest.raises(Problem, match="--detach"):
            change()
    assert content(copy) == content(store)
    assert copy.detach()
    assert not copy.detach()
    write(copy, record("B"))
    with pytest.raises(FeedError, match="papers of its own"):
        follow(copy, feed(store))


def test_a_shelf_that_has_had_papers_follows_none(store: Store, copy: Store) -> None:
    (outcome,) = write(copy, record("A"))
    copy.remove([outcome.id or ""])
    write(store, record("B"))
    with pytest.raises(FeedError, match="papers of its own"):
        follow(copy, feed(store))


def test_another_shelf_and_a_gap_are_refused(store: Store, copy: Store, tmp_path: Path) -> None:
    write(store, record("A"), record("B"), record("C"))
    lines = feed(store)
    follow(copy, lines[:1])
    before = content(copy)
    with pytest.raises(FeedError, match=rf"between {store.name}-1 and {store.name}-2 are missing"):
        follow(copy, lines[2:])
    other = Store.open(tmp_path / "other")
    write(other, record("A"), record("B"), record("C"))
    with pytest.raises(FeedError, match=f"follows {store.name}"):
        follow(copy, feed(other, 1))
    with pytest.raises(FeedError, match=f"follows {store.name}"):
        follow(copy, [lines[1], feed(other, 1)[1]])
    other.close()
    assert content(copy) == before


def changed(line: bytes, change: Callable[[Any], Any]) -> bytes:
    read = orjson.loads(line)
    change(read)
    return orjson.dumps(read)


def test_no_garbage_is_taken_and_nothing_but_feed_errors_raised(store: Store, copy: Store) -> None:
    chance = random.Random(SEED)
    editor = Editor(store, chance)
    for _ in range(20):
        editor.step()
    lines = feed(store)
    values = (None, True, 1.5, -1, 2**70, 10**400, "x", "", [], [None], {}, "2025-13-01")
    refused = 0
    for number in range(scaled(3000)):
        line = orjson.loads(chance.choice(lines))
        place = chance.choice((line, line["paper"] or line, line["replica"]))
        name = chance.choice(list(place))
        if number % 7:
            place[name] = chance.choice(values)
        else:
            del place[name]
        try:
            text = orjson.dumps(line)
        except TypeError:
            continue
        try:
            read_line(text)
        except FeedError:
            refused += 1
    assert refused > scaled(3000) / 4
    for text in (b"", b"{}", b"[]", b"null", b'"x"', b"\xff", b"[" * 5000, lines[0][:-9]):
        with pytest.raises(FeedError, match="no line of a feed"):
            read_line(text)
    follow(copy, lines)
    assert content(copy) == content(store)


@pytest.mark.parametrize(
    "change",
    [
        lambda line: line.update(id="another"),
        lambda line: line.update(changedAt="0001-01-01T00:00:00Z"),
        lambda line: line["replica"].update(tie=-1),
        lambda line: line["replica"].update(tie=2**32),
        lambda line: line["replica"].update(row=2**32),
        lambda line: line["replica"].update(tie=0),
        lambda line: line["paper"].update(createdSeq=-1),
        lambda line: line["paper"].update(createdSeq=2**63 - 1),
        lambda line: line["replica"].update(otherDate=[5, "day", False, None]),
        lambda line: line["replica"].update(otherDate=["soon", "day", False, None]),
        lambda line: line["replica"].update(otherDate=[None, None, True, None]),
        lambda line: line["replica"].update(otherDate=["2025-03-04", "day", 1, []]),
        lambda line: line["paper"].update(publishedYearInferred=True),
        lambda line: line["paper"].update(deep=orjson.Fragment(b"[" * 400 + b"]" * 400)),
    ],
)
def test_what_no_shelf_says_is_refused_before_it_is_stored(
    store: Store, change: Callable[[Any], Any]
) -> None:
    """An index could not hold it, a later load could not read it, or a copy of it not follow."""
    write(store, record("A"))
    with pytest.raises(FeedError, match="no line of a feed"):
        read_line(changed(feed(store)[0], change))


def test_lines_that_contradict_what_is_there_change_nothing(store: Store, copy: Store) -> None:
    write(store, record("A", arxiv="2501.00001"), record("B"))
    lines = feed(store)
    follow(copy, lines[:1])
    before = content(copy)

    def take_the_id(line: Any) -> None:
        line["paper"]["externalIds"]["arxiv"] = "2501.00001"

    with pytest.raises(FeedError, match="contradict"):
        follow(copy, [changed(lines[1], take_the_id)])
    assert content(copy) == before


def test_a_feed_is_of_one_moment_and_of_bounded_pieces(store: Store) -> None:
    write(store, *(record(f"Paper {number}") for number in range(450)))
    with store.feed(0) as changes:
        lines = changes.lines()
        first = list(islice(lines, 10))
        store.remove([orjson.loads(line)["id"] for _, line in first])
        seqs = [seq for seq, _ in first] + [seq for seq, _ in lines]
        assert seqs == list(range(1, 451))
        assert changes.position == 450
    with store.feed(440) as changes:
        assert [seq for seq, _ in changes.lines(15)] == list(range(441, 456))
        assert changes.position == 460
