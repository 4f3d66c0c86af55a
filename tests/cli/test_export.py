"""`papershelf export`: whole results, files whole or not at all, and one line for each mistake."""

import csv
import io
import json
import os
import subprocess
from pathlib import Path

import pytest

from api.cli.files import written_whole
from api.renderings import RENDERINGS
from index.shelf import Shelf
from schema.search import SearchRequest
from tests.cli.conftest import Here
from tests.cli.running import COMMAND, TIMEOUT, environment, run
from tests.paths import SAMPLE

FORMATS = {each.suffix[1:]: each for each in RENDERINGS.values() if each.papers}


def decoded(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.split("\n")[:-1]]


def test_all_papers_come_as_ndjson_in_order(shelf: Path) -> None:
    done = run(shelf, "export")
    assert (done.code, done.err) == (0, "")
    with Shelf(shelf / "data") as opened:
        rows = list(opened.export(opened.plan(SearchRequest())))
    assert done.out.encode() == b"".join(row + b"\n" for row in rows)
    assert len(rows) == 40


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_is_written_in_the_format_that_its_name_tells(
    here: Here, shelf: Path, tmp_path: Path, name: str
) -> None:
    file = tmp_path / f"papers.{name}"
    done = here(shelf, "export", "optimal transport", "--match", "all", "--output", str(file))
    assert (done.code, done.out) == (0, f"exported 2 papers to {file}\n")
    printed = run(shelf, "export", "optimal", "transport", "--match", "all", "--format", name)
    assert file.read_bytes().decode().replace("\r\n", "\n") == printed.out.replace("\r\n", "\n")
    assert [*tmp_path.iterdir()] == [file]
    chosen = here(shelf, "export", "--format", "csv", "--fields", "id", "--output", str(file))
    assert chosen.code == 0
    assert file.read_text().startswith("id\n")


@pytest.mark.parametrize("name", ["papers.md", "papers.json", "papers.feed.json", "a.ndjson.gz"])
def test_a_name_of_something_else_is_refused(
    here: Here, shelf: Path, tmp_path: Path, name: str
) -> None:
    file = tmp_path / name
    done = here(shelf, "export", "--output", str(file))
    assert (done.code, done.out) == (2, "")
    assert done.err.endswith("ndjson, csv, bib, ris, csl.json; say it with --format\n")
    assert not file.exists()
    assert here(shelf, "export", "--format", "csl.json", "--output", str(file)).code == 0
    assert len(json.loads(file.read_text("utf-8"))) == 40


@pytest.mark.parametrize("name", ["papers.jsonl", "papers.NDJSON", "papers"])
def test_what_is_not_named_otherwise_is_ndjson(
    here: Here, shelf: Path, tmp_path: Path, name: str
) -> None:
    file = tmp_path / name
    assert here(shelf, "export", "--output", str(file)).code == 0
    assert len(decoded(file.read_text("utf-8"))) == 40


def test_filters_and_order_are_those_of_search(here: Here, shelf: Path) -> None:
    arguments = ("alignment", "--year", "2025", "--min-authors", "5", "--sort", "title")
    done = run(shelf, "export", *arguments, "--fields", "id,title", "--format", "csv")
    found = json.loads(here(shelf, "search", *arguments, "--limit", "100").out)["data"]
    rows = list(csv.DictReader(io.StringIO(done.out, newline="")))
    assert [row["id"] for row in rows] == [row["id"] for row in found]
    assert found


def test_warnings_go_to_standard_error(here: Here, shelf: Path) -> None:
    done = here(shelf, "export", "colour:red", "--output", os.devnull)
    assert done.code == 0
    assert done.err.startswith("warning: ")


