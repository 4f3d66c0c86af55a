"""Adds and removes papers while others read: `python -m bench.loader FOLDER SEED WORDS`.

Goes on until the end of its input, then removes what it has added and prints how many it added.
"""

import json
import os
import random
import select
import sys
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from index.shelf import Shelf
from tests.api.client import Silent

EXTRA = 12
"""Papers of the loader that are there at most."""
AT_ONCE = 3
PAUSE = 0.5
"""Seconds between two changes."""
NAMES = 60
"""Papers that come and go, over and over, so that the store does not grow."""
NICENESS = 10


def paper(number: int, words: Sequence[str], chance: random.Random) -> dict[str, object]:
    """A paper that holds all of `words`, as JSON lines have it."""
    return {
        "id": f"soak-{number}",
        "title": f"Soak {number} {' '.join(chance.sample(words, len(words)))}",
        "abstract": " ".join(chance.choices(words, k=150)),
        "authors": [f"Soak Author {number}"],
        "published": f"2025-{chance.randint(1, 12):02d}-{chance.randint(1, 28):02d}",
        "doi": f"10.5555/soak.{number}",
    }


def run(folder: Path, seed: str, words: Sequence[str]) -> int:
    """Load and remove until standard input ends; the number of papers added in all."""
    chance = random.Random(seed)
    held: deque[int] = deque()
    number = 0
    with Shelf(folder) as shelf, TemporaryDirectory() as drafts:
        source = Path(drafts) / "soak.jsonl"
        while not select.select([sys.stdin], [], [], PAUSE)[0]:
            if len(held) + AT_ONCE > EXTRA or (held and chance.random() < 0.4):
                gone = [held.popleft() for _ in range(min(AT_ONCE, len(held)))]
                shelf.remove([f"doi:10.5555/soak.{each}" for each in gone])
                continue
            added = [(number + each) % NAMES for each in range(AT_ONCE)]
            source.write_text("".join(json.dumps(paper(n, words, chance)) + "\n" for n in added))
            report = shelf.load([source], Silent())
            assert report.stored == AT_ONCE, report
            held.extend(added)
            number += AT_ONCE
        shelf.remove([f"doi:10.5555/soak.{each}" for each in held])
    return number


if __name__ == "__main__":
    os.nice(NICENESS)
    print(run(Path(sys.argv[1]), sys.argv[2], sys.argv[3].split()), flush=True)
