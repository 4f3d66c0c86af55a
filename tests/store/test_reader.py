"""A reader: one moment, looked up by key, by day, and by several threads at once."""

import threading
import time

import orjson
import pytest

from index.store import Store
from schema.record import Listing
from tests.store.build import day, record, write


def test_a_reader_keeps_its_moment(store: Store) -> None:
    write(store, record("A", arxiv="2407.00001"))
    reader = store.reader()
    write(store, record("B", arxiv="2407.00002"), record("A", arxiv="2407.00001", comments=5))
    assert reader.position == 1
    assert reader.stats()[0] == 1
    assert reader.paper("arxiv:2407.00002") is None
    assert orjson.loads(reader.rows([1])[1])["comments"] is None
    newer = store.reader()
    assert newer.position == 3
    assert orjson.loads(newer.rows([1])[1])["comments"] == 5
    reader.close()
    newer.close()


@pytest.mark.parametrize("count", [0, 1, 20, 127, 128, 129, 500, 1024, 1025])
def test_rows_of_any_number_are_found(store: Store, count: int) -> None:
    write(store, *(record(f"Paper {n}", arxiv=str(n)) for n in range(1100)))
    reader = store.reader()
    wanted = list(range(1100, 1100 - count, -1))
    rows = reader.rows([*wanted, 999_999])
    assert set(rows) == set(wanted)
    assert all(orjson.loads(row)["createdSeq"] == rowid for rowid, row in rows.items())
    reader.close()


def test_keys_of_every_kind_are_resolved(store: Store) -> None:
    (outcome, _) = write(
        store, record("A", arxiv="hep-th/9901001", doi="10.1000/a:b"), record("B", other="x:y")
    )
    assert outcome.id is not None
    reader = store.reader()
    keys = [outcome.id, "arxiv:hep-th/9901001", "doi:10.1000/a:b", "other:x:y", "", "s2:1", "no"]
    assert reader.resolve(keys * 200) == [1, 1, 1, 2, None, None, None] * 200
    assert reader.rowids_by_id([outcome.id, "no"]) == {outcome.id: 1}
    for key, rowid in zip(keys, [1, 1, 1, 2, None, None, None], strict=True):
        stored = reader.paper(key)
        assert (stored and orjson.loads(stored)["createdSeq"]) == rowid
    reader.close()


def test_sort_positions_are_those_of_the_document(store: Store) -> None:
    write(store, record("Étude", published=day("2025-03"), comments=2, authors=("A", "B")))
    (document,) = store.documents()
    reader = store.reader()
    everything = (1, dict(document.sort), document.tie)
    assert reader.sort_positions([2, 1], list(document.sort)) == {1: everything}
    assert reader.sort_positions([1], ["title"])[1][1] == {"title": document.sort["title"]}
    reader.close()


def test_days_list_their_papers_in_order(store: Store) -> None:
    def on(*listings: Listing, title: str) -> None:
        write(store, record(title, listings=listings, arxiv=title))

    on(Listing("2025-12-12"), title="1")
    on(Listing("2025-12-12", 2), title="2")
    on(Listing("2025-12-12", 1), Listing("2025-12-10", 9), title="3")
    on(Listing("2025-12-12"), Listing("2026-01-01", 1), title="4")
    write(store, record("4", arxiv="4", listings=(Listing("2025-12-12", 2),)), name="b")
    reader = store.reader()
    for _ in range(2):
        assert reader.listed_on("2025-12-12") == [(1, 3), (2, 2), (2, 4), (None, 1)]
    assert reader.listed_on("2025-12-11") == []
    assert reader.listing_days() == [("2026-01-01", 1), ("2025-12-12", 4), ("2025-12-10", 1)]
    assert reader.listing_days(limit=1) == [("2026-01-01", 1)]
    assert reader.neighbours("2025-12-12") == ("2025-12-10", "2026-01-01")
    assert reader.neighbours("2026-01-01") == ("2025-12-12", None)
    assert reader.neighbours("1999-01-01") == (None, "2025-12-10")
    reader.close()


def test_stats_count_papers_and_their_dates(store: Store) -> None:
    reader = store.reader()
    assert reader.stats() == (0, None, None)
    reader.close()
    write(store, record("A", published=day("2024-05")), record("B", published=day("2020")))
    write(store, record("C"))
    reader = store.reader()
    assert reader.stats() == (3, "2020-01-01", "2024-05-01")
    reader.close()


def test_threads_share_a_reader_while_papers_are_written(store: Store) -> None:
    write(store, *(record(f"Paper {n}", arxiv=str(n)) for n in range(200)))
    reader = store.reader()
    wrong: list[object] = []

    def read(offset: int) -> None:
        for n in range(400):
            rowid = (n * 7 + offset) % 180 + 1
            rows = reader.rows(list(range(rowid, rowid + 20)))
            if [orjson.loads(rows[each])["createdSeq"] for each in sorted(rows)] != list(
                range(rowid, rowid + 20)
            ):
                wrong.append(rowid)
            stored = reader.paper(f"arxiv:{rowid - 1}")
            if stored is None or orjson.loads(stored)["createdSeq"] != rowid:
                wrong.append(rowid)

    threads = [threading.Thread(target=read, args=(offset,)) for offset in range(4)]
    for thread in threads:
        thread.start()
    for n in range(20):
        write(store, record(f"More {n}", arxiv=str(n), comments=n), name="b")
    for thread in threads:
        thread.join()
    assert wrong == []
    reader.close()


def test_a_reader_knows_when_papers_changed(store: Store) -> None:
    began = int(time.time())
    written = write(store, record("A"), record("B"))
    store.remove([written[0].id or ""])
    reader = store.reader()
    changed_at = reader.changed_at([1, 2, 3])
    reader.close()
    assert changed_at.keys() == {1, 2}
    assert all(began <= at <= time.time() for at in changed_at.values())
