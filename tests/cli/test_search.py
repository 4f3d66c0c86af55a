"""`papershelf search` and `show`: JSON for programs, a table for people, and the same papers."""

import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from api.answers import page_json
from index.shelf import Shelf
from schema.request import parse_request
from tests.cli.conftest import Here
from tests.cli.running import COMMAND, Done, environment, run, run_on_terminal


def answer(here: Here, folder: Path, *arguments: str) -> dict[str, Any]:
    done = here(folder, "search", *arguments)
    assert done.code == 0, done.err
    assert done.err == ""
    parsed = json.loads(done.out)
    assert isinstance(parsed, dict)
    return parsed


def test_piped_output_is_what_the_service_answers(shelf: Path) -> None:
    asked = [("q", "optimal transport"), ("year", "2023-2025"), ("limit", "3")]
    with Shelf(shelf / "data") as opened:
        expected = page_json(opened.answer(opened.plan(parse_request(asked))))
    done = run(shelf, "search", "optimal", "--limit", "3", "transport", "--year", "2023-2025")
    assert done.out.encode() == expected + b"\n"


@pytest.mark.parametrize(
    ("arguments", "total"),
    [
        (["alignment"], 40),
        ([], 40),
        (['"optimal transport"'], 2),
        (["optimal transport", "--match", "all"], 2),
        (["--", "-alignment"], 0),
        (["xyzzyplugh"], 0),
        (["--min-authors", "100000"], 0),
    ],
)
def test_totals_are_those_of_the_sample(
    here: Here, shelf: Path, arguments: list[str], total: int
) -> None:
    assert answer(here, shelf, *arguments)["meta"]["total"] == total


@pytest.mark.parametrize("arguments", [["alignment"], ["--sort", "-publishedAt"], []])
def test_cursors_walk_through_all_papers_from_command_to_command(
    here: Here, shelf: Path, arguments: list[str]
) -> None:
    seen: list[str] = []
    more: list[str] = []
    for _ in range(3):
        page = answer(here, shelf, *arguments, "--limit", "15", *more)
        seen += [row["id"] for row in page["data"]]
        more = ["--cursor", page["meta"]["nextCursor"] or ""]
    assert page["meta"]["nextCursor"] is None
    assert len(seen) == len(set(seen)) == 40


def test_a_cursor_of_another_search_is_refused(here: Here, shelf: Path) -> None:
    cursor = answer(here, shelf, "alignment", "--limit", "1")["meta"]["nextCursor"]
    for words, given in (("transport", cursor), ("alignment", "x"), ("alignment", "é")):
        done = here(shelf, "search", words, "--limit", "1", "--cursor", given)
        assert (done.code, done.out) == (2, "")
        assert "cursor" in done.err
        assert done.err.count("\n") == 1


def test_a_terminal_shows_a_table_that_fits(shelf: Path) -> None:
    for columns in (60, 80):
        done = run_on_terminal(shelf, "search", "optimal transport", columns=columns)
        assert done.code == 0
        lines = re.sub(r"\x1b\[[0-9;]*m", "", done.out).splitlines()
        assert all(len(line) <= columns for line in lines if line[:2] not in ("Mo", "  "))
        assert any(re.fullmatch(r"  [a-z0-9-]+-[0-9a-f]{8}", line) for line in lines)
        assert "Published" in lines[0]
        assert "2 with all" in done.out


def test_a_terminal_shows_where_to_go_on(shelf: Path) -> None:
    done = run_on_terminal(shelf, "search", "alignment", "--limit", "2")
    assert "40 papers" in done.out
    assert "2 shown" in done.out
    assert "More: the same with --cursor " in done.out


def test_a_terminal_says_when_nothing_matches_and_warns(shelf: Path) -> None:
    done = run_on_terminal(shelf, "search", "titel:xyzzyplugh")
    assert done.code == 0
    assert "warning: " in done.out
    assert "No paper matches." in done.out


def test_explanations_are_shown_below_the_papers(here: Here, shelf: Path) -> None:
    found = answer(here, shelf, "optimal transports", "--explain", "--limit", "3")["data"]
    done = run_on_terminal(shelf, "search", "optimal transports", "--explain", "--limit", "3")
    printed = done.out.replace("\r\n", "\n").split("\n")
    lines = [line.strip() for line in printed]
    starts = {len(begin[0]) for line in printed if (begin := re.match(r" +[0-9.]+ +", line))}
    assert len(starts) == 1, "kinds stand in a column"
    for paper in found:
        explanation = paper["search"]["explanation"]
        at = lines.index(paper["id"])
        for number, part in enumerate(explanation["parts"], start=1):
            score, kind, term = lines[at + number].split(None, 2)
            assert (float(score), kind) == (pytest.approx(part["score"], abs=1e-4), part["kind"])
            assert term.startswith(f"{part['term']}: {part['count']} in {part['field']} (")
        if explanation["missing"]:
            without = lines[at + len(explanation["parts"]) + 1]
            assert without.split() == ["without", *explanation["missing"]]
    assert any(paper["search"]["explanation"]["missing"] for paper in found)
    newest = run_on_terminal(shelf, "search", "--explain", "--limit", "3")
    assert newest.code == 0


def test_json_is_also_given_on_a_terminal(shelf: Path) -> None:
    done = run_on_terminal(shelf, "search", "alignment", "--limit", "1", "--json", columns=5000)
    assert json.loads(done.out)["meta"]["total"] == 40


@pytest.mark.parametrize("columns", [20, 80])
def test_an_ascii_terminal_shows_every_paper(shelf: Path, columns: int) -> None:
    ascii_only = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = run_on_terminal(
        shelf, "search", "alignment", "--limit", "100", env=ascii_only, columns=columns
    )
    assert done.code == 0
    assert done.out.isascii()
    assert "40 papers" in done.out


