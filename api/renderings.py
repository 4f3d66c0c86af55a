"""The forms in which an answer can be had besides JSON: one table of suffixes and media types.

To add one: a row here, and its media type in the operations of `api.routes` that have it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from api.citations import BIBTEX, CSL, RIS
from api.feeds import NEWS, Feed, atom, json_feed, rss
from api.formats import CSV, NDJSON, PaperFormat, csv_of, ndjson_of
from api.markdown import day_markdown, page_markdown, paper_markdown, related_markdown
from api.operation import (
    ATOM_MEDIA,
    BIBTEX_MEDIA,
    CSL_MEDIA,
    CSV_MEDIA,
    JSON,
    JSON_FEED_MEDIA,
    MARKDOWN,
    NDJSON_MEDIA,
    RIS_MEDIA,
    RSS_MEDIA,
)
from schema.members import MEMBERS
from schema.values import JsonSchema

RENDERED_AT_ONCE = 10_000
"""Bytes of JSON above which another form of it is made in the pool: it takes 20 us a kB."""

Renderer = Callable[[Mapping[str, Any], str], str]


@dataclass(frozen=True, slots=True)
class Rendering:
    """A row: its name, what a path ends with, what is sent then, and what it is good for.

    `renderers` make the text of an answer by the name of its JSON's schema, from that JSON and the
    address that stands before links. Where papers stand one after another, `papers` makes it
    instead, of all answers with papers and of whole results; `full` are whole papers, where they
    differ, and `chosen` papers with some members alone, where `fields` may choose. JSON has
    nothing of that: it is sent as it is. `feed` writes a feed, see `api.feeds`. `defaults` are
    parameters of a search that names none. `json_schema` describes what is sent, mostly a text.
    """

    name: str
    suffix: str
    media: str
    purpose: str
    renderers: Mapping[str, Renderer] = field(default_factory=dict)
    papers: PaperFormat | None = None
    full: PaperFormat | None = None
    chosen: Callable[[Sequence[str]], PaperFormat] | None = None
    feed: Callable[[Feed], bytes] | None = None
    defaults: tuple[tuple[str, str], ...] = ()
    json_schema: JsonSchema = field(default_factory=lambda: {"type": "string"})

    @property
    def without(self) -> frozenset[str]:
        """The parameters of a search that ask for what this form has no place for."""
        if self.papers is None and self.feed is None:
            return frozenset()
        extras = {"facets", "facetSize", "highlight", "explain"}
        return frozenset(extras if self.chosen else extras | {"fields"})

    def render(self, schema_name: str, body: bytes, base: str) -> bytes:
        """The bytes of an answer whose JSON is `body`."""
        answer = orjson.loads(body)
        if self.papers is None:
            return self.renderers[schema_name](answer, base).encode()
        data = answer["data"]
        if isinstance(data, list):
            return self.papers.joined(data)
        return (self.full or self.papers).joined([data])


RENDERINGS: Mapping[str, Rendering] = {
    each.media: each
    for each in (
        Rendering("JSON", ".json", JSON, "all that is known of the answer"),
        Rendering(
            "Markdown",
            ".md",
            MARKDOWN,
            "people in a terminal, programs that read",
            {
                "PaperPage": page_markdown,
                "PaperAnswer": paper_markdown,
                "RelatedPapers": related_markdown,
                "DailyPage": day_markdown,
            },
        ),
        Rendering(
            "NDJSON",
            ".ndjson",
            NDJSON_MEDIA,
            "programs, `jq`, another shelf: the JSON of a paper a line",
            papers=NDJSON,
            chosen=ndjson_of,
        ),
        Rendering(
            "CSV",
            ".csv",
            CSV_MEDIA,
            "spreadsheets, data frames",
            papers=CSV,
            full=csv_of(MEMBERS),
            chosen=csv_of,
        ),
        Rendering("BibTeX", ".bib", BIBTEX_MEDIA, "LaTeX, reference managers", papers=BIBTEX),
        Rendering("RIS", ".ris", RIS_MEDIA, "reference managers", papers=RIS),
        Rendering(
            "CSL",
            ".csl.json",
            CSL_MEDIA,
            "Pandoc, citation processors",
            papers=CSL,
            json_schema={"type": "array", "items": {"type": "object"}},
        ),
        Rendering("Atom", ".atom", ATOM_MEDIA, "feed readers", feed=atom, defaults=NEWS),
        Rendering("RSS", ".rss", RSS_MEDIA, "feed readers", feed=rss, defaults=NEWS),
        Rendering(
            "JSONFeed",
            ".feed.json",
            JSON_FEED_MEDIA,
            "feed readers, programs",
            feed=json_feed,
            defaults=NEWS,
            json_schema={"type": "object"},
        ),
    )
}
"""By media type."""

_BY_END: dict[str, list[Rendering]] = {}
for _each in sorted(RENDERINGS.values(), key=lambda row: -len(row.suffix)):
    _BY_END.setdefault(_each.suffix[_each.suffix.rfind(".") :], []).append(_each)


def named_renderings(path: str) -> list[Rendering]:
    """The renderings that the end of a path may name, the longest suffix first; mostly none."""
    found = _BY_END.get(path[path.rfind(".") :])
    return [each for each in found if path.endswith(each.suffix)] if found else []
