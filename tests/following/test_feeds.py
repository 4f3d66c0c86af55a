"""`papershelf follow` and what servers, files and pipes may give it: good, broken and foreign."""

import gzip
import json
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import api.fetching
from api.fetching import feed_address
from index.shelf import Shelf
from index.store import Store
from index.store_line import MAX_LINE
from tests.cli.conftest import here as here
from tests.cli.running import TIMEOUT, Done, run, started
from tests.paths import SAMPLE
from tests.shelf.building import load, numbered
from tests.store.test_replica import content

Here = Callable[..., Done]
Reply = Callable[[BaseHTTPRequestHandler], None]
COUNT = 40


@pytest.fixture(scope="module")
def leader(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a shelf with forty papers, of which one was removed."""
    folder = tmp_path_factory.mktemp("leader")
    with Shelf(folder / "data") as shelf:
        load(shelf, folder, *map(numbered, range(COUNT)))
        shelf.remove(["arxiv:2501.00003"])
    return folder / "data"


@pytest.fixture(scope="module")
def lines(leader: Path) -> list[bytes]:
    with Shelf(leader) as shelf, shelf.changes.feed() as feed:
        return [line + b"\n" for _, line in feed.lines()]


@contextmanager
def serving(reply: Reply) -> Iterator[str]:
    """The address of a server that answers each GET by `reply`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            reply(self)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def head(
    handler: BaseHTTPRequestHandler, status: int, media: str = "application/x-ndjson", **more: str
) -> None:
    handler.send_response(status)
    handler.send_header("Content-Type", media)
    for name, value in more.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Connection", "close")
    handler.end_headers()
    handler.close_connection = True


def chunked(parts: list[bytes], *, whole: bool = True) -> Reply:
    """An answer in chunks, which without `whole` ends before its last."""

    def reply(handler: BaseHTTPRequestHandler) -> None:
        head(handler, 200, Transfer_Encoding="chunked")
        for part in parts:
            handler.wfile.write(b"%x\r\n%b\r\n" % (len(part), part))
        if whole:
            handler.wfile.write(b"0\r\n\r\n")

    return reply


def plain(status: int, body: bytes, media: str = "application/x-ndjson", **more: str) -> Reply:
    def reply(handler: BaseHTTPRequestHandler) -> None:
        head(handler, status, media, Content_Length=str(len(body)), **more)
        handler.wfile.write(body)

    return reply


def same(folder: Path, leader: Path) -> bool:
    """Whether a copy has all that its leader has."""
    copy, first = Store.open(folder), Store.open(leader)
    equal = content(copy) == content(first)
    assert copy.verify() == []
    copy.close()
    first.close()
    return equal


def test_files_pipes_and_servers_give_the_same(
    here: Here, tmp_path: Path, leader: Path, lines: list[bytes]
) -> None:
    whole = b"".join(lines)
    (tmp_path / "plain").write_bytes(whole)
    (tmp_path / "packed").write_bytes(gzip.compress(whole[:9000]) + gzip.compress(whole[9000:]))
    (tmp_path / "blank").write_bytes(b"\n" + b"\r\n".join(lines) + b"  \n")
    for name in ("plain", "packed", "blank"):
        done = here(tmp_path, "follow", name, "--data", f"copy-{name}")
        assert (done.code, done.err) == (0, "committed 40\n"), done
        assert done.out == f"39 put, 1 removed; at {json.loads(lines[-1])['token']}\n"
        assert same(tmp_path / f"copy-{name}", leader)
    piped = run(tmp_path, "follow", "-", "--data", "copy-pipe", "--json", stdin=whole)
    assert json.loads(piped.out) == {"put": 39, "removed": 1, "token": f"{token(lines)}"}
    assert piped.err == ""
    assert same(tmp_path / "copy-pipe", leader)
    for number, reply in enumerate(
        (
            chunked([whole[at : at + 1000] for at in range(0, len(whole), 1000)]),
            plain(200, whole),
            plain(200, gzip.compress(whole), Content_Encoding="gzip"),
        )
    ):
        with serving(reply) as address:
            assert here(tmp_path, "follow", address, "--data", f"copy-{number}").code == 0
        assert same(tmp_path / f"copy-{number}", leader)


def token(lines: list[bytes]) -> str:
    return str(json.loads(lines[-1])["token"])


def test_it_asks_for_what_it_does_not_have(here: Here, tmp_path: Path, lines: list[bytes]) -> None:
    asked: list[str] = []

    def reply(handler: BaseHTTPRequestHandler) -> None:
        asked.append(handler.path)
        assert handler.headers["Accept"] == "application/x-ndjson"
        plain(200, b"".join(lines[:7]))(handler)

    with serving(reply) as address:
        for end in ("", "/", "/v1/changes", "/v1/changes.ndjson"):
            assert here(tmp_path, "follow", address + end, "--data", "copy").code == 0
    since = json.loads(lines[6])["token"]
    assert asked == ["/v1/changes.ndjson", *[f"/v1/changes.ndjson?since={since}"] * 3]


def test_what_came_before_a_cut_is_kept_and_the_rest_comes_later(
    here: Here, tmp_path: Path, leader: Path, lines: list[bytes]
) -> None:
    cuts: tuple[tuple[Reply, int], ...] = (
        (chunked(lines[:5], whole=False), 5),
        (chunked([*lines[:8], lines[8][:50]], whole=False), 8),
        (chunked([*lines[:10], lines[10][:50]]), 10),
        (plain(200, gzip.compress(b"".join(lines), mtime=0)[:3000]), 10),
        (plain(200, b"".join(lines)[:-1]), 39),
    )
    for reply, kept in cuts:
        with serving(reply) as address:
            done = here(tmp_path, "follow", address, "--data", "copy")
        assert done.code == 1
        assert "breaks off" in done.err
        store = Store.open(tmp_path / "copy")
        assert store.position() >= json.loads(lines[kept - 1])["replica"]["after"] + 1
        store.close()
    with serving(chunked(lines)) as address:
        assert here(tmp_path, "follow", address, "--data", "copy").code == 0
    assert same(tmp_path / "copy", leader)


PROBLEM = {"detail": "Said by the server.", "code": "changes-token-invalid"}


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (plain(404, b"nothing", "text/plain"), "refuses with 404: Not Found"),
        (plain(400, json.dumps(PROBLEM).encode(), "application/problem+json"), "an empty folder"),
        (plain(503, b'{"detail": "Busy.", "code": "server-busy"}'), "refuses with 503: Busy."),
        (plain(200, b"<html>", "text/html"), "answers text/html"),
        (plain(200, b"{}\n"), "line 1: This is no line of a feed of changes"),
        (plain(200, b"\x00\xff" * 999 + b"\n"), "it is not JSON"),
        (plain(200, b'{"data":[]}'), "get /v1/changes.ndjson"),
        (plain(302, b"", Location="ftp://127.0.0.1/x"), "ftp"),
        (plain(302, b"", Location="file:///etc/passwd"), "file:///etc/passwd"),
        (plain(302, b"", Location="/v1/changes.ndjson"), "redirect"),
        (lambda handler: handler.connection.close(), "127.0.0.1"),
    ],
)
def test_a_bad_server_is_one_line_and_code_1(
    here: Here, tmp_path: Path, reply: Reply, said: str
) -> None:
    with serving(reply) as address:
        done = here(tmp_path, "follow", address, "--data", "copy")
    assert (done.code, done.out) == (1, ""), done
    assert said in done.err
    assert done.err.count("\n") == 1
    with Shelf(tmp_path / "copy") as shelf:
        assert shelf.changes.followed() is None
        assert shelf.stats().papers == 0


