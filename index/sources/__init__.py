"""The sources: bytes in, `PaperRecord`s, rejects and warnings out. One module per input format.

A new format is a module with a `FORMAT`, and its line in `FORMATS`.
"""

from collections.abc import Iterator
from datetime import date

from index.sources import daily_page, json_lines
from index.sources.format import Format, Item, ParseOptions
from index.sources.source import Source, SourceError, Upload, open_source
from schema.record import Reject

__all__ = [
    "FORMATS",
    "Format",
    "Item",
    "ParseOptions",
    "Source",
    "SourceError",
    "Upload",
    "open_source",
    "parse_source",
]

FORMATS: dict[str, Format] = {
    each.name: each
    for each in (
        json_lines.FORMAT,
        daily_page.FORMAT,
    )
}


def parse_source(
    source: Source,
    *,
    format: str | None = None,  # noqa: A002
    page_date: date | None = None,
) -> Iterator[Item]:
    """Read a freshly opened source, by the format named or else the one that it shows.

    Yields papers, rejects and warnings in their order; a stream that ends at damage gives all that
    was readable and a last reject with the reason. Raises `SourceError` at once for a format
    that is unknown or cannot be told.
    """
    chosen = _chosen(source, format)
    return _items(source, chosen, ParseOptions(page_date))


def _chosen(source: Source, name: str | None) -> Format:
    if name is not None:
        if name not in FORMATS:
            raise SourceError(
                f"{source.file.name}: there is no format {name!r}; known are {', '.join(FORMATS)}"
            )
        return FORMATS[name]
    for each in FORMATS.values():
        if each.detect(source.head):
            return each
    start = source.head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    hint = (
        "a JSON array; write one object a line (JSON lines)"
        if start == b"["
        else (f"unknown format; known are {', '.join(FORMATS)}")
    )
    raise SourceError(f"{source.file.name}: {hint}")


def _items(source: Source, chosen: Format, options: ParseOptions) -> Iterator[Item]:
    try:
        yield from chosen.parse(source, options)
        fault = source.fault
    except OSError as error:
        fault = f"the source can no longer be read ({error.strerror or error})"
    if fault:
        yield Reject(source.last_line + 1, fault, "")
