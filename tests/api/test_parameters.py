"""The JSON Schema of every parameter takes just what its parser takes."""

import re
import string
import sys
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from api.routes import OPERATIONS
from schema.dates import day_interval, week_interval
from schema.errors import Problem
from schema.parameters import DAILY, SEARCH, Parameter, Several
from schema.request import parse_request, read_parameters
from schema.search import MAX_QUERY_LENGTH, SORT_FIELDS
from schema.values import DAY, MONTH, NOT_BLANK, WEEK, YEARS
from tests.scale import scaled

VALUED = {
    each.name: each
    for operation in OPERATIONS
    for each in (*operation.path_parameters.values(), *operation.query.values())
    if operation.tag != "graphql" and each.name != "id"
}
"""By name, but a paper's id in a path, which is free text: an unknown one is a 404."""

NEAR = st.one_of(
    st.text(max_size=12),
    st.text(alphabet=string.digits + "-W.:/", max_size=12),
    st.text(alphabet="0123456789", max_size=11),
    st.from_regex(r"[0-9]{4}(-[0-9]{1,2}){0,2}", fullmatch=True),
    st.from_regex(r"[0-9]{4}-W[0-9]{1,2}", fullmatch=True),
    st.from_regex(r"([a-zA-Z0-9]{1,5}:)?[a-zA-Z0-9./-]{0,12}", fullmatch=True),
    st.sampled_from(
        ["", " ", "true", "false", "True", "1", "end", "-", "auto", "ALL", "2147483648"]
    ),
    st.sampled_from([sign + key for key in SORT_FIELDS for sign in ("", "-", "--")]),
    st.sampled_from(
        ["arXiv:2407.09941v2", "hep-th/9901001", "doi:10.1000/a b", "doi:10.1000/x", "acl:D16-2004",
         "other:a b", "other:\x85", "S2:ü", "10.1000/x", "doi:10.48550/arXiv.2407.09941"]
    ),
)  # fmt: skip

