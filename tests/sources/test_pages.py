"""The grammar of a Daily Papers page: generated pages come back, broken ones lose only what is."""

import datetime
import random
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from schema.record import Listing, Published
from tests.paths import SAMPLE
from tests.scale import SEED, scaled
from tests.sources.reading import read_bytes

HEADER = [
    "new", "", "Get trending papers in your email inbox!", "", "Subscribe", "", "Daily Papers", "",
    "byAK and the research community", "",
]  # fmt: skip
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
ODD_TITLES = [
    "Oct 12", "Dec 12", "May 4, 2024", "Aug 4 2", "2 authors", "1 author", "7Bench", "3D Vision",
    "2024", "42", "A", "new", "Daily Papers", "Subscribe", "0", "— or not", "Zählen: 中文 标题",
]  # fmt: skip
ODD_ABSTRACTS = ["Short.", "TBD", "Oct 12", "2 authors", "1,024", "We show it.", "中文摘要。", "-"]
WORDS = [
    "alignment",
    "of",
    "large",
    "models",
    "with",
    "human",
    "preference",
    "under",
    "3D",
    "and",
    "2D",
    "data,",
    "we",
    "propose",
    "(a)",
    "novel",
    "method",
    "--",
    "robust",
    "to",
    "noise;",
    "code",
    "is",
    "not",
    "yet",
    "out:",
    "12.5",
    "percent",
    "better",
    "than",
    "2024",
    "baselines.",
]


@dataclass
class Made:
    """A paper as the generator means it."""

    title: str
    abstract: str
    authors: int | None = None
    day: datetime.date | None = None
    year_written: bool = True
    comments: int | None = None

    def lines(self, generator: random.Random) -> list[str]:
        lines = [self.title, "", self.abstract, ""]
        if self.authors is None or self.day is None:
            return lines
        count = f"{self.authors:,}" if generator.random() < 0.5 else str(self.authors)
        date = f"{MONTHS[self.day.month - 1]} {self.day.day}"
        date += f", {self.day.year}" if self.year_written else ""
        date += f" {self.comments:,}" if self.comments is not None else ""
        plural = "author" if self.authors == 1 else "authors"
        return [*lines, f"  • {count} {plural}", "·", date, ""]


def make_paper(generator: random.Random, page: datetime.date, *, years: bool) -> Made:
    def words(low: int, high: int) -> str:
        return " ".join(generator.choices(WORDS, k=generator.randint(low, high)))

    title = generator.choice(ODD_TITLES) if generator.random() < 0.2 else words(1, 12)
    abstract = generator.choice(ODD_ABSTRACTS) if generator.random() < 0.2 else words(3, 250)
    if generator.random() < 0.05:
        abstract = ""
    if generator.random() < 0.1:
        return Made(title, abstract)
    this_year = not years or generator.random() < 0.4
    start = datetime.date(page.year, 1, 1) if this_year else datetime.date(1998, 1, 1)
    end = page if this_year else datetime.date(page.year - 1, 12, 31)
    day = start + datetime.timedelta(days=generator.randrange((end - start).days + 1))
    return Made(
        title,
        abstract,
        generator.choice([1, 2, 7, 56, 999, 1000, 1024, 3271, 1_234_567]),
        day,
        year_written=not this_year,
        comments=generator.choice([None, None, 0, 1, 2, 17, 2024, 1234]),
    )


def make_page(generator: random.Random, *, years: bool) -> tuple[bytes, list[Made], datetime.date]:
    page = datetime.date(generator.randint(2001, 2030), 1, 1)
    page += datetime.timedelta(days=generator.randrange(365))
    papers = [make_paper(generator, page, years=years) for _ in range(generator.randint(2, 400))]
    if years:  # the year of the page is told by the newest written one
        papers[-1] = Made("Last", "One.", 1, datetime.date(page.year - 1, 6, 1))
        papers[0] = Made("First", "One.", 1, page, year_written=False)
    lines = [*HEADER, f"{MONTHS[page.month - 1]} {page.day}", ""]
    for paper in papers:
        lines += paper.lines(generator)
    if papers[-1].authors is None:
        lines = [*lines[:-1], "", ""] if not papers[-1].abstract else lines
    ending = generator.choice(["\n", "\r\n"])
    text = ending.join(lines)
    if papers[-1].abstract or papers[-1].authors:
        text = text.rstrip() if generator.random() < 0.5 else text
    mark = generator.choice(["", "\ufeff"])
    return f"{mark}{text}".encode(), papers, page


