"""Whole sources: files, pipes and gzip, unreadable ones, damage, bounds."""

import gzip
import hashlib
import io
import os
import subprocess
import sys
import threading
import tracemalloc
import zlib
from pathlib import Path

import pytest

from index.sources import FORMATS, SourceError, open_source, parse_source
from index.sources.limits import MAX_LINE_BYTES, MAX_PAGE_BYTES, MAX_PAGE_LINES
from schema.record import PaperRecord, Reject
from tests.paths import REPOSITORY, SAMPLE
from tests.sources.reading import read_bytes, read_file


def lines(count: int) -> bytes:
    return b"".join(b'{"title": "Paper %d", "abstract": "%x"}\n' % (n, n**9) for n in range(count))


def test_file_is_named_without_its_folder_and_hashed_as_stored(tmp_path: Path) -> None:
    data = gzip.compress(lines(3))
    path = tmp_path / "papers"
    path.write_bytes(data)
    with open_source(path) as source:
        assert source.file.name == "papers"
        assert source.file.sha256 == hashlib.sha256(data).hexdigest()
        assert source.size == len(data)
        assert source.consumed() == 0
        assert len(list(parse_source(source))) == 3
        assert source.consumed() == source.size


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b" \n\xef\xbb\xbf\r\n ", "white space"),
        (bytes(range(256)) * 9, "binary"),
        (b"\0" * 500, "binary"),
        (b"%PDF-1.7 and so on", "PDF"),
        (b"PK\x03\x04....", "zip"),
        (SAMPLE.read_text().encode("utf-16"), "UTF-16"),
        (SAMPLE.read_text().encode("utf-16-le"), "UTF-16"),
        ("été à l'œuvre, ça ".encode("cp1252") * 20, "not UTF-8"),
        (b'[{"title": "A"}]', "JSON array"),
        (b"title,abstract\nA,B\n", "unknown format"),
        (b"\x1f\x8b", "too early"),
        (b"\x1f\x8bnot gzip at all", "damaged"),
        (gzip.compress(b""), "holds nothing"),
        (gzip.compress(b"\x89PNG" + bytes(range(256))), "binary"),
    ],
    ids=range(15),
)
def test_unreadable_source_is_refused_by_name_and_reason(
    tmp_path: Path, data: bytes, reason: str
) -> None:
    with pytest.raises(SourceError, match=f"^source: .*{reason}"):
        read_bytes(tmp_path, data)


def test_missing_file_folder_device_and_unknown_format(tmp_path: Path) -> None:
    for path in (tmp_path / "absent", tmp_path, Path("/dev/zero")):
        with pytest.raises(SourceError, match="cannot be read"):
            open_source(path)
    with pytest.raises(SourceError, match=r"no format 'xml'; known are json-lines, daily-page"):
        read_file(SAMPLE, format_name="xml")


def test_every_format_is_known_by_its_name() -> None:
    assert all(name == each.name and each.description for name, each in FORMATS.items())


@pytest.mark.parametrize("make", [bytes, gzip.compress])
def test_standard_input_is_read_like_a_file(make: type) -> None:
    code = (
        "from index.sources import *\n"
        "with open_source(None) as source:\n"
        "    print(source.file.name, source.size, len(list(parse_source(source))))"
    )
    data = make(SAMPLE.read_bytes())
    run = subprocess.run(
        [sys.executable, "-c", code],
        input=data,
        cwd=REPOSITORY,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        check=True,
    )
    assert run.stdout.decode().split() == ["stdin", str(len(data)), "40"]


def test_named_pipe_is_read_like_a_file(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(lines(50),))
    writer.start()
    reading = read_file(pipe)
    writer.join()
    assert len(reading.papers) == 50


def test_gzip_of_several_members_with_padding(tmp_path: Path) -> None:
    data = gzip.compress(lines(2)) + gzip.compress(lines(3)) + bytes(100)
    reading = read_bytes(tmp_path, data)
    assert (len(reading.papers), reading.rejects) == (5, [])


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.9, 0.999])
def test_cut_gzip_gives_all_whole_lines_and_one_reject(tmp_path: Path, kept: float) -> None:
    plain = lines(20_000)
    data = gzip.compress(plain)
    cut = data[: int(len(data) * kept)]
    whole = zlib.decompressobj(31).decompress(cut).count(b"\n")
    reading = read_bytes(tmp_path, cut)
    assert len(reading.papers) == whole
    assert [reject.reason for reject in reading.rejects] == [
        "the gzip data ends too early; the file is cut off"
    ]
    assert reading.rejects[0].line in (whole + 1, whole + 2)


