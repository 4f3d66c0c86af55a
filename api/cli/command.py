"""What a command is, and how its arguments are read: options in any order, hints for mistakes."""

import argparse
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from api.settings import SETTINGS, Setting, Settings
from api.terminal import Terminal, Update, printable
from schema.errors import Problem
from schema.parameters import SEARCH

if TYPE_CHECKING:
    from index.shelf import Shelf

EXIT_CODES = (
    (0, "all went well, warnings included"),
    (1, "something was rejected, not found or failed"),
    (2, "wrong usage: an option, a value or a setting"),
    (130, "interrupted by Ctrl-C; all that was committed stays"),
    (141, "the reader of the output went away"),
)
OK, FAILED, USAGE, INTERRUPTED, READER_GONE = (code for code, _ in EXIT_CODES)

EVERYWHERE = ("data", "engine")
"""Settings that are options of every command; `serve` takes them all."""


class CommandError(Exception):
    """A failure that is not a bug: its message is all the user sees, its code the exit code."""

    def __init__(self, message: str, code: int = FAILED) -> None:
        super().__init__(message)
        self.code = code


class UsageError(CommandError):
    """Wrong usage, noticed behind the parser."""

    def __init__(self, message: str) -> None:
        super().__init__(message, USAGE)


@dataclass(frozen=True, slots=True)
class Example:
    """A command line that works as pasted, and what it does."""

    line: str
    what: str


