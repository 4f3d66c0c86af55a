"""The fields of the Whoosh index, and what of a document goes into each."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from index.analysis import GAP_TOKEN
from index.document import (
    EXACT_FIELDS,
    FACET_FIELDS,
    HEADING,
    NUMBER_FIELDS,
    SORT_NAMES,
    TEXT_FIELDS,
    IndexDocument,
)
from index.engines.facets import shown
from index.engines.texts import WORD_FIELDS, ready_texts
from index.engines.whoosh_library import analysis, fields, formats
from index.engines.whoosh_queries import PAPER


class Row(NamedTuple):
    """What is stored of a paper, as a plain tuple."""

    rowid: int
    tie: int
    sort: dict[str, int | str | None]
    facets: dict[str, tuple[str, ...]]


class ReadyTokenizer(analysis.Tokenizer):  # type: ignore[misc]
    """Splits ready tokens at spaces; a gap token counts a position and is dropped.

    Whoosh pickles it into the index, by this name.
    """

    def __call__(self, value: str, **kwargs: Any) -> Iterator[analysis.Token]:
        """The tokens of a string as `index.engines.texts.ready_texts` makes it."""
        token = analysis.Token(**kwargs)
        for position, word in enumerate(value.split(" ") if value else ()):
            if word != GAP_TOKEN:
                token.text, token.pos, token.boost, token.stopped = word, position, 1.0, False
                yield token


def build_schema() -> fields.Schema:
    """The schema: as tantivy's, but sort values are stored together."""
    ready = ReadyTokenizer()
    made = fields.Schema(kind=fields.ID(), row=fields.STORED(), checkpoint=fields.STORED())
    for name in TEXT_FIELDS:
        made.add(name, fields.FieldType(formats.Positions(), ready, scorable=True))
    made.add(HEADING, fields.FieldType(formats.Frequency(), ready, scorable=True))
    for name in WORD_FIELDS:
        made.add(name, fields.FieldType(formats.Existence(), ready))
    for name in EXACT_FIELDS:
        made.add(name, fields.FieldType(formats.Existence(), analysis.IDTokenizer()))
    for name in (*NUMBER_FIELDS, "rowid"):
        made.add(name, fields.NUMERIC(int, bits=64, shift_step=8))
    return made


def paper_members(document: IndexDocument) -> dict[str, Any]:
    """A document as Whoosh takes it."""
    many: dict[str, list[Any]] = {name: list(document.exact.get(name, ())) for name in EXACT_FIELDS}
    many |= {name: list(document.numbers.get(name, ())) for name in NUMBER_FIELDS}
    return {
        **ready_texts(document),
        **{name: values for name, values in many.items() if values},
        "kind": PAPER,
        "rowid": document.rowid,
        "row": (
            document.rowid,
            document.tie,
            {name: document.sort[name] for name in SORT_NAMES},
            {name: _facet_values(name, document) for name in FACET_FIELDS},
        ),
    }


def _facet_values(name: str, document: IndexDocument) -> tuple[str, ...]:
    field = FACET_FIELDS[name]
    if name == "hasCode":
        return ("true",) if "code" in document.exact.get(field, ()) else ("false",)
    held = document.numbers if field in NUMBER_FIELDS else document.exact
    return tuple(shown(name, value) for value in held.get(field, ()))