def test_a_line_without_end_is_not_held_in_memory(
    here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: list[bytes]
) -> None:
    assert MAX_LINE >= 64 * 2**20
    monkeypatch.setattr(api.fetching, "MAX_LINE", 20_000)

    def reply(handler: BaseHTTPRequestHandler) -> None:
        head(handler, 200, Transfer_Encoding="chunked")
        while True:  # until the client has gone
            handler.wfile.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")

    with serving(_until_gone(reply)) as address:
        done = here(tmp_path, "follow", address, "--data", "copy")
    assert done.code == 1
    assert "longer than 20,000 bytes" in done.err


def _until_gone(reply: Reply) -> Reply:
    def quiet(handler: BaseHTTPRequestHandler) -> None:
        try:
            reply(handler)
        except OSError:
            handler.close_connection = True

    return quiet


def test_it_goes_on_over_outages(tmp_path: Path, leader: Path, lines: list[bytes]) -> None:
    turns = 0

    def reply(handler: BaseHTTPRequestHandler) -> None:
        nonlocal turns
        turns += 1
        if turns == 2:
            plain(503, b"{}")(handler)
        elif turns == 3:
            chunked(lines[5:7], whole=False)(handler)
        else:
            plain(200, b"".join(lines[: {1: 5, 4: 20}.get(turns, COUNT)]))(handler)

    with (
        serving(reply) as address,
        started(tmp_path, "follow", address, "--data", "copy", "--every", "1") as process,
    ):
        assert process.stdout is not None
        assert process.stderr is not None
        alarm = threading.Timer(TIMEOUT, process.kill)
        alarm.start()
        said = [process.stdout.readline() for _ in range(4)]
        process.terminate()
        errors = process.stderr.read().decode()
        process.wait(TIMEOUT)
        alarm.cancel()
    assert [line.split(b";")[0] for line in said] == [
        b"5 put, 0 removed",
        b"2 put, 0 removed",
        b"13 put, 0 removed",
        b"19 put, 1 removed",
    ]
    assert "refuses with 503" in errors
    assert "breaks off" in errors
    assert "trying again in 2 s" in errors
    assert same(tmp_path / "copy", leader)


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize(
    ("every", "amid", "code"),
    [(["--every", "600"], False, 0), (["--every", "600"], True, 0), ([], True, 130)],
)
def test_it_is_ended_with_words(
    tmp_path: Path, lines: list[bytes], ending: int, every: list[str], amid: bool, code: int
) -> None:
    """Between two rounds, or amid a feed that does not end."""
    asked, over = threading.Event(), threading.Event()

    def reply(handler: BaseHTTPRequestHandler) -> None:
        head(handler, 200, Transfer_Encoding="chunked")
        part = b"".join(lines)
        handler.wfile.write(b"%x\r\n%b\r\n" % (len(part), part))
        asked.set()
        if amid:
            over.wait(TIMEOUT)
        handler.wfile.write(b"0\r\n\r\n")

    with (
        serving(_until_gone(reply)) as address,
        started(tmp_path, "follow", address, "--data", "copy", *every) as process,
    ):
        assert process.stdout is not None
        assert asked.wait(TIMEOUT)
        if not amid:
            assert process.stdout.readline().startswith(b"39 put, 1 removed")
        process.send_signal(ending)
        out, err = process.communicate(timeout=TIMEOUT)
        over.set()
    assert (process.returncode, out) == (code, b"")
    assert err.decode().splitlines()[-1] == "papershelf: interrupted; all that was committed stays"
    assert b"Traceback" not in err


