"""The write door: papers loaded and removed by HTTP, by whoever has the token."""

import asyncio
import logging
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from email.message import Message
from functools import partial
from math import inf
from typing import Any, BinaryIO, TypeVar
from urllib.parse import urlsplit

import orjson
from starlette.types import Receive, Scope

from api.bearer import CHALLENGES, Bearer
from api.delivery import Planned
from api.dispatch import Call, Handler
from api.http import (
    NEGOTIATED,
    Answer,
    ClientGone,
    Header,
    header,
    problem_answer,
    query_parameters,
)
from api.route_parameters import UPLOAD
from api.settings import Settings
from index.loader import LoadReport
from index.shelf import Shelf
from index.sources import Source, Upload
from index.store import StoreError
from schema.errors import Problem, no_paper
from schema.request import read_parameters

T = TypeVar("T")

MAX_UPLOAD = 64 * 2**20
"""Bytes of the body of an upload, as it is sent."""

MAX_UNPACKED = 2**30
"""Bytes of its content that are read: a gzip of as many zeros has a thousandth of them."""

MAX_REJECTS = 10_000
"""Papers that may be refused of one upload before the rest is not read."""

MAX_SHOWN = 100
"""Rejects, and warnings, that a report shows."""

MAX_UPLOADS = 4
"""Uploads under way at once in a process, of which one is loaded at a time."""

MAX_REMOVALS = 32
"""Removals that are under way or wait for their turn."""

SEARCHABLE_WITHIN = 30.0
"""Seconds that `wait=true` waits after a load until searches find it."""

LOADED_WITHIN = 600.0
"""Seconds after which the rest of an upload is not read; 64 MiB of papers take half a minute."""

LOOK_EVERY = 0.05
WRITTEN_AT_ONCE = 2**20
"""Bytes of a body that are gathered for each write to the disk, which may take its time."""

CODINGS = ("", "identity", "gzip", "x-gzip")
"""Codings of a body: what is gzip is told by its first bytes, whatever the header says."""

_log = logging.getLogger("papershelf")


