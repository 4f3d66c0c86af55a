"""Places in the changes of a shelf, as texts that never lose their meaning."""

import re
from dataclasses import dataclass

SHELF_DIGITS = 16
TOKEN = rf"[0-9a-f]{{{SHELF_DIGITS}}}-(?:0|[1-9][0-9]{{0,17}})"
"""The pattern of a token: the public name of a shelf, and the number of a change."""

DEFAULT_CHANGES = 100
MAX_CHANGES = 1000
"""Changes that a JSON page has, and has at most."""

_TOKEN = re.compile(TOKEN, re.ASCII)


@dataclass(frozen=True, slots=True)
class ChangeToken:
    """Just behind change `seq` of a shelf; 0 is ahead of the first. Its text is the token.

    `shelf` is what a shelf is called in its tokens. No two shelves share a name, and one that was
    restored from a backup has a new one, for its later changes are others.
    """

    shelf: str
    seq: int

    def __str__(self) -> str:
        return f"{self.shelf}-{self.seq}"

    @classmethod
    def parse(cls, text: str) -> "ChangeToken | None":
        """The place that a token names; None for what cannot be one."""
        if _TOKEN.fullmatch(text) is None:
            return None
        shelf, _, seq = text.partition("-")
        return cls(shelf, int(seq))
