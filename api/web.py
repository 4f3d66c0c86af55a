"""What greets a visitor: a small page for a browser, an index of the doors for everyone else."""

import re
from html import escape
from urllib.parse import urlencode

import orjson
from starlette.types import Scope

from api.delivery import content_tag
from api.http import HTML, NEGOTIATED, Answer, header
from api.renderings import RENDERINGS

DOORS: tuple[tuple[str, str, str], ...] = (
    ("papers", "/v1/papers", "List, search and filter papers, e.g. /v1/papers?q=alignment"),
    ("paper", "/v1/papers/{id}", "One paper, by any of its ids"),
    ("batch", "/v1/papers/batch", "POST a list of ids, get their papers"),
    ("feed", "/v1/papers.atom", "The newest papers for feed readers; a feed of any search"),
    ("daily", "/v1/daily", "The papers listed on the newest day, or /v1/daily/YYYY-MM-DD"),
    ("stats", "/v1/stats", "Counts, positions and the range of dates"),
    ("changes", "/v1/changes", "What changed, for programs that follow this shelf"),
    ("graphql", "/graphql", "GraphQL over GET and POST; GraphiQL for browsers"),
    ("graphqlSchema", "/graphql/schema.graphql", "The GraphQL schema as text"),
    ("docs", "/docs", "Every REST address with its parameters, to read and to try"),
    ("openapi", "/openapi.json", "The description of REST for programs: OpenAPI 3.1"),
    ("huggingface", "/api/daily_papers", "The same papers for Hugging Face's own client"),
    ("mcp", "/mcp", "The Model Context Protocol: POST, for programs that use tools"),
    ("llms", "/llms.txt", "This server, for programs that read"),
    ("health", "/healthz", "Whether the process lives"),
    ("ready", "/readyz", "Whether the index has caught up after the start"),
)

_POSTED = ("/v1/papers/batch", "/mcp")
"""Doors where a link leads to nothing to see."""

EXAMPLES: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...] = (
    ("optimal transport", "both words, then papers with one of them", ()),
    ('"optimal transport"', "the words side by side", ()),
    ("title:hydra", "a word of the title", ()),
    ("align* -vision", "any ending, without another word", ()),
    (
        "published:2024-06..2025-05",
        "a range of dates, most authors first",
        (("sort", "-authorCount"),),
    ),
)
"""Queries to try: what is searched for, what that shows, further parameters."""

_POLICY = (
    b"default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; form-action 'self'; "
    b"base-uri 'none'; frame-ancestors 'none'"
)

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(:[0-9]{1,5})?")

_ICON = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">
<path fill="#36c" d="M2 2h3v10H2zM6 4h3v8H6z"/><path fill="#f90" d="m10 3.6 2.9-.8 2.6 8.7-2.9.8z"/>
<path fill="#888" d="M1 13h14v1.5H1z"/></svg>
"""

_STYLE = """
:root { color-scheme: light dark; --quiet: color-mix(in srgb, CanvasText 70%, transparent);
  --line: color-mix(in srgb, CanvasText 20%, transparent); }
* { box-sizing: border-box; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 46rem; margin: 0 auto;
  padding: 2.5rem 1rem; overflow-wrap: anywhere; }
h1 { margin: 0; font-size: 2rem; }
h2 { margin: 2rem 0 .25rem; font-size: 1.1rem; }
p { margin: .25rem 0; }
form { display: flex; gap: .5rem; margin: 1.5rem 0; }
input { flex: 1; min-width: 0; }
input, button { font: inherit; padding: .6rem .9rem; border: 1px solid var(--line);
  border-radius: .4rem; }
button { cursor: pointer; }
code, pre, dt { font-family: ui-monospace, monospace; font-size: .9rem; }
pre { margin: .5rem 0; padding: .75rem; border: 1px solid var(--line); border-radius: .4rem;
  white-space: pre-wrap; }
dl { margin: 0; display: grid; grid-template-columns: minmax(0, 2fr) minmax(0, 3fr); }
dt, dd { margin: 0; padding: .4rem .5rem .4rem 0; border-top: 1px solid var(--line); }
dd, .quiet { color: var(--quiet); }
@media (max-width: 36rem) {
  body { padding-top: 1.25rem; }
  dl { display: block; }
  dd { border: 0; padding-top: 0; }
}
"""


def greeting_json(papers: int, public_url: str) -> Answer:
    """The index of the doors as JSON; `public_url`, which may be empty, stands before each."""
    doors = {name: {"href": public_url + href, "description": text} for name, href, text in DOORS}
    body = {"name": "Papershelf", "papers": papers, "doors": doors}
    text = orjson.dumps(body, option=orjson.OPT_INDENT_2)
    return Answer(text, tag=content_tag(text), vary=NEGOTIATED)


def greeting_page(papers: int, address: str) -> Answer:
    """The same as a page, with a search box that needs no script.

    `address` is how the visitor reaches the server, such as `http://127.0.0.1:8000`. Links of the
    page do without: they hold below any path that a proxy may put before ours.
    """
    doors = "".join(f"<dt>{_door(href)}</dt><dd>{escape(text)}</dd>" for _, href, text in DOORS)
    examples = "".join(
        f'<dt><a href="v1/papers?{escape(urlencode([("q", q), *more]))}">{escape(q)}</a></dt>'
        f"<dd>{escape(text)}</dd>"
        for q, text, more in EXAMPLES
    )
    count = "one paper" if papers == 1 else f"{papers:,} papers" if papers else "no papers yet"
    hint = "" if papers else "<p>Load some with <code>papershelf load FILE</code>.</p>"
    command = f"curl -G '{address}/v1/papers' --data-urlencode 'q=alignment'"
    page = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Papershelf</title>
{_feeds()}
<style>{_STYLE}</style>
</head>
<body>
<h1>Papershelf</h1>
<p>A search service over {count}.</p>{hint}
<form action="v1/papers" role="search"><input name="q" type="search" aria-label="Search papers"
placeholder="optimal transport" maxlength="4000" autofocus><button>Search</button></form>
<p class="quiet">Answers are JSON. To try them in the browser: <a href="docs">REST</a>,
<a href="graphql">GraphQL</a>.</p>
<h2>Queries to try</h2>
<dl>{examples}</dl>
<h2>In a terminal</h2>
<pre tabindex="0">{escape(command, quote=False)}</pre>
<h2>Doors</h2>
<dl>{doors}</dl>
</body>
</html>
"""
    body, policy = page.encode(), (b"content-security-policy", _POLICY)
    return Answer(body, media=HTML, headers=[policy], tag=content_tag(body), vary=NEGOTIATED)


def visited_address(scope: Scope) -> str:
    """The server's address as the visitor wrote it, where the header holds nothing but that."""
    host = header(scope, b"host")
    return f"{scope['scheme']}://{host if _HOST.fullmatch(host) else '127.0.0.1:8000'}"


def icon() -> Answer:
    """The sign of the pages: books on a shelf."""
    body = _ICON.encode()
    return Answer(body, media=b"image/svg+xml", tag=content_tag(body), cache=b"max-age=86400")


def _feeds() -> str:
    """What tells a reader of feeds where the newest papers are."""
    forms = (each for each in RENDERINGS.values() if each.feed)
    return "\n".join(
        f'<link rel="alternate" type="{each.media}" title="Papers, the newest first ({each.name})" '
        f'href="v1/papers{each.suffix}">'
        for each in forms
    )


def _door(href: str) -> str:
    led = "{" not in href and href not in _POSTED
    return f'<a href="{href[1:]}">{href}</a>' if led else escape(href)
