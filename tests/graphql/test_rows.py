"""Long rows lose what is not wanted, and nothing else, whatever their texts hold."""

import orjson
from hypothesis import given
from hypothesis import strategies as st

from api.graphql.rows import LONG_ROW, highlight_row, read_row
from index.shelf import Shelf
from schema.members import LIST_MEMBERS
from schema.search import Fragment, Highlight

TRAPS = (',"abstract":', '"authors":[', ',"authorCount":1', "\\", '"', ",", '\\",', "\u2028", "é")


def texts() -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(TRAPS), max_size=12).map("".join)


@given(title=texts(), abstract=texts(), name=texts(), length=st.sampled_from((0, LONG_ROW)))
def test_only_what_is_not_wanted_is_lost(title: str, abstract: str, name: str, length: int) -> None:
    paper = dict.fromkeys(LIST_MEMBERS) | {
        "title": title,
        "abstract": abstract + "." * length,
        "authors": [{"name": name}, {"name": title}],
        "links": [{"url": name, "kind": "code"}],
    }
    row = orjson.dumps(paper)
    for wanted in (set(), {"abstract"}, {"authors"}, {"abstract", "authors"}):
        read = read_row(row, wanted.__contains__)
        kept = {key: value for key, value in paper.items() if key in read}
        assert read == kept
        assert list(read) == list(kept)
        lost = paper.keys() - read.keys()
        assert lost == ({"abstract", "authors"} - wanted if length else set())


def test_rows_are_stored_in_the_order_that_this_rests_on(shelf: Shelf) -> None:
    [row] = shelf.papers([orjson.loads(shelf.daily(limit=1).rows[0])["id"]])
    assert row is not None
    assert tuple(orjson.loads(row)) == LIST_MEMBERS


def test_highlights_are_what_the_dataclasses_say() -> None:
    highlight = Highlight("title", (Fragment("a", match=True), Fragment("b", match=False)))
    assert orjson.loads(orjson.dumps(highlight)) == highlight_row(highlight)
