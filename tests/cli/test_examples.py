"""Every example of every help text does what it says, and the documentation has every option."""

import argparse
import gzip
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from api.__main__ import COMMANDS, EXAMPLES
from api.cli.command import EXIT_CODES, settings_of
from index.shelf import Shelf
from tests.cli.conftest import Here
from tests.cli.running import COMMAND, Done, environment
from tests.paths import REPOSITORY, SAMPLE

ALL = [
    example.line
    for examples in (EXAMPLES, *(command.examples for command in COMMANDS.values()))
    for example in examples
]


def served(line: str) -> bool:
    """Whether a line starts a server, or needs one."""
    return " serve" in line or "http://" in line


DUMP = b"""\
{"title": "Hydra", "id": "2407.09941", "published": "2024-07-13"}
{"title": "A paper with a DOI", "doi": "10.18653/v1/d16-2004", "id": "D16-2004"}
"""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files that the examples name, and a loaded shelf."""
    folder = tmp_path_factory.mktemp("examples")
    (folder / "pages" / "2025").mkdir(parents=True)
    shutil.copy(SAMPLE, folder / "page.txt")
    shutil.copy(SAMPLE, folder / "pages" / "a.txt")
    shutil.copy(SAMPLE, folder / "pages" / "2025" / "b.txt")
    (folder / "papers.jsonl.gz").write_bytes(gzip.compress(DUMP))
    assert pasted(folder, "papershelf load page.txt papers.jsonl.gz").code == 0
    assert pasted(folder, "papershelf backup shelf.backup").code == 0
    with Shelf(folder / "data") as shelf, shelf.changes.feed() as feed:
        lines = [line for _, line in feed.lines()]
    (folder / "changes.ndjson.gz").write_bytes(gzip.compress(b"\n".join([*lines, b""])))
    assert pasted(folder, "papershelf follow changes.ndjson.gz --data copy").code == 0
    return folder


def pasted(folder: Path, line: str) -> Done:
    """A line as a shell takes it."""
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", f'papershelf() {{ "{COMMAND[0]}" -m api "$@"; }}; {line}'],
        cwd=folder,
        env=environment(),
        capture_output=True,
        timeout=60,
        check=False,
    )
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.mark.parametrize("line", [line for line in ALL if not served(line)])
def test_an_example_works_as_pasted(here: Here, prepared: Path, tmp_path: Path, line: str) -> None:
    folder = prepared
    if re.search(r"papershelf (load|remove|rebuild|backup|restore|follow)", line):
        folder = tmp_path / "own"
        shutil.copytree(prepared, folder)
    if "|" in line:
        done = pasted(folder, line)
    else:
        program, *arguments = shlex.split(line)
        assert program == "papershelf"
        done = here(folder, *arguments)
    assert done.code == 0, done.err
    assert done.out
    assert '"data":[]' not in done.out


@pytest.mark.parametrize("line", [line for line in ALL if served(line)])
def test_an_example_of_a_server_is_understood(line: str) -> None:
    words = shlex.split(line)
    at = words.index("papershelf")
    environ = dict(word.split("=", 1) for word in words[:at] if "|" not in words)
    parsed = COMMANDS[words[at + 1]].parser().read(words[at + 2 :])
    assert settings_of(parsed, environ)


def options_table(name: str) -> str:
    """The table of a command's options as the documentation has it."""
    lines = ["| option | what it is |", "|---|---|"]
    for action in COMMANDS[name].parser()._actions:
        if not action.option_strings or isinstance(action, argparse._HelpAction):
            continue
        value = f" {action.metavar}" if action.metavar else ""
        text = (action.help or "").replace("%%", "%").replace("*", "\\*")
        option = f"{action.option_strings[-1]}{value}".replace("|", "\\|")
        lines.append(f"| `{option}` | {text} |")
    return "\n".join(lines)


def documentation() -> str:
    return (REPOSITORY / "docs" / "command-line.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", list(COMMANDS))
def test_the_documentation_has_every_option_and_example(name: str) -> None:
    text, table = documentation(), options_table(name)
    assert f"## papershelf {name}\n" in text
    assert table in text, f"docs/command-line.md needs this table:\n{table}"
    for example in COMMANDS[name].examples:
        assert f"\n{example.line}\n" in text


def test_the_documentation_has_every_exit_code() -> None:
    for code, meaning in EXIT_CODES:
        assert f"| {code} | {meaning} |" in documentation()
