"""`python -m bench relevance`: how good the order of a result is, measured through the shelf."""

import json
import random
import re
import statistics
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import bm25s
import pytrec_eval
import Stemmer

from bench.collections import FOLDER, NAMES, Collection, open_collection
from bench.corpus import shelf_folder, titles
from bench.related import RELATED_FLOOR, RELATED_OF, related_results
from index.ranking import RECIPE, Recipe
from index.shelf import Shelf
from schema.request import parse_request

FLOORS = {"cranfield": 0.40, "cacm": 0.50, "csfcube": 0.47}
GOALS = {"cranfield": 0.42, "cacm": 0.53, "csfcube": 0.49}
MEASURES = {"nDCG@10": "ndcg_cut_10", "MAP": "map", "Recall@100": "recall_100"}
SHORT = {"nDCG@10": "nDCG@10", "MAP": "MAP", "Recall@100": "R@100"}
DEPTH = 100
WHOOSH_QUESTIONS = 15
KNOWN_ITEMS, KNOWN_SEED, KNOWN_DEPTH = 600, 1, 10
_WORD = re.compile(r"[A-Za-z]{3,}")

WORDS_ALONE = Recipe(pair=0, title=0, feedback=False)
STEPS = {
    "words alone, their count as weight": WORDS_ALONE,
    "+ pairs": replace(RECIPE, title=0, feedback=False),
    "+ words of the title": replace(RECIPE, feedback=False),
    "+ feedback": RECIPE,
}
GROUPS: dict[str, dict[str, tuple[float, ...]]] = {
    "pair, title": {"pair": (0.15, 0.25, 0.35), "title": (0.1, 0.15, 0.25)},
    "feedback": {
        "feedback_papers": (5, 8, 12),
        "feedback_words": (12, 20, 30),
        "feedback_share": (0.3, 0.4, 0.5),
    },
}
"""Constants that are tried together, and their values."""

Results = dict[str, list[str]]
"""Ids of papers, best first, by question."""
Figures = dict[str, float]


@dataclass(frozen=True)
class Loaded:
    """A collection, and a folder with its shelf."""

    collection: Collection
    folder: Path

    def figures(self, recipe: Recipe = RECIPE, engine: str = "tantivy") -> Figures:
        """What the public search gives, with the defaults of every parameter but the page size."""
        with Shelf(self.folder, engine, recipe) as shelf:
            results = {
                key: self.collection.without_own(key, list(walk(shelf, text)))
                for key, text in self.collection.questions.items()
            }
        return judged(self.collection, results)


def walk(shelf: Shelf, text: str) -> Iterator[str]:
    """The ids of a result, page by page, at least `DEPTH` of them and one to leave out."""
    asked, found = [("q", text), ("limit", str(DEPTH))], 0
    cursor: str | None = None
    while True:
        page = shelf.search(parse_request(asked + ([("cursor", cursor)] if cursor else [])))
        yield from (json.loads(row)["externalIds"]["other"] for row in page.rows)
        found += len(page.rows)
        cursor = page.next_cursor
        if cursor is None or found > DEPTH:
            return


def judged(collection: Collection, results: Results) -> Figures:
    """The means of the measures over all questions; one without any hit counts 0."""
    run = {
        key: {each: float(DEPTH - rank) for rank, each in enumerate(ids[:DEPTH])}
        for key, ids in results.items()
    }
    evaluator = pytrec_eval.RelevanceEvaluator(
        collection.judgements, {"ndcg_cut.10", "map", "recall.100"}
    )
    found = evaluator.evaluate(run).values()
    return {
        name: sum(each[measure] for each in found) / len(collection.judgements)
        for name, measure in MEASURES.items()
    }


def baseline(collection: Collection) -> Figures:
    """BM25 by `bm25s`: Lucene's variant, k1 0.9, b 0.4, Porter stems, its own stop words."""
    stemmer = Stemmer.Stemmer("porter")

    def tokens(texts: list[str]) -> object:
        return bm25s.tokenize(texts, stopwords="en", stemmer=stemmer, show_progress=False)

    retriever = bm25s.BM25(method="lucene", k1=0.9, b=0.4)
    texts = [f"{title} {abstract}" for _, title, abstract in collection.papers]
    retriever.index(tokens(texts), show_progress=False)
    questions = tokens(list(collection.questions.values()))
    found, _ = retriever.retrieve(questions, k=DEPTH + 1, show_progress=False)
    results = {
        key: collection.without_own(key, [collection.papers[int(number)][0] for number in numbers])
        for key, numbers in zip(collection.questions, found, strict=True)
    }
    return judged(collection, results)


def known_items() -> dict[str, dict[int, float]]:
    """MRR@10 of neighbouring words of titles, by step and number of words, on the large shelf."""
    chance = random.Random(KNOWN_SEED)
    papers = chance.sample(list(titles()), 2 * KNOWN_ITEMS)
    wanted = [(key, found) for key, title in papers if len(found := _WORD.findall(title)) > 3]
    asked: dict[int, list[tuple[str, str]]] = {}
    for size in (2, 3):
        asked[size] = []
        for key, words in wanted[:KNOWN_ITEMS]:
            start = chance.randrange(len(words) - size + 1)
            asked[size].append((key, " ".join(words[start : start + size])))
    found_: dict[str, dict[int, float]] = {}
    for step, recipe in STEPS.items():
        with Shelf(shelf_folder(), recipe=recipe) as shelf:
            shelf.catch_up()
            found_[step] = {
                size: statistics.mean(_reciprocal_rank(shelf, *each) for each in pairs)
                for size, pairs in asked.items()
            }
    return found_


