"""`papershelf load`: what it takes, what it says, and what becomes of what goes wrong."""

import json
import os
import resource
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from index.shelf import Shelf
from schema.request import parse_request
from tests.cli.conftest import Here
from tests.cli.running import COMMAND, environment, run, run_on_terminal, started
from tests.paths import SAMPLE

PAPER = '{"title": "Paper %d on optimal transport", "published": "2024-01-0%d"}\n'


def papers(*numbers: int) -> str:
    return "".join(PAPER % (number, number) for number in numbers)


def total(folder: Path, *parameters: tuple[str, str], engine: str = "tantivy") -> int:
    """How many papers a search in the folder's shelf finds."""
    with Shelf(folder / "data", engine) as shelf:
        shelf.catch_up()
        return shelf.search(parse_request(parameters)).total


def test_a_page_is_loaded_once_and_left_as_it_is_afterwards(tmp_path: Path) -> None:
    first = run(tmp_path, "load", str(SAMPLE))
    assert first.code == 0
    assert first.out.startswith("40 added, 0 updated, 0 unchanged, 0 rejected")
    assert "committed 40\n" in first.err
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
    again = run(tmp_path, "load", str(SAMPLE), "--json")
    assert again.code == 0
    assert json.loads(again.out) == {
        "added": 0,
        "updated": 0,
        "unchanged": 40,
        "rejected": 0,
        "failed": 0,
        "warnings": 0,
        "dryRun": False,
    }
    assert json.loads(again.err.splitlines()[-1]) == {"committed": 40}
    assert total(tmp_path, ("q", "alignment")) == 40


