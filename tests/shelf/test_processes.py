"""Several processes and threads on one folder: loaders beside loaders, servers, and readers."""

import gc
import json
import re
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import index.indexer
import index.shelf
from index.shelf import Shelf
from tests.api.client import Silent
from tests.cli.running import COMMAND, environment, started
from tests.conftest import Tell
from tests.shelf.building import (
    ask,
    codes,
    ids,
    lines,
    load,
    numbered,
    store_only,
    walk,
    walked_ids,
)

IDLE_SECONDS = 2.0


def write(folder: Path, name: str, numbers: range) -> Path:
    path = folder / name
    path.write_text(lines(*map(numbered, numbers)))
    return path


def load_process(folder: Path, *files: Path, engine: str = "tantivy") -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [*COMMAND, "load", *map(str, files), "--engine", engine, "--json"],
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def load_now(folder: Path, *files: Path, engine: str = "tantivy") -> None:
    """Load files in a process of its own, and wait for its end."""
    with load_process(folder, *files, engine=engine) as process:
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors


@contextmanager
def server(folder: Path, engine: str = "tantivy") -> Iterator[tuple[int, str]]:
    """`papershelf serve`, ready: its process id and address."""
    with started(folder, "serve", "--port", "0", "--engine", engine) as process:
        assert process.stdout is not None
        for raw in process.stdout:
            if found := re.search(rb"curl '(http://[^/]+)/v1", raw):
                break
        base = found[1].decode()  # type: ignore[index]
        deadline = time.monotonic() + 30
        while status(f"{base}/readyz") != 200:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield process.pid, base


def get(address: str) -> dict[str, Any]:
    with urllib.request.urlopen(address, timeout=30) as answer:
        found: dict[str, Any] = json.load(answer)
        return found


