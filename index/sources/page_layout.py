"""The shape of a Daily Papers page: lines, paragraphs, header and entries.

    page      = [header] *entry
    header    = known lines, each at most once, up to the page's day if that is there
    entry     = title, blank, abstract, blank, [author-line, blank]
    author-line = "  • N authors" / "·" / "Mon D[, YYYY][ comments]"   (three lines, or one)

Line ends are LF, CR LF or CR; white space around a line says nothing. What can be told apart:

- An author line is known by its form: a bullet with a count of authors, or a lone `·` below some
  line. So titles such as `2 authors` or `Oct 12` are titles. Paragraphs between two author lines
  are entries without one, two paragraphs each.
- Two blank lines more than the page's usual gap are an empty title or abstract, if the paragraphs
  between two author lines then come in pairs; else they are only space.
- A day below the header is the page's day, unless the first entry then lacks a title.
- A number behind a date without a comma is the comment count, even if it looks like a year.

An odd number of paragraphs is a fault. Then a paragraph of over `PROSE` characters is no title: it
continues the abstract above it, and a short paragraph before a title with its abstract has lost
its own. One short line alone above an author line is a title with an empty abstract. What is still
alone is rejected, rather than guessed at.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from index.sources.limits import MAX_PAGE_LINES
from index.sources.page_dates import AuthorLine, WrittenDay, read_author_line, read_page_day

PROSE = 300

_LINE = re.compile(rb"([^\r\n]*)(\r\n|\r|\n|\Z)")
_AUTHORS_LINE = re.compile(r"•\s*\S+\s+authors?\s*(?:·.*)?")
_DOT = "·"
_INVISIBLE = "\ufeff\u200b"
_TITLE_OF_PAGE = "daily papers"
_KNOWN_LINES = {
    "new",
    "get trending papers in your email inbox!",
    "subscribe",
    _TITLE_OF_PAGE,
    "trending papers",
    "byak and the research community",
    "by ak and the research community",
    "by",
    "ak",
    "and the research community",
}
_HEADER_BEFORE_TITLE, _HEADER_AFTER_TITLE = 12, 5


class PageTooLarge(Exception):  # noqa: N818
    """The page has more than `MAX_PAGE_LINES` lines with text."""


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line with text: bytes `start` to `end`, its number, the blank lines above it.

    `text` is stripped; bytes that are not UTF-8 are surrogates in it.
    """

    text: str
    start: int
    end: int
    number: int
    gap: int


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Neighbouring lines; `author_line` says that they carry, or should carry, the authors."""

    lines: tuple[TextLine, ...]
    author_line: bool = False

    @property
    def start(self) -> int:
        """First byte."""
        return self.lines[0].start

    @property
    def end(self) -> int:
        """Byte behind the last."""
        return self.lines[-1].end

    @property
    def gap(self) -> int:
        """Blank lines above."""
        return self.lines[0].gap

    @property
    def text(self) -> str:
        """The lines in one, with single spaces."""
        return " ".join(line.text for line in self.lines)

    @property
    def prose(self) -> bool:
        """Whether this is too long for a title."""
        return self.end - self.start > PROSE and len(self.text) > PROSE


@dataclass(frozen=True, slots=True)
class Entry:
    """The paragraphs of a paper; abstract and author line may be missing."""

    title: Paragraph
    abstract: Paragraph | None
    author_line: Paragraph | None

    @property
    def paragraphs(self) -> tuple[Paragraph, ...]:
        """Those that are there, in order."""
        return tuple(each for each in (self.title, self.abstract, self.author_line) if each)


@dataclass(frozen=True, slots=True)
class Broken:
    """Paragraphs that are no entry, and why."""

    paragraphs: tuple[Paragraph, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Layout:
    """A page taken apart: the day in its header, if any, and its entries in order."""

    day: WrittenDay | None
    entries: tuple[Entry | Broken, ...]


def read_layout(data: bytes) -> Layout:
    """Take a page apart. Raises `PageTooLarge`; anything else is a page, if a broken one."""
    lines = _lines(data)
    without_day, with_day = _header_ends(lines)
    body = _paragraphs(lines[without_day:])
    if with_day is not None:
        behind = _paragraphs(lines[with_day:])
        if _begins_with_pairs(behind) or not _begins_with_pairs(body):
            day = read_page_day(lines[with_day - 1].text)
            return Layout(day, tuple(_entries(behind)))
    return Layout(None, tuple(_entries(body)))


def _lines(data: bytes) -> list[TextLine]:
    lines: list[TextLine] = []
    blank = 0
    for number, found in enumerate(_LINE.finditer(data), start=1):
        text = found[1].decode("utf-8", "surrogateescape").strip().strip(_INVISIBLE).strip()
        if not text:
            blank += 1
            continue
        start = 3 if number == 1 and data.startswith(b"\xef\xbb\xbf") else found.start(1)
        lines.append(TextLine(text, start, found.end(1), number, blank))
        blank = 0
        if len(lines) > MAX_PAGE_LINES:
            raise PageTooLarge
    return lines


def _header_ends(lines: list[TextLine]) -> tuple[int, int | None]:
    """Where the entries begin if the page's day is not in the header, and if it is."""
    end, seen = 0, set[str]()
    while end < len(lines) and (known := lines[end].text.lower()) in _KNOWN_LINES - seen:
        seen.add(known)
        end += 1
    head = [line.text for line in lines[:_HEADER_BEFORE_TITLE]]
    title = next((place for place, text in enumerate(head) if text.lower() == _TITLE_OF_PAGE), None)
    if title is None or any(_AUTHORS_LINE.fullmatch(text) for text in head[:title]):
        day = end if end < len(lines) and read_page_day(lines[end].text) else None
        return end, None if day is None else day + 1
    for place in range(title + 1, min(title + 1 + _HEADER_AFTER_TITLE, len(lines))):
        if _AUTHORS_LINE.fullmatch(lines[place].text):
            break
        if read_page_day(lines[place].text):
            return max(end, title + 1), place + 1
    return max(end, title + 1), None


