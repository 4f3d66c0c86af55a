"""Answers as Markdown (CommonMark): for people in a terminal, and for programs that read for them.

Each function takes the JSON of an answer, decoded, so that it can say nothing else than JSON does,
and the address that stands before every link, perhaps empty.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from schema.members import LIST_MEMBERS

Json = Mapping[str, Any]

SHOWN_AUTHORS = 5
"""Names that a list shows of a paper; the paper itself shows all."""

SHOWN_PARTS = 8
"""Parts of a score that a list shows of a paper, the largest; feedback alone may add twenty."""

_BLANKS = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")
_SPECIAL = re.compile(r"[\\`*_\[\]<>&~|$#]")
_MARKER = re.compile(r"[-+=](?=\s|$|[-+=])|[0-9]{1,9}(?=[.)])")
"""What at the start of a line would begin a list, a rule or an underline."""

_ADDRESS = ":/?#@!$&'*+,;=%~[]"
"""What an address may hold as it is (RFC 3986), but parentheses, which would end a link."""


def escape(text: str) -> str:
    """`text` as Markdown that reads as the same words on one line, white space run together."""
    return _escaped(_BLANKS.sub(" ", text).strip())


def _escaped(line: str) -> str:
    escaped = _SPECIAL.sub(r"\\\g<0>", line)
    if found := _MARKER.match(escaped):
        # A number is text with a backslash behind it, a sign with one before it.
        end = found.end()
        number = found[0][0].isdigit()
        escaped = f"{found[0]}\\{escaped[end:]}" if number else f"\\{escaped}"
    return escaped


def marked(fragments: Sequence[Json]) -> str:
    """A highlight on one line, what matched in bold.

    A match that begins or ends with a sign stays plain: beside letters `**` would not be read.
    """
    parts: list[str] = []
    for each in fragments:
        text = _BLANKS.sub(" ", each["text"])
        bold = each["match"] and text[:1].isalnum() and text[-1:].isalnum()
        plain = _SPECIAL.sub(r"\\\g<0>", text)
        # Two in a row would meet in `****`, which is no border.
        joins = parts and parts[-1].endswith("**")
        if text:
            parts.append(f"**{plain}**" if bold and not joins else plain)
    return "".join(parts).strip()


def page_markdown(body: Json, base: str) -> str:
    """A page of a list or search."""
    meta = body["meta"]
    total = meta["total"]
    blocks = [f"# {_count(total, 'paper')}"]
    if meta["totalAll"] != total:
        blocks.append(f"{meta['totalAll']} of them with every word of the query.")
    warnings = [f"- {escape(each['message'])}" for each in meta["warnings"]]
    blocks += ["\n".join(warnings)] if warnings else []
    blocks += ["\n".join(map(_way_out, meta.get("alternatives", ())))]
    blocks += _rows(body["data"], base)
    blocks += _facets(body["facets"])
    blocks += _ways(("Previous page", body["links"]["prev"]), ("Next page", body["links"]["next"]))
    return _document(blocks)


def day_markdown(body: Json, base: str) -> str:
    """The papers of a day."""
    meta = body["meta"]
    blocks = [f"# Papers of {meta['date']}", _count(meta["total"], "paper") + "."]
    blocks += _rows(body["data"], base)
    days = ((f"Papers of {day}", f"{base}/v1/daily/{day}.md") for day in _days(meta))
    blocks += _ways(("Next page", body["links"]["next"]), *days)
    return _document(blocks)


def related_markdown(body: Json, base: str) -> str:
    """Papers like another."""
    paper = body["links"]["paper"]
    blocks = ["# Papers like another", *_ways(("The paper", f"{paper}.md"))]
    return _document([*blocks, *_rows(body["data"], base)])


def paper_markdown(body: Json, base: str) -> str:
    """One paper, whole."""
    paper = body["data"]
    facts = [
        ("Authors", paper["authorCount"] if paper["authors"] is None else _authors(paper, None)),
        ("Published", _published(paper)),
        ("Listed", paper["listedAt"]),
        ("Upvotes", paper["upvotes"]),
        ("Comments", paper["comments"]),
        ("Categories", ", ".join(map(escape, paper["categories"]))),
        ("Id", f"`{paper['id']}`"),
    ]
    facts += [(kind, escape(value)) for kind, value in paper["externalIds"].items() if value]
    facts += [(link["kind"].capitalize(), _link(None, link["url"])) for link in paper["links"]]
    lines = [f"- {name}: {value}" for name, value in facts if value not in (None, "")]
    blocks = [f"# {escape(paper['title'])}", "\n".join(lines)]
    blocks += ["## Abstract", escape(paper["abstract"])] if paper["abstract"] else []
    blocks += _ways(("Papers like it", f"{base}/v1/papers/{paper['id']}/related.md"))
    return _document(blocks)


def _document(blocks: Sequence[str]) -> str:
    return "\n\n".join(block for block in blocks if block) + "\n"


def _rows(rows: Sequence[Json], base: str) -> Iterator[str]:
    for row in rows:
        identifier = row.get("id")
        title = row.get("title") or identifier or "A paper"
        address = f"{base}/v1/papers/{identifier}.md" if identifier else None
        yield f"## {_link(title, address) if address else escape(title)}"
        known = (_authors(row, SHOWN_AUTHORS), _published(row), identifier and f"`{identifier}`")
        yield " · ".join(each for each in known if each)
        if not row.keys() >= set(LIST_MEMBERS) and row.get("abstract"):
            yield escape(row["abstract"])  # `fields` asked for it
        yield "\n".join(_findings(row.get("search") or {}))


def _findings(search: Json) -> Iterator[str]:
    """What the query matched in a paper, and of what its score is made, where that was asked."""
    for each in search.get("highlights") or ():
        yield f"- {each['field']}: {marked(each['fragments'])}"
    if explanation := search.get("explanation"):
        made = explanation["parts"]
        parts = [
            f"{each['score']:.3g} for {escape(each['term'])} in {each['field']} ({each['kind']})"
            for each in made[:SHOWN_PARTS]
        ]
        if rest := made[SHOWN_PARTS:]:
            parts.append(f"{sum(each['score'] for each in rest):.3g} for {len(rest)} more")
        yield f"- score {search['score']:.3g}: {', '.join(parts)}"


def _authors(paper: Json, shown: int | None) -> str:
    """Names, or how many there are; nothing where neither is known."""
    authors, count = paper.get("authors"), paper.get("authorCount")
    if authors is None:
        return _count(count, "author") if count is not None else ""
    names = [escape(author["name"]) for author in authors[:shown]]
    more = len(authors) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")


def _published(paper: Json) -> str:
    """The date as far as it is known."""
    day = paper.get("publishedAt")
    if day is None:
        return ""
    return str(day[: {"year": 4, "month": 7}.get(paper.get("publishedPrecision") or "", 10)])


def _way_out(alternative: Json) -> str:
    """A question that finds more, with the address of its answer."""
    address, mark, query = alternative["link"].partition("?")
    text = _count(alternative["total"], "paper")
    return f"- {escape(alternative['message'])} {_link(text, f'{address}.md{mark}{query}')}"


def _facets(facets: Json | None) -> list[str]:
    found = {name: facet for name, facet in (facets or {}).items() if facet}
    lines = [
        f"- {name}: "
        + (
            ", ".join(f"{escape(each['value'])} ({each['count']})" for each in facet["values"])
            or "none"
        )
        for name, facet in found.items()
    ]
    return ["## Facets", "\n".join(lines)] if lines else []


def _days(meta: Json) -> list[str]:
    return [day for day in (meta["previous"], meta["next"]) if day]


def _ways(*ways: tuple[str, str | None]) -> list[str]:
    """A line of links, those that lead somewhere."""
    links = [_link(text, address) for text, address in ways if address]
    return [" · ".join(links)] if links else []


def _link(text: str | None, address: str) -> str:
    """A link; without a text its address is shown."""
    return f"[{escape(address if text is None else text)}]({quote(address, safe=_ADDRESS)})"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
