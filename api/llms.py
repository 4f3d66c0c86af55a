"""`/llms.txt`: what this server is and where things are, for programs that read (llmstxt.org).

The form is that site's: a heading, a quotation, further text, and sections that are lists of links.
"""

from urllib.parse import urlencode

import orjson

from api.delivery import content_tag
from api.http import Answer
from api.markdown import escape
from api.operation import TEXT
from api.routes import MAX_BATCH
from index.shelf import Shelf, Stats
from schema.errors import Problem
from schema.request import parse_request
from schema.search import DEFAULT_LIMIT, MAX_LIMIT

TEXT_UTF8 = f"{TEXT}; charset=utf-8".encode()
"""The text is Markdown, but a browser shows only plain text, and offers the other to be saved."""

Link = tuple[str, str, str]
"""What it is called, its address, and what is there."""


def newest_id(shelf: Shelf) -> str | None:
    """The id of a paper to show as an example; None while there is none to be found."""
    try:
        page = shelf.search(parse_request([("limit", "1")]))
    except Problem:
        return None
    found: str | None = orjson.loads(page.rows[0])["id"] if page.rows else None
    return found


def llms_text(stats: Stats, example: str | None, base: str, max_body: int) -> Answer:
    """The file, for a shelf with these counts.

    `example` is the id of a paper, `base` what stands before every address, `max_body` the most
    bytes of a request body.
    """
    papers = "one paper" if stats.papers == 1 else f"{stats.papers:,} papers"
    first, last = stats.published_from, stats.published_to
    years = "" if not first or not last else f", published from {first[:4]} to {last[:4]}"
    sections = [
        (name, [(text, base + address, what) for text, address, what in links])
        for name, links in _sections(example)
    ]
    text = f"""# Papershelf

> A search service for research papers: {papers}{years}. REST, GraphQL and MCP give the same answers, without a key.

- Addresses that end in `.md` answer in Markdown, the same ones without it in JSON.
- Of the same addresses `.bib`, `.ris` and `.csl.json` are citations, `.ndjson` and `.csv` data; of a search without `limit` they bring the whole result.
- A query is words, "phrases", `field:word`, ranges (`published:2024-06..2025-05`), AND, OR, NOT, `-word` and `pre*`. Any text is valid; an answer tells what was not taken as written.
- Totals are exact, and an answer carries the address of the page that follows it. A walk from page to page meets every paper once.
- Limits: {DEFAULT_LIMIT} papers a page unless `limit` says otherwise, at most {MAX_LIMIT}; {MAX_BATCH} ids in a batch; {max_body:,} bytes in a body. A refusal says what would pass.
- To ask again, send the `ETag` of an answer as `If-None-Match`: 304 says that nothing has changed.
- To follow a search or the newest day, ask for it as `/v1/papers.atom` or `/v1/daily.atom`, `.rss` or `.feed.json`.
- To cite a paper, name its authors, title and date, and link to its DOI or arXiv id where `externalIds` has one, else to its page. The id of a paper here never changes.

"""  # noqa: E501
    body = (text + "\n\n".join(_section(*section) for section in sections) + "\n").encode()
    return Answer(body, media=TEXT_UTF8, tag=content_tag(body))


def _sections(example: str | None) -> list[tuple[str, list[Link]]]:
    paper = f"/v1/papers/{example or '{id}'}"
    query = urlencode([("q", "optimal transport"), ("limit", "10")])
    narrow = urlencode([("q", "alignment"), ("year", "2024-2025"), ("sort", "-publishedAt")])
    facets = urlencode([("facets", "year,month,author,category,hasCode,source"), ("limit", "1")])
    return [
        (
            "Papers",
            [
                ("Search", f"/v1/papers.md?{query}", "papers by a query, the best first"),
                ("Filter and sort", f"/v1/papers.md?{narrow}", "a range of years, newest first"),
                ("Facets", f"/v1/papers.md?{facets}", "how many papers of each year and so on"),
                ("One paper", f"{paper}.md", "its abstract and links, by any of its ids"),
                ("Papers like it", f"{paper}/related.md", "the nearest by their words"),
                ("The newest day", "/v1/daily.md", "the papers listed on it, in order"),
            ],
        ),
        (
            "For programs",
            [
                ("MCP", "/mcp", "the Model Context Protocol over streamable HTTP, by POST"),
                ("OpenAPI", "/openapi.json", "every REST address, parameter and problem"),
                ("GraphQL", "/graphql", "queries by GET and POST"),
                ("GraphQL schema", "/graphql/schema.graphql", "its types, with descriptions"),
                ("Statistics", "/v1/stats", "counts and the range of dates, as JSON"),
            ],
        ),
        ("Optional", [("Doors", "/", "all addresses of this server")]),
    ]


def _section(name: str, links: list[Link]) -> str:
    lines = [f"- [{escape(text)}]({address}): {what}" for text, address, what in links]
    return "\n".join([f"## {name}", "", *lines])
