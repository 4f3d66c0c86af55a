"""What a load leaves behind: rows, changes, sources, and what is refused."""

import threading
from typing import Any

import orjson
import pytest

from index.merge import MAX_SOURCES
from index.store import Store
from index.store_rows import full_paper
from schema.record import Link, LinkKind, Listing, Precision, Published, Span
from tests.store.build import day, papers, record, source, statuses, write

FULL = record(
    "Optimal Transport",
    span=Span(10, 99, 2),
    abstract="Text with 4.7% and ω.",
    abstract_raw="Text with 4.7\\% and $\\omega$.",
    authors=("Gaspard Monge", "Leonid Kantorovich"),
    published=day("2025-10"),
    listings=(Listing("2025-12-12", 3), Listing("2025-12-11")),
    upvotes=0,
    comments=7,
    links=(
        Link("https://github.com/a/b", LinkKind.CODE),
        Link("https://a.org", LinkKind.PROJECT),
        Link("https://github.com/a/b", LinkKind.CODE),
    ),
    categories=("cs.LG", "cs.AI"),
    arxiv="2407.09941",
)


def test_a_paper_is_rendered_with_all_members_in_order(store: Store) -> None:
    (outcome,) = write(store, FULL)
    reader = store.reader()
    stored = reader.paper("arxiv:2407.09941")
    assert stored is not None
    paper = orjson.loads(stored)
    assert list(paper.items()) == [
        ("id", outcome.id),
        ("title", "Optimal Transport"),
        ("abstract", "Text with 4.7% and ω."),
        ("authors", [{"name": "Gaspard Monge"}, {"name": "Leonid Kantorovich"}]),
        ("authorCount", 2),
        ("publishedAt", "2025-10-01"),
        ("publishedPrecision", "month"),
        ("publishedYearInferred", False),
        ("listedAt", "2025-12-11"),
        ("upvotes", 0),
        ("comments", 7),
        (
            "links",
            [
                {"url": "https://github.com/a/b", "kind": "code"},
                {"url": "https://a.org", "kind": "project"},
            ],
        ),
        ("hasCode", True),
        ("categories", ["cs.LG", "cs.AI"]),
        (
            "externalIds",
            {
                "arxiv": "2407.09941",
                "doi": None,
                "acl": None,
                "s2": None,
                "openalex": None,
                "other": None,
            },
        ),
        ("createdSeq", 1),
        ("updatedSeq", 1),
        ("abstractRaw", "Text with 4.7\\% and $\\omega$."),
        ("publishedRaw", "2025-10"),
        (
            "sources",
            [{"name": "a.jsonl", "sha256": source("a.jsonl").sha256, "start": 10, "end": 99}],
        ),
    ]
    (row,) = reader.rows([1]).values()
    assert list(orjson.loads(row)) == list(paper)[:17]
    assert full_paper(row, b'{"x":1}') == row[:-1] + b',"x":1}'
    reader.close()


def test_what_no_source_says_is_null_and_never_invented(store: Store) -> None:
    write(store, record(author_count=5))
    (paper,) = papers(store)
    null = {"authors", "publishedAt", "publishedPrecision", "listedAt", "upvotes", "comments"}
    assert {name for name, value in paper.items() if value is None} == null | {"publishedRaw"}
    assert (paper["authorCount"], paper["hasCode"], paper["links"]) == (5, False, [])


def test_the_same_file_twice_changes_nothing_and_says_so(store: Store) -> None:
    records = [
        FULL,
        *(record(f"Paper {n}", listings=(Listing("2025-01-01", n),)) for n in range(50)),
    ]
    assert set(statuses(write(store, *records))) == {"added"}
    before, position = papers(store), store.position()
    assert set(statuses(write(store, *records))) == {"unchanged"}
    renamed = store.write(source("other name", "a.jsonl"), records)
    assert set(statuses(renamed)) == {"unchanged"}
    assert (papers(store), store.position()) == (before, position)


def test_our_own_export_changes_nothing_but_the_sources(store: Store) -> None:
    write(store, FULL)
    (paper,) = papers(store)
    exported = record(
        paper["title"],
        id=paper["id"],
        abstract=paper["abstract"],
        abstract_raw=paper["abstractRaw"],
        authors=tuple(each["name"] for each in paper["authors"]),
        author_count=paper["authorCount"],
        published=Published("2025-10-01", Precision.MONTH, False, paper["publishedRaw"]),
        listings=(Listing(paper["listedAt"]),),
        links=tuple(Link(each["url"], LinkKind(each["kind"])) for each in paper["links"]),
        categories=tuple(paper["categories"]),
    )
    write(store, exported, name="export")
    (after,) = papers(store)
    changed = {name for name in paper if paper[name] != after[name]}
    assert changed == {"sources", "updatedSeq"}


def test_each_change_of_a_paper_is_counted_and_the_last_one_stays(store: Store) -> None:
    write(store, record("A", arxiv="1"), record("B", arxiv="2"))
    write(store, record("A", arxiv="1", comments=1), record("B", arxiv="2"))
    a, b = papers(store)
    assert (a["createdSeq"], a["updatedSeq"], b["createdSeq"], b["updatedSeq"]) == (1, 3, 2, 2)
    assert [(c.seq, c.rowid, c.id, c.op) for c in store.changes(0)] == [
        (2, 2, b["id"], "put"),
        (3, 1, a["id"], "put"),
    ]
    assert [change.seq for change in store.changes(2)] == [3]
    assert [change.seq for change in store.changes(0, 2)] == [2]
    assert list(store.changes(3)) == []