def _reciprocal_rank(shelf: Shelf, key: str, words: str) -> float:
    page = shelf.search(parse_request([("q", words), ("limit", str(KNOWN_DEPTH))]))
    for rank, row in enumerate(page.rows, start=1):
        if json.loads(row)["externalIds"]["arxiv"] == key:
            return 1 / rank
    return 0.0


def shown(name: str, figures: Iterable[Figures]) -> str:
    """A line of a table: the measures of each collection."""
    cells = (f"{each[measure]:8.3f}" for each in figures for measure in MEASURES)
    return f"{name:36}" + "".join(cells)


def measure_relevance(*, steps: bool, leave_one_out: bool) -> None:
    """Print the measures beside the baseline of the same run; exit 1 where a floor is missed."""
    if not FOLDER.exists():
        raise SystemExit(f"the judged collections are not here: {FOLDER}")
    with tempfile.TemporaryDirectory() as folder:
        collections = [open_collection(name) for name in NAMES]
        loaded = [Loaded(each, Path(folder) / each.name) for each in collections]
        for each in loaded:
            each.collection.load(each.folder, "tantivy")
        if leave_one_out:
            _leave_one_out(loaded)
            return
        print(f"{'':36}" + "".join(f"{each.name:>24}" for each in collections))
        print(f"{'':36}" + "".join(f"{SHORT[measure]:>8}" for _ in NAMES for measure in MEASURES))
        base = [baseline(each) for each in collections]
        print(shown("bm25s", base))
        for name, recipe in STEPS.items() if steps else ():
            print(shown(name, (each.figures(recipe) for each in loaded)))
        ours = [each.figures() for each in loaded]
        print(shown("papershelf, tantivy", ours), flush=True)
        related = _measure_related(loaded)
        _measure_whoosh(collections, Path(folder))
    known = known_items()
    print(f"\nMRR@{KNOWN_DEPTH} of {KNOWN_ITEMS} papers by neighbouring words of their titles")
    print(f"{'':36}2 words 3 words")
    for name, figures in known.items():
        print(f"{name:36}{figures[2]:7.3f} {figures[3]:7.3f}")
    missed = _missed(base, ours, known)
    if related < RELATED_FLOOR:
        missed.append(f"related papers: nDCG@10 {related:.3f} is below {RELATED_FLOOR}")
    if missed:
        sys.exit("\n".join(missed))


def _measure_related(loaded: list[Loaded]) -> float:
    """Print how good the related papers are; their nDCG@10."""
    one = next(each for each in loaded if each.collection.name == RELATED_OF)
    figures = judged(one.collection, related_results(one.collection, one.folder, "tantivy"))
    told = ", ".join(f"{name} {value:.3f}" for name, value in figures.items())
    print(f"related papers of {RELATED_OF}: {told}", flush=True)
    return figures["nDCG@10"]


def _measure_whoosh(collections: list[Collection], folder: Path) -> None:
    """A sample of the questions by the reference engine, and by the baseline."""
    few = [each.some(WHOOSH_QUESTIONS) for each in collections]
    print(f"of {WHOOSH_QUESTIONS} questions each:")
    print(shown("bm25s", map(baseline, few)))
    found = []
    for each in few:
        one = Loaded(each, folder / f"{each.name}-whoosh")
        each.load(one.folder, "whoosh")
        found.append((one.figures(engine="whoosh"), one.figures(WORDS_ALONE, "whoosh")))
    print(shown("words alone, whoosh", (alone for _, alone in found)))
    print(shown("papershelf, whoosh", (whole for whole, _ in found)))


def _missed(
    base: list[Figures], ours: list[Figures], known: dict[str, dict[int, float]]
) -> list[str]:
    missed = []
    for name, theirs, figures in zip(NAMES, base, ours, strict=True):
        value = figures["nDCG@10"]
        if value < FLOORS[name]:
            missed.append(f"{name}: nDCG@10 {value:.3f} is below {FLOORS[name]}")
        missed += [
            f"{name}: {measure} {figures[measure]:.3f} is not above {theirs[measure]:.3f} of bm25s"
            for measure in MEASURES
            if figures[measure] <= theirs[measure]
        ]
    alone, *_, whole = known.values()
    missed += [
        f"{size} words of a title: {whole[size]:.3f} is not above {alone[size]:.3f} of words alone"
        for size in whole
        if whole[size] <= alone[size]
    ]
    return missed


def _leave_one_out(loaded: list[Loaded]) -> None:
    """For each collection the constants that are best for the others, and what they give it."""
    for group, values in GROUPS.items():
        figures: dict[tuple[float, ...], list[float]] = {}
        for chosen in product(*values.values()):
            recipe = replace(RECIPE, **dict(zip(values, chosen, strict=True)))
            if group != "feedback":
                recipe = replace(recipe, feedback=False)
            figures[chosen] = [each.figures(recipe)["nDCG@10"] for each in loaded]
        print(f"\n{group}: {', '.join(values)}")
        kept = tuple(getattr(RECIPE, name) for name in values)
        for at, name in enumerate(NAMES):
            best = max(figures, key=lambda key: sum(figures[key]) - figures[key][at])
            found = [each[at] for each in figures.values()]
            print(
                f"{name:10} best for the others {best} gives it {figures[best][at]:.3f}; "
                f"ours {kept} {figures[kept][at]:.3f}; all {min(found):.3f} to {max(found):.3f}",
                flush=True,
            )
