import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from index.shelf import Shelf
from tests.api.client import Client, Silent, running
from tests.paths import SAMPLE

HOSTILE = (
    "<script>alert(1)</script> & <b>bold</b> ]]> &amp; &lt; \u202e \ufffe \x85 \U0001f600 <!-- x",
    "Less < more > equal && \"quotes\" 'apostrophes' <img src=x onerror=alert(1)> \ufdd0",
    "?xml version='1.0'?> <!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]> &e;",
)


@pytest.fixture(scope="session", params=["tantivy", "whoosh"])
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def load(folder: Path, *papers: dict[str, Any] | Path, engine: str = "tantivy") -> None:
    """Load papers, given in the form of interchange or as files, into a shelf that is not open."""
    folder.mkdir(exist_ok=True)
    with Shelf(folder / "data", engine) as shelf:
        for number, each in enumerate(papers):
            file = each if isinstance(each, Path) else folder / f"{number}.jsonl"
            if not isinstance(each, Path):
                file.write_text(json.dumps(each), encoding="utf-8")
            assert shelf.load([file], Silent()).rejected == 0


@pytest.fixture(scope="session")
def client(tmp_path_factory: pytest.TempPathFactory, engine: str) -> Iterator[Client]:
    """The sample's papers, one paper listed a day later, and three of hostile texts."""
    folder = tmp_path_factory.mktemp("feeds")
    hostile = [
        {
            "title": f"Hostile {text}",
            "abstract": f"{text} \x01\n\n{text}",
            "authors": [f"A. {text[:40]}", "B. Author"],
            "published": "2020-03",
            "categories": [text[:30], "cs.LG"],
            "doi": f"10.1000/hostile.{number}",
            "url": f"https://github.com/hostile/n{number}",
        }
        for number, text in enumerate(HOSTILE)
    ]
    late = {"title": "Late in alignment", "listed": "2025-12-13", "published": "2019"}
    load(folder, SAMPLE, late, *hostile, engine=engine)
    with running(folder / "data", engine=engine) as client:
        yield client
