"""`papershelf backup` and `papershelf restore`: the whole shelf in one file, and back."""

import argparse
from pathlib import Path

from api.cli.command import (
    OK,
    Command,
    CommandError,
    Example,
    Parser,
    UsageError,
    counting,
    holds_shelf,
    opened,
    papers,
)
from api.settings import Settings
from api.terminal import Terminal, printable


def add_backup_arguments(parser: Parser) -> None:
    """FILE, and whether it may be there."""
    parser.add_argument("words", nargs="*", metavar="FILE", help="the file to write")
    parser.option("--force", "replace the file if it exists")


def add_restore_arguments(parser: Parser) -> None:
    """FILE, and whether papers may be given up."""
    parser.add_argument("words", nargs="*", metavar="FILE", help="a file that `backup` has written")
    parser.option("--replace", "give up the papers that the data folder has")


def backup(arguments: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    """Copy the papers into one file, whoever serves or loads meanwhile."""
    from index.store import StoreError
    from index.store_backup import back_up

    target = _file(arguments.words, "backup")
    if not holds_shelf(settings.data):
        raise CommandError(f"there is no shelf in {settings.data}; name its folder with --data")
    try:
        made = back_up(settings.data, target, replace=arguments.force)
    except StoreError as error:
        raise CommandError(str(error)) from error
    terminal.answer(printable(f"{target}: {papers(made.papers)}, {_bytes(made.size)}"))
    return OK


def restore(arguments: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    """Put a backup back, and index its papers."""
    from index.store import StoreError
    from index.store_backup import restore as restore_into

    source = _file(arguments.words, "restore")
    try:
        count = restore_into(source, settings.data, replace=arguments.replace)
    except StoreError as error:
        raise CommandError(str(error)) from error
    terminal.answer(printable(f"restored {papers(count)} into {settings.data}"))
    terminal.flush()
    with opened(settings) as shelf, terminal.progress("Indexing") as bar:
        shelf.catch_up(progress=counting(bar))
    return OK


def _file(words: list[str], name: str) -> Path:
    if len(words) != 1:
        raise UsageError(f"{name} needs the name of one file")
    return Path(words[0])


def _bytes(size: int) -> str:
    return f"{size / 2**20:,.1f} MiB"


BACKUP = Command(
    name="backup",
    usage="FILE [options]",
    summary="copy the shelf into one file",
    description=(
        "Copy all papers, removals and tokens included, into one file as they are at this moment.\n"
        "Others may serve and load meanwhile. The index is not in it: a restore makes it anew."
    ),
    examples=(Example("papershelf backup today.backup", "the shelf in ./data"),),
    add_arguments=add_backup_arguments,
    run=backup,
)
RESTORE = Command(
    name="restore",
    usage="FILE [options]",
    summary="put a backup back",
    description=(
        "Put a backup of this or an older version into the data folder, and index its papers.\n"
        "Nobody else may have the folder open. Cursors, and tokens of changes, that were given\n"
        "out before are refused from then on; copies that follow begin anew."
    ),
    examples=(
        Example("papershelf restore shelf.backup --data restored", "into a new folder"),
        Example("papershelf restore shelf.backup --replace", "in place of what is in ./data"),
    ),
    add_arguments=add_restore_arguments,
    run=restore,
)