def status(address: str) -> int:
    try:
        with urllib.request.urlopen(address, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def test_two_loaders_at_once_both_end_well(tmp_path: Path, engine: str) -> None:
    """Each with papers of its own, and both with the same ones; nothing was there before."""
    common = write(tmp_path, "common.jsonl", range(200, 400))
    one, other = write(tmp_path, "a.jsonl", range(200)), write(tmp_path, "b.jsonl", range(400, 600))
    broken = tmp_path / "broken.jsonl"
    broken.write_text("{broken\n" * 40)
    loaders = [
        load_process(tmp_path, one, common, broken, engine=engine),
        load_process(tmp_path, common, other, broken, engine=engine),
    ]
    ends = [(loader.communicate(timeout=100), loader.returncode) for loader in loaders]
    assert [code for _, code in ends] == [1, 1], ends  # for the broken lines alone
    summaries = [json.loads(out) for (out, _), _ in ends]
    assert [each["rejected"] for each in summaries] == [40, 40]
    assert [each["failed"] for each in summaries] == [0, 0]
    assert sum(each["added"] + each["updated"] for each in summaries) >= 600
    with Shelf(tmp_path / "data", engine) as shelf:
        assert shelf.check() == []
        assert shelf.stats().papers == 600
        found = walked_ids(walk(shelf, q="walked", sort="title", limit=100))
        assert len(found) == len(set(found)) == 600
        (rejects,) = (tmp_path / "data" / "rejects").iterdir()
        assert [json.loads(each)["line"] for each in rejects.read_text().splitlines()] == list(
            range(1, 41)
        )


def test_a_server_shows_what_others_do(tmp_path: Path, tell: Tell) -> None:
    """Store commits within 3 s, index commits within 1 s; asserted generously, and told."""
    with server(tmp_path) as (_, base):
        slowest = 0.0
        for number in range(3):
            path = write(tmp_path, f"{number}.jsonl", range(number, number + 1))
            loader = load_process(tmp_path, path)
            assert loader.stderr is not None
            assert json.loads(loader.stderr.readline()) == {"committed": 1}
            committed = time.monotonic()
            while get(f"{base}/v1/papers?q=unique{number}x")["meta"]["total"] != 1:
                assert time.monotonic() - committed < 15
                time.sleep(0.01)
            slowest = max(slowest, time.monotonic() - committed)
            assert loader.communicate(timeout=30) is not None
            assert loader.returncode == 0
        tell(f"from store commit to search in a server, slowest of 3: {slowest:.2f} s")
        removed = subprocess.run(
            [*COMMAND, "remove", "2501.00001"], cwd=tmp_path, env=environment(), check=True
        )
        assert removed.returncode == 0
        gone = time.monotonic()
        while status(f"{base}/v1/papers/arxiv:2501.00001") != 410:
            assert time.monotonic() - gone < 15
        assert get(f"{base}/v1/papers?q=unique1x")["meta"]["total"] == 0


def test_walks_through_a_server_are_exact_beside_loads_and_removals(tmp_path: Path) -> None:
    write(tmp_path, "first.jsonl", range(300))
    load_now(tmp_path, tmp_path / "first.jsonl")
    more = [write(tmp_path, f"{n}.jsonl", range(1000 + 50 * n, 1050 + 50 * n)) for n in range(4)]
    changed = tmp_path / "changed.jsonl"
    changed.write_text(lines(*(numbered(n, comments=99, upvotes=n) for n in range(0, 300, 2))))
    with server(tmp_path) as (_, base):
        loader = load_process(tmp_path, *more, changed)
        walks = 0
        while loader.poll() is None or walks < 6:
            sort = ("relevance", "-comments", "title")[walks % 3]
            address = f"{base}/v1/papers?q=walked&limit=50&sort={sort}"
            page = get(address)
            found, total = [row["id"] for row in page["data"]], page["meta"]["total"]
            while (cursor := page["meta"]["nextCursor"]) is not None:
                page = get(f"{address}&cursor={cursor}")
                assert (page["meta"]["total"], page["meta"]["warnings"]) == (total, [])
                found += [row["id"] for row in page["data"]]
            assert len(found) == len(set(found)) == total >= 300
            walks += 1
        assert loader.communicate(timeout=60) is not None
        assert loader.returncode == 0
        deadline = time.monotonic() + 15
        while get(f"{base}/v1/papers?q=walked&limit=1")["meta"]["total"] != 500:
            assert time.monotonic() < deadline


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="counts CPU time by /proc")
def test_an_idle_server_costs_next_to_nothing(tmp_path: Path, engine: str, tell: Tell) -> None:
    write(tmp_path, "first.jsonl", range(300))
    load_now(tmp_path, tmp_path / "first.jsonl", engine=engine)
    with server(tmp_path, engine) as (process, _):
        time.sleep(0.3)
        before = cpu_seconds(process)
        time.sleep(IDLE_SECONDS)
        share = (cpu_seconds(process) - before) / IDLE_SECONDS
    tell(f"CPU of an idle server: {share:.2%}")
    assert share < 0.1


def cpu_seconds(process: int) -> float:
    """CPU time of all threads of a process, in seconds, to the nanosecond."""
    tasks = Path(f"/proc/{process}/task")
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks.iterdir()) / 1e9


def test_a_load_waits_for_another_process_that_indexes(tmp_path: Path, engine: str) -> None:
    """It does not end before its papers can be found, whoever makes them findable."""
    with Shelf(tmp_path / "data", engine) as shelf:
        load(shelf, tmp_path, *map(numbered, range(5)))
        with shelf._indexer._locked() as mine:
            assert mine
            loader = load_process(
                tmp_path, write(tmp_path, "more.jsonl", range(5, 9)), engine=engine
            )
            assert loader.stderr is not None
            assert json.loads(loader.stderr.readline()) == {"committed": 4}
            with pytest.raises(subprocess.TimeoutExpired):
                loader.wait(0.5)
        assert loader.communicate(timeout=60) is not None
        assert loader.returncode == 0
        shelf._views.refresh()
        assert ask(shelf, q="walked").total == 9


