"""What citations and feeds tell of a paper, read from its JSON."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

Json = Mapping[str, Any]

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")

_REGISTRIES = {
    "arxiv": "https://arxiv.org/abs/",
    "acl": "https://aclanthology.org/",
    "doi": "https://doi.org/",
}
"""Where the page of a paper is, by the kind of its id; the first that it has is taken."""

_PRECISIONS = {"year": 1, "month": 2, "day": 3}


def one_line(text: str) -> str:
    """A text on one line: white space and control characters run together to one space."""
    if _CONTROL.search(text):
        text = _CONTROL.sub(" ", text)
    return " ".join(text.split())


def names(paper: Json) -> list[str]:
    """The names of the authors in order, each on one line; none where they are not known."""
    found = (one_line(author["name"]) for author in paper["authors"] or ())
    return [name for name in found if name]


def date_parts(paper: Json) -> tuple[int, ...]:
    """The year of publication, then month and day as far as they are known; empty without any."""
    day = paper["publishedAt"]
    if day is None:
        return ()
    known = _PRECISIONS[paper["publishedPrecision"] or "day"]
    return tuple(map(int, day.split("-")[:known]))


def page_address(paper: Json) -> str | None:
    """The address of the page that a registry has of a paper, else of one that it links to."""
    for kind, address in _REGISTRIES.items():
        if identifier := paper["externalIds"][kind]:
            return address + quote(identifier, safe="/:;()@!$*+,=")
    found = (link["url"] for link in paper["links"] if link["kind"] == "paper")
    return next(found, None)


def other_links(paper: Json) -> list[Json]:
    """The links of a paper that lead elsewhere than `page_address`."""
    page = page_address(paper)
    return [link for link in paper["links"] if link["url"] != page]
