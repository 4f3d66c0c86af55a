"""Wrong usage: one line that says what would be right, exit code 2, and nothing on the disk."""

from pathlib import Path

import pytest

from api.__main__ import COMMANDS
from tests.cli.conftest import Here

MISTAKES = [
    (["lod"], "no command 'lod'; did you mean load?"),
    (["xyzzy"], f"the commands are {', '.join(COMMANDS)}"),
    (["--data", "x", "check"], "options go behind the command"),
    (["load"], "load needs files"),
    (["load", "-", "x", "-"], "standard input (-) can be read only once"),
    (["load", "x", "--jsn"], "unknown option --jsn; did you mean --json?"),
    (["load", "x", "--jso"], "unknown option --jso; did you mean --json?"),
    (["load", "x", "--page-date", "2025-02-30"], "must be a day as YYYY-MM-DD"),
    (["load", "x", "--page-date", "2025-02"], "must be a day as YYYY-MM-DD"),
    (["load", "x", "--page-date"], "--page-date: expected one argument"),
    (["load", "x", "--engine", "lucene"], "--engine is 'lucene', but must be one of"),
    (["search", "x", "--limt", "3"], "did you mean --limit?"),
    (["search", "x", "--limit", "0"], "--limit must be a whole number from 1 to 100"),
    (["search", "x", "--limit", "3", "--limit", "4"], "--limit may be given only once"),
    (["search", "x", "--match", "most"], "--match must be all, any or auto"),
    (["search", "x", "--sort", "-publshed"], "--sort must be one of relevance"),
    (["search", "x", "--year", "x", "--has-code", "maybe"], "--has-code must be true or false"),
    (["search", "x", "--min-authors", "-1"], "--min-authors must be a whole number"),
    (["search", "-vision"], "to search for text that begins with -, put -- before it"),
    (["search", "x" * 4001], "the query must be a text of at most 4000 characters"),
    (["search", "\udcff"], "the query is not UTF-8"),
    (["search", "x", "--author", "\udcff"], "--author is not UTF-8"),
    (["show"], "show needs one id"),
    (["show", "a", "b"], "show needs one id"),
    (["remove"], "remove needs at least one id"),
    (["check", "data"], "unexpected argument: data"),
    (["check", "--", "data"], "unexpected argument: data"),
    (["serve", "--port", "80a"], "--port is '80a', but must be a whole number"),
    (["serve", "--workers", "0"], "--workers is '0', but must be"),
    (["search", "--port", "80", "x"], "unknown option --port"),
]


@pytest.mark.parametrize(("arguments", "said"), MISTAKES, ids=lambda value: str(value)[:40])
def test_a_mistake_gets_one_line_and_code_2(
    here: Here, tmp_path: Path, arguments: list[str], said: str
) -> None:
    done = here(tmp_path, *arguments)
    assert done.code == 2
    assert said in done.err
    assert done.err.startswith("papershelf")
    assert done.err.count("\n") == 1
    assert done.out == ""
    assert list(tmp_path.iterdir()) == []


def test_every_fault_of_a_search_is_named_at_once(here: Here, tmp_path: Path) -> None:
    done = here(tmp_path, "search", "x", "--year", "x", "--limit", "0", "--match", "most")
    assert all(name in done.err for name in ("--year", "--limit", "--match"))


def test_without_a_command_the_help_goes_to_standard_error(here: Here, tmp_path: Path) -> None:
    done = here(tmp_path)
    assert (done.code, done.out) == (2, "")
    assert all(f"  {name}" in done.err for name in COMMANDS)


def test_an_unknown_variable_of_ours_is_refused(
    here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAPERSHELF_PROT", "8001")
    done = here(tmp_path, "check")
    assert done.code == 2
    assert "no setting PAPERSHELF_PROT. Did you mean PAPERSHELF_PORT?" in done.err


@pytest.mark.parametrize("flag", ["--help", "-h", "help"])
def test_help_is_an_answer(here: Here, tmp_path: Path, flag: str) -> None:
    done = here(tmp_path, flag)
    assert (done.code, done.err) == (0, "")
    assert "exit codes:" in done.out


def test_version_is_an_answer(here: Here, tmp_path: Path) -> None:
    done = here(tmp_path, "--version")
    assert done.code == 0
    assert done.out.startswith("papershelf ")


@pytest.mark.parametrize("name", list(COMMANDS))
def test_the_help_of_a_command_has_examples_defaults_and_exit_codes(
    here: Here, tmp_path: Path, name: str
) -> None:
    done = here(tmp_path, name, "--help")
    assert (done.code, done.err) == (0, "")
    for part in ("usage: papershelf ", "examples:", "exit codes:", "default data", "--engine"):
        assert part in done.out
    assert max(map(len, done.out.splitlines())) <= 100


@pytest.mark.parametrize("name", ["search", "show", "remove", "rebuild", "check"])
def test_a_folder_without_a_shelf_is_named_and_not_made(
    here: Here, tmp_path: Path, name: str
) -> None:
    words = ["x"] if name in ("search", "show", "remove") else []
    done = here(tmp_path, name, *words, "--data", "nowhere")
    assert done.code == 1
    assert done.err == (
        "papershelf: there is no shelf in nowhere; "
        "load papers first, or name its folder with --data\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_options_and_words_may_come_in_any_order() -> None:
    read = COMMANDS["search"].parser().read
    found = read(["a", "--limit", "3", "b", "--sort", "-title", "--", "--json", "-c"])
    assert found.words == ["a", "b", "--json", "-c"]
    assert (found.limit, found.sort, found.json) == (["3"], ["-title"], False)


def test_a_value_that_begins_with_a_dash_belongs_to_its_option() -> None:
    read = COMMANDS["search"].parser().read
    assert read(["--year", "-2025", "x"]).year == ["-2025"]
    assert read(["--sort", "-publishedAt,-title"]).sort == ["-publishedAt,-title"]
