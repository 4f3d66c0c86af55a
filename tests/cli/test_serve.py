"""`papershelf serve`: it says where it is, answers there, and ends well."""

import json
import re
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest

from api.cli.serve import addresses
from api.settings import Settings
from tests.cli.conftest import Here
from tests.cli.running import environment, started


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
    with started(tmp_path, "serve", "--host", "0.0.0.0", "--port", "0") as process:
        lines = begun(process)
        assert base_of(lines).startswith("http://127.0.0.1:")
        assert process.stderr is not None
        assert b"warning: everyone who can reach port" in process.stderr.readline()


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
