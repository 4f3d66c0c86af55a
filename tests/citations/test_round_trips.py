"""What is cited is read back equal by parsers that others wrote."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from api.citations import BIBTEX, CSL, RIS
from api.facts import one_line
from api.formats import PaperFormat
from tests.citations.papers import NASTY, Paper, paper
from tests.citations.reading import Read, read_bibtex, read_csl, read_ris, words, written
from tests.scale import SEED, scaled

Reader = Callable[[str], list[Read]]

FORMATS = pytest.mark.parametrize(
    ("form", "read"),
    [
        pytest.param(BIBTEX, read_bibtex, id="bibtex"),
        pytest.param(RIS, read_ris, id="ris"),
        pytest.param(CSL, read_csl, id="csl"),
    ],
)


def back(form: PaperFormat, read: Reader, papers: list[Paper]) -> list[Read]:
    return read(form.joined(papers).decode())


@FORMATS
def test_known_papers_are_read_back_equal(
    form: PaperFormat, read: Reader, papers: list[Paper]
) -> None:
    found = back(form, read, papers)
    assert len(found) == len(papers) > 300
    for each, was in zip(found, map(written, papers), strict=True):
        assert replace(each, names=[]) == replace(was, names=[])
        assert words(each.names) == words(was.names)


@FORMATS
@seed(SEED)
@settings(max_examples=scaled(1000), deadline=None)
@given(title=NASTY, abstract=NASTY, names=st.lists(NASTY, max_size=4), category=NASTY)
def test_no_text_breaks_out(
    form: PaperFormat, read: Reader, title: str, abstract: str, names: list[str], category: str
) -> None:
    """Whatever a text holds, it is read back, and neither its paper nor the next one is harmed."""
    category = one_line(category.replace(",", ""))
    cited = paper(
        title=title, abstract=abstract, names=names, categories=[category] if category else []
    )
    first, second = back(form, read, [cited, paper(id="the-next", title="Next")])
    assert (second.id, second.title, second.names) == ("the-next", "Next", [])
    assert (first.title, first.abstract) == (flat(title), flat(abstract))
    assert first.categories == ([flat(category)] if category else [])
    assert words(first.names) == words(filter(None, map(flat, names)))


def flat(text: str) -> str:
    return one_line(text).replace("ˆ", "^")


@FORMATS
@pytest.mark.parametrize("precision", ["year", "month", "day", None])
def test_a_date_is_as_precise_as_it_is_known(
    form: PaperFormat, read: Reader, precision: str | None
) -> None:
    cited = paper(publishedAt=precision and "2024-07-13", publishedPrecision=precision)
    known = {"year": 1, "month": 2, "day": 3, None: 0}[precision]
    assert back(form, read, [cited])[0].date == [2024, 7, 13][:known]


@FORMATS
def test_nothing_is_invented(form: PaperFormat, read: Reader) -> None:
    """No authors where only their number is known, no journal, no publisher, no address."""
    cited = paper(authorCount=7, title="Anonymous")
    found = back(form, read, [cited])[0]
    assert found == Read(cited["id"], "Anonymous", "", [], [], None, None, set(), [])
    text = form.joined([cited]).decode()
    assert not re.search("others|journal|booktitle|publisher|PB  -|null|None|author|AU  -", text)


@FORMATS
def test_every_id_and_link_is_kept(form: PaperFormat, read: Reader) -> None:
    code = "https://github.com/a/b_c%20d~e#f&g"
    ids = {"arxiv": "hep-th/9901001", "doi": "10.1002/(SICI)1097<1::AID>3.0;2-#", "acl": "D16-2004"}
    more = {"s2": "S_2{", "openalex": "W1", "other": "a b"}
    cited = paper(**ids, **more, links=[{"url": code, "kind": "code"}], categories=["hep-th"])
    found = back(form, read, [cited])[0]
    assert (found.doi, found.arxiv) == (ids["doi"], ids["arxiv"])
    assert found.links == {"https://arxiv.org/abs/hep-th/9901001", code}
    text = form.joined([cited]).decode()
    for value in ("D16-2004", "W1", "a b"):
        assert value in text


@FORMATS
def test_papers_without_any_are_an_empty_file(form: PaperFormat, read: Reader) -> None:
    assert back(form, read, []) == []
