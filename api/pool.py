"""A small bounded pool for work too long for the event loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from schema.errors import Problem

P = ParamSpec("P")
R = TypeVar("R")


class Pool:
    """Runs calls in `threads` threads; at most `waiting` more may wait, each `budget` seconds.

    A call that waits and works longer than the budget is answered with the problem `time-budget`;
    its thread finishes in peace (an engine's search cannot be stopped), and holds its place until.
    """

    def __init__(self, threads: int = 2, waiting: int = 64, budget: float = 2.0) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="papershelf-search")
        self._places = threads + waiting
        self._budget = budget

    async def run(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """The result of `call(*args, **kwargs)`; raises what it raises, or `time-budget`."""
        if self._places <= 0:
            raise Problem(
                "time-budget",
                "Too many long searches are waiting already. Try again when the server is less "
                "busy.",
            )
        self._places -= 1
        future = self._executor.submit(call, *args, **kwargs)
        wrapped = asyncio.wrap_future(future)
        wrapped.add_done_callback(self._free)
        try:
            done, _ = await asyncio.wait((wrapped,), timeout=self._budget)
        finally:
            future.cancel()  # one that still waits gives its place back
        if not done:
            raise Problem(
                "time-budget",
                f"The request waited or worked longer than {self._budget:g} seconds. Ask for less "
                "(fewer wildcards, a narrower filter), or try again when the server is less busy.",
            )
        return wrapped.result()

    def _free(self, future: "asyncio.Future[R]") -> None:
        self._places += 1
        if not future.cancelled():
            future.exception()

    def close(self) -> None:
        """Let the threads end once they have finished."""
        self._executor.shutdown(wait=True, cancel_futures=True)
