"""The soak itself, in its shortest form: everything but memory and times is judged."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.corpus import generated
from index.shelf import Shelf
from tests.api.client import Silent
from tests.cli.running import environment
from tests.paths import REPOSITORY
from tests.scale import SEED

SECONDS = 600


@pytest.mark.skipif(not Path("/proc/self/schedstat").exists(), reason="watches Linux's /proc")
def test_a_short_soak_ends_with_everything_held(tmp_path: Path) -> None:
    source = tmp_path / "papers.jsonl"
    source.write_text("".join(json.dumps(each) + "\n" for each in generated(400)))
    with Shelf(tmp_path / "data") as shelf:
        assert shelf.load([source], Silent()).added == 400
    options = ("--minutes", "0.12", "--data", str(tmp_path / "data"), "--seed", str(SEED))
    done = subprocess.run(
        [sys.executable, "-m", "bench", "soak", *options],
        cwd=REPOSITORY,
        env=environment(TMPDIR=str(tmp_path)),
        capture_output=True,
        timeout=SECONDS,
        check=False,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(" held\n") == 5
    assert os.listdir(tmp_path) == ["data", "papers.jsonl"]  # noqa: PTH208
