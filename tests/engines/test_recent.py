"""What an engine remembers: a bound for all its snapshots together, and no stale answers."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from index.engine import Engine
from index.engines import open_engine
from index.query import Every, Fuzzy, Term
from index.recent import Recent
from tests.corpus import papers
from tests.scale import SEED


def test_the_least_recently_used_goes_first() -> None:
    recent, made = Recent[int](2), []

    def make(value: int) -> int:
        made.append(value)
        return value

    for key in (1, 2, 1, 3, 1, 2):
        assert recent.get(key, lambda key=key: make(key)) == key  # type: ignore[misc]
    assert made == [1, 2, 3, 2]
    with pytest.raises(ZeroDivisionError):
        recent.get(9, lambda: 1 // 0)
    assert recent.get(9, lambda: 9) == 9


def test_threads_may_share_it() -> None:
    recent, wrong = Recent[int](8), []

    def ask(start: int) -> None:
        for number in range(3000):
            key = (start + number * 7) % 20
            if recent.get(key, lambda key=key: key * 2) != key * 2:  # type: ignore[misc]
                wrong.append(key)

    threads = [threading.Thread(target=ask, args=(start,)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.fixture
def tantivy_engine(tmp_path: Path) -> Iterator[Engine]:
    opened = open_engine("tantivy", tmp_path, "recent")
    yield opened
    opened.close()


def test_snapshots_do_not_mix_what_they_remember(tantivy_engine: Engine) -> None:
    documents = papers(60, SEED)
    tantivy_engine.rebuild(documents[:20], 20)
    held = [tantivy_engine.snapshot()]
    for end in (40, 60):
        tantivy_engine.apply(documents[end - 20 : end], (), end)
        held.append(tantivy_engine.snapshot())
    fuzzy, term = Fuzzy("text", "model", 2), Term("text", "the")
    for _ in range(2):
        assert [each.count(Every()) for each in held] == [20, 40, 60]
        for each in held:
            words = each.vocabulary("text", "a")
            assert words == sorted(words)
        sizes = [len(each.vocabulary("text", "a")) for each in held]
        assert sizes == sorted(sizes)
        assert sizes[0] < sizes[-1]
        counts = [(each.count(fuzzy), each.count(term)) for each in held]
        assert counts == sorted(counts)
    for each in held:
        each.close()
