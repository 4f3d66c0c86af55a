"""What greets a visitor: a small page for a browser, an index of the doors for everyone else."""

from html import escape

import orjson

from api.http import HTML, Answer

DOORS: tuple[tuple[str, str, str], ...] = (
    ("papers", "/v1/papers", "List, search and filter papers, e.g. /v1/papers?q=alignment"),
    ("paper", "/v1/papers/{id}", "One paper, by any of its ids"),
    ("batch", "/v1/papers/batch", "POST a list of ids, get their papers"),
    ("daily", "/v1/daily", "The papers listed on the newest day, or /v1/daily/YYYY-MM-DD"),
    ("stats", "/v1/stats", "Counts, positions and the range of dates"),
    ("graphql", "/graphql", "GraphQL over GET and POST; a playground for browsers"),
    ("graphqlSchema", "/graphql/schema.graphql", "The GraphQL schema as text"),
    ("health", "/healthz", "Whether the process lives"),
    ("ready", "/readyz", "Whether the index has caught up after the start"),
)

_POLICY = (
    b"default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; "
    b"frame-ancestors 'none'"
)

_STYLE = """
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 44rem; margin: 3rem auto; padding: 0 1rem; }
form { display: flex; gap: .5rem; margin: 1.5rem 0; }
input { flex: 1; font: inherit; padding: .5rem; }
button { font: inherit; padding: .5rem 1rem; }
dt { font-family: ui-monospace, monospace; margin-top: .75rem; }
dd { margin: 0; opacity: .8; }
"""


def greeting_json(papers: int) -> Answer:
    """The index of the doors as JSON."""
    doors = {name: {"href": href, "description": text} for name, href, text in DOORS}
    body = {"name": "Papershelf", "papers": papers, "doors": doors}
    return Answer(orjson.dumps(body, option=orjson.OPT_INDENT_2), headers=[(b"vary", b"Accept")])


def greeting_page(papers: int) -> Answer:
    """The same as a page, with a search box that needs no script."""
    rows = "".join(f"<dt>{_address(href)}</dt><dd>{escape(text)}</dd>" for _, href, text in DOORS)
    count = "one paper" if papers == 1 else f"{papers:,} papers" if papers else "no papers yet"
    hint = "" if papers else "<p>Load some with <code>papershelf load FILE</code>.</p>"
    page = f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Papershelf</title>
<style>{_STYLE}</style>
<h1>Papershelf</h1>
<p>A search service over {count}.</p>{hint}
<form action="/v1/papers"><input name="q" type="search" aria-label="Search papers"
placeholder="optimal transport" autofocus><button>Search</button></form>
<h2>Doors</h2>
<dl>{rows}</dl>
</html>
"""
    headers = [
        (b"vary", b"Accept"),
        (b"content-security-policy", _POLICY),
        (b"referrer-policy", b"no-referrer"),
    ]
    return Answer(page.encode(), media=HTML, headers=headers)


def _address(href: str) -> str:
    return escape(href) if "{" in href or "batch" in href else f'<a href="{href}">{href}</a>'
