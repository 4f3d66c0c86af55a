from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from index.engines import ENGINES
from index.ranking import RECIPE
from index.shelf import Shelf
from tests.api.client import Silent
from tests.paths import SAMPLE
from tests.scale import SEED
from tests.shelf.building import load, random_papers

PAPERS = 90


@dataclass(frozen=True)
class Ranked:
    """The same papers, ordered with feedback and without."""

    with_feedback: Shelf
    without: Shelf


@pytest.fixture(scope="module", params=ENGINES)
def made(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ranked]:
    """Papers of few different words, so that they share many."""
    folder = tmp_path_factory.mktemp("ranked")
    plain = replace(RECIPE, feedback=False)
    with Shelf(folder / "data", request.param) as shelf:
        load(shelf, folder, *random_papers(PAPERS, SEED))
        with Shelf(folder / "data", request.param, plain) as without:
            yield Ranked(shelf, without)


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    """The sample page in the default engine with the default order."""
    with Shelf(tmp_path_factory.mktemp("sample") / "data") as shelf:
        shelf.load([SAMPLE], Silent())
        yield shelf


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-golden"))


GOLDEN = Path(__file__).parent / "golden"
