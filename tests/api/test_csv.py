"""Cells of CSV: what a spreadsheet would run is defused, and nothing else is touched."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.formats import CSV, csv_of, defused
from schema.members import LIST_MEMBERS
from tests.api.reading import cells
from tests.scale import scaled

FORMULAS = [
    *("=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://a.example")', " =1", "\u00a0=1"),
    *("\uff1d1+1", "\uff0b1", "\uff0d1", "\uff20x", "\ufe66x", "\t=1", "\tx", "\rx", "\nx"),
    *("\u200b=1", "\ufeff+1", "\u2007@x", "\x00=1", "\u207c1"),
]


@pytest.mark.parametrize("text", FORMULAS, ids=repr)
def test_formulas_are_defused(text: str) -> None:
    assert defused(text)[0] == "'"
    assert defused(text).replace("'", "") == text
    row = dict.fromkeys(LIST_MEMBERS) | {
        "title": text,
        "authors": [{"name": text}, {"name": "B"}],
        "categories": [text],
    }
    for cell in ("title", "authors", "categories"):
        (shown,) = cells(csv_of([cell]).joined([row]).decode())
        assert shown[cell].startswith("'")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("one\n=1+1", "one\n'=1+1"),
        ("one\r\n -1", "one\r\n' -1"),
        ("one;=1;+2; @x", "one;'=1;'+2;' @x"),
        ("one\t\uff1d1", "one\t'\uff1d1"),
        ("=1;=1", "'=1;'=1"),
        ("a; b - c\nd = e; (-1)", "a; b - c\nd = e; (-1)"),
    ],
)
def test_what_begins_a_cell_elsewhere_is_defused_too(text: str, shown: str) -> None:
    """A spreadsheet that expects semicolons or tabs ends a cell at them, quotes or not."""
    assert defused(text) == shown
    for line in csv.reader(io.StringIO(shown, newline=""), delimiter=";", quoting=csv.QUOTE_NONE):
        for cell in "\t".join(line).split("\t"):
            assert cell.strip()[:1] not in ("=", "+", "-", "@", "\uff1d")


@pytest.mark.parametrize(
    "text", ["", "a=b", "x-y", "C++", "'=1", "2+2", "(-1)", "\u2013 dash", "e@x"]
)
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert defused(text) == text


@settings(max_examples=scaled(2000), deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=30), min_size=1))
def test_any_text_stands_in_one_cell(texts: list[str]) -> None:
    rows = [dict.fromkeys(LIST_MEMBERS) | {"title": each} for each in texts]
    shown = cells(CSV.joined(rows).decode())
    assert [each["title"] for each in shown] == [defused(each) for each in texts]
