"""`match`: which papers words, phrases, exclusions and filters select, against reading them all."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from index.analysis import STOP_WORDS, stem, stems
from index.engines import ENGINES
from index.ranking import RECIPE
from index.shelf import Shelf
from schema.request import parse_request
from schema.search import AUTO_MINIMUM, Match
from tests.api.client import Silent
from tests.paths import SAMPLE
from tests.scale import SEED, scaled
from tests.shelf.building import WORDS, ask, ids, load, random_papers, walk, walked_ids


@dataclass(frozen=True)
class Read:
    """What a reader sees of a paper: the stems of its title and of its abstract, and its year."""

    title: list[str]
    abstract: list[str]
    year: str

    def has(self, item: str) -> bool:
        """Whether a word, or a phrase in quotes, stands in the title or in the abstract."""
        wanted = stems(item.strip('"'))
        return any(
            text[start : start + len(wanted)] == wanted
            for text in (self.title, self.abstract)
            for start in range(len(text) - len(wanted) + 1)
        )


@dataclass(frozen=True)
class Known:
    """A shelf, and all that is in it."""

    shelf: Shelf
    papers: dict[str, Read]
    words: list[str]


@pytest.fixture(scope="module", params=[(e, c) for e in ENGINES for c in ("sample", "made")])
def known(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Known]:
    engine, corpus = request.param
    folder = tmp_path_factory.mktemp("match")
    with Shelf(folder / "data", engine) as shelf:
        if corpus == "sample":
            shelf.load([SAMPLE], Silent())
        else:
            load(shelf, folder, *random_papers(90, SEED))
        papers = {}
        text = []
        for page in walk(shelf, limit=100):
            for row in page.rows:
                paper = json.loads(row)
                text += (paper["title"] + " " + paper["abstract"]).split()
                papers[paper["id"]] = Read(
                    stems(paper["title"]),
                    stems(paper["abstract"]),
                    (paper["publishedAt"] or "")[:4],
                )
        words = WORDS if corpus == "made" else sorted({w for w in text if w.isalpha()})
        yield Known(shelf, papers, list(words))


@dataclass(frozen=True)
class Question:
    """Items side by side, exclusions, a word that the title must have, and a year."""

    items: tuple[str, ...]
    excluded: tuple[str, ...]
    title: str | None
    year: str | None

    def text(self) -> str:
        field = [f"title:{self.title}"] if self.title else []
        return " ".join([*self.items, *field, *(f"-{each}" for each in self.excluded)])

    def required(self, read: Read) -> bool:
        """What holds in every way of matching."""
        return (
            not any(map(read.has, self.excluded))
            and (self.year is None or read.year == self.year)
            and (self.title is None or stem(self.title.lower()) in read.title)
        )

    @property
    def wanted(self) -> list[str]:
        """The items that count: stop words only where there is nothing else."""
        kept = [each for each in self.items if each.lower() not in STOP_WORDS]
        return kept or ([] if self.title else list(self.items))


def questions(known: Known, count: int) -> Iterator[Question]:
    chance = random.Random(SEED)
    titles = [word for word in known.words if word.isalpha() and word.lower() not in STOP_WORDS]
    for _ in range(count):
        items = chance.choices(known.words, k=chance.choice((1, 2, 2, 3, 3, 5)))
        if chance.random() < 0.2:
            items.append(f'"{chance.choice(titles)} {chance.choice(titles)}"')
        yield Question(
            items=tuple(items),
            excluded=tuple(chance.sample(titles, chance.choice((0, 0, 0, 1, 2)))),
            title=chance.choice(titles) if chance.random() < 0.15 else None,
            year=str(chance.randint(2022, 2025)) if chance.random() < 0.2 else None,
        )


def assert_answered(known: Known, question: Question) -> str:
    """Ask in all three ways, and compare with reading every paper; how `auto` answered."""
    wanted = question.wanted
    every = {
        key
        for key, read in known.papers.items()
        if question.required(read) and all(map(read.has, wanted))
    }
    some = {
        key
        for key, read in known.papers.items()
        if question.required(read) and (any(map(read.has, wanted)) or not wanted)
    }
    year = {"year": question.year} if question.year else {}
    found = {}
    for match in Match:
        pages = walk(known.shelf, q=question.text(), match=match, limit=100, **year)
        assert len({(page.total, page.total_all, page.matched) for page in pages}) == 1
        found[match] = pages[0].matched, walked_ids(pages)
        assert pages[0].total == len(found[match][1]) == len(set(found[match][1]))
        assert pages[0].total_all == len(every), question
    assert found[Match.ALL] == (Match.ALL, found[Match.ALL][1])
    assert set(found[Match.ALL][1]) == every, question
    assert found[Match.ANY][0] is Match.ANY
    assert set(found[Match.ANY][1]) == some, question
    matched, order = found[Match.AUTO]
    relaxed = len(set(wanted)) > 1 and len(every) < AUTO_MINIMUM
    if question.excluded or question.title or not relaxed:
        assert (matched, order) == found[Match.ALL] or set(order) == every == some
        return "all"
    assert set(order) == some, question
    full, strict = order[: len(every)], found[Match.ALL][1]  # full matches come first
    assert set(full) == set(strict)
    if len(set(wanted)) < RECIPE.feedback_from:  # else their order rests on all that is found
        assert full == strict or any(not each.isalnum() for each in wanted)
    return str(matched)


def test_any_question_finds_what_reading_every_paper_finds(known: Known) -> None:
    ways = [assert_answered(known, each) for each in questions(known, max(60, scaled(600)))]
    assert 3 < ways.count("any") < len(ways) - 5


@pytest.mark.parametrize("match", list(Match))
def test_corners(known: Known, match: Match) -> None:
    everything = len(known.papers)
    for q, total in (
        ("the", sum(read.has("the") for read in known.papers.values())),
        ("the of", None),
        ("-zzzz", everything),
        ("zzzz", 0),
        ("!!", 0),
        ('"zzzz"', 0),
        ('"the of"', sum(read.has('"the of"') for read in known.papers.values())),
        ("zzzz -the", 0),
    ):
        page = ask(known.shelf, q=q, match=match, limit=100)
        if total is not None:
            assert page.total == total, q
        assert page.total >= page.total_all
        assert len(walked_ids(walk(known.shelf, q=q, match=match, limit=100))) == page.total
    bare = ask(known.shelf, match=match, limit=100)
    assert (bare.total, bare.total_all) == (everything, everything)
    assert ids(ask(known.shelf, q="  ", match=match, limit=100)) == ids(bare)


def test_a_long_text_is_searched_by_its_rarest_words(tmp_path: Path, engine: str) -> None:
    common = [f"common{number:02d}" for number in range(70)]
    source = tmp_path / "papers.jsonl"
    papers = [{"title": f"Paper {number}", "abstract": " ".join(common)} for number in range(5)]
    papers.append({"title": "The odd one", "abstract": "rareword"})
    source.write_text("".join(json.dumps(paper) + "\n" for paper in papers))
    with Shelf(tmp_path / "data", engine) as shelf:
        shelf.load([source], Silent())
        page = shelf.search(parse_request([("q", " ".join([*common, "rareword"]))]))
        assert page.total == 6
        assert "The odd one" in {json.loads(row)["title"] for row in page.rows}
        (warning,) = page.warnings
        assert (warning.code, "rarest" in warning.message) == ("query-words-dropped", True)
