"""The file: who may read it, what is refused, and what survives a full disk or a kill."""

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from index.store import Store, StoreError
from index.store_file import BUSY_SECONDS
from tests.paths import REPOSITORY
from tests.scale import scaled
from tests.store.build import open_store, papers, record, statuses, write


def test_folder_and_file_are_for_their_owner_only(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "new" / "data")
    write(store, record())
    modes = {
        path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "new" / "data").iterdir()
    }
    assert modes == dict.fromkeys(
        ("papers.sqlite", "papers.sqlite-wal", "papers.sqlite-shm"), 0o600
    )
    assert (tmp_path / "new" / "data").stat().st_mode & 0o777 == 0o700
    store.close()


def test_the_file_is_durable_and_checked(store: Store) -> None:
    with store._file.writing() as connection:
        values = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert values == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": BUSY_SECONDS * 1000,
    }


def test_opening_again_finds_everything_and_the_same_identity(tmp_path: Path) -> None:
    first = open_store(tmp_path)
    write(first, record("A"), record("B"))
    before, identity, position = papers(first), first.identity, first.position()
    other = open_store(tmp_path)
    assert papers(other) == before
    other.close()
    first.close()
    again = open_store(tmp_path)
    assert (papers(again), again.identity, again.position()) == (before, identity, position)
    again.close()
    elsewhere = Store.open(tmp_path / "other")
    assert elsewhere.identity != identity
    assert len(identity) == 32
    elsewhere.close()


def make(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    content = b"this is not a database, but a text of some length\n" * 100
    (tmp_path / "papers.sqlite").write_bytes(content)
    with pytest.raises(StoreError, match=r"papers\.sqlite is not an SQLite database"):
        Store.open(tmp_path)
    assert (tmp_path / "papers.sqlite").read_bytes() == content


def test_a_database_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    make(tmp_path / "papers.sqlite", "CREATE TABLE mine (x)")
    content = (tmp_path / "papers.sqlite").read_bytes()
    with pytest.raises(StoreError, match="of another program"):
        Store.open(tmp_path)
    assert (tmp_path / "papers.sqlite").read_bytes() == content


def test_a_file_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    Store.open(tmp_path).close()
    make(tmp_path / "papers.sqlite", "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="newer version of Papershelf"):
        Store.open(tmp_path)


def test_a_truncated_file_is_refused(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    write(store, *(record(f"Paper {n}", abstract="x" * 2000) for n in range(100)))
    store.close()
    os.truncate(tmp_path / "papers.sqlite", 3 * 4096)
    with pytest.raises(StoreError, match="damaged"):
        Store.open(tmp_path)


def test_damage_inside_is_found_by_verify(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    write(store, *(record(f"Paper {n}", abstract="x" * 2000) for n in range(100)))
    assert store.verify() == []
    store.close()
    make(tmp_path / "papers.sqlite", "UPDATE paper SET comments = 3 WHERE rowid = 7")
    store = Store.open(tmp_path)
    (finding,) = store.verify()
    assert "paper-6-" in finding
    store.close()
    make(tmp_path / "papers.sqlite", "DELETE FROM rendering WHERE rowid < 400")
    store = Store.open(tmp_path)
    assert len(store.verify()) == 100
    store.close()


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be used"):
        Store.open(tmp_path / "file" / "data")


def test_a_path_with_odd_characters_is_no_trouble(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "a%20b?c#d é'")
    write(store, record())
    reader = store.reader()
    assert reader.stats()[0] == store.count() == 1
    reader.close()
    store.close()


def test_nothing_is_half_written_when_pages_run_out(store: Store) -> None:
    write(store, record("A"))
    before = papers(store)
    with store._file.writing() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 20}")
    many = [record(f"Paper {n}", abstract="x" * 3000) for n in range(200)]
    with pytest.raises(StoreError, match=r"^The disk is full"):
        write(store, *many, name="b")
    assert (papers(store), store.position()) == (before, 1)
    with store._file.writing() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    assert set(statuses(write(store, *many, name="b"))) == {"added"}


def run(code: str, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, str(folder)],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    )


LOADER = """
import sys
from pathlib import Path
from index.store import Store, StoreError
from tests.store.build import record, write
store = Store.open(Path(sys.argv[1]))
{limit}
try:
    for n in range(10_000):
        batch = [record(f"Paper {{n}} {{m}}", abstract="x" * 3000) for m in range(10)]
        write(store, *batch, name=f"file {{n}}")
        print("committed", n, flush=True)
except StoreError as error:
    print("error", error, flush=True)
"""
LIMIT = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000, 1_500_000))"


def committed(lines: list[str]) -> int:
    return sum(line.startswith("committed") for line in lines)


def test_a_file_that_may_not_grow_gives_a_sentence_and_keeps_what_was_committed(
    tmp_path: Path,
) -> None:
    loader = run(LOADER.format(limit=LIMIT), tmp_path)
    lines = loader.communicate(timeout=60)[0].splitlines()
    assert loader.returncode == 0
    assert lines[-1].startswith("error The disk")
    assert committed(lines) > 3
    store = Store.open(tmp_path)
    assert store.count() == 10 * committed(lines)
    assert store.verify() == []
    write(store, record("After"))
    store.close()


@pytest.mark.parametrize("round_number", range(scaled(20)))
def test_a_killed_load_keeps_what_was_committed_and_nothing_in_halves(
    tmp_path: Path, round_number: int
) -> None:
    loader = run(LOADER.format(limit=""), tmp_path)
    assert loader.stdout
    lines = [loader.stdout.readline() for _ in range(2 + 3 * round_number)]
    loader.send_signal(signal.SIGKILL)
    lines += loader.stdout.readlines()
    loader.stdout.close()
    assert loader.wait(timeout=60) == -signal.SIGKILL
    store = Store.open(tmp_path)
    assert store.count() in (10 * committed(lines), 10 * committed(lines) + 10)
    assert store.position() == store.count()
    assert store.verify() == []
    write(store, record("After"))
    store.close()


def test_several_processes_may_open_a_new_store_at_once(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from index.store import Store\n"
        "store = Store.open(Path(sys.argv[1]))\nprint(store.identity)\nstore.close()"
    )
    processes = [run(code, tmp_path) for _ in range(3)]
    identities = [process.communicate(timeout=60)[0] for process in processes]
    assert len(set(identities)) == 1
    assert identities[0].strip()
    assert [process.returncode for process in processes] == [0, 0, 0]
