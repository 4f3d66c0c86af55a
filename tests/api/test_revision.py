"""The revision of an answer is the one that was read, however soon the next one comes."""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.pool import Pool
from api.rest import RestDoor
from api.streaming import Streams
from index.shelf import Shelf
from tests.api.client import Silent


def page(folder: Path, *titles: str) -> Path:
    source = folder / f"{titles[0]}.jsonl"
    source.write_text("\n".join(json.dumps({"title": title}) for title in titles), "utf-8")
    return source


def ask(shelf: Shelf, method: str, target: str, body: object = None) -> dict[str, Any]:
    """The decoded answer of the door over a shelf."""

    async def exchange() -> httpx.Response:
        pool = Pool(threads=1)
        transport = httpx.ASGITransport(RestDoor(shelf, pool, Streams(), max_body=1000))
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            answer = await client.request(method, target, json=body)
        pool.close()
        return answer

    return dict(asyncio.run(exchange()).json())


@pytest.mark.parametrize("lookup", ["paper", "papers"])
def test_a_lookup_overtaken_by_a_load(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lookup: str
) -> None:
    with Shelf(tmp_path / "data") as shelf:
        shelf.load([page(tmp_path, "first", "second")], Silent())
        before = ask(shelf, "GET", "/v1/papers")
        identifier = before["data"][0]["id"]
        asked: tuple[Any, ...] = ("GET", f"/v1/papers/{identifier}")
        if lookup == "papers":
            asked = ("POST", "/v1/papers/batch", {"ids": [identifier]})
        read = getattr(shelf, lookup)

        def overtaken(*arguments: object) -> object:
            result = read(*arguments)
            monkeypatch.undo()
            shelf.load([page(tmp_path, "third")], Silent())
            return result

        monkeypatch.setattr(shelf, lookup, overtaken)
        first, second = ask(shelf, *asked), ask(shelf, *asked)
    assert first["meta"]["revision"] == before["meta"]["revision"]
    assert first["data"] == second["data"]
    assert second["meta"]["revision"] != first["meta"]["revision"]