def _paragraphs(lines: list[TextLine]) -> list[Paragraph]:
    found: list[Paragraph] = []
    current: list[TextLine] = []
    in_authors = False

    def close() -> None:
        if current:
            found.append(Paragraph(tuple(current), in_authors))
            current.clear()

    for place, line in enumerate(lines):
        below = lines[place + 1] if place + 1 < len(lines) else None
        dotted = below is not None and not below.gap and below.text == _DOT
        if line.gap or (in_authors and _complete(current)):
            close()
            in_authors = False
        if not in_authors and (dotted or line.text == _DOT or _AUTHORS_LINE.fullmatch(line.text)):
            close()
            in_authors = True
        current.append(line)
    close()
    return found


def _complete(lines: list[TextLine]) -> bool:
    """Whether the lines of authors have all their parts, so that what follows is a new one."""
    return len(lines) < 4 and isinstance(
        read_author_line(" ".join(line.text for line in lines)), AuthorLine
    )


def _begins_with_pairs(paragraphs: list[Paragraph]) -> bool:
    """Whether the paragraphs up to the first author line are titles with their abstracts."""
    first = next((place for place, each in enumerate(paragraphs) if each.author_line), None)
    usual = _usual_gap(paragraphs)
    below = None if first is None else paragraphs[first]
    return _pairs(paragraphs[:first], below, usual, leading=False) is not None


def _usual_gap(paragraphs: list[Paragraph]) -> int:
    return min((each.gap for each in paragraphs[1:] if each.gap), default=1)


def _entries(paragraphs: list[Paragraph]) -> Iterator[Entry | Broken]:
    usual = _usual_gap(paragraphs)
    group: list[Paragraph] = []
    leading = False
    for each in paragraphs:
        if not each.author_line:
            group.append(each)
            continue
        yield from _group_entries(group, each, usual, leading=leading)
        group, leading = [], True
    if group:
        yield from _group_entries(group, None, usual, leading=leading)


def _group_entries(
    group: list[Paragraph], author_line: Paragraph | None, usual: int, *, leading: bool
) -> Iterator[Entry | Broken]:
    """The entries of the paragraphs above an author line, or above the end of the page."""
    pairs = _pairs(group, author_line, usual, leading=leading)
    if pairs is None:
        yield from _mended(group, author_line)
        return
    for place, (title, abstract) in enumerate(pairs, start=1):
        last = author_line if place == len(pairs) else None
        if title:
            yield Entry(title, abstract, last)
        else:
            present = tuple(each for each in (abstract, last) if each)
            yield Broken(present, "the title is empty")


def _pairs(
    group: list[Paragraph], below: Paragraph | None, usual: int, *, leading: bool
) -> list[tuple[Paragraph | None, Paragraph | None]] | None:
    """Titles with abstracts, None standing for an empty one; None if they do not come in pairs."""
    slots: list[Paragraph | None] = []
    for place, each in enumerate(group):
        if each.gap >= usual + 2 and (place or leading):
            slots.append(None)
        slots.append(each)
    if group and below and below.gap >= usual + 2:
        slots.append(None)
    for candidate in (slots, list[Paragraph | None](group)):
        pairs = list(zip(candidate[::2], candidate[1::2], strict=False))
        doubtful = len(pairs) > 1 and any(title and title.prose for title, _ in pairs)
        if candidate and len(candidate) % 2 == 0 and not doubtful:
            return pairs
    return None


def _mended(group: list[Paragraph], author_line: Paragraph | None) -> Iterator[Entry | Broken]:
    """What can be read of paragraphs that do not come in pairs."""
    if author_line and len(group) == 1 and len(group[0].lines) == 1 and not group[0].prose:
        yield Entry(group[0], None, author_line)
        return
    joined = _with_prose_joined(group)
    place = 0
    while place < len(joined):
        first, *rest = joined[place : place + 3]
        ends = place + 2 >= len(joined)
        if first.prose:
            closing = (author_line,) if author_line and not rest else ()
            yield Broken((first, *closing), "an abstract without a title")
            place += 1
        elif not rest:
            closing = (author_line,) if author_line else ()
            reason = "a title without abstract and line of authors"
            if author_line:
                reason = "a single paragraph: a title, or the end of an abstract"
            yield Broken((first, *closing), reason)
            place += 1
        elif not rest[0].prose and rest[1:] and rest[1].prose:
            yield Broken((first,), "a title without an abstract")
            place += 1
        else:
            yield Entry(first, rest[0], author_line if ends else None)
            place += 2
    if not joined and author_line:
        yield Broken((author_line,), "a line of authors without a title above it")


def _with_prose_joined(group: list[Paragraph]) -> list[Paragraph]:
    runs: list[list[Paragraph]] = []
    above = False
    for each in group:
        prose = each.prose
        if above and prose:
            runs[-1].append(each)
        else:
            runs.append([each])
        above = prose
    return [Paragraph(tuple(line for each in run for line in each.lines)) for run in runs]
