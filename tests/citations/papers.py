"""Papers to cite: real ones, generated ones, and ones whose texts are made to break formats."""

import gzip
import json
import random
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from index.shelf import Shelf
from schema.record import ExternalIdKind
from tests import corpus
from tests.api.client import Silent
from tests.paths import ACL, ARXIV
from tests.scale import SEED

Paper = dict[str, Any]

ID = "hydra-bidirectional-state-space-models-79314f8f"

_PIECES = [
    *"\\{}$&%#_^~\"'`-,@<>|=?!()[]*/:;.+ ",
    *("--", "---", "``", "''", "?`", "!`", ",,", "<<", ">>", "\\'e", '{\\"o}', "$x^2$", "\\end{x}"),
    *("\n", "\r\n", "\t", "\x00", "\x0b", "\x85", "\u2028", "\u00a0", "\u200b", "ﬁ", "𝒳", "中文"),
    *("and", "others", "@misc{a,", "ER  - ", "\nTY  - JOUR\n", "]]>", "<script>", "&amp;", "word"),
    *("A", "Über", "van", "Jr.", "%20", "http://a.example/b_c#d"),
]

NASTY = st.lists(
    st.sampled_from(_PIECES)
    | st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=3),
    max_size=12,
).map("".join)
"""Texts of everything that means something to TeX, BibTeX, RIS, XML or HTML, and of any letters."""


def paper(**members: Any) -> Paper:
    """A list row that knows nothing but what is given; `arxiv`, `doi` and so on are its ids."""
    ids = {str(kind): members.pop(str(kind), None) for kind in ExternalIdKind}
    names = members.pop("names", None)
    return {
        "id": ID,
        "title": "A title",
        "abstract": "",
        "authors": names and [{"name": name} for name in names],
        "authorCount": names and len(names),
        "publishedAt": None,
        "publishedPrecision": None,
        "links": [],
        "categories": [],
        "externalIds": ids,
        **members,
    }


def known_papers(folder: Path, sample: Path, count: int) -> list[Paper]:
    """The list rows of the sample page and of `count` other papers, as the shelf stores them.

    These are drawn from the shared collections, where they are there, else generated.
    """
    file = folder / "others.jsonl"
    file.write_text("\n".join(_lines(count)), encoding="utf-8")
    with Shelf(folder / "data") as shelf:
        shelf.load([sample, file], Silent())
        rowids = range(1, shelf.stats().papers + 1)
        return [json.loads(row) for row in shelf.view.reader.rows(rowids).values()]


def _lines(count: int) -> Iterable[str]:
    random_ = random.Random(SEED)
    files = [file for file in (ARXIV, ACL) if file.exists()]
    for file in files:
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            known = list(islice(lines, 20_000))
        yield from (line.strip() for line in random_.sample(known, count // len(files)))
    if not files:
        for each in corpus.papers(count, SEED):
            made = {"title": each.title, "abstract": each.abstract, "authors": list(each.authors)}
            yield json.dumps(made | {"published": "2024-03"})
