"""Judged collections: texts, questions, and what people found relevant to them."""

import gzip
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from index.shelf import Shelf
from tests.api.client import Silent
from tests.paths import SHARED

FOLDER = SHARED / "relevance"
NAMES = ("cranfield", "cacm", "csfcube")

Judgements = dict[str, dict[str, int]]
"""Grades by question and paper."""


@dataclass(frozen=True)
class Collection:
    """Papers (id, title, abstract), questions by id, and the grades of papers for them."""

    name: str
    papers: list[tuple[str, str, str]]
    questions: dict[str, str]
    judgements: Judgements

    def without_own(self, question: str, ids: list[str]) -> list[str]:
        """A result without the paper from which a question was taken, as nobody judged that."""
        own = question.split("_")[0] if "_" in question else None
        return [each for each in ids if each != own]

    def some(self, count: int) -> "Collection":
        """The same with only so many of its questions, spread evenly."""
        step = max(1, len(self.questions) // count)
        kept = dict(list(self.questions.items())[::step][:count])
        return Collection(
            self.name, self.papers, kept, {each: self.judgements[each] for each in kept}
        )

    def load(self, folder: Path, engine: str) -> None:
        """Load the papers into a fresh shelf in `folder`, by the loader that everybody uses."""
        lines = folder.with_suffix(".jsonl")
        lines.write_text(
            "".join(
                json.dumps({"id": key, "title": title, "abstract": abstract}) + "\n"
                for key, title, abstract in self.papers
            )
        )
        with Shelf(folder, engine) as shelf:
            report = shelf.load([lines], Silent())
            if report.added != len(self.papers):
                raise SystemExit(f"{self.name}: of {len(self.papers)} papers {report.added} came")


def open_collection(name: str) -> Collection:
    """A collection of `FOLDER`; a paper without a title, which cannot be loaded, gets its id."""
    folder = FOLDER / name
    judgements: Judgements = defaultdict(dict)
    for line in (folder / "qrels.tsv").read_text().splitlines()[1:]:
        question, paper, grade = line.split("\t")
        judgements[question][paper] = int(grade)
    questions = {each["_id"]: each["text"] for each in _lines(folder / "queries.jsonl.gz")}
    papers = [
        (each["_id"], each["title"] or each["_id"], each["text"])
        for each in _lines(folder / "corpus.jsonl.gz")
    ]
    return Collection(name, papers, questions, dict(judgements))


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)
