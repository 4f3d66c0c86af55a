"""The project around the code: its commands, its pins, its documents, and what no file may name."""

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.paths import REPOSITORY

PROJECT: dict[str, Any] = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))
LOCKS = ("requirements.lock", "requirements-dev.lock")
JUDGES_LOCK = "requirements-conformance.lock"
PIN = re.compile(r"^([a-z0-9-]+)==([^\s;]+)(?: ; ([^\\]+))? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}(?: \\)?$")

BUILDS = ("Makefile", "Dockerfile", ".ci/run", "requirements.lock", "requirements-dev.lock",
          "requirements-conformance.lock", "pyproject.toml",
          ".pre-commit-config.yaml")  # fmt: skip
"""What installs packages: from where is the business of each machine's own configuration."""

PLACES = re.compile(r"://|--(?:extra-)?index-url|--find-links|^-i ", re.MULTILINE)
HOMES = re.compile(r"(?<![\w.~-])/(?:root|home|Users)/\w|~/\.\w")
"""Folders of one person's machine."""


def text_of(name: str) -> str:
    return (REPOSITORY / name).read_text("utf-8")


def tracked_texts() -> list[tuple[str, str]]:
    """Name and text of every text file that git keeps."""
    if not (REPOSITORY / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=REPOSITORY, check=True, capture_output=True, text=True
    )
    texts = []
    for name in listed.stdout.split("\0"):
        path = REPOSITORY / name
        if name and path.is_file():
            content = path.read_bytes()
            if b"\0" not in content:
                texts.append((name, content.decode("utf-8", "replace")))
    return texts


def pins(name: str) -> dict[str, str]:
    """The version of each package of a lock; checks that each has hashes, and nothing else."""
    found: dict[str, str] = {}
    hashed: set[str] = set()
    last = ""
    for line in text_of(name).splitlines():
        if pin := PIN.match(line):
            last = pin[1]
            found[last] = pin[2]
        elif HASH.match(line):
            hashed.add(last)
        else:
            assert line.lstrip().startswith("#"), f"{name}: {line}"
    assert hashed == set(found)
    return found


def normal(requirement: str) -> str:
    """The normal form of a requirement's package name."""
    return re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", requirement, maxsplit=1)[0]).lower()


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run make as from a fresh shell, not as a part of the `make test` that may have begun us."""
    found = shutil.which("make")
    assert found is not None
    inherited = re.compile(r"MAKE.*|MFLAGS|PAPERSHELF_.*")
    return subprocess.run(
        [found, "--no-print-directory", *arguments],
        cwd=REPOSITORY,
        env={name: value for name, value in os.environ.items() if not inherited.fullmatch(name)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_help_lists_every_command_of_make() -> None:
    phony = re.search(r"^\.PHONY: (.*)$", text_of("Makefile"), re.M)
    assert phony is not None
    asked = make("help")
    assert asked.returncode == 0
    listed = re.findall(r"^  make (\S+) +\S", asked.stdout, re.M)
    assert listed == phony[1].split()


def test_help_is_the_default() -> None:
    assert make().stdout == make("help").stdout


@pytest.mark.parametrize("goal", ["run", "test", "lint", "check-full"])
def test_a_wrong_python_is_refused_in_one_sentence(goal: str, tmp_path: Path) -> None:
    asked = make(goal, f"VENV={tmp_path / 'venv'}", "PYTHON=false")
    assert asked.returncode == 2
    assert "needs Python 3.11, 3.12 or 3.13" in asked.stderr
    assert not (tmp_path / "venv").exists()


@pytest.mark.parametrize(
    ("arguments", "port", "data"),
    [((), "8000", "data"), (("PORT=8010", "DATA=a folder"), "8010", "a folder")],
)
def test_run_passes_port_and_folder_on(
    arguments: tuple[str, ...], port: str, data: str, tmp_path: Path
) -> None:
    """With a stand-in for the environment's Python that prints what it is told."""
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.write_text('#!/bin/sh\necho "$PAPERSHELF_PORT:$PAPERSHELF_DATA:$*"\n')
    python.chmod(0o755)
    (tmp_path / ".run-stamp").touch()
    asked = make("run", f"VENV={tmp_path}", *arguments)
    assert asked.returncode == 0, asked.stderr
    load, serve = asked.stdout.splitlines()[-2:]
    assert load.startswith(f"{port}:{data}:-m api load --if-empty tests/data/")
    assert serve == f"{port}:{data}:-m api serve"


