"""Papers as items of CSL-JSON, the input of citation processors (schema of CSL 1.0.2)."""

from typing import Any

import orjson

from api.citations.names import Name, split_name
from api.facts import Json, date_parts, names, one_line, other_links, page_address
from api.formats import PaperFormat


def csl_item(paper: Json) -> dict[str, Any]:
    """A paper as an item; what is not known is left out, as the format has it.

    A paper on arXiv is an `article` (a preprint) with arXiv as publisher and the arXiv id as
    number, any other a `document`: where it appeared is not known. `custom` has what the format has
    no name for: further ids by kind, and further links.
    """
    identifiers = {kind: each for kind, each in paper["externalIds"].items() if each}
    arxiv, doi = identifiers.pop("arxiv", None), identifiers.pop("doi", None)
    links = [{"url": link["url"], "kind": link["kind"]} for link in other_links(paper)]
    parts = date_parts(paper)
    custom = {"externalIds": identifiers, "links": links}
    item = {
        "id": paper["id"],
        "type": "article" if arxiv else "document",
        "title": one_line(paper["title"]),
        "author": [_author(split_name(name)) for name in names(paper)],
        "issued": {"date-parts": [parts]} if parts else None,
        "publisher": "arXiv" if arxiv else None,
        "number": arxiv and f"arXiv:{arxiv}",
        "DOI": doi,
        "URL": page_address(paper),
        "keyword": ", ".join(map(one_line, paper["categories"])),
        "abstract": one_line(paper["abstract"]),
        "custom": {name: found for name, found in custom.items() if found},
    }
    return {name: value for name, value in item.items() if value}


def _author(name: Name) -> dict[str, str]:
    if name.whole:
        return {"literal": name.family}
    parts = {
        "family": name.family,
        "given": name.given,
        "non-dropping-particle": name.particle,
        "suffix": name.suffix,
    }
    return {member: part for member, part in parts.items() if part}


def _json(paper: Json) -> bytes:
    return orjson.dumps(csl_item(paper))


CSL = PaperFormat(b"[", _json, b",\n", b"]\n")
"""A list of items, one a line."""
