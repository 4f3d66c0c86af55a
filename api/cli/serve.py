"""`papershelf serve`: the REST and GraphQL server."""

import argparse
import ipaddress
import os
import resource
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from api.cli.command import FAILED, OK, Command, CommandError, Example, Parser, opened, papers
from api.connections import Bounds, Connections
from api.settings import SETTINGS, Settings
from api.terminal import Terminal

if TYPE_CHECKING:
    import uvicorn

BACKLOG = 2048
SPARE_FILES = 256
"""Open files that a worker may need beside its connections: the shelf and the process itself."""
GRACE_SECONDS = 5
"""How long running requests may go on after Ctrl-C or SIGTERM."""


def add_arguments(_: Parser) -> None:
    """Nothing but settings."""


def run(arguments: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    """Serve until Ctrl-C or SIGTERM, which end it well."""
    with opened(settings, create=True) as shelf:
        stored = shelf.stats().papers
        if not stored:
            shelf.catch_up()  # an empty index takes no time, and the first request finds it
    with _bound(settings.host, settings.port) as listener:
        port = listener.getsockname()[1]
        if not _is_private(listener.getsockname()[0]):
            terminal.note(
                f"warning: everyone who can reach port {port} of this machine can read the shelf; "
                "--host 127.0.0.1 keeps it to yourself"
            )
            if settings.token:
                terminal.note(
                    "warning: whoever writes sends the token as it is; put TLS before the server"
                )
        for line in addresses(settings, port, stored):
            terminal.answer(line)
        bounds = _fitting(settings.max_connections)
        if bounds.open < settings.max_connections:
            terminal.note(
                f"warning: there will be no more than {bounds.open} connections, because the "
                "machine lets a process have no more open files (ulimit -n)"
            )
        terminal.flush()
        return _serve(settings, listener, bounds)


def _fitting(connections: int) -> Bounds:
    """Bounds with as many connections as the open files allow, of which we take what we need."""
    bounds = Bounds(open=connections)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = bounds.most + SPARE_FILES
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return bounds
    allowed = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    with suppress(ValueError, OSError):  # some systems have a lower limit than they say
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
        soft = allowed
    fewer = (Bounds(open=number) for number in range(connections, 1, -1))
    fitting = (each for each in fewer if each.most + SPARE_FILES <= soft)
    return next(fitting, Bounds(open=1))


def _serve(settings: Settings, listener: socket.socket, bounds: Bounds) -> int:
    import uvicorn

    from api.protocol import Protocol

    options: dict[str, Any] = {
        "loop": "uvloop",
        "http": partial(Protocol, Connections(bounds)),
        "ws": "none",
        "lifespan": "on",
        "access_log": False,
        "log_level": "warning",
        "proxy_headers": False,
        "server_header": False,
        "timeout_graceful_shutdown": GRACE_SECONDS,
        "backlog": BACKLOG,
    }
    if settings.workers > 1:
        from uvicorn.supervisors import Multiprocess

        os.environ.update(settings.to_environment())
        factory = "api.app:from_environment"
        config = uvicorn.Config(factory, factory=True, workers=settings.workers, **options)
        workers = Multiprocess(config, sockets=[listener])
        workers.run()
        ended_well = (0, -signal.SIGTERM, -signal.SIGINT)
        return OK if all(each.exitcode in ended_well for each in workers.processes) else FAILED
    from api.app import create_app

    config = uvicorn.Config(create_app(settings), **options)
    return _run(uvicorn.Server(config), listener)


def _run(server: "uvicorn.Server", listener: socket.socket) -> int:
    """Run one server; uvicorn raises the signal that ended it once more when it is done."""

    def stop(number: int, frame: object) -> NoReturn:
        sys.exit(OK)

    previous = signal.signal(signal.SIGTERM, stop)
    try:
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        if not server.started:
            raise
    finally:
        signal.signal(signal.SIGTERM, previous)
    return OK if server.started else FAILED


@contextmanager
def _bound(host: str, port: int) -> Iterator[socket.socket]:
    """A listening socket; what prevents it is a `CommandError`."""
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise CommandError(f"cannot listen on {host}: {error.strerror or error}") from error
    with listener:
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(BACKLOG)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            message = f"cannot listen on {host} port {port}: {reason}; --port takes another"
            raise CommandError(message) from error
        listener.set_inheritable(True)
        yield listener


def _is_private(address: str) -> bool:
    return ipaddress.ip_address(address.partition("%")[0]).is_loopback


def addresses(settings: Settings, port: int, stored: int) -> list[str]:
    """What to try, as lines that a shell accepts as pasted."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)
    base = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    query = '{"query": "{ papers(query: \\"alignment\\") { totalCount nodes { title } } }"}'
    what = f"{papers(stored)} of {settings.data} ({settings.engine})"
    return [
        f"Papershelf serves {what}; Ctrl-C ends it.",
        "Try:",
        f"  {base}/",
        f"  curl '{base}/v1/papers?q=alignment'",
        f"  curl {base}/graphql -H 'Content-Type: application/json' -d '{query}'",
    ]


COMMAND = Command(
    name="serve",
    usage="[options]",
    summary="serve REST and GraphQL",
    description=(
        "Serve the shelf by REST, GraphQL and a page for browsers. A folder that is missing or\n"
        "empty is served as an empty shelf. What is loaded meanwhile shows within seconds.\n"
        "Ctrl-C and SIGTERM let running requests finish, then end it with exit code 0."
    ),
    examples=(
        Example("papershelf serve", "the shelf in ./data on http://127.0.0.1:8000"),
        Example("papershelf serve --port 8010 --data reading-group", "another port, another shelf"),
        Example("PAPERSHELF_HOST=0.0.0.0 papershelf serve --workers 2", "for the whole network"),
    ),
    add_arguments=add_arguments,
    run=run,
    settings=tuple(setting.name for setting in SETTINGS),
)
