"""Servers in processes of their own, and a client that does not disturb what is measured."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.paths import REPOSITORY

_SERVE = """
import sys, uvicorn
config = dict(host="127.0.0.1", port=int(sys.argv[1]), http="httptools", loop="uvloop",
              access_log=False, log_level="error")
if len(sys.argv) > 2:
    from pathlib import Path
    from api.app import create_app
    from api.settings import Settings
    application = create_app(Settings.from_environment({"PAPERSHELF_DATA": sys.argv[2]}))
else:
    async def application(scope, receive, send):
        if scope["type"] == "lifespan":
            while True:
                message = await receive()
                await send({"type": message["type"] + ".complete"})
                if message["type"] == "lifespan.shutdown":
                    return
        await send({"type": "http.response.start", "status": 200, "headers": [
            (b"content-type", b"text/plain"), (b"content-length", b"5")]})
        await send({"type": "http.response.body", "body": b"hello"})
uvicorn.run(application, **config)
"""

_CORES = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()


class Client:
    """One keep-alive connection that sends requests one after another."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""

    def get(self, target: str) -> tuple[int, bytes]:
        """Status and body of a GET."""
        head = f"GET {target} HTTP/1.1\r\nhost: bench\r\naccept: */*\r\n\r\n"
        return self._exchange(head.encode())

    def post(self, target: str, body: bytes) -> tuple[int, bytes]:
        """Status and body of a POST of JSON."""
        head = (
            f"POST {target} HTTP/1.1\r\nhost: bench\r\naccept: */*\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        return self._exchange(head.encode() + body)

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def _exchange(self, request: bytes) -> tuple[int, bytes]:
        self._socket.sendall(request)
        while b"\r\n\r\n" not in self._buffer:
            self._receive()
        head, self._buffer = self._buffer.split(b"\r\n\r\n", 1)
        lines = head.lower().split(b"\r\n")
        length = next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))
        while len(self._buffer) < length:
            self._receive()
        body, self._buffer = self._buffer[:length], self._buffer[length:]
        return int(lines[0].split()[1]), body

    def _receive(self) -> None:
        chunk = self._socket.recv(1 << 18)
        if not chunk:
            raise ConnectionError("the server closed the connection")
        self._buffer += chunk


class Server:
    """A running server process."""

    def __init__(self, process: "subprocess.Popen[bytes]", port: int) -> None:
        self._process = process
        self._port = port

    def connect(self) -> Client:
        """A new connection to it; an idle one is closed by the server after some seconds."""
        return Client(self._port)

    def cpu(self) -> float:
        """CPU seconds that all threads of the process have used (Linux scheduler statistics)."""
        total = 0
        for task in Path(f"/proc/{self._process.pid}/task").iterdir():
            try:
                total += int((task / "schedstat").read_text().split()[0])
            except FileNotFoundError:
                continue
        return total / 1e9


@contextmanager
def running(folder: Path | None = None) -> Iterator[Server]:
    """A server over the shelf in `folder`; without one, a bare ASGI application as the measure."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-c", _SERVE, str(port), *([str(folder)] if folder else [])]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PAPERSHELF_")}
    process = subprocess.Popen(command, cwd=REPOSITORY, env=environment)
    _keep_apart(process.pid)
    try:
        _wait(port, ready=folder is not None)
        yield Server(process, port)
    finally:
        process.terminate()
        process.wait(30)


def _keep_apart(server: int) -> None:
    """Give servers one core and the client another, so that all are woken at the same cost.

    Left alone, the scheduler lets a server share the client's core or not: 19 or 34 us for the
    same bare request.
    """
    if hasattr(os, "sched_setaffinity") and len(cores := sorted(_CORES)) > 1:
        os.sched_setaffinity(0, cores[:1])
        os.sched_setaffinity(server, cores[1:2])


def _wait(port: int, *, ready: bool) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            client = Client(port)
            answered = not ready or client.get("/readyz")[0] == 200
            client.close()
            if answered:
                return
        except OSError:
            pass
        if time.monotonic() > deadline:
            raise TimeoutError("the server did not become ready")
        time.sleep(0.1)
