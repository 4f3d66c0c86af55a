"""A few citations as files that a reviewer can read.

`pytest tests/citations --update-golden` writes them anew; look at the difference before you commit.
"""

from pathlib import Path

import pytest

from api.citations import BIBTEX, CSL, RIS
from api.formats import PaperFormat
from tests.citations.papers import Paper, paper

GOLDEN = Path(__file__).parent / "golden"

RICH = paper(
    id="a-paper-that-has-everything-1a2b3c4d",
    title='BERT & {friends}: 50% of $x_i$ for C# -- in "quotes"',
    abstract="Two sentences, ~100 words\\footnote{or not}. The set {1, 2} costs $5.",
    names=[
        "Ludwig van Beethoven",
        "José Ortega y Gasset",
        "Sammy Davis Jr.",
        "李飞飞",
        "The ATLAS Collaboration",
        "O'Neil, Cathy",
        "Plato",
    ],
    publishedAt="2024-07-13",
    publishedPrecision="day",
    links=[
        {"url": "https://arxiv.org/abs/2407.09941", "kind": "paper"},
        {"url": "https://github.com/bert/friends_of", "kind": "code"},
        {"url": "https://example.org/100%25", "kind": "project"},
    ],
    categories=["cs.LG", "cs.CL"],
    arxiv="2407.09941",
    doi="10.1000/bert_friends.1",
    acl="2024.acl-long.1",
    s2="abc123",
)
PUBLISHED = paper(
    id="a-paper-of-which-little-is-known-5e6f7a8b",
    title="Little is known",
    authorCount=3,
    publishedAt="2021-05-01",
    publishedPrecision="month",
    doi="10.1000/little",
)


@pytest.mark.parametrize(
    ("form", "name"),
    [(BIBTEX, "sample.bib"), (RIS, "sample.ris"), (CSL, "sample.csl.json")],
    ids=["bibtex", "ris", "csl"],
)
def test_citations_are_as_they_were(
    form: PaperFormat, name: str, papers: list[Paper], update_golden: bool
) -> None:
    path, found = GOLDEN / name, form.joined([RICH, PUBLISHED, *papers[1:3]])
    if update_golden:
        path.write_bytes(found)
    assert found == path.read_bytes()
