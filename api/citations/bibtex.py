"""Papers as BibTeX entries, with what LaTeX would read as a command written so that it shows.

Every entry is `@misc`: of no paper is it known in which journal or proceedings it appeared, which
the other types demand. The names of fields are those of BibTeX and of arXiv's own entries
(`eprint`, `archivePrefix`, `primaryClass`); what has no such name is called by its kind, such as
`codeurl` and `aclid`: BibTeX passes over these, reference managers keep them.
"""

import re
from collections.abc import Iterator

from api.citations.names import Name, split_name
from api.facts import Json, date_parts, names, one_line, other_links, page_address
from api.formats import PaperFormat

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

_IN_PAIRS = {
    "\\": "\\textbackslash{}",
    "~": "\\textasciitilde{}",
    "^": "\\textasciicircum{}",
} | {character: f"\\{character}" for character in "{}#$%&_"}
_NAMED = _IN_PAIRS | {"{": "\\lbrace{}", "}": "\\rbrace{}"}
"""For texts in which braces are no pairs: BibTeX counts `\\{` too, and wants them in pairs."""

_SPECIAL = re.compile(r"[\\~^{}#$%&_]")

_LIGATURES = ("--", "''", "``", "?`", "!`", ",,", "<<", ">>")
"""What LaTeX would draw as one character, `--` as a dash."""
_SECOND = re.compile(r"(?<=-)-|(?<=')'|(?<=[`?!])`|(?<=,),|(?<=<)<|(?<=>)>")

_ARXIV_CLASS = re.compile(r"[a-z][a-z-]*(\.[A-Za-z-]+)?")
_NOT_VERBATIM = re.compile(r"[{}\\]")


def escape(text: str) -> str:
    """A text on one line as LaTeX that shows the same characters."""
    line = one_line(text)
    table = _NAMED if _unpaired(line) else _IN_PAIRS
    escaped = _SPECIAL.sub(lambda found: table[found[0]], line)
    if any(pair in line for pair in _LIGATURES):
        escaped = _SECOND.sub(r"{}\g<0>", escaped)
    return escaped


def _unpaired(text: str) -> bool:
    depth = 0
    for brace in re.findall("[{}]", text) if "{" in text or "}" in text else ():
        depth += 1 if brace == "{" else -1
        if depth < 0:
            return True
    return depth > 0


def _fields(paper: Json) -> Iterator[tuple[str, str]]:
    """Names and values, these in braces, in the order of an entry."""
    title = escape(paper["title"])
    # Twice in braces no style changes its case. Then a command must not be its first character,
    # for `{\` begins what BibTeX takes for one letter.
    lead = "{}" if title.startswith("\\") else ""
    yield "title", f"{{{{{lead}{title}}}}}"
    if authors := names(paper):
        yield "author", f"{{{' and '.join(_author(split_name(name)) for name in authors)}}}"
    yield from _date(date_parts(paper))
    yield from _identifiers(paper)
    links = {"url": [page] if (page := page_address(paper)) else []}
    for link in other_links(paper):
        links.setdefault(f"{link['kind']}url", []).append(link["url"])
    for name, addresses in links.items():
        if addresses:
            yield name, f"{{{' '.join(map(_address, addresses))}}}"
    if categories := paper["categories"]:
        yield "keywords", f"{{{', '.join(map(escape, categories))}}}"
    if abstract := escape(paper["abstract"]):
        yield "abstract", f"{{{abstract}}}"


def _date(parts: tuple[int, ...]) -> Iterator[tuple[str, str]]:
    for name, part in zip(("year", "month", "day"), parts, strict=False):
        yield name, _MONTHS[part - 1] if name == "month" else f"{{{part}}}"


def _identifiers(paper: Json) -> Iterator[tuple[str, str]]:
    identifiers = dict(paper["externalIds"])
    arxiv, doi = identifiers.pop("arxiv"), identifiers.pop("doi")
    if doi and not _NOT_VERBATIM.search(doi):  # readers take it as it is, and `url` has it too
        yield "doi", f"{{{doi}}}"
    if arxiv:
        yield "eprint", f"{{{arxiv}}}"
        yield "archivePrefix", "{arXiv}"
        if paper["categories"] and _ARXIV_CLASS.fullmatch(first := paper["categories"][0]):
            yield "primaryClass", f"{{{first}}}"
    for kind, identifier in identifiers.items():
        if identifier:
            yield f"{kind}id", f"{{{escape(identifier)}}}"


def _author(name: Name) -> str:
    """A name as BibTeX takes it apart again: `von Family, Jr., Given`, a whole one in braces."""
    if name.whole:
        return f"{{{escape(name.family)}}}"
    family = _part(name.family)
    if not all(word[0].isupper() for word in name.family.split()):  # or readers find particles
        family = f"{{{escape(name.family)}}}"
    last = f"{_part(name.particle)} {family}" if name.particle else family
    return ", ".join([last, *filter(None, (_part(name.suffix), _part(name.given)))])


def _part(text: str) -> str:
    """A part of a name, in braces if there is a command in it, where readers cut at its blanks."""
    escaped = escape(text)
    return escaped if escaped == text else f"{{{escaped}}}"


def _address(url: str) -> str:
    """An address without what would end a field, percent-encoded; readers take it as it is."""
    return _NOT_VERBATIM.sub(lambda found: f"%{ord(found[0]):02X}", one_line(url))


def _entry(paper: Json) -> bytes:
    fields = "".join(f"  {name} = {value},\n" for name, value in _fields(paper))
    return f"@misc{{{paper['id']},\n{fields}}}\n".encode()


BIBTEX = PaperFormat(b"", _entry, b"\n", b"")
"""An entry a paper, whose key is the paper's id, an empty line between."""
