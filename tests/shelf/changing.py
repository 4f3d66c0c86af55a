"""A process that loads, updates and removes papers of a shelf until its standard input closes.

`python -m tests.shelf.changing FOLDER ENGINE SEED` says `ready` when it begins, and at its end
counts what it did as a JSON object. `paper` is what it writes.
"""

import itertools
import json
import random
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Any

from index.shelf import Shelf
from tests.shelf.building import WORDS, load, numbered

NUMBERS = 260
"""The papers that may be there at some time."""

PAUSE = 0.02
"""Seconds between two changes."""


def paper(number: int, chance: random.Random) -> dict[str, Any]:
    """A paper of few words and values, so that orders have ties and any two words are met."""
    title = " ".join(chance.choices(WORDS, k=chance.choice((1, 2, 2, 5))))
    chosen: dict[str, Any] = {
        "title": title if chance.random() < 0.7 else f"{title} {number}",
        "abstract": " ".join(["walked", *chance.choices(WORDS, k=chance.choice((3, 8, 25)))]),
        "comments": chance.choice((None, 0, 1, 2, 3, 5, 8, 90)),
        "upvotes": chance.choice((None, 0, 1, 2, 40)),
    }
    if chance.random() < 0.1:
        chosen |= {"publishedAt": None, "publishedPrecision": None}
    return numbered(number, **chosen)


def change(shelf: Shelf, folder: Path, chance: random.Random, turn: int) -> Counter[str]:
    """One load of a few papers, new, known or removed before; at each third turn a removal."""
    numbers = chance.sample(range(NUMBERS), chance.choice((2, 4, 10)))
    if turn % 3 == 2:
        removals = shelf.remove([f"2501.{number:05d}" for number in numbers])
        return Counter(each.status for each in removals)
    report = load(shelf, folder, *(paper(number, chance) for number in numbers), name="now.jsonl")
    return Counter(added=report.added, updated=report.updated)


def main(folder: Path, engine: str, seed: str) -> None:
    stop = threading.Event()

    def wait_for_the_end() -> None:
        sys.stdin.buffer.read()
        stop.set()

    threading.Thread(target=wait_for_the_end, daemon=True).start()
    chance, done = random.Random(seed), Counter[str]()
    with Shelf(folder / "data", engine) as shelf:
        print("ready", flush=True)
        for turn in itertools.count():
            if stop.wait(PAUSE):
                break
            done += change(shelf, folder, chance, turn)
    print(json.dumps(done))


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
