"""The HTTP/1.1 of a connection: uvicorn's, with refusals in the one shape that our errors have."""

import logging
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.http import all_headers, problem_answer
from schema.errors import Problem

MALFORMED = Problem(
    "request-malformed",
    "This is no HTTP/1.1 request. In an address, spaces, quotes and all characters beyond ASCII "
    "must be percent-encoded, as `curl -G --data-urlencode 'q=...'` does.",
)

# Warnings are of what strangers send, such as an offer of HTTP/2: they could fill the log with it.
_log = logging.getLogger("papershelf.connections")
_log.setLevel(logging.ERROR)


class Protocol(HttpToolsProtocol):
    """For `uvicorn.Config(http=Protocol)`."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.logger = _log

    def send_400_response(self, msg: str) -> None:
        """Answer bytes that are no request, and hang up: where the next begins is not known."""
        answer = problem_answer(MALFORMED)
        lines = [b"%b: %b\r\n" % each for each in all_headers(answer)]
        head = b"HTTP/1.1 400 Bad Request\r\n%bconnection: close\r\n\r\n" % b"".join(lines)
        self.transport.write(head + answer.body)
        self.transport.close()
