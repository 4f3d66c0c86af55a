"""Commits, snapshots, damage and other processes: what an engine keeps while its folder changes."""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from index.document import IndexDocument
from index.engine import Engine, EngineUnavailable, Snapshot
from index.engines import open_engine
from index.query import Every, Fuzzy, Not, Nothing, Term
from schema.search import BY_RELEVANCE, SortKey
from tests.corpus import papers, revised
from tests.engines.oracle import Oracle
from tests.engines.shelves import IDENTITY, SORTS
from tests.paths import REPOSITORY
from tests.scale import SEED

DOCUMENTS = papers(120, SEED)
ALL = 10**9


def answers(snapshot: Snapshot) -> list[object]:
    """What a snapshot says, scores and ties included."""
    word = Term("text", Oracle(DOCUMENTS).common_word())
    return [
        snapshot.position,
        snapshot.generation,
        *(snapshot.search(Every(), None, sort, limit=ALL) for sort in SORTS),
        snapshot.search(word, None, BY_RELEVANCE, limit=ALL),
        snapshot.search(Fuzzy("text", "model", 2), limit=ALL),
        snapshot.count(Not(word)),
        snapshot.vocabulary("text", "a"),
    ]


def rowids(engine: Engine) -> list[int]:
    snapshot = engine.snapshot()
    found = snapshot.search(Every(), None, (SortKey("title"),), limit=ALL)
    snapshot.close()
    assert len({hit.rowid for hit in found.hits}) == len(found.hits) == found.total
    return sorted(hit.rowid for hit in found.hits)


def live_build(folder: Path, engine_name: str) -> Path:
    return folder / engine_name / (folder / engine_name / "CURRENT").read_text()


def test_nothing_is_there_before_the_first_rebuild(engine: Engine, tmp_path: Path) -> None:
    assert engine.position() is None
    with pytest.raises(EngineUnavailable):
        engine.snapshot()
    with pytest.raises(EngineUnavailable):
        engine.apply(DOCUMENTS[:1], (), 1)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_shelf_is_an_index_too(engine: Engine) -> None:
    engine.rebuild((), 0)
    assert engine.position() == 0
    snapshot = engine.snapshot()
    for tree in (Every(), Nothing(), Not(Every()), Not(Nothing())):
        for sort in (*SORTS, BY_RELEVANCE):
            assert snapshot.search(tree, None, sort).total == 0
            assert snapshot.search(tree, None, sort).hits == ()
    assert snapshot.vocabulary("text", "") == []
    snapshot.close()
    engine.apply(DOCUMENTS[:3], (), 3)
    assert rowids(engine) == [1, 2, 3]


def test_the_folder_is_private(engine: Engine, engine_name: str, tmp_path: Path) -> None:
    engine.rebuild(DOCUMENTS[:1], 1)
    assert (tmp_path / engine_name).stat().st_mode & 0o777 == 0o700
    assert live_build(tmp_path, engine_name).stat().st_mode & 0o777 == 0o700


def test_replay_changes_nothing(engine: Engine) -> None:
    engine.rebuild(DOCUMENTS[:60], 60)
    for _ in range(3):
        engine.apply(DOCUMENTS[50:80], [1, 2, 999_999], 80)
    assert engine.position() == 80
    assert rowids(engine) == list(range(3, 81))


def test_a_row_twice_in_one_commit_is_there_once_as_last_given(engine: Engine) -> None:
    engine.rebuild((), 0)
    newest = revised(DOCUMENTS[0], 5)
    engine.apply([DOCUMENTS[0], DOCUMENTS[1], newest], [DOCUMENTS[0].rowid], 3)
    assert rowids(engine) == [1, 2]
    snapshot = engine.snapshot()
    oracle = Oracle([newest, DOCUMENTS[1]])
    tree = Term("text", oracle.common_word())
    found = snapshot.search(tree, limit=5)
    snapshot.close()
    assert {hit.rowid for hit in found.hits} == oracle.match(tree)


