"""Ways out of a question that found little: what they say is what following them finds."""

import random
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import pytest

from index.engines import ENGINES
from index.shelf import Shelf
from schema.errors import Problem
from schema.request import parse_request
from schema.search import LITTLE, MAX_ALTERNATIVES, Alternative, Page
from tests.api.client import Silent
from tests.paths import SAMPLE
from tests.scale import SEED, scaled
from tests.shelf.building import WORDS, load, random_papers, store_only

Given = list[tuple[str, str]]


@pytest.fixture(scope="module", params=ENGINES)
def engine_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def sample(engine_name: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    """The sample page: forty papers on alignment, without the names of authors."""
    with Shelf(tmp_path_factory.mktemp("sample") / "data", engine_name) as shelf:
        shelf.load([SAMPLE], Silent())
        yield shelf


@pytest.fixture(scope="module")
def mixed(engine_name: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    """Three hundred papers of few words, of 2018 to 2025."""
    folder = tmp_path_factory.mktemp("mixed")
    with Shelf(folder / "data", engine_name) as shelf:
        load(shelf, folder, *random_papers(300, SEED))
        yield shelf


def ask(shelf: Shelf, given: Given) -> tuple[Page, tuple[Alternative, ...]]:
    answer = shelf.answer(shelf.plan(parse_request(given)))
    return answer.page, tuple(answer.alternatives)


def queries(shelf: Shelf, *given: tuple[str, str]) -> list[tuple[str, str | None]]:
    return [(each.kind.value, each.q) for each in ask(shelf, list(given))[1]]


def follow(shelf: Shelf, alternative: Alternative) -> Page:
    q = [("q", alternative.q)] if alternative.q else []
    return shelf.search(parse_request([*q, *alternative.parameters]))


@pytest.mark.parametrize(
    ("q", "first"),
    [
        ("alignmnet", ("spelling", "alignment")),
        ("Alignmnet!", ("spelling", "alignment!")),
        ("hesian gradint", ("spelling", "hessian gradient")),
        ("protien year:2031", ("date", "protein")),
        ("lagnuage modles safty", ("spelling", "language models safety")),
        ("zeroshot", ("spelling", "zero-shot")),
        ("trans former", ("spelling", "transformer")),
        ('title:hydr "optimal trasnport"', ("word", '"optimal transport"')),
        ('"optimal trasnport"', ("spelling", '"optimal transport"')),
        ("title:hydr", ("spelling", "title:hydra")),
        ("-vision alignmnet", ("spelling", "-vision alignment")),
        ("(alignmnet)^2", ("spelling", "(alignment)^2")),
        ("qwzxv alignment has:code", ("word", "alignment has:code")),
        ("alignment comments:9000", ("filter", "alignment")),
        ("titel:hydra", ("word", "hydra")),
    ],
)
def test_the_likeliest_comes_first(sample: Shelf, q: str, first: tuple[str, str]) -> None:
    assert queries(sample, ("q", q))[0] == first


@pytest.mark.parametrize(
    "q",
    [f"hesian{' ' * 3987}gradint", f"visionlanguage {' '.join(['-hydra'] * 63)}"],
)
def test_a_spelling_beyond_the_bounds_of_a_query_is_left(sample: Shelf, q: str) -> None:
    page, found = ask(sample, [("q", q), ("year", "1990")])
    assert page.total == 0
    assert "spelling" not in {each.kind for each in found}


def test_dates_widen_to_the_nearest_year_with_papers(mixed: Shelf) -> None:
    def years(*given: tuple[str, str]) -> list[tuple[tuple[str, str], ...]]:
        return [each.parameters for each in ask(mixed, [("q", "diffusion"), *given])[1]]

    assert years(("year", "2031")) == [(("year", "2025-2031"),), ()]
    assert years(("from", "2026-02")) == [(("year", "2025-"),), ()]
    assert years(("to", "1999")) == [(("year", "-2018"),), ()]
    assert years(("month", "2017-03")) == [(("year", "2017-2018"),), ()]
    assert years(("year", "2031"), ("author", "Author 1"))[0] == (
        ("author", "Author 1"),
        ("year", "2025-2031"),
    )


def test_dates_of_the_query_widen_too(mixed: Shelf) -> None:
    _, found = ask(mixed, [("q", "published:[2030-01 TO 2031-06] diffusion")])
    assert [(each.q, each.parameters) for each in found] == [
        ("diffusion", (("year", "2025-2031"),)),
        ("diffusion", ()),
    ]


def test_a_filter_is_left_out(mixed: Shelf) -> None:
    _, found = ask(mixed, [("q", "diffusion"), ("category", "cs.XX"), ("sort", "title")])
    assert [(each.kind, each.q, each.parameters) for each in found] == [
        ("filter", "diffusion", (("sort", "title"),))
    ]
    given = [("q", "diffusion"), ("category", "cs.XX"), ("hasCode", "true")]
    assert [each.message for each in ask(mixed, given)[1]] == ["Without any filter."]


def test_a_list_without_a_query_has_ways_out(mixed: Shelf) -> None:
    _, found = ask(mixed, [("listedOn", "2025-01-01")])
    assert [(each.kind, each.q, each.parameters) for each in found] == [("date", None, ())]
    assert found[0].total == 300


def test_enough_needs_no_way_out(sample: Shelf) -> None:
    for q in ("alignment", "alignmnet OR alignment", "-alignmnet"):
        page, found = ask(sample, [("q", q)])
        assert page.total_all >= LITTLE
        assert found == ()
    assert ask(sample, [])[1] == ()


def test_words_that_papers_hold_are_left_alone(sample: Shelf) -> None:
    page, found = ask(sample, [("q", "optimal transport"), ("match", "auto")])
    assert page.total_all < LITTLE <= page.total
    assert found == ()


def test_a_rare_slip_of_a_paper_is_no_word(tmp_path: Path, engine: str) -> None:
    right = ({"title": f"Paper {n}", "abstract": "On kernels."} for n in range(60))
    with Shelf(tmp_path / "data", engine) as shelf:
        load(shelf, tmp_path, *right, {"title": "Paper", "abstract": "On kernles."})
        page, found = ask(shelf, [("q", "kernles")])
        assert page.total == 1
        assert [(each.q, each.total) for each in found] == [("kernels", 60)]


def test_rare_slips_are_no_words_where_no_paper_has_all(tmp_path: Path, engine: str) -> None:
    right = ({"title": f"Hydra: kernels of graphs {n}"} for n in range(120))
    slips = {"title": "Grahps"}, {"title": "Kernles of a hydra"}
    with Shelf(tmp_path / "data", engine) as shelf:
        load(shelf, tmp_path, *right, *slips)
        page, found = ask(shelf, [("q", "kernles grahps hydra")])
        assert (page.total_all, page.total) == (0, 122)
        assert [each.q for each in found] == ["kernels graphs hydra"]
        page, found = ask(shelf, [("q", "kernles hydra")])
        assert (page.total_all, page.total) == (1, 121)
        assert found == ()


def test_a_word_spelled_right_goes_before_words_joined(tmp_path: Path, engine: str) -> None:
    right = ({"title": f"Large language model {n}"} for n in range(9))
    with Shelf(tmp_path / "data", engine) as shelf:
        load(shelf, tmp_path, *right, {"title": "Largelanguage model languagemodel"})
        asked = ("q", "large language modle")
        assert queries(shelf, asked) == [("spelling", "large language model")]


def test_authors_are_spelled_by_names(tmp_path: Path, engine: str) -> None:
    papers = ({"title": f"Paper {n}", "authors": ["Yann LeCun"]} for n in range(6))
    with Shelf(tmp_path / "data", engine) as shelf:
        load(shelf, tmp_path, *papers)
        assert queries(shelf, ("q", "author:lecum")) == [("spelling", "author:lecun")]
        assert queries(shelf, ("q", "lecum")) == []


def test_removed_papers_do_not_count(tmp_path: Path, engine: str) -> None:
    papers = [{"id": f"2501.{n:05d}", "title": f"Hydra paper {n}"} for n in range(12)]
    with Shelf(tmp_path / "data", engine) as shelf:
        load(shelf, tmp_path, *papers)
        assert ask(shelf, [("q", "hydar")])[1][0].total == 12
        shelf.remove([f"2501.{n:05d}" for n in range(5)])
        assert ask(shelf, [("q", "hydar")])[1][0].total == 7
        store_only(shelf, tmp_path, {"id": "2501.99999", "title": "Hydra of tomorrow"})
        assert ask(shelf, [("q", "hydar")])[1][0].total == 7


def test_pages_behind_a_cursor_have_none(mixed: Shelf) -> None:
    for words in combinations(WORDS[:12], 3):
        given = [("q", " ".join(words)), ("match", "all"), ("limit", "1")]
        page, found = ask(mixed, given)
        if page.total > 1 and found:
            break
    assert page.next_cursor
    assert ask(mixed, [*given, ("cursor", page.next_cursor)])[1] == ()
    assert ask(mixed, [*given, ("before", "end")])[1] == ()


def misspelled(chance: random.Random, word: str) -> str:
    at = chance.randrange(len(word))
    return word[:at] + chance.choice(["", "x", word[at] * 2]) + word[at + 1 :]


def question(chance: random.Random) -> Given:
    """Words, some misspelled, some in syntax, and filters that hardly anything passes."""
    parts = []
    for word in chance.choices(WORDS, k=chance.randint(1, 3)):
        text = misspelled(chance, word) if chance.random() < 0.6 else word
        parts.append(
            chance.choice(["{}", "{}", "{}", "title:{}", '"{}"', "-{}", "({})"]).format(text)
        )
    filters: Given = [
        ("year", chance.choice(["2031", "1990-1999", "2024", "2026-"])),
        ("author", chance.choice(["Author 1", "Nobody"])),
        ("hasCode", "true"),
        ("from", "2025-06"),
        ("match", chance.choice(["all", "any", "auto"])),
        ("sort", "-publishedAt"),
    ]
    kept = [each for each in filters if chance.random() < 0.2]
    extra = chance.choice(["", "", " year:2031", " listed:2025", " comments:>5", " OR", " ("])
    return [("q", " ".join(parts) + extra), *kept]


def test_every_way_out_finds_what_it_says_and_more_than_the_question(mixed: Shelf) -> None:
    chance = random.Random(SEED)
    seen: set[str] = set()
    for _ in range(scaled(1_500)):
        given = question(chance)
        try:
            page, found = ask(mixed, given)
        except Problem:
            continue
        assert len(found) <= MAX_ALTERNATIVES
        assert not found or page.total_all < LITTLE
        assert len({(each.q, each.parameters) for each in found}) == len(found)
        for each in found:
            led = follow(mixed, each)
            assert (led.total, led.total_all) == (each.total, each.total_all), (given, each)
            assert each.total_all > page.total_all, (given, each)
            seen.add(each.kind.value)
        assert ask(mixed, given)[1] == found
    assert seen == {"spelling", "date", "filter", "word"}
