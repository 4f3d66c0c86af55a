from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from index.document import IndexDocument
from index.engine import Engine, Snapshot
from index.engines import ENGINES, open_engine
from tests.engines.oracle import Oracle
from tests.engines.shelves import CORPORA, IDENTITY, open_worn
from tests.paths import ACL


@dataclass(frozen=True)
class Worn:
    """An index that has seen updates and removals, and the oracle of what it must hold."""

    engine_name: str
    corpus: str
    folder: Path
    engine: Engine
    snapshot: Snapshot
    documents: list[IndexDocument]
    oracle: Oracle


@pytest.fixture(scope="session", params=ENGINES)
def engine_name(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="session", params=CORPORA)
def worn(
    request: pytest.FixtureRequest, engine_name: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Worn]:
    corpus: str = request.param
    if corpus == "acl" and not ACL.exists():
        pytest.skip("the ACL papers are not present")
    shared = tmp_path_factory.getbasetemp()
    if shared.name.startswith("popen-"):
        shared = shared.parent
    folder = shared / f"{engine_name}-{corpus}"
    engine, documents = open_worn(engine_name, corpus, folder)
    snapshot = engine.snapshot()
    yield Worn(engine_name, corpus, folder, engine, snapshot, documents, Oracle(documents))
    snapshot.close()
    engine.close()


@pytest.fixture
def engine(engine_name: str, tmp_path: Path) -> Iterator[Engine]:
    """An engine over an empty folder."""
    opened = open_engine(engine_name, tmp_path, IDENTITY)
    yield opened
    opened.close()
