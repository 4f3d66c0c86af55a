"""How many papers hold a word, read from Whoosh's lists of terms."""

from collections.abc import Collection, Sequence
from typing import Any

from index.engines.texts import SURFACE_FIELDS


def frequencies(reader: Any, field: str, words: Sequence[str]) -> list[int]:
    """See `index.engine.Snapshot`."""
    fields = SURFACE_FIELDS[field]
    return [max(int(reader.doc_frequency(each, word)) for each in fields) for word in words]


def completions(
    reader: Any, field: str, prefix: str, within: Collection[int] | None, limit: int
) -> list[tuple[str, int]]:
    """See `index.engine.Snapshot`; `within` are Whoosh's numbers of papers, None for all."""
    counts: dict[str, int] = {}
    for each in SURFACE_FIELDS.get(field, (field,)):
        for term in reader.expand_prefix(each, prefix.encode()):
            if within is None:
                count = int(reader.doc_frequency(each, term))
            else:
                count = sum(number in within for number in reader.postings(each, term).all_ids())
            word = term.decode()
            counts[word] = max(count, counts.get(word, 0))
    ranked = sorted((-count, word) for word, count in counts.items() if count)
    return [(word, -count) for count, word in ranked[:limit]]
