"""The sample page against values that were found without the parser (see data/README.md)."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from schema.record import Listing, Published
from tests.paths import REPOSITORY, SAMPLE
from tests.sources.reading import Reading, read_file

EXPECTED = json.loads((Path(__file__).parent / "data" / "sample-expected.json").read_text())


@pytest.fixture(scope="module")
def sample() -> Reading:
    return read_file(SAMPLE)


def test_forty_papers_and_nothing_else(sample: Reading) -> None:
    assert len(sample.papers) == 40
    assert (sample.rejects, sample.warnings) == ([], [])


@pytest.mark.parametrize("expected", EXPECTED, ids=lambda row: str(row["position"]))
def test_paper_is_as_a_careful_reader_copies_it(sample: Reading, expected: dict) -> None:
    paper = sample.papers[expected["position"] - 1]
    words = paper.abstract.split(" ")
    assert paper.title == expected["title"]
    assert " ".join(words[:5]) == expected["begins"]
    assert " ".join(words[-5:]) == expected["ends"]
    assert len(paper.abstract) == expected["length"]
    assert (paper.authors, paper.author_count) == (None, expected["authors"])
    assert paper.comments == expected["comments"]
    assert paper.published == Published(
        expected["published"], expected["precision"], expected["inferred"], expected["raw"]
    )
    assert [[link.kind, link.url] for link in paper.links] == expected["links"]
    assert paper.listings == (Listing("2025-12-12", expected["position"]),)
    assert paper.span.line == expected["line"]
    assert (paper.id, paper.upvotes, paper.external_ids) == (None, None, {})


def test_remains_of_latex_are_resolved_and_kept_in_the_raw_text(sample: Reading) -> None:
    lost_dash, percent, bold = sample.papers[30], sample.papers[31], sample.papers[35]
    assert "paired samples–less than 1% of the data" in lost_dash.abstract
    assert "paired samplesx2013less than 1%" in lost_dash.abstract_raw
    assert "from 33.25% to 1.74%, without" in percent.abstract
    assert r"from 33.25\% to 1.74\%, without" in percent.abstract_raw
    assert "Our method, Varco Arena, provides" in bold.abstract
    assert r"Our method, \textbf{Varco Arena}, provides" in bold.abstract_raw


def test_raw_text_and_span_are_byte_exact(sample: Reading) -> None:
    data = SAMPLE.read_bytes()
    lines = data.split(b"\n")
    ends = []
    for paper in sample.papers:
        entry = data[paper.span.start : paper.span.end].split(b"\n")
        assert entry[0] == paper.title.encode()
        assert entry[2] == paper.abstract_raw.encode() == lines[paper.span.line + 1]
        ends.append(entry[-1])
    assert ends[0] == b"Oct 27, 2022"
    assert ends[18] == sample.papers[18].abstract_raw.encode()
    assert ends[39] == b"Dec 24, 2024"


PROBE = """
import datetime, sys, time
from pathlib import Path
def forbidden(*_): raise AssertionError("the clock was asked")
class NoClock(datetime.date):
    today = classmethod(forbidden)
class NoClockTime(datetime.datetime):
    now = utcnow = today = classmethod(forbidden)
datetime.date, datetime.datetime, time.time = NoClock, NoClockTime, forbidden
time.localtime = time.gmtime = time.strftime = time.strptime = forbidden
from index.sources import open_source, parse_source
import hashlib
with open_source(Path(sys.argv[1])) as source:
    print(hashlib.sha256("\\n".join(map(repr, parse_source(source))).encode()).hexdigest())
"""


@pytest.mark.parametrize(
    ("zone", "language", "name"),
    [
        ("Pacific/Kiritimati", "tr_TR.UTF-8", "daily-papers-1999-01-01.txt"),
        ("America/Adak", "C", "x"),
    ],
)
def test_neither_clock_nor_locale_nor_file_name_matter(
    sample: Reading, tmp_path: Path, zone: str, language: str, name: str
) -> None:
    copy = tmp_path / name
    copy.write_bytes(SAMPLE.read_bytes())
    environment = os.environ | {"TZ": zone, "LC_ALL": language, "LANG": language}
    run = subprocess.run(
        [sys.executable, "-X", "utf8=0", "-c", PROBE, str(copy)],
        cwd=REPOSITORY,
        env=environment | {"PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        check=False,
        text=True,
    )
    text = "\n".join(map(repr, sample.papers))
    assert run.stderr == ""
    assert run.stdout.strip() == hashlib.sha256(text.encode()).hexdigest()
