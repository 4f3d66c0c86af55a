"""Cursors as texts: none can be made up, moved to another search, or grow too long to be taken."""

import base64
import random
from pathlib import Path

import pytest

from index.cursors import Cursor, CursorCodec
from index.shelf import Shelf
from schema.errors import Problem
from schema.search import MAX_CURSOR_LENGTH, Match, SortPosition
from tests.scale import SEED, scaled
from tests.shelf.building import ask, ids, load, numbered, walk, walked_ids

CODEC = CursorCodec(b"secret")


@pytest.mark.parametrize(
    "place",
    [
        None,
        SortPosition((None,), 0),
        SortPosition(("état 中", 3), 7),
        SortPosition((0, None), 2**31),
    ],
)
def test_a_cursor_comes_back(place: SortPosition | None) -> None:
    cursor = Cursor("5-4-abc", 4, Match.ANY, 2**62, place)
    text = CODEC.encode(cursor, b"search")
    assert CODEC.decode(text, b"search") == cursor
    assert text.isascii()
    assert not set(text) & set("+/=&?#% ")


def test_no_other_text_is_taken() -> None:
    text = CODEC.encode(Cursor("5-4-abc", 4, Match.ALL, 20, SortPosition((3,), 7)), b"search")
    sealed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    chance = random.Random(SEED)
    forged = ["", " ", "=", "é", "\ud800", "null", "x" * 10_000, "A" * MAX_CURSOR_LENGTH, text * 2]
    forged += [text[:end] for end in range(len(text))]
    forged += [f"{text} ", f"\n{text}", f"{text}==="]
    for _ in range(scaled(3000)):
        flipped = bytearray(sealed)
        flipped[chance.randrange(len(flipped))] ^= 1 << chance.randrange(8)
        forged.append(base64.urlsafe_b64encode(flipped).rstrip(b"=").decode())
    for each in forged:
        with pytest.raises(Problem) as refused:
            CODEC.decode(each, b"search")
        assert refused.value.code == "cursor-invalid"
    for codec, search in ((CODEC, b"another"), (CursorCodec(b"other"), b"search")):
        with pytest.raises(Problem):
            codec.decode(text, search)


def test_a_cursor_belongs_to_its_search(shelf: Shelf, tmp_path: Path) -> None:
    load(shelf, tmp_path, *map(numbered, range(20)))
    asked = {"q": "walked", "sort": "title", "limit": 5}
    cursor = ask(shelf, **asked).next_cursor
    assert cursor is not None
    for other in (
        {"q": "walked "},
        {"q": "Walked"},
        {"sort": "-title"},
        {"sort": "relevance"},
        {"match": "any"},
        {"year": "2010-"},
    ):
        with pytest.raises(Problem) as refused:
            ask(shelf, **(asked | other), cursor=cursor)
        assert refused.value.code == "cursor-invalid"
    assert len(ask(shelf, **(asked | {"limit": 9}), cursor=cursor).rows) == 9
    plain = ask(shelf, limit=5).next_cursor
    assert plain is not None
    with pytest.raises(Problem):  # no query is another search than the word None
        ask(shelf, q="None", sort="-publishedAt", cursor=plain)
    with pytest.raises(Problem):
        shelf.daily("2025-12-12", cursor=plain)


@pytest.mark.parametrize("letter", ["x", "中", "\U00020000", "😀", '"', "\\", "\x01"])
def test_the_longest_titles_make_cursors_that_are_taken(
    shelf: Shelf, tmp_path: Path, letter: str
) -> None:
    papers = [numbered(n, title=f"walked {letter * 300} {n}", abstract="walked") for n in range(4)]
    load(shelf, tmp_path, *papers)
    for sort in ("title", "-title,-comments", "-comments,title"):
        pages = walk(shelf, q="walked", sort=sort, limit=1)
        assert len(set(walked_ids(pages))) == 4
        assert max(len(page.next_cursor or "") for page in pages) <= MAX_CURSOR_LENGTH
        assert walked_ids(pages) == ids(ask(shelf, q="walked", sort=sort))