def test_many_changes_and_documents_stream_in_order(store: Store) -> None:
    count = 2300
    write(store, *(record(f"Paper number {n}", arxiv=str(n)) for n in range(count)))
    assert [change.seq for change in store.changes(0)] == list(range(1, count + 1))
    assert [each.rowid for each in store.documents()] == list(range(1, count + 1))
    some = store.documents(rowid for rowid in (count, 3, 99_999, 700))
    assert {each.rowid for each in some} == {3, 700, count}


def test_a_document_has_all_listing_days(store: Store) -> None:
    write(store, FULL)
    write(store, record("X", arxiv="2407.09941", listings=(Listing("2026-01-01"),)), name="b")
    (document,) = store.documents()
    assert document.numbers["listed"] == (20251211, 20251212, 20260101)
    assert document.exact["source"] == ("a.jsonl", "b")
    assert document.tie == document.rowid == 1


def test_a_newer_file_of_the_same_name_takes_the_place_of_the_older(store: Store) -> None:
    for edition in range(5):
        listed = (Listing("2025-12-12", edition + 1), Listing(f"2025-12-{20 + edition}"))
        store.write(source("page", f"edition {edition}"), [record(arxiv="1", listings=listed)])
    (paper,) = papers(store)
    assert [each["sha256"] for each in paper["sources"]] == [source("", "edition 4").sha256]
    assert paper["listedAt"] == "2025-12-12"
    reader = store.reader()
    assert reader.listed_on("2025-12-12") == [(5, 1)]
    assert reader.listed_on("2025-12-20") == [(None, 1)]
    reader.close()
    position = store.position()
    store.write(source("page", "edition 1"), [record(arxiv="1")])
    assert store.position() == position


def test_sources_of_a_paper_are_bounded_and_loading_stays_idempotent(store: Store) -> None:
    names = [f"file {n}" for n in range(MAX_SOURCES + 8)]
    again = record(arxiv="1")
    for name in names:
        write(store, again, name=name)
    position = store.position()
    for name in names:
        assert statuses(write(store, again, name=name)) == ["unchanged"]
    (paper,) = papers(store)
    assert len(paper["sources"]) == MAX_SOURCES
    assert store.position() == position == MAX_SOURCES


BAD: list[dict[str, Any]] = [
    {"title": ""},
    {"title": " \u00a0\n"},
    {"title": "lone \ud800 surrogate"},
    {"abstract": "lone \udfff surrogate"},
    {"authors": ("\ud800",)},
    {"title": "x" * 4001},
    {"abstract": "x" * 500_001},
    {"authors": ("A",) * 10_001},
    {"authors": ("A" * 1001,)},
    {"comments": -1},
    {"upvotes": 2**63},
    {"author_count": 10**30},
    {"listings": (Listing("2025-02-30", 1),)},
    {"listings": (Listing("20250201", 1),)},
    {"listings": (Listing("2025-02-01", -1),)},
    {"published": Published("2025-13-01", Precision.DAY)},
    {"published": Published("2025-12-01", None)},
    {"arxiv": "x" * 200},
    {"arxiv": ""},
    {"links": tuple(Link(f"https://a.org/{n}", LinkKind.OTHER) for n in range(1001))},
]


@pytest.mark.parametrize("members", BAD, ids=range(len(BAD)))
def test_a_bad_record_is_rejected_alone_with_a_reason(
    store: Store, members: dict[str, Any]
) -> None:
    bad = record(**{"title": "Bad", **members})
    outcomes = write(store, record("Before"), bad, record("After"))
    assert statuses(outcomes) == ["added", "rejected", "added"]
    assert outcomes[1].reason
    assert outcomes[1].reason.isprintable()
    assert store.position() == 2


def test_nothing_is_nothing(store: Store) -> None:
    assert write(store) == []
    assert (store.position(), store.count(), list(store.changes(0)), list(store.documents())) == (
        0,
        0,
        [],
        [],
    )


def test_writers_of_several_threads_take_turns(store: Store) -> None:
    def load(part: int) -> None:
        for n in range(20):
            own = [record(f"Paper {part} {n}"), record(f"shared {n}", arxiv=str(n))]
            write(store, *own, name=f"file {part}")

    threads = [threading.Thread(target=load, args=(part,)) for part in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.count() == 4 * 20 + 20
    assert store.position() == 4 * 20 + 4 * 20


def test_odd_characters_come_back(store: Store) -> None:
    odd = "a\x00b\u2028\U0001f600 \"quoted\" 'x' \\ \x7f <script>"
    write(store, record(odd, abstract=odd))
    (paper,) = papers(store)
    assert paper["abstract"] == odd


def test_a_file_name_that_is_not_unicode_is_no_trouble(store: Store) -> None:
    store.write(source("caf\udcc3\udca9.txt", "content"), [record()])
    (paper,) = papers(store)
    assert [each["name"] for each in paper["sources"]] == ["caf??.txt"]
