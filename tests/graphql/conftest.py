from collections.abc import Iterator

import pytest

from api.graphql import GraphQLDoor
from api.pool import Pool
from index.loader import LoadReport
from index.shelf import Shelf
from index.sources import Source
from tests.graphql.asking import Client
from tests.paths import SAMPLE


class Silent:
    def opened(self, source: Source) -> None: ...
    def advanced(self, source: Source, report: LoadReport) -> None: ...
    def committed(self, report: LoadReport) -> None: ...


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    """The sample page; tests only read it."""
    with Shelf(tmp_path_factory.mktemp("graphql") / "data") as shelf:
        report = shelf.load([SAMPLE], Silent())
        assert report.added == 40
        yield shelf


@pytest.fixture(scope="session")
def pool() -> Iterator[Pool]:
    pool = Pool()
    yield pool
    pool.close()


@pytest.fixture(scope="session")
def client(shelf: Shelf, pool: Pool) -> Client:
    return Client(GraphQLDoor(shelf, pool))
