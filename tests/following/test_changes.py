"""`/v1/changes`: each change in its order, from any place on, as lines or as pages."""

import json
import re
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import api.app
from api.streaming import Streams
from index.shelf import Shelf
from schema.changes import MAX_CHANGES
from tests.api.client import Client, running
from tests.cli.running import environment, started
from tests.cli.test_copies import wait_until_ready
from tests.paths import REPOSITORY
from tests.shelf.building import load, numbered

CHANGES = "/v1/changes"
COUNT = 250


@pytest.fixture
def folder(tmp_path: Path, engine: str) -> Path:
    """A shelf whose papers were added, changed and removed."""
    with Shelf(tmp_path / "data", engine) as shelf:
        load(shelf, tmp_path, *map(numbered, range(COUNT)))
        shelf.remove([f"arxiv:2501.{number:05d}" for number in range(0, 20, 2)])
        load(shelf, tmp_path, *(numbered(number, upvotes=9) for number in range(4)))
    return tmp_path / "data"


def lines(client: Client, target: str = CHANGES) -> list[dict[str, Any]]:
    answer = client.get(target)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/x-ndjson; charset=utf-8"
    return [json.loads(line) for line in answer.text.splitlines()]


def test_each_paper_and_removal_is_told_once_and_in_order(folder: Path, engine: str) -> None:
    with running(folder, engine=engine) as client:
        changes = lines(client)
        assert [each["op"] for each in changes].count("remove") == 10
        assert len(changes) == COUNT + 2  # two came back, as other rows
        numbers = [int(each["token"].partition("-")[2]) for each in changes]
        assert numbers == sorted(set(numbers))
        alive: set[str] = set()
        for change in changes:
            if change["op"] == "put":
                alive.add(change["id"])
                shown = client.get(f"/v1/papers/{change['id']}").json()["data"]
                assert change["paper"] == shown
            else:
                alive.discard(change["id"])
                assert change["paper"] is None
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", change["changedAt"])
        assert len(alive) == client.get("/v1/stats").json()["data"]["papers"]


def test_one_goes_on_from_any_line(folder: Path, engine: str) -> None:
    with running(folder, engine=engine) as client:
        changes = lines(client)
        for number in (0, 1, 100, len(changes) - 1):
            rest = lines(client, f"{CHANGES}?since={changes[number]['token']}")
            assert [each["token"] for each in rest] == [
                each["token"] for each in changes[number + 1 :]
            ]
        some = lines(client, f"{CHANGES}?since={changes[4]['token']}&limit=7")
        assert [each["id"] for each in some] == [each["id"] for each in changes[5:12]]
        assert client.get(f"{CHANGES}.ndjson").text == client.get(CHANGES).text


def test_pages_lead_through_all_changes_and_say_where_to_go_on(folder: Path, engine: str) -> None:
    with running(folder, engine=engine, public_url="https://papers.example/shelf") as client:
        changes = lines(client)
        seen, target = [], f"{CHANGES}.json?limit=60"
        while target:
            answer = client.get(target)
            page = answer.json()
            seen += page["data"]
            assert page["meta"]["limit"] == 60
            following = page["links"]["next"]
            assert ("link" in answer.headers) == bool(following)
            target = following and following.removeprefix("https://papers.example/shelf")
        assert [each["token"] for each in seen] == [each["token"] for each in changes]
        assert page["meta"]["next"] == changes[-1]["token"]
        accepted = client.get(CHANGES, headers={"accept": "application/json"}).json()
        assert accepted["data"] == seen[:100]
        assert len(seen) > 100
        after = client.get(f"{CHANGES}.json?since={page['meta']['next']}").json()
        assert after["data"] == []
        assert after["meta"]["next"] == page["meta"]["next"]
        assert after["links"]["next"] is None


def test_nothing_new_is_empty_and_costs_a_304(folder: Path, engine: str, tmp_path: Path) -> None:
    with running(folder, engine=engine) as client:
        token = lines(client)[-1]["token"]
        answer = client.get(f"{CHANGES}?since={token}")
        assert (answer.status_code, answer.text) == (200, "")
        condition = {"if-none-match": answer.headers["etag"]}
        for target in (f"{CHANGES}?since={token}", f"{CHANGES}.ndjson?since={token}"):
            again = client.get(
                target, headers={"if-none-match": client.get(target).headers["etag"]}
            )
            assert (again.status_code, again.content) == (304, b"")
        with Shelf(folder, engine) as shelf:
            load(shelf, tmp_path, numbered(7, upvotes=11))
        changed = client.get(f"{CHANGES}?since={token}", headers=condition)
        assert changed.status_code == 200
        assert [json.loads(line)["id"] for line in changed.text.splitlines()]