def test_a_load_that_has_waited_long_enough_says_so(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(index.shelf, "PATIENCE", 0.1)
    with shelf._indexer._locked() as mine:
        assert mine
        assert load(shelf, tmp_path, numbered(1)).clean
    assert "until another process has done" in caplog.text
    assert shelf.find_paper("2501.00001") is not None
    caplog.clear()
    assert load(shelf, tmp_path, numbered(1)).unchanged == 1
    assert ask(shelf, q="walked").total == 1
    assert not caplog.records


def test_a_server_finishes_what_a_killed_loader_began(tmp_path: Path, engine: str) -> None:
    with Shelf(tmp_path / "data", engine) as shelf:
        load(shelf, tmp_path, numbered(0))
        shelf.start()
        files = [write(tmp_path, f"{n}.jsonl", range(40 * n, 40 * n + 40)) for n in range(50)]
        with load_process(tmp_path, *files, engine=engine) as loader:
            assert loader.stderr is not None
            loader.stderr.readline()
            told = json.loads(loader.stderr.readline())["committed"]
            loader.kill()
            loader.communicate()
        deadline = time.monotonic() + 30
        while (stats := shelf.stats()).papers < told or stats.index_position < stats.store_position:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert ask(shelf, q="walked").total == stats.papers >= told
        assert shelf.check() == []


def test_readers_never_stumble_while_views_are_replaced(tmp_path: Path, engine: str) -> None:
    """Threads read all that there is to read; the shelf loads, removes, rebuilds and refreshes."""
    stop = threading.Event()
    with Shelf(tmp_path / "data", engine) as shelf:
        load(shelf, tmp_path, *map(numbered, range(40)))
        shelf.start()

        def read(sort: str) -> int:
            rounds = 0
            while not stop.is_set() or rounds < 2:
                pages = walk(shelf, q="walked", sort=sort, limit=17)
                found = walked_ids(pages)
                assert len(found) == len(set(found)) == pages[0].total >= 30
                assert not any(map(codes, pages))
                batch = shelf.papers([*found[:5], "arxiv:2501.00005", "nobody"])
                assert batch[-1] is None
                shelf.find_paper("2501.00007")
                shelf.stats()
                assert shelf.daily(limit=9).rows
                rounds += 1
            return rounds

        with ThreadPoolExecutor(4) as pool:
            readers = [pool.submit(read, sort) for sort in ("relevance", "title", "-comments")]
            try:
                for number in range(8):
                    load(shelf, tmp_path, numbered(number % 3, upvotes=number), numbered(90))
                    shelf.remove([f"2501.{number:05d}", "2501.00090"])
                    if number == 4:
                        shelf.rebuild()
                    if any(reader.done() for reader in readers):
                        break
            finally:
                stop.set()
            assert all(reader.result(60) >= 2 for reader in readers)


def test_views_that_nobody_uses_are_let_go(tmp_path: Path, engine: str) -> None:
    """However many revisions there were: open files of the process do not grow."""
    with Shelf(tmp_path / "data", engine) as shelf:
        load(shelf, tmp_path, *map(numbered, range(20)))
        counts = []
        for number in range(12):
            load(shelf, tmp_path, numbered(100 + number), name=f"{number}.jsonl")
            assert ask(shelf, q="walked", limit=100).next_cursor is None
            gc.collect()
            counts.append(len(list(Path("/proc/self/fd").iterdir())))
        assert max(counts[4:]) <= counts[3] + 6, counts


def test_each_commit_of_a_long_catching_up_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that has much to index shows it piece by piece, and new rows by id at once."""
    monkeypatch.setattr(index.indexer, "CHUNK", 20)
    with Shelf(tmp_path / "data") as shelf:
        load(shelf, tmp_path, numbered(0))
        store_only(shelf, tmp_path, *map(numbered, range(1, 200)))
        apply, seen = shelf._engine.apply, []

        def apply_slowly(*arguments: Any) -> None:
            apply(*arguments)
            time.sleep(0.4)

        monkeypatch.setattr(shelf._engine, "apply", apply_slowly)
        shelf.start()
        deadline = time.monotonic() + 30
        while not shelf.ready:
            seen.append(ask(shelf, q="walked").total)
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert ask(shelf, q="walked").total == 200
    assert seen == sorted(seen)
    assert len(set(seen)) >= 5, sorted(set(seen))


def test_a_closed_shelf_leaves_no_thread(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    with Shelf(tmp_path / "data") as shelf:
        shelf.start()
        shelf.load([], Silent())
        deadline = time.monotonic() + 60
        while not shelf.ready:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert ids(ask(shelf)) == []
    assert set(threading.enumerate()) <= before
