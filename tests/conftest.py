"""Figures that tests measure are shown at the end of a run, whichever worker they come from."""

import signal
from collections.abc import Callable

import pytest
from _pytest.terminal import TerminalReporter

from tests.scale import SCALE, SEED

Tell = Callable[[str], None]

# A shell's background jobs ignore Ctrl-C, and so would all that tests start from there.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--update-golden` writes the files of expected orders anew (tests/ranking)."""
    parser.addoption("--update-golden", action="store_true", help="write golden files anew")


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Tell:
    """Say a figure: `tell("40 papers in 2 s")`."""
    return lambda figure: record_property("figure", figure)


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Print the seed, and what the tests told."""
    terminalreporter.section("figures")
    terminalreporter.line(f"scale {SCALE:g}, seed {SEED}")
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, figure in getattr(report, "user_properties", ()):
                if name == "figure" and report.when == "call":
                    terminalreporter.line(f"{report.nodeid.split('::')[-1]}: {figure}")