@pytest.mark.parametrize("place", [0.3, 0.7])
def test_damaged_gzip_gives_what_comes_before_the_damage(tmp_path: Path, place: float) -> None:
    data = bytearray(gzip.compress(lines(20_000)))
    at = int(len(data) * place)
    data[at : at + 40] = b"\xff" * 40
    reading = read_bytes(tmp_path, bytes(data))
    before = zlib.decompressobj(31).decompress(bytes(data[: at - 64])).count(b"\n")
    assert len(reading.papers) >= before
    assert "damaged" in reading.rejects[-1].reason


def test_wrong_checksum_at_the_end_is_told(tmp_path: Path) -> None:
    data = bytearray(gzip.compress(lines(100)))
    data[-6] ^= 1
    reading = read_bytes(tmp_path, bytes(data))
    assert len(reading.papers) == 100
    assert "incorrect data check" in reading.rejects[0].reason


def test_cut_page_rejects_its_last_entry(tmp_path: Path) -> None:
    data = gzip.compress(SAMPLE.read_bytes())
    reading = read_bytes(tmp_path, data[: len(data) // 2])
    whole = read_file(SAMPLE).papers
    assert reading.papers == whole[: len(reading.papers)]
    assert len(reading.papers) > 10
    assert reading.rejects[0].reason == "the entry is cut off"
    assert "ends too early" in reading.rejects[-1].reason


def test_long_line_is_rejected_and_reading_goes_on(tmp_path: Path) -> None:
    long = b'{"title": "' + b"x" * (3 * MAX_LINE_BYTES) + b'"}\n'
    data = lines(1) + long + lines(1)
    reading = read_bytes(tmp_path, data)
    assert [paper.span.line for paper in reading.papers] == [1, 3]
    span = reading.papers[1].span
    assert data[span.start : span.end] == lines(1).strip()
    assert (reading.rejects[0].line, len(reading.rejects[0].excerpt)) == (2, 1000)
    assert "4,194,304 bytes" in reading.rejects[0].reason


def test_bomb_of_one_endless_line_takes_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "bomb"
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    with path.open("wb") as file:
        file.write(packer.compress(b'{"title": "'))
        for _ in range(100):
            file.write(packer.compress(b"x" * 2**20))
        file.write(packer.flush())
    tracemalloc.start()
    try:
        reading = read_file(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (len(reading.papers), len(reading.rejects)) == (0, 1)
    assert peak < 5 * MAX_LINE_BYTES


def test_stream_of_many_papers_takes_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "many"
    abstract = b"A sentence that says little. " * 60
    text = b"".join(
        b'{"title": "Paper %d", "abstract": "%s"}\n' % (n, abstract) for n in range(10_000)
    )
    path.write_bytes(gzip.compress(text))
    with open_source(path) as source:  # what is made once does not count
        assert isinstance(next(iter(parse_source(source))), PaperRecord)
    tracemalloc.start()
    try:
        with open_source(path) as source:
            count = sum(isinstance(item, PaperRecord) for item in parse_source(source))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 10_000
    assert peak < 5 * 2**20 < len(text) / 3


def test_oversized_pages_are_refused(tmp_path: Path) -> None:
    head = b"Daily Papers\n\n"
    for data, reason in (
        (head + b"a\n\n" * (MAX_PAGE_LINES + 1), "lines"),
        (head + b"a" * MAX_PAGE_BYTES, "bytes"),
    ):
        with pytest.raises(SourceError, match=f"more than .* {reason}"):
            read_bytes(tmp_path, data)


def test_source_that_can_no_longer_be_read_ends_with_a_reject(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "source"
    path.write_bytes(lines(20_000))
    with open_source(path) as source:
        items = parse_source(source)
        assert isinstance(next(items), PaperRecord)

        def fail(_: int) -> bytes:
            raise OSError(5, "Input/output error")

        stored = source._stored
        monkeypatch.setattr(source, "_stored", io.BytesIO())
        monkeypatch.setattr(source._reader.raw, "_stored", type("Broken", (), {"read": fail}))
        rest = list(items)
        stored.close()
    assert isinstance(rest[-1], Reject)
    assert "Input/output error" in rest[-1].reason
