"""Processes of the soak: the real server, watched from outside through /proc, and its helpers."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bench.hostile import TOKEN
from bench.wire import Connection, request
from tests.paths import REPOSITORY

START_SECONDS = 120.0
END_SECONDS = 60.0
_ADDRESS = re.compile(rb"http://127\.0\.0\.1:(\d+)/graphql")


class Watched:
    """A running `papershelf serve`, as Linux shows it.

    `ending` is set when it has ended: what was wrong with that, what it said included, else empty.
    """

    def __init__(self, pid: int, port: int) -> None:
        self._pid = pid
        self._folder = Path(f"/proc/{pid}")
        self.port = port
        self.ending = ""

    def memory(self) -> int:
        """Resident bytes that are the process's own, mapped files left out.

        What is mapped of the database and of the index belongs to the page cache, grows with the
        part of the shelf that was read, and is bounded by the shelf.
        """
        lines = (self._folder / "status").read_text().splitlines()
        sizes = dict(line.split(":", 1) for line in lines)
        return int(sizes["RssAnon"].split()[0]) * 1024

    def resident(self) -> int:
        """Resident bytes, mapped files included."""
        return int((self._folder / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def sockets(self) -> int:
        """Open sockets, the listening one and the event loop's own included."""
        found = 0
        for each in (self._folder / "fd").iterdir():
            try:
                found += str(each.readlink()).startswith("socket:")
            except FileNotFoundError:
                continue
        return found

    def loop_cpu(self) -> float:
        """CPU seconds of the thread that runs the event loop."""
        return _scheduled(self._folder / "task" / str(self._pid))[0]

    def loop_kept_waiting(self) -> float:
        """Seconds in which that thread could have run, but had no core: the doing of others."""
        return _scheduled(self._folder / "task" / str(self._pid))[1]

    def cpu(self) -> float:
        """CPU seconds of all threads."""
        return sum(_scheduled(task)[0] for task in (self._folder / "task").iterdir())


def _scheduled(task: Path) -> tuple[float, float]:
    """Seconds that a thread ran, and that it waited for a core."""
    try:
        ran, waited, _ = (task / "schedstat").read_text().split()
    except FileNotFoundError:  # it has ended
        return 0.0, 0.0
    return int(ran) / 1e9, int(waited) / 1e9


@asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[Watched]:
    """The server over the shelf in `folder`, on a core of its own where there are several."""
    process = await _python("-m", "api", "serve", "--port", "0", "--data", str(folder))
    watched: Watched | None = None
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) > 1:
        os.sched_setaffinity(process.pid, cores[-1:])
        os.sched_setaffinity(0, cores[:-1])
    try:
        async with asyncio.timeout(START_SECONDS):
            watched = Watched(process.pid, await _port(process))
        yield watched
    finally:
        os.sched_setaffinity(0, cores)
        said = await _ended(process)
        if watched and (process.returncode or said):
            watched.ending = f"exit code {process.returncode}; {said}"


async def _port(process: asyncio.subprocess.Process) -> int:
    assert process.stdout is not None
    async for line in process.stdout:
        if found := _ADDRESS.search(line):
            port = int(found[1])
            break
    else:
        raise RuntimeError(await _ended(process))
    while process.returncode is None:
        try:
            connection = await Connection.open(port)
            await connection.send(request("GET", "/readyz"))
            reply = await connection.reply()
            connection.close()
            if reply and reply.status == 200:
                return port
        except OSError:
            pass
        await asyncio.sleep(0.1)
    raise RuntimeError(await _ended(process))


async def _python(*arguments: str) -> asyncio.subprocess.Process:
    """A Python process with the environment of who has set nothing but a token, streams piped."""
    pipe = asyncio.subprocess.PIPE
    plain = {k: v for k, v in os.environ.items() if not k.startswith("PAPERSHELF_")}
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        cwd=REPOSITORY,
        env=plain | {"PAPERSHELF_TOKEN": TOKEN},
        stdin=pipe,
        stdout=pipe,
        stderr=pipe,
    )


async def _ended(process: asyncio.subprocess.Process) -> str:
    """Have a process end as an operator would; what it wrote to its errors."""
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(END_SECONDS):
            _, said = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    return said.decode(errors="replace")


class Helper:
    """`python -m MODULE ARGUMENTS`, which works until its input ends."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def ask(self) -> bytes:
        """The line with which it answers an empty line."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(b"\n")
        await self._process.stdin.drain()
        return await self._process.stdout.readline()

    async def end(self) -> bytes:
        """Close its input; the last line that it writes. Raises `RuntimeError` if it failed."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        async with asyncio.timeout(END_SECONDS):
            written, said = await self._process.communicate()
        if self._process.returncode:
            raise RuntimeError(said.decode(errors="replace"))
        return written.rstrip().rpartition(b"\n")[2]


@asynccontextmanager
async def helping(module: str, *arguments: str) -> AsyncIterator[Helper]:
    """A helper, which is gone for good at the end."""
    process = await _python("-m", module, *arguments)
    try:
        yield Helper(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
