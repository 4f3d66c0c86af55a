from collections.abc import Iterator

import pytest

from index.shelf import Shelf
from tests.api.client import Client, Silent, running
from tests.paths import SAMPLE


@pytest.fixture(scope="session", params=["tantivy", "whoosh"])
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def client(tmp_path_factory: pytest.TempPathFactory, engine: str) -> Iterator[Client]:
    """The application over the sample page, once with each engine."""
    folder = tmp_path_factory.mktemp("sample") / "data"
    with Shelf(folder, engine) as shelf:
        assert shelf.load([SAMPLE], Silent()).added == 40
    with running(folder, engine=engine) as client:
        yield client
