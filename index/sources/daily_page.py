"""Text of a Daily Papers page, as a browser copies it: a header, then papers.

The grammar, and which of its ambiguities can be decided, is told in `page_layout`. Each paper gets
a listing on the page's day, at its position on the page. The year of dates without one is told by
the page date that a user gives, the header, or the other dates (`page_dates`): never by the clock,
the locale or the name of the file.
"""

import re
from collections.abc import Iterator

from index.sources.format import Format, Item, ParseOptions
from index.sources.limits import MAX_PAGE_BYTES, MAX_PAGE_LINES, excerpt, has_control, refusal
from index.sources.links import find_links
from index.sources.page_dates import (
    AuthorLine,
    PageDay,
    page_day,
    published_on,
    read_author_line,
)
from index.sources.page_layout import Broken, Entry, PageTooLarge, Paragraph, read_layout
from index.sources.source import Source, SourceError
from index.sources.text import readable
from schema.record import Listing, PaperRecord, Published, Reject, SourceWarning, Span

_HEADER = re.compile(r"(?:^|[\r\n])\s*Daily Papers\s*(?:[\r\n]|$)")
_AUTHOR_LINE = re.compile(r"(?:^|[\r\n])\s*•\s*[0-9,]+\s+authors?\s*·")
_HEADER_WITHIN = 4096


def detect(head: bytes) -> bool:
    """Whether a content has the header of a page or a line of authors."""
    text = head.decode("utf-8", "replace").removeprefix("\ufeff")
    return bool(_HEADER.search(text[:_HEADER_WITHIN]) or _AUTHOR_LINE.search(text))


def parse(source: Source, options: ParseOptions) -> Iterator[Item]:
    """Papers, rejects and warnings of a page in their order; raises `SourceError` if too large."""
    data = source.read(MAX_PAGE_BYTES + 1)
    if len(data) > MAX_PAGE_BYTES:
        raise SourceError(f"{source.file.name}: a page of more than {MAX_PAGE_BYTES:,} bytes")
    try:
        layout = read_layout(data)
    except PageTooLarge:
        raise SourceError(
            f"{source.file.name}: a page of more than {MAX_PAGE_LINES:,} lines"
        ) from None
    source.last_line = data.count(b"\n")
    author_lines = [
        read_author_line(each.author_line.text)
        if isinstance(each, Entry) and each.author_line
        else None
        for each in layout.entries
    ]
    dates = [each.date for each in author_lines if isinstance(each, AuthorLine)]
    page = page_day(options.page_date, layout.day, dates)
    for warning in page.warnings:
        yield SourceWarning(1, warning)
    if not layout.entries:
        yield SourceWarning(1, "there are no papers on the page")
    final = len(layout.entries)
    for position, (entry, author_line) in enumerate(
        zip(layout.entries, author_lines, strict=True), start=1
    ):
        if source.fault and position == final:
            yield _reject(data, entry.paragraphs, "the entry is cut off")
        elif isinstance(entry, Broken):
            yield _reject(data, entry.paragraphs, entry.reason)
        else:
            yield from _read_entry(data, entry, author_line, page, position)


def _read_entry(
    data: bytes, entry: Entry, author_line: AuthorLine | str | None, page: PageDay, position: int
) -> Iterator[Item]:
    """The paper of an entry with its warnings, or its reject."""
    fault = _unreadable(entry.paragraphs)
    if fault:
        yield _reject(data, entry.paragraphs, *fault)
        return
    if isinstance(author_line, str) and entry.author_line:
        yield _reject(data, entry.paragraphs, author_line, entry.author_line.lines[0].number)
        return
    raw = data[entry.abstract.start : entry.abstract.end].decode() if entry.abstract else ""
    title = readable(entry.title.text)
    reason = refusal(title, raw)
    if reason:
        yield _reject(data, entry.paragraphs, reason)
        return
    line = entry.title.lines[0].number
    links, left_out = find_links(raw)
    warnings = [f"left out: {what}" for what in left_out]
    if has_control(entry.title.text) or has_control(raw):
        warnings.append("control characters were read as spaces")
    published, doubt = Published(), None
    if isinstance(author_line, AuthorLine):
        published, doubt = published_on(author_line.date, page)
    for warning in (*warnings, *((doubt,) if doubt else ())):
        yield SourceWarning(line, warning)
    yield PaperRecord(
        title=title,
        span=Span(entry.title.start, entry.paragraphs[-1].end, line),
        abstract=readable(raw),
        abstract_raw=raw,
        author_count=author_line.authors if isinstance(author_line, AuthorLine) else None,
        comments=author_line.comments if isinstance(author_line, AuthorLine) else None,
        published=published,
        listings=(Listing(page.day.isoformat(), position),) if page.day else (),
        links=links,
    )


def _unreadable(paragraphs: tuple[Paragraph, ...]) -> tuple[str, int] | None:
    """Why a text is none, and in which line: bytes that are not UTF-8, or a NUL."""
    for line in (line for each in paragraphs for line in each.lines):
        if any("\udc80" <= char <= "\udcff" for char in line.text):
            return "the text is not UTF-8", line.number
        if "\0" in line.text:
            return "the text has a NUL character", line.number
    return None


def _reject(
    data: bytes, paragraphs: tuple[Paragraph, ...], reason: str, line: int | None = None
) -> Reject:
    first, last = paragraphs[0], paragraphs[-1]
    text = excerpt(data[first.start : last.end])
    return Reject(line or first.lines[0].number, reason, text)


FORMAT = Format(
    name="daily-page",
    description="text of a Daily Papers page as a browser copies it",
    detect=detect,
    parse=parse,
)
