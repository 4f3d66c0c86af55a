"""The documents say what the code says."""

from pathlib import Path

from api.renderings import RENDERINGS as FORMS
from api.route_parameters import UPLOAD
from api.routes import OPERATIONS
from api.tools import TOOLS
from index.sources.json_lines import INTERCHANGE
from schema.errors import PROBLEMS
from schema.filters import FILTERS, FILTERS_BY_NAME
from schema.parameters import SEARCH
from tests.paths import REPOSITORY

REST = REPOSITORY / "docs" / "rest.md"


def table(document: Path, name: str) -> list[list[str]]:
    """The rows of the Markdown table between the comments `name` and `/name`."""
    text = document.read_text(encoding="utf-8")
    inner = text.split(f"<!-- {name} -->")[1].split(f"<!-- /{name} -->")[0]
    rows = [line.strip("|").split("|") for line in inner.strip().splitlines()]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def test_every_operation_is_documented() -> None:
    expected = [[f"`{each.method} {each.path}`", each.summary] for each in OPERATIONS]
    assert table(REST, "operations") == expected


def test_every_parameter_is_documented() -> None:
    expected = [
        [f"`{each.name}`", each.description, (each.example and f"`{each.example}`") or ""]
        for each in SEARCH.values()
        if each.name not in FILTERS_BY_NAME
    ]
    assert table(REST, "parameters") == expected


def test_every_parameter_of_an_upload_is_documented() -> None:
    expected = [[f"`{p.name}`", p.description, f"`{p.example}`"] for p in UPLOAD.values()]
    assert table(REST, "upload") == expected


def test_every_filter_is_documented() -> None:
    expected = [[f"`{f.name}`", f.description, f"`{f.example}`"] for f in FILTERS]
    assert table(REST, "filters") == expected


def test_every_form_is_documented() -> None:
    offering = {each: {op.path for op in OPERATIONS if each in op.answer.content} for each in FORMS}
    expected = [
        [
            f"`{form.suffix}`",
            f"`{form.media}`",
            form.purpose,
            "all with papers" if "/v1/papers/{id}/related" in paths else "searches, days",
            "whole result" if form.papers else "page",
        ]
        for form, paths in ((FORMS[media], paths) for media, paths in offering.items())
    ]
    assert table(REST, "forms") == expected


def test_every_tool_is_documented() -> None:
    expected = [[f"`{each.name}`", each.description] for each in TOOLS.values()]
    assert table(REPOSITORY / "docs" / "mcp.md", "tools") == expected


def test_every_problem_is_documented() -> None:
    expected = [[f"`{p.code}`", str(p.status), p.title] for p in PROBLEMS.values()]
    assert table(REST, "problems") == expected


def test_every_member_of_a_line_is_documented() -> None:
    rows = table(REPOSITORY / "docs" / "command-line.md", "members of a line")
    names = [name.strip("` ") for row in rows for name in row[0].split(",")]
    assert sorted(names) == sorted(INTERCHANGE)


def test_no_row_stands_twice() -> None:
    for document in (REPOSITORY / "docs").glob("*.md"):
        rows = [line for line in document.read_text("utf-8").splitlines() if line[:2] == "| "]
        links = [row for row in rows if ".md)" in row]
        assert len(set(links)) == len(links), document


def test_every_example_of_a_filter_is_valid() -> None:
    for spec in FILTERS:
        assert spec.parse(spec.example) is not None, spec.name
