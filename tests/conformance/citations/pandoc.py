"""Pandoc reads the citations of the whole shelf, and cites by them."""

import json
import os
import re
import subprocess
import urllib.request
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pypandoc

ADDRESS = os.environ["CONFORMANCE_URL"]
FORMS = {"bib": ("bibtex", "biblatex"), "ris": ("ris",), "csl.json": ("csljson",)}
"""What Pandoc calls the forms, by suffix."""

_QUOTES = re.compile("[\"'`‘’“”]")

checks = 0


def check(holds: bool, *seen: object) -> None:
    """Count what holds; raise `AssertionError` with what was seen where it does not."""
    global checks
    if not holds:
        raise AssertionError(*seen)
    checks += 1


def get(path: str) -> bytes:
    with urllib.request.urlopen(ADDRESS + path, timeout=60) as answer:
        body: bytes = answer.read()
        return body


def pandoc(*arguments: str, text: bytes = b"") -> str:
    """What Pandoc makes of a text, without a word of complaint."""
    command = [pypandoc.get_pandoc_path(), *arguments]
    done = subprocess.run(command, input=text, capture_output=True, check=True, timeout=120)
    check(done.stderr == b"", arguments, done.stderr)
    return done.stdout.decode()


def plain(text: str) -> str:
    """A text without quotes, which Pandoc makes typographic, on one line."""
    return " ".join(_QUOTES.sub("", text).split())


def judge(suffix: str, form: str, papers: list[dict[str, Any]]) -> None:
    text = get(f"/v1/papers.{suffix}?sort=title")
    items = json.loads(pandoc("--from", form, "--to", "csljson", text=text))
    check([item["id"] for item in items] == [paper["id"] for paper in papers])
    for item, paper in zip(items, papers, strict=True):
        for member in ("title", "abstract"):
            check(plain(item[member]) == plain(paper[member]), form, item, paper)
        check(("issued" in item) == (paper["publishedAt"] is not None), form, item, paper)
        if "issued" in item:
            year, *_ = item["issued"]["date-parts"][0]
            check(year == int(paper["publishedAt"][:4]), form, item)
        check("author" not in item, form, item)
    if form == "ris":  # it takes GEN for an entry of a dictionary, of which it prints nothing
        return
    name = f"shelf.{suffix}".replace("csl.", "")
    Path(name).write_bytes(text)
    cited = papers[0]
    written = pandoc(
        *("--citeproc", "--bibliography", name, "--to", "plain", "--wrap=none"),
        text=f"As shown [@{cited['id']}].".encode(),
    )
    check(plain(cited["title"]).casefold() in plain(written).casefold(), form, written)


def main() -> None:
    papers = json.loads(get("/v1/papers?limit=100&sort=title"))["data"]
    for suffix, forms in FORMS.items():
        for form in forms:
            judge(suffix, form, papers)
    tools = f"pandoc {pypandoc.get_pandoc_version()}, pypandoc-binary {version('pypandoc-binary')}"
    print(f"{tools}: {len(papers)} papers in {len(FORMS)} forms, {checks} checks")


if __name__ == "__main__":
    main()
