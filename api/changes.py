"""The door of `/v1/changes`: what changed, as lines, many as a stream, or a page of JSON."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlencode

from api.answers import envelope
from api.delivery import Planned
from api.dispatch import Call, Handler
from api.formats import PART
from api.forms import media_type
from api.http import NEGOTIATED, Answer, query_parameters
from api.operation import JSON
from api.pool import Pool
from api.version import program_version
from index.shelf import Shelf
from index.store_feed import ChangeFeed
from schema.changes import DEFAULT_CHANGES, MAX_CHANGES, ChangeToken
from schema.request import read_parameters


@dataclass(frozen=True, slots=True)
class Piece:
    """A request: all that is behind `since`, or `limit` changes of it."""

    since: str | None
    limit: int | None


class ChangesDoor:
    """Tells what changed. `public_url` stands before links."""

    def __init__(self, shelf: Shelf, pool: Pool, public_url: str) -> None:
        self._changes = shelf.changes
        self._pool = pool
        self._address = public_url.rstrip("/") + "/v1/changes.json"
        self._version = program_version().encode()

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """What answers each operation, by its name."""
        return {"listChanges": self._list}

    def _list(self, call: Call) -> Planned:
        given = read_parameters(query_parameters(call.scope), call.operation.query)
        # The newest change is only known once a feed is open; that takes half a millisecond.
        return Planned(partial(self._answer, call, Piece(given.get("since"), given.get("limit"))))

    async def _answer(self, call: Call, piece: Piece) -> Answer:
        feed = await self._pool.run(self._changes.feed, piece.since)
        question = f"{piece.since} {piece.limit} {call.rendering.suffix}".encode()
        tag = self._changes.tag(feed.position, self._version + question)
        if call.rendering.media == JSON:
            return await self._pool.run(self._page, feed, piece, tag)
        media, parts = media_type(call.rendering), partial(_parts, feed, piece.limit)
        if min(piece.limit or MAX_CHANGES + 1, feed.position - feed.since.seq) <= MAX_CHANGES:
            # Who has nearly all need not wait for those who take whole feeds, and take them slowly.
            body = await self._pool.run(b"".join, parts())
            return Answer(body, media=media, tag=tag, vary=NEGOTIATED)
        return Answer(b"", media=media, tag=tag, vary=NEGOTIATED, parts=parts)

    def _page(self, feed: ChangeFeed, piece: Piece, tag: bytes) -> Answer:
        """A page; `next` is where to go on, also when there is nothing more yet."""
        limit = piece.limit or DEFAULT_CHANGES
        with feed:
            made = list(feed.lines(limit + 1))
        shown, more = made[:limit], len(made) > limit
        place = ChangeToken(feed.since.shelf, shown[-1][0] if more else feed.position)
        sizes = {"limit": piece.limit} if piece.limit else {}
        following = f"{self._address}?{urlencode({'since': str(place), **sizes})}" if more else None
        asked = {"since": piece.since, **sizes} if piece.since else sizes
        own = f"{self._address}?{urlencode(asked)}" if asked else self._address
        body = envelope(
            b"[%b]" % b",".join(line for _, line in shown),
            {"limit": limit, "next": str(place)},
            {"self": own, "next": following},
        )
        headers = [(b"link", f'<{following}>; rel="next"'.encode("latin-1"))] if following else []
        return Answer(body, headers=headers, tag=tag, vary=NEGOTIATED)


def _parts(feed: ChangeFeed, limit: int | None) -> Iterator[bytes]:
    """The lines in parts of about `PART` bytes."""
    made: list[bytes] = []
    size = 0
    with feed:
        for _, line in feed.lines(limit):
            made += (line, b"\n")
            size += len(line)
            if size >= PART:
                yield b"".join(made)
                made, size = [], 0
        if made:
            yield b"".join(made)
