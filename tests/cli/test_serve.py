"""`papershelf serve`: it says where it is, answers there, and ends well."""

import json
import re
import select
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

import pytest

from api.cli.serve import addresses
from api.settings import Settings
from tests.cli.conftest import Here
from tests.cli.running import COMMAND, environment, started


def begun(process: "subprocess.Popen[bytes]") -> list[str]:
    """The lines that a server prints once it listens."""
    assert process.stdout is not None
    lines = []
    for raw in process.stdout:
        lines.append(raw.decode().rstrip("\n"))
        if "/graphql" in lines[-1]:
            return lines
    raise AssertionError("the server ended early")


def base_of(lines: list[str]) -> str:
    (found,) = {match[0] for line in lines for match in re.finditer(r"http://[^/' ]+", line)}
    return found


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_the_addresses_it_prints_answer_until_it_is_asked_to_end(
    shelf: Path, ending: signal.Signals
) -> None:
    with started(shelf, "serve", "--port", "0") as process:
        lines = begun(process)
        assert "serves 40 papers of data (tantivy)" in lines[0]
        for line in lines[2:]:
            pasted = line.strip() if line.strip().startswith("curl") else f"curl {line.strip()}"
            shown = subprocess.run(
                ["bash", "-c", pasted], capture_output=True, timeout=30, env=environment()
            )
            assert shown.returncode == 0, pasted
            answer = json.loads(shown.stdout)
            assert "errors" not in answer
            if "papers?q" in pasted:
                assert answer["meta"]["total"] == 40
        process.send_signal(ending)
        _, err = process.communicate(timeout=30)
        assert (process.returncode, err) == (0, b"")


def test_several_workers_serve_with_the_options_given(shelf: Path) -> None:
    options = ("--workers", "2", "--port", "0", "--cors-origins", "https://a.example")
    with started(shelf, "serve", *options, PAPERSHELF_CORS_ORIGINS="*") as process:
        base = base_of(begun(process))
        asked = urllib.request.Request(
            f"{base}/v1/papers?q=alignment", headers={"Origin": "https://a.example"}
        )
        with urllib.request.urlopen(asked, timeout=30) as answer:
            assert json.load(answer)["meta"]["total"] == 40
            assert answer.headers["access-control-allow-origin"] == "https://a.example"
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
        assert (process.returncode, err) == (0, b"")


def test_an_empty_folder_is_an_empty_shelf(tmp_path: Path) -> None:
    with started(tmp_path, "serve", "--port", "0", "--data", "new") as process:
        lines = begun(process)
        assert "serves 0 papers of new" in lines[0]
        with urllib.request.urlopen(f"{base_of(lines)}/v1/papers", timeout=30) as answer:
            assert json.load(answer)["data"] == []


def test_what_is_loaded_meanwhile_shows(here: Here, tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text('{"title": "A late paper"}\n')
    with started(tmp_path, "serve", "--port", "0") as process:
        base = base_of(begun(process))
        assert here(tmp_path, "load", "x.jsonl").code == 0
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with urllib.request.urlopen(f"{base}/v1/papers?q=late", timeout=30) as answer:
                if json.load(answer)["meta"]["total"] == 1:
                    return
            time.sleep(0.05)
        raise AssertionError("the paper never showed")


def test_a_port_in_use_is_one_line(here: Here, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = here(tmp_path, "serve", "--port", port)
    assert (done.code, done.out) == (1, "")
    assert done.err == (
        f"papershelf: cannot listen on 127.0.0.1 port {port}: address already in use; "
        "--port takes another\n"
    )


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
def test_an_address_of_another_machine_is_one_line(here: Here, tmp_path: Path, host: str) -> None:
    done = here(tmp_path, "serve", "--port", "0", "--host", host)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith(f"papershelf: cannot listen on {host}")
    assert done.err.count("\n") == 1


def test_it_warns_when_everyone_can_reach_it(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("a-token-that-is-long")
    options = ("--host", "0.0.0.0", "--port", "0", "--token-file", "token")
    with started(tmp_path, "serve", *options) as process:
        lines = begun(process)
        assert base_of(lines).startswith("http://127.0.0.1:")
        assert process.stderr is not None
        assert b"warning: everyone who can reach port" in process.stderr.readline()
        assert b"put TLS before the server" in process.stderr.readline()


def test_its_bounds_are_those_of_the_settings(tmp_path: Path) -> None:
    options = ("--max-connections", "2", "--rate-limit", "1", "--trusted-proxies", "127.0.0.1")
    with started(tmp_path, "serve", "--port", "0", *options) as process:
        base = base_of(begun(process))
        codes = []
        for client in ("192.0.2.1", "192.0.2.2", "192.0.2.1"):
            asked = urllib.request.Request(f"{base}/", headers={"X-Forwarded-For": client})
            try:
                with urllib.request.urlopen(asked, timeout=30) as answer:
                    codes.append(answer.status)
            except urllib.error.HTTPError as refused:
                with refused:
                    codes.append(refused.code)
        assert codes == [200, 200, 429]
        port = int(base.rpartition(":")[2])
        # One too many: the one that has waited for its client the longest gives way.
        held = [socket.create_connection(("127.0.0.1", port), 30) for _ in range(3)]
        with suppress(ConnectionResetError):
            assert held[0].recv(1) == b""
        assert select.select(held[2:], [], [], 0)[0] == []
        for connection in held:
            connection.close()


@pytest.mark.skipif(not Path("/proc/self/limits").exists(), reason="Linux tells limits there")
@pytest.mark.parametrize(("soft", "hard", "fit"), [(300, 2000, 1000), (300, 400, 121)])
def test_it_takes_the_open_files_it_needs_or_says_how_far_they_go(
    tmp_path: Path, soft: int, hard: int, fit: int
) -> None:
    limited = f'ulimit -Sn {soft} && ulimit -Hn {hard} && exec "$@"'
    with subprocess.Popen(
        ["bash", "-c", limited, "bash", *COMMAND, "serve", "--port", "0"],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            with urllib.request.urlopen(f"{base_of(begun(process))}/healthz", timeout=30):
                limits = Path(f"/proc/{process.pid}/limits").read_text()
            process.send_signal(signal.SIGTERM)
            _, err = process.communicate(timeout=30)
        finally:
            process.kill()
    [taken] = re.findall(r"Max open files +(\d+)", limits)
    assert (process.returncode, int(taken)) == (0, min(hard, 1389))
    warned = f"no more than {fit} connections" in err.decode()
    assert warned == (fit < 1000)
    assert err.count(b"\n") == warned


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("127.0.0.1", "http://127.0.0.1:81"),
        ("::", "http://[::1]:81"),
        ("::1", "http://[::1]:81"),
        ("papers.example", "http://papers.example:81"),
    ],
)
def test_the_address_is_one_that_can_be_opened(host: str, shown: str) -> None:
    assert base_of(addresses(Settings(host=host), 81, 3)) == shown