def assert_same(folder: Path, data: bytes, papers: list[Made], page: datetime.date, **how) -> None:
    reading = read_bytes(folder, data, **how)
    assert (reading.rejects, reading.warnings) == ([], [])
    assert len(reading.papers) == len(papers)
    for position, (made, read) in enumerate(zip(papers, reading.papers, strict=True), start=1):
        assert (read.title, read.abstract, read.abstract_raw) == (made.title, *[made.abstract] * 2)
        assert (read.author_count, read.comments) == (made.authors, made.comments)
        expected = made.day.isoformat() if made.day else None
        assert read.published.day == expected
        assert read.published.year_inferred == (made.day is not None and not made.year_written)
        assert read.listings == (Listing(page.isoformat(), position),)


@pytest.mark.parametrize("number", range(scaled(200)))
def test_generated_page_comes_back_unchanged(tmp_path: Path, number: int) -> None:
    generator = random.Random(f"{SEED}-{number}")
    data, papers, page = make_page(generator, years=True)
    while papers[-1].authors is None and not papers[-1].abstract:
        data, papers, page = make_page(generator, years=True)
    assert_same(tmp_path, data, papers, page)


@pytest.mark.parametrize("number", range(scaled(100)))
def test_page_whose_dates_all_lack_the_year_loads_with_its_date(
    tmp_path: Path, number: int
) -> None:
    generator = random.Random(f"{SEED}-yearless-{number}")
    data, papers, page = make_page(generator, years=False)
    while papers[-1].authors is None and not papers[-1].abstract:
        data, papers, page = make_page(generator, years=False)
    assert_same(tmp_path, data, papers, page, page_date=page)


def page_of(*entries: str, day: str = "Dec 12, 2025") -> bytes:
    return "\n".join([*HEADER, day, "", "\n\n".join(entries)]).encode()


def entry(title: str, abstract: str = "Some abstract.", date: str = "Oct 12, 2024") -> str:
    return f"{title}\n\n{abstract}\n\n  • 4 authors\n·\n{date}"


PROSE = "A long sentence of an abstract that goes on. " * 12


def titles(folder: Path, data: bytes, **how) -> list[str]:
    return [paper.title for paper in read_bytes(folder, data, **how).papers]


@pytest.mark.parametrize("title", ["Oct 12", "Dec 12", "2 authors", "new", "Subscribe", "7Bench"])
def test_odd_title_right_below_the_header(tmp_path: Path, title: str) -> None:
    assert titles(tmp_path, page_of(entry(title), entry("B"))) == [title, "B"]


def test_first_title_like_a_day_where_the_header_has_none(tmp_path: Path) -> None:
    data = "\n".join([*HEADER, entry("Oct 12"), "", entry("B")]).encode()
    assert titles(tmp_path, data) == ["Oct 12", "B"]


def test_page_without_header_is_told_by_its_lines_of_authors(tmp_path: Path) -> None:
    reading = read_bytes(tmp_path, f"\n\n{entry('A')}\n\n{entry('B')}".encode())
    assert [paper.title for paper in reading.papers] == ["A", "B"]
    assert [paper.listings for paper in reading.papers] == [(), ()]
    assert "does not say its day" in reading.warnings[0].message


def test_more_blank_lines_no_break_spaces_and_old_line_ends(tmp_path: Path) -> None:
    text = page_of(entry("A"), "B\n\nNo line of authors.", entry("C")).decode()
    loose = (
        text.replace("\n\n", "\n\n\n\n").replace("  •", "\u00a0 •\u00a0").replace("B", " B\u00a0")
    )
    for variant in (loose, loose.replace("\n", "\r"), f"\n\n \n{text}"):
        assert titles(tmp_path, variant.encode()) == ["A", "B", "C"]


def test_entry_without_blank_lines_around_the_line_of_authors(tmp_path: Path) -> None:
    text = page_of(entry("A"), entry("B")).decode()
    tight = text.replace("\n\n  •", "\n  •").replace("2024\n\n", "2024\n")
    assert titles(tmp_path, tight.encode()) == ["A", "B"]


def test_line_of_authors_in_one_line(tmp_path: Path) -> None:
    text = page_of(entry("A"), entry("B")).decode().replace("authors\n·\n", "authors · ")
    assert titles(tmp_path, text.encode()) == ["A", "B"]


