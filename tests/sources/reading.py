"""How tests read bytes through the real sources."""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from index.sources import open_source, parse_source
from schema.record import PaperRecord, Reject, SourceWarning


@dataclass
class Reading:
    papers: list[PaperRecord] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    warnings: list[SourceWarning] = field(default_factory=list)


def read_file(
    path: Path, *, format_name: str | None = None, page_date: date | None = None
) -> Reading:
    reading = Reading()
    with open_source(path) as source:
        for item in parse_source(source, format=format_name, page_date=page_date):
            if isinstance(item, PaperRecord):
                reading.papers.append(item)
            elif isinstance(item, Reject):
                reading.rejects.append(item)
            else:
                reading.warnings.append(item)
    return reading


def read_bytes(
    folder: Path,
    data: bytes,
    *,
    format_name: str | None = None,
    page_date: date | None = None,
) -> Reading:
    path = folder / "source"
    path.write_bytes(data)
    return read_file(path, format_name=format_name, page_date=page_date)
