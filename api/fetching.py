"""Getting the feed of changes that a copy follows: from a server, a file, or standard input."""

import gzip
import http.client
import io
import sys
import urllib.error
import urllib.request
import zlib
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, Any, cast
from urllib.parse import urlencode, urlsplit

import orjson

from api.operation import NDJSON_MEDIA
from api.version import program_version
from index.store import FeedError
from index.store_line import MAX_LINE
from schema.changes import ChangeToken

PATH = "/v1/changes"

SILENCE = 60.0
"""Seconds without a byte after which a server is given up."""

MAX_REFUSAL = 64 * 1024
"""Bytes of a refusal that are read."""

_SCHEMES = ("http", "https")
_GZIP = b"\x1f\x8b"


class Outage(Exception):  # noqa: N818
    """The feed could not be had, or broke off; another time it may go well."""


def feed_address(text: str) -> str | None:
    """The address of the changes of a server, or below one; None for what is no web address.

    Raises `ValueError` with a sentence for an address that cannot be meant.
    """
    parts = urlsplit(text)
    if parts.scheme.lower() not in _SCHEMES:
        if "://" in text:
            raise ValueError(f"the address must begin with http:// or https://, not {text[:80]}")
        return None
    if not parts.hostname or parts.username is not None or parts.query or parts.fragment:
        raise ValueError(
            "the address must be that of a server, such as http://127.0.0.1:8000, without user, "
            "query and fragment"
        )
    path = parts.path.rstrip("/").removesuffix(".ndjson")
    path = path if path.endswith(PATH) else path + PATH
    return f"{parts.scheme}://{parts.netloc}{path}.ndjson"


@contextmanager
def feed_lines(source: str, since: ChangeToken | None) -> Iterator[Iterator[bytes]]:
    """The lines of a feed: of `feed_address` from `since` on, of a file, or of standard input (-).

    Reading them raises `Outage` where they break off, and `FeedError` for what is no feed.
    """
    address = feed_address(source)
    if address is not None:
        with _fetched(address, since) as body, closing(_lines(body)) as lines:
            yield lines
    elif source == "-":
        with open(sys.stdin.fileno(), "rb", closefd=False) as file, closing(_lines(file)) as lines:
            yield lines
    else:
        with Path(source).open("rb") as file, closing(_lines(file)) as lines:
            yield lines


class _Body(io.RawIOBase):
    """A response as it comes in: what arrived before a break is read before the break is told."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self._response = response

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        data = self._response.read1(len(buffer))
        buffer[: len(data)] = data
        return len(data)


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows a server to another address, but never out of HTTP, nor from https to http."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        """The request that follows; raises `FeedError` where none may."""
        scheme = urlsplit(newurl).scheme.lower()
        if scheme not in _SCHEMES or (req.type == "https" and scheme == "http"):
            raise FeedError(f"The server leads to {newurl[:200]}, where a feed is not looked for.")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


_OPENER = urllib.request.OpenerDirector()
for _handler in (
    urllib.request.ProxyHandler,
    urllib.request.UnknownHandler,
    urllib.request.HTTPHandler,
    urllib.request.HTTPSHandler,
    urllib.request.HTTPDefaultErrorHandler,
    urllib.request.HTTPErrorProcessor,
    _Redirects,
):
    _OPENER.add_handler(_handler())


@contextmanager
def _fetched(address: str, since: ChangeToken | None) -> Iterator[_Body]:
    url = f"{address}?{urlencode({'since': str(since)})}" if since else address
    request = urllib.request.Request(
        url,
        headers={
            "Accept": NDJSON_MEDIA,
            "Accept-Encoding": "gzip",
            "User-Agent": f"papershelf/{program_version()}",
        },
    )
    try:
        response = _OPENER.open(request, timeout=SILENCE)
    except urllib.error.HTTPError as error:
        with error:
            raise _refusal(error) from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise Outage(f"{address}: {getattr(reason, 'strerror', None) or reason}") from error
    with response:
        media = response.headers.get_content_type()
        if media != NDJSON_MEDIA:
            raise FeedError(f"{address} answers {media[:80]}: that is no server of this kind.")
        yield _Body(response)


def _refusal(error: urllib.error.HTTPError) -> Exception:
    """What a server said instead of the feed: for good, or for now."""
    try:
        problem = orjson.loads(error.read(MAX_REFUSAL))
        said, code = str(problem["detail"]), problem["code"]
    except (OSError, http.client.HTTPException, ValueError, TypeError, KeyError):
        said, code = str(error.reason), None
    text = f"the server refuses with {error.code}: {said[:500]}"
    if error.code >= 500 or error.code in (408, 429):
        return Outage(text)
    if code == "changes-token-invalid":
        text = (
            "the server is no longer the shelf that was followed so far, or was set back to an "
            f"older state; follow it into an empty folder ({said[:500]})"
        )
    return FeedError(text)


def _lines(stream: Any) -> Generator[bytes, None, None]:
    """The lines of a stream of bytes, plain or gzip; blank ones are passed over."""
    stored = reader = io.BufferedReader(stream, 2**16)
    try:
        if stored.peek(2)[:2] == _GZIP:
            reader = io.BufferedReader(cast(Any, gzip.GzipFile(fileobj=stored)), 2**16)
        while line := reader.readline(MAX_LINE + 1):
            if len(line) > MAX_LINE:
                raise FeedError(f"A line is longer than {MAX_LINE:,} bytes.")
            if line.startswith(b'{"data":'):
                raise FeedError("This is a page of JSON, not a feed; get /v1/changes.ndjson.")
            if not line.endswith(b"\n"):
                raise Outage("the feed breaks off in the midst of a line")
            if line.strip():
                yield line
    except (OSError, EOFError, zlib.error, http.client.HTTPException) as error:
        raise Outage(f"the feed breaks off: {str(error)[:200] or type(error).__name__}") from error
    finally:
        reader.close()
        stored.close()
