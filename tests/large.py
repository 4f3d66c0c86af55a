"""Two thousand papers as a file of the interchange form: real ones where present, else made."""

import gzip
import json
import random
from pathlib import Path

from tests.corpus import vocabulary
from tests.paths import ACL
from tests.scale import SEED


def two_thousand_papers(path: Path) -> None:
    """Write the papers to `path` as JSON lines."""
    if ACL.exists():
        path.write_bytes(gzip.decompress(ACL.read_bytes()))
        return
    chance = random.Random(SEED)
    words = vocabulary()
    weights = [1 / rank for rank in range(1, len(words) + 1)]
    with path.open("w", encoding="utf-8") as lines:
        for number in range(2000):
            paper = {
                "id": f"2503.{number:05d}",
                "title": " ".join(chance.choices(words, weights, k=8)) + f" {number}",
                "abstract": " ".join(chance.choices(words, weights, k=120)),
                "authors": [f"Author {chance.randrange(700)}", f"Writer {chance.randrange(700)}"],
                "published": f"202{chance.randint(0, 5)}-{chance.randint(1, 12):02d}",
                "date_precision": "month",
            }
            lines.write(json.dumps(paper) + "\n")
