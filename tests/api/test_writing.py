"""The write door over the whole application: who may write, what is taken, what is said of it."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import api.writing
from api.app import create_app
from api.route_parameters import UPLOAD
from api.settings import Settings
from api.writing import MAX_SHOWN, MAX_UPLOAD
from tests.api.client import Client, running
from tests.api.openapi_examples import SIGNED, TOKEN, body_of, target_of
from tests.api.test_openapi import check_answer
from tests.api.writing import BAD_LINES, PAPERS, WRITING, lines, load, refused, rejects_in, total
from tests.cli.running import run_here
from tests.paths import SAMPLE


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    """The application over an empty shelf that takes papers."""
    with running(tmp_path / "data", token=TOKEN) as client:
        yield client


@pytest.fixture
def either(tmp_path: Path, engine: str) -> Iterator[Client]:
    """The same, once with each engine."""
    with running(tmp_path / "data", engine=engine, token=TOKEN) as client:
        yield client


# What is loaded


def test_a_page_is_loaded_and_found(either: Client) -> None:
    report = load(either, SAMPLE.read_bytes(), wait="true", name="page.txt")
    assert (report["added"], report["readable"], report["searchable"]) == (40, 40, True)
    assert total(either, q="alignment") > 0
    assert total(either, source="page.txt") == 40


def test_the_same_file_twice_changes_nothing(either: Client) -> None:
    load(either, SAMPLE.read_bytes(), wait="true")
    before = either.get(PAPERS).json()
    again = load(either, SAMPLE.read_bytes())
    assert (again["added"], again["updated"], again["unchanged"]) == (0, 0, 40)
    assert again["searchable"] is True
    assert either.get(PAPERS).json() == before


def test_what_is_loaded_can_be_read_by_its_id_at_once(client: Client) -> None:
    load(client, lines(3))
    assert client.get(f"{PAPERS}/arxiv:2501.00002").status_code == 200


@pytest.mark.parametrize(
    "content", [SAMPLE.read_bytes(), BAD_LINES, gzip.compress(BAD_LINES, mtime=0)]
)
def test_the_report_is_that_of_the_command_line(
    client: Client, tmp_path: Path, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_bytes(content)
    there = tmp_path / "there"
    done = run_here(capsys, tmp_path, "load", "file", "--json", "--data", str(there))
    told = json.loads(done.out)
    report = load(client, content, name="file")
    for name in ("added", "updated", "unchanged", "rejected"):
        assert report[name] == told[name]
    assert report["warned"] == len(report["warnings"]) == told["warnings"]
    kept = rejects_in(there)
    assert [{"source": "file", **each} for each in report["rejects"]] == kept
    assert rejects_in(tmp_path / "data") == kept


def test_a_dry_run_reports_and_stores_nothing(client: Client) -> None:
    report = load(client, BAD_LINES, dryRun="true", wait="true")
    assert (report["readable"], report["rejected"], report["dryRun"]) == (2, 2, True)
    assert {report[name] for name in ("added", "updated", "unchanged", "searchable")} == {None}
    assert client.get("/v1/stats").json()["data"]["papers"] == 0


def test_a_page_date_and_a_format_are_those_of_the_command_line(client: Client) -> None:
    page = SAMPLE.read_text("utf-8").replace("2025", "    ")
    load(client, page.encode(), format="daily-page", pageDate="2031-12-12")
    assert client.get("/v1/daily").json()["meta"]["date"] == "2031-12-12"


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ("", "upload"),
        ('attachment; filename="a page.txt"', "a page.txt"),
        ("attachment; filename*=UTF-8''na%C3%AFve.txt", "naïve.txt"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ('attachment; filename="C:\\\\papers\\\\a.txt"', "a.txt"),
        ('attachment; filename=".hidden"', "upload"),
        ('attachment; filename=""', "upload"),
        (f'attachment; filename="{"a" * 300}"', "upload"),
        ("attachment; filename*=no-such-charset''x.txt", "x.txt"),
        ("attachment; filename*=utf-7''%2B2AA-", "upload"),
    ],
)
def test_a_source_has_a_name_without_a_folder(client: Client, disposition: str, name: str) -> None:
    load(client, lines(1), {"content-disposition": disposition})
    [source] = client.get(f"{PAPERS}/2501.00000").json()["data"]["sources"]
    assert source["name"] == name
    load(client, lines(1, 1), {"content-disposition": disposition}, name="said.txt")
    [source] = client.get(f"{PAPERS}/2501.00001").json()["data"]["sources"]
    assert source["name"] == "said.txt"


def test_a_report_is_bounded(client: Client) -> None:
    report = load(client, b"{}\n" * 5000)
    assert (report["rejected"], len(report["rejects"])) == (5000, MAX_SHOWN)
    assert report["rejects"][-1]["line"] == MAX_SHOWN


# What is not


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b" \n",
        b"papers",
        b"%PDF-1.7",
        b"[{}]",
        bytes(999),
        b"\x1f\x8b",
        gzip.compress(b"", mtime=0),
    ],
)
def test_what_cannot_be_read_at_all_is_refused(client: Client, content: bytes) -> None:
    assert refused(client, content=content) == "source-unreadable"


@pytest.mark.parametrize(
    ("given", "parameter"),
    [
        ({"format": "json"}, "format"),
        ({"pageDate": "2025-02-30"}, "pageDate"),
        ({"pageDate": "2025"}, "pageDate"),
        ({"name": "a/b"}, "name"),
        ({"name": ".."}, "name"),
        ({"name": "a\0"}, "name"),
        ({"name": "a" * 201}, "name"),
        ({"dryRun": "yes"}, "dryRun"),
        ({"wait": ""}, "wait"),
        ({"dryrun": "true"}, "dryrun"),
    ],
)
def test_a_wrong_parameter_is_refused(
    client: Client, given: dict[str, str], parameter: str
) -> None:
    answer = client.request("POST", PAPERS, params=given, content=lines(1), headers=SIGNED)
    assert answer.status_code == 400
    assert [each["parameter"] for each in answer.json()["errors"]] == [parameter]
    assert client.get("/v1/stats").json()["data"]["papers"] == 0


@pytest.mark.parametrize(
    "headers",
    [
        {"content-encoding": "br"},
        {"content-encoding": "gzip, gzip"},
        {"content-type": "multipart/form-data; boundary=x"},
    ],
)
def test_what_is_wrapped_is_refused(client: Client, headers: dict[str, str]) -> None:
    code = refused(client, headers=SIGNED | headers, content=lines(1))
    assert code == "media-type-unsupported"


@pytest.mark.parametrize("coding", ["identity", "gzip", "GZIP"])
def test_the_content_tells_its_coding(client: Client, coding: str) -> None:
    for content in (lines(1), gzip.compress(lines(2))):
        assert load(client, content, {"content-encoding": coding})["added"] == 1


def test_a_body_too_large_is_refused_by_what_it_says_of_itself(client: Client) -> None:
    headers = SIGNED | {"content-length": str(MAX_UPLOAD + 1)}
    assert refused(client, headers=headers, content=b"x") == "body-too-large"


def test_a_body_too_large_is_refused_when_it_is(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.writing, "MAX_UPLOAD", len(lines(9)))
    assert load(client, lines(9))["added"] == 9

    async def pieces(count: int) -> Any:
        for number in range(count):
            yield lines(1, number)

    assert load(client, pieces(9))["unchanged"] == 9
    assert refused(client, content=pieces(10)) == "body-too-large"


def test_what_unpacks_to_too_much_is_read_in_part(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.writing, "MAX_UNPACKED", 2**18)
    for filling in (b"\n", b" ", b'{"title": "One more"}\n'):
        bomb = gzip.compress(lines(5) + filling * (2**21 // len(filling)))
        report = load(client, bomb)
        assert report["readable"] >= 5
        assert "more than 262,144 bytes" in report["rejects"][-1]["reason"]


def test_after_too_many_rejects_the_rest_is_not_read(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.writing, "MAX_REJECTS", 10)
    report = load(client, lines(3) + b"{}\n" * 10 + lines(3, 3))
    assert (report["added"], report["rejected"]) == (6, 10)
    report = load(client, b"{}\n" * 1000 + lines(9))
    assert (report["readable"], report["rejected"]) == (0, 11)
    assert "more than 10 papers were rejected" in report["rejects"][-1]["reason"]


def test_after_too_long_the_rest_is_not_read(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load(client, lines(3))["added"] == 3
    monkeypatch.setattr(api.writing, "LOADED_WITHIN", -1.0)
    answer = client.request("POST", PAPERS, content=lines(9), headers=SIGNED)
    assert (answer.status_code, answer.json()["code"]) == (422, "source-unreadable")
    assert "more than -1 s" in answer.json()["detail"]


# Who may


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        (None, "token-missing"),
        ("", "token-missing"),
        ("Basic dXNlcjpwYXNz", "token-missing"),
        (TOKEN, "token-missing"),
        ("Bearer", "token-invalid"),
        ("Bearer ", "token-invalid"),
        (f"Bearer {TOKEN[:-1]}", "token-invalid"),
        (f"Bearer {TOKEN}x", "token-invalid"),
        (f"Bearer {TOKEN.upper()}", "token-invalid"),
        (f"Bearer x, Bearer {TOKEN}", "token-invalid"),
        ("Bearer \xe9\xff", "token-invalid"),
    ],
)
def test_only_who_has_the_token_may_write(
    client: Client, authorization: str | None, code: str
) -> None:
    headers = {} if authorization is None else {"authorization": authorization.encode("latin-1")}
    for method, target in (("POST", PAPERS), ("DELETE", f"{PAPERS}/x")):
        answer = client.request(method, target, headers=headers, content=lines(1))
        assert (answer.status_code, answer.json()["code"]) == (401, code)
        assert answer.headers["www-authenticate"].startswith('Bearer realm="papershelf"')
        assert TOKEN not in answer.text
    assert client.get("/v1/stats", headers=headers).json()["data"]["papers"] == 0


def test_the_scheme_is_written_in_any_case(client: Client) -> None:
    assert load(client, lines(1), {"authorization": f"bearer {TOKEN}"})["added"] == 1


def test_without_a_token_nobody_may_write(tmp_path: Path) -> None:
    with running(tmp_path / "data") as client:
        for method, target in (("POST", PAPERS), ("DELETE", f"{PAPERS}/x")):
            for headers in ({}, SIGNED, {"authorization": "Bearer "}):
                answer = client.request(method, target, headers=headers, content=lines(1))
                assert (answer.status_code, answer.json()["code"]) == (403, "writes-disabled")
                assert "PAPERSHELF_TOKEN" in answer.json()["detail"]


def test_a_refused_body_is_not_read(tmp_path: Path) -> None:
    """The application answers before it asks for the first byte, and says that it hangs up."""
    application = create_app(Settings(data=tmp_path / "data", token=TOKEN))
    client = Client(application)
    client.start()

    async def content() -> Any:
        raise AssertionError("it was read")
        yield b""

    for headers in ({}, {"authorization": "Bearer x"}, SIGNED | {"content-encoding": "br"}):
        answer = client.request("POST", PAPERS, headers=headers, content=content())
        assert answer.status_code >= 400
        assert answer.headers["connection"] == "close"
    client.close()


def test_pages_may_write_from_origins_that_are_named(tmp_path: Path) -> None:
    named = "https://app.example.org"
    with running(tmp_path / "data", token=TOKEN, cors_origins=named) as client:
        assert load(client, lines(1), {"origin": named})["added"] == 1
        assert load(client, lines(1), {"origin": "http://papershelf.test"})["unchanged"] == 1
        for origin in ("https://other.example", "null", f"{named}.evil.example"):
            assert refused(client, headers=SIGNED | {"origin": origin}) == "origin-not-allowed"
        assert "DELETE" in methods_of(client, named)
    with running(tmp_path / "data", token=TOKEN) as client:
        assert refused(client, headers=SIGNED | {"origin": named}) == "origin-not-allowed"
        assert "DELETE" not in methods_of(client, named)


def methods_of(client: Client, origin: str) -> str:
    asked = {"origin": origin, "access-control-request-method": "DELETE"}
    answer = client.request("OPTIONS", f"{PAPERS}/x", headers=asked)
    return answer.headers["access-control-allow-methods"]


# What is removed


def test_a_paper_is_removed_by_any_of_its_ids_and_comes_back(either: Client) -> None:
    load(either, lines(3), wait="true")
    assert total(either, q="shelved") == 3
    own = either.get(f"{PAPERS}/2501.00001").json()["data"]["id"]
    answer = either.request("DELETE", f"{PAPERS}/arxiv:2501.00001v2", headers=SIGNED)
    assert (answer.status_code, answer.json()["data"]) == (200, {"id": own})
    assert total(either, q="shelved") == total(either) == 2
    for identifier in (own, "2501.00001"):
        assert either.get(f"{PAPERS}/{identifier}").status_code == 410
        gone = either.request("DELETE", f"{PAPERS}/{identifier}", headers=SIGNED)
        assert (gone.status_code, gone.json()["code"]) == (410, "paper-removed")
    assert load(either, lines(3), wait="true")["added"] == 1
    assert either.get(f"{PAPERS}/{own}").status_code == 200
    assert total(either, q="shelved") == 3


@pytest.mark.parametrize("identifier", ["nobody", "hep-th/9901001", "doi:10.1/x", "%00%ff"])
def test_an_id_that_nothing_had_is_unknown(client: Client, identifier: str) -> None:
    assert refused(client, "DELETE", f"{PAPERS}/{identifier}") == "paper-not-found"


def test_only_papers_can_be_removed(client: Client) -> None:
    paths = ("", "/batch", "/x.json", "/x/related")
    for target in [*(PAPERS + path for path in paths), "/v1/stats"]:
        assert refused(client, "DELETE", target) == "method-not-allowed"
    assert refused(client, "DELETE", f"{PAPERS}/x?force=true") == "parameter-unknown"


# What is told of it


@pytest.mark.parametrize("operation", WRITING, ids=lambda each: each.operation_id)
def test_answers_and_refusals_are_as_described(tmp_path: Path, operation: Any) -> None:
    with running(tmp_path / "data", token=TOKEN) as client:
        load(client, SAMPLE.read_bytes())
        target, body = target_of(operation), body_of(operation)
        for headers, params in (
            ({}, {}),
            ({"authorization": "Bearer x"}, {}),
            (SIGNED | {"origin": "https://x.example"}, {}),
            (SIGNED | {"accept": "text/csv"}, {}),
            (SIGNED, {"limti": "1"}),
            (SIGNED, {}),
            (SIGNED, {}),
        ):
            answer = client.request(
                operation.method, target, headers=headers, params=params, **body
            )
            check_answer(operation, answer)
    with running(tmp_path / "data") as client:
        check_answer(operation, client.request(operation.method, target, **body))


def test_every_example_of_a_parameter_is_taken(client: Client) -> None:
    for parameter in UPLOAD.values():
        assert load(client, lines(1), **{parameter.name: parameter.example})["readable"] == 1