def test_wrapped_abstract_is_one_and_keeps_its_lines_in_the_raw_text(tmp_path: Path) -> None:
    paper = read_bytes(tmp_path, page_of(entry("A", "One line\nand another."))).papers[0]
    assert paper.abstract == "One line and another."
    assert paper.abstract_raw == "One line\nand another."


def test_number_behind_a_date_without_comma_counts_comments(tmp_path: Path) -> None:
    paper = read_bytes(tmp_path, page_of(entry("A", date="Oct 12 2024"), entry("B"))).papers[0]
    assert (paper.comments, paper.published.day) == (2024, "2025-10-12")


BROKEN = [
    ("Lost", "a title without abstract", 0, "the last title"),
    (f"Lost\n\n{entry('Kept', PROSE)}", "a title without an abstract", 0, "a title in the middle"),
    (entry("Lost", date="Foo 99"), "the date cannot be read", 4, "a wrong month"),
    (entry("Lost", date="Feb 30, 2024"), "the date cannot be read", 4, "a day that is none"),
    (entry("Lost", date="Oct 12, 20"), "the date cannot be read", 4, "a year of two digits"),
    (entry("Lost", date="Oct 12 many"), "the date cannot be read", 4, "comments in words"),
    (entry("Lost").replace("4", "many"), "the number of authors", 4, "authors in words"),
    (entry("Lost").replace("4 a", "1,24 a"), "the number of authors", 4, "a wrong separator"),
    (entry("Lost").replace("4 a", f"{2**31} a"), "larger than", 4, "too many authors"),
    (entry("Lost").replace("\n·\nOct 12, 2024", ""), "no date after", 4, "a cut line"),
    (entry("x" * 1001), "the title has 1,001 characters", 0, "a long title"),
    (entry("Lost", "y" * 100_001), "the abstract has 100,001", 0, "a long abstract"),
    (entry("Lost\0"), "NUL", 0, "a NUL"),
    ("  • 4 authors\n·\nOct 12", "without a title", 0, "a line of authors alone"),
    (f"{PROSE}\n\n  • 4 authors\n·\nOct 12", "an abstract without a title", 0, "no title"),
]


@pytest.mark.parametrize(("broken", "reason", "below", "_name"), BROKEN, ids=[b[3] for b in BROKEN])
def test_broken_entry_is_rejected_with_its_line_and_the_others_load(
    tmp_path: Path, broken: str, reason: str, below: int, _name: str
) -> None:
    after = [entry("Below")] if broken != "Lost" else []
    head = page_of(entry("Above")).count(b"\n") + 2
    data = page_of(entry("Above"), broken, *after)
    reading = read_bytes(tmp_path, data)
    assert len(reading.rejects) == 1
    reject = reading.rejects[0]
    assert reason in reject.reason
    assert reject.line == head + 1 + below
    assert reject.excerpt.startswith(broken[:4].replace("\0", ""))
    read = [paper.title for paper in reading.papers]
    assert read == ["Above", *(["Kept"] if "Kept" in broken else []), *(["Below"] if after else [])]


def test_two_paragraphs_of_an_abstract_are_one(tmp_path: Path) -> None:
    reading = read_bytes(tmp_path, page_of(entry("A", f"{PROSE}\n\n{PROSE}"), entry("B")))
    assert [paper.title for paper in reading.papers] == ["A", "B"]
    assert reading.papers[0].abstract == " ".join([PROSE.strip()] * 2)
    assert reading.papers[0].author_count == 4


def test_bytes_that_are_not_utf8_cost_one_entry(tmp_path: Path) -> None:
    data = page_of(entry("A"), entry("Bad", "An \u00e9 here."), entry("C"))
    reading = read_bytes(tmp_path, data.replace("é".encode(), b"\xe9"))
    assert [paper.title for paper in reading.papers] == ["A", "C"]
    reject = reading.rejects[0]
    assert (reject.line, reject.reason) == (23, "the text is not UTF-8")
    assert [paper.listings[0].position for paper in reading.papers] == [1, 3]
    assert "Bad\n\nAn \ufffd here." in reject.excerpt


def test_control_characters_are_spaces_and_reported(tmp_path: Path) -> None:
    reading = read_bytes(tmp_path, page_of(entry("A\x0bB", "x\x1by")))
    assert (reading.papers[0].title, reading.papers[0].abstract) == ("A B", "x y")
    assert any("control characters" in warning.message for warning in reading.warnings)


