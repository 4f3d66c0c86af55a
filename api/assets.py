"""The vendored pages, GraphiQL and the viewer of the OpenAPI document, and the files they load.

`web/` builds them into `api/static`. What a page loads is named after its content, so it is cached
for ever, and is kept as it is sent, compressed. A page itself is asked for again each time.
"""

import json
import zlib
from dataclasses import replace
from importlib.resources import files

from starlette.types import Scope

from api.delivery import content_tag, not_modified
from api.http import HTML, NEGOTIATED, Answer, header
from api.negotiation import preferred_coding

FOLDER = files("api") / "static"

FOREVER = b"public, max-age=31536000, immutable"
"""A year, which stands for ever (RFC 8246; RFC 9111, section 1.2.2)."""

POLICY = (
    b"content-security-policy",
    b"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    b"img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
)
"""What a page may do (CSP 3): load from this server alone, and run nothing that is written in it.

Both draw their signs from `data:` images. Neither needs fonts, workers, inline styles or `eval`.
"""

LICENCES = "licences.txt"
TEXT = b"text/plain; charset=utf-8"
MEDIA = {"js": b"text/javascript; charset=utf-8", "css": b"text/css; charset=utf-8"}

_SUFFIXES = {"br": "br", "gzip": "gz"}
"""The content codings that are kept, best first, and how their files end."""


def graphiql() -> Answer:
    """The page at `/graphql`, for browsers."""
    return replace(_plain("graphiql.html", HTML), headers=[POLICY], vary=NEGOTIATED)


def openapi_viewer() -> Answer:
    """The page at `/docs`."""
    return replace(_plain("docs.html", HTML), headers=[POLICY])


class Assets:
    """The files that the pages load, and the licences of what is in them, by name.

    Holds 0.8 MB as brotli, 0.9 MB as gzip and, once a client has come that takes neither, 3.2 MB
    as they are.
    """

    def __init__(self) -> None:
        manifest = json.loads((FOLDER / "manifest.json").read_bytes())
        self._answers: dict[tuple[str, str | None], Answer] = {
            (name, coding): _packed(name, coding, suffix)
            for name in manifest["assets"]
            for coding, suffix in _SUFFIXES.items()
        }
        self._answers[LICENCES, None] = _plain(LICENCES, TEXT)

    def get(self, name: str, scope: Scope) -> Answer | None:
        """The file of a name as the client of `scope` takes it, 304 if it has it; None for none."""
        coding = preferred_coding(header(scope, b"accept-encoding"), tuple(_SUFFIXES))
        answer = self._answers.get((name, coding)) or self._unpacked(name)
        if answer is None:
            return None
        known = not_modified(scope, answer.tag, coding, answer.vary)
        return replace(known, cache=answer.cache) if known else answer

    def _unpacked(self, name: str) -> Answer | None:
        """A file as it is, made from its gzip when it is first wanted."""
        packed = self._answers.get((name, "gzip"))
        if (name, None) not in self._answers and packed:
            body = zlib.decompress(packed.body, wbits=31)
            self._answers[name, None] = replace(packed, body=body, coding=b"")
        return self._answers.get((name, None))


def _packed(name: str, coding: str, suffix: str) -> Answer:
    """A file as it is kept; its tag is the hash in its name."""
    stem, _, kind = name.rpartition(".")
    tag = stem.rpartition("-")[2].encode()
    body = (FOLDER / f"{name}.{suffix}").read_bytes()
    return Answer(body, media=MEDIA[kind], tag=tag, coding=coding.encode(), cache=FOREVER)


def _plain(name: str, media: bytes) -> Answer:
    body = (FOLDER / name).read_bytes()
    return Answer(body, media=media, tag=content_tag(body))
