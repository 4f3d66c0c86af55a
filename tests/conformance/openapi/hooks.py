"""What no JSON Schema can say of a request, for Schemathesis.

A cursor is one that the server gave for the same search, and goes with no other, and so is a token
of changes; a query has bounds in words and nesting. Values that fit the schema are put right by
asking the server, so that it must take them; all others stay as they were made. What is uploaded
begins with a paper, so that much of it is read.
"""

import json
import os
import re
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlencode

import schemathesis
from schemathesis.transport.serialization import Binary

ADDRESS = os.environ["CONFORMANCE_URL"]
CURSORS = ("cursor", "before")
MAX_CURSOR = 2000
MAX_QUERY = 4000
TOKEN = "[0-9a-f]{16}-(?:0|[1-9][0-9]{0,17})"
LINE = b'{"title": "A paper before what was made"}\n'


def ask(path: str, query: dict[str, Any]) -> dict[str, Any]:
    """The answer at an address, whatever its status; empty where it cannot even be written."""
    try:
        target = f"{ADDRESS}{path}?{urlencode(query, doseq=True)}"
        with urllib.request.urlopen(target) as answer:
            return dict(json.load(answer))
    except urllib.error.HTTPError as error:
        return dict(json.load(error))
    except (ValueError, UnicodeError):
        return {}


def is_cursor(value: object) -> bool:
    """Whether a value fits the schema of a cursor."""
    return (
        isinstance(value, str)
        and bool(re.fullmatch("[A-Za-z0-9_-]+", value))
        and len(value) <= MAX_CURSOR
    )


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Put cursors, queries and files right that only their schemas would take."""
    if case.method == "POST" and case.path == "/v1/papers" and isinstance(case.body, Binary):
        case.body = Binary(LINE + case.body.data)
    query = case.query
    if not query or case.method != "GET" or not case.path.startswith(("/v1/", "/api/")):
        return
    if is_query(query.get("q")):
        code = ask("/v1/papers", {"q": query["q"], "limit": 1}).get("code", "")
        if code.startswith("query-too-"):
            query["q"] = "alignment"
    if isinstance(query.get("since"), str) and re.fullmatch(TOKEN, query["since"]):
        query["since"] = ask("/v1/changes.json", {"limit": 1})["meta"]["next"]
    given = [name for name in CURSORS if is_cursor(query.get(name))]
    if not given or query.get("before") == "end" == query.get(given[0]):
        return
    others = {name: value for name, value in query.items() if name not in given}
    walk = {} if given[0] == "cursor" else {"before": "end"}
    meta = ask(case.formatted_path, others | walk | {"limit": 1}).get("meta", {})
    for name in given:
        del query[name]
    real = meta.get("nextCursor" if given[0] == "cursor" else "previousCursor")
    if real:
        query[given[0]] = real


def is_query(value: object) -> bool:
    """Whether a value fits the schema of a query."""
    return isinstance(value, str) and len(value) <= MAX_QUERY
