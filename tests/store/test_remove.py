"""Removing papers: really gone, remembered by a tombstone, and welcome again."""

from index.store import Store
from tests.store.build import papers, record, statuses, write

SECRET = "Xyzzyplugh the secret abstract of a paper that its authors want back"


def test_any_key_removes_and_each_is_answered(store: Store) -> None:
    (first, second, third) = write(
        store, record("A", arxiv="2407.09941", doi="10.1000/a"), record("B"), record("C")
    )
    assert second.id is not None
    removals = store.remove(
        ["2407.09941v2", second.id, "doi:10.1000/a", "nobody", "NO ID", "other:\ud800"]
    )
    assert [(each.id, each.status) for each in removals] == [
        (first.id, "removed"),
        (second.id, "removed"),
        (first.id, "gone"),
        (None, "unknown"),
        (None, "unknown"),
        (None, "unknown"),
    ]
    assert [paper["id"] for paper in papers(store)] == [third.id]
    assert [(c.seq, c.rowid, c.op) for c in store.changes(0)] == [
        (3, 3, "put"),
        (4, 1, "remove"),
        (5, 2, "remove"),
    ]


def test_readers_know_what_was_removed(store: Store) -> None:
    (outcome,) = write(store, record(arxiv="2407.09941"))
    assert outcome.id is not None
    before = store.reader()
    store.remove([outcome.id])
    reader = store.reader()
    for key in (outcome.id, "arxiv:2407.09941"):
        assert reader.is_removed(key)
        assert reader.paper(key) is None
        assert before.paper(key) is not None
        assert not before.is_removed(key)
    assert reader.removed_since(1) == [outcome.id]
    assert reader.removed_since(2) == before.removed_since(0) == []
    assert not reader.is_removed("nobody")
    reader.close()
    before.close()


def test_nothing_of_a_removed_paper_stays_in_the_file(store: Store) -> None:
    write(store, record("A", abstract=SECRET, arxiv="1"), record("B"))
    store.remove(["other:none"])
    path = store._file.path
    store.checkpoint()
    assert b"Xyzzyplugh" in path.read_bytes()
    (paper, _) = papers(store)
    store.remove([paper["id"]])
    store.checkpoint()
    assert b"Xyzzyplugh" not in path.read_bytes()


def test_a_removed_paper_can_be_loaded_again_as_a_new_one(store: Store) -> None:
    again = record("A", doi="10.1000/a", arxiv="2407.09941")
    (first,) = write(store, again)
    store.remove(["doi:10.1000/a"])
    (second,) = write(store, again)
    assert (second.id, second.status) == (first.id, "added")
    reader = store.reader()
    assert second.id is not None
    assert reader.resolve([second.id, "doi:10.1000/a"]) == [2, 2]
    assert not reader.is_removed(second.id)
    assert not reader.is_removed("doi:10.1000/a")
    assert not reader.is_removed("arxiv:2407.09941")
    assert reader.sort_positions([2], ())[2][2] == 2
    reader.close()
    assert [(c.rowid, c.op) for c in store.changes(0)] == [(1, "remove"), (2, "put")]


def test_the_position_does_not_go_back(store: Store) -> None:
    write(store, record("A", arxiv="1"))
    for _ in range(3):
        store.remove(["other:1", "arxiv:1"])
    assert store.position() == 1
    store.remove([papers(store)[0]["id"]])
    assert (store.position(), store.count()) == (2, 0)
    assert statuses(write(store, record("A", arxiv="1"))) == ["added"]
    assert store.position() == 3
