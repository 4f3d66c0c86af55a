"""Papers one after another, as NDJSON and CSV: the formats in which a whole result can be had.

The same value makes a page, a single paper and the stream of a whole result.
"""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from schema.members import LIST_MEMBERS
from schema.record import ExternalIdKind

PART = 64 * 1024
"""Bytes from which a part of a stream is passed on; one paper may add its own to that."""

Paper = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PaperFormat:
    """How papers stand one after another: `head`, the papers with `between` between, `tail`.

    `paper` makes the bytes of one from its decoded JSON, the object of a list row or of the whole
    paper. `row` makes the same from its JSON as it is stored, where that needs no decoding.
    """

    head: bytes
    paper: Callable[[Paper], bytes]
    between: bytes
    tail: bytes
    row: Callable[[bytes], bytes] | None = None

    def joined(self, papers: Iterable[Paper]) -> bytes:
        """The whole text of a few papers."""
        return self.head + self.between.join(map(self.paper, papers)) + self.tail

    def parts(self, rows: Iterable[bytes]) -> Iterator[bytes]:
        """The whole text in parts of about `PART` bytes, none empty, from papers as stored."""
        made, size, lead = [self.head], len(self.head), b""
        for row in rows:
            text = self.row(row) if self.row else self.paper(orjson.loads(row))
            made += (lead, text)
            size += len(text)
            lead = self.between
            if size >= PART:
                yield b"".join(made)
                made, size = [], 0
        if last := b"".join([*made, self.tail]):
            yield last


def _line(row: bytes) -> bytes:
    return row + b"\n"


def _paper_line(paper: Paper) -> bytes:
    return orjson.dumps({name: each for name, each in paper.items() if name != "search"}) + b"\n"


NDJSON = PaperFormat(b"", _paper_line, b"", b"", row=_line)
"""A JSON object a line, as a list shows a paper (https://github.com/ndjson/ndjson-spec)."""


def ndjson_of(fields: Sequence[str]) -> PaperFormat:
    """NDJSON with these members alone."""

    def line(paper: Paper) -> bytes:
        return orjson.dumps({name: paper.get(name) for name in fields}) + b"\n"

    return PaperFormat(b"", line, b"", b"")


EXTERNAL_IDS = tuple(str(kind) for kind in ExternalIdKind)
"""The columns in the place of `externalIds`."""

_OVERLOOKED = "[\\s\x00-\x1f\x7f-\x9f\xad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]"
_SIGN = "[=+@\uff1d\uff0b\uff0d\uff20\ufe62\ufe63\ufe66\ufe6b\u207a\u207c\u208a\u208c\ufb29-]"
_FORMULA = re.compile(f"{_OVERLOOKED}*{_SIGN}|[\t\r\n]")
"""What a spreadsheet may take for a formula: a sign of one, in any width, and what it overlooks
before it; a tab or a line end, which may begin a cell of its own."""
_LATER_FORMULA = re.compile(rf"[;\t\r\n](?=(?:(?![\t\r\n]){_OVERLOOKED})*{_SIGN})")
"""Where one may begin for a spreadsheet that parts cells by semicolons or tabs: it knows neither
our commas nor the quotation marks behind them."""


def defused(text: str) -> str:
    """`text` as a cell that no spreadsheet runs: an apostrophe before what would be a formula.

    See OWASP, "CSV Injection" (https://owasp.org/www-community/attacks/CSV_Injection).
    """
    held = text
    if ";" in text or "\n" in text or "\t" in text or "\r" in text:  # ten times as fast
        held = _LATER_FORMULA.sub(r"\g<0>'", text)
    return f"'{held}" if _FORMULA.match(text) else held


def csv_of(fields: Sequence[str]) -> PaperFormat:
    """CSV (RFC 4180) of these members: a line of their names, then a line a paper, in UTF-8.

    Of a list it joins what names each item by "; ", and `externalIds` are a column each. A flag is
    `true` or `false`, what is null an empty cell.
    """
    columns = [
        name for field in fields for name in (EXTERNAL_IDS if field == "externalIds" else (field,))
    ]

    def line(paper: Paper) -> bytes:
        return _csv_line([cell for field in fields for cell in _cells(field, paper.get(field))])

    return PaperFormat(_csv_line(columns), line, b"", b"")


_NAMING = {"authors": "name", "links": "url", "sources": "name"}
"""Lists of objects, and the member that names one of them."""


def _cells(field: str, value: Any) -> list[str]:
    if field == "externalIds":
        return [_cell(value and value[kind]) for kind in EXTERNAL_IDS]
    if value is not None and (naming := _NAMING.get(field)):
        value = [each[naming] for each in value]
    return [_cell(value)]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        value = "; ".join(value)
    return defused(value) if isinstance(value, str) else str(value)


class _Echo:
    """A file that hands back what is written: `csv` answers with it."""

    def write(self, text: str) -> str:
        return text


def _csv_line(cells: Sequence[str]) -> bytes:
    line: Any = csv.writer(_Echo()).writerow(cells)
    return bytes(line, "utf-8")


CSV = csv_of(LIST_MEMBERS)
