"""The table of operations is what the server does, and what the documents say."""

import re

import pytest

from api.operation import Operation
from api.routes import COMMON_PROBLEMS, CONNECTION_PROBLEMS, OPERATIONS, TAGS
from api.web import DOORS
from schema.errors import PROBLEMS
from tests.api.client import Client
from tests.api.openapi_examples import target_of

PATHS = sorted({each.path for each in OPERATIONS})


def test_names_are_unique_and_known() -> None:
    ids = [each.operation_id for each in OPERATIONS]
    assert len(set(ids)) == len(ids)
    assert len({(each.method, each.path) for each in OPERATIONS}) == len(OPERATIONS)
    assert {each.tag for each in OPERATIONS} == set(TAGS)
    assert list(TAGS) == sorted(TAGS)
    codes = [code for each in OPERATIONS for code in each.problems]
    codes += [code for tag in TAGS.values() for code in tag.problems]
    assert {*codes, *COMMON_PROBLEMS, *CONNECTION_PROBLEMS} <= set(PROBLEMS)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.operation_id)
def test_a_path_has_the_parameters_that_it_names(operation: Operation) -> None:
    names = re.findall(r"\{(\w+)\}", operation.path)
    assert names == list(operation.path_parameters)
    assert operation.path.startswith(operation.prefix)
    named = "".join(f"{{{name}}}" for name in names)
    assert operation.path == operation.prefix + named + operation.suffix
    for name, parameter in {**operation.query, **operation.path_parameters}.items():
        assert parameter.name == name


@pytest.mark.parametrize("path", PATHS)
def test_the_server_has_the_methods_of_the_table(client: Client, path: str) -> None:
    rows = [each for each in OPERATIONS if each.path == path]
    methods = {each.method for each in rows}
    expected = methods | {"OPTIONS"} | ({"HEAD"} if "GET" in methods else set())
    target = target_of(rows[0]).partition("?")[0]
    allowed = client.request("OPTIONS", target).headers["allow"]
    assert set(allowed.split(", ")) == expected
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - methods:
        answer = client.request(method, target)
        assert (answer.status_code, answer.headers["allow"]) == (405, allowed)


def test_the_index_leads_to_operations() -> None:
    others = {"/docs", "/mcp", "/v1/papers.atom"}  # forms have no row of their own
    assert {href for _, href, _ in DOORS} - others <= set(PATHS)