def test_one_version_everywhere() -> None:
    newest = re.search(r"^## \[([^\]]+)\]", text_of("CHANGELOG.md"), re.M)
    assert newest is not None
    assert newest[1] == PROJECT["project"]["version"]


def test_locks_pin_by_hash_and_agree() -> None:
    running, developing = map(pins, LOCKS)
    assert running.items() <= developing.items()


def test_locks_hold_every_direct_dependency() -> None:
    running, developing = map(pins, LOCKS)
    groups = PROJECT["dependency-groups"]
    assert {normal(each) for each in PROJECT["project"]["dependencies"]} <= set(running)
    assert {normal(each) for each in groups["build"]} <= set(running)
    apart = set(developing) - set(running) | {"markdown-it-py"}  # which rich needs at run time
    assert {normal(each) for each in groups["dev"]} <= apart
    assert {normal(each) for each in groups["conformance"]} <= set(pins(JUDGES_LOCK))


def test_the_project_is_built_with_what_the_lock_pins() -> None:
    assert PROJECT["build-system"]["requires"] == PROJECT["dependency-groups"]["build"]


def test_supported_pythons_agree() -> None:
    assert PROJECT["project"]["requires-python"] == ">=3.11,<3.14"
    for name in ("Makefile", ".ci/run"):
        assert "(3, 11) <= sys.version_info < (3, 14)" in text_of(name), name


def test_dependencies_document_names_the_pinned_versions() -> None:
    rows = re.findall(r"^\| ([\w-]+) \| (\d[^ |]*) \|", text_of("docs/dependencies.md"), re.M)
    developing = pins("requirements-dev.lock")
    direct = [
        *PROJECT["project"]["dependencies"],
        *PROJECT["dependency-groups"]["build"],
        *PROJECT["dependency-groups"]["dev"],
    ]
    assert dict(rows) == {normal(each): developing[normal(each)] for each in direct}


def test_ci_is_a_script_that_bash_accepts() -> None:
    script = REPOSITORY / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    assert "set -euo pipefail" in script.read_text("utf-8")
    subprocess.run(["bash", "-n", str(script)], check=True)


def test_links_between_documents_lead_somewhere() -> None:
    dead = [
        f"{name}: {target}"
        for name, text in tracked_texts()
        if name.endswith(".md")
        for target in re.findall(r"\]\(([^)#\s]+)", text)
        if "://" not in target and not (REPOSITORY / name).parent.joinpath(target).exists()
    ]
    assert dead == []


def test_every_document_is_reached_from_the_index() -> None:
    start = text_of("docs/index.md")
    documents = {name for name, _ in tracked_texts() if re.fullmatch(r"docs/[^/]+\.md", name)}
    unlinked = {name for name in documents if f"]({name.removeprefix('docs/')}" not in start}
    assert unlinked == {"docs/index.md"}


def test_no_build_file_says_where_packages_come_from() -> None:
    assert [name for name in BUILDS if PLACES.search(text_of(name))] == []


def test_no_file_names_a_folder_of_one_machine() -> None:
    found = [
        f"{name}: {match[0]}"
        for name, text in tracked_texts()
        if name != "tests/test_project.py" and not name.startswith("tests/data/")
        for match in HOMES.finditer(text)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (PLACES, "--index-url=https://example.org/simple"),
        (PLACES, "--find-links wheels"),
        (HOMES, "see /root/x"),
        (HOMES, "cd /home/somebody"),
        (HOMES, "~/.config"),
    ],
)
def test_such_names_are_seen(pattern: re.Pattern[str], text: str) -> None:
    assert pattern.search(text)
