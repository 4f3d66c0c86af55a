"""Several who write at once, who leave, and a server that ends."""

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.dispatch import Call
from api.http import Answer, ClientGone
from api.settings import Settings
from api.writing import MAX_UPLOADS, WriteDoor
from index.shelf import Shelf
from tests.api.client import running
from tests.api.openapi_examples import SIGNED, TOKEN
from tests.api.writing import PAPERS, WRITING, lines, load


def test_uploads_at_once_take_turns(tmp_path: Path, engine: str) -> None:
    async def work(http: httpx.AsyncClient) -> list[httpx.Response]:
        sent = [http.post(PAPERS, content=lines(300), headers=SIGNED) for _ in range(MAX_UPLOADS)]
        return list(await asyncio.gather(*sent))

    answers = together(tmp_path, engine, work)
    reports = [each.json()["data"] for each in answers]
    assert sum(each["added"] for each in reports) == 300
    assert sum(each["unchanged"] for each in reports) == 300 * (MAX_UPLOADS - 1)


def test_one_upload_too_many_is_told_to_try_again(tmp_path: Path) -> None:
    async def work(http: httpx.AsyncClient) -> list[httpx.Response]:
        begun, go = asyncio.Semaphore(0), asyncio.Event()

        async def slow() -> Any:
            yield lines(1)
            begun.release()
            await go.wait()

        sent = [
            asyncio.ensure_future(http.post(PAPERS, content=slow(), headers=SIGNED))
            for _ in range(MAX_UPLOADS)
        ]
        for _ in sent:
            await begun.acquire()
        busy = await http.post(PAPERS, content=lines(1), headers=SIGNED)
        go.set()
        return [busy, *await asyncio.gather(*sent), await http.post(PAPERS, headers=SIGNED)]

    busy, *others, last = together(tmp_path, "tantivy", work)
    assert (busy.status_code, busy.json()["code"]) == (503, "server-busy")
    assert "retry-after" in busy.headers
    assert {each.status_code for each in others} == {200}
    assert last.json()["code"] == "source-unreadable"


def together(
    folder: Path, engine: str, work: Callable[[httpx.AsyncClient], Any]
) -> list[httpx.Response]:
    """What requests in one event loop are answered."""
    with running(folder / "data", engine=engine, token=TOKEN) as client:
        answers: list[httpx.Response] = client._runner.run(work(client._http))
        return answers


def test_one_who_leaves_amid_a_body_has_stored_nothing(tmp_path: Path) -> None:
    assert leaving(tmp_path, [lines(100)], more=True) == 0


def test_one_who_leaves_amid_a_load_ends_it(tmp_path: Path) -> None:
    """Between two transactions: what is committed stays, and the next one gets the turn."""
    stored = leaving(tmp_path, [lines(20_000)], more=False)
    assert 0 < stored < 20_000
    with running(tmp_path / "data", token=TOKEN) as client:
        again = load(client, lines(20_000))
    assert (again["added"], again["unchanged"]) == (20_000 - stored, stored)


def leaving(folder: Path, pieces: list[bytes], *, more: bool) -> int:
    """How many papers there are after a client has sent `pieces` and then gone away.

    Where there is no `more` to come, it waits until it sees some of them.
    """
    with Shelf(folder / "data") as shelf:
        shelf.start()
        door = WriteDoor(shelf, Settings(data=folder / "data", token=TOKEN))
        operation = next(each for each in WRITING if each.method == "POST")
        headers = [(name.encode(), value.encode()) for name, value in SIGNED.items()]
        scope = {"type": "http", "method": "POST", "query_string": b"", "headers": headers}
        inbox = [{"type": "http.request", "body": each, "more_body": True} for each in pieces]
        inbox[-1]["more_body"] = more
        inbox.append({"type": "http.disconnect"})

        async def receive() -> Any:
            message = inbox.pop(0)
            deadline = time.monotonic() + 120
            while not inbox and not more and not shelf.stats().papers:
                assert time.monotonic() < deadline, "nothing was stored"
                await asyncio.sleep(0.01)
            return message

        call = Call(scope, receive, operation, "")

        async def ask() -> None:
            with pytest.raises(ClientGone):
                await door.handlers["loadPapers"](call).make()

        asyncio.run(ask())
        assert inbox == []
        door.close()
        return shelf.stats().papers


def test_what_waits_when_the_server_ends_is_told_to_come_again(tmp_path: Path) -> None:
    with Shelf(tmp_path / "data") as shelf:
        shelf.start()
        door = WriteDoor(shelf, Settings(data=tmp_path / "data", token=TOKEN))
        operation = next(each for each in WRITING if each.method == "POST")
        headers = [(name.encode(), value.encode()) for name, value in SIGNED.items()]
        scope = {"type": "http", "method": "POST", "query_string": b"", "headers": headers}
        inbox = [{"type": "http.request", "body": lines(9), "more_body": False}]

        async def receive() -> Any:
            if inbox:
                return inbox.pop()
            return await asyncio.get_running_loop().create_future()

        async def ask() -> Answer:
            door.end()
            return await door.handlers["loadPapers"](Call(scope, receive, operation, "")).make()

        answer = asyncio.run(ask())
        door.close()
        assert (answer.status, json.loads(answer.body)["code"]) == (503, "server-busy")
        assert shelf.stats().papers == 0