def test_a_commit_that_fails_leaves_the_last_one(engine: Engine) -> None:
    engine.rebuild(DOCUMENTS[:10], 10)

    def breaking() -> object:
        yield DOCUMENTS[20]
        raise KeyError("the store went away")

    with pytest.raises((KeyError, OSError)):
        engine.apply(breaking(), [1], 11)  # type: ignore[arg-type]
    assert (engine.position(), rowids(engine)) == (10, list(range(1, 11)))
    with pytest.raises((KeyError, OSError)):
        engine.rebuild(breaking(), 12)  # type: ignore[arg-type]
    assert (engine.position(), rowids(engine)) == (10, list(range(1, 11)))
    engine.apply(DOCUMENTS[10:12], (), 12)
    assert (engine.position(), rowids(engine)) == (12, list(range(1, 13)))


def test_a_snapshot_never_changes(engine: Engine) -> None:
    engine.rebuild(DOCUMENTS[:80], 80)
    engine.apply(DOCUMENTS[70:90], [1], 90)
    held = engine.snapshot()
    before = answers(held)
    for number in range(12):
        engine.apply([revised(DOCUMENTS[number], number)], [number + 30], 91 + number)
    assert answers(held) == before
    newer = engine.snapshot()
    assert newer.position == 102
    assert newer.generation != held.generation
    engine.rebuild(DOCUMENTS[:5], 103)
    engine.close()
    assert answers(held) == before
    held.close()
    newer.close()


def test_equal_generations_mean_equal_answers(engine: Engine) -> None:
    engine.rebuild(DOCUMENTS, 1)
    one, other = engine.snapshot(), engine.snapshot()
    assert answers(one) == answers(other)
    engine.apply((), (), 2)
    third = engine.snapshot()
    assert third.position == 2
    assert third.generation != one.generation
    for snapshot in (one, other, third):
        snapshot.close()


def test_a_closed_snapshot_says_so(engine: Engine) -> None:
    engine.rebuild(DOCUMENTS[:2], 1)
    snapshot = engine.snapshot()
    snapshot.close()
    snapshot.close()
    with pytest.raises(RuntimeError):
        snapshot.count(Every())


def test_segments_stay_few(engine: Engine, engine_name: str, tmp_path: Path) -> None:
    engine.rebuild(DOCUMENTS[:1], 1)
    for number in range(25):
        engine.apply(DOCUMENTS[number : number + 2], (), number + 2)
    assert rowids(engine) == list(range(1, 27))
    suffix = {"tantivy": ".store", "whoosh": ".seg"}[engine_name]
    files = [path for path in live_build(tmp_path, engine_name).iterdir() if path.suffix == suffix]
    assert 1 <= len(files) <= 15


