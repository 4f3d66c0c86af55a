"""What comes in one after another, cut into pieces that are each stored in one transaction."""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")

BATCH_ITEMS = 500
BATCH_BYTES = 8 * 2**20
BATCH_SECONDS = 1.0
"""A batch has at most so many items, made of about so many bytes, that came in such a time."""


def in_batches(items: Iterable[T], size_of: Callable[[T], int]) -> Iterator[list[T]]:
    """Items in lists, cut early where they are large or come slowly; `size_of` gives bytes.

    What came ahead of an error comes before it.
    """
    batch: list[T] = []
    size, began = 0, time.monotonic()
    try:
        for item in items:
            batch.append(item)
            size += size_of(item)
            full = len(batch) >= BATCH_ITEMS or size >= BATCH_BYTES
            if full or time.monotonic() - began > BATCH_SECONDS:
                yield batch
                batch, size, began = [], 0, time.monotonic()
    except Exception:
        if batch:
            yield batch
        raise
    if batch:
        yield batch
