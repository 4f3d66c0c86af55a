"""Run the judges: `python -m tests.conformance [--full] [NAME ...]`."""

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.conformance.judges import JUDGES, Judge
from tests.conformance.server import ServerError, serving
from tests.conformance.tools import Tools, ToolsError

TOKEN = "token-of-a-server-that-is-judged"
"""What whoever writes there must show."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a judge found: the line to show, and all that it said where it found a fault."""

    judge: Judge
    passed: bool
    line: str
    said: str = ""
    seconds: float = 0.0


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 0 if every judge passed, 1 if one did not."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.conformance",
        description="Have the server judged by suites and clients that others wrote.",
        epilog="Judges: " + "; ".join(f"{each.name} ({each.about})" for each in JUDGES) + ".",
    )
    names = [each.name for each in JUDGES]
    parser.add_argument("names", metavar="NAME", nargs="*", help="judges to run; all by default")
    parser.add_argument("--full", action="store_true", help="the long form of judges that have one")
    given = parser.parse_args(arguments)
    if unknown := [name for name in given.names if name not in names]:
        parser.error(f"there is no judge {unknown[0]!r}; the judges are {', '.join(names)}")
    chosen = [each for each in JUDGES if not given.names or each.name in given.names]
    return judged(chosen, full=given.full)


def judged(judges: Sequence[Judge], *, full: bool) -> int:
    """Run judges one after another against one server, and show what each found."""
    missing = _prepared(judges)
    passed = 0
    failed = 0
    try:
        with serving(token=TOKEN) as address:
            for judge in judges:
                lack = missing.get(judge.tools)
                if lack is None:
                    verdict = run(judge, address, full=full)
                else:
                    verdict = Verdict(judge, False, lack)
                show(verdict)
                passed += verdict.passed
                failed += not verdict.passed
    except ServerError as error:
        print(f"FAILED  server: {error}")
        failed += 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


def _prepared(judges: Iterable[Judge]) -> dict[Tools, str]:
    """Install the tools of judges; what is missing, by the tools that cannot be had."""
    missing: dict[Tools, str] = {}
    for tools in dict.fromkeys(judge.tools for judge in judges):
        try:
            tools.prepare()
        except ToolsError as error:
            missing[tools] = str(error)
    return missing


def run(judge: Judge, address: str, *, full: bool) -> Verdict:
    """Run one judge in an empty folder; it and what it started end within its time."""
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "NODE_OPTIONS")}
    environment |= {"CONFORMANCE_URL": address, "CONFORMANCE_TOKEN": TOKEN}
    environment |= {"CONFORMANCE_FULL": "1" if full else ""}
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="papershelf-judge-") as folder:
        judge.tools.furnish(Path(folder))
        with subprocess.Popen(
            judge.tools.command(judge.script),
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        ) as process:
            try:
                said, _ = process.communicate(timeout=judge.seconds)
            except subprocess.TimeoutExpired:
                _end_group(process.pid)
                said, _ = process.communicate()
                said += f"\nended after {judge.seconds} s"
            finally:
                _end_group(process.pid)
    lines = said.strip().splitlines() or ["said nothing"]
    return Verdict(judge, process.returncode == 0, lines[-1], said, time.monotonic() - began)


def _end_group(group: int) -> None:
    """End what a judge has left running; a process group lives as long as one of its members."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def show(verdict: Verdict) -> None:
    """One line, and below it all that the judge said if it found a fault."""
    word = "passed" if verdict.passed else "FAILED"
    print(f"{word}  {verdict.judge.name}: {verdict.line} ({verdict.seconds:.0f} s)", flush=True)
    if not verdict.passed and verdict.said:
        print("".join(f"    {line}\n" for line in verdict.said.strip().splitlines()), flush=True)


if __name__ == "__main__":
    sys.exit(main())
