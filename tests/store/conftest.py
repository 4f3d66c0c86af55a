from collections.abc import Iterator
from pathlib import Path

import pytest

from index.store import Store
from tests.store.build import open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path)
    yield opened
    assert opened.verify() == []
    opened.close()
