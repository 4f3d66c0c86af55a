"""`papershelf export`: a whole result as a file, or to standard output."""

import argparse
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from api.cli.command import (
    OK,
    Command,
    CommandError,
    Example,
    Parser,
    UsageError,
    counting,
    nearest,
    opened,
    papers,
    refusal,
)
from api.cli.files import written_whole
from api.cli.search import add_filters, add_question, catch_up, request_of
from api.settings import Settings
from api.terminal import Terminal, printable
from schema.errors import Problem
from schema.search import Extras

if TYPE_CHECKING:
    from api.formats import PaperFormat
    from api.renderings import Rendering

DEFAULT_FORMAT = "ndjson"
ALSO = {"jsonl": DEFAULT_FORMAT}
"""What files of a format are named as well."""


def formats() -> dict[str, "Rendering"]:
    """The forms that list papers, by what a file's name ends with."""
    from api.renderings import RENDERINGS

    return {each.suffix[1:]: each for each in RENDERINGS.values() if each.papers}


def add_arguments(parser: Parser) -> None:
    """QUERY, the options that choose and order papers, and where and how to write them."""
    names = ", ".join(formats())
    add_question(parser, ("match", "sort"))
    parser.option(
        "--format",
        f"{names} (default: by the name of FILE, else {DEFAULT_FORMAT})",
        "NAME",
        dest="format_name",
    )
    parser.option("--output", "write to this file once all is there; - for standard output", "FILE")
    parser.option("--full", "whole papers, with abstracts as written and sources: of ndjson, csv")
    parser.option(
        "--fields",
        "members that the papers show, commas between: of ndjson, csv",
        "NAMES",
        action="append",
        dest="fields",
    )
    add_filters(parser)


def run(arguments: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    """Write all papers that the arguments ask for."""
    request = request_of(arguments)
    listing = _format(arguments, request.extras)
    whole = arguments.full or request.extras.whole
    file = None if arguments.output in (None, "-") else Path(arguments.output)
    with opened(settings) as shelf:
        catch_up(shelf, terminal)
        plan = shelf.plan(request)
        for warning in plan.parsed.warnings:
            terminal.note(printable(f"warning: {warning.message}"))
        total = shelf.run(plan).total
        with (
            _output(file, terminal) as write,
            terminal.progress("Exporting", total, quiet=file is None) as bar,
        ):
            rows = _counted(shelf.export(plan, whole=whole), counting(bar), total)
            for part in listing.parts(rows):
                write(part)
    if file:
        terminal.answer(printable(f"exported {papers(total)} to {file}"))
    return OK


def _format(arguments: argparse.Namespace, extras: Extras) -> "PaperFormat":
    """How the papers are to be listed; raises `UsageError`."""
    from api.exports import listing_format

    known, file, name = formats(), arguments.output or "", arguments.format_name
    if name is None:
        name = _told_by(file, known)
    if name not in known:
        near = nearest(name.lower(), set(known))
        hint = f"did you mean {near}?" if near else f"the formats are {', '.join(known)}"
        raise UsageError(f"there is no format {name[:64]!r} to export; {hint}")
    rendering = known[name]
    if arguments.full:
        if extras.fields is not None:
            raise UsageError("--full shows all members and --fields chooses some; give one of them")
        if rendering.chosen is None:
            raise UsageError(f"--full cannot be had as {rendering.name}; leave it out")
    try:
        chosen = listing_format(rendering, extras)
    except Problem as problem:
        raise refusal(problem) from problem
    assert chosen is not None
    return (rendering.full or chosen) if arguments.full else chosen


def _told_by(file: str, known: Iterable[str]) -> str:
    """The format that the name of a file tells; raises `UsageError` for one of something else."""
    endings = {each: each for each in known} | ALSO
    fitting = [each for each in endings if file.lower().endswith(f".{each}")]
    if fitting:
        return endings[max(fitting, key=len)]
    if Path(file).suffix:
        told = f"the name of {file} tells none of the formats {', '.join(known)}"
        raise UsageError(printable(f"{told}; say it with --format"))
    return DEFAULT_FORMAT


@contextmanager
def _output(file: Path | None, terminal: Terminal) -> Iterator[Callable[[bytes], object]]:
    if file is None:
        yield partial(_write, terminal.answer_bytes, "standard output")
    else:
        with written_whole(file) as opened_file:
            yield partial(_write, opened_file.write, str(file))


def _write(write: Callable[[bytes], object], name: str, part: bytes) -> None:
    """Write, and tell a failure from one of reading the shelf."""
    try:
        write(part)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise CommandError(f"{name}: {error.strerror or error}") from error


def _counted(
    rows: Iterator[bytes], progress: Callable[[int, int], None] | None, total: int
) -> Iterator[bytes]:
    for number, row in enumerate(rows, 1):
        yield row
        if progress:
            progress(number, total)


COMMAND = Command(
    name="export",
    usage="[QUERY] [options]",
    summary="write papers as NDJSON, CSV, BibTeX ...",
    description=(
        "Write all papers that a search finds, in its order, for another program; without a query\n"
        "all papers, the newest first. With --full another shelf can load what is written as\n"
        "ndjson. A file is replaced only when the new one is whole."
    ),
    examples=(
        Example(
            "papershelf export --full --output papers.ndjson", "all papers, to be loaded again"
        ),
        Example("papershelf export optimal transport --output transport.bib", "a reading list"),
        Example("papershelf export --year 2025 --fields title,publishedAt --format csv", "a table"),
        Example("papershelf export alignment --sort -publishedAt > papers.ndjson", "redirected"),
    ),
    add_arguments=add_arguments,
    run=run,
)
