"""What it costs to become the copy of a shelf: `python -m bench follow`."""

import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path

from bench.corpus import shelf_folder
from bench.soak import shelf
from bench.watched import serving
from tests.paths import REPOSITORY


async def measure_following(folder: Path | None) -> None:
    """Print what telling all changes costs the server, and what taking them costs the command."""
    with shelf(folder or shelf_folder()) as data, tempfile.TemporaryDirectory() as place:
        async with serving(data) as server:
            before, cpu = server.memory(), server.cpu()
            wall, own, peak = await asyncio.to_thread(
                _run, "follow", f"http://127.0.0.1:{server.port}", "--data", place
            )
            told, grown = server.cpu() - cpu, (server.memory() - before) / 2**20
        _tell("follow", wall, own, peak)
        print(f"  the leader: CPU {told:.1f} s, grown by {grown:.1f} MiB")
        file = str(Path(place) / "a.backup")
        wall, own, peak = _run("backup", file, "--data", str(data))
        size = Path(file).stat().st_size / 2**20
        _tell(f"backup of {size:.0f} MiB", wall, own, peak)
        wall, own, peak = _run("restore", file, "--data", f"{place}/restored")
        _tell("restore", wall, own, peak)


def _tell(what: str, wall: float, cpu: float, peak: float) -> None:
    print(f"{what:20} {wall:6.1f} s, CPU {cpu:5.1f} s, peak memory {peak:4.0f} MiB")


def _run(*arguments: str) -> tuple[float, float, float]:
    """Seconds, CPU seconds and the peak of memory in MiB of a command."""
    began = time.monotonic()
    command = (sys.executable, "-m", "api", *arguments)
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    child = os.posix_spawn(command[0], command, environment)
    _, status, used = os.wait4(child, 0)
    if status:
        raise SystemExit(f"{' '.join(arguments)} failed")
    return time.monotonic() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
