"""Writing by HTTP, for tests."""

import json
from pathlib import Path
from typing import Any

from api.routes import OPERATIONS
from tests.api.client import Client
from tests.api.openapi_examples import SIGNED

PAPERS = "/v1/papers"
WRITING = [each for each in OPERATIONS if each.secured]
BAD_LINES = (
    b'{"title": "First", "abstract": "About shelves.", "odd": 1}\n'
    b"not JSON\n"
    b'{"title": ""}\n'
    b'{"title": "Second", "n_authors": -1}\n'
)


def load(
    client: Client, content: Any, headers: dict[str, str] | None = None, **given: str | None
) -> Any:
    """The data of an upload that is taken."""
    answer = client.request(
        "POST", PAPERS, content=content, headers=SIGNED | (headers or {}), params=given
    )
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def refused(client: Client, method: str = "POST", target: str = PAPERS, **options: Any) -> str:
    """The code of a refused write."""
    options.setdefault("headers", SIGNED)
    answer = client.request(method, target, **options)
    assert answer.status_code >= 400, answer.text
    return str(answer.json()["code"])


def rejects_in(folder: Path) -> list[dict[str, Any]]:
    """What the rejects files of a data folder hold."""
    texts = [path.read_text("utf-8") for path in (folder / "rejects").glob("*")]
    return [json.loads(line) for text in texts for line in text.splitlines()]


def total(client: Client, **given: str) -> int:
    return int(client.get(PAPERS, given).json()["meta"]["total"])


def lines(count: int, start: int = 0) -> bytes:
    return b"".join(
        b'{"title": "Paper number %d", "abstract": "Shelved.", "id": "2501.%05d"}\n' % (n, n)
        for n in range(start, start + count)
    )