STEADY = settings(derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""The same draws in every run, however long a busy machine takes for them."""


def typed(parameter: Parameter, written: str) -> Any:
    """A written value as its schema has it; what cannot be written so stays text."""
    kind = parameter.value["type"]
    if kind == "integer" and re.fullmatch("0|[1-9][0-9]*", written):
        return int(written)
    return {"true": True, "false": False}.get(written, written) if kind == "boolean" else written


def fits(parameter: Parameter, written: str) -> bool:
    """Whether the schema of one value takes it, all of it: `$` would let a line end pass."""
    value = typed(parameter, written)
    pattern = parameter.value.get("pattern", "")
    if pattern.startswith("^") and not re.fullmatch(pattern[1:-1], written):
        return False
    return Draft202012Validator(parameter.value).is_valid(value)


def drawn(value_schema: dict[str, Any]) -> st.SearchStrategy[str]:
    """Written values that a schema takes."""
    if "enum" in value_schema:
        return st.sampled_from(value_schema["enum"])
    if value_schema["type"] == "boolean":
        return st.sampled_from(["true", "false"])
    if value_schema["type"] == "integer":
        return st.integers(value_schema["minimum"], value_schema["maximum"]).map(str)
    longest = value_schema.get("maxLength", 100)
    pattern = value_schema.get("pattern", "")
    if pattern.startswith("^"):
        made = st.from_regex(pattern[1:-1], fullmatch=True)
    else:
        made = st.text(max_size=longest).filter(lambda text: re.search(pattern, text))
    return made.filter(lambda text: len(text) <= longest)


@pytest.mark.parametrize("name", VALUED)
@settings(STEADY, max_examples=scaled(200))
@given(data=st.data())
def test_what_the_schema_takes_the_parser_takes(name: str, data: st.DataObject) -> None:
    parameter = VALUED[name]
    written = data.draw(drawn(parameter.value))
    assert fits(parameter, written)
    assert parameter.parse(written) is not None


@pytest.mark.parametrize("name", VALUED)
@settings(STEADY, max_examples=scaled(1000))
@given(written=NEAR)
def test_what_the_parser_takes_the_schema_takes(name: str, written: str) -> None:
    parameter = VALUED[name]
    assert (parameter.parse(written) is not None) == fits(parameter, written)


def test_every_date_that_exists_is_taken_and_no_other() -> None:
    day, month, years = re.compile(DAY), re.compile(MONTH), re.compile(YEARS)
    for year in (0, 1, 4, 99, 100, 400, 999, 1000, 1900, 2000, 2023, 2024, 2100, 9999):
        assert bool(years.fullmatch(f"{year:04d}")) == (year > 0)
        for number in range(14):
            text = f"{year:04d}-{number:02d}"
            assert bool(month.fullmatch(text)) == (day_interval(text) is not None), text
            for written in (f"{text}-{n:02d}" for n in range(33)):
                assert bool(day.fullmatch(written)) == (day_interval(written) is not None), written


def test_a_text_is_blank_where_its_pattern_says_so() -> None:
    """The short class of white space is another one in Rust and in browsers than in Python."""
    filled = re.compile(NOT_BLANK)
    for code in range(sys.maxunicode + 1):
        assert bool(filled.fullmatch(chr(code))) == bool(chr(code).strip()), hex(code)


def test_patterns_use_nothing_that_is_read_in_several_ways() -> None:
    patterns = [each.value.get("pattern", "") for each in SEARCH.values()]
    found = [each for each in patterns if re.search(r"\\[sSdDwWbBpP]|\(\?[^:]", each)]
    assert found == []


def test_every_week_that_exists_is_taken_and_no_other() -> None:
    week = re.compile(WEEK)
    for year in range(10_000):
        for number in (0, 1, 52, 53, 54):
            text = f"{year:04d}-W{number:02d}"
            assert bool(week.fullmatch(text)) == (week_interval(text) is not None), text


def problem_of(parameters: list[tuple[str, str]]) -> Problem | None:
    """What a search says of its parameters."""
    try:
        parse_request(parameters)
    except Problem as problem:
        return problem
    return None


def test_an_order_is_taken_where_its_schema_takes_it() -> None:
    keys = [sign + key for key in SORT_FIELDS for sign in ("", "-")] + ["date"]
    orders = [[key] for key in keys] + [[one, two] for one in keys for two in keys]
    orders.append(["title", "comments", "upvotes"])
    validator = Draft202012Validator(SEARCH["sort"].json_schema)
    for order in orders:
        taken = problem_of([("sort", ",".join(order))]) is None
        assert taken == validator.is_valid(order), order


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("year", ["2024", "2025-"]),
        ("ids", ["2407.09941", "doi:10.1/x"]),
        ("ids", ["2407.09941", "doi:10.1000/x"]),
        ("facets", ["year", "year"]),
        ("facets", ["year", "years"]),
        ("fields", ["id", ""]),
        ("author", ["x"] * 100),
        ("author", ["x"] * 101),
        ("ids", ["2407.09941"] * 100),
        ("ids", ["2407.09941"] * 101),
    ],
)
def test_several_values_are_taken_where_the_schema_takes_them(name: str, values: list[str]) -> None:
    parameter = SEARCH[name]
    valid = Draft202012Validator(parameter.json_schema).is_valid(values)
    assert (problem_of([(name, value) for value in values]) is None) == valid
    if parameter.several is Several.LISTED:
        assert (problem_of([(name, " , ".join(values))]) is None) == valid


@pytest.mark.parametrize("name", SEARCH)
def test_a_wrong_value_is_named_with_one_that_passes(name: str) -> None:
    parameter = SEARCH[name]
    wrong = "x" * (MAX_QUERY_LENGTH + 1) if name == "q" else "\x00"
    if name in ("author", "category", "source"):
        wrong = " "
    problem = problem_of([(name, wrong)])
    assert problem is not None
    (fault,) = problem.errors
    assert (fault.parameter, fault.code) == (name, parameter.code)
    if parameter.example is not None:
        assert problem_of([(name, parameter.example)]) is None


def test_parameters_of_other_routes_are_read_by_the_same_table() -> None:
    assert read_parameters([("limit", "5"), ("cursor", "abc")], DAILY) == {
        "limit": 5,
        "cursor": "abc",
    }
    with pytest.raises(Problem) as refused:
        read_parameters([("limit", "0"), ("cursr", "x"), ("cursor", "a"), ("cursor", "b")], DAILY)
    found = {(fault.parameter, fault.code) for fault in refused.value.errors}
    assert found == {
        ("limit", "parameter-invalid"),
        ("cursr", "parameter-unknown"),
        ("cursor", "parameter-repeated"),
    }
