"""HTTP/1.1 as bytes over asyncio: the client of the soak, which trusts nothing that comes back."""

import asyncio
import contextlib
import gzip
import importlib.util
import json
import re
import socket
import struct
import time
from dataclasses import dataclass
from typing import Any

from schema.errors import PROBLEMS

PATIENCE = 30.0
"""Seconds that anything may take here; what is too slow is judged from measured times."""

_STATUS_LINE = re.compile(rb"HTTP/1\.1 (\d{3}) [ -~]*")
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([ -~\t\x80-\xff]*)")
_CODINGS = (("zstd", "zstandard"), ("br", "brotli"), ("gzip", "gzip"))
CODINGS = tuple(name for name, module in _CODINGS if importlib.util.find_spec(module))
"""Content codings that can be undone here."""


class Wrong(Exception):  # noqa: N818
    """An answer that is not what it must be; the message says how."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One response as it came: header names in lower case, several values joined by commas."""

    status: int
    headers: dict[str, str]
    body: bytes

    def content(self) -> bytes:
        """The body without its content coding."""
        coding = self.headers.get("content-encoding", "identity")
        try:
            return _decoded(coding, self.body)
        except Exception as error:
            raise Wrong(f"the body is not {coding}: {error}") from error

    def json(self) -> Any:
        """The decoded JSON of the body."""
        try:
            return json.loads(self.content())
        except ValueError as error:
            raise Wrong(f"the body is not JSON: {error}: {self.body[:200]!r}") from error

    @property
    def code(self) -> str:
        """The code of a refusal, empty for an answer; a refusal must have one of our shapes."""
        media = self.headers.get("content-type", "").partition(";")[0]
        refused = self.status >= 400
        if media == "application/problem+json":
            code = self.json().get("code")
        elif media in ("application/json", "application/graphql-response+json"):
            errors = self.json().get("errors")
            code = errors[0]["extensions"]["code"] if errors else ""
        elif refused:
            raise Wrong(f"{self.status} as {media!r}: {self.body[:200]!r}")
        else:
            return ""
        if code and code not in PROBLEMS:
            raise Wrong(f"there is no code {code!r}")
        if refused and (not code or PROBLEMS[code].status != self.status):
            raise Wrong(f"{self.status} with the code {code!r}")
        return str(code)


def _decoded(coding: str, body: bytes) -> bytes:
    if coding == "identity":
        return body
    if coding == "gzip":
        return gzip.decompress(body)
    if coding == "br":
        import brotli

        return bytes(brotli.decompress(body))
    if coding == "zstd":
        import zstandard

        return bytes(zstandard.ZstdDecompressor().decompressobj().decompress(body))
    raise Wrong(f"the content coding {coding!r} was not asked for")


class Connection:
    """One connection. `OSError`s are the caller's: who is hostile must expect them."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.used = time.monotonic()
        """When it was opened, or had its last reply."""

    @classmethod
    async def open(cls, port: int, *, receive_buffer: int = 0) -> "Connection":
        """A new connection to `port`; `receive_buffer` bytes of the kernel, 0 for the usual."""
        sock = socket.socket()
        sock.setblocking(False)
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            async with asyncio.timeout(PATIENCE):
                await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
        except BaseException:
            sock.close()
            raise
        return cls(*await asyncio.open_connection(sock=sock, limit=65_536))

    async def send(self, data: bytes) -> None:
        """Hand over to the kernel, waiting while it takes no more."""
        self._writer.write(data)
        await self._writer.drain()

    async def reply(self, method: str = "GET") -> Reply | None:
        """The next response, None if the server hung up instead.

        Raises `Wrong` for half of one, and if none comes for a long time.
        """
        try:
            async with asyncio.timeout(PATIENCE):
                found = await self._reply(method)
        except TimeoutError as error:
            raise Wrong(f"no reply for {PATIENCE:g} seconds") from error
        except asyncio.IncompleteReadError as error:
            if error.partial:
                raise Wrong(f"a part of a reply: {error.partial[:200]!r}") from error
            return None
        self.used = time.monotonic()
        return found

    async def _reply(self, method: str) -> Reply:
        status, headers = _head(await self._reader.readuntil(b"\r\n\r\n"))
        length = headers.get("content-length", "")
        if method == "HEAD" or status in (204, 304) or status < 200:
            return Reply(status, headers, b"")
        if not length.isdigit():
            raise Wrong(f"{status} has the length {length!r}")
        try:
            return Reply(status, headers, await self._reader.readexactly(int(length)))
        except asyncio.IncompleteReadError as error:
            raise Wrong(f"{len(error.partial)} of {length} bytes of a body") from error

    async def some(self) -> bytes:
        """Whatever comes next, nothing if the server hangs up."""
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._reader.read(1000)
        except OSError:
            return b""

    async def hung_up(self, seconds: float) -> bool:
        """Whether the server closes within so many seconds; what it still sends is passed over."""
        try:
            async with asyncio.timeout(seconds):
                while await self._reader.read(65_536):
                    pass
        except TimeoutError:
            return False
        except OSError:
            pass
        return True

    def finish(self) -> None:
        """Close our sending side, as who has nothing more to ask."""
        if self._writer.can_write_eof():
            self._writer.write_eof()

    def close(self) -> None:
        """Close in good order."""
        self._writer.close()

    def reset(self) -> None:
        """Close by a reset, whatever is under way."""
        sock = self._writer.get_extra_info("socket")
        with contextlib.suppress(OSError):  # it is closed already
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    def pause(self) -> None:
        """Read nothing from now on, so that the kernel's buffers fill up."""
        transport = self._writer.transport
        assert isinstance(transport, asyncio.ReadTransport)
        transport.pause_reading()


def _head(head: bytes) -> tuple[int, dict[str, str]]:
    first, *lines = head[:-4].split(b"\r\n")
    found = _STATUS_LINE.fullmatch(first)
    if not found:
        raise Wrong(f"no status line: {first[:200]!r}")
    headers: dict[str, str] = {}
    for line in lines:
        field = _FIELD.fullmatch(line)
        if not field:
            raise Wrong(f"no header: {line[:200]!r}")
        name, value = field[1].decode().lower(), field[2].decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return int(found[1]), headers


def request(method: str, target: str, *lines: str, body: bytes | None = None) -> bytes:
    """A request with one valid Host; `lines` are further header lines, a body is JSON."""
    if body is not None:
        lines = (*lines, "Content-Type: application/json", f"Content-Length: {len(body)}")
    head = "".join(f"{line}\r\n" for line in (f"{method} {target} HTTP/1.1", "Host: soak", *lines))
    return head.encode("latin-1") + b"\r\n" + (body or b"")
