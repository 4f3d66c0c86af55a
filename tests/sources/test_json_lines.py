"""JSON lines: the interchange form and our own export, member by member, and broken lines."""

import json
from pathlib import Path
from typing import Any

import pytest

from index.sources.limits import MAX_CATEGORIES
from schema.record import ExternalIdKind, Link, LinkKind, Listing, PaperRecord, Precision, Published
from tests.paths import ACL, ARXIV
from tests.sources.reading import Reading, read_bytes, read_file


def read(folder: Path, *papers: dict[str, Any] | bytes) -> Reading:
    rows = [each if isinstance(each, bytes) else json.dumps(each).encode() for each in papers]
    return read_bytes(folder, b"\n".join(rows), format_name="json-lines")


def read_one(folder: Path, **members: Any) -> PaperRecord:
    reading = read(folder, {"title": "T", **members})
    assert (reading.rejects, reading.warnings) == ([], [])
    return reading.papers[0]


def noted(folder: Path, **members: Any) -> tuple[PaperRecord, str]:
    reading = read(folder, {"title": "T", **members})
    assert reading.rejects == []
    return reading.papers[0], " | ".join(warning.message for warning in reading.warnings)


def test_all_members_of_the_interchange_form(tmp_path: Path) -> None:
    paper = read_one(
        tmp_path,
        title=r"Gains of 5\%",
        abstract=r"See \textbf{https://github.com/a/b}.",
        id="2407.09941v2",
        authors=["Yann  LeCun", r"Ren\'e D."],
        n_authors=3,
        published="2024-07-13",
        listed="2024-07-15",
        categories=["cs.LG", "cs.CL; cs.AI", "cs.LG"],
        doi="https://doi.org/10.1000/ABC",
        url="https://arxiv.org/abs/2407.09941",
        pdf="https://arxiv.org/pdf/2407.09941",
        comment="3 pages, 17 comments",
    )
    assert (paper.title, paper.abstract) == ("Gains of 5%", "See https://github.com/a/b.")
    assert paper.abstract_raw == r"See \textbf{https://github.com/a/b}."
    assert (paper.authors, paper.author_count) == (("Yann LeCun", "René D."), 3)
    assert paper.published == Published("2024-07-13", Precision.DAY, False, "2024-07-13")
    assert paper.listings == (Listing("2024-07-15"),)
    assert paper.categories == ("cs.LG", "cs.CL", "cs.AI")
    assert paper.external_ids == {"arxiv": "2407.09941", "doi": "10.1000/abc"}
    assert paper.links == (
        Link("https://arxiv.org/abs/2407.09941", LinkKind.PAPER),
        Link("https://arxiv.org/pdf/2407.09941", LinkKind.PAPER),
        Link("https://github.com/a/b", LinkKind.CODE),
    )
    assert (paper.id, paper.comments, paper.upvotes) == (None, None, None)


def test_title_is_enough(tmp_path: Path) -> None:
    paper = read_one(tmp_path, abstract=None, authors=None, doi=None, url="", categories=[])
    assert (paper.title, paper.abstract, paper.authors, paper.author_count) == ("T", "", None, None)
    assert (paper.published, paper.links, paper.external_ids) == (Published(), (), {})


@pytest.mark.parametrize(
    ("written", "precision", "day", "expected"),
    [
        ("2016", None, "2016-01-01", "year"),
        (2016, None, "2016-01-01", "year"),
        ("2016-11", None, "2016-11-01", "month"),
        ("2016-11-05", None, "2016-11-05", "day"),
        ("2016-11-05", "month", "2016-11-01", "month"),
        ("2016-11-05", "year", "2016-01-01", "year"),
        ("2016", "day", "2016-01-01", "year"),
        ("2025-03-18T23:59:59Z", None, "2025-03-18", "day"),
        ("2025-03-18 23:59:59.5+05:30", None, "2025-03-18", "day"),
    ],
)
def test_dates(
    tmp_path: Path, written: Any, precision: str | None, day: str, expected: str
) -> None:
    paper = read_one(tmp_path, published=written, date_precision=precision)
    assert paper.published == Published(day, Precision(expected), False, str(written))


