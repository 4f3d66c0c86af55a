"""`papershelf backup` and `papershelf restore`."""

import itertools
import os
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from index.shelf import Shelf
from index.store import Store
from index.store_backup import _room as restoring
from index.store_file import FILE_NAME
from tests.cli.conftest import Here
from tests.cli.running import COMMAND, TIMEOUT, environment, run, started
from tests.store.build import papers, record, write
from tests.store.test_migrations import set_back


@pytest.fixture
def own(shelf: Path, tmp_path: Path) -> Path:
    """A working folder with a copy of the shelf that may be changed."""
    shutil.copytree(shelf / "data", tmp_path / "data")
    return tmp_path


def content(folder: Path) -> tuple[list[dict[str, object]], str, int]:
    """Papers, identity and position of a shelf."""
    store = Store.open(folder)
    found = papers(store), store.identity, store.position()
    assert store.verify() == []
    store.close()
    return found


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_backup_is_restored_with_a_new_identity(here: Here, own: Path) -> None:
    done = here(own, "backup", "b.backup")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("b.backup: 40 papers, 0.")
    assert stat.S_IMODE((own / "b.backup").stat().st_mode) == 0o600
    assert names(own) == {"data", "b.backup"}
    done = here(own, "restore", "b.backup", "--data", "new")
    assert (done.code, done.out, done.err) == (0, "restored 40 papers into new\n", "")
    assert names(own / "new") <= {*names(own / "data"), "index.lock"}
    assert stat.S_IMODE((own / "new").stat().st_mode) == 0o700
    assert stat.S_IMODE((own / "new" / FILE_NAME).stat().st_mode) == 0o600
    before, after = content(own / "data"), content(own / "new")
    assert before[0] == after[0]
    assert before[1] != after[1]
    assert before[2] == after[2]
    assert here(own, "check", "--data", "new").out.startswith("all is well: 40 papers")
    assert '"total":1,' in here(own, "search", "title:hydra", "--data", "new").out


def test_tokens_of_the_history_before_are_refused(here: Here, own: Path) -> None:
    with Shelf(own / "data") as shelf, shelf.changes.feed() as feed:
        lines = b"".join(line + b"\n" for _, line in feed.lines())
    (own / "feed").write_bytes(lines)
    assert here(own, "follow", "feed", "--data", "copy").code == 0
    assert here(own, "backup", "b.backup").code == 0
    assert here(own, "restore", "b.backup", "--replace").code == 0
    with Shelf(own / "data") as shelf, shelf.changes.feed() as feed:
        (own / "feed").write_bytes(b"".join(line + b"\n" for _, line in feed.lines()))
    done = here(own, "follow", "feed", "--data", "copy")
    assert done.code == 1
    assert "follow another shelf into an empty folder" in done.err


def test_a_file_that_exists_is_only_replaced_by_force(here: Here, own: Path) -> None:
    (own / "b.backup").write_text("mine")
    done = here(own, "backup", "b.backup")
    assert (done.code, done.out) == (1, "")
    assert "--force" in done.err
    assert (own / "b.backup").read_text() == "mine"
    assert here(own, "backup", "b.backup", "--force").code == 0
    assert here(own, "restore", "b.backup", "--data", "new").code == 0


def test_papers_are_only_given_up_when_that_is_said(here: Here, own: Path) -> None:
    assert here(own, "backup", "b.backup").code == 0
    paper = content(own / "data")[0][0]["id"]
    assert here(own, "remove", str(paper)).code == 0
    before = content(own / "data")
    done = here(own, "restore", "b.backup")
    assert (done.code, done.out) == (1, "")
    assert "--replace" in done.err
    assert content(own / "data") == before
    assert here(own, "restore", "b.backup", "--replace").code == 0
    assert len(content(own / "data")[0]) == 40
    assert not {name for name in names(own / "data") if name.startswith("restoring")}


def wait_until_ready(process: "subprocess.Popen[bytes]") -> str:
    """The address of a server once it answers."""
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.search(rb"http://[0-9.:]+", line):
            break
    address = found[0].decode() if found else ""
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{address}/readyz", timeout=TIMEOUT):
                return address
        except urllib.error.HTTPError as refusal:
            refusal.close()
        except OSError:
            pass
        time.sleep(0.1)
    raise AssertionError("the server does not get ready")


