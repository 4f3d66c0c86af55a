"""JSON lines: one paper a line, either the interchange form or our own export.

Interchange: `title` (the only one required), `abstract`, `id` (an arXiv or ACL id by its shape,
else `externalIds.other`), `authors` (texts), `n_authors`, `published` (with `date_precision`),
`listed` (a day; no position), `categories` (list, or a text split at `;` and `,`), `doi`, `url`,
`pdf`; `comment` is a note of the authors and not kept. Our own export is told, line by line, by
its camelCase members; it keeps its `id`, and its texts, which are readable already. Other members
are not kept, and named once a file.
"""

import json
from collections.abc import Iterator
from typing import Any

import orjson

from index.sources.format import Format, Item, ParseOptions
from index.sources.json_members import Members, Refused, kind_of, shown
from index.sources.limits import MAX_LINE_BYTES, excerpt, has_control, refusal
from index.sources.links import external_id_of, find_links, link_of
from index.sources.source import Line, Source
from index.sources.text import readable
from schema.identifiers import MAX_ID_LENGTH, OWN_ID, acl_id, arxiv_id, doi, doi_identity
from schema.record import (
    ExternalIdKind,
    Link,
    LinkKind,
    Listing,
    PaperRecord,
    Precision,
    Published,
    Reject,
    SourceWarning,
    Span,
)

_BOM = b"\xef\xbb\xbf"
_MAX_NAMED = 50
_MAX_MEMBER_NAME = 60

INTERCHANGE = frozenset(
    [
        "title",
        "abstract",
        "id",
        "authors",
        "n_authors",
        "published",
        "date_precision",
        "listed",
        "categories",
        "doi",
        "url",
        "pdf",
        "comment",
    ]
)
"""The members of a line of the interchange form."""
_EXPORT = frozenset(
    [
        "id",
        "title",
        "abstract",
        "abstractRaw",
        "authors",
        "authorCount",
        "publishedAt",
        "publishedPrecision",
        "publishedYearInferred",
        "publishedRaw",
        "listedAt",
        "upvotes",
        "comments",
        "links",
        "hasCode",
        "categories",
        "externalIds",
        "sources",
        "createdSeq",
        "updatedSeq",
        "search",
    ]
)
_ONLY_EXPORT = frozenset(name for name in _EXPORT if not name.islower())
_LINK_KINDS = frozenset(LinkKind)
_ID_KINDS = frozenset(ExternalIdKind)


def detect(head: bytes) -> bool:
    """Whether a content begins with a JSON object."""
    return head.removeprefix(_BOM).lstrip()[:1] == b"{"


def parse(source: Source, options: ParseOptions) -> Iterator[Item]:
    """Papers, rejects and warnings of a file, line by line, in constant memory."""
    unknown: dict[str, int] = {}
    for line in source.lines():
        data = line.data.removeprefix(_BOM) if line.number == 1 else line.data
        if not line.whole:
            reason = f"the line has more than {MAX_LINE_BYTES:,} bytes"
            yield Reject(line.number, reason, excerpt(data))
            continue
        if not data.strip():
            continue
        try:
            members = Members(_object(data))
            exported = not _ONLY_EXPORT.isdisjoint(members.values)
            read = _read_export if exported else _read_interchange
            record = read(members, _span(line, data))
        except Refused as refused:
            if source.fault and not line.data.endswith(b"\n"):
                return  # the cut-off line; the fault is reported for it
            yield Reject(line.number, str(refused), excerpt(data))
            continue
        yield from _warnings(members, data, line.number)
        yield record
        for name in members.values.keys() - (_EXPORT if exported else INTERCHANGE):
            if len(unknown) <= _MAX_NAMED:
                unknown.setdefault(name[:_MAX_MEMBER_NAME], line.number)
    if unknown:
        names = ", ".join(sorted(unknown)[:_MAX_NAMED]) + (
            " and more" if len(unknown) > _MAX_NAMED else ""
        )
        yield SourceWarning(min(unknown.values()), f"members that are not kept: {names}")


