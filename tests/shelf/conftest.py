from collections.abc import Iterator
from pathlib import Path

import pytest

from index.engines import ENGINES
from index.shelf import Shelf


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def shelf(tmp_path: Path, engine: str) -> Iterator[Shelf]:
    """An empty shelf in `tmp_path / "data"`, with nothing in the background."""
    with Shelf(tmp_path / "data", engine) as opened:
        yield opened
