"""The forms in which an answer can be had besides JSON: one table of suffixes and media types.

To add one: a row here, and its media type in the operations of `api.routes` that have it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from api.markdown import day_markdown, page_markdown, paper_markdown, related_markdown
from api.operation import JSON, MARKDOWN

RENDERED_AT_ONCE = 10_000
"""Bytes of JSON above which another form of it is made in the pool: it takes 20 us a kB."""

Renderer = Callable[[Mapping[str, Any], str], str]


@dataclass(frozen=True, slots=True)
class Rendering:
    """A row: its name, what a path ends with, and what is sent then.

    `renderers` make the text of an answer by the name of its JSON's schema, from that JSON and the
    address that stands before links; there are none where JSON is sent as it is.
    """

    name: str
    suffix: str
    media: str
    renderers: Mapping[str, Renderer]

    def render(self, schema_name: str, body: bytes, base: str) -> bytes:
        """The bytes of an answer whose JSON is `body`."""
        return self.renderers[schema_name](orjson.loads(body), base).encode()


RENDERINGS: Mapping[str, Rendering] = {
    each.media: each
    for each in (
        Rendering("JSON", ".json", JSON, {}),
        Rendering(
            "Markdown",
            ".md",
            MARKDOWN,
            {
                "PaperPage": page_markdown,
                "PaperAnswer": paper_markdown,
                "RelatedPapers": related_markdown,
                "DailyPage": day_markdown,
            },
        ),
    )
}
"""By media type."""

_BY_SUFFIX = {each.suffix: each for each in RENDERINGS.values()}


def named_rendering(path: str) -> Rendering | None:
    """The rendering that the end of a path names, None if it names none."""
    return _BY_SUFFIX.get(path[path.rfind(".") :])
