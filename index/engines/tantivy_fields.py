"""The fields of the tantivy index, and what of a document goes into each."""

from hashlib import blake2b

import tantivy

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
from index.engines.texts import FORMAT, WORD_FIELDS, ready_texts

PAPER, CHECKPOINT = "paper", "checkpoint"
"""The values of `kind`: each commit holds one checkpoint document beside the papers."""

NUMBER_SORTS = tuple(name for name in SORT_NAMES if name != "title")
TITLE = "sortTitle"
TITLE_PARTS = ("sortTitlePart0", "sortTitlePart1", "sortTitlePart2")
"""Columns of numbers: the first, second and third 8 bytes of the title (`title_part`)."""
READY = "ready"

AUTHOR_KEYS = tuple(f"authorKey{part}" for part in range(4))
"""Columns of numbers that stand for folded names (`author_key`), each a fourth of them.

Different numbers are counted several times faster than different texts.
"""

_TIES = 2**32
_HALF = 2**31


def sort_field(name: str, descending: bool) -> str:
    """The column by which an order of integers is read, always ascending."""
    return f"sort_{name}_{'desc' if descending else 'asc'}"


def _build_schema() -> tantivy.Schema:
    """The schema: text as ready tokens, exact values raw, numbers and sort keys as columns."""
    builder = tantivy.SchemaBuilder()
    for name in TEXT_FIELDS:
        builder.add_text_field(name, tokenizer_name=READY, index_option="position")
    builder.add_text_field(HEADING, tokenizer_name=READY, index_option="freq")
    for name in WORD_FIELDS:
        builder.add_text_field(name, tokenizer_name=READY, index_option="basic")
    for name in (*EXACT_FIELDS, "kind"):
        counted = name in FACET_FIELDS.values() and name != "has"
        builder.add_text_field(name, fast=counted, tokenizer_name="raw", index_option="basic")
    for name in (*NUMBER_FIELDS, "tie", *TITLE_PARTS):
        builder.add_integer_field(name, fast=True)
    builder.add_integer_field("rowid", indexed=True, fast=True)
    for name in AUTHOR_KEYS:
        builder.add_integer_field(name, indexed=False, fast=True)
    builder.add_text_field(TITLE, fast=True, tokenizer_name="raw", index_option="basic")
    for name in NUMBER_SORTS:
        builder.add_integer_field(sort_field(name, False), fast=True)
        builder.add_integer_field(sort_field(name, True), fast=True)
    for name in ("position", "identity", "format"):
        builder.add_text_field(name, stored=True, tokenizer_name="raw", index_option="basic")
    return builder.build()


SCHEMA = _build_schema()


def register_tokenizers(opened: tantivy.Index) -> None:
    """Teach an opened index to split ready tokens; a gap token counts a position and is dropped."""
    ready = (
        tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace())
        .filter(tantivy.Filter.custom_stopword([GAP_TOKEN]))
        .build()
    )
    opened.register_tokenizer(READY, ready)


def sort_key(value: int | None, tie: int, descending: bool) -> int:
    """One unique integer for an order by a value of 0 to 2**31 - 1, nulls last, then by `tie`.

    The upper half holds the value (from -2**31 on, or negated to descend; 0 or 1 for null), the
    lower 32 bits the tie.
    """
    if not 0 <= tie < _TIES:
        raise ValueError(f"a tie is an integer of 32 bits, not {tie}")
    return sort_prefix(value, descending) * _TIES + tie


def sort_prefix(value: int | str | None, descending: bool) -> int:
    """The upper half of `sort_key`."""
    if value is None:
        return 1 if descending else 0
    if isinstance(value, str) or not 0 <= value < _HALF:
        raise ValueError(f"a sort value is an integer of 31 bits, not {value!r}")
    return -value if descending else value - _HALF


def sort_range(prefix: int) -> tuple[int, int]:
    """The first and last `sort_key` of papers with one value."""
    return prefix * _TIES, prefix * _TIES + _TIES - 1


def sort_prefix_of(key: int) -> int:
    """The upper half of a `sort_key`."""
    return key // _TIES


def title_part(title: str, part: int = 0) -> int:
    """The `part`-th 8 bytes of a title (UTF-8) as an integer of the same order."""
    return int.from_bytes(title.encode()[part * 8 :][:8].ljust(8, b"\0"), "big") - 2**63


def author_key(name: str) -> int:
    """63 bits that stand for a name: among a million names, two share them with p = 1e-7."""
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "big") >> 1


def paper_document(document: IndexDocument) -> tantivy.Document:
    """A paper as tantivy takes it. Raises `ValueError` for values that no column can hold."""
    title = document.sort["title"]
    if not isinstance(title, str):
        raise ValueError("a paper's sort title is a string")
    members: dict[str, object] = {name: [text] for name, text in ready_texts(document).items()}
    members |= {name: list(document.exact.get(name, ())) for name in EXACT_FIELDS}
    members |= {name: list(document.numbers.get(name, ())) for name in NUMBER_FIELDS}
    members |= {
        "kind": [PAPER],
        "rowid": [document.rowid],
        "tie": [document.tie],
        TITLE: [title],
    }
    members |= {name: [title_part(title, part)] for part, name in enumerate(TITLE_PARTS)}
    keys = [author_key(name) for name in document.exact.get("authorName", ())]
    members |= {
        field: [key for key in keys if key % len(AUTHOR_KEYS) == part]
        for part, field in enumerate(AUTHOR_KEYS)
    }
    for name in NUMBER_SORTS:
        value = document.sort[name]
        if isinstance(value, str):
            raise ValueError(f"the sort value {name} is an integer")
        for descending in (False, True):
            key = sort_key(value, document.tie, descending)
            members[sort_field(name, descending)] = [key]
    return tantivy.Document.from_dict(members, SCHEMA)


def checkpoint_document(position: int, identity: str) -> tantivy.Document:
    """What a commit says of itself: the store's position and identity, and the format."""
    members = {
        "kind": [CHECKPOINT],
        "position": [str(position)],
        "identity": [identity],
        "format": [str(FORMAT)],
    }
    return tantivy.Document.from_dict(members, SCHEMA)