def test_whole_papers_are_loaded_again_as_they_were(
    here: Here, shelf: Path, tmp_path: Path
) -> None:
    file = tmp_path / "all.ndjson"
    assert here(shelf, "export", "--full", "--sort", "title", "--output", str(file)).code == 0
    done = here(tmp_path, "load", str(file))
    assert done.out == "40 added, 0 updated, 0 unchanged, 0 rejected\n"
    again = run(tmp_path, "export", "--full", "--sort", "title")
    first, second = decoded(file.read_text("utf-8")), decoded(again.out)
    for each in (*first, *second):
        for own in ("createdSeq", "updatedSeq", "sources"):
            del each[own]
    assert second == first
    assert "abstractRaw" in first[0]
    assert here(tmp_path, "load", str(file)).out.startswith("0 added, 0 updated, 40 unchanged")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--format", "bob"], "did you mean bib?"),
        (["--format", "CSV"], "did you mean csv?"),
        (["--format", "xlsx"], "the formats are ndjson, csv"),
        (["--full", "--format", "ris"], "--full cannot be had as RIS"),
        (["--full", "--fields", "id"], "--full shows all members"),
        (["--fields", "id", "--format", "bib"], "--fields cannot be had as BibTeX"),
        (["--fields", "idd"], "--fields takes"),
        (["--limit", "3"], "unknown option --limit"),
        (["--sort", "age"], "--sort"),
    ],
)
def test_a_mistake_gets_one_line(
    here: Here, shelf: Path, tmp_path: Path, arguments: list[str], said: str
) -> None:
    file = tmp_path / "papers"
    done = here(shelf, "export", *arguments, "--output", str(file))
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert done.err.count("\n") == 1
    assert not file.exists()


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ("nowhere/papers.csv", "nowhere/papers.csv: No such file or directory"),
        ("data", "data: Is a directory"),
        ("/dev/full", "/dev/full: No space left on device"),
    ],
)
def test_a_file_that_cannot_be_written_is_named(
    here: Here, shelf: Path, file: str, reason: str
) -> None:
    done = here(shelf, "export", "--output", file)
    assert done.code == 1
    assert done.out == ""
    assert done.err.endswith(f"{reason}\n")
    assert done.err.count("\n") == 1


def test_full_output_is_told(shelf: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*COMMAND, "export"],
            cwd=shelf,
            env=environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=TIMEOUT,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.count(b"\n") == 1
    assert b"No space left" in done.stderr


def test_a_reader_may_go_away(shelf: Path, tmp_path: Path) -> None:
    papers = tmp_path / "papers.jsonl"
    papers.write_text("".join(f'{{"title": "Paper {n}", "abstract": "{"x" * 999}"}}\n'
                              for n in range(500)))  # fmt: skip
    assert run(tmp_path, "load", str(papers)).code == 0
    with subprocess.Popen(
        [*COMMAND, "export"],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read(10) == b'{"id":"pap'
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(TIMEOUT) == 141


def test_a_file_keeps_its_content_until_the_new_one_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "papers.csv"
    file.write_text("before")
    file.chmod(0o640)

    def broken() -> None:
        with written_whole(file) as writing:
            writing.write(b"half")
            assert file.read_text() == "before"
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken()
    assert (file.read_text(), [*tmp_path.iterdir()]) == ("before", [file])
    link = tmp_path / "link.csv"
    link.symlink_to(file)
    with written_whole(link) as writing:
        writing.write(b"after")
    assert file.read_text() == "after"
    assert link.is_symlink()
    assert file.stat().st_mode & 0o777 == 0o640


def test_a_pipe_is_written_to_as_it_is(shelf: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(
        [*COMMAND, "export", "--output", str(pipe)],
        cwd=shelf,
        env=environment(),
        stdout=subprocess.DEVNULL,
    ) as process:
        assert len(decoded(pipe.read_text("utf-8"))) == 40
        assert process.wait(TIMEOUT) == 0
    assert [*tmp_path.iterdir()] == [pipe]


def test_what_was_just_stored_is_exported_too(here: Here, tmp_path: Path) -> None:
    assert here(tmp_path, "load", str(SAMPLE)).code == 0
    (tmp_path / "data" / "index").rename(tmp_path / "gone")
    file = tmp_path / "papers.csv"
    assert here(tmp_path, "export", "--output", str(file)).out.startswith("exported 40 papers")
