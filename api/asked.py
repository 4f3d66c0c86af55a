"""What a query string asks of a search, remembered as parsed."""

from dataclasses import dataclass
from functools import partial

from starlette.types import Scope

from api.http import query_parameters
from index.recent import Recent
from schema.request import parse_request
from schema.search import END, SearchRequest

Parameters = list[tuple[str, str]]

MAX_ASKED = 2000
MAX_ASKED_LENGTH = 300
"""How many questions are remembered, and the longest query string among them."""

OF_A_PAGE = frozenset({"limit", "cursor", "before"})
"""Parameters that choose a page, and leave the question as it is."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A parsed query string; `walks` says whether it goes on from a cursor.

    `paged` says whether it asks for a page as such, which matters where the whole result can be
    had.
    """

    given: Parameters
    request: SearchRequest
    walks: bool
    paged: bool


class Questions:
    """Reads the query strings of searches."""

    def __init__(self) -> None:
        self._known: Recent[Asked] = Recent(MAX_ASKED)

    def of(self, scope: Scope, defaults: tuple[tuple[str, str], ...] = ()) -> Asked:
        """What the query string of a request asks; raises `Problem` naming every fault.

        `defaults` are parameters where it names none.
        """
        text: bytes = scope["query_string"]
        read = partial(_read, scope, defaults)
        return self._known.get((text, defaults), read) if len(text) <= MAX_ASKED_LENGTH else read()


def _read(scope: Scope, defaults: tuple[tuple[str, str], ...]) -> Asked:
    given = query_parameters(scope)
    names = {name for name, _ in given}
    request = parse_request([*given, *(each for each in defaults if each[0] not in names)])
    walks = request.cursor is not None or request.before not in (None, END)
    return Asked(given, request, walks, not OF_A_PAGE.isdisjoint(names))
