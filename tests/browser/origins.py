"""Other origins than the server's: a stranger's page, and a proxy that puts a path before it."""

import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PATIENCE = 60.0


class _Quiet(BaseHTTPRequestHandler):
    def log_request(self, code: object = "-", size: object = "-") -> None:
        pass

    def answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        if not any(name.lower() == "content-length" for name, _ in headers):
            self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def _listening(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def stranger() -> Iterator[str]:
    """The address of a page that a browser takes for another origin."""

    class Page(_Quiet):
        def do_GET(self) -> None:
            body = b"<!doctype html><title>elsewhere</title><link rel=icon href=data:,>"
            self.answer(200, [("content-type", "text/html")], body)

    with _listening(Page) as address:
        yield f"{address}/"


@contextmanager
def below(target: str, path: str) -> Iterator[str]:
    """The address, `path` included, of a proxy that passes what is below `path` to `target`."""

    class Proxy(_Quiet):
        def forward(self) -> None:
            if not self.path.startswith(f"{path}/"):
                self.answer(404, [], b"")
                return
            length = int(self.headers.get("content-length", 0))
            request = urllib.request.Request(
                target + self.path.removeprefix(path),
                data=self.rfile.read(length) if length else None,
                headers=dict(self.headers.items()),
                method=self.command,
            )
            try:
                with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                    self.answer(answer.status, answer.getheaders(), answer.read())
            except urllib.error.HTTPError as refused:
                with refused:
                    self.answer(refused.status or 502, refused.headers.items(), refused.read())

        do_GET = forward  # noqa: N815
        do_POST = forward  # noqa: N815

    with _listening(Proxy) as address:
        yield address + path
