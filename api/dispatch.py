"""From the path of a request to the operations that it may mean, and what is given to them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from starlette.types import Receive, Scope

from api.delivery import Planned
from api.operation import JSON, Operation
from api.renderings import RENDERINGS, Rendering
from schema.errors import Problem


@dataclass(frozen=True, slots=True)
class Call:
    """What a handler gets: the ASGI request, its operation, what of the path that leaves open.

    `rendering` is the form of the answer; a handler may leave it to others to make that of JSON.
    """

    scope: Scope
    receive: Receive
    operation: Operation
    rest: str
    rendering: Rendering = RENDERINGS[JSON]


Handler = Callable[[Call], Planned]
Row = tuple[Operation, Handler]


class Dispatch:
    """Finds what an address offers. Where two paths fit, the one without a parameter is meant."""

    def __init__(self, rows: Iterable[Row]) -> None:
        paths: dict[str, dict[str, Row]] = {}
        for row in rows:
            paths.setdefault(row[0].path, {})[row[0].method] = row
        self._exact = {path: methods for path, methods in paths.items() if "{" not in path}
        below = [methods for path, methods in paths.items() if "{" in path]
        firsts = [(next(iter(methods.values()))[0], methods) for methods in below]
        ends = [(each.prefix, each.suffix, methods) for each, methods in firsts]
        self._below = sorted(ends, key=lambda each: -len(each[1]))

    def at(self, path: str) -> tuple[Mapping[str, Row], str]:
        """The rows of a path by method, and what their operations leave open of it.

        Raises `Problem` `route-not-found`.
        """
        if found := self._exact.get(path):
            return found, ""
        for prefix, suffix, methods in self._below:
            start, behind = len(prefix), len(path) - len(suffix)
            if path.endswith(suffix) and path.startswith(prefix) and start < behind:
                return methods, path[start:behind]
        near = path.rstrip("/")
        raise nothing_at(path, near if near in self._exact else "")


def nothing_at(path: str, near: str = "") -> Problem:
    """The problem of a path that leads nowhere; `near` is one that does."""
    hint = f"Did you mean {near}?" if near else "`GET /` lists the doors."
    return Problem("route-not-found", f"There is nothing at {path[:200]}. {hint}")


def allowed(methods: Iterable[str]) -> str:
    """The methods of an address as `Allow` has them: `HEAD` goes with `GET`, `OPTIONS` with all."""
    return ", ".join([*methods, "OPTIONS"]).replace("GET", "GET, HEAD")