def test_folders_patterns_and_standard_input_are_read(tmp_path: Path) -> None:
    for name, content in {
        "dump/b.jsonl": papers(1),
        "dump/deep/a.jsonl": papers(2),
        "dump/.hidden": "nothing to read",
        "dump/.git/x": "nothing to read",
        "one.jsonl": papers(3),
        "two.jsonl": papers(4),
        "a[1].jsonl": papers(5),
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    done = run(tmp_path, "load", "dump", "[ot]*.jsonl", "a[1].jsonl", "-", stdin=papers(6).encode())
    assert done.code == 0, done.err
    assert done.out.startswith("6 added")
    assert total(tmp_path, ("source", "a[1].jsonl")) == 1


def test_a_named_pipe_is_read_as_a_file(tmp_path: Path) -> None:
    line = 'papershelf() { "$@"; }; "$0" -m api load <(printf "%s" "$1")'
    done = subprocess.run(
        ["bash", "-c", line, COMMAND[0], papers(1)],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(b"1 added")


def test_a_dry_run_reports_and_leaves_no_trace(here: Here, tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text(papers(1, 2) + "{}\n")
    done = here(tmp_path, "load", "--dry-run", "x.jsonl")
    assert done.code == 1
    assert done.out.startswith("2 readable, 1 rejected")
    assert "x.jsonl:3: " in done.err
    assert "committed" not in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["x.jsonl"]


def test_if_empty_loads_into_an_empty_shelf_only(here: Here, tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text(papers(1))
    (tmp_path / "y.jsonl").write_text(papers(2))
    assert here(tmp_path, "load", "--if-empty", "x.jsonl").out.startswith("1 added")
    done = here(tmp_path, "load", "--if-empty", "--json", "y.jsonl")
    assert (done.code, json.loads(done.out)["added"]) == (0, 0)
    assert "has 1 paper already" in done.err
    assert total(tmp_path) == 1


def test_the_day_of_a_page_can_be_said(here: Here, tmp_path: Path) -> None:
    assert here(tmp_path, "load", "--page-date", "2025-12-13", str(SAMPLE)).code == 0
    assert total(tmp_path, ("listedOn", "2025-12-13")) == 40


def test_an_unknown_format_is_refused_with_those_that_exist(here: Here, tmp_path: Path) -> None:
    done = here(tmp_path, "load", "--format", "bibtex", "x")
    assert done.code == 2
    assert "there is no format 'bibtex'" in done.err
    assert list(tmp_path.iterdir()) == []


def test_what_is_rejected_is_told_with_line_and_reason_and_kept(here: Here, tmp_path: Path) -> None:
    lines = ['{"title": ""}', *['{"abstract": "\x1b[2J"}'] * 24]
    (tmp_path / "bad.jsonl").write_text(papers(1) + "\n".join(lines) + "\n" + papers(2))
    done = here(tmp_path, "load", "bad.jsonl")
    assert done.code == 1
    assert done.out.startswith("2 added, 0 updated, 0 unchanged, 25 rejected")
    told = [line for line in done.err.splitlines() if line.startswith("bad.jsonl:")]
    assert len(told) == 20
    assert [int(line.split(":")[1]) for line in told] == list(range(2, 22))
    assert "... and 5 more rejected, see data/rejects\n" in done.err
    assert "\x1b" not in done.err
    (kept,) = (tmp_path / "data" / "rejects").iterdir()
    assert len(kept.read_bytes().splitlines()) == 25
    assert total(tmp_path) == 2


def test_what_cannot_be_read_fails_and_the_rest_is_loaded(here: Here, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_bytes(b"")
    (tmp_path / "binary.txt").write_bytes(bytes(range(256)) * 64)
    (tmp_path / "none").mkdir()
    (tmp_path / "good.jsonl").write_text(papers(1))
    odd = "odd\n\x1b[2J.txt"
    arguments = ["missing.txt", "empty.txt", "binary.txt", "none", "*.xml", odd, "good.jsonl"]
    done = here(tmp_path, "load", *arguments, "--json")
    assert done.code == 1
    assert json.loads(done.out) | {"warnings": 0} == {
        "added": 1,
        "updated": 0,
        "unchanged": 0,
        "rejected": 0,
        "failed": 6,
        "warnings": 0,
        "dryRun": False,
    }
    errors = [line for line in done.err.splitlines() if line.startswith("papershelf: ")]
    assert len(errors) == 6
    for name in ("missing.txt", "empty.txt", "binary.txt", "none", "*.xml", "odd \ufffd[2J.txt"):
        assert any(name in line for line in errors), name
    assert "Traceback" not in done.err
    assert total(tmp_path) == 1


def test_a_name_that_is_not_utf_8_is_loaded(tmp_path: Path) -> None:
    name = os.fsdecode(b"p\xff.jsonl")
    (tmp_path / name).write_text(papers(1))
    done = run(tmp_path, "load", name)
    assert done.code == 0, done.err
    assert total(tmp_path, ("q", "transport")) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_without_permission_fails_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0)
    done = run(tmp_path, "load", "closed")
    assert done.code == 1
    assert "closed: Permission denied" in done.err


@pytest.mark.parametrize("data", ["file", "file/below", "/proc/papershelf"])
def test_a_data_folder_that_cannot_be_is_one_line(here: Here, tmp_path: Path, data: str) -> None:
    (tmp_path / "file").write_text("x")
    for arguments in (["load", str(SAMPLE)], ["serve", "--port", "0"]):
        done = here(tmp_path, *arguments, "--data", data)
        assert done.code == 1
        errors = [line for line in done.err.splitlines() if line.startswith("papershelf: ")]
        assert len(errors) == 1
        assert "Traceback" not in done.err


def test_a_file_of_another_program_is_left_alone(here: Here, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "papers.sqlite").write_bytes(b"not a database" * 100)
    for arguments in (["load", str(SAMPLE)], ["search", "x"], ["check"]):
        done = here(tmp_path, *arguments)
        assert done.code == 1
        assert "papers.sqlite" in done.err
        assert "Traceback" not in done.err
    assert (tmp_path / "data" / "papers.sqlite").read_bytes() == b"not a database" * 100


def test_a_full_disk_ends_the_load_with_one_line_and_keeps_what_was_committed(
    here: Here,
    tmp_path: Path,
) -> None:
    (tmp_path / "x.jsonl").write_text(papers(1))
    assert here(tmp_path, "load", "x.jsonl").code == 0
    big = "".join(
        json.dumps({"title": f"Paper {n}", "abstract": f"{n} " * 2000}) + "\n" for n in range(3000)
    )
    (tmp_path / "big.jsonl").write_text(big)
    limit = 4 * 2**20
    done = subprocess.run(
        [*COMMAND, "load", "big.jsonl"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        timeout=60,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    said = done.stderr.decode()
    assert done.returncode == 1, said
    assert "Traceback" not in said
    assert len([line for line in said.splitlines() if line.startswith("papershelf: ")]) == 1
    committed = [int(line[10:]) for line in said.splitlines() if line.startswith("committed ")]
    assert total(tmp_path) == 1 + max(committed, default=0)


def test_a_load_goes_on_when_nobody_reads_its_errors(tmp_path: Path) -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    with subprocess.Popen(
        [*COMMAND, "load", str(SAMPLE)],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert out.startswith(b"40 added")


def test_ctrl_c_ends_a_load_with_what_is_stored(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "slow")
    with started(tmp_path, "load", str(SAMPLE), "slow") as process:
        assert process.stderr is not None
        assert any(line == b"committed 40\n" for line in process.stderr), "it ended early"
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == b""
    assert err.decode() == "papershelf: interrupted; what is committed stays: 40 papers\n"
    assert total(tmp_path) == 40


def test_a_terminal_shows_a_bar_with_rate_and_remaining_time(tmp_path: Path) -> None:
    done = run_on_terminal(tmp_path, "load", str(SAMPLE))
    assert done.code == 0
    assert "Loading" in done.out
    assert "100%" in done.out
    assert "committed 40, " in done.out
    assert "papers/s" in done.out
    assert "0:00" in done.out
    assert "40 added" in done.out


def test_json_on_a_terminal_has_no_bar(tmp_path: Path) -> None:
    done = run_on_terminal(tmp_path, "load", str(SAMPLE), "--json")
    assert '{"committed":40}' in done.out
    assert "Loading" not in done.out


def test_the_engine_can_be_changed_between_commands(tmp_path: Path) -> None:
    shutil.copy(SAMPLE, tmp_path / "page.txt")
    assert run(tmp_path, "load", "page.txt", env={"PAPERSHELF_ENGINE": "whoosh"}).code == 0
    for engine in ("whoosh", "tantivy"):
        assert total(tmp_path, ("q", '"optimal transport"'), engine=engine) == 2
