"""The real `hf papers` command against our server, and the examples of its page."""

import doctest
import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.cli.running import TIMEOUT
from tests.hub.commanding import environment, papers
from tests.hub.serving import Served, hub_id
from tests.paths import REPOSITORY

PAGE = (REPOSITORY / "docs" / "huggingface.md").read_text("utf-8")
SHOWN_ADDRESS = "http://127.0.0.1:8000"
BLOCKS = re.findall(r"^```console\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
PYTHON = "".join(re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))


def test_search_shows_the_papers_of_rest(sample: Served, tmp_path: Path) -> None:
    done = papers(tmp_path, sample.address, "search", "alignment", "--limit", "5", "--format=json")
    expected = sample.get("/v1/papers", q="alignment", limit=5)["data"]
    assert (done.code, done.err) == (0, "")
    assert [each["id"] for each in json.loads(done.out)] == [hub_id(each) for each in expected]
    done = papers(tmp_path, sample.address, "search", "optimal transport", "--no-truncate")
    shown = sample.get("/v1/papers", q="optimal transport")["data"]
    assert done.code == 0
    for paper in shown:
        assert paper["title"] in done.out
        assert hub_id(paper) in done.out


def test_a_warning_about_a_query_is_shown(sample: Served, tmp_path: Path) -> None:
    done = papers(tmp_path, sample.address, "search", "hydra published:größe", "--format=quiet")
    assert done.code == 0
    (warning,) = sample.get("/v1/papers", q="hydra published:größe")["meta"]["warnings"]
    assert warning["message"] in done.err
    assert "größe" in warning["message"]


def test_ls_shows_the_days(sample: Served, tmp_path: Path) -> None:
    expected = [hub_id(each) for each in sample.get("/v1/daily/2025-12-12")["data"]]
    for asked in ((), ("--date", "2025-12-12"), ("--week=2025-W50",), ("--month", "2025-12")):
        done = papers(tmp_path, sample.address, "ls", *asked, "--format=quiet")
        assert (done.code, done.out.split()) == (0, expected)
    done = papers(tmp_path, sample.address, "list", "--sort=trending", "--limit=3", "--format=json")
    trending = sample.get("/v1/papers", sort="-trending", limit=3)["data"]
    assert [each["id"] for each in json.loads(done.out)] == [hub_id(each) for each in trending]
    for asked in (("--date", "2025-12-13"), ("--date=today",), ("--submitter", "someone")):
        done = papers(tmp_path, sample.address, "ls", *asked, "--format=json")
        assert (done.code, json.loads(done.out)) == (0, [])


def test_info_and_read_show_a_paper(sample: Served, tmp_path: Path) -> None:
    paper = sample.get("/v1/papers", q="title:hydra")["data"][0]
    done = papers(tmp_path, sample.address, "info", hub_id(paper), "--format=json")
    assert done.code == 0
    told = json.loads(done.out)
    assert (told["id"], told["title"]) == (hub_id(paper), paper["title"])
    assert told["submitted_at"] == f"{paper['listedAt']}T00:00:00+00:00"
    done = papers(tmp_path, sample.address, "read", hub_id(paper))
    assert done.code == 0
    assert done.out.strip() == sample.text(f"/v1/papers/{paper['id']}.md").strip()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("info", "2407.09941"), "Paper '2407.09941' not found"),
        (("read", "nobody"), "Paper 'nobody' not found"),
        (("ls", "--date", "12.12.2025"), "`date` must be a day as YYYY-MM-DD."),
        (("ls", "--week", "2025-W53"), "`week` must be an ISO week as YYYY-Www."),
        (("ls", "--limit", "101"), "`limit` must be a whole number from 1 to 100."),
        (("search", "x", "--limit", "0"), "`limit` must be a whole number from 1 to 100."),
        (("search", "(" * 30 + "x"), "nested"),
    ],
)
def test_what_is_wrong_is_a_line(
    sample: Served, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    done = papers(tmp_path, sample.address, *arguments)
    assert done.code == 1
    assert message in done.err
    assert "Traceback" not in done.err


def test_a_token_changes_nothing(sample: Served, tmp_path: Path) -> None:
    """That the server writes it down nowhere is checked where it ends: it must not log at all."""
    asked = ("search", "alignment", "--format=json")
    plain = papers(tmp_path, sample.address, *asked)
    with_token = papers(tmp_path, sample.address, *asked, HF_TOKEN="hf_" + "secret" * 6)
    assert with_token == plain
    assert plain.code == 0


@pytest.mark.parametrize("block", [each for each in BLOCKS if "hf papers" in each])
def test_the_commands_of_the_page_show_what_it_says(
    sample: Served, tmp_path: Path, block: str
) -> None:
    lines = block.splitlines()
    commands = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
    done = subprocess.run(
        ["bash", "-c", "\n".join(["exec 2>&1", *commands])],
        cwd=tmp_path,
        env=environment(tmp_path, sample.address),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=TIMEOUT * 2,
        check=False,
    )
    assert done.stdout.decode().splitlines() == [line for line in lines if line[:2] != "$ "]


def test_the_python_of_the_page_shows_what_it_says(sample: Served) -> None:
    assert SHOWN_ADDRESS in PYTHON
    text = PYTHON.replace(SHOWN_ADDRESS, sample.address)
    examples = doctest.DocTestParser().get_doctest(text, {}, "page", None, 0)
    told: list[str] = []
    doctest.DocTestRunner(verbose=False).run(examples, out=told.append)
    assert len(examples.examples) > 5
    assert "".join(told) == ""
