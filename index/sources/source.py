"""One input: a file, standard input or an upload, plain or gzip, as a stream of bounded lines."""

import contextlib
import errno
import hashlib
import io
import re
import stat
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from index.sources.limits import EXCERPT, MAX_LINE_BYTES
from schema.record import SourceFile

HEAD_BYTES = 64 * 2**10
_CHUNK = 16 * 2**10
_BUFFER = 128 * 2**10
_GZIP = b"\x1f\x8b"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_MAGIC = {
    b"%PDF": "a PDF file",
    b"PK\x03\x04": "a zip archive",
    b"BZh": "a bzip2 file",
    b"\xfd7zXZ": "an xz file",
    b"\x28\xb5\x2f\xfd": "a zstd file",
    b"SQLite format 3\0": "a SQLite database",
}
_CONTROLS = bytes((*range(9), *range(14, 27), *range(28, 32), 127))
_MAX_ODD = 0.05
"""Share of control bytes and of bytes that are not UTF-8 from which on a file is binary."""


class SourceError(Exception):
    """A source of which nothing can be read; the message names it and the reason."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line without its end: bytes `start` to `end` of the decompressed source.

    `data` is the beginning only, and `whole` False, where the line is longer than the limit.
    """

    number: int
    start: int
    end: int
    data: bytes
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came from elsewhere: open, seekable, to be closed by whoever reads it.

    `name` is what it is called in reports and on papers. Reading ends after `most` bytes of
    decompressed content, after `most_rejects` rejects, and soon after `stopped` gives a reason.
    """

    stored: BinaryIO
    name: str
    most: int
    most_rejects: int
    stopped: Callable[[], str | None]


class Source:
    """An open input. `file` names it, `size` is its length as stored, `head` how it begins.

    `fault` is set by reading: why the stream ended before its time, or None. `bounds` are those of
    an upload.
    """

    def __init__(self, stored: BinaryIO, name: str, bounds: Upload | None = None) -> None:
        self._stored = stored
        self._bounds = bounds
        digest = hashlib.sha256()
        stored.seek(0)
        while chunk := stored.read(_BUFFER):
            digest.update(chunk)
        self.size = stored.tell()
        self.file = SourceFile(name, digest.hexdigest())
        self.last_line = 0
        self.head = self.start().read(HEAD_BYTES)

    @property
    def fault(self) -> str | None:
        """Why the stored bytes could not be read to their end; None while all is well."""
        faults = [each.fault for each in (self._bounded, self._gunzip) if each and each.fault]
        return faults[0] if faults else None

    def consumed(self) -> int:
        """Bytes of the stored input that have been read so far, of `size`."""
        return min(self.size, self._stored.tell())

    def read(self, limit: int) -> bytes:
        """At most `limit` bytes of the decompressed content, fewer only at its end."""
        return self._reader.read(limit)

    def lines(self) -> Iterator[Line]:
        """The lines that follow, each bounded by `MAX_LINE_BYTES`; a longer one is passed over."""
        start = 0
        while data := self._reader.readline(MAX_LINE_BYTES + 1):
            self.last_line += 1
            length, whole = len(data), True
            if length > MAX_LINE_BYTES and not data.endswith(b"\n"):
                whole, data = False, data[: 4 * EXCERPT]
                while rest := self._reader.readline(_BUFFER):
                    length += len(rest)
                    if rest.endswith(b"\n"):
                        break
            yield Line(self.last_line, start, start + length, data, whole)
            start += length

    def start(self) -> io.BufferedIOBase:
        """Begin (again) at the first byte; the head has been read before."""
        self._stored.seek(0)
        compressed = self._stored.read(2) == _GZIP
        self._stored.seek(0)
        self._gunzip = Gunzip(self._stored) if compressed else None
        content = self._gunzip or _Plain(self._stored)
        self._bounded = _Bounded(content, self._bounds) if self._bounds else None
        raw: io.RawIOBase = self._bounded or content
        self._reader: io.BufferedIOBase = io.BufferedReader(raw, _BUFFER)
        return self._reader

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stored.close()


class _Plain(io.RawIOBase):
    """A stored file as it is; its own object, so that a restart can drop it unclosed."""

    def __init__(self, stored: BinaryIO) -> None:
        self._stored = stored

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        data = self._stored.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


class _Bounded(io.RawIOBase):
    """The content within the bounds of an upload; `fault` says which of them has ended it."""

    def __init__(self, content: "Gunzip | _Plain", bounds: Upload) -> None:
        self.fault: str | None = None
        self._content = content
        self._bounds = bounds
        self._read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        self.fault = self.fault or self._bounds.stopped()
        count = 0 if self.fault else self._content.readinto(buffer)
        self._read += count
        if self._read > self._bounds.most:
            self.fault = f"there are more than {self._bounds.most:,} bytes; the rest was not read"
            return 0
        return count


class Gunzip(io.RawIOBase):
    """Gzip (RFC 1952, several members) that ends at damage instead of raising.

    Everything before the damage comes out; `fault` then says what was wrong. The standard
    library's reader raises instead, and loses up to a buffer of readable text.
    """

    def __init__(self, stored: BinaryIO) -> None:
        self.fault: str | None = None
        self._stored = stored
        self._input = b""
        self._rest = b""
        self._member: zlib._Decompress | None = None

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill some of `buffer` with decompressed bytes; 0 at the end or at damage."""
        size = len(buffer)
        while not self._rest:
            if self.fault is not None:
                return 0
            self._input = self._input or self._stored.read(_CHUNK)
            if self._member is None:
                if not self._input:
                    return 0
                self._input = self._input.lstrip(b"\0")  # members may be padded
                if not self._input:
                    continue
                self._member = zlib.decompressobj(zlib.MAX_WBITS | 16)
            self._rest = self._inflate(self._member, size)
        count = min(size, len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def _inflate(self, member: "zlib._Decompress", size: int) -> bytes:
        given, ended = self._input, not self._input
        before = member.copy()
        try:
            data = member.decompress(given, size)
        except zlib.error as error:
            self.fault = f"the gzip data is damaged ({str(error).rpartition(': ')[2]})"
            return _salvage(before, given)
        self._input = member.unconsumed_tail
        if member.eof:
            self._input, self._member = member.unused_data, None
        elif ended and not data:
            self.fault = "the gzip data ends too early; the file is cut off"
        return data


def _salvage(member: "zlib._Decompress", given: bytes) -> bytes:
    """What comes out before the damaged byte."""
    data = bytearray()
    with contextlib.suppress(zlib.error):
        for place in range(len(given)):
            data += member.decompress(given[place : place + 1])
    return bytes(data)


def open_source(given: Path | Upload | None, name: str | None = None) -> Source:
    """Open a file, or standard input for None, to be used in a `with`; raises `SourceError`.

    `name` is how the source is called in reports and in the store: by default the file's name
    without its folder, `stdin`, or the name of an upload. What cannot seek (a pipe) is first copied
    to a temporary file.
    """
    upload = given if isinstance(given, Upload) else None
    called = name or _usual_name(given)
    called = called.encode("utf-8", "replace").decode()
    try:
        stored = _opened(given)
        with contextlib.ExitStack() as stack:
            stack.push(stored)
            source = Source(stored, called, upload)
            _refuse_unreadable(source)
            source.start()
            stack.pop_all()
    except OSError as error:
        raise SourceError(f"{called}: cannot be read ({error.strerror or error})") from error
    return source


def _usual_name(given: Path | Upload | None) -> str:
    if isinstance(given, Upload):
        return given.name
    return given.name or str(given) if given else "stdin"


def _opened(given: Path | Upload | None) -> BinaryIO:
    if isinstance(given, Upload):
        return given.stored
    if given is None:
        return _spooled(sys.stdin.buffer)
    mode = given.stat().st_mode
    if stat.S_ISBLK(mode) or stat.S_ISCHR(mode):
        raise OSError(errno.EINVAL, "a device, not a file")
    file = given.open("rb", buffering=0)
    if file.seekable():
        return file
    with file:
        return _spooled(file)


def _spooled(stream: BinaryIO | io.FileIO) -> BinaryIO:
    copy = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  (closed by the Source)
    try:
        while chunk := stream.read(_BUFFER):
            view = memoryview(chunk)
            while view:
                view = view[copy.write(view) :]
    except BaseException:
        copy.close()
        raise
    return copy


def _refuse_unreadable(source: Source) -> None:
    """Raise `SourceError` for what is certainly no text."""
    name, head = source.file.name, source.head
    if not source.size:
        raise SourceError(f"{name}: the file is empty")
    if not head:
        raise SourceError(f"{name}: {source.fault or 'the gzip file holds nothing'}")
    for magic, what in _MAGIC.items():
        if head.startswith(magic):
            raise SourceError(f"{name}: {what}, not text")
    if head.startswith(_UTF16) or re.match(rb"(?:[ -~\r\n]\0|\0[ -~]){4}", head):
        raise SourceError(f"{name}: the text is UTF-16, not UTF-8")
    controls = len(head) - len(head.translate(None, _CONTROLS))
    broken = len(re.findall("[\udc80-\udcff]", head.decode("utf-8", "surrogateescape")))
    broken -= min(broken, 3)  # a head may be cut within a character
    if controls > _MAX_ODD * len(head):
        raise SourceError(f"{name}: a binary file, not text")
    if broken > _MAX_ODD * len(head):
        raise SourceError(f"{name}: the text is not UTF-8")
    if not head.strip(b" \t\r\n\xef\xbb\xbf") and len(head) < HEAD_BYTES:
        raise SourceError(f"{name}: the file holds nothing but white space")
