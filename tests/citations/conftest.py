import pytest

from tests.citations.papers import Paper, known_papers
from tests.paths import SAMPLE


@pytest.fixture(scope="session")
def papers(tmp_path_factory: pytest.TempPathFactory) -> list[Paper]:
    """The sample's papers and 300 others."""
    return known_papers(tmp_path_factory.mktemp("cited"), SAMPLE, 300)


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-golden"))
