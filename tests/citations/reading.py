"""Citations read back by parsers that others wrote: what a reader of a file gets to know."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import bibtexparser
import orjson
import rispy
from bibtexparser.middlewares import NameParts, SeparateCoAuthors, SplitNameParts
from bibtexparser.model import Entry
from pylatexenc.latex2text import LatexNodes2Text

from api.facts import one_line

MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]

_CIRCUMFLEX = "ˆ"
"""What pylatexenc reads for `\\textasciicircum`."""


@dataclass(frozen=True)
class Read:
    """A citation as read: names with their given names first, the date as far as it is known."""

    id: str
    title: str
    abstract: str
    names: list[str]
    date: list[int]
    doi: str | None
    arxiv: str | None
    links: set[str]
    categories: list[str]


def written(paper: dict[str, Any]) -> Read:
    """What a citation of a paper must say."""
    day = paper["publishedAt"]
    known = {"year": 1, "month": 2, "day": 3}.get(paper["publishedPrecision"] or "", 0)
    ids = paper["externalIds"]
    pages = [f"https://arxiv.org/abs/{ids['arxiv']}"] if ids["arxiv"] else []
    if ids["acl"] and not ids["arxiv"]:
        pages = [f"https://aclanthology.org/{ids['acl']}"]
    if ids["doi"] and not pages:
        pages = [f"https://doi.org/{ids['doi']}"]
    return Read(
        id=paper["id"],
        title=one_line(paper["title"]),
        abstract=one_line(paper["abstract"]),
        names=[one_line(author["name"]) for author in paper["authors"] or ()],
        date=[int(part) for part in (day or "").split("-")[:known]],
        doi=ids["doi"],
        arxiv=ids["arxiv"],
        links={*pages, *(link["url"] for link in paper["links"])},
        categories=paper["categories"],
    )


def read_bibtex(text: str) -> list[Read]:
    """The entries of a file, by bibtexparser and pylatexenc; fails for any that cannot be read."""
    further = [SeparateCoAuthors(), SplitNameParts()]
    library = bibtexparser.parse_string(text, append_middleware=further)
    assert library.failed_blocks == []
    assert len(library.blocks) == len(library.entries), "nothing beside entries"
    return [_bibtex(entry) for entry in library.entries]


def _bibtex(entry: Entry) -> Read:
    assert entry.entry_type == "misc"
    fields = {field.key: field.value for field in entry.fields}
    date = [fields.get(name) for name in ("year", "month", "day")]
    parts = [MONTHS.index(each) + 1 if each in MONTHS else int(each) for each in date if each]
    links = [value for name, value in fields.items() if name.endswith("url")]
    return Read(
        id=entry.key,
        title=latex_text(fields["title"]),
        abstract=latex_text(fields.get("abstract", "")),
        names=[_name(each) for each in fields.get("author", ())],
        date=parts,
        doi=fields.get("doi"),
        arxiv=fields.get("eprint"),
        links={url for each in links for url in each.split(" ")},
        categories=[latex_text(each) for each in fields.get("keywords", "").split(", ") if each],
    )


def _name(parts: NameParts) -> str:
    words = [*parts.first, *parts.von, *parts.last, *parts.jr]
    return " ".join(filter(None, (latex_text(word) for word in words)))


def latex_text(latex: str) -> str:
    """What LaTeX shows."""
    text: str = LatexNodes2Text().latex_to_text(latex)
    return one_line(text.replace(_CIRCUMFLEX, "^"))


def read_ris(text: str) -> list[Read]:
    """The records of a file, by rispy."""
    return [_ris(record) for record in rispy.loads(text)]


def _ris(record: dict[str, Any]) -> Read:
    year = record.get("year")
    date = [int(part) for part in record.get("date", year or "").split("/") if part]
    number = record.get("note", "")  # as rispy calls M1
    assert record["type_of_reference"] == ("UNPB" if number else "GEN")
    return Read(
        id=record["id"],
        title=record.get("title", ""),
        abstract=record.get("abstract", ""),
        names=[uninverted(name) for name in record.get("authors", ())],
        date=date,
        doi=record.get("doi"),
        arxiv=number.removeprefix("arXiv:") or None,
        links=set(record.get("urls", ())),
        categories=record.get("keywords", []),
    )


def uninverted(name: str) -> str:
    """`Family, Given, Suffix` with the given name first."""
    family, *rest = name.removesuffix(",").split(", ") if not name.endswith(",") else [name[:-1]]
    return " ".join([*rest[:1], family, *rest[1:]])


def read_csl(text: str | bytes) -> list[Read]:
    """The items of a file."""
    return [csl_read(item) for item in orjson.loads(text)]


def csl_read(item: dict[str, Any]) -> Read:
    """An item as it says itself."""
    links = [link["url"] for link in item.get("custom", {}).get("links", ())]
    number = item.get("number", "")
    return Read(
        id=item["id"],
        title=item.get("title", ""),
        abstract=item.get("abstract", ""),
        names=[csl_name(name) for name in item.get("author", ())],
        date=item["issued"]["date-parts"][0] if "issued" in item else [],
        doi=item.get("DOI"),
        arxiv=number.removeprefix("arXiv:") or None,
        links={*links, *filter(None, [item.get("URL")])},
        categories=item["keyword"].split(", ") if item.get("keyword") else [],
    )


def csl_name(name: dict[str, str]) -> str:
    """A name of CSL-JSON in words."""
    order = ("given", "dropping-particle", "non-dropping-particle", "family", "suffix", "literal")
    return " ".join(name[part] for part in order if name.get(part))


def words(names: Iterable[str]) -> list[Sequence[str]]:
    """The words of names in no order: a name that says itself which part is which is turned."""
    return [
        sorted(re.split(r"[\s,]+", name.replace(_CIRCUMFLEX, "^").strip(" ,"))) for name in names
    ]
