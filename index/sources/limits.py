"""How much a source may ask us to keep: all limits in one place, and the words of a refusal.

Beyond the first group a paper is refused; beyond the second the surplus is left out with a
warning. Lengths are in characters unless they say bytes.
"""

import re

MAX_TITLE = 1_000
MAX_ABSTRACT = 100_000
MAX_AUTHORS = 20_000
MAX_NAME = 1_000

MAX_CATEGORIES = 100
MAX_CATEGORY = 100
MAX_LINKS = 200
MAX_URL = 2_000
MAX_COUNT = 2**31 - 1

MAX_LINE_BYTES = 4 * 2**20
MAX_PAGE_BYTES = 16 * 2**20
MAX_PAGE_LINES = 200_000

EXCERPT = 1_000
"""Length of the text that a reject keeps."""

_CONTROL = re.compile(r"[\x01-\x08\x0b\x0e-\x1f\x7f]")


def refusal(title: str, abstract: str, authors: tuple[str, ...] | None = None) -> str | None:
    """Why texts cannot be a paper's (no title, or a limit), or None if they can."""
    if not title.strip():
        return "the title is empty"
    if len(title) > MAX_TITLE:
        return f"the title has {len(title):,} characters; the limit is {MAX_TITLE:,}"
    if len(abstract) > MAX_ABSTRACT:
        return f"the abstract has {len(abstract):,} characters; the limit is {MAX_ABSTRACT:,}"
    if authors and len(authors) > MAX_AUTHORS:
        return f"there are {len(authors):,} authors; the limit is {MAX_AUTHORS:,}"
    longest = max(map(len, authors or ()), default=0)
    if longest > MAX_NAME:
        return f"a name of an author has {longest:,} characters; the limit is {MAX_NAME:,}"
    return None


def has_control(text: str) -> bool:
    """Whether a text has control characters that are no white space; they are read as spaces."""
    return bool(_CONTROL.search(text))


def excerpt(data: bytes) -> str:
    """The beginning of a text for a reject; what is not UTF-8 in it is marked."""
    return data[: EXCERPT * 4].decode("utf-8", "replace")[:EXCERPT]