class WriteDoor:
    """Loads and removes papers of a shelf that is started.

    Bodies are kept in the data folder while they arrive, in files without a name. A browser's page
    may write if it is of this server or of an origin that the settings name; `*` names none.
    """

    def __init__(self, shelf: Shelf, settings: Settings) -> None:
        self._shelf = shelf
        self._folder = settings.data
        self._bearer = Bearer(settings.token)
        self._origins = {*settings.cors_origins} - {"*"}
        self._public_url = settings.public_url
        self._threads = ThreadPoolExecutor(MAX_UPLOADS, thread_name_prefix="papershelf-write")
        self._turn = asyncio.Lock()
        self._closing = threading.Event()
        self._uploads = 0
        self._removals = 0

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """What answers each operation, by its name."""
        return {"loadPapers": self._load, "removePaper": self._remove}

    def end(self) -> None:
        """Stop loading after the transaction under way, and answer."""
        self._closing.set()

    def close(self) -> None:
        """Wait for the end of what is under way."""
        self.end()
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _load(self, call: Call) -> Planned:
        return Planned(partial(self._loaded, call))

    async def _loaded(self, call: Call) -> Answer:
        try:
            self._check(call.scope)
            given = read_parameters(query_parameters(call.scope), call.operation.query)
            _check_head(call.scope)
            if self._uploads >= MAX_UPLOADS:
                message = f"{MAX_UPLOADS} uploads are under way. Send yours once one has ended."
                raise Problem("server-busy", message)
            self._uploads += 1
            try:
                return await self._uploaded(call, given)
            finally:
                self._uploads -= 1
        except Problem as problem:
            # Not all of the body has been read (RFC 9110, section 10.1.1).
            return _refusal(problem, (b"connection", b"close"))

    async def _uploaded(self, call: Call, given: Mapping[str, Any]) -> Answer:
        """Receive and load, and stop where the client goes away."""
        stop = _Stop(self._closing)
        stored = await self._received(call.receive)
        name = given.get("name") or _file_name(call.scope) or "upload"
        upload = Upload(stored, name, MAX_UNPACKED, MAX_REJECTS, stop.reason)
        work = asyncio.ensure_future(self._in_turn(upload, stop, given))
        gone = asyncio.ensure_future(_until_gone(call.receive))
        try:
            await asyncio.wait((work, gone), return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                return await work
            stop.gone = True
            with suppress(Problem):
                await work
            raise ClientGone
        except Problem as problem:
            return _refusal(problem)
        finally:
            stop.gone = True
            gone.cancel()

    async def _received(self, receive: Receive) -> BinaryIO:
        """A body in a file without a name; raises `ClientGone`, or `Problem` once it is too large.

        The file is written in a thread, for a disk may take its time.
        """
        file: BinaryIO | None = None
        try:
            file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115  (closed by the load)
            size, more = 0, True
            while more:
                pieces = bytearray()
                while more and len(pieces) < WRITTEN_AT_ONCE:
                    piece, more = await _piece(receive)
                    pieces += piece
                size += len(pieces)
                if size > MAX_UPLOAD:
                    raise _too_large()
                await self._run(file.write, pieces)
            await self._run(file.flush)
        except BaseException as error:
            if file:
                file.close()
            if isinstance(error, OSError):
                raise _store_failed(error, 0) from error
            raise
        return file

    async def _in_turn(self, upload: Upload, stop: "_Stop", given: Mapping[str, Any]) -> Answer:
        """Load, one upload after another, and report."""
        dry, progress = given.get("dryRun", False), _Progress()
        async with self._turn:
            stop.due = time.monotonic() + LOADED_WITHIN
            report, position = await self._run(self._load_now, upload, given, progress)
        if report.failures and self._closing.is_set():
            raise Problem("server-busy", "The server is ending. Send it again to the next.")
        if report.failures:
            raise Problem("source-unreadable", f"{report.failures[0]}.")
        searchable = None
        if not dry:
            wait = given.get("wait", False)
            searchable = await self._searchable(position, stop, wait=wait)
        body = {
            "data": report_data(report, dry=dry, searchable=searchable),
            "meta": {"revision": self._shelf.view.revision},
            "links": {"self": f"{self._public_url}/v1/papers"},
        }
        return Answer(orjson.dumps(body), vary=NEGOTIATED)

    def _load_now(
        self, upload: Upload, given: Mapping[str, Any], progress: "_Progress"
    ) -> tuple[LoadReport, int]:
        """Load in this thread: the report, and the position of the store then."""
        try:
            with upload.stored:  # a load that is refused does not even begin to read
                report = self._shelf.load(
                    [upload],
                    progress,
                    format_name=given.get("format"),
                    page_date=given.get("pageDate"),
                    dry_run=given.get("dryRun", False),
                )
            return report, self._shelf.position
        except (StoreError, OSError) as error:
            raise _store_failed(error, progress.stored) from error

    async def _searchable(self, position: int, stop: "_Stop", *, wait: bool) -> bool:
        """Whether searches find what was stored up to a position; waits for it if it should."""
        deadline = time.monotonic() + SEARCHABLE_WITHIN
        while wait and not self._shelf.is_searchable(position) and not stop.is_set:
            if time.monotonic() > deadline:
                break
            await asyncio.sleep(LOOK_EVERY)
        return self._shelf.is_searchable(position)

    def _remove(self, call: Call) -> Planned:
        return Planned(partial(self._removed, call))

    async def _removed(self, call: Call) -> Answer:
        try:
            self._check(call.scope)
            read_parameters(query_parameters(call.scope), call.operation.query)
            if self._removals >= MAX_REMOVALS:
                raise Problem("server-busy", "Too many papers are being removed. Try again soon.")
            self._removals += 1
            try:
                identifier = await self._run(self._remove_now, call.rest)
            finally:
                self._removals -= 1
        except Problem as problem:
            return _refusal(problem)
        body = {
            "data": {"id": identifier},
            "meta": {"revision": self._shelf.view.revision},
            "links": {"self": f"{self._public_url}/v1/papers/{identifier}"},
        }
        return Answer(orjson.dumps(body), vary=NEGOTIATED)

    def _remove_now(self, identifier: str) -> str:
        """Remove in this thread; the paper's own id."""
        try:
            (removal,) = self._shelf.remove([identifier])
        except (StoreError, OSError) as error:
            raise _store_failed(error, 0) from error
        if removal.status != "removed" or removal.id is None:
            raise no_paper(identifier, removed=removal.status == "gone")
        return removal.id

    def _check(self, scope: Scope) -> None:
        """Raise `Problem` for one who may not write."""
        self._bearer.check(scope)
        origin = header(scope, b"origin")
        own = {header(scope, b"host"), urlsplit(self._public_url).netloc} - {""}
        if origin and origin not in self._origins and origin.partition("://")[2] not in own:
            message = (
                f"Pages of `{origin[:100]}` may not write here, only those of this server and of "
                "the origins that PAPERSHELF_CORS_ORIGINS names."
            )
            raise Problem("origin-not-allowed", message)

    async def _run(self, call: Callable[..., T], *given: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call, *given)


@dataclass(slots=True)
class _Stop:
    """Says whether a load is to end, and why."""

    closing: threading.Event
    gone: bool = False
    due: float = inf

    @property
    def is_set(self) -> bool:
        """Whether nobody waits for more."""
        return self.gone or self.closing.is_set()

    def reason(self) -> str | None:
        """Why it is to end; None while it may go on."""
        if self.gone:
            return "the client went away"
        if self.closing.is_set():
            return "the server is ending"
        if time.monotonic() > self.due:
            return f"it took more than {LOADED_WITHIN:g} s; the rest was not read"
        return None


@dataclass(slots=True)
class _Progress:
    """An observer of a load that remembers how many papers are safe."""

    stored: int = 0

    def opened(self, source: Source) -> None:
        """Nothing yet."""

    def advanced(self, source: Source, report: LoadReport) -> None:
        """Nothing is safe by that."""

    def committed(self, report: LoadReport) -> None:
        """More papers are safe."""
        self.stored = report.stored


def report_data(report: LoadReport, *, dry: bool, searchable: bool | None) -> dict[str, object]:
    """A report as JSON: counts, and the first rejects and warnings by line.

    A dry run does not know what the shelf has: `added`, `updated`, `unchanged` and `searchable` are
    null.
    """
    return {
        "dryRun": dry,
        "readable": report.stored,
        "added": None if dry else report.added,
        "updated": None if dry else report.updated,
        "unchanged": None if dry else report.unchanged,
        "rejected": report.rejected,
        "rejects": [
            {"line": each.line, "reason": each.reason, "excerpt": each.excerpt}
            for _, each in report.rejects[:MAX_SHOWN]
        ],
        "warned": report.warned,
        "warnings": [
            {"line": each.line, "message": each.message} for _, each in report.warnings[:MAX_SHOWN]
        ],
        "searchable": searchable,
    }


def _refusal(problem: Problem, *headers: Header) -> Answer:
    challenge = CHALLENGES.get(problem.code)
    told = [(b"www-authenticate", challenge)] if challenge else []
    return problem_answer(problem, [*headers, *told])


def _check_head(scope: Scope) -> None:
    """Raise `Problem` for a body that is not to be read, by what its headers say of it."""
    if header(scope, b"content-encoding").strip().lower() not in CODINGS:
        raise Problem("media-type-unsupported", "Send the file as it is, or compressed by gzip.")
    if header(scope, b"content-type").strip().lower().startswith("multipart/"):
        message = "Send the file itself as the body, as `curl --data-binary @FILE` does; no form."
        raise Problem("media-type-unsupported", message)
    declared = header(scope, b"content-length")
    if declared.isdigit() and int(declared[:20]) > MAX_UPLOAD:
        raise _too_large()


def _too_large() -> Problem:
    message = (
        f"An upload may have at most {MAX_UPLOAD:,} bytes. Send it compressed by gzip, or in parts."
    )
    return Problem("body-too-large", message)


def _store_failed(error: Exception, stored: int) -> Problem:
    _log.error("Papers could not be written: %s", error)
    message = (
        f"The papers could not be written; the server's log says why. {stored:,} of this request "
        "are stored, and sending it again goes on from there."
    )
    return Problem("store-failed", message)


def _file_name(scope: Scope) -> str | None:
    """The file name of `Content-Disposition` (RFC 6266) without folders, None if it has none."""
    message = Message()
    message["content-disposition"] = header(scope, b"content-disposition")
    name = (message.get_filename() or "").replace("\\", "/").rpartition("/")[2]
    found = UPLOAD["name"].parse(name)
    return name if found is not None and name.isprintable() else None


async def _piece(receive: Receive) -> tuple[bytes, bool]:
    """The next piece of a body, and whether there is more; raises `ClientGone`."""
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientGone
    return message.get("body", b""), message.get("more_body", False)


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
