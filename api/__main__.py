"""The command line: `papershelf`, or `python -m api`."""

import os
import sys
from collections.abc import Sequence

from api.cli import copies, export, follow, load, search, serve, upkeep
from api.cli.command import (
    FAILED,
    INTERRUPTED,
    OK,
    READER_GONE,
    USAGE,
    Command,
    CommandError,
    Example,
    epilog,
    nearest,
    settings_of,
)
from api.settings import SettingsError
from api.terminal import Terminal, printable
from api.version import program_version

COMMANDS: dict[str, Command] = {
    command.name: command
    for command in (
        load.COMMAND,
        upkeep.REMOVE,
        search.SEARCH,
        search.SHOW,
        export.COMMAND,
        serve.COMMAND,
        upkeep.REBUILD,
        upkeep.CHECK,
        follow.COMMAND,
        copies.BACKUP,
        copies.RESTORE,
    )
}
EXAMPLES = (
    Example("papershelf load page.txt", "load a Daily Papers page into ./data"),
    Example("papershelf search optimal transport", "search it"),
    Example("papershelf search --help", "the help of a command, with its examples"),
    Example("papershelf serve", "serve it on http://127.0.0.1:8000"),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that `arguments` (default: those of the process) name; the exit code."""
    terminal = Terminal.standard()
    try:
        code = _run(sys.argv[1:] if arguments is None else arguments, terminal)
        terminal.flush()
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BrokenPipeError:
        terminal.abandon()
        code = READER_GONE
    except OSError as error:
        terminal.abandon()
        terminal.error(f"{error.filename or 'cannot write'}: {error.strerror or error}")
        code = FAILED
    return code


def _run(arguments: Sequence[str], terminal: Terminal) -> int:
    if not arguments:
        terminal.note(_overview())
        return USAGE
    first = arguments[0]
    if first in ("-h", "--help", "help"):
        terminal.answer(_overview())
        return OK
    if first in ("-V", "--version", "version"):
        terminal.answer(f"papershelf {program_version()}")
        return OK
    if first not in COMMANDS:
        terminal.error(_no_command(first))
        return USAGE
    try:
        parsed = COMMANDS[first].parser().read(arguments[1:])
        return COMMANDS[first].run(parsed, settings_of(parsed, os.environ), terminal)
    except SettingsError as error:
        terminal.error(str(error))
        return USAGE
    except CommandError as error:
        terminal.error(str(error))
        return error.code


def _no_command(name: str) -> str:
    if name.startswith("-"):
        return f"options go behind the command, as in: papershelf search {printable(name[:80])} ..."
    near = nearest(name, set(COMMANDS))
    hint = f"did you mean {near}?" if near else f"the commands are {', '.join(COMMANDS)}"
    return f"there is no command {name[:80]!r}; {hint} (see papershelf --help)"


def _overview() -> str:
    width = max(map(len, COMMANDS))
    lines = [
        "usage: papershelf COMMAND [options]",
        "",
        "Search for research papers on your own machine: load pages and dumps, search them here,",
        "or serve them by REST and GraphQL.",
        "",
        "commands:",
        *(f"  {name:<{width}}  {command.summary}" for name, command in COMMANDS.items()),
        "",
        "Every command takes --data FOLDER and --engine, and --help. --version prints the version.",
        "",
        epilog(EXAMPLES),
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