def test_who_has_nearly_all_does_not_wait_for_whole_feeds(
    folder: Path, engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even while all streams are taken; many changes are one."""
    monkeypatch.setattr(api.app, "Streams", partial(Streams, 0))
    with running(folder, engine=engine) as client:
        changes = lines(client)
        token = changes[-1]["token"]
        assert lines(client, f"{CHANGES}?since={token}") == []
        with Shelf(folder, engine) as shelf:
            load(shelf, tmp_path, *(numbered(number + 5000) for number in range(MAX_CHANGES)))
        assert len(lines(client, f"{CHANGES}?since={token}")) == MAX_CHANGES
        assert lines(client, f"{CHANGES}?limit=9") == changes[:9]
        refusal = client.get(CHANGES)
        assert (refusal.status_code, refusal.json()["code"]) == (503, "server-busy")


def test_every_tag_is_of_its_own_answer(folder: Path, engine: str) -> None:
    with running(folder, engine=engine) as client:
        first = lines(client)[0]["token"]
        name = first.partition("-")[0]
        targets = [
            *(CHANGES + end for end in ("", ".json", ".ndjson")),
            *(f"{CHANGES}.json?since={name}-0", f"{CHANGES}.json?limit=100"),
            *(f"{CHANGES}?limit={limit}" for limit in (1, 2)),
            *(f"{CHANGES}?since={token}" for token in (first, f"{name}-0", f"{name}-2")),
        ]
        bodies: dict[str, bytes] = {}
        for target in targets:
            answer = client.get(target, headers={"accept-encoding": "identity"})
            tag = answer.headers["etag"]
            assert bodies.setdefault(tag, answer.content) == answer.content
            head = client.request("HEAD", target, headers={"accept-encoding": "identity"})
            assert (head.headers["etag"], head.content) == (tag, b"")


def test_tokens_of_others_and_of_the_future_are_refused(folder: Path, engine: str) -> None:
    with running(folder, engine=engine) as client:
        token = lines(client)[-1]["token"]
        name, _, number = token.partition("-")
        for wrong, said in (
            ("", "as it is"),
            ("abc", "as it is"),
            (f"{name}-007", "as it is"),
            (f"{name}-{10**30}", "as it is"),
            (f"{'0' * 16}-1", "another shelf"),
            (f"{name}-{int(number) + 1}", "an older state"),
        ):
            for end in ("", ".json"):
                answer = client.get(f"{CHANGES}{end}?since={wrong}")
                problem = answer.json()
                assert (answer.status_code, problem["code"]) == (400, "changes-token-invalid")
                assert said in problem["detail"]
                assert problem["errors"][0]["parameter"] == "since"
        for wrong in ("limit=0", "limit=1001", "limit=x"):
            assert client.get(f"{CHANGES}?{wrong}").json()["code"] == "parameter-invalid"
        twice = client.get(f"{CHANGES}?since={token}&since={token}").json()
        assert twice["code"] == "parameter-repeated"
        assert client.get(f"{CHANGES}?q=x").json()["code"] == "parameter-unknown"


def test_an_empty_shelf_has_no_changes_and_a_place_to_begin(tmp_path: Path, engine: str) -> None:
    with running(tmp_path / "new", engine=engine) as client:
        assert lines(client) == []
        page = client.get(f"{CHANGES}.json").json()
        assert page["data"] == []
        begin = page["meta"]["next"]
        with Shelf(tmp_path / "new", engine) as shelf:
            load(shelf, tmp_path, numbered(1))
        (change,) = lines(client, f"{CHANGES}?since={begin}")
        assert change["token"] == begin.replace("-0", "-1")


def test_tokens_tell_nothing_of_the_secret_that_seals_cursors(folder: Path, engine: str) -> None:
    with running(folder, engine=engine) as client, Shelf(folder, engine) as shelf:
        assert shelf._store.identity[:12] not in client.get(CHANGES).text


def test_a_copy_is_refused_papers_and_followed_itself(
    folder: Path, engine: str, tmp_path: Path
) -> None:
    token = "a-token-of-this-test-only"
    signed = {"authorization": f"Bearer {token}"}
    with running(folder, engine=engine) as client:
        changes = client.get(CHANGES).content.splitlines()
    with Shelf(tmp_path / "copy", engine) as shelf:
        shelf.changes.follow(changes, lambda _: None)
    with running(tmp_path / "copy", engine=engine, token=token) as client:
        told = lines(client)
        given = [json.loads(line) for line in changes]
        assert [each["paper"] for each in told] == [each["paper"] for each in given]
        assert [each["changedAt"] for each in told] == [each["changedAt"] for each in given]
        assert told[0]["token"] != given[0]["token"]
        paper = told[-1]["id"]
        for method, path in (("POST", "/v1/papers"), ("DELETE", f"/v1/papers/{paper}")):
            body = {"content": b'{"title": "New"}\n'} if method == "POST" else {}
            answer = client.request(method, path, headers=signed, **body)
            assert (answer.status_code, answer.json()["code"]) == (409, "shelf-follows")
        assert lines(client) == told
        gone = next(each for each in told if each["op"] == "remove")
        ids = {each["id"] for each in told if each["op"] == "put"}
        expected = 200 if gone["id"] in ids else 410
        assert client.get(f"/v1/papers/{gone['id']}").status_code == expected


def test_the_program_of_the_documentation_follows(
    folder: Path, engine: str, tmp_path: Path
) -> None:
    text = (REPOSITORY / "docs" / "changes.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    options = ("serve", "--port", "0", "--engine", engine, "--data", str(folder))
    with started(tmp_path, *options) as process:
        address = wait_until_ready(process)
        program = program.replace("http://127.0.0.1:8000", address)

        def follow() -> list[str]:
            done = subprocess.run(
                [sys.executable, "-c", program],
                cwd=tmp_path,
                env=environment(),
                capture_output=True,
                text=True,
                timeout=120,
                check=True,
            )
            assert done.stderr == ""
            return done.stdout.splitlines()

        assert len(follow()) == COUNT + 2
        assert follow() == []
        with Shelf(folder, engine) as shelf:
            shelf.remove(["arxiv:2501.00005"])
            load(shelf, tmp_path, numbered(6, upvotes=77))
        removed, put = follow()
        assert removed.startswith("remove a-walked-paper-unique5x")
        assert put.endswith("A walked paper unique6x")
        process.terminate()
        process.communicate(timeout=60)