def test_another_store_or_version_is_foreign(
    engine: Engine, engine_name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.rebuild(DOCUMENTS[:2], 1)
    other = open_engine(engine_name, tmp_path, "another-store")
    assert other.position() is None
    with pytest.raises(EngineUnavailable):
        other.snapshot()
    with pytest.raises(EngineUnavailable):
        other.apply((), (), 2)
    monkeypatch.setattr(f"index.engines.{engine_name}_engine.FORMAT", 999)
    assert engine.position() is None
    monkeypatch.undo()
    assert engine.position() == 1
    other.rebuild(DOCUMENTS[:1], 5)
    assert (other.position(), engine.position()) == (5, None)


def cut_files(build: Path) -> None:
    for path in build.iterdir():
        os.truncate(path, path.stat().st_size // 2)


def empty_files(build: Path) -> None:
    for path in build.iterdir():
        path.write_bytes(b"")


def fill_with_garbage(build: Path) -> None:
    for path in build.iterdir():
        path.write_bytes(b"\x00garbage\xff" * 50)


def remove_largest(build: Path) -> None:
    max(build.iterdir(), key=lambda path: path.stat().st_size).unlink()


def empty_folder(build: Path) -> None:
    for path in build.iterdir():
        path.unlink()


def bad_pointer(build: Path) -> None:
    (build.parent / "CURRENT").write_bytes(b"../../\xff\n")


def no_pointer(build: Path) -> None:
    (build.parent / "CURRENT").unlink()


@pytest.mark.parametrize(
    "damage",
    [cut_files, empty_files, fill_with_garbage, remove_largest, empty_folder, shutil.rmtree,
     bad_pointer, no_pointer],
    ids=lambda damage: damage.__name__,
)  # fmt: skip
def test_damage_is_seen_and_rebuilt(
    engine: Engine, engine_name: str, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    engine.rebuild(DOCUMENTS[:50], 50)
    engine.apply(DOCUMENTS[50:60], [1], 60)
    damage(live_build(tmp_path, engine_name))
    fresh = open_engine(engine_name, tmp_path, IDENTITY)
    assert fresh.position() is None
    with pytest.raises(EngineUnavailable):
        fresh.snapshot()
    fresh.rebuild(DOCUMENTS[:70], 70)
    assert (fresh.position(), rowids(fresh)) == (70, list(range(1, 71)))
    assert (engine.position(), rowids(engine)) == (70, list(range(1, 71)))
    builds = [path for path in (tmp_path / engine_name).iterdir() if path.is_dir()]
    assert len(builds) == 1


def test_strange_files_beside_the_index_do_not_matter(
    engine: Engine, engine_name: str, tmp_path: Path
) -> None:
    engine.rebuild(DOCUMENTS[:5], 5)
    (tmp_path / engine_name / "half-built").mkdir()
    (tmp_path / engine_name / "half-built" / "x").write_text("x")
    (live_build(tmp_path, engine_name) / "notes.txt").write_text("mine")
    engine.apply(DOCUMENTS[5:6], (), 6)
    assert rowids(engine) == list(range(1, 7))
    engine.rebuild(DOCUMENTS[:2], 7)
    assert not (tmp_path / engine_name / "half-built").exists()


WRITER = """
import sys
from pathlib import Path
from index.engines import open_engine
from tests.corpus import papers
name, folder, identity, seed = sys.argv[1:]
engine = open_engine(name, Path(folder), identity)
documents = papers(120, int(seed))
for number in range(12):
    engine.apply(documents[number * 10 : number * 10 + 10], (), number + 1)
    print(number + 1, flush=True)
engine.rebuild(documents[:30], 100)
print(100, flush=True)
"""


def test_readers_follow_a_writer_in_another_process(
    engine: Engine, engine_name: str, tmp_path: Path
) -> None:
    """Every state that a reader sees is a whole commit, positions never go back, and a commit that
    the writer has reported is there at once."""
    engine.rebuild((), 0)
    command = [sys.executable, "-c", WRITER, engine_name, str(tmp_path), IDENTITY, str(SEED)]
    seen, done = [], threading.Event()

    def watch() -> None:
        reader = open_engine(engine_name, tmp_path, IDENTITY)
        while not done.is_set():
            snapshot = reader.snapshot()
            seen.append((snapshot.position, snapshot.count(Every())))
            snapshot.close()

    watcher = threading.Thread(target=watch)
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        watcher.start()
        try:
            for line in writer.stdout:
                assert (engine.position() or 0) >= int(line)
        finally:
            done.set()
            watcher.join()
    assert writer.returncode == 0
    assert seen == sorted(seen, key=lambda state: state[0])
    assert all(count == (30 if position == 100 else position * 10) for position, count in seen)
    assert len({position for position, _ in seen}) > 2
    assert rowids(engine) == list(range(1, 31))


def test_one_snapshot_serves_several_threads(engine: Engine) -> None:
    engine.rebuild(DOCUMENTS, 1)
    snapshot = engine.snapshot()
    expected, found = answers(snapshot), []
    threads = [threading.Thread(target=lambda: found.append(answers(snapshot))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    snapshot.close()
    assert found == [expected] * 4


def test_words_of_removed_papers_do_not_use_up_a_fuzzy_word(engine: Engine) -> None:
    """At most 64 words are taken; words that nobody has any more are not among them."""

    def holding(rowid: int, word: str) -> IndexDocument:
        template = papers(1, SEED)[0]
        members = {name: getattr(template, name) for name in IndexDocument.__slots__}
        return IndexDocument(**members | {"rowid": rowid, "tie": rowid, "title": word})

    letters = "abcdefghijklmnopqrstuvwxyz"
    words = [f"x{one}{other}yz" for one in letters for other in letters][:200]
    documents = [holding(number + 1, word) for number, word in enumerate(words)]
    engine.rebuild(documents, 1)
    engine.apply((), range(1, 101), 2)
    snapshot = engine.snapshot()
    tree = Fuzzy("title", "xyz", 2)
    expected = Oracle(documents[100:]).match(tree)
    found = snapshot.search(tree, limit=ALL)
    snapshot.close()
    assert {hit.rowid for hit in found.hits} == expected
    assert len(expected) == 64
