"""A folder with the sample page loaded, and a way to run many commands quickly."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.running import Done, run, run_here
from tests.paths import SAMPLE


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder whose `data` has the forty papers of the sample."""
    folder = tmp_path_factory.mktemp("cli")
    assert run(folder, "load", str(SAMPLE)).code == 0
    return folder


Here = Callable[..., Done]


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    """`here(folder, *arguments)` runs a command in this process, where nothing of ours is set."""
    for name in os.environ:
        if name.startswith("PAPERSHELF_"):
            monkeypatch.delenv(name)
    return lambda folder, *arguments: run_here(capsys, folder, *arguments)
