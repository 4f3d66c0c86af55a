"""A browser, and servers for it. Only `make check-browser` asks for these tests."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.chromium import Chromium, found_chromium
from tests.browser.origins import below, stranger
from tests.conformance.server import serving

if not os.environ.get("PAPERSHELF_TEST_BROWSER"):
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    """One browser for all tests; each opens pages of its own."""
    program = found_chromium()
    assert program, "install Chromium or Chrome: none of their programs is on the PATH"
    profile: Path = tmp_path_factory.mktemp("profile")
    with Chromium(program, profile) as running:
        yield running


@pytest.fixture(scope="session")
def server(chromium: Chromium) -> Iterator[str]:
    """The address of a server over the sample page."""
    with serving() as address:
        yield address


@pytest.fixture(scope="session")
def strict_server(chromium: Chromium) -> Iterator[str]:
    """The same, for pages of one origin that is none of ours."""
    with serving(cors_origins="https://app.example.org") as address:
        yield address


@pytest.fixture(scope="session")
def below_a_path(server: str) -> Iterator[str]:
    """The address `http://127.0.0.1:PORT/shelf` of a proxy that puts a path before the server."""
    with below(server, "/shelf") as address:
        yield address


@pytest.fixture(scope="session")
def elsewhere(chromium: Chromium) -> Iterator[str]:
    """A page of another origin, which loads nothing."""
    with stranger() as address:
        yield address