def _object(data: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise Refused(f"not valid JSON ({error.msg} at character {error.pos})") from None
    if not isinstance(value, dict):
        raise Refused(f"a line must hold a JSON object, not {kind_of(value)}")
    return value


def _span(line: Line, data: bytes) -> Span:
    end = line.end - (len(data) - len(data.rstrip()))
    return Span(line.end - len(data.lstrip()), end, line.number)


def _warnings(members: Members, data: bytes, line: int) -> Iterator[SourceWarning]:
    for note in dict.fromkeys(members.notes):
        yield SourceWarning(line, note)
    doubtful = [name for name in members.values if data.count(b'"%b"' % name.encode()) > 1]
    for name in _repeated(data) if doubtful else ():
        yield SourceWarning(line, f"`{name[:_MAX_MEMBER_NAME]}` is there twice; the last was taken")


def _repeated(data: bytes) -> list[str]:
    """Members that the outermost object has more than once; orjson keeps the last silently."""
    found: list[str] = []

    def collect(pairs: list[tuple[str, Any]]) -> None:
        names = [name for name, _ in pairs]
        found[:] = (
            sorted({name for name in names if names.count(name) > 1})
            if (len(set(names)) < len(names))
            else []
        )

    try:
        json.loads(data, object_pairs_hook=collect)
    except (ValueError, RecursionError):
        return []
    return found[:_MAX_NAMED]


def _read_interchange(members: Members, span: Span) -> PaperRecord:
    raw_title = members.required_text("title")
    abstract_raw = members.required_text("abstract")
    title, abstract = readable(raw_title), readable(abstract_raw)
    authors = members.names()
    _refuse(members, title, abstract_raw, authors)
    urls = [url for name in ("url", "pdf") if (url := members.text(name))]
    links, left_out = find_links(abstract_raw, urls)
    members.notes += [f"left out: {what}" for what in left_out]
    listed = members.day("listed")
    return PaperRecord(
        title=title,
        span=span,
        abstract=abstract,
        abstract_raw=abstract_raw,
        authors=authors,
        author_count=_author_count(members, "n_authors", authors),
        published=members.published("published", "date_precision"),
        listings=(Listing(listed),) if listed else (),
        links=links,
        categories=members.categories(),
        external_ids=_interchange_ids(members, urls),
    )


def _read_export(members: Members, span: Span) -> PaperRecord:
    title = members.required_text("title").strip()
    abstract = members.required_text("abstract")
    abstract_raw = members.required_text("abstractRaw") or abstract
    authors = members.names()
    _refuse(members, title, max(abstract, abstract_raw, key=len), authors)
    identifier = members.required_text("id")
    if identifier and not (len(identifier) <= MAX_ID_LENGTH and OWN_ID.fullmatch(identifier)):
        raise Refused(f"`id` is none of ours: {shown(identifier)}")
    listed = members.day("listedAt")
    return PaperRecord(
        title=title,
        span=span,
        id=identifier or None,
        abstract=abstract or readable(abstract_raw),
        abstract_raw=abstract_raw,
        authors=authors,
        author_count=_author_count(members, "authorCount", authors),
        published=_export_published(members),
        listings=(Listing(listed),) if listed else (),
        upvotes=members.count("upvotes"),
        comments=members.count("comments"),
        links=_export_links(members, abstract_raw),
        categories=members.categories(),
        external_ids=_export_ids(members),
    )


def _refuse(members: Members, title: str, abstract: str, authors: tuple[str, ...] | None) -> None:
    reason = refusal(title, abstract, authors)
    if reason:
        raise Refused(reason)
    if has_control(members.values["title"]) or has_control(abstract):
        members.notes.append("control characters were read as spaces")


def _author_count(members: Members, name: str, authors: tuple[str, ...] | None) -> int | None:
    count = members.count(name)
    if authors is None:
        return count
    if count is not None and count < len(authors):
        members.notes.append(f"`{name}` is {count}, but {len(authors)} authors are named")
        return len(authors)
    return len(authors) if count is None else count


def _interchange_ids(members: Members, urls: list[str]) -> dict[ExternalIdKind, str]:
    found: dict[ExternalIdKind, str] = {}
    identifier = members.required_text("id").strip()
    if len(identifier) > MAX_ID_LENGTH:
        raise Refused(f"`id` has {len(identifier):,} characters; the limit is {MAX_ID_LENGTH}")
    if identifier:
        bare = identifier[6:] if identifier[:6].lower() == "arxiv:" else identifier
        if arxiv := arxiv_id(bare):
            found[ExternalIdKind.ARXIV] = arxiv
        elif acl := acl_id(identifier):
            found[ExternalIdKind.ACL] = acl
        else:
            found[ExternalIdKind.OTHER] = identifier
    if written := members.text("doi"):
        identity = doi_identity(written) if len(written) <= MAX_ID_LENGTH else None
        if identity:
            found.setdefault(*identity)
        else:
            members.notes.append(f"`doi` is no DOI: {shown(written)}")
    for url in urls:
        named = external_id_of(url) if len(url) <= MAX_ID_LENGTH else None
        if named:
            found.setdefault(*named)
    return found


def _export_ids(members: Members) -> dict[ExternalIdKind, str]:
    found: dict[ExternalIdKind, str] = {}
    normal = {"arxiv": arxiv_id, "doi": doi, "acl": acl_id}
    for kind, value in members.mapping("externalIds").items():
        if value is None:
            continue
        usable = isinstance(value, str) and 0 < len(value) <= MAX_ID_LENGTH
        identifier = normal.get(kind, str)(value) if usable and kind in _ID_KINDS else None
        if identifier:
            found[ExternalIdKind(kind)] = identifier
        else:
            members.notes.append(f"`externalIds.{kind[:_MAX_MEMBER_NAME]}` was left out")
    return found


def _export_links(members: Members, abstract: str) -> tuple[Link, ...]:
    if not isinstance(members.values.get("links"), list):
        links, left_out = find_links(abstract)
        members.notes += [f"left out: {what}" for what in left_out]
        return links
    urls: list[str] = []
    kinds: dict[str, LinkKind] = {}
    for each in members.values["links"]:
        url = each.get("url") if isinstance(each, dict) else None
        if not isinstance(url, str) or link_of(url[:2_000]) is None:
            members.notes.append("a member of `links` without a usable `url` was left out")
            continue
        urls.append(url)
        kind = each.get("kind")
        if isinstance(kind, str) and kind in _LINK_KINDS:
            kinds[url] = LinkKind(kind)
    links, left_out = find_links("", urls)
    members.notes += [f"left out: {what}" for what in left_out]
    return tuple(Link(link.url, kinds.get(link.url, link.kind)) for link in links)


def _export_published(members: Members) -> Published:
    read = members.published("publishedAt", "publishedPrecision")
    raw = members.text("publishedRaw")
    if read.precision is None or read.day is None:
        return Published(None, None, members.flag("publishedYearInferred"), raw or read.raw)
    return Published(
        read.day, Precision(read.precision), members.flag("publishedYearInferred"), raw
    )


FORMAT = Format(
    name="json-lines",
    description="JSON lines, one paper a line: the interchange form or our own export",
    detect=detect,
    parse=parse,
)