def test_a_refusal_for_good_ends_it_also_where_it_would_go_on(here: Here, tmp_path: Path) -> None:
    with serving(plain(404, b"")) as address:
        assert here(tmp_path, "follow", address, "--every", "1").code == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "one address, file, or -"),
        (["a", "b"], "one address, file, or -"),
        (["ftp://x"], "must begin with http:// or https://"),
        (["http://user:word@x"], "without user, query and fragment"),
        (["http://x?since=1"], "without user, query and fragment"),
        (["file", "--every", "5"], "a file is read once"),
        (["http://x", "--every", "0"], "1 to 86400"),
        (["http://x", "--every", "soon"], "1 to 86400"),
        (["--detach", "http://x"], "--detach takes no source"),
    ],
)
def test_wrong_usage_is_one_line_and_code_2(
    here: Here, tmp_path: Path, arguments: list[str], said: str
) -> None:
    done = here(tmp_path, "follow", *arguments)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert done.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_addresses_of_servers_are_completed() -> None:
    for given in ("https://x/shelf", "https://x/shelf/", "https://x/shelf/v1/changes"):
        assert feed_address(given) == "https://x/shelf/v1/changes.ndjson"
    assert feed_address("HTTP://[::1]:80") == "http://[::1]:80/v1/changes.ndjson"
    assert feed_address("a/file.ndjson") is None
    assert feed_address("-") is None


def test_a_copy_takes_no_papers_until_it_is_detached(
    here: Here, tmp_path: Path, lines: list[bytes]
) -> None:
    (tmp_path / "feed").write_bytes(b"".join(lines))
    assert here(tmp_path, "follow", "feed").code == 0
    for command in (["load", str(SAMPLE)], ["remove", "arxiv:2501.00001"]):
        done = here(tmp_path, *command)
        assert done.code == 1
        assert "--detach" in done.err
    assert here(tmp_path, "load", "--dry-run", str(SAMPLE)).code == 0
    assert here(tmp_path, "check").out.startswith("all is well: 39 papers")
    assert here(tmp_path, "follow", "--detach").code == 0
    assert here(tmp_path, "follow", "--detach").code == 1
    assert here(tmp_path, "load", str(SAMPLE)).code == 0
    done = here(tmp_path, "follow", "feed")
    assert done.code == 1
    assert "papers of its own" in done.err


def test_a_shelf_follows_no_other_than_the_first(
    here: Here, tmp_path: Path, lines: list[bytes]
) -> None:
    (tmp_path / "feed").write_bytes(b"".join(lines[:9]))
    assert here(tmp_path, "follow", "feed").code == 0
    with Shelf(tmp_path / "other") as shelf:
        load(shelf, tmp_path, *map(numbered, range(COUNT)))
        with shelf.changes.feed() as feed:
            others = [line + b"\n" for _, line in feed.lines()]
    for foreign in (others, [*lines, *others], lines[12:]):
        (tmp_path / "foreign").write_bytes(b"".join(foreign))
        done = here(tmp_path, "follow", "foreign")
        assert done.code == 1
        assert "are missing" in done.err or "but this one follows" in done.err


def changed(line: bytes, **members: Any) -> bytes:
    return json.dumps(json.loads(line) | members).encode() + b"\n"


def test_a_leader_of_another_version_is_told_of(
    here: Here, tmp_path: Path, lines: list[bytes]
) -> None:
    paper = json.loads(lines[0])["paper"] | {"mood": "good"}
    (tmp_path / "feed").write_bytes(changed(lines[0], paper=paper))
    done = here(tmp_path, "follow", "feed")
    assert done.code == 1
    assert "both need the same version" in done.err
