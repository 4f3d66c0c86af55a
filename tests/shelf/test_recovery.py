"""Damage: whatever becomes of the index or the store file, the shelf says so or mends it itself."""

import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from index.document import IndexDocument
from index.shelf import Shelf
from index.store import StoreError
from tests.api.client import Silent
from tests.paths import REPOSITORY
from tests.shelf.building import ask, ids, lines, load, numbered, walk, walked_ids

COUNT = 30


def build_of(folder: Path, engine: str) -> Path:
    index = folder / "index" / engine
    return index / (index / "CURRENT").read_text()


def set_aside(path: Path) -> None:
    """Take a folder away in one step: a server may be making it anew at the same moment."""
    aside = Path(tempfile.mkdtemp(dir=path.parents[1])) / path.name
    path.rename(aside)
    shutil.rmtree(aside.parent, ignore_errors=True)


def delete(folder: Path, engine: str) -> None:
    set_aside(folder / "index")


def empty(folder: Path, engine: str) -> None:
    set_aside(folder / "index" / engine)
    (folder / "index" / engine).mkdir(exist_ok=True)


def empty_build(folder: Path, engine: str) -> None:
    for path in build_of(folder, engine).iterdir():
        path.unlink(missing_ok=True)


def cut_list_of_segments(folder: Path, engine: str) -> None:
    for path in build_of(folder, engine).iterdir():
        if path.name == "meta.json" or path.suffix == ".toc":
            path.write_bytes(path.read_bytes()[:20])


def replace_with_another_shelfs(folder: Path, engine: str) -> None:
    other = folder.parent / "other"
    with Shelf(other, engine) as shelf:
        load(shelf, folder.parent, *(numbered(n + 500) for n in range(COUNT + 3)), name="o.jsonl")
    while (other / "index").exists():
        set_aside(folder / "index")
        with suppress(OSError):  # made anew in between
            (other / "index").rename(folder / "index")
    shutil.rmtree(other)


def point_nowhere(folder: Path, engine: str) -> None:
    (folder / "index" / engine / "CURRENT").write_text("deadbeef")


def point_with_garbage(folder: Path, engine: str) -> None:
    (folder / "index" / engine / "CURRENT").write_bytes(b"../\0\xff" * 99)


def point_with_a_long_name(folder: Path, engine: str) -> None:
    (folder / "index" / engine / "CURRENT").write_text("a" * 5000)


def point_with_a_folder(folder: Path, engine: str) -> None:
    current = folder / "index" / engine / "CURRENT"
    while current.is_file():
        current.unlink()
        with suppress(FileExistsError):  # made anew in between
            current.mkdir()


DAMAGES: list[Callable[[Path, str], None]] = [
    delete,
    empty,
    empty_build,
    cut_list_of_segments,
    replace_with_another_shelfs,
    point_nowhere,
    point_with_garbage,
    point_with_a_long_name,
    point_with_a_folder,
]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda each: each.__name__)
def test_a_damaged_index_is_made_anew_by_the_next_who_writes(
    tmp_path: Path, engine: str, damage: Callable[[Path, str], None]
) -> None:
    folder = tmp_path / "data"
    with Shelf(folder, engine) as shelf:
        load(shelf, tmp_path, *map(numbered, range(COUNT)))
        expected = walked_ids(walk(shelf, q="walked", sort="title"))
    damage(folder, engine)
    with Shelf(folder, engine) as shelf:
        assert shelf.check() != []
        load(shelf, tmp_path, *map(numbered, range(COUNT)))
        assert walked_ids(walk(shelf, q="walked", sort="title")) == expected
        assert shelf.check() == []


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda each: each.__name__)
def test_a_server_answers_while_it_mends_the_index(
    tmp_path: Path, engine: str, damage: Callable[[Path, str], None]
) -> None:
    folder = tmp_path / "data"
    with served(folder, engine) as shelf:
        load(shelf, tmp_path, *map(numbered, range(COUNT)))
        expected = walked_ids(walk(shelf, q="walked", sort="title"))
        damage(folder, engine)
        deadline = time.monotonic() + 20
        while shelf.check() != [] or shelf.stats().index_position != COUNT:
            assert walked_ids(walk(shelf, q="walked", sort="title")) == expected
            assert time.monotonic() < deadline
        load(shelf, tmp_path, numbered(COUNT), name="new.jsonl")
        assert ask(shelf, q="walked").total == COUNT + 1


@contextmanager
def served(folder: Path, engine: str) -> Iterator[Shelf]:
    """A shelf with its background threads, once it is ready."""
    with Shelf(folder, engine) as shelf:
        shelf.start()
        deadline = time.monotonic() + 20
        while not shelf.ready:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        yield shelf