@dataclass(frozen=True, slots=True)
class Command:
    """A command: its words for the help, its arguments, and what it does.

    `add_arguments` returns nothing but the parser enriched; `run` answers the exit code.
    """

    name: str
    usage: str
    summary: str
    description: str
    examples: tuple[Example, ...]
    add_arguments: Callable[["Parser"], None]
    run: Callable[[argparse.Namespace, Settings, Terminal], int]
    settings: tuple[str, ...] = EVERYWHERE

    def parser(self) -> "Parser":
        """The parser of this command, with the options of its settings."""
        parser = Parser(
            prog=f"papershelf {self.name}",
            usage=f"papershelf {self.name} {self.usage}",
            description=self.description,
            epilog=epilog(self.examples),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        self.add_arguments(parser)
        group = parser.add_argument_group("settings (options go before environment variables)")
        for setting in SETTINGS:
            if setting.name in self.settings and setting.option:
                _add_setting(parser, group, setting)
        return parser


def epilog(examples: Sequence[Example]) -> str:
    """The end of a help text: examples and exit codes."""
    lines = ["examples:"]
    for example in examples:
        lines += [f"  {example.line}", f"      {example.what}"]
    lines += ["", "exit codes:"]
    lines += [f"  {code:<3}  {meaning}" for code, meaning in EXIT_CODES]
    return "\n".join(lines)


class Parser(argparse.ArgumentParser):
    """An argparse parser whose refusals are one line with the nearest thing that exists."""

    def __init__(self, **kwargs: object) -> None:
        self.dash_hint = ""
        self.flags: set[str] = {"-h", "--help"}
        self.valued: set[str] = set()
        super().__init__(**kwargs)  # type: ignore[arg-type]

    def option(self, name: str, help_text: str, metavar: str | None = None, **how: object) -> None:
        """Add an option; one with a `metavar` takes a value, one without is a flag."""
        self.enlist(name, takes_value=metavar is not None)
        if metavar is None:
            self.add_argument(name, help=help_text, action="store_true")
        else:
            self.add_argument(name, help=help_text, metavar=metavar, **how)  # type: ignore[arg-type]

    def enlist(self, name: str, *, takes_value: bool) -> None:
        """Tell the hints and the reading of values about an option."""
        (self.valued if takes_value else self.flags).add(name)

    def read(self, arguments: Sequence[str]) -> argparse.Namespace:
        """The arguments, options and others in any order; all behind `--` are no options.

        A wrong one ends the process with one line and exit code 2, as argparse does.
        """
        cut = list(arguments).index("--") if "--" in arguments else len(arguments)
        options, rest = self._joined(arguments[:cut]), list(arguments[cut + 1 :])
        found, unknown = self.parse_known_intermixed_args(options)
        if unknown:
            self._refuse(unknown[0])
        found.words = [*found.words, *rest] if hasattr(found, "words") else []
        if rest and not found.words:
            self.error(f"unexpected argument: {rest[0]}")
        return found

    def _joined(self, arguments: Sequence[str]) -> list[str]:
        """Values that begin with - tied to their option: argparse would take them for options."""
        joined: list[str] = []
        for each in arguments:
            tied = joined and joined[-1] in self.valued and len(each) > 1 and each[0] == "-"
            if tied and each not in self.valued | self.flags:
                joined[-1] += f"={each}"
            else:
                joined.append(each)
        return joined

    def _refuse(self, argument: str) -> NoReturn:
        name = argument.partition("=")[0]
        if not name.startswith("-"):
            self.error(f"unexpected argument: {argument}")
        near = nearest(name, self.valued | self.flags)
        hint = f"; did you mean {near}?" if near else ""
        if not name.startswith("--"):
            hint = self.dash_hint or hint
        self.error(f"unknown option {name}{hint}")

    def error(self, message: str) -> NoReturn:
        """One line on standard error, exit code 2."""
        line = printable(f"{self.prog}: {message}")
        self.exit(USAGE, f"{line} (see {self.prog} --help)\n")


def nearest(name: str, known: Sequence[str] | set[str]) -> str | None:
    """What of `known` was probably meant by `name`, if anything is near."""
    near = get_close_matches(name[:64], sorted(known), n=1, cutoff=0.5)
    return near[0] if near else None


def _add_setting(parser: Parser, group: "argparse._ArgumentGroup", setting: Setting) -> None:
    parser.enlist(setting.option, takes_value=True)
    default = setting.default or "none"
    group.add_argument(
        setting.option,
        metavar=setting.metavar,
        help=f"{setting.description} [{setting.variable}, default {default}]".replace("%", "%%"),
    )


def settings_of(arguments: argparse.Namespace, environ: Mapping[str, str]) -> Settings:
    """The settings of an environment and the options given; raises `SettingsError`."""
    given = {setting.name: getattr(arguments, setting.name, None) for setting in SETTINGS}
    options = {name: text for name, text in given.items() if text is not None}
    return Settings.from_environment(environ, options)


def refusal(problem: Problem) -> CommandError:
    """A refused request as one line: every fault, with options for the names of parameters."""
    said = "; ".join(error.message.rstrip(".") for error in problem.errors) or problem.detail
    said = re.sub(r"`([a-z]+[a-zA-Z]*)`", lambda found: _spelling(found[1]), said)
    return CommandError(said, USAGE if problem.kind.status == 400 else FAILED)


def _spelling(name: str) -> str:
    if name == "q":
        return "the query"
    return option_name(name) if name in SEARCH else f"`{name}`"


def option_name(name: str) -> str:
    """The option of a parameter: --min-authors for `minAuthors`."""
    return "--" + re.sub(r"[A-Z]", lambda found: "-" + found[0].lower(), name)


def holds_shelf(folder: Path) -> bool:
    """Whether papers were ever loaded into a folder."""
    from index.store_file import FILE_NAME

    return (folder / FILE_NAME).is_file()


@contextmanager
def opened(settings: Settings, *, create: bool = False) -> Iterator["Shelf"]:
    """The shelf of the data folder; what goes wrong with it is a `CommandError`.

    Without `create` a folder that holds no shelf is a mistake in its name.
    """
    from index.shelf import Shelf
    from index.store import StoreError

    if not create and not holds_shelf(settings.data):
        hint = "load papers first, or name its folder with --data"
        raise CommandError(f"there is no shelf in {settings.data}; {hint}")
    try:
        with Shelf(settings.data, settings.engine) as shelf:
            yield shelf
    except StoreError as error:
        raise CommandError(str(error)) from error
    except Problem as problem:
        raise refusal(problem) from problem
    except BrokenPipeError:
        raise
    except OSError as error:
        where = error.filename or settings.data
        raise CommandError(f"{where}: {error.strerror or error}") from error


def counting(bar: Update | None) -> Callable[[int, int], None] | None:
    """The progress callback of an index that draws a bar, every hundredth paper."""
    if bar is None:
        return None

    def progress(done: int, total: int) -> None:
        if done % 100 == 0 or done == total:
            bar(done, total, f"{done:,} of {papers(total)}")

    return progress


def papers(count: int) -> str:
    """A number of papers in words."""
    return "1 paper" if count == 1 else f"{count:,} papers"
