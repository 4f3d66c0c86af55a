"""How good related papers are: measured on the collection whose questions are about papers."""

import json
from pathlib import Path

from bench.collections import Collection
from index.shelf import Shelf
from schema.search import MAX_LIMIT

RELATED_OF = "csfcube"
"""Each of its questions is about one side of a paper that the collection holds too."""

RELATED_FLOOR = 0.49
"""Of nDCG@10."""


def related_results(collection: Collection, folder: Path, engine: str) -> dict[str, list[str]]:
    """Ids of the papers related to the paper of each question, the nearest first.

    `folder` has the shelf of the collection.
    """
    with Shelf(folder, engine) as shelf:
        return {
            key: [
                json.loads(row)["externalIds"]["other"]
                for row in shelf.related(f"other:{key.split('_')[0]}", MAX_LIMIT).rows
            ]
            for key in collection.questions
        }