def test_an_older_copy_of_the_store_gets_an_index_of_its_own(tmp_path: Path, engine: str) -> None:
    """Even when the copy is written to before anybody looks: positions then agree by chance."""
    folder, copy = tmp_path / "data", tmp_path / "copy.sqlite"
    with Shelf(folder, engine) as shelf:
        load(shelf, tmp_path, *map(numbered, range(10)))
        with sqlite3.connect(folder / "papers.sqlite") as source, sqlite3.connect(copy) as target:
            source.backup(target)
        source.close()
        target.close()
        load(shelf, tmp_path, *map(numbered, range(10, 20)), name="later.jsonl")
    for suffix in ("", "-wal", "-shm"):
        (folder / f"papers.sqlite{suffix}").unlink(missing_ok=True)
    shutil.copy(copy, folder / "papers.sqlite")
    with Shelf(folder, engine) as shelf:
        assert shelf.check() != []
        load(shelf, tmp_path, *map(numbered, range(40, 60)), name="others.jsonl")
        assert ask(shelf, q="walked").total == 30
        assert ask(shelf, q="unique15x").total == 0
        assert len(walked_ids(walk(shelf, q="walked"))) == 30
        assert shelf.check() == []


def test_a_running_server_follows_an_older_copy(tmp_path: Path, engine: str) -> None:
    """Restored with SQLite's own backup, as the file of a running program must be."""
    folder, copy = tmp_path / "data", tmp_path / "copy.sqlite"
    with served(folder, engine) as shelf:
        load(shelf, tmp_path, *map(numbered, range(10)))
        with sqlite3.connect(folder / "papers.sqlite") as source, sqlite3.connect(copy) as target:
            source.backup(target)
        load(shelf, tmp_path, *map(numbered, range(10, 20)), name="later.jsonl")
        assert ask(shelf, q="walked").total == 20
        target.backup(source)
        source.close()
        target.close()
        deadline = time.monotonic() + 20
        while (page := ask(shelf, q="walked")).total != 10:
            assert page.total == len(page.rows) == 20
            assert time.monotonic() < deadline
        assert shelf.check() == []


