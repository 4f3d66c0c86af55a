"""Whatever the bytes are, a source gives items or a `SourceError`, and nothing else."""

import gzip
import json
import random
from pathlib import Path

import pytest

from index.sources import FORMATS, SourceError
from schema.record import PaperRecord, Reject
from tests.paths import SAMPLE
from tests.scale import SEED, scaled
from tests.sources.reading import Reading, read_bytes

PAGE = b"\n".join(SAMPLE.read_bytes().split(b"\n")[:60])
ROWS = [
    {"title": "A", "abstract": "https://github.com/a/b", "authors": ["X"], "published": "2024-01"},
    {"id": "a-b", "title": "B", "publishedAt": "2024-01-01", "links": [{"url": "https://a.org"}]},
    {"title": "C", "categories": "a;b", "n_authors": 3, "doi": "10.1000/x", "id": "D16-2004"},
]
LINES = b"\n".join(json.dumps(row).encode() for row in ROWS * 5)
PIECES = [
    b"\n", b"\n\n", b"\r", b"\0", b"\xff", b"\xed\xa0\x80", "•".encode(), "·".encode(), b"\n  ",
    "  • 4 authors\n·\nOct 12".encode(), b"Dec 12", b"Daily Papers\n", b"\\textbf{", b"$", b"{",
    b"}", b'"', b"[", b"]", b":", b",", b"null", b"1e999", b"99999999999999999999", b"\\ud800",
    b"https://",
    b"&#x0;", b"x2013", "\u00a0\u2028\ufeff".encode(), b"\x1f\x8b", b"NaN", b'"title"', b"-",
    b"\\'",
]  # fmt: skip


def mutated(generator: random.Random, data: bytes) -> bytes:
    mutant = bytearray(data)
    for _ in range(generator.randint(1, 12)):
        at = generator.randrange(len(mutant) + 1)
        action = generator.randrange(4)
        if action == 0:
            mutant[at:at] = generator.choice(PIECES) * generator.randint(1, 3)
        elif action == 1:
            del mutant[at : at + generator.choice([1, 2, 30, 2000])]
        elif action == 2:
            mutant[at : at + 1] = bytes([generator.randrange(256)])
        else:
            start = generator.randrange(len(mutant) + 1)
            mutant[at:at] = mutant[start : start + generator.choice([5, 100, 3000])]
    return bytes(mutant)


def check(reading: Reading, data: bytes) -> None:
    for paper in reading.papers:
        assert isinstance(paper, PaperRecord)
        assert paper.title.strip()
        assert 0 <= paper.span.start < paper.span.end <= len(data)
        repr(paper).encode()
        for text in (paper.title, paper.abstract, paper.abstract_raw):
            text.encode()
    for reject in reading.rejects:
        assert isinstance(reject, Reject)
        assert reject.reason
        assert reject.line >= 1
        reject.excerpt.encode()


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("batch", range(10))
def test_mutations_of_good_files(tmp_path: Path, name: str, batch: int) -> None:
    generator = random.Random(f"{SEED}-{name}-{batch}")
    good = {"daily-page": PAGE, "json-lines": LINES}[name]
    read = 0
    for _ in range(scaled(300)):
        data = mutated(generator, good)
        try:
            reading = read_bytes(tmp_path, data, format_name=name)
        except SourceError:
            continue
        check(reading, data)
        read += 1
    assert read, "every mutation was refused as a whole"


@pytest.mark.parametrize("batch", range(5))
def test_random_bytes_plain_and_packed(tmp_path: Path, batch: int) -> None:
    generator = random.Random(f"{SEED}-{batch}")
    for _ in range(scaled(300)):
        data = b"".join(generator.choices(PIECES, k=generator.randint(0, 80)))
        if generator.random() < 0.3:
            data = generator.randbytes(generator.randint(0, 500))
        packed = mutated(generator, gzip.compress(data))
        for name in (None, *FORMATS):
            for each in (data, packed):
                try:
                    reading = read_bytes(tmp_path, each, format_name=name)
                except SourceError:
                    continue
                for reject in reading.rejects:
                    reject.excerpt.encode()


def test_loss_is_local(tmp_path: Path) -> None:
    """One changed byte inside an abstract leaves all other papers of the page as they were."""
    generator = random.Random(SEED)
    data = SAMPLE.read_bytes()
    whole = read_bytes(tmp_path, data).papers
    for _ in range(scaled(200)):
        hit = generator.randrange(40)
        at = data.index(whole[hit].abstract_raw.encode())
        at += generator.randrange(len(whole[hit].abstract_raw.encode()))
        damaged = data[:at] + bytes([generator.randrange(128, 256)]) + data[at + 1 :]
        reading = read_bytes(tmp_path, damaged)
        assert [reject.reason for reject in reading.rejects] == ["the text is not UTF-8"]
        assert reading.papers == whole[:hit] + whole[hit + 1 :]
