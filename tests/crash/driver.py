"""Loads a file while telling, on standard output, which point it has come to; may stop at one.

Usage: driver.py FOLDER ENGINE FILE HOLD OCCURRENCE. At the OCCURRENCE-th passage of the point HOLD
the process sleeps until it is killed; HOLD `none` never stops.
"""

import sys
import time
from pathlib import Path

import sqlalchemy
from sqlalchemy import event

import index.batches
import index.shelf
from index.indexer import Indexer
from index.loader import LoadReport
from index.shelf import Shelf
from index.sources import Source

FOLDER, ENGINE, FILE, HOLD, OCCURRENCE = sys.argv[1:]
passed: dict[str, int] = {}


def reach(point: str) -> None:
    """Tell that a point is reached, and stay there if it is the one to be held at."""
    passed[point] = passed.get(point, 0) + 1
    print(point, passed[point], flush=True)
    if point == HOLD and passed[point] == int(OCCURRENCE):
        time.sleep(600)


class Observer:
    """Tells what is acknowledged."""

    def opened(self, source: Source) -> None:
        pass

    def advanced(self, source: Source, report: LoadReport) -> None:
        pass

    def committed(self, report: LoadReport) -> None:
        print("committed", report.stored, flush=True)


def tell_engine_commits(shelf: Shelf) -> None:
    """Put points around each commit of the engine."""
    apply = shelf._engine.apply

    def apply_telling(*arguments: object) -> None:
        reach("between-commits")
        reach("engine-commit")
        apply(*arguments)  # type: ignore[arg-type]
        reach("engine-committed")

    shelf._engine.apply = apply_telling  # type: ignore[method-assign]


def main() -> None:
    """Load the file in small transactions, each indexed at once."""
    index.batches.BATCH_ITEMS = 10
    index.shelf.INDEX_EVERY = 0.0
    with Shelf(Path(FOLDER), ENGINE) as shelf:
        assert isinstance(shelf._indexer, Indexer)
        tell_engine_commits(shelf)
        event.listen(
            sqlalchemy.engine.Engine, "commit", lambda connection: reach("before-store-commit")
        )
        shelf.load([Path(FILE)], Observer())
    print("finished", flush=True)


main()
