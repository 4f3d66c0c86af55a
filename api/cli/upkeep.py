"""`papershelf remove`, `rebuild` and `check`: looking after the shelf."""

import argparse

from api.cli.command import (
    FAILED,
    OK,
    Command,
    Example,
    Parser,
    UsageError,
    counting,
    opened,
    papers,
)
from api.cli.search import is_unicode
from api.settings import Settings
from api.terminal import Terminal, printable


def add_remove_arguments(parser: Parser) -> None:
    """The ids."""
    parser.add_argument(
        "words",
        nargs="*",
        metavar="ID",
        help="any id of a paper: its own, a bare arXiv id, arxiv:..., doi:... or acl:...",
    )


def remove(arguments: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    """Remove papers; exit code 1 if one of the ids is not on the shelf."""
    if not arguments.words:
        raise UsageError("remove needs at least one id")
    for word in arguments.words:
        if not is_unicode(word):
            raise UsageError("an id is not UTF-8")
    with opened(settings) as shelf:
        removals = shelf.remove(arguments.words)
    for removal in removals:
        if removal.status == "removed":
            terminal.answer(f"removed {printable(removal.id or removal.key)}")
        elif removal.status == "gone":
            terminal.note(printable(f"{removal.key} was removed before"))
        else:
            terminal.error(f"there is no paper with the id {removal.key[:200]}")
    return FAILED if any(each.status == "unknown" for each in removals) else OK


def add_no_arguments(_: Parser) -> None:
    """Nothing but settings."""


def rebuild(_: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    """Make the full-text index anew."""
    with opened(settings) as shelf, terminal.progress("Indexing") as bar:
        count = shelf.rebuild(counting(bar))
    terminal.answer(f"indexed {papers(count)}")
    return OK


def check(_: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    """Look for damage; the answer is a line each, and exit code 1 if there is any."""
    with opened(settings) as shelf:
        findings, stats = shelf.check(), shelf.stats()
    for finding in findings:
        terminal.answer(printable(finding))
    if findings:
        return FAILED
    terminal.answer(f"all is well: {papers(stats.papers)}, index at {stats.index_position:,}")
    return OK


REMOVE = Command(
    name="remove",
    usage="ID... [options]",
    summary="remove papers",
    description=(
        "Remove papers for good. Their ids are remembered as removed; loading a paper again\n"
        "brings it back."
    ),
    examples=(Example("papershelf remove arxiv:2407.09941", "remove a paper by its arXiv id"),),
    add_arguments=add_remove_arguments,
    run=remove,
)
REBUILD = Command(
    name="rebuild",
    usage="[options]",
    summary="make the full-text index anew",
    description=(
        "Make the full-text index anew from the papers. That is needed by nobody: a missing or\n"
        "damaged index is made anew by itself. It also makes an index smaller and faster."
    ),
    examples=(
        Example("papershelf rebuild", "the index of ./data"),
        Example("papershelf rebuild --engine whoosh", "for the other engine"),
    ),
    add_arguments=add_no_arguments,
    run=rebuild,
)
CHECK = Command(
    name="check",
    usage="[options]",
    summary="look for damage in papers and index",
    description="Look for damage in papers and full-text index; exit code 1 if there is any.",
    examples=(Example("papershelf check", "the shelf in ./data"),),
    add_arguments=add_no_arguments,
    run=check,
)