def test_header_alone_is_a_page_without_papers(tmp_path: Path) -> None:
    reading = read_bytes(tmp_path, page_of())
    assert (reading.papers, reading.rejects) == ([], [])
    assert any("no papers" in warning.message for warning in reading.warnings)


@pytest.mark.parametrize(
    ("day", "dates", "given", "expected", "listed", "warned"),
    [
        ("Dec 12, 2025", ["Oct 12"], None, ["2025-10-12"], "2025-12-12", 0),
        ("Dec 12 2025", ["Oct 12"], None, ["2025-10-12"], "2025-12-12", 0),
        ("December 12, 2025", ["Dec 12"], None, ["2025-12-12"], "2025-12-12", 0),
        ("Dec 12", ["Oct 12", "Oct 1, 2021"], None, ["2022-10-12", "2021-10-01"], "2022-12-12", 0),
        ("Dec 12", ["Oct 12"], None, [None], None, 2),
        ("Dec 12", ["Oct 12, 2024"], None, ["2024-10-12"], None, 1),
        ("Dec 12", ["Oct 12", "Oct 1, 2021"], "2025-12-12", ["2025-10-12", "2021-10-01"],
         "2025-12-12", 0),
        ("Dec 12, 2024", ["Oct 12"], "2025-12-12", ["2025-10-12"], "2025-12-12", 1),
        ("Jan 5", ["Jan 5", "Jan 6"], "2025-01-05", ["2025-01-05", None], "2025-01-05", 1),
        ("Jan 5", ["Feb 29", "Jan 6, 2027"], None, [None, "2027-01-06"], "2028-01-05", 1),
        ("Mar 5", ["Feb 29"], "2025-03-05", [None], "2025-03-05", 1),
        ("Mar 5", ["Feb 29"], "2024-03-05", ["2024-02-29"], "2024-03-05", 0),
        ("Feb 29", ["Jan 1", "Jan 1, 2024"], None, ["2025-01-01", "2024-01-01"], None, 1),
    ],
)  # fmt: skip
def test_years_that_are_not_written(
    tmp_path: Path,
    day: str,
    dates: list[str],
    given: str | None,
    expected: list[str | None],
    listed: str | None,
    warned: int,
) -> None:
    entries = [entry(f"Title {date}", date=date) for date in dates]
    page_date = datetime.date.fromisoformat(given) if given else None
    reading = read_bytes(tmp_path, page_of(*entries, day=day), page_date=page_date)
    assert [paper.published.day for paper in reading.papers] == expected
    inferred = ["," not in date for date in dates]
    assert [paper.published.year_inferred for paper in reading.papers] == inferred
    assert [paper.published.raw for paper in reading.papers] == dates
    days = {listing.day for paper in reading.papers for listing in paper.listings}
    assert days == ({listed} if listed else set())
    assert len(reading.warnings) == warned


def test_dateless_entry_has_no_date_at_all(tmp_path: Path) -> None:
    paper = read_bytes(tmp_path, page_of("A\n\nB.", entry("C"))).papers[0]
    assert (paper.published, paper.author_count, paper.comments) == (Published(), None, None)


def test_given_date_stands_over_the_samples_own(tmp_path: Path) -> None:
    reading = read_bytes(tmp_path, SAMPLE.read_bytes(), page_date=datetime.date(2031, 12, 12))
    assert sum(paper.published.day.startswith("2031") for paper in reading.papers
               if paper.published.day) == 16  # fmt: skip
    assert {paper.listings[0].day for paper in reading.papers} == {"2031-12-12"}


@pytest.mark.parametrize(
    "unit",
    ["x" * 301 + "\n\n", "a\n\n", "a\n", "a\n\n\n\n", "·\n", "  • 4 authors\n", "• x authors\n\n",
     f"{'y ' * 200}\n", "\n", "a\n\nb\n\n  • 4 authors\n·\nOct 12\n\n"],
)  # fmt: skip
def test_hostile_page_takes_linear_time(tmp_path: Path, unit: str) -> None:
    body = unit * min(
        4_000_000 // len(unit.encode()), 150_000 // max(1, len(unit.split("\n")) // 2)
    )
    began = time.process_time()
    reading = read_bytes(tmp_path, f"Daily Papers\n\nDec 12, 2025\n\n{body}".encode())
    assert time.process_time() - began < 10
    assert reading.papers or reading.rejects or reading.warnings
