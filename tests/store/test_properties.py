"""Loads in any order, in any batches, twice: the shelf knows the same."""

import random
from pathlib import Path
from typing import Any

import pytest

from index.store import Store
from schema.record import ExternalIdKind, Link, LinkKind, Listing, PaperRecord, Span
from tests.scale import SEED, scaled
from tests.store.build import day, papers, source, statuses

DATES = [day("2024"), day("2025-03"), day("2025-03-02"), day("2025-03-02", inferred=True)]


def described(draw: random.Random, work: int, start: int) -> PaperRecord:
    """One source's view of the work of that number: its arXiv id, and some of its facts."""
    abstract = f"Abstract of work {work}." + " More is said here." * draw.randrange(3)
    return PaperRecord(
        title=draw.choice([f"Work number {work}", f"WORK NUMBER {work}", f"Work number {work}."]),
        span=Span(start, start + 10, start + 1),
        abstract=draw.choice(["", abstract]),
        abstract_raw=draw.choice(["", abstract]),
        authors=draw.choice([None, (f"Author {work}",), (f"Author {work}", "Second")]),
        author_count=draw.choice([None, 1, 2, 3]),
        published=draw.choice(DATES),
        listings=tuple(
            Listing(f"2025-12-{draw.randrange(1, 5):02}", draw.choice([None, 1, 2]))
            for _ in range(draw.randrange(3))
        ),
        upvotes=draw.choice([None, 0, 5]),
        comments=draw.choice([None, 0, 5]),
        links=tuple(
            Link(f"https://{draw.choice('abc')}.org", draw.choice(list(LinkKind)))
            for _ in range(draw.randrange(4))
        ),
        categories=tuple(draw.sample(["cs.LG", "cs.CL", "cs.AI"], draw.randrange(4))),
        external_ids={ExternalIdKind.ARXIV: f"2407.{work:05}"}
        | draw.choice(
            [{}, {ExternalIdKind.DOI: f"10.1000/{work}"}, {ExternalIdKind.S2: f"s{work}"}]
        ),
    )


def files(seed: int) -> dict[str, list[PaperRecord]]:
    draw = random.Random(seed)
    return {
        name: [described(draw, draw.randrange(12), 10 * n) for n in range(draw.randrange(1, 25))]
        for name in ("a", "b", "c")
    }


def facts(store: Store) -> list[Any]:
    """All that is known, without what counts the order of loading."""
    found = []
    for paper in papers(store):
        paper["sources"].sort(key=lambda each: each["name"])
        found.append(
            {k: v for k, v in paper.items() if k not in ("id", "createdSeq", "updatedSeq")}
        )
    return sorted(found, key=lambda each: str(each["externalIds"]))


@pytest.mark.parametrize("seed", range(SEED, SEED + scaled(60)))
def test_order_and_batches_do_not_show_and_the_second_time_changes_nothing(
    tmp_path: Path, seed: int
) -> None:
    loads = files(seed)
    draw = random.Random(seed)
    seen = []
    for round_number in range(2):
        store = Store.open(tmp_path / str(round_number))
        order = draw.sample(list(loads), len(loads))
        for name in order:
            size = draw.choice([1, 3, 100])
            for start in range(0, len(loads[name]), size):
                outcomes = store.write(source(name), loads[name][start : start + size])
                assert "rejected" not in statuses(outcomes)
        seen.append(facts(store))
        position = store.position()
        for name in order:
            assert set(statuses(store.write(source(name), loads[name]))) == {"unchanged"}
        assert store.position() == position
        assert store.verify() == []
        store.close()
    assert seen[0] == seen[1]
