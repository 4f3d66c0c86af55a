"""`papershelf remove`, `rebuild` and `check`."""

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Here
from tests.cli.running import run_on_terminal


@pytest.fixture
def own(shelf: Path, tmp_path: Path) -> Path:
    """A copy of the shelf that may be changed."""
    shutil.copytree(shelf / "data", tmp_path / "data")
    return tmp_path


def some_id(here: Here, folder: Path) -> str:
    found = json.loads(here(folder, "search", "title:hydra").out)
    return str(found["data"][0]["id"])


def test_a_removed_paper_is_gone_and_remembered_as_removed(here: Here, own: Path) -> None:
    paper = some_id(here, own)
    done = here(own, "remove", paper)
    assert (done.code, done.err) == (0, "")
    assert paper in done.out
    assert json.loads(here(own, "search", "title:hydra").out)["meta"]["total"] == 0
    shown = here(own, "show", paper)
    assert shown.code == 1
    assert "was removed" in shown.err


def test_ids_that_are_not_there_are_named_and_the_others_removed(here: Here, own: Path) -> None:
    paper = some_id(here, own)
    done = here(own, "remove", "no-such-paper", paper, "not an id\x1b", paper)
    assert done.code == 1
    assert done.out.count("\n") == 1
    assert "no-such-paper" in done.err
    assert "\x1b" not in done.err
    assert json.loads(here(own, "search").out)["meta"]["total"] == 39


def test_a_sound_shelf_passes_the_check(here: Here, own: Path) -> None:
    done = here(own, "check")
    assert done.code == 0
    assert done.out.startswith("all is well: 40 papers")


def test_a_lost_index_is_found_and_rebuilt(here: Here, own: Path) -> None:
    shutil.rmtree(own / "data" / "index")
    done = here(own, "check")
    assert done.code == 1
    assert "index is missing" in done.out
    rebuilt = here(own, "rebuild")
    assert (rebuilt.code, rebuilt.out, rebuilt.err) == (0, "indexed 40 papers\n", "")
    assert here(own, "check").code == 0


def test_a_rebuild_on_a_terminal_shows_a_bar(own: Path) -> None:
    done = run_on_terminal(own, "rebuild")
    assert done.code == 0
    assert "Indexing" in done.out
    assert "40 of 40 papers" in done.out
    assert "indexed 40 papers" in done.out
