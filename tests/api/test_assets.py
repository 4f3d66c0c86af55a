"""The vendored files: as they were built, in every coding, cached for ever, in the wheel too."""

import gzip
import hashlib
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import brotli
import httpx
import pytest

from tests.api.client import Client, running
from tests.paths import REPOSITORY

STATIC = REPOSITORY / "api" / "static"
WEB = REPOSITORY / "web"
MANIFEST: dict[str, Any] = json.loads((STATIC / "manifest.json").read_bytes())
ASSETS: dict[str, Any] = MANIFEST["assets"]
LOCK: dict[str, Any] = json.loads((WEB / "package-lock.json").read_bytes())
UNPACK = {"br": brotli.decompress, "gz": gzip.decompress}
SUFFIXES = {"br": "br", "gzip": "gz"}
MEDIA = {"js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8"}


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """The application over an empty shelf."""
    with running(tmp_path_factory.mktemp("bare") / "data") as client:
        yield client


def ask(client: Client, name: str, method: str = "GET", **headers: str) -> httpx.Response:
    """Ask for an asset; without `accept_encoding` for the file as it is."""
    given = {key.replace("_", "-"): value for key, value in headers.items()}
    return client.request(
        method, f"/assets/{name}", headers={"accept-encoding": "identity"} | given
    )


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("name", ASSETS)
def test_a_file_is_what_the_build_made(name: str) -> None:
    built = ASSETS[name]
    assert name.rpartition(".")[0].rpartition("-")[2] == built["sha256"][:16]
    for suffix, unpack in UNPACK.items():
        packed = (STATIC / f"{name}.{suffix}").read_bytes()
        assert {"size": len(packed), "sha256": sha256(packed)} == built[suffix]
        content = unpack(packed)
        assert (len(content), sha256(content)) == (built["size"], built["sha256"])


def test_there_are_the_files_of_the_build_and_no_others() -> None:
    packed = {f"{name}.{suffix}" for name in ASSETS for suffix in UNPACK}
    found = {path.name for path in STATIC.iterdir()}
    assert found == packed | set(MANIFEST["plain"]) | {"manifest.json"}
    for name, built in MANIFEST["plain"].items():
        assert sha256((STATIC / name).read_bytes()) == built["sha256"], name


def test_the_build_is_of_the_sources_as_they_are() -> None:
    """`make assets` is due where this fails."""
    kinds = {".mjs", ".js", ".jsx", ".css", ".html", ".json", ".graphql"}
    found = {
        path.relative_to(WEB).as_posix(): sha256(path.read_bytes())
        for folder in (WEB, WEB / "examples")
        for path in folder.iterdir()
        if path.suffix in kinds
    }
    assert {name: built["sha256"] for name, built in MANIFEST["sources"].items()} == found


def test_what_is_bundled_is_locked_and_its_licence_shown() -> None:
    locked: dict[str, set[str]] = {}
    for path, entry in LOCK["packages"].items():
        if path:
            locked.setdefault(path.rpartition("node_modules/")[2], set()).add(entry["version"])
            assert "resolved" not in entry, "says where packages come from"
            assert entry["integrity"].startswith("sha512-")
    shown = (STATIC / "licences.txt").read_text("utf-8")
    assert {"graphiql", "react-dom", "swagger-ui-dist"} <= MANIFEST["packages"].keys()
    for name, versions in MANIFEST["packages"].items():
        for version in versions.split(", "):
            assert version in locked[name]
            assert f"\n{name} {version} (" in shown


def test_the_documents_name_what_is_bundled_and_its_sizes() -> None:
    text = (REPOSITORY / "docs" / "dependencies.md").read_text("utf-8")
    declared = json.loads((WEB / "package.json").read_bytes())
    for name, version in (declared["dependencies"] | declared["devDependencies"]).items():
        assert f"{name} {version}" in text
    for built in ASSETS.values():
        sizes = (built["size"], built["br"]["size"], built["gz"]["size"])
        assert f"| {' / '.join(f'{round(size, -3) // 1000:,}' for size in sizes)} |" in text


