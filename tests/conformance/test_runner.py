"""The runner of the judges, with judges made here; the real ones run by `make conformance`."""

import json
import os
import re
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.__main__ import judged, main, run
from tests.conformance.judges import JUDGES, Judge
from tests.conformance.server import ServerError, serving
from tests.conformance.tools import NodeTools, PythonTools, ToolsError, install
from tests.paths import REPOSITORY

NOWHERE = "http://127.0.0.1:9"


@dataclass(frozen=True)
class Here:
    """Tools that are there already, or not to be had."""

    missing: str = ""

    def prepare(self) -> None:
        if self.missing:
            raise ToolsError(self.missing)

    def command(self, script: Path) -> list[str]:
        return [sys.executable, str(script)]

    def furnish(self, folder: Path) -> None:
        (folder / "furnished").touch()


def judge(folder: Path, code: str, *, seconds: int = 120, missing: str = "") -> Judge:
    script = folder / f"{len(list(folder.iterdir()))}.py"
    script.write_text(code)
    return Judge("made here", "a judge of this test", Here(missing), script, seconds)


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    # A child of a judge that has ended waits for init to collect it.
    state = Path(f"/proc/{pid}/stat")
    return state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z"


def test_the_last_line_is_the_verdict(tmp_path: Path) -> None:
    code = (
        "import os, pathlib\n"
        "print('working')\n"
        "print(os.environ['CONFORMANCE_URL'], repr(os.environ['CONFORMANCE_FULL']),\n"
        "      [path.name for path in pathlib.Path().iterdir()])\n"
    )
    verdict = run(judge(tmp_path, code), NOWHERE, full=False)
    assert verdict.passed
    assert verdict.line == f"{NOWHERE} '' ['furnished']"
    assert run(judge(tmp_path, code), NOWHERE, full=True).line == f"{NOWHERE} '1' ['furnished']"


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("print('61 of 62'); raise SystemExit(1)", "61 of 62"),
        ("raise SystemExit('no such thing')", "no such thing"),
        ("raise SystemExit(1)", "said nothing"),
        ("import os; print('x', flush=True); os.kill(os.getpid(), 9)", "x"),
    ],
)
def test_another_exit_code_is_a_fault(tmp_path: Path, code: str, line: str) -> None:
    verdict = run(judge(tmp_path, code), NOWHERE, full=False)
    assert (verdict.passed, verdict.line) == (False, line)


def test_a_judge_ends_within_its_time(tmp_path: Path) -> None:
    code = "import time\nprint('begun', flush=True)\ntime.sleep(3600)"
    verdict = run(judge(tmp_path, code, seconds=2), NOWHERE, full=False)
    assert not verdict.passed
    assert verdict.line == "ended after 2 s"


def test_what_a_judge_leaves_running_is_ended(tmp_path: Path) -> None:
    code = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(3600)'],\n"
        "                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)\n"
        "print(child.pid)\n"
    )
    verdict = run(judge(tmp_path, code), NOWHERE, full=False)
    assert verdict.passed
    deadline = time.monotonic() + 60
    while not gone(int(verdict.line)):
        assert time.monotonic() < deadline, "it still runs"
        time.sleep(0.05)


def test_judges_ask_one_real_server(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = (
        "import json, os, urllib.request\n"
        "with urllib.request.urlopen(os.environ['CONFORMANCE_URL'] + '/v1/stats') as answer:\n"
        "    print(json.load(answer)['data']['papers'], 'papers')\n"
    )
    wrong = judge(tmp_path, "print('a fault')\nprint('1 fault')\nraise SystemExit(1)")
    absent = judge(tmp_path, "", missing="tools are missing")
    assert judged([judge(tmp_path, code), wrong, absent], full=False) == 1
    lines = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"passed  made here: 40 papers \(\d+ s\)", lines[0])
    assert re.fullmatch(r"FAILED  made here: 1 fault \(\d+ s\)", lines[1])
    assert "    a fault" in lines
    assert "FAILED  made here: tools are missing (0 s)" in lines
    assert lines[-1] == "1 passed, 2 failed"


def test_a_server_that_does_not_start_says_why() -> None:
    with pytest.raises(ServerError, match="PAPERSHELF_ENGINE is 'none'"), serving(engine="none"):
        pass


def test_an_unknown_judge_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["audits"])
    assert end.value.code == 2
    assert "no judge 'audits'; the judges are audit, " in capsys.readouterr().err


def test_tools_are_installed_once_for_each_lock(tmp_path: Path) -> None:
    lock, place = tmp_path / "lock", tmp_path / "place"
    lock.write_text("a 1.0")
    code = "import pathlib; pathlib.Path('place').mkdir(); print('made', file=open('log', 'a'))"
    steps = [[sys.executable, "-c", code]]
    for version in ("3.11", "3.11", "3.12"):
        install(place, lock, version, steps, tmp_path)
    lock.write_text("a 1.1")
    install(place, lock, "3.12", steps, tmp_path)
    assert (tmp_path / "log").read_text() == "made\n" * 3


@pytest.mark.parametrize("command", [[sys.executable, "-c", "raise SystemExit('why')"], ["why"]])
def test_tools_that_cannot_be_installed_are_tried_again(tmp_path: Path, command: list[str]) -> None:
    lock = tmp_path / "lock"
    lock.touch()
    for _ in range(2):
        with pytest.raises(ToolsError, match="why"):
            install(tmp_path / "place", lock, "3.11", [command], tmp_path)


def test_judges_have_names_and_scripts_of_their_own() -> None:
    assert len({each.name for each in JUDGES}) == len(JUDGES)
    for each in JUDGES:
        assert each.script.is_file(), each.name
        assert re.fullmatch(r"[a-z-]+", each.name)


def node_folders() -> list[Path]:
    return sorted({each.tools.folder for each in JUDGES if isinstance(each.tools, NodeTools)})


def contents(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return loaded


def test_node_packages_are_pinned_without_saying_where_they_come_from() -> None:
    for folder in node_folders():
        wanted = contents(folder / "package.json")["dependencies"]
        lock = contents(folder / "package-lock.json")["packages"]
        assert lock[""]["dependencies"] == wanted
        for name, version in wanted.items():
            assert lock[f"node_modules/{name}"]["version"] == version
        for name, package in lock.items():
            assert "resolved" not in package, name
            assert not name or re.match(r"sha(512|1)-", package["integrity"]), name


def pinned() -> dict[str, str]:
    """Every package that a judge names, with its version."""
    found: dict[str, str] = {}
    for folder in node_folders():
        found |= contents(folder / "package.json")["dependencies"]
    [lock] = {each.tools.lock for each in JUDGES if isinstance(each.tools, PythonTools)}
    text = (REPOSITORY / "pyproject.toml").read_text("utf-8")
    group = text.split("\nconformance = [")[1].split("]\n")[0]
    versions = dict(re.findall(r"^([\w-]+)==(\S+)", lock.read_text("utf-8"), re.M))
    return found | {name: versions[name] for name in re.findall(r'"([\w-]+)', group)}


def test_the_document_lists_judges_and_packages() -> None:
    text = (REPOSITORY / "docs" / "conformance.md").read_text("utf-8")
    judges = re.findall(r"^\| `([a-z-]+)` \| (.+?) \|$", text, re.M)
    assert judges == [(each.name, each.about) for each in JUDGES]
    packages = re.findall(r"^\| ([@\w/-]+) \| (\d\S*) \|", text, re.M)
    assert dict(packages) == pinned()
