"""A folder with the sample page loaded, for tests that only read it."""

from pathlib import Path

import pytest

from tests.cli.running import run
from tests.paths import SAMPLE


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder whose `data` has the forty papers of the sample."""
    folder = tmp_path_factory.mktemp("cli")
    assert run(folder, "load", str(SAMPLE)).code == 0
    return folder