@pytest.mark.parametrize("written", ["2016-13", "2023-02-29", "0000", "soon", "16-1-1", "２０１６"])
def test_date_that_does_not_exist_is_null_with_its_text_and_a_warning(
    tmp_path: Path, written: str
) -> None:
    paper, warnings = noted(tmp_path, published=written)
    assert paper.published == Published(raw=written)
    assert f"no date that exists: {written!r}" in warnings


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"id": "hep-th/9901001"}, {"arxiv": "hep-th/9901001"}),
        ({"id": "arXiv:2407.09941"}, {"arxiv": "2407.09941"}),
        ({"id": "D16-2004"}, {"acl": "D16-2004"}),
        ({"id": "2020.acl-main.1"}, {"acl": "2020.acl-main.1"}),
        ({"id": "W123"}, {"other": "W123"}),
        ({"id": "x", "url": "http://arxiv.org/abs/2407.09941v1"},
         {"other": "x", "arxiv": "2407.09941"}),
        ({"id": "2407.09941", "url": "https://arxiv.org/abs/1111.11111"}, {"arxiv": "2407.09941"}),
        ({"url": "https://aclanthology.org/D16-2004"}, {"acl": "D16-2004"}),
        ({"abstract": "cites https://arxiv.org/abs/2407.09941"}, {}),
        ({"doi": "DOI:10.1000/X"}, {"doi": "10.1000/x"}),
        ({"doi": "10.48550/arXiv.2407.09941"}, {"arxiv": "2407.09941"}),
        ({"doi": "10.1000/x", "url": "https://doi.org/10.48550/arXiv.2407.09941"},
         {"doi": "10.1000/x", "arxiv": "2407.09941"}),
    ],
)  # fmt: skip
def test_identifiers(tmp_path: Path, members: dict[str, str], expected: dict[str, str]) -> None:
    assert read_one(tmp_path, **members).external_ids == expected


@pytest.mark.parametrize(
    ("members", "warning"),
    [
        ({"published": 5}, "`published` was left out"),
        ({"published": ["2016"]}, "`published` was left out"),
        ({"date_precision": "hour", "published": "2016"}, "`date_precision` was left out"),
        ({"listed": "2016-01"}, "`listed` must be a whole date"),
        ({"doi": "nonsense"}, "`doi` is no DOI"),
        ({"doi": 5}, "`doi` was left out"),
        ({"url": {"a": 1}}, "`url` was left out"),
        ({"n_authors": -1}, "`n_authors` was left out"),
        ({"n_authors": 2**31}, "`n_authors` was left out"),
        ({"n_authors": 10**30}, "`n_authors` was left out"),
        ({"n_authors": 2.5}, "`n_authors` was left out"),
        ({"n_authors": True}, "`n_authors` was left out"),
        ({"n_authors": 1, "authors": ["A", "B"]}, "`n_authors` is 1, but 2 authors are named"),
        ({"authors": ["A", " "]}, "an empty name"),
        ({"categories": 7}, "`categories` was left out"),
        ({"categories": ["a", 7]}, "`categories` was left out"),
        ({"categories": "c" * 101}, "a category of 101 characters"),
        ({"categories": ",".join(map(str, range(MAX_CATEGORIES + 3)))}, "beyond 100"),
        ({"abstract": "https://a.org/" + "x" * 2000}, "a link of 2,014 characters"),
        ({"abstract": "a\u0007b"}, "control characters were read as spaces"),
    ],
)
def test_what_is_wrong_beside_the_core_is_left_out_aloud(
    tmp_path: Path, members: dict[str, Any], warning: str
) -> None:
    assert warning in noted(tmp_path, **members)[1]


