"""The pure rules: dates, titles, and that the order of joining does not show."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.merge import (
    MAX_LINKS,
    MAX_LISTINGS,
    MAX_SOURCES,
    Known,
    describe,
    join,
    near_equal,
    resolve_date,
    title_key,
    two_dates,
)
from schema.record import Link, LinkKind, Listing, PaperRecord, Published, Span
from tests.scale import SEED, scaled
from tests.store.build import day, record


def known(item: PaperRecord, number: int = 1, name: str = "a") -> Known:
    return describe(item, number, name, f"{number:064x}")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Optimal Transport", "optimal  transport."),
        ("Chain-of-Thought", "Chain of thought"),
        ("“Why?” — an Étude", "Why an etude"),
        ("ＦＵＬＬ width", "full width"),
    ],
)
def test_titles_that_differ_in_form_only_are_equal(one: str, other: str) -> None:
    assert title_key(one) == title_key(other) != ""


@pytest.mark.parametrize(
    ("one", "other"), [("C++", "C"), ("C#", "C"), ("GPT-3", "GPT-4"), ("!!!", "???"), ("ab", "a b")]
)
def test_titles_of_different_words_differ(one: str, other: str) -> None:
    assert title_key(one) != title_key(other)
    assert title_key(one)


@pytest.mark.parametrize(
    ("first", "second", "shown"),
    [
        (Published(), day("2025"), day("2025")),
        (Published(raw="soon"), day("2025"), day("2025")),
        (day("2025"), day("2025-03"), day("2025-03")),
        (day("2024"), day("2025-03"), day("2025-03")),
        (day("2025-03-02"), day("2025-03-04"), day("2025-03-02")),
        (day("2025-03-02", inferred=True), day("2024-03-02"), day("2024-03-02")),
        (day("2025-03-02", inferred=True), Published(raw="soon"), day("2025-03-02", inferred=True)),
        (day("2025-03-02", inferred=True), day("2024"), day("2024")),
    ],
)
def test_the_better_date_is_shown_in_either_order(
    first: Published, second: Published, shown: Published
) -> None:
    for one, other in ((first, second), (second, first)):
        both = join(known(record(published=one)), known(record(published=other), 2, "b"))
        assert resolve_date(both.written, both.guessed)[0] == shown


def test_a_written_year_confirms_an_inferred_day_within_it() -> None:
    both = join(
        known(record(published=day("2025-03-02", inferred=True))),
        known(record(published=day("2025")), 2, "b"),
    )
    shown, second = resolve_date(both.written, both.guessed)
    assert (shown.day, shown.year_inferred, shown.raw) == ("2025-03-02", False, "2025-03-02")
    assert second == day("2025")


def test_missing_members_are_filled_and_counts_take_the_maximum() -> None:
    poor = known(record("a title", comments=3, upvotes=9))
    rich = known(
        record("A Title", abstract="Text.", authors=("A",), author_count=4, comments=5, upvotes=0),
        2,
        "b",
    )
    for both in (join(poor, rich), join(rich, poor)):
        assert (both.title, both.abstract, both.authors) == ("A Title", "Text.", ("A",))
        assert (both.author_count, both.comments, both.upvotes) == (4, 5, 9)
        assert [entry.name for entry in both.sources] == ["a", "b"]


def test_a_link_keeps_its_place_and_takes_the_firmer_kind() -> None:
    url = "https://a.org"
    one = known(record(links=(Link("https://b.org", LinkKind.MODEL), Link(url, LinkKind.OTHER))))
    other = known(record(links=(Link(url, LinkKind.CODE),)), 2, "b")
    for both in (join(one, other), join(other, one)):
        assert [(x.value, x.kind) for x in both.links] == [
            (url, "code"),
            ("https://b.org", "model"),
        ]


def test_what_repeats_is_bounded() -> None:
    paper = known(record())
    for n in range(600):
        more = record(
            listings=(Listing(f"{2000 + n}-01-01"),), links=(Link(f"https://{n}", LinkKind.OTHER),)
        )
        paper = join(paper, known(more, n + 2, f"file {n}"))
    assert len(paper.sources) == MAX_SOURCES
    assert len(paper.listings) == MAX_LISTINGS
    assert len(paper.links) == MAX_LINKS
    assert paper.listings[0].day == "2000-01-01"


def test_abstracts_with_small_repairs_are_near_equal_and_others_are_not() -> None:
    words = [f"word{n}" for n in range(150)]
    draw = random.Random(SEED)
    repaired = [word if draw.random() > 0.05 else word + "s" for word in words]
    assert near_equal(" ".join(words), " ".join(repaired).upper())
    shuffled = draw.sample(words, len(words))
    assert not near_equal(" ".join(words), " ".join(shuffled))
    assert not near_equal(" ".join(words), " ".join(words[:100]))


DATES = st.sampled_from(
    [
        Published(),
        Published(raw="in press"),
        *(
            day(text, inferred=inferred)
            for text in ("2024", "2025", "2025-03", "2025-03-02", "2024-12-31")
            for inferred in (False, True)
        ),
    ]
)
COUNTS = st.none() | st.integers(0, 3)
RECORDS = st.builds(
    PaperRecord,
    title=st.sampled_from(["A title", "A TITLE", "a title", "A  longer title"]),
    span=st.integers(0, 3).map(lambda start: Span(start, start + 1, 1)),
    abstract=st.sampled_from(["", "x", "y", "longer"]),
    abstract_raw=st.sampled_from(["", "x", "y"]),
    authors=st.none() | st.lists(st.sampled_from("AB"), max_size=3).map(tuple),
    author_count=COUNTS,
    published=DATES,
    listings=st.lists(
        st.builds(Listing, st.sampled_from(["2025-01-01", "2025-01-02"]), COUNTS), max_size=3
    ).map(tuple),
    upvotes=COUNTS,
    comments=COUNTS,
    links=st.lists(
        st.builds(Link, st.sampled_from(["a", "b", "c"]), st.sampled_from(LinkKind)), max_size=4
    ).map(tuple),
    categories=st.lists(st.sampled_from(["x", "y", "z"]), max_size=4).map(tuple),
    external_ids=st.just({}),
)
KNOWN = st.builds(
    lambda item, number: known(item, number, "ab"[number % 2]), RECORDS, st.integers(1, 4)
)


steady = settings(derandomize=True, database=None, deadline=None, max_examples=scaled(3000))


@steady
@given(KNOWN, KNOWN, KNOWN)
def test_joining_is_commutative_associative_and_idempotent(a: Known, b: Known, c: Known) -> None:
    assert join(a, a) == a
    assert join(a, b) == join(b, a)
    assert join(join(a, b), c) == join(a, join(b, c))
    assert join(join(a, b), b) == join(a, b)


@steady
@given(KNOWN, KNOWN)
def test_both_dates_come_back_from_what_is_stored(a: Known, b: Known) -> None:
    both = join(a, b)
    assert two_dates(*resolve_date(both.written, both.guessed)) == (both.written, both.guessed)
