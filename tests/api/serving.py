"""A server of our protocol in a thread of this process, and requests to send it as bytes."""

import asyncio
import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import uvicorn
from starlette.types import Receive, Scope, Send

from api.connections import Bounds, Connections
from api.protocol import Protocol
from tests.api.test_sockets import Reply, Server

PATIENCE = 60.0
PATIENT = Bounds(idle=PATIENCE, head=PATIENCE, body=PATIENCE, reader=PATIENCE, parting=1.0)
"""For tests that must not be cut off, however busy the machine is."""
BIG = 16 * 1024 * 1024
CHUNKED = b"Transfer-Encoding: chunked\r\n"


class Application:
    """Tells what it was asked; `/early` does not read the body, `/gate` waits until it is open."""

    def __init__(self) -> None:
        self.open = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = b""
        while scope["path"] == "/gate" and not self.open:
            await asyncio.sleep(0.01)
        while scope["path"] != "/early":
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message["body"]
            if not message["more_body"]:
                break
        told = {
            "path": scope["path"],
            "query": scope["query_string"].decode(),
            "headers": [
                [name.decode("latin-1"), value.decode("latin-1")]
                for name, value in scope["headers"]
            ],
            "body": body.decode("latin-1"),
        }
        answer = b"x" * BIG if scope["path"] == "/big" else json.dumps(told).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(answer))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})


@dataclass(frozen=True)
class Running(Server):
    """A server in a thread of this process."""

    server: uvicorn.Server
    application: Application
    thread: threading.Thread

    @property
    def open(self) -> int:
        return len(self.server.server_state.connections)

    @property
    def running(self) -> int:
        return len(self.server.server_state.tasks)

    @property
    def answered(self) -> int:
        return self.server.server_state.total_requests

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive()


@contextmanager
def serving(bounds: Bounds) -> Iterator[Running]:
    """A server that must have logged nothing when it ends, and have no connection left."""
    application = Application()
    config = uvicorn.Config(
        application,
        http=partial(Protocol, Connections(bounds)),  # type: ignore[arg-type]
        loop="uvloop",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=20,
    )
    server = uvicorn.Server(config)
    records: list[logging.LogRecord] = []
    listening = logging.Handler(logging.WARNING)
    listening.emit = records.append  # type: ignore[method-assign]
    logging.getLogger().addHandler(listening)
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        running = Running(listener.getsockname()[1], server, application, thread)
        try:
            until(lambda: server.started)
            yield running
        finally:
            running.stop()
            logging.getLogger().removeHandler(listening)
    assert [record.getMessage() for record in records] == []
    assert running.open == 0


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def get(target: bytes = b"/", head: bytes = b"") -> bytes:
    return b"GET %b HTTP/1.1\r\nHost: x\r\n%b\r\n" % (target, head)


def post(head: bytes, body: bytes = b"", target: bytes = b"/") -> bytes:
    return b"POST %b HTTP/1.1\r\nHost: x\r\n%b\r\n%b" % (target, head, body)


def last(target: bytes = b"/end") -> bytes:
    return get(target, b"Connection: close\r\n")


def told(reply: Reply) -> dict[str, object]:
    body = json.loads(reply.body)
    assert isinstance(body, dict)
    return body


def codes(answers: list[Reply]) -> list[str | None]:
    return [answer.code for answer in answers]
