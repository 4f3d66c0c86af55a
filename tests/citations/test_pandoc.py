"""Pandoc reads what is cited; skipped where it is not installed.

`make conformance` installs it, as a package of Python's index.
"""

import json
import random
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from api.citations import BIBTEX, CSL, RIS
from tests.citations.papers import Paper, paper
from tests.citations.reading import Read, csl_read, words, written
from tests.paths import REPOSITORY
from tests.scale import SEED

_BUNDLED = ".venv/conformance/lib/python3*/site-packages/pypandoc/files/pandoc"

_PIECES = [*"\\{}$&%#_^~\"'`-,@<>|=?!()[]*/:;. ", "--", "---", "``", "''", "{x}", "$x^2$", "word"]
_PIECES += ["BERT", "A", "über", "中文", "<i>", "and", "van", "http://a.example/b_c", "\\textbf{x}"]

_QUOTES = re.compile("[\"'`‘’“”]")
"""Pandoc makes quotes typographic, as LaTeX does."""
_BRACES = re.compile("[{}]")


@pytest.fixture(scope="module")
def pandoc() -> str:
    found = shutil.which("pandoc") or next(iter(map(str, REPOSITORY.glob(_BUNDLED))), None)
    if found is None:
        pytest.skip("Pandoc is not installed")
    return found


@pytest.fixture(scope="module")
def odd() -> list[Paper]:
    random_ = random.Random(SEED)

    def text(most: int) -> str:
        return "".join(random_.choices(_PIECES, k=random_.randint(1, most)))

    return [
        paper(
            id=f"odd-{number}",
            title=text(9),
            abstract=text(30),
            names=[f"{text(3)} B{number}" for _ in range(3)],
        )
        for number in range(300)
    ]


def converted(pandoc: str, form: str, text: bytes) -> list[Read]:
    command = [pandoc, "--from", form, "--to", "csljson"]
    done = subprocess.run(command, input=text, capture_output=True, check=True, timeout=300)
    assert done.stderr == b""
    return [csl_read(item) for item in json.loads(done.stdout)]


def plain(text: str, *, paired: bool = True) -> str:
    """A text as far as Pandoc keeps it: it drops braces that are no pairs, and their like."""
    text = _QUOTES.sub("", re.sub(r"</?(?:span|i|b|sub|sup|sc)\b[^>]*>", "", text))
    return " ".join((text if paired else _BRACES.sub("", text)).split())


@pytest.mark.parametrize("form", ["bibtex", "biblatex"])
def test_pandoc_reads_bibtex(pandoc: str, form: str, papers: list[Paper], odd: list[Paper]) -> None:
    cited = [*papers, *odd]
    found = converted(pandoc, form, BIBTEX.joined(cited))
    for each, was in zip(found, map(written, cited), strict=True):
        assert each.id == was.id
        for read, wrote in ((each.title, was.title), (each.abstract, was.abstract)):
            assert plain(read, paired=False) == plain(wrote, paired=False)
        assert len(each.names) == len(was.names)
        if not each.id.startswith("odd"):
            assert words(map(plain, each.names)) == words(map(plain, was.names))
        assert (each.date, each.doi) == (was.date, was.doi)
        assert each.links <= was.links


def test_pandoc_reads_ris(pandoc: str, papers: list[Paper], odd: list[Paper]) -> None:
    cited = [*papers, *odd]
    found = converted(pandoc, "ris", RIS.joined(cited))
    for each, was in zip(found, map(written, cited), strict=True):
        assert (each.id, plain(each.title)) == (was.id, plain(was.title))
        assert plain(each.abstract) == plain(was.abstract)
        if not each.id.startswith("odd"):
            assert words(each.names) == words(was.names)
        assert (each.date[:1], each.doi) == (was.date[:1], was.doi)


def test_pandoc_reads_csl_json(pandoc: str, papers: list[Paper], odd: list[Paper]) -> None:
    cited = [*papers, *odd]
    found = converted(pandoc, "csljson", CSL.joined(cited))
    for each, was in zip(found, map(written, cited), strict=True):
        assert (each.id, plain(each.title)) == (was.id, plain(was.title))
        assert words(map(plain, each.names)) == words(map(plain, was.names))
        assert (each.date, each.doi) == (was.date, was.doi)


def test_pandoc_writes_a_bibliography(pandoc: str, tmp_path: Path, papers: list[Paper]) -> None:
    """From a text that cites by our ids."""
    (tmp_path / "shelf.bib").write_bytes(BIBTEX.joined(papers))
    cited = [each for each in papers if each["authors"]][:3]
    text = " ".join(f"[@{each['id']}]" for each in cited)
    command = [pandoc, "--citeproc", "--bibliography", "shelf.bib", "--to", "plain", "--wrap=none"]
    done = subprocess.run(
        command, input=text.encode(), cwd=tmp_path, capture_output=True, check=True, timeout=300
    )
    assert done.stderr == b"", "every key was found"
    for each in cited:
        assert plain(each["title"]) in plain(done.stdout.decode())
