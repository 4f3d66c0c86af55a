"""The Dockerfile: what it promises, and a rehearsal of its steps where there is no engine."""

import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.docker.dockerfile import Rehearsal, Step, read
from tests.paths import REPOSITORY, SAMPLE

STEPS = read(REPOSITORY / "Dockerfile")
PYTHON = Path(sys.base_prefix, "bin", f"python3.{sys.version_info.minor}")
"""The interpreter behind the virtual environment; it stands for that of the image."""

BOUND = 60.0
"""Seconds that a server may take to start, to see a load, or to stop."""


def last(name: str) -> Step:
    """The instruction that counts for the image."""
    step = [step for step in STEPS if step.name == name][-1]
    assert step.stage == max(step.stage for step in STEPS)
    return step


def test_image_does_not_run_as_root() -> None:
    """A number, because a cluster that forbids root cannot look up names."""
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", last("USER").text)


def test_data_lies_in_a_volume_of_that_user() -> None:
    assert last("VOLUME").text == "/data"
    owners = [step for step in STEPS if f"chown {last('USER').text} /data" in step.text]
    assert len(owners) == 1
    assert "-m 0700 /data" in owners[0].text


def test_server_listens_to_the_outside_of_the_container() -> None:
    environment = dict(word.split("=", 1) for word in last("ENV").words)
    assert environment["PAPERSHELF_HOST"] == "0.0.0.0"
    assert environment["PAPERSHELF_DATA"] == "/data"
    assert last("EXPOSE").text == "8000"


def test_health_is_asked_with_what_the_image_has() -> None:
    assert last("HEALTHCHECK").command[0] == "python"
    assert "/healthz" in last("HEALTHCHECK").text


def test_dependencies_are_installed_by_hash() -> None:
    installs = [step.text for step in STEPS if "pip install" in step.text]
    assert len(installs) == 2
    for text in installs:
        assert "--require-hashes" in text or "--no-deps --no-build-isolation" in text


def test_bases_are_a_small_python_that_we_support() -> None:
    assert {step.words[0] for step in STEPS if step.name == "FROM"} == {"python:3.12-slim"}


def test_copied_files_exist_and_are_not_ignored() -> None:
    lines = (REPOSITORY / ".dockerignore").read_text("utf-8").splitlines()
    allowed = {line.removeprefix("!") for line in lines if line.startswith("!")}
    copied = {
        word
        for step in STEPS
        if step.name == "COPY" and "--from" not in step.text
        for word in step.words[:-1]
    }
    assert copied == allowed
    assert {name for name in copied if not (REPOSITORY / name).exists()} == set()


def can_run_as(user: int) -> bool:
    """Whether this process may become `user`, and that user may start this Python."""
    if os.geteuid() != 0:
        return False
    try:
        tried = subprocess.run([PYTHON, "-c", "import venv"], cwd="/", **identity(user))
    except PermissionError:
        return False
    return tried.returncode == 0


def identity(user: int) -> dict[str, Any]:
    """What makes `subprocess` run a command as a user, and as nobody else."""
    return {"user": user, "group": user, "extra_groups": []}


@pytest.fixture
def place() -> Iterator[Path]:
    """A new folder that every user may enter, which pytest's own are not."""
    folder = Path(tempfile.mkdtemp(prefix="papershelf-image-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def clean_environment(place: Path) -> dict[str, str]:
    """This machine's variables without Python's and ours, and with a `python` as in the image."""
    tools = place / "tools"
    tools.mkdir()
    python = tools / "python"
    python.write_text(f'#!/bin/sh\nexec "{PYTHON}" "$@"\n', "utf-8")
    python.chmod(0o755)
    ours = re.compile(r"PYTHON.*|PAPERSHELF_.*|VIRTUAL_ENV.*|COV_.*|PYTEST_.*|MAKE.*|MFLAGS")
    kept = {name: value for name, value in os.environ.items() if not ours.fullmatch(name)}
    return kept | {"PATH": f"{tools}:/usr/local/bin:/usr/bin:/bin", "HOME": str(place)}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def total(port: int, query: str) -> Any:
    """The total of a search, or None while there is no answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", f"/v1/papers?q={query}")
        answer = json.loads(connection.getresponse().read())
        return answer.get("meta", {}).get("total")
    except OSError:
        return None
    finally:
        connection.close()


def wait_until(condition: Callable[[], bool], server: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + BOUND
    while not condition():
        assert server.poll() is None, f"the server ended with {server.returncode}"
        assert time.monotonic() < end, "nothing came in time"
        time.sleep(0.1)


@pytest.mark.heavy
def test_rehearsal_builds_and_serves(place: Path) -> None:
    """Built in a clean folder, started by CMD as its user, healthy, empty, loaded, stopped."""
    user = int(last("USER").text.partition(":")[0])
    as_user: dict[str, Any] = identity(user) if can_run_as(user) else {}
    root = place / "image"
    rehearsal = Rehearsal(
        steps=STEPS,
        context=REPOSITORY,
        root=root,
        environment=clean_environment(place),
        prelude="" if as_user else "chown() { :; }",
    )
    rehearsal.build()

    port = free_port()
    started = rehearsal.environment | {"PAPERSHELF_PORT": str(port), "HOME": "/"}
    options: dict[str, Any] = {"env": started, "cwd": "/", "stdin": subprocess.DEVNULL, **as_user}
    health, serve = rehearsal.command("HEALTHCHECK"), rehearsal.command("CMD")
    assert serve[0].startswith(str(root)), "CMD must be what the image installed"
    assert subprocess.run(health, capture_output=True, **options).returncode != 0

    page = root / SAMPLE.name
    shutil.copy(SAMPLE, page)
    with subprocess.Popen(serve, **options) as server:
        try:
            wait_until(
                lambda: subprocess.run(health, capture_output=True, **options).returncode == 0,
                server,
            )
            wait_until(lambda: total(port, "alignment") == 0, server)
            load = [serve[0], "load", str(page)]
            subprocess.run(load, check=True, capture_output=True, timeout=BOUND, **options)
            wait_until(lambda: total(port, "alignment") == 40, server)
            server.send_signal(signal.SIGTERM)
            assert server.wait(BOUND) in (0, -signal.SIGTERM, 128 + signal.SIGTERM)
        finally:
            server.kill()
    files = [file for file in (root / "data").rglob("*") if file.is_file()]
    assert files, "the data must lie in the volume"
    assert {file.stat().st_uid for file in files} == {user if as_user else os.geteuid()}