BROKEN = [
    (b"not json", "not valid JSON"),
    (b'{"title": "cut', "not valid JSON"),
    (b'{"title": "T", "n_authors": NaN}', "not valid JSON"),
    (b'{"title": "\\ud800"}', "not valid JSON"),
    (b'{"title": "\xff"}', "not valid JSON"),
    (b'{"title": ' + b"[" * 100_000 + b"}", "not valid JSON"),
    (b'["title"]', "a JSON object, not a list"),
    (b"5", "a JSON object, not a number"),
    (b"{}", "the title is empty"),
    (b'{"title": null}', "the title is empty"),
    (b'{"title": " \\n "}', "the title is empty"),
    (b'{"title": 5}', "`title` must be a text, not a number"),
    (b'{"title": "T", "abstract": {"a": 1}}', "`abstract` must be a text, not an object"),
    (b'{"title": "T\\u0000"}', "`title` has a NUL"),
    (b'{"title": "T", "id": 5}', "`id` must be a text"),
    (b'{"title": "T", "id": "' + b"x" * 201 + b'"}', "`id` has 201 characters"),
    (b'{"title": "T", "authors": "A, B"}', "`authors` must be a list of names, not a text"),
    (b'{"title": "T", "authors": [["A"]]}', "holds a list"),
    (b'{"title": "T", "authors": [{"x": "A"}]}', "holds null"),
    (b'{"title": "' + b"x" * 1001 + b'"}', "the title has 1,001 characters"),
    (b'{"title": "T", "abstract": "' + b"x" * 100_001 + b'"}', "the abstract has 100,001"),
    (b'{"title": "T", "authors": ["' + b"x" * 1001 + b'"]}', "a name of an author has 1,001"),
    (b'{"title": "T", "authors": [' + b'"x",' * 20_000 + b'"x"]}', "there are 20,001 authors"),
    (b'{"title": "T", "publishedAt": null, "id": "Not Ours"}', "`id` is none of ours"),
]


@pytest.mark.parametrize(("line", "reason"), BROKEN, ids=range(len(BROKEN)))
def test_broken_line_is_rejected_and_the_others_load(
    tmp_path: Path, line: bytes, reason: str
) -> None:
    reading = read(tmp_path, {"title": "A"}, b"", line, {"title": "B"})
    assert [paper.title for paper in reading.papers] == ["A", "B"]
    assert [reject.line for reject in reading.rejects] == [3]
    assert reason in reading.rejects[0].reason
    assert len(reading.rejects[0].excerpt) <= 1000


def test_unknown_members_are_named_once(tmp_path: Path) -> None:
    reading = read(tmp_path, {"title": "A"}, {"title": "B", "x": 1, "y": 2}, {"title": "C", "x": 3})
    assert [(w.line, w.message) for w in reading.warnings] == [
        (2, "members that are not kept: x, y")
    ]


def test_names_of_unknown_members_are_bounded(tmp_path: Path) -> None:
    rows = [{"title": "A", f"{number:03}{'x' * 500}": 1} for number in range(300)]
    message = read(tmp_path, *rows).warnings[-1].message
    assert message.endswith(" and more")
    assert len(message) < 4_000


def test_repeated_member_is_told(tmp_path: Path) -> None:
    reading = read(tmp_path, b'{"title": "A", "title": "B", "abstract": "\\"title\\": x"}')
    assert reading.papers[0].title == "B"
    assert reading.warnings[0].message == "`title` is there twice; the last was taken"
    assert read(tmp_path, {"title": "A", "authors": [{"title": "", "name": "N"}]}).warnings == []


def test_spans_are_byte_exact(tmp_path: Path) -> None:
    data = '\ufeff{"title": "é"}\r\n\n  {"title": "B"}  \n{"title": "C"}'.encode()
    reading = read_bytes(tmp_path, data)
    spans = [(data[p.span.start : p.span.end].decode(), p.span.line) for p in reading.papers]
    assert spans == [('{"title": "é"}', 1), ('{"title": "B"}', 3), ('{"title": "C"}', 4)]


EXPORTED = {
    "id": "gains-of-5-0a1b2c",
    "title": r"Gains of 5\%",
    "abstract": "Readable.",
    "abstractRaw": r"\textbf{Readable}.",
    "authors": [{"name": "Yann LeCun"}],
    "authorCount": 4,
    "publishedAt": "2025-08-04",
    "publishedPrecision": "day",
    "publishedYearInferred": True,
    "publishedRaw": "Aug 4",
    "listedAt": "2025-12-12",
    "upvotes": 7,
    "comments": 2,
    "links": [{"url": "https://a.org/x", "kind": "project"}, {"url": "https://b.org/y"}],
    "hasCode": False,
    "categories": ["cs.LG"],
    "externalIds": {"arxiv": "2407.09941", "doi": None, "acl": None, "s2": "abc", "openalex": None,
                    "other": None},
    "sources": [{"name": "x", "sha256": "0", "start": 0, "end": 1}],
    "createdSeq": 1,
    "updatedSeq": 2,
}  # fmt: skip


