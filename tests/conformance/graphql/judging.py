"""What the judges in Python share: the server's address, and REST's answers to judge by."""

import json
import os
import urllib.request
from importlib.metadata import version
from typing import Any

BASE = os.environ["CONFORMANCE_URL"]
ENDPOINT = f"{BASE}/graphql"


def rest(path: str) -> Any:
    """The answer of REST at a path, decoded."""
    with urllib.request.urlopen(BASE + path, timeout=60) as answer:
        return json.load(answer)


def versions(*names: str) -> str:
    """Names and versions of installed packages: `gql 4.0.0, graphql-core 3.2.14`."""
    return ", ".join(f"{name} {version(name)}" for name in names)


def check(holds: bool, *seen: object) -> None:
    """Raise `AssertionError` with what was seen, also where Python runs without assertions."""
    if not holds:
        raise AssertionError(*seen)
