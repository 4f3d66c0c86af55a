"""Cursors: where a walk goes on, as opaque text that only its own shelf accepts."""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass

import orjson

from schema.errors import ParameterError, Problem
from schema.search import MAX_CURSOR_LENGTH, Match, SearchRequest, SortPosition

_FORMAT = 1
_SEAL_BYTES = 8


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a walk.

    `revision` is where the walk began and `bound` the position of its index: papers first stored
    after it stay out. `matched` is the set that is walked, `rank` the number of papers before the
    place, `position` the sort values of the last of them (None: only the rank tells).
    """

    revision: str
    bound: int
    matched: Match
    rank: int
    position: SortPosition | None


def fingerprint(request: SearchRequest) -> bytes:
    """What ties a cursor to its search: everything but the place and size of a page."""
    order = ",".join(map(str, request.sort))
    asked = f"{request.q!r}\0{request.match}\0{order}\0{request.conditions or ''!r}"
    return hashlib.blake2b(asked.encode(), digest_size=8).digest()


class CursorCodec:
    """Turns cursors into text and back; `secret` is the shelf's own, so none can be made up."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def encode(self, cursor: Cursor, bound_to: bytes) -> str:
        """URL-safe text for `cursor`, valid only for the search whose fingerprint is `bound_to`."""
        place = cursor.position
        content = orjson.dumps(
            [
                _FORMAT,
                cursor.revision,
                cursor.bound,
                cursor.matched,
                cursor.rank,
                [place.values, place.tie] if place else None,
            ]
        )
        seal = self._seal(content, bound_to)
        return base64.urlsafe_b64encode(seal + content).rstrip(b"=").decode()

    def decode(self, text: str, bound_to: bytes, parameter: str = "cursor") -> Cursor:
        """The cursor of `text`; raises `Problem` `cursor-invalid` for anything we did not make.

        `parameter` is where the text was given.
        """
        if not 0 < len(text) <= MAX_CURSOR_LENGTH or not text.isascii():
            raise _invalid(parameter)
        try:
            sealed = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise _invalid(parameter) from None
        seal, content = sealed[:_SEAL_BYTES], sealed[_SEAL_BYTES:]
        if not hmac.compare_digest(seal, self._seal(content, bound_to)):
            raise _invalid(parameter)
        version, revision, bound, matched, rank, place = orjson.loads(content)
        if version != _FORMAT:
            raise _invalid(parameter)
        position = SortPosition(tuple(place[0]), place[1]) if place else None
        return Cursor(revision, bound, Match(matched), rank, position)

    def _seal(self, content: bytes, bound_to: bytes) -> bytes:
        return hmac.digest(self._secret, bound_to + content, "sha256")[:_SEAL_BYTES]


def _invalid(parameter: str) -> Problem:
    member = "previousCursor" if parameter == "before" else "nextCursor"
    message = (
        f"This cursor was not made by this server for this search. Take `{member}` of an answer "
        "as it is and repeat the request with every other parameter unchanged."
    )
    fault = ParameterError(parameter, "cursor-invalid", message)
    return Problem("cursor-invalid", message, (fault,))