@pytest.mark.parametrize("name", ASSETS)
@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, deflate", "gzip"),
        ("br;q=0.5, gzip", "gzip"),
        ("*", "br"),
        ("br;q=0, gzip;q=0", None),
        ("identity", None),
        ("", None),
    ],
)
def test_a_client_gets_the_coding_that_it_takes(
    bare: Client, name: str, accepted: str, coding: str | None
) -> None:
    answer = ask(bare, name, accept_encoding=accepted)
    assert answer.status_code == 200
    assert answer.headers.get("content-encoding") == coding
    built = ASSETS[name][SUFFIXES[coding]] if coding else ASSETS[name]
    assert int(answer.headers["content-length"]) == built["size"]
    assert sha256(answer.content) == ASSETS[name]["sha256"]


@pytest.mark.parametrize("name", ASSETS)
def test_a_file_is_kept_for_ever(bare: Client, name: str) -> None:
    answer = ask(bare, name, accept_encoding="br")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["content-type"] == MEDIA[name.rpartition(".")[2]]
    assert answer.headers["x-content-type-options"] == "nosniff"
    head = ask(bare, name, "HEAD", accept_encoding="br")
    assert head.content == b""
    for header in ("content-length", "etag", "content-type", "content-encoding", "cache-control"):
        assert head.headers[header] == answer.headers[header]


@pytest.mark.parametrize("coding", ["br", "gzip", "zstd", "identity"])
def test_whoever_has_a_file_is_told_so(bare: Client, coding: str) -> None:
    for name in ASSETS:
        tag = ask(bare, name, accept_encoding=coding).headers["etag"]
        for method in ("GET", "HEAD"):
            again = ask(bare, name, method, accept_encoding=coding, if_none_match=f'"x", {tag}')
            assert (again.status_code, again.content) == (304, b"")
            assert again.headers["etag"] == tag
            assert again.headers["vary"] == "Accept-Encoding"
            assert again.headers["cache-control"] == "public, max-age=31536000, immutable"
            assert "content-length" not in again.headers


def test_each_coding_has_a_tag_of_its_own(bare: Client) -> None:
    name = next(iter(ASSETS))
    tags = {
        coding: ask(bare, name, accept_encoding=coding).headers["etag"]
        for coding in ("br", "gzip", "identity")
    }
    assert len(set(tags.values())) == 3
    other = ask(bare, name, accept_encoding="br", if_none_match=tags["gzip"])
    assert other.status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "manifest.json",
        "graphiql.html",
        "docs.html",
        "",
        "x.js",
        "../manifest.json",
        "%2e%2e/app.py",
        "..%2fapp.py",
        "licences.txt.br",
        f"{next(iter(ASSETS))}.br",
        f"{next(iter(ASSETS))}/",
        f"{next(iter(ASSETS))}%00",
    ],
)
def test_nothing_else_is_there(bare: Client, path: str) -> None:
    answer = bare.get(f"/assets/{path}")
    assert answer.status_code == 404
    assert answer.json()["code"] == "route-not-found"


def test_a_file_is_only_read(bare: Client) -> None:
    for method in ("POST", "PUT", "DELETE"):
        refused = ask(bare, next(iter(ASSETS)), method)
        assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD, OPTIONS")


def test_the_licences_are_served_as_text(bare: Client) -> None:
    answer = bare.get("/assets/licences.txt")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.content == (STATIC / "licences.txt").read_bytes()
    assert answer.headers["cache-control"] == "no-cache"
    condition = {"if-none-match": answer.headers["etag"]}
    assert bare.get("/assets/licences.txt", headers=condition).status_code == 304


def test_a_wheel_holds_every_file(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as opened:
        names = set(opened.namelist())
        for path in STATIC.iterdir():
            assert opened.read(f"api/static/{path.name}") == path.read_bytes()
    assert not [name for name in names if name.startswith("web/") or "node_modules" in name]
