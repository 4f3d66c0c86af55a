"""`papershelf follow`: a shelf that becomes, and stays, the exact copy of another."""

import argparse
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

import orjson

from api.cli.command import (
    FAILED,
    OK,
    Command,
    CommandError,
    Example,
    Parser,
    UsageError,
    opened,
)
from api.settings import Settings
from api.terminal import Terminal, Update, printable

if TYPE_CHECKING:
    from index.changes import FollowReport
    from index.shelf import Shelf

MAX_EVERY = 86_400
LONGEST_PAUSE = 600
"""Seconds to which the pauses of an outage grow, unless `--every` is longer."""


def add_arguments(parser: Parser) -> None:
    """SOURCE and the options of `follow`."""
    parser.add_argument(
        "words",
        nargs="*",
        metavar="SOURCE",
        help="the address of the other server, a file of its changes (plain or gzip), or - for "
        "standard input",
    )
    parser.option("--every", "go on, and look for changes after so many seconds", "SECONDS")
    parser.option("--detach", "follow no more: from now on the shelf takes papers of its own")
    parser.option("--json", "print what was done as JSON, a line each time")


def run(arguments: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    """Follow once, or until it is ended; exit code 1 if the feed fails or does not fit.

    Ctrl-C and SIGTERM end well what was to go on for ever.
    """
    if arguments.detach:
        return _detach(arguments, settings, terminal)
    if len(arguments.words) != 1:
        raise UsageError("follow needs one address, file, or - for standard input")
    source = arguments.words[0]
    every = _every(arguments.every, source)
    try:
        with _ended_by_sigterm(), opened(settings, create=True) as shelf:
            if every:
                _go_on(shelf, source, every, terminal, arguments.json)
            if trouble := _follow(shelf, source, terminal, arguments.json, tell=True):
                raise CommandError(trouble)
    except KeyboardInterrupt:
        terminal.error("interrupted; all that was committed stays")
        if not every:
            raise
    return OK


def _go_on(shelf: "Shelf", source: str, every: int, terminal: Terminal, as_json: bool) -> NoReturn:
    """Follow again and again; after an outage later each time."""
    failures = 0
    while True:
        trouble = _follow(shelf, source, terminal, as_json, tell=False)
        failures = failures + 1 if trouble else 0
        pause = min(every * 2**failures, max(every, LONGEST_PAUSE))
        if trouble:
            terminal.error(f"{trouble}; trying again in {pause} s")
        _wait(pause)


def _wait(seconds: int) -> None:
    """Sleep, a second at a time: a signal that comes just ahead of a sleep does not end that."""
    for _ in range(seconds):
        time.sleep(1)


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """Have SIGTERM, by which services are ended, do what Ctrl-C does."""
    previous = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def _every(text: str | None, source: str) -> int:
    from api.fetching import feed_address

    try:
        address = feed_address(source)
    except ValueError as error:
        raise UsageError(str(error)) from error
    if text is None:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) <= MAX_EVERY):
        raise UsageError(f"--every is {text[:80]!r}, but must be seconds, 1 to {MAX_EVERY}")
    if address is None:
        raise UsageError("--every needs the address of a server: a file is read once")
    return int(text)


def _follow(shelf: "Shelf", source: str, terminal: Terminal, as_json: bool, *, tell: bool) -> str:
    """Apply what is new; answers why the feed broke off, empty if it did not.

    What was done is said if it is something, or in any case (`tell`).
    """
    from api.fetching import Outage, feed_lines

    trouble = ""
    done = 0
    report: FollowReport | None = None

    def committed(now: "FollowReport") -> None:
        nonlocal report, done
        report, done = now, now.changes
        if bar is not None:
            bar(done, None, f"committed {done:,}")
        elif not as_json:
            terminal.note(f"committed {done}")

    bar: Update | None
    with terminal.progress("Following", quiet=as_json) as bar:
        try:
            with feed_lines(source, shelf.changes.followed()) as lines:
                report = shelf.changes.follow(lines, committed)
        except Outage as outage:
            trouble = printable(str(outage))
        except OSError as error:
            raise CommandError(f"{source}: {error.strerror or error}") from error
    if done or (tell and not trouble):
        _answer(shelf, report, terminal, as_json)
    return trouble


def _answer(
    shelf: "Shelf", report: "FollowReport | None", terminal: Terminal, as_json: bool
) -> None:
    puts, removals = (report.puts, report.removals) if report else (0, 0)
    place = shelf.changes.followed()
    if as_json:
        done = {"put": puts, "removed": removals, "token": place and str(place)}
        terminal.answer_json(orjson.dumps(done))
    else:
        at = f"at {place}" if place else "at the beginning: there are no changes yet"
        terminal.answer(f"{puts:,} put, {removals:,} removed; {at}")
    terminal.flush()


def _detach(arguments: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    if arguments.words or arguments.every:
        raise UsageError("--detach takes no source")
    with opened(settings) as shelf:
        if shelf.changes.detach():
            terminal.answer("detached: the shelf takes papers of its own")
            return OK
    terminal.error("the shelf follows no other")
    return FAILED


COMMAND = Command(
    name="follow",
    usage="SOURCE [options]",
    summary="become, and stay, the exact copy of another shelf",
    description=(
        "Apply the changes of another shelf to one that is empty, or has followed the same\n"
        "before: it becomes its exact copy, with the same ids, order and answers. It can be\n"
        "stopped at any time and goes on where it was; with --every that is exit code 0. A copy\n"
        "takes no papers of its own until it is detached."
    ),
    examples=(
        Example("papershelf follow http://127.0.0.1:8000 --data copy", "a server, once"),
        Example("papershelf follow http://127.0.0.1:8000 --data copy --every 30", "and go on"),
        Example("papershelf follow changes.ndjson.gz --data copy", "what was fetched before"),
        Example(
            "curl http://127.0.0.1:8000/v1/changes | papershelf follow - --data copy",
            "by way of another program",
        ),
        Example("papershelf follow --detach --data copy", "make the copy a shelf of its own"),
    ),
    add_arguments=add_arguments,
    run=run,
)
