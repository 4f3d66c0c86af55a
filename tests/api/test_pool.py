"""Long searches run beside the event loop, in a bounded number, and leave nothing behind."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from starlette.types import ASGIApp

from api.graphql import GraphQLDoor
from api.pool import Pool
from api.rest import RestDoor
from api.streaming import Streams
from index.shelf import Shelf
from index.view import Plan
from schema.errors import Problem
from schema.search import Page
from tests.api.client import Silent
from tests.paths import SAMPLE

PATIENCE = 20.0


@dataclass
class Gate:
    """Holds whoever passes in another thread until it is opened."""

    reached: threading.Event = field(default_factory=threading.Event)
    opened: threading.Event = field(default_factory=threading.Event)

    def pass_through(self) -> str:
        self.reached.set()
        assert self.opened.wait(PATIENCE)
        return "passed"

    async def wait_until_reached(self) -> None:
        assert await asyncio.to_thread(self.reached.wait, PATIENCE)


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.opened.set()


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    with Shelf(tmp_path_factory.mktemp("pool") / "data") as shelf:
        shelf.load([SAMPLE], Silent())
        yield shelf


@pytest.fixture
def slow_shelf(shelf: Shelf, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """A shelf whose every search that is not light takes as long as the gate is closed."""
    search = shelf._searches.run

    def held(plan: Plan) -> Page:
        if not plan.light:
            gate.pass_through()
        return search(plan)

    monkeypatch.setattr(shelf._searches, "run", held)
    return shelf


def client_of(door: ASGIApp) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(door), base_url="http://papershelf.test")


Ask = Callable[[httpx.AsyncClient, str], "asyncio.Task[httpx.Response]"]


def by_rest(client: httpx.AsyncClient, query: str) -> "asyncio.Task[httpx.Response]":
    return asyncio.create_task(client.get("/v1/papers", params={"q": query}))


def by_graphql(client: httpx.AsyncClient, query: str) -> "asyncio.Task[httpx.Response]":
    document = "query ($q: String) {papers(query: $q) {totalCount}}"
    body = {"query": document, "variables": {"q": query}}
    return asyncio.create_task(client.post("/graphql", json=body))


def code_of(answer: httpx.Response) -> str | None:
    body = answer.json()
    if "errors" in body and "code" not in body:
        return str(body["errors"][0]["extensions"]["code"])
    code: str | None = body.get("code")
    return code


# Words of their own for each door: what one has asked, the shelf remembers.
@pytest.mark.parametrize(
    ("ask", "words"), [(by_rest, ["al*", "co*", "mo*"]), (by_graphql, ["le*", "re*", "pr*"])]
)
def test_others_are_answered_during_a_long_search_and_too_many_are_refused(
    slow_shelf: Shelf, gate: Gate, ask: Ask, words: list[str]
) -> None:
    async def scenario() -> None:
        pool = Pool(threads=1, waiting=1, budget=PATIENCE)
        doors = {
            by_rest: RestDoor(slow_shelf, pool, Streams(), max_body=1000),
            by_graphql: GraphQLDoor(slow_shelf, pool),
        }
        async with client_of(doors[ask]) as client:
            running, waiting = ask(client, words[0]), ask(client, words[1])
            await gate.wait_until_reached()
            # Where little is found, ways out are looked for in the pool too.
            for light in ("alignment", '"language models"', "models -vision"):
                assert code_of(await ask(client, light)) is None
            refused = await ask(client, words[2])
            assert code_of(refused) == "time-budget"
            if ask is by_rest:
                assert refused.status_code == 503
                assert refused.headers["retry-after"] == "1"
            assert not running.done()
            assert not waiting.done()
            gate.opened.set()
            for answer in (await running, await waiting, await ask(client, words[2])):
                assert code_of(answer) is None
        pool.close()

    asyncio.run(scenario())


def test_a_search_beyond_its_budget_is_refused_and_holds_its_place_until_it_ends(
    gate: Gate,
) -> None:
    async def scenario() -> None:
        pool = Pool(threads=1, waiting=0, budget=0.05)
        for reason in ("longer than 0.05 seconds", "waiting already"):
            with pytest.raises(Problem, match=reason) as refusal:
                await pool.run(gate.pass_through)
            assert refusal.value.code == "time-budget"
        gate.opened.set()
        assert await until_free(pool, lambda: "now") == "now"
        pool.close()

    asyncio.run(scenario())


def test_one_who_leaves_while_waiting_gives_the_place_back_at_once(gate: Gate) -> None:
    async def scenario() -> None:
        pool = Pool(threads=1, waiting=1, budget=PATIENCE)
        done: list[str] = []
        running = asyncio.create_task(pool.run(gate.pass_through))
        await gate.wait_until_reached()
        for number in range(5):
            left = asyncio.create_task(pool.run(done.append, f"left {number}"))
            await asyncio.sleep(0)
            left.cancel()
            with pytest.raises(asyncio.CancelledError):
                await left
            await asyncio.sleep(0)
        stays = asyncio.create_task(pool.run(done.append, "stayed"))
        await asyncio.sleep(0)
        gate.opened.set()
        assert await running == "passed"
        await stays
        assert done == ["stayed"]
        pool.close()

    asyncio.run(scenario())


def test_one_who_leaves_a_running_search_frees_its_place_when_it_ends(gate: Gate) -> None:
    async def scenario() -> None:
        pool = Pool(threads=1, waiting=0, budget=PATIENCE)
        left = asyncio.create_task(pool.run(gate.pass_through))
        await gate.wait_until_reached()
        left.cancel()
        with pytest.raises(asyncio.CancelledError):
            await left
        with pytest.raises(Problem):
            await pool.run(gate.pass_through)
        gate.opened.set()
        assert await until_free(pool, lambda: "now") == "now"
        pool.close()

    asyncio.run(scenario())


def test_what_a_search_raises_reaches_its_caller(tmp_path: Path) -> None:
    async def scenario() -> None:
        pool = Pool(threads=1, waiting=0)
        for _ in range(3):
            with pytest.raises(FileNotFoundError):
                await pool.run((tmp_path / "nothing").read_bytes)
            with pytest.raises(TimeoutError, match="its own"):
                await pool.run(raise_timeout)
        pool.close()

    asyncio.run(scenario())


def raise_timeout() -> None:
    raise TimeoutError("its own")


async def until_free(pool: Pool, call: Callable[[], str]) -> str:
    """The result of `call` once the pool has a place for it."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                return await pool.run(call)
            except Problem:
                await asyncio.sleep(0.01)


def test_siblings_of_a_field_that_fails_leave_no_search_unawaited(shelf: Shelf) -> None:
    async def scenario() -> None:
        pool = Pool(threads=1, waiting=4)
        async with client_of(GraphQLDoor(shelf, pool)) as client:
            for document in (
                '{a: papers(query: "al*") {matched} b: papers(first: 1000) {matched}}',
                '{b: papers(first: 1000) {matched} a: papers(query: "al*") {matched}}',
                '{d: daily(first: 0) {date} a: papers(query: "al*", after: "x") {matched}}',
            ):
                answer = await client.post("/graphql", json={"query": document})
                assert code_of(answer) in ("parameter-invalid", "cursor-invalid")
            answer = await by_graphql(client, "al*")
            assert code_of(answer) is None
        pool.close()

    asyncio.run(scenario())
