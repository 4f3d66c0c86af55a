import re

import pytest

from index.fields import FIELDS, HAS_VALUES
from index.language import parse
from schema.errors import Problem
from tests.language.trees import show
from tests.paths import REPOSITORY

PAGE = (REPOSITORY / "docs" / "query.md").read_text(encoding="utf-8")
LABELS = ("any", "warning", "refused")


def examples():
    """Each query of the blocks with what stands behind it: tree, any, warning, refused."""
    found = []
    for block in re.findall(r"```query\n(.*?)```", PAGE, re.DOTALL):
        for line in block.splitlines():
            left, right = (part.strip() for part in line.split("=>"))
            if left in LABELS and line.startswith(" "):
                found[-1][1][left] = right
            else:
                found.append((left, {"tree": right}))
    return found


def codes_in_table(heading):
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return {code for row in rows for code in re.findall(r"`([a-z-]+)`", row)}


@pytest.mark.parametrize(("query", "expected"), examples(), ids=lambda each: str(each)[:40])
def test_examples_mean_what_the_page_says(query, expected):
    if "refused" in expected:
        with pytest.raises(Problem) as raised:
            parse(query)
        assert raised.value.code == expected["refused"]
        return
    parsed = parse(query)
    assert show(parsed.all) == expected["tree"]
    assert [warning.code for warning in parsed.warnings] == (
        [expected["warning"]] if "warning" in expected else []
    )
    if "any" in expected:
        assert show(parsed.any) == expected["any"]


def test_the_tables_of_syntax_are_understood_without_a_warning():
    glance = PAGE.split("## At a glance")[1].split("\n## ")[0]
    fields = PAGE.split("## Fields")[1].split("\n### ")[0]
    first = [line.split("|")[1] for line in glance.splitlines() if line.startswith("| `")]
    last = [line.split("|")[3] for line in fields.splitlines() if line.startswith("| `")]
    queries = re.findall(r"`([^`]+)`", " ".join(first + last))
    assert len(queries) > 25
    assert [query for query in queries if parse(query).warnings] == []


def test_every_field_and_every_value_of_has_is_documented():
    fields = PAGE.split("## Fields")[1].split("\n### ")[0]
    rows = [line.split("|") for line in fields.splitlines() if line.startswith("| `")]
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row[1])} == set(FIELDS)
    (values,) = [row[2].strip() for row in rows if "`has`" in row[1]]
    assert tuple(values.split(", ")) == HAS_VALUES


def test_every_code_of_a_warning_and_of_a_refusal_is_documented():
    sources = [
        (REPOSITORY / "index" / name).read_text(encoding="utf-8")
        for name in ("lexer.py", "leaves.py", "language.py")
    ]
    codes = {code for text in sources for code in re.findall(r'"([a-z]+(?:-[a-z]+)+)"', text)}
    assert codes == codes_in_table("Warnings") | codes_in_table("Bounds")


def test_the_blocks_show_every_warning_that_a_line_can_show():
    shown = {expected["warning"] for _, expected in examples() if "warning" in expected}
    assert codes_in_table("Warnings") - shown == {"query-words-dropped", "more-warnings"}
