"""Pages that were found lately, within a bound of bytes."""

import threading
from collections import OrderedDict
from collections.abc import Hashable

from schema.search import Page, SearchRequest

PAGE, HIT, TEXT, CHARACTER = 1500, 250, 100, 4
"""Bytes that are reckoned for a page, a hit beside its row, a text, and a character of it."""


class PageCache:
    """The pages of recent requests by revision and request, the least recently used going first.

    A revision never changes, so what is cached never goes wrong; `budget` bounds it in bytes.
    """

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._size = 0
        self._pages: OrderedDict[Hashable, Page] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Page | None:
        """The page that was put under `key`, if it is still here."""
        with self._lock:
            page = self._pages.get(key)
            if page is not None:
                self._pages.move_to_end(key)
            return page

    def put(self, key: Hashable, page: Page) -> None:
        """Remember a page, and forget the oldest beyond the budget."""
        with self._lock:
            if key in self._pages:
                return
            self._pages[key] = page
            self._size += _cost(page)
            while self._size > self._budget:
                _, oldest = self._pages.popitem(last=False)
                self._size -= _cost(oldest)


def _cost(page: Page) -> int:
    """Bytes that a page and its request need, at most about; both are as long as a client likes."""
    rows = sum(map(len, page.rows)) + HIT * len(page.rows)
    texts = [*_texts(page.request), *(warning.message for warning in page.warnings)]
    return PAGE + rows + TEXT * len(texts) + CHARACTER * sum(map(len, texts))


def _texts(request: SearchRequest) -> list[str]:
    texts = [request.q or "", request.cursor or "", request.before or ""]
    for _, condition in request.conditions:
        texts += [condition.field, *condition.values, *("" for _ in condition.intervals)]
    return texts
