"""How an answer leaves: not at all where the client has it (304), compressed, remembered."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import blake2b

from starlette.types import Scope

from api.codings import coded
from api.http import NEGOTIATED, Answer, header
from api.negotiation import preferred_coding
from api.pool import Pool
from index.view import View

LEAST_COMPRESSED = 1024
"""Bytes below which a body is sent as it is: it fits into a packet anyway."""

LONG = 100_000
"""Bytes from which a body is compressed in the pool: by brotli it takes more than a millisecond."""

ANSWER_COST = 1000
"""Bytes reckoned for an answer beside its body."""


def content_tag(body: bytes) -> bytes:
    """The validator of a body by its bytes, for answers that no revision describes."""
    return blake2b(body, digest_size=12).hexdigest().encode()


def compressed(answer: Answer, coding: str | None) -> Answer:
    """`answer` in a content coding; as it is for None, and where that would gain nothing.

    Parts are left to who sends them.
    """
    if answer.parts and coding:
        return replace(answer, coding=coding.encode())
    if coding is None or len(answer.body) < LEAST_COMPRESSED or answer.coding:
        return answer
    return replace(answer, body=coded(answer.body, coding), coding=coding.encode())


def not_modified(scope: Scope, tag: bytes, coding: str | None, vary: bytes) -> Answer | None:
    """304 where `If-None-Match` names what the client would get, else None.

    That is the tag of the body as it is, or of the body in the client's coding: which of both
    depends on a length that is not known yet, but one of them alone was ever handed out to it.
    """
    condition = header(scope, b"if-none-match").encode("latin-1")
    if not condition or not tag or scope["method"] not in ("GET", "HEAD"):
        return None
    for known in (b"", coding.encode()) if coding else (b"",):
        answer = Answer(b"", 304, tag=tag, coding=known, vary=vary)
        if answer.etag in condition:
            return answer
    return None


@lru_cache(16)
def _constant(body: bytes, coding: str) -> bytes:
    return coded(body, coding)


def finished(answer: Answer, scope: Scope, *, constant: bool = False) -> Answer:
    """A whole answer as its client takes it: 304 if it has it already, else compressed.

    What is `constant`, one and the same object each time, is compressed once. `If-None-Match: *`
    stands for whatever there is (RFC 9110, section 13.1.2), which only a whole answer tells.
    """
    coding = preferred_coding(header(scope, b"accept-encoding"))
    if answer.status == 200 and answer.tag:
        known = not_modified(scope, answer.tag, coding, answer.vary)
        if header(scope, b"if-none-match").strip() == "*" and scope["method"] in ("GET", "HEAD"):
            known = replace(answer, body=b"", parts=None, status=304)
        if known:
            return replace(known, headers=answer.headers, cache=answer.cache)
    if constant and coding and not answer.coding and len(answer.body) > LONG:
        return replace(answer, body=_constant(answer.body, coding), coding=coding.encode())
    return compressed(answer, coding)


@dataclass(frozen=True, slots=True)
class Planned:
    """An answer before the work of making it.

    `tag` is its validator, empty where only the whole answer tells; equal tags are equal bytes.
    `make` makes it. `again` is called instead when it is answered from what is known already.
    `view` is the revision that it is made of, where that is known before. `schema_name` is that of
    its JSON, where it is another than its operation tells.
    """

    make: Callable[[], Awaitable[Answer]]
    tag: bytes = b""
    again: Callable[[], None] | None = None
    view: View | None = None
    schema_name: str = ""


class Delivery:
    """Makes planned answers, those with a tag once: `budget` bytes of them are remembered."""

    def __init__(self, pool: Pool, budget: int = 8 * 2**20) -> None:
        self._pool = pool
        self._budget = budget
        self._size = 0
        self._known: OrderedDict[tuple[bytes, str | None], Answer] = OrderedDict()

    async def deliver(self, planned: Planned, scope: Scope) -> Answer:
        """The answer for this client; raises what `make` raises."""
        coding = preferred_coding(header(scope, b"accept-encoding"))
        key = (planned.tag, coding)
        if planned.tag:
            known = not_modified(scope, planned.tag, coding, NEGOTIATED) or self._known.get(key)
            if known is not None:
                if planned.again:
                    planned.again()
                if known.status == 200:
                    self._known.move_to_end(key)
                    return finished(known, scope)
                return known
        answer = await planned.make()
        if len(answer.body) > LONG and coding:
            answer = await self._pool.run(compressed, answer, coding)
        answer = finished(answer, scope)
        whole = answer.status == 200 and answer.parts is None
        if planned.tag and answer.tag == planned.tag and whole:
            self._remember(key, answer)
        return answer

    def _remember(self, key: tuple[bytes, str | None], answer: Answer) -> None:
        cost = len(answer.body) + ANSWER_COST
        if key in self._known or cost > self._budget // 8:
            return
        self._known[key] = answer
        self._size += cost
        while self._size > self._budget:
            _, oldest = self._known.popitem(last=False)
            self._size -= len(oldest.body) + ANSWER_COST
