"""Uploads to a real server, byte by byte: nothing is read in vain, and nothing half is kept."""

import json
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.connections import Bounds
from index.shelf import Shelf
from tests.api.openapi_examples import TOKEN
from tests.api.serving import CHUNKED, PATIENCE, post, serving
from tests.api.test_sockets import Reply, Server, port_of, received, replies
from tests.cli.running import started

SIGNED = b"Authorization: Bearer %b\r\n" % TOKEN.encode()
EXPECTING = b"Expect: 100-continue\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
CLOSE = b"Connection: close\r\n"
PAPERS = b"/v1/papers"
CROWD = 100
MANY = 30_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("uploads")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    """A server that takes papers, which must have stayed quiet when it ends."""
    with started(folder, "serve", "--port", "0", PAPERSHELF_TOKEN=TOKEN) as process:
        yield Server(port_of(process))
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert log == b""


def paper(number: int) -> bytes:
    return b'{"title": "Paper number %d", "id": "2501.%05d"}\n' % (number, number)


def sized(content: bytes) -> bytes:
    return b"Content-Length: %d\r\n" % len(content)


def chunks(*pieces: bytes) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(each), each) for each in pieces)


def upload(server: Server, content: bytes, head: bytes = b"", target: bytes = PAPERS) -> Any:
    """The decoded answer to an upload that is taken."""
    [reply] = server.send(post(SIGNED + CLOSE + sized(content) + head, content, target))
    assert reply.status == 200, reply.body
    return json.loads(reply.body)


def stored(server: Server) -> int:
    reply = server.ask(b"GET", b"/v1/stats")
    return int(json.loads(reply.body)["data"]["papers"])


def first_of(connection: socket.socket) -> Reply:
    return next(replies(received(connection)))


def test_a_body_that_would_be_refused_is_not_asked_for(server: Server) -> None:
    for head in (b"", b"Authorization: Bearer x\r\n", SIGNED + b"Content-Encoding: br\r\n"):
        with server.connect() as connection:
            connection.sendall(post(head + EXPECTING + b"Content-Length: 1000000\r\n", b"", PAPERS))
            answer = received(connection)
        assert not answer.startswith(CONTINUE)
        [reply] = replies(answer)
        assert reply.status in (401, 415)
        assert reply.headers["connection"] == "close"


def test_a_body_that_is_taken_is_asked_for(server: Server) -> None:
    with server.connect() as connection:
        content = paper(1)
        connection.sendall(post(SIGNED + CLOSE + EXPECTING + sized(content), b"", PAPERS))
        assert connection.recv(len(CONTINUE), socket.MSG_WAITALL) == CONTINUE
        connection.sendall(content)
        assert json.loads(first_of(connection).body)["data"]["readable"] == 1


def test_a_body_comes_in_chunks_of_any_size(server: Server) -> None:
    content = b"".join(map(paper, range(10, 30)))
    body = chunks(*(content[at : at + 7] for at in range(0, len(content), 7)), b"")
    [reply] = server.send(post(SIGNED + CLOSE + CHUNKED, body, PAPERS))
    assert json.loads(reply.body)["data"]["added"] == 20


def test_a_connection_goes_on_after_an_upload(server: Server) -> None:
    content = paper(40)
    asked = post(SIGNED + sized(content), content, PAPERS)
    first, second, third = server.send(
        asked, asked + post(SIGNED + CLOSE + sized(b""), b"", PAPERS)
    )
    assert json.loads(first.body)["data"]["added"] == 1
    assert json.loads(second.body)["data"]["unchanged"] == 1
    assert third.code == "source-unreadable"


def test_many_without_a_token_are_refused_at_once(server: Server) -> None:
    """Each before its body; whoever sends it all the same loses the connection, and nobody else."""
    before = stored(server)
    connections = [server.connect() for _ in range(CROWD)]
    for number, connection in enumerate(connections):
        head = b"Content-Length: 60000000\r\n" if number % 2 else CHUNKED
        connection.sendall(post(head, b"", PAPERS))
    for connection in connections:
        with connection:
            assert first_of(connection).code == "token-missing"
    assert stored(server) == before


@pytest.mark.parametrize("head", [b"Content-Length: 67108865\r\n", CHUNKED], ids=["told", "found"])
def test_a_body_too_large_is_refused(server: Server, head: bytes) -> None:
    before = stored(server)
    piece = b" " * 2**20
    with server.connect() as connection:
        connection.sendall(post(SIGNED + head, b"", PAPERS))
        try:
            for _ in range(65 if head == CHUNKED else 0):
                connection.sendall(chunks(piece))
        except OSError:  # it hung up before our last byte
            pass
        answer = received(connection)
    codes = [each.code for each in replies(answer)]
    assert codes == ["body-too-large"] or (head == CHUNKED and codes == [])
    assert stored(server) == before


