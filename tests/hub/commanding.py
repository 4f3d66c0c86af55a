"""Runs the real `hf` command, and shells with it, as a user who has set nothing else."""

import os
import subprocess
import sys
from pathlib import Path

from tests.cli.running import TIMEOUT, Done

HF = Path(sys.executable).with_name("hf")


def environment(folder: Path, address: str, **more: str) -> dict[str, str]:
    """What `hf` needs: no agent's variables, nobody's token, no calls but those to `address`."""
    return {
        "PATH": f"{HF.parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "HF_HOME": str(folder / "hf"),
        "HF_ENDPOINT": address,
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_UPDATE_CHECK": "1",
        "NO_COLOR": "1",
        "LC_ALL": "C.UTF-8",
        "COLUMNS": "200",
        **more,
    }


def papers(folder: Path, address: str, *arguments: str, **more: str) -> Done:
    """`hf papers ARGUMENTS` against a server."""
    done = subprocess.run(
        [str(HF), "papers", *arguments],
        cwd=folder,
        env=environment(folder, address, **more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=TIMEOUT,
        check=False,
    )
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())