def test_a_folder_in_use_is_refused(here: Here, own: Path) -> None:
    assert here(own, "backup", "b.backup").code == 0
    with started(own, "serve", "--port", "0") as process:
        wait_until_ready(process)
        done = here(own, "restore", "b.backup", "--replace")
        assert done.code == 1
        assert "in use by a server or another command" in done.err
        assert here(own, "backup", "while-serving.backup").code == 0
        process.terminate()
        process.communicate(timeout=60)
    assert content(own / "data")[0]
    assert here(own, "restore", "while-serving.backup", "--replace").code == 0


def test_a_damaged_shelf_is_replaced(here: Here, own: Path) -> None:
    assert here(own, "backup", "b.backup").code == 0
    for damage in (b"no database at all " * 500, (own / "b.backup").read_bytes()[: 5 * 8192]):
        (own / "data" / FILE_NAME).write_bytes(damage)
        assert here(own, "check").code == 1
        assert here(own, "restore", "b.backup").code == 1
        done = here(own, "restore", "b.backup", "--replace")
        assert (done.code, done.err) == (0, "")
        assert len(content(own / "data")[0]) == 40


def test_a_backup_of_the_first_version_is_migrated(here: Here, own: Path) -> None:
    assert here(own, "backup", "b.backup").code == 0
    set_back(own / "b.backup")
    given = (own / "b.backup").read_bytes()
    assert here(own, "restore", "b.backup", "--data", "new").code == 0
    assert content(own / "new")[0] == content(own / "data")[0]
    assert (own / "b.backup").read_bytes() == given