def test_closing_does_not_wait_for_a_long_rebuild(
    tmp_path: Path, engine: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "data"
    with Shelf(folder, engine) as shelf:
        load(shelf, tmp_path, *map(numbered, range(COUNT)))
    delete(folder, engine)
    reached = threading.Event()
    with Shelf(folder, engine) as shelf:
        documents = shelf._store.documents

        def documents_slowly(*arguments: Any) -> Iterator[IndexDocument]:
            for document in documents(*arguments):
                reached.set()
                time.sleep(0.5)
                yield document

        monkeypatch.setattr(shelf._store, "documents", documents_slowly)
        shelf.start()
        assert reached.wait(10)
        began = time.monotonic()
    assert time.monotonic() - began < 0.5 * COUNT / 2
    assert not caplog.records
    with served(folder, engine) as shelf:
        assert ask(shelf, q="walked").total == COUNT


def test_a_file_put_in_place_of_the_open_one_is_left_alone(
    tmp_path: Path, engine: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A server that runs on answers as before; it writes neither to a lost file nor to the index
    that now belongs to the other."""
    folder, copy = tmp_path / "data", tmp_path / "copy.sqlite"
    with served(folder, engine) as shelf:
        load(shelf, tmp_path, *map(numbered, range(10)))
        with sqlite3.connect(folder / "papers.sqlite") as source, sqlite3.connect(copy) as target:
            source.backup(target)
        source.close()
        target.close()
        load(shelf, tmp_path, *map(numbered, range(10, 20)), name="later.jsonl")
        for suffix in ("-wal", "-shm"):
            (folder / f"papers.sqlite{suffix}").unlink(missing_ok=True)
        copy.replace(folder / "papers.sqlite")
        with Shelf(folder, engine) as other:
            load(other, tmp_path, *map(numbered, range(40, 45)), name="others.jsonl")
            with pytest.raises(StoreError, match="was replaced"):
                load(shelf, tmp_path, numbered(99), name="lost.jsonl")
            deadline = time.monotonic() + 20
            while not caplog.records:
                assert time.monotonic() < deadline
                time.sleep(0.01)
            assert ask(shelf, q="walked").total == 20
            assert other.check() == []
            assert ask(other, q="walked").total == 15
    with served(folder, engine) as shelf:
        assert ask(shelf, q="walked").total == 15


LOAD = """
import resource, sys
from pathlib import Path
from index.shelf import Shelf
from tests.api.client import Silent
folder, engine, source, most = sys.argv[1:]
resource.setrlimit(resource.RLIMIT_FSIZE, (int(most), int(most)))
with Shelf(Path(folder), engine) as shelf:
    shelf.load([Path(source)], Silent())
"""
REBUILD = """
import sys
from pathlib import Path
from index.shelf import Shelf
with Shelf(Path(sys.argv[1]), sys.argv[2]) as shelf:
    print("go", flush=True)
    while True:
        shelf.rebuild()
"""
REMOVE = """
import sys
from pathlib import Path
from index.shelf import Shelf
with Shelf(Path(sys.argv[1]), sys.argv[2]) as shelf:
    print("go", flush=True)
    for number in range(10_000):
        shelf.remove([f"2501.{number:05d}"])
        print(number, flush=True)
"""


def run(code: str, *arguments: str | Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=REPOSITORY,
        env={"PYTHONPATH": str(REPOSITORY), "PATH": "/usr/bin:/bin"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(("room", "told"), [(20_000, "The disk"), (34_000, "full-text|too large")])
def test_a_full_disk_is_told_and_got_over(
    tmp_path: Path, engine: str, room: int, told: str
) -> None:
    """A limit on file sizes stands for the full disk; the larger leaves room for the store."""
    folder, source = tmp_path / "data", tmp_path / "papers.jsonl"
    text = " ".join(f"word{number}" for number in range(400))
    source.write_text(lines(*(numbered(n, abstract=f"{text} last{n}") for n in range(90))))
    with Shelf(folder, engine) as shelf:
        shelf.load([source], Silent())
        expected = ask(shelf, q="walked").total
    delete(folder, engine)
    with run(LOAD, folder, engine, source, str(room)) as process:
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 1, errors
    assert re.search(told, errors.splitlines()[-1]), errors
    with Shelf(folder, engine) as shelf:
        assert shelf.load([source], Silent()).unchanged == 90
        assert ask(shelf, q="walked").total == expected == 90
        assert shelf.check() == []


def test_kill_in_the_midst_of_rebuilds(tmp_path: Path, engine: str) -> None:
    folder = tmp_path / "data"
    with Shelf(folder, engine) as shelf:
        load(shelf, tmp_path, *map(numbered, range(COUNT)))
        expected = ids(ask(shelf, q="walked", sort="title", limit=100))
    for pause in (0.0, 0.02, 0.05):
        with run(REBUILD, folder, engine) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "go\n"
            time.sleep(pause)
            process.send_signal(signal.SIGKILL)
        with Shelf(folder, engine) as shelf:
            assert ids(ask(shelf, q="walked", sort="title", limit=100)) == expected
    with Shelf(folder, engine) as shelf:
        assert shelf.rebuild() == COUNT
        builds = [path for path in (folder / "index" / engine).iterdir() if path.is_dir()]
        assert len(builds) == 1, "leftovers of the killed are gone"


def test_kill_in_the_midst_of_removals(tmp_path: Path, engine: str) -> None:
    folder = tmp_path / "data"
    with Shelf(folder, engine) as shelf:
        load(shelf, tmp_path, *map(numbered, range(COUNT)))
    with run(REMOVE, folder, engine) as process:
        assert process.stdout is not None
        told = [process.stdout.readline() for _ in range(5)]
        process.send_signal(signal.SIGKILL)
        told += process.stdout.readlines()
    acknowledged = int([each for each in told if each.endswith("\n")][-1]) + 1
    with Shelf(folder, engine) as shelf:
        for number in range(acknowledged):
            assert shelf.find_paper(f"2501.{number:05d}") is None
        papers = shelf.stats().papers
        assert papers in (COUNT - acknowledged, COUNT - acknowledged - 1)
        assert ask(shelf, q="walked").total == papers  # also where the index is behind
        assert len(ids(ask(shelf, q="walked", limit=100))) == papers
        assert shelf.catch_up()
        assert ask(shelf, q="walked").total == papers
        assert shelf.check() == []


def test_trouble_with_the_index_does_not_hide_what_is_stored(
    tmp_path: Path, engine: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A server whose index cannot be written answers from the last one, and shows new rows."""
    folder = tmp_path / "data"
    with served(folder, engine) as shelf:
        load(shelf, tmp_path, *map(numbered, range(COUNT)))
        lock = folder / "index.lock"
        lock.unlink()
        lock.mkdir()
        path = tmp_path / "new.jsonl"
        path.write_text(lines(numbered(COUNT)))
        assert shelf.load([path], Silent()).added == 1
        deadline = time.monotonic() + 60
        assert not shelf.is_searchable(shelf.position)
        while shelf.find_paper(f"2501.{COUNT:05d}") is None:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert ask(shelf, q="walked").total == COUNT
        while not caplog.records:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        lock.rmdir()
        while ask(shelf, q="walked").total != COUNT + 1:
            assert time.monotonic() < deadline
            time.sleep(0.01)
    assert len(caplog.records) == 1, "told once, not at each try"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_only_be_read_is_refused_in_a_sentence(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with Shelf(folder) as shelf:
        load(shelf, tmp_path, numbered(1))
    folder.chmod(0o500)
    try:
        with pytest.raises(Exception, match=r"cannot be used|may not be written"), Shelf(folder):
            pass
    finally:
        folder.chmod(0o700)