def test_a_dumb_terminal_gets_no_colours(shelf: Path) -> None:
    done = run_on_terminal(shelf, "search", "alignment", env={"TERM": "dumb"})
    assert "\x1b" not in done.out


HOSTILE = [
    "NOT NOT x",
    "(" * 1300 + "a" + ")" * 1300,
    " ".join(["*x*"] * 50),
    "[a TO " * 200,
    "!!",
    '"',
    "\x1b[2J",
    "\x00"[:0] + "\x01\x02",
    "%s%n{}",
    "\u202e",
    "a" * 4000,
]


@pytest.mark.parametrize("query", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_query_is_answered_or_refused_in_one_line(
    here: Here, shelf: Path, query: str
) -> None:
    done = here(shelf, "search", "--json", "--", query)
    if done.code == 0:
        assert json.loads(done.out)["meta"]["total"] >= 0
    else:
        assert done.code in (1, 2)
        assert done.err.startswith("papershelf: ")
        assert done.err.count("\n") == 1


def shell(folder: Path, line: str) -> Done:
    done = subprocess.run(
        ["bash", "-c", f'papershelf() {{ "{COMMAND[0]}" -m api "$@"; }}; {line}'],
        cwd=folder,
        env=environment(),
        capture_output=True,
        timeout=60,
        check=False,
    )
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.mark.parametrize("command", ["search", "--help"])
def test_a_reader_that_goes_away_ends_it_quietly(shelf: Path, command: str) -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    done = subprocess.run(
        [*COMMAND, command],
        cwd=shelf,
        env=environment(),
        stdout=theirs,
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
    )
    os.close(theirs)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")  # noqa: PTH110
@pytest.mark.parametrize("command", ["search alignment", "--help"])
def test_an_answer_that_cannot_be_written_is_an_error(shelf: Path, command: str) -> None:
    done = shell(shelf, f"papershelf {command} > /dev/full")
    assert done.code == 1
    assert done.err == "papershelf: cannot write: No space left on device\n"


def test_closed_standard_streams_do_not_matter(shelf: Path) -> None:
    assert shell(shelf, "papershelf search alignment >&-").err == ""
    assert shell(shelf, "papershelf search alignment 2>&- | head -c 1").out == "{"


def test_one_paper_is_shown(here: Here, shelf: Path) -> None:
    paper = answer(here, shelf, "title:hydra")["data"][0]
    done = here(shelf, "show", paper["id"])
    assert done.code == 0
    shown = json.loads(done.out)
    assert shown["data"]["id"] == paper["id"]
    assert "abstractRaw" in shown["data"]
    assert shown["meta"]["revision"]
    for_people = run_on_terminal(shelf, "show", paper["id"])
    assert for_people.code == 0
    assert "4 (names unknown)" in for_people.out
    assert "2024-07-13" in for_people.out
    assert paper["id"] in for_people.out.replace("\r\n", "")


@pytest.mark.parametrize(
    "identifier", ["arxiv:0000.00000", "no-such-paper", "x" * 5000, "a\nb", ""]
)
def test_an_unknown_id_is_one_line_and_code_1(here: Here, shelf: Path, identifier: str) -> None:
    done = here(shelf, "show", "--", identifier)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("papershelf: There is no paper with the id")
    assert done.err.count("\n") == 1
    assert len(done.err) < 400


def test_a_lost_or_damaged_index_heals_at_the_next_search(
    here: Here, shelf: Path, tmp_path: Path
) -> None:
    shutil.copytree(shelf / "data", tmp_path / "data")
    shutil.rmtree(tmp_path / "data" / "index")
    assert answer(here, tmp_path, "alignment")["meta"]["total"] == 40
    for path in (tmp_path / "data" / "index").rglob("*"):
        if path.is_file():
            path.write_bytes(b"damaged")
    assert answer(here, tmp_path, "alignment")["meta"]["total"] == 40


def test_papers_that_cannot_be_indexed_do_not_keep_the_others_from_being_found(
    here: Here, shelf: Path, tmp_path: Path
) -> None:
    shutil.copytree(shelf / "data", tmp_path / "data")
    lock = tmp_path / "data" / "index.lock"
    lock.unlink(missing_ok=True)
    lock.mkdir()
    done = here(tmp_path, "search", "alignment")
    assert done.code == 0
    assert json.loads(done.out)["meta"]["total"] == 40
    assert "warning: the newest papers cannot be indexed" in done.err


@pytest.mark.parametrize(
    ("words", "told", "command"),
    [
        (["alignmnet"], "Did you mean alignment? 40 papers:", "papershelf search alignment"),
        (
            ["hesian", "gradint"],
            "Did you mean hessian gradient? 6 papers with some of the words, 1 with all:",
            "papershelf search 'hessian gradient'",
        ),
        (
            ["protien", "--year", "2031"],
            "Did you mean protein? Published in 2025-2031. 1 paper:",
            "papershelf search --year=2025-2031 protein",
        ),
        (
            ["--", "-hydra lamguage"],
            "Did you mean -hydra language? 25 papers:",
            "papershelf search -- '-hydra language'",
        ),
        (
            ["alignmnet", "--data", "./data", "--year", "2026-"],
            "Did you mean alignment? Published in 2025 or later. 16 papers:",
            "papershelf search --data=./data --year=2025- alignment",
        ),
    ],
)
def test_ways_out_can_be_pasted(shelf: Path, words: list[str], told: str, command: str) -> None:
    lines = run_on_terminal(shelf, "search", *words).out.splitlines()
    at = lines.index(told)
    assert lines[at + 1].strip() == command
    arguments = shlex.split(command)[1:]
    assert "No paper matches." not in run_on_terminal(shelf, *arguments).out
