"""What a format is: how it is told from others, and how it is read."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from index.sources.source import Source
from schema.record import PaperRecord, Reject, SourceWarning

Item = PaperRecord | Reject | SourceWarning


@dataclass(frozen=True, slots=True)
class ParseOptions:
    """What a user says about a source: `page_date`, the day of a page that does not tell."""

    page_date: date | None = None


@dataclass(frozen=True, slots=True)
class Format:
    """An input format. `detect` sees the first 64 KiB of the decompressed content.

    `parse` yields papers, rejects and warnings in the order of the source. It may raise
    `SourceError` before its first item, and nothing else.
    """

    name: str
    description: str
    detect: Callable[[bytes], bool]
    parse: Callable[[Source, ParseOptions], Iterator[Item]]