def statement(path: Path, sql: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute(sql)
    connection.commit()
    connection.close()


def test_what_is_no_sound_backup_is_refused_and_leaves_nothing(here: Here, own: Path) -> None:
    assert here(own, "backup", "b.backup").code == 0
    sound = (own / "b.backup").read_bytes()
    (own / "text").write_text("this is not a database, but a text of some length\n" * 100)
    (own / "cut").write_bytes(sound[: 7 * 8192])
    middle = len(sound) // 2
    (own / "scratched").write_bytes(sound[:middle] + b"\xa5" * 16384 + sound[middle + 16384 :])
    (own / "empty").write_bytes(b"")
    statement(own / "foreign", "CREATE TABLE mine (x)")
    for name, sql in (
        ("newer", "UPDATE alembic_version SET version_num = '9999'"),
        ("nameless", "DELETE FROM meta WHERE key = 'identity'"),
        ("torn", "DELETE FROM paper WHERE rowid < 9"),
    ):
        (own / name).write_bytes(sound)
        statement(own / name, sql)
    for name, said in (
        ("text", "text is not an SQLite database"),
        ("cut", "cut is damaged"),
        ("scratched", "scratched is damaged"),
        ("empty", "empty is no shelf of Papershelf"),
        ("foreign", "foreign is no shelf of Papershelf"),
        ("newer", "newer was made by a newer version"),
        ("nameless", "nameless is damaged"),
        ("torn", "torn is damaged"),
        ("missing", "missing cannot be used: No such file"),
        ("data", "data cannot be used: Is a directory"),
    ):
        before = names(own)
        done = here(own, "restore", name, "--data", "new")
        assert (done.code, done.out) == (1, ""), name
        assert said in done.err
        assert done.err.count("\n") == 1
        assert not list((own / "new").glob("*")), name
        assert names(own) <= before | {"new"}
    assert here(own, "restore", "text", "--replace").code == 1
    assert len(content(own / "data")[0]) == 40


def test_a_target_that_cannot_be_written_leaves_nothing(here: Here, own: Path) -> None:
    before = names(own)
    for target, said in (
        ("nowhere/b.backup", "No such file or directory"),
        ("data", "is a folder"),
    ):
        done = here(own, "backup", target)
        assert (done.code, done.out) == (1, "")
        assert said in done.err
    assert names(own) == before
    assert here(own, "backup", "b.backup", "--data", "none").code == 1
    assert here(own, "backup").code == here(own, "backup", "a", "b").code == 2


def test_nothing_but_a_file_of_its_own_is_replaced(here: Here, own: Path) -> None:
    """Not even by force: neither the papers of a shelf, which may be open, nor what is no file."""
    before = content(own / "data")
    os.mkfifo(own / "pipe")
    (own / "link").symlink_to(own / "data" / FILE_NAME)
    for target, said in (
        (f"data/{FILE_NAME}", "where a shelf has its papers"),
        (f"data/{FILE_NAME}-wal", "where a shelf has its papers"),
        (f"other-{FILE_NAME}/../{FILE_NAME}", "where a shelf has its papers"),
        ("link", "where a shelf has its papers"),
        ("pipe", "no regular file"),
        ("x" * 300, "File name too long"),
    ):
        done = here(own, "backup", target, "--force")
        assert (done.code, done.out) == (1, ""), target
        assert said in done.err
        assert done.err.count("\n") == 1
    assert content(own / "data") == before


def test_a_link_leads_to_the_file_that_is_written(here: Here, own: Path) -> None:
    (own / "link").symlink_to("b.backup")
    assert here(own, "backup", "link").code == 0
    assert here(own, "backup", f"{FILE_NAME}.backup").code == 0
    assert (own / "link").is_symlink()
    assert here(own, "backup", "link").code == 1
    assert here(own, "backup", "link", "--force").code == 0
    assert here(own, "restore", "link", "--data", "new").code == 0


@pytest.mark.parametrize("sql", ["DELETE FROM paper WHERE rowid < 9", None])
def test_a_backup_of_a_damaged_shelf_says_what_is_damaged(
    here: Here, own: Path, sql: str | None
) -> None:
    path = own / "data" / FILE_NAME
    if sql:
        statement(path, sql)
    else:
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
    done = here(own, "backup", "b.backup")
    assert (done.code, done.out) == (1, "")
    assert f"data/{FILE_NAME} is damaged" in done.err
    assert "b.backup" not in done.err
    assert names(own) == {"data"}


def test_a_pipe_is_not_waited_for(own: Path) -> None:
    os.mkfifo(own / "pipe")
    done = run(own, "restore", "pipe", "--data", "new")
    assert (done.code, done.err) == (1, "papershelf: pipe is no regular file.\n")


def test_what_a_killed_restore_has_left_goes_with_the_next(here: Here, own: Path) -> None:
    assert here(own, "backup", "b.backup").code == 0
    program = "import index.store_backup, os; index.store_backup._renew = lambda _: os._exit(9)"
    command = (
        f"{program}\nfrom api.__main__ import main\nmain(['restore', 'b.backup', '--replace'])"
    )
    killed = subprocess.run(
        [sys.executable, "-c", command], cwd=own, env=environment(), timeout=TIMEOUT, check=False
    )
    assert killed.returncode == 9
    assert list((own / "data").glob("restoring-*"))
    with restoring(own / "data") as room:
        assert here(own, "restore", "b.backup", "--replace").code == 0
        assert list((own / "data").glob("restoring-*")) == [room]
    assert not list((own / "data").glob("restoring-*"))


def test_a_full_disk_leaves_nothing(own: Path) -> None:
    """A limit on the size of files is met as a full disk is, at whatever page."""
    whole = run(own, "backup", "b.backup")
    assert whole.code == 0
    size = (own / "b.backup").stat().st_size
    (own / "b.backup").rename(own / "kept.backup")
    for command in (["backup", "b.backup"], ["restore", "kept.backup", "--data", "new"]):
        for part in (1, size // 2, size - 8192):
            limited = subprocess.run(
                ["bash", "-c", f'ulimit -f {part // 1024} && exec "$@"', "-", *COMMAND, *command],
                cwd=own,
                env=environment(),
                capture_output=True,
                timeout=120,
                check=False,
            )
            assert limited.returncode == 1, limited
            assert limited.stderr.count(b"\n") == 1, limited.stderr
            assert not (own / "b.backup").exists()
            assert not list(own.glob(".b.backup*"))
            assert not list(own.glob("new/*"))


def test_a_backup_beside_a_load_is_of_one_moment(own: Path) -> None:
    """Whatever was committed when it began is in it, and whole transactions of what came after."""
    store = Store.open(own / "data")
    begun, done = threading.Event(), threading.Event()

    def load() -> None:
        for number in itertools.count():
            write(store, *(record(f"Batch {number} paper {each}") for each in range(50)))
            begun.set()
            if done.is_set():
                return

    loader = threading.Thread(target=load)
    loader.start()
    begun.wait(60)
    before = store.position()
    backup = run(own, "backup", "b.backup")
    done.set()
    loader.join()
    store.close()
    assert backup.code == 0
    assert run(own, "restore", "b.backup", "--data", "new").code == 0
    found, _, position = content(own / "new")
    assert position >= before
    assert (len(found) - 40) % 50 == 0
