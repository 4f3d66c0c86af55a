"""CSL-JSON by the rules of its schema, and as a citation processor renders it."""

import json
import warnings
from typing import Any

import jsonschema
import pytest
from citeproc import (
    Citation,
    CitationItem,
    CitationStylesBibliography,
    CitationStylesStyle,
    formatter,
)
from citeproc.source.json import CiteProcJSON
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from api.citations import CSL
from tests.citations.papers import NASTY, Paper, paper
from tests.scale import SEED, scaled

_TEXT = {"type": "string", "minLength": 1}
_NAME = {
    "type": "object",
    "properties": dict.fromkeys(
        ("family", "given", "non-dropping-particle", "suffix", "literal"), _TEXT
    ),
    "additionalProperties": False,
    "oneOf": [{"required": ["literal"], "maxProperties": 1}, {"required": ["family", "given"]}],
}
ITEM = {
    "type": "object",
    "properties": {
        **dict.fromkeys(
            ("id", "title", "publisher", "number", "DOI", "URL", "keyword", "abstract"), _TEXT
        ),
        "type": {"enum": ["article", "document"]},
        "author": {"type": "array", "items": _NAME, "minItems": 1},
        "issued": {
            "type": "object",
            "properties": {
                "date-parts": {
                    "type": "array",
                    "minItems": 1,
                    "maxItems": 1,
                    "items": {
                        "type": "array",
                        "items": {"type": "integer"},
                        "minItems": 1,
                        "maxItems": 3,
                    },
                }
            },
            "required": ["date-parts"],
            "additionalProperties": False,
        },
        "custom": {"type": "object", "minProperties": 1},
    },
    "required": ["id", "type"],
    "additionalProperties": False,
}
"""The rules of CSL 1.0.2's `csl-data.json` for the members that we write, and ours: no empty ones.

https://github.com/citation-style-language/schema has them all.
"""


def items(papers: list[Paper]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(CSL.joined(papers))
    jsonschema.validate(found, {"type": "array", "items": ITEM})
    return found


def test_known_papers_keep_to_the_schema(papers: list[Paper]) -> None:
    assert len(items(papers)) == len(papers)


@seed(SEED)
@settings(max_examples=scaled(1000), deadline=None)
@given(title=NASTY, names=st.lists(NASTY, max_size=3), other=NASTY)
def test_any_paper_keeps_to_the_schema(title: str, names: list[str], other: str) -> None:
    assert len(items([paper(title=title, names=names, other=other, categories=[other])])) == 1


def test_a_preprint_says_where_it_is() -> None:
    (item,) = items([paper(arxiv="2407.09941", doi="10.1000/x")])
    assert item["type"] == "article"
    assert (item["publisher"], item["number"]) == ("arXiv", "arXiv:2407.09941")
    (other,) = items([paper(acl="D16-2004")])
    assert other["type"] == "document"
    assert other["URL"] == "https://aclanthology.org/D16-2004"
    assert other["custom"] == {"externalIds": {"acl": "D16-2004"}}


@pytest.fixture(scope="module")
def style() -> CitationStylesStyle:
    return CitationStylesStyle("harvard-cite-them-right", validate=False)


def bibliography(style: CitationStylesStyle, found: list[dict[str, Any]]) -> list[str]:
    with warnings.catch_warnings():
        # citeproc-py knows CSL 1.0.1, which has no `custom`.
        warnings.filterwarnings("ignore", "The following arguments for Reference are unsupported")
        source = CiteProcJSON(found)
    made = CitationStylesBibliography(style, source, formatter.plain)
    for item in found:
        made.register(Citation([CitationItem(item["id"])]))
    return [str(each) for each in made.bibliography()]


def test_a_bibliography_names_people_works_and_places(style: CitationStylesStyle) -> None:
    names = ["Ludwig van Beethoven", "The ATLAS Collaboration", "Sammy Davis Jr."]
    (line,) = bibliography(
        style,
        items(
            [
                paper(
                    title="On trust",
                    names=names,
                    publishedAt="2024-07-13",
                    publishedPrecision="day",
                    arxiv="2407.09941",
                )
            ]
        ),
    )
    for part in ("Beethoven, L.", "The ATLAS Collaboration", "Davis", "(2024)", "“On trust”"):
        assert part in line
    assert "https://arxiv.org/abs/2407.09941" in line


def test_known_papers_make_a_bibliography(style: CitationStylesStyle, papers: list[Paper]) -> None:
    found = items(papers[::10])
    lines = "\n".join(bibliography(style, found))
    for item in found:
        assert item["title"].rstrip(".") in lines
        if "issued" in item:
            assert f"({item['issued']['date-parts'][0][0]})" in lines
