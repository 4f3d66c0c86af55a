"""What a request may say (RFC 9112), and the words for what it may not."""

import re
from collections.abc import Mapping

from schema.errors import Problem

MAX_HEAD = 32 * 1024
"""Bytes of a request line and its header fields, and of an address; trailers count as well."""

MAX_PIPELINED = 100
"""Requests that may wait on one connection for the answers before theirs."""

MAX_SURPLUS = 1024 * 1024
"""Bytes that are read only to be thrown away, behind a refusal or an early answer."""

FRAMING = frozenset((b"content-length", b"transfer-encoding"))
"""Headers that tell where a body ends (RFC 9112, section 6)."""
NOTED = frozenset((b"host", b"expect", b"transfer-encoding", b"upgrade"))
"""Headers that `check_head` and its caller need."""

Refusal = tuple[str, str]
"""Code and detail of a `Problem`; one exception that is raised again and again grows."""

MALFORMED: Refusal = (
    "request-malformed",
    "This is no HTTP/1.1 request. In an address, spaces, quotes and all characters beyond ASCII "
    "must be percent-encoded, as `curl -G --data-urlencode 'q=...'` does.",
)
HEAD_TOO_LARGE: Refusal = (
    "head-too-large",
    f"A request line and its headers may have at most {MAX_HEAD} bytes in all.",
)
ADDRESS_TOO_LONG: Refusal = (
    "address-too-long",
    f"An address may have at most {MAX_HEAD} bytes, and with the headers not more.",
)
HOST_INVALID: Refusal = (
    "header-invalid",
    "An HTTP/1.1 request has one header `Host`, such as `papers.example.org:8000`.",
)
EXPECTATION: Refusal = ("expectation-failed", "`Expect` can be nothing but `100-continue`.")
CODING: Refusal = (
    "transfer-coding-unsupported",
    "`Transfer-Encoding` can be nothing but `chunked`.",
)

FULL: Refusal = ("server-busy", "Too many connections are open. Try again in a moment.")
PIPELINE_FULL: Refusal = (
    "server-busy",
    f"At most {MAX_PIPELINED} requests may wait on one connection for the answers before theirs.",
)
TOO_LATE: Refusal = ("body-too-large", "The answer to this request was given before its body.")


def timed_out(part: str, seconds: float, rate: float | None = None) -> Problem:
    """The refusal of a head or body that did not arrive in time, or as fast as `rate` bytes/s."""
    faster = f", or go on with {rate:,.0f} bytes a second" if rate else ""
    message = f"The {part} of a request must arrive in {seconds:g} s{faster}."
    return Problem("request-timeout", message)


_HOST = re.compile(
    rb"(?:\[[0-9A-Fa-f:.]+\]|(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+)(?::[0-9]*)?"
)
"""`uri-host [":" port]`, not empty (RFC 9110, section 7.2; RFC 3986, section 3.2)."""
_ABSOLUTE = re.compile(rb"https?://([^/?#]*)(.*)", re.IGNORECASE | re.DOTALL)


def check_head(version: str, headers: Mapping[bytes, bytes]) -> None:
    """Raise `Problem` for what a request of HTTP `version` may not say in the `NOTED` headers.

    Names are in lower case. RFC 9112, sections 2.3 (the version), 3.2 (one valid `Host`, which
    HTTP/1.0 may lack) and 6.1 (transfer codings); RFC 9110, section 10.1.1 (`Expect`).
    """
    host, coding = headers.get(b"host"), headers.get(b"transfer-encoding")
    if version not in ("1.1", "1.0") or (coding is not None and version == "1.0"):
        raise Problem(*MALFORMED)
    if host is None and version == "1.1":
        raise Problem(*HOST_INVALID)
    if host is not None and not _HOST.fullmatch(host):
        raise Problem(*HOST_INVALID)
    if coding is not None and coding.lower() != b"chunked":
        raise Problem(*CODING)
    expected = headers.get(b"expect", b"100-continue")
    if expected.lower() != b"100-continue" and version == "1.1":
        raise Problem(*EXPECTATION)


def host_and_path(address: bytes) -> tuple[bytes, bytes]:
    """The two parts of an absolute address; its host counts, not the header (RFC 9112, 3.2.2).

    Raises `Problem` for anything else, such as the address of a `CONNECT`.
    """
    found = _ABSOLUTE.fullmatch(address)
    if not found or not _HOST.fullmatch(found[1]):
        raise Problem(*MALFORMED)
    return found[1], found[2] if found[2].startswith(b"/") else b"/" + found[2]
