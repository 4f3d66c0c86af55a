"""What a stranger's question cannot do to an engine."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from index.engine import Snapshot
from index.engines import ENGINES, open_engine
from index.engines.tantivy_fields import sort_key, title_part
from index.query import (
    And,
    Every,
    Fuzzy,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    Range,
    Term,
    Wildcard,
)
from schema.search import BY_RELEVANCE, SortKey, SortPosition
from tests.corpus import papers
from tests.engines.oracle import Oracle
from tests.engines.shelves import IDENTITY
from tests.paths import REPOSITORY
from tests.scale import SEED

DOCUMENTS = papers(60, SEED)


@pytest.fixture(scope="module")
def snapshot(engine_name: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snapshot]:
    engine = open_engine(engine_name, tmp_path_factory.mktemp("bounds"), IDENTITY)
    engine.rebuild(DOCUMENTS, 1)
    opened = engine.snapshot()
    yield opened
    opened.close()
    engine.close()


def nested(levels: int) -> Node:
    node: Node = Every()
    for _ in range(levels - 1):
        node = Not(node)
    return node


@pytest.mark.parametrize(
    "tree",
    [
        nested(51),
        Term("nowhere", "x"),
        Term("published", "2024"),
        Term("rowid", "1"),
        Term("kind", "checkpoint"),
        Range("text", 1, 2),
        Range("sort_comments_asc", None, None),
        Phrase("category", ("cs", "cl")),
        Prefix("id", "paper"),
        Wildcard("category", "cs*"),
        Fuzzy("source", "page", 1),
        Fuzzy("text", "model", 3),
        Fuzzy("text", "model", 0),
        Phrase("text", ("a", "b"), slop=33),
        Phrase("text", ("a", "b", "c", "d", "e", "f", "g"), slop=2),
        Phrase("text", ("a", "b"), slop=10**20),
        Phrase("text", ("a", "b"), slop=0),
        Term("text", "\ud800"),
        Prefix("text", "a\udfff"),
        Phrase("text", ("a", "\ud800")),
        Every(boost=float("nan")),
        Every(boost=float("inf")),
        Or((Term("text", "a"), Every(boost=-1.0))),
        And((Term("text", "a"), Not(Term("nowhere", "x")))),
    ],
)
def test_a_tree_beyond_the_bounds_is_refused(snapshot: Snapshot, tree: Node) -> None:
    with pytest.raises(ValueError, match=r"."):
        snapshot.search(tree)
    with pytest.raises(ValueError, match=r"."):
        snapshot.count(Every(), tree)
    assert snapshot.count(Every()) == len(DOCUMENTS)


@pytest.mark.parametrize(
    "tree",
    [
        nested(50),
        nested(49),
        Phrase("text", ()),
        Phrase("text", ("model",)),
        Phrase("text", ("a",) * 64),
        Phrase("text", ("a", "b"), slop=32),
        Term("text", ""),
        Term("text", "x" * 200_000),
        Term("text", "\x00"),
        Term("text", "\x1f"),
        Term("text", "a b"),
        Term("category", ""),
        Prefix("text", ""),
        Prefix("text", "."),
        Prefix("text", "a.*[b]"),
        Prefix("text", "x" * 5000),
        Prefix("text", "日本"),
        Wildcard("text", ""),
        Wildcard("text", "*"),
        Wildcard("text", "?" * 64),
        Wildcard("text", "*" * 64),
        Wildcard("text", "*a" * 40),
        Wildcard("text", "[a-z]+(.|\\w)^$"),
        Fuzzy("text", "", 1),
        Fuzzy("text", "x" * 5000, 2),
        Fuzzy("text", "the", 2),
        Range("published", -(10**40), 10**40),
        Range("published", 10**40, None),
        Range("comments", 5, 1),
        Or(tuple(Term("id", f"paper-{number}") for number in range(3000))),
        Or(tuple(Term("text", "the") for _ in range(64))),
        And(tuple(Every() for _ in range(64))),
        Every(boost=0.0),
    ],
)
def test_odd_trees_are_answered(snapshot: Snapshot, tree: Node) -> None:
    expected = Oracle(DOCUMENTS).match(tree) if tree != Phrase("text", ()) else frozenset()
    found = snapshot.search(tree, limit=10**9)
    assert {hit.rowid for hit in found.hits} == expected
    assert snapshot.count(tree, tree) == len(expected)


def test_a_tree_of_thousands_of_levels_is_refused(snapshot: Snapshot) -> None:
    """In compiled code it would end the process."""
    with pytest.raises(ValueError, match="levels"):
        snapshot.search(nested(100_000))


@pytest.mark.parametrize("sort", [BY_RELEVANCE, (SortKey("title"),), (SortKey("comments", True),)])
def test_odd_pages(snapshot: Snapshot, sort: tuple[SortKey, ...]) -> None:
    total = len(DOCUMENTS)
    for offset, limit, length in (
        (0, 0, 0),
        (0, -5, 0),
        (-7, 5, 5),
        (total - 1, 5, 1),
        (total, 5, 0),
        (10**30, 10**30, 0),
        (0, 10**30, total),
    ):
        found = snapshot.search(Every(), None, sort, offset=offset, limit=limit)
        assert (found.total, len(found.hits)) == (total, length)


def test_a_position_that_is_none_is_refused(snapshot: Snapshot) -> None:
    for sort, values in (
        ((SortKey("comments"),), ("text",)),
        ((SortKey("comments"),), ()),
        ((SortKey("title"),), (None,)),
        ((SortKey("title"),), (5,)),
        ((SortKey("title"), SortKey("comments")), ("a",)),
        ((SortKey("comments"),), (2**31,)),
        ((SortKey("comments"),), (-1,)),
    ):
        with pytest.raises(ValueError, match=r"."):
            snapshot.search(Every(), None, sort, after=SortPosition(values, 1))
        with pytest.raises(ValueError, match=r"."):
            snapshot.search(Every(), None, sort, before=SortPosition(values, 1))
    with pytest.raises(ValueError, match=r"."):
        snapshot.search(Every(), None, (SortKey("title"),), after=SortPosition(("a",), -1))
    place = SortPosition(("a",), 1)
    with pytest.raises(ValueError, match="after a position or before"):
        snapshot.search(Every(), None, (SortKey("title"),), after=place, before=place)
    with pytest.raises(ValueError, match="after a position or before"):
        snapshot.search(Every(), None, (SortKey("title"),), after=place, backward=True)
    with pytest.raises(ValueError, match="relevance has no positions"):
        snapshot.search(Every(), None, BY_RELEVANCE, before=SortPosition((1,), 1))
    with pytest.raises(ValueError, match="relevance has no positions"):
        snapshot.search(Every(), None, BY_RELEVANCE, backward=True)


def test_odd_pages_before_a_position(snapshot: Snapshot) -> None:
    total, order = len(DOCUMENTS), (SortKey("comments", True),)
    last = SortPosition((None,), 2**32 - 1)
    whole = snapshot.search(Every(), None, order, limit=total).hits
    for offset, limit, expected in (
        (0, 0, ()),
        (-7, 5, whole[-5:]),
        (2, 5, whole[-7:-2]),
        (total - 1, 5, whole[:1]),
        (total, 5, ()),
        (10**30, 5, ()),
        (0, 10**30, whole),
    ):
        found = snapshot.search(Every(), None, order, before=last, offset=offset, limit=limit)
        assert (found.total, found.hits) == (total, expected)
    first = SortPosition((2**31 - 1,), 0)
    assert snapshot.search(Every(), None, order, before=first).hits == ()


def test_sort_keys_keep_the_order_of_what_they_hold() -> None:
    values = [0, 1, 2, 19, 20251212, 99991231, 2**31 - 1, None]
    ties = [0, 1, 7, 2**32 - 1]
    expected = [(value, tie) for value in values for tie in ties]
    found = sorted(expected, key=lambda pair: sort_key(pair[0], pair[1], False))
    assert found == expected
    turned = [(value, tie) for value in [*values[-2::-1], None] for tie in ties]
    assert sorted(expected, key=lambda pair: sort_key(pair[0], pair[1], True)) == turned
    assert all(abs(sort_key(value, tie, True)) < 2**63 for value, tie in expected)
    titles = sorted(["", "a", "ab", "abcdefgh", "abcdefghi", "abcdefgz", "é", "日本語", "𝒳", "~"])
    assert titles == sorted(titles, key=lambda title: (title_part(title), title))
    assert titles == sorted(titles, key=lambda title: [title_part(title, n) for n in range(3)])


def test_engines_are_named() -> None:
    with pytest.raises(ValueError, match="tantivy, whoosh"):
        open_engine("lucene", Path("nowhere"), IDENTITY)


FLOW = """
import sys
from pathlib import Path
from index.engines import open_engine
from index.query import Every, Fuzzy, Phrase, Term, Wildcard
from schema.search import SortKey
from tests.corpus import papers
engine = open_engine(sys.argv[1], Path(sys.argv[2]), "x")
documents = papers(30, 1)
engine.rebuild(documents[:20], 1)
engine.apply(documents[10:], [1, 2], 2)
snapshot = engine.snapshot()
for tree in (Every(), Term("text", "a"), Phrase("text", ("a", "b"), 3), Wildcard("text", "al*"),
             Fuzzy("text", "model", 2)):
    snapshot.search(tree)
    snapshot.search(tree, sort=(SortKey("title"),))
print(snapshot.count(Every()))
"""


@pytest.mark.parametrize("name", ENGINES)
def test_an_engine_works_where_warnings_are_errors_and_nothing_is_compiled(
    name: str, tmp_path: Path
) -> None:
    """Whoosh's source has invalid escapes: without byte-compiled files it warns when imported."""
    command = [
        sys.executable, "-W", "error", "-X", f"pycache_prefix={tmp_path / 'none'}",
        "-c", FLOW, name, str(tmp_path / "index"),
    ]  # fmt: skip
    run = subprocess.run(
        command, cwd=REPOSITORY, capture_output=True, text=True, timeout=120, check=False
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "28\n", "")
