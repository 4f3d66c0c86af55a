"""The little HTTP that our own doors need: answers out, parameters and bodies in."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter
from urllib.parse import parse_qsl

import orjson
from starlette.types import Receive, Scope, Send

from api.negotiation import media_ranges, media_weight, preferred_media
from schema.errors import ParameterError, Problem

JSON = b"application/json"
PROBLEM_JSON = b"application/problem+json"
HTML = b"text/html; charset=utf-8"

_DATA = ("application/json", "application/graphql-response+json")

MAX_PARAMETERS = 200
"""Parameters that a query string may have, well above any honest request."""

RETRY_AFTER = b"1"
"""Seconds after which a request may pass that met a busy or starting server."""

Header = tuple[bytes, bytes]


ENDING = "ending"
"""Where the state of the application (ASGI lifespan) has what hears first that the server ends."""

NEGOTIATED = b"Accept, Accept-Encoding"
"""`Vary` of what a door answers in several media types, or refuses by media type."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole response: body bytes, status, media type and further headers.

    `tag` is the validator of the body before it was put into `coding` (RFC 9110, section 8.8.3:
    each coding has a tag of its own); without one an answer may not be stored. `cache` is a
    `Cache-Control` other than that rule's. `parts` makes a body that is too long to be held, part
    by part and each time anew, instead of `body`; see `api.streaming`.
    """

    body: bytes
    status: int = 200
    media: bytes = JSON
    headers: Sequence[Header] = ()
    tag: bytes = b""
    coding: bytes = b""
    vary: bytes = b"Accept-Encoding"
    cache: bytes = b""
    parts: Callable[[], Iterator[bytes]] | None = None

    @property
    def etag(self) -> bytes:
        """The `ETag`, quoted."""
        return b'"%b-%b"' % (self.tag, self.coding) if self.coding else b'"%b"' % self.tag


async def send_answer(
    answer: Answer, send: Send, *, head: bool = False, began: float | None = None
) -> None:
    """Send `answer`; for `HEAD` its headers alone, with the length that `GET` would have.

    `began`, a reading of `perf_counter`, adds the milliseconds since then as `Server-Timing`.
    """
    await send_head(answer, send, began)
    await send({"type": "http.response.body", "body": b"" if head else answer.body})


async def send_head(answer: Answer, send: Send, began: float | None) -> None:
    """Send status and headers alone; `began` as for `send_answer`."""
    headers = all_headers(answer)
    if began is not None:
        headers.append((b"server-timing", b"app;dur=%.2f" % ((perf_counter() - began) * 1e3)))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})


def all_headers(answer: Answer) -> list[Header]:
    """The headers of an answer; 204 and 304 have neither type nor length (RFC 9110, 8.6).

    Nor has one of parts a length, which nobody knows.
    """
    if answer.status == 204:
        return [*answer.headers]
    headers = [
        (b"cache-control", answer.cache or (b"no-cache" if answer.tag else b"no-store")),
        (b"vary", answer.vary),
        *answer.headers,
    ]
    if answer.tag:
        headers.append((b"etag", answer.etag))
    if answer.status == 304:
        return headers
    if answer.coding:
        headers.append((b"content-encoding", answer.coding))
    headers.append((b"content-type", answer.media))
    if answer.parts is None:
        headers.append((b"content-length", b"%d" % len(answer.body)))
    return headers


def problem_answer(problem: Problem, headers: Sequence[Header] = ()) -> Answer:
    """A problem as RFC 9457 `application/problem+json`; 503 says when to try again."""
    if problem.kind.status == 503:
        headers = [*headers, (b"retry-after", RETRY_AFTER)]
    body = {
        "type": "about:blank",
        "title": problem.kind.title,
        "status": problem.kind.status,
        "detail": problem.detail,
        "code": problem.code,
        "errors": [fault(error) for error in problem.errors],
    }
    return Answer(orjson.dumps(body), problem.kind.status, PROBLEM_JSON, headers)


def fault(error: ParameterError) -> dict[str, str | None]:
    """One entry of a problem's `errors`."""
    return {
        "parameter": error.parameter,
        "code": error.code,
        "message": error.message,
        "suggestion": error.suggestion,
    }


def method_problem(method: str, allowed: str) -> Answer:
    """405 with the `Allow` header of RFC 9110, section 15.5.6."""
    problem = Problem("method-not-allowed", f"{method} is not possible here; use {allowed}.")
    return problem_answer(problem, [(b"allow", allowed.encode())])


def options_answer(allowed: str) -> Answer:
    """The answer to `OPTIONS` (RFC 9110, section 9.3.7)."""
    return Answer(b"", 204, headers=[(b"allow", allowed.encode())])


def accepts_page(scope: Scope) -> bool:
    """Whether the client would rather have a page for people than JSON, as a browser does."""
    ranges = media_ranges(header(scope, b"accept"))
    page = ranges.get("text/html", 0.0)
    data = max(media_weight(media, ranges) for media in _DATA)
    return page > data or (0 < page == data and ranges.keys().isdisjoint(_DATA))


def chosen_media(scope: Scope, offered: Sequence[str]) -> str:
    """The media type of `offered` that the client likes best, the first where it does not care.

    Raises `Problem` `not-acceptable` if it takes none of them.
    """
    media = preferred_media(header(scope, b"accept"), offered)
    if media is None:
        told = " or ".join(f"`{each}`" for each in offered)
        raise Problem("not-acceptable", f"Answers are {told} here; leave `Accept` out.")
    return media


def query_parameters(scope: Scope) -> list[tuple[str, str]]:
    """The decoded query string in order; raises `Problem` for what is not valid UTF-8."""
    text = scope["query_string"]
    if not text:
        return []
    try:
        return parse_qsl(
            text.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MAX_PARAMETERS,
        )
    except UnicodeDecodeError:
        message = "The query string is not percent-encoded UTF-8."
    except ValueError:
        message = f"The query string has more than {MAX_PARAMETERS} parameters."
    raise Problem("parameter-invalid", message)


def header(scope: Scope, name: bytes) -> str:
    """The value of a request header given in lower case, several joined by commas; else empty."""
    values = [value for key, value in scope["headers"] if key == name]
    return (values[0] if len(values) == 1 else b", ".join(values)).decode("latin-1")


async def read_body(scope: Scope, receive: Receive, limit: int) -> bytes:
    """The request body; raises `Problem` `body-too-large` as soon as it must pass `limit`."""
    if header(scope, b"content-encoding").strip().lower() not in ("", "identity"):
        raise Problem("media-type-unsupported", "Send the body without `Content-Encoding`.")
    declared = header(scope, b"content-length")
    if declared.isdigit() and int(declared[:20]) > limit:
        raise _too_large(limit)
    chunks, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)


class ClientGone(Exception):  # noqa: N818
    """The client went away before its request was complete; nobody is left to answer."""


def _too_large(limit: int) -> Problem:
    return Problem("body-too-large", f"A request body may have at most {limit} bytes here.")


def json_body(scope: Scope, body: bytes) -> dict[str, object]:
    """The JSON object of a body; raises `Problem` for another media type, syntax or value."""
    media = header(scope, b"content-type").partition(";")[0].strip().lower()
    if media != "application/json" and not media.endswith("+json"):
        raise Problem("media-type-unsupported", "Send the body as `application/json`.")
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        detail = f"The body is not JSON: line {error.lineno}, column {error.colno}."
        raise Problem("body-not-json", detail) from None
    if not isinstance(value, dict):
        raise Problem("body-invalid", "The body must be a JSON object.")
    return value
