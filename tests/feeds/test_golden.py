"""A feed in each form as a file that a reviewer can read.

`pytest tests/feeds --update-golden` writes them anew; look at the difference before you commit.
"""

from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from api.feeds import Feed, atom, feed_of, json_feed, rss
from api.version import program_version
from tests.citations.papers import Paper, known_papers
from tests.citations.test_golden import PUBLISHED, RICH
from tests.paths import SAMPLE

GOLDEN = Path(__file__).parent / "golden"
BASE = "https://papers.example.org"


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> list[Paper]:
    return [RICH, PUBLISHED, *known_papers(tmp_path_factory.mktemp("shelf"), SAMPLE, 0)[1:3]]


@pytest.mark.parametrize(
    ("write", "suffix"), [(atom, ".atom"), (rss, ".rss"), (json_feed, ".feed.json")]
)
def test_feeds_are_as_they_were(
    write: Callable[[Feed], bytes],
    suffix: str,
    papers: list[Paper],
    request: pytest.FixtureRequest,
) -> None:
    asked = f"{BASE}/v1/papers{suffix}?q=optimal+transport&year=2024-&limit=4"
    links = {"self": asked, "next": f"{asked}&cursor=x", "prev": None}
    changed = {each["id"]: 1_765_500_000 + number for number, each in enumerate(papers)}
    found = write(feed_of({"data": papers, "links": links}, BASE, suffix, changed))
    if suffix == ".feed.json":
        found = orjson.dumps(orjson.loads(found), option=orjson.OPT_INDENT_2)
    found = found.replace(program_version().encode(), b"VERSION").rstrip() + b"\n"
    path = GOLDEN / f"sample{suffix}"
    if request.config.getoption("--update-golden"):
        path.write_bytes(found)
    assert found == path.read_bytes()