def test_own_export_comes_back_as_it_was(tmp_path: Path) -> None:
    reading = read(tmp_path, EXPORTED)
    assert (reading.rejects, reading.warnings) == ([], [])
    paper = reading.papers[0]
    assert paper == PaperRecord(
        id="gains-of-5-0a1b2c",
        title=r"Gains of 5\%",
        span=paper.span,
        abstract="Readable.",
        abstract_raw=r"\textbf{Readable}.",
        authors=("Yann LeCun",),
        author_count=4,
        published=Published("2025-08-04", Precision.DAY, True, "Aug 4"),
        listings=(Listing("2025-12-12"),),
        upvotes=7,
        comments=2,
        links=(Link("https://a.org/x", LinkKind.PROJECT), Link("https://b.org/y", LinkKind.OTHER)),
        categories=("cs.LG",),
        external_ids={ExternalIdKind.ARXIV: "2407.09941", ExternalIdKind.S2: "abc"},
    )


def test_list_row_of_an_export_and_interchange_lines_may_be_mixed(tmp_path: Path) -> None:
    left_out = ("abstractRaw", "publishedRaw", "sources")
    row = {name: value for name, value in EXPORTED.items() if name not in left_out}
    row |= {"authors": None, "publishedAt": None, "publishedPrecision": None, "listedAt": None}
    reading = read(tmp_path, row, {"title": r"5\%", "id": "x", "n_authors": 2})
    assert (reading.rejects, reading.warnings) == ([], [])
    first, second = reading.papers
    assert (first.abstract_raw, first.authors, first.author_count) == ("Readable.", None, 4)
    assert (first.published, first.listings) == (Published(year_inferred=True), ())
    assert (second.id, second.title, second.author_count) == (None, "5%", 2)


@pytest.mark.parametrize(
    ("member", "value", "warning"),
    [
        ("links", [{"url": 5}, 7, {"url": "ftp:x y"}], "without a usable `url`"),
        ("externalIds", {"arxiv": "x", "isbn": "1", "doi": 5}, "`externalIds.isbn` was left out"),
        ("externalIds", [], "`externalIds` was left out"),
        ("upvotes", "7", "`upvotes` was left out"),
        ("publishedYearInferred", "yes", "`publishedYearInferred` was left out"),
        ("publishedAt", "2025-99-99", "no date that exists"),
        ("listedAt", 20251212, "`listedAt` was left out"),
    ],
)
def test_what_is_wrong_in_an_export_is_left_out_aloud(
    tmp_path: Path, member: str, value: Any, warning: str
) -> None:
    reading = read(tmp_path, EXPORTED | {member: value})
    assert len(reading.papers) == 1
    assert any(warning in each.message for each in reading.warnings)


@pytest.mark.skipif(not ACL.exists(), reason="the folder of shared data is not here")
def test_all_of_the_acl_file_loads() -> None:
    reading = read_file(ACL)
    assert (len(reading.papers), reading.rejects) == (2000, [])
    assert {paper.published.precision for paper in reading.papers} == {Precision.MONTH}
    assert all(paper.external_ids.keys() == {"acl"} or "doi" in paper.external_ids
               for paper in reading.papers)  # fmt: skip
    assert [warning.message for warning in reading.warnings] == [
        "members that are not kept: awards, bibkey, ingest_date, language, pages, publisher, "
        "source, venue, venue_ids"
    ]


@pytest.mark.heavy
@pytest.mark.skipif(not ARXIV.exists(), reason="the folder of shared data is not here")
def test_all_of_the_arxiv_file_loads() -> None:
    reading = read_file(ARXIV)
    assert (len(reading.papers), reading.rejects) == (74_728, [])
    assert all("arxiv" in paper.external_ids for paper in reading.papers)
