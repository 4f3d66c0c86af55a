"""What changed, told to others; and following another shelf, whose exact copy this one becomes."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from operator import itemgetter

from index.batches import in_batches
from index.store import FeedError, FeedLine, Store, read_line
from index.store_feed import ChangeFeed
from schema.changes import ChangeToken
from schema.errors import ParameterError, Problem

PATIENCE = 30.0
"""Seconds that following waits at its end for another process that holds the index lock."""


@dataclass(slots=True)
class FollowReport:
    """What following did: papers put and removed, and the place to which the copy has come."""

    puts: int = 0
    removals: int = 0
    place: ChangeToken | None = None

    @property
    def changes(self) -> int:
        """How many changes were made."""
        return self.puts + self.removals


class Changes:
    """The changes of one shelf, going out and coming in.

    `tag_key` keys validators. `begin` is called before a run and gives what is to be called between
    its commits, which indexes now and then; `finish` at its end makes all of it findable, and waits
    so many seconds for others who are at it.
    """

    def __init__(
        self,
        store: Store,
        tag_key: bytes,
        begin: Callable[[], Callable[[], None]],
        finish: Callable[[float], None],
    ) -> None:
        self._store = store
        self._tag_key = tag_key
        self._begin = begin
        self._finish = finish

    # Going out

    def feed(self, since: str | None = None) -> ChangeFeed:
        """The changes behind a token, by default all, as they are now; to be closed.

        Raises `Problem` `changes-token-invalid` for what is no token of this shelf.
        """
        place = ChangeToken.parse(since) if since is not None else ChangeToken(self._store.name, 0)
        if place is None:
            raise _invalid("This is no token. Take `token` of a change, or `next` of a page.")
        if place.shelf != self._store.name:
            raise _invalid(
                "This token is of another shelf, or of this one before it was restored from a "
                "backup. Begin again without `since`, with an empty copy."
            )
        feed = self._store.feed(place.seq)
        if place.seq > feed.position:
            feed.close()
            raise _invalid(
                f"This token is of change {place.seq}, but the shelf has made {feed.position}: an "
                "older state of it was put back. Begin again without `since`, with an empty copy."
            )
        return feed

    def tag(self, position: int, question: bytes) -> bytes:
        """A validator of the answer to `question` when the newest change is `position`."""
        digest = blake2b(question, digest_size=12, key=self._tag_key)
        digest.update(b"\0changes %d" % position)
        return digest.hexdigest().encode()

    # Coming in

    def followed(self) -> ChangeToken | None:
        """How far this copy of another shelf has come; None for a shelf of its own."""
        return self._store.followed()

    def detach(self) -> bool:
        """Make a copy a shelf of its own; whether it was a copy."""
        return self._store.detach()

    def follow(
        self, lines: Iterable[bytes], committed: Callable[[FollowReport], None]
    ) -> FollowReport:
        """Apply the lines of another shelf's feed, a batch a transaction, and index them.

        `committed` is called after each. Lines that were applied before are passed over, so a feed
        may be cut anywhere and begun again. What is whole ahead of a fault is kept; then this
        raises `FeedError` for lines that cannot be followed here, and whatever `lines` raises.
        """
        report, between = FollowReport(place=self._store.followed()), self._begin()
        try:
            for lines_and_sizes in in_batches(_read(lines), itemgetter(1)):
                batch = [line for line, _ in lines_and_sizes]
                seen = report.place.seq if report.place else 0
                report.place = self._store.follow(batch)
                fresh = [line for line in batch if line.token.seq > seen]
                report.puts += sum(line.saved is not None for line in fresh)
                report.removals += sum(line.saved is None for line in fresh)
                if fresh:
                    committed(report)
                    between()
        except BaseException:
            with suppress(Exception):  # what stopped it is what the caller must hear of
                self._finish(0.0)
            raise
        self._finish(PATIENCE)  # also for what a run before has stored, but did not live to index
        return report


def _read(lines: Iterable[bytes]) -> Iterator[tuple[FeedLine, int]]:
    """Each line, and its bytes."""
    for number, text in enumerate(lines, 1):
        try:
            yield read_line(text), len(text)
        except FeedError as error:
            raise FeedError(f"line {number}: {error}") from error


def _invalid(message: str) -> Problem:
    fault = ParameterError("since", "changes-token-invalid", message)
    return Problem("changes-token-invalid", message, (fault,))
