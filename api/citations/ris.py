"""Papers as RIS records (Research Information Systems; the tags of Reference Manager)."""

from collections.abc import Iterator

from api.citations.names import split_name
from api.facts import Json, date_parts, names, one_line, other_links, page_address
from api.formats import PaperFormat


def _tags(paper: Json) -> Iterator[tuple[str, str]]:
    """Tags and values in order, without those of begin and end."""
    yield "ID", paper["id"]
    yield "TI", paper["title"]
    for name in map(split_name, names(paper)):
        # A comma at its end says that a name has no parts, and any other parts it.
        yield "AU", name.family.replace(",", " ") + "," if name.whole else name.inverted
    yield from _date(date_parts(paper))
    identifiers = dict(paper["externalIds"])
    arxiv, doi = identifiers.pop("arxiv"), identifiers.pop("doi")
    if arxiv:
        yield "PB", "arXiv"
        yield "M1", f"arXiv:{arxiv}"
        yield "M3", "Preprint"
    if doi:
        yield "DO", doi
    for kind, identifier in identifiers.items():
        if identifier:
            yield "N1", f"{kind}:{identifier}"
    if page := page_address(paper):
        yield "UR", page
    for link in other_links(paper):
        yield "UR", link["url"]
    for category in paper["categories"]:
        yield "KW", category
    yield "AB", paper["abstract"]


def _date(parts: tuple[int, ...]) -> Iterator[tuple[str, str]]:
    """The year, and the date as `YYYY/MM/DD/`, of which every slash is written."""
    if parts:
        yield "PY", f"{parts[0]:04}"
    if len(parts) > 1:
        known = [f"{part:02}" for part in parts]
        yield "DA", "/".join([*known, *[""] * (4 - len(known))])


def _record(paper: Json) -> bytes:
    kind = "UNPB" if paper["externalIds"]["arxiv"] else "GEN"
    tags = ((tag, one_line(value)) for tag, value in _tags(paper))
    lines = [f"{tag}  - {value}" for tag, value in (("TY", kind), *tags) if value]
    return "".join(f"{line}\r\n" for line in [*lines, "ER  - "]).encode()


RIS = PaperFormat(b"", _record, b"\r\n", b"")
"""A record a paper, each line ended by CR LF.

A paper on arXiv is of type `UNPB`, as reference managers call a preprint, any other `GEN`: where
it appeared is not known.
"""