def test_one_who_leaves_amid_a_body_leaves_nothing(server: Server, folder: Path) -> None:
    before, files = stored(server), files_of(folder)
    content = b"".join(map(paper, range(100, 200)))
    for reset in (False, True):
        with server.connect() as connection:
            connection.sendall(post(SIGNED + b"Content-Length: 9999999\r\n", content, PAPERS))
            if reset:
                linger = b"\1\0\0\0\0\0\0\0"
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    assert stored(server) == before
    assert files_of(folder) == files


def files_of(folder: Path) -> set[str]:
    return {path.name for path in (folder / "data").iterdir() if "index" not in path.name}


def test_the_token_is_in_no_process_title(server: Server, folder: Path) -> None:
    titles = subprocess.run(["ps", "axww", "-o", "args"], capture_output=True, check=True).stdout
    assert re.search(rb"-m api serve", titles)
    assert TOKEN.encode() not in titles


def test_a_body_may_take_long_while_it_goes_on() -> None:
    bounds = Bounds(idle=PATIENCE, head=PATIENCE, body=6.0, rate=100.0, sweep=0.05)
    with serving(bounds) as server, server.connect() as connection:
        connection.sendall(post(CLOSE + CHUNKED))
        for _ in range(16):
            connection.sendall(chunks(b"x" * 1000))
            time.sleep(0.5)
        connection.sendall(chunks(b""))
        assert len(json.loads(first_of(connection).body)["body"]) == 16_000


def test_a_body_that_goes_on_too_slowly_is_cut_off() -> None:
    bounds = Bounds(idle=PATIENCE, head=PATIENCE, body=1.0, rate=1e6, sweep=0.05)
    with serving(bounds) as server, server.connect() as connection:
        connection.sendall(post(CHUNKED))
        reply = b""
        connection.settimeout(0.1)
        deadline = time.monotonic() + PATIENCE
        while not reply and time.monotonic() < deadline:
            connection.sendall(chunks(b"x"))
            try:
                reply = connection.recv(65536)
            except TimeoutError:
                continue
        [refusal] = replies(reply)
        assert refusal.code == "request-timeout"
        assert "1,000,000 bytes a second" in json.loads(refusal.body)["detail"]


def test_a_server_that_ends_amid_a_load_keeps_what_is_committed(tmp_path: Path) -> None:
    content = b"".join(map(paper, range(MANY)))
    with started(tmp_path, "serve", "--port", "0", PAPERSHELF_TOKEN=TOKEN) as process:
        server = Server(port_of(process))
        with server.connect() as connection:
            connection.sendall(post(SIGNED + sized(content), content, PAPERS))
            deadline = time.monotonic() + PATIENCE
            while not stored(server):
                assert time.monotonic() < deadline
                time.sleep(0.05)
            process.send_signal(signal.SIGTERM)
            answer = received(connection)
        _, log = process.communicate(timeout=PATIENCE)
    assert (process.returncode, log) == (0, b"")
    with Shelf(tmp_path / "data") as shelf:
        shelf.catch_up()
        kept = shelf.stats().papers
        assert shelf.check() == []
    assert 0 < kept < MANY
    [reply] = replies(answer)
    report = json.loads(reply.body)["data"]
    assert report["readable"] == kept
    assert [each["reason"] for each in report["rejects"]] == ["the server is ending"]
    with started(tmp_path, "serve", "--port", "0", PAPERSHELF_TOKEN=TOKEN) as process:
        report = upload(Server(port_of(process)), content)["data"]
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE)
    assert (report["unchanged"], report["added"]) == (kept, MANY - kept)


def test_reads_go_on_while_papers_are_loaded(tmp_path: Path) -> None:
    """Many of them: none waits for the end of the load."""
    content = b"".join(map(paper, range(MANY)))
    with started(tmp_path, "serve", "--port", "0", PAPERSHELF_TOKEN=TOKEN) as process:
        server = Server(port_of(process))
        with server.connect() as connection:
            connection.sendall(post(SIGNED + CLOSE + sized(content), content, PAPERS))
            connection.setblocking(False)
            seen: list[int] = []
            answer = b""
            deadline = time.monotonic() + 2 * PATIENCE
            while not answer:
                assert time.monotonic() < deadline
                seen.append(stored(server))
                try:
                    answer = connection.recv(65536)
                except BlockingIOError:
                    continue
        assert json.loads(next(replies(answer)).body)["data"]["added"] == MANY
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE)
    assert seen == sorted(seen)
    assert len({count for count in seen if 0 < count < MANY}) >= 3, seen
