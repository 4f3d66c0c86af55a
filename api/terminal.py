"""The terminal: plain lines, tables and progress bars that no odd character can break."""

import contextlib
import io
import os
import re
import sys
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TextIO

if TYPE_CHECKING:
    from rich.text import Text

Update = Callable[[int, int | None, str], None]
"""Told how much is done, of how much (None: unknown), and a short text beside the bar."""

_BREAKS = re.compile(r"\s+")
_SHOWN_AS = {"Cc": "\ufffd", "Cs": "\ufffd", "Cf": ""}
_JOINERS = frozenset("\u200c\u200d")


def printable(text: str) -> str:
    """`text` on one line, harmless to a terminal.

    Runs of white space become one space, control characters (escape sequences) and surrogates the
    replacement character; format characters (that turn the writing direction) go, but not joiners.
    """
    line = _BREAKS.sub(" ", text).strip()
    if line.isascii() and line.isprintable():
        return line
    return "".join(
        each if each in _JOINERS else _SHOWN_AS.get(unicodedata.category(each), each)
        for each in line
    )


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; the one without a width takes what is left, and wraps."""

    title: str
    width: int | None = None
    right: bool = False


class Terminal:
    """Standard output for answers, standard error for everything else.

    Output goes through whole even where the encoding lacks a character, and what is written to a
    standard error that has gone away is dropped: work must not end because nobody watches it.
    """

    def __init__(self, out: TextIO, err: TextIO) -> None:
        self._out = out
        self._err = err
        self.shows_answers = out.isatty()
        self.shows_progress = err.isatty()
        for stream, errors in ((out, "replace"), (err, "backslashreplace")):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors=errors)

    @classmethod
    def standard(cls) -> "Terminal":
        """The terminal of this process; a stream that was closed before the start is void."""
        void = io.StringIO()
        return cls(sys.stdout or void, sys.stderr or void)

    def answer(self, line: str) -> None:
        """A line of the answer."""
        self._out.write(line + "\n")

    def answer_json(self, content: bytes) -> None:
        """JSON as UTF-8 whatever the locale says (RFC 8259, section 8.1), and a line end."""
        self.answer_bytes(content + b"\n")

    def answer_bytes(self, content: bytes) -> None:
        """More of an answer that is UTF-8 whatever the locale says."""
        self._out.flush()
        buffer = getattr(self._out, "buffer", None)
        if buffer is None:
            self._out.write(content.decode())
        else:
            buffer.write(content)

    def note(self, line: str) -> None:
        """A line beside the answer, written at once."""
        with contextlib.suppress(OSError, ValueError):
            self._err.write(line + "\n")
            self._err.flush()

    def error(self, message: str) -> None:
        """One line that says what went wrong."""
        self.note(f"papershelf: {printable(message)}")

    def flush(self) -> None:
        """Write out the answer; raises `BrokenPipeError` or another `OSError` if that fails."""
        self._out.flush()

    def abandon(self) -> None:
        """Drop the answer: its reader has gone, and the interpreter shall not try once more."""
        with contextlib.suppress(OSError, ValueError, AttributeError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._out.fileno())
            os.close(nowhere)

    def table(self, columns: Sequence[Column], rows: Sequence[tuple[Sequence[str], str]]) -> None:
        """A table as wide as the terminal: of each row its cells, and a line below them.

        The line below is never broken, so that it can be copied whole.
        """
        from rich.table import Table

        def print_row(cells: Sequence[str], style: str) -> None:
            row = Table.grid(padding=(0, 2), pad_edge=False)
            for column in columns:
                side: Literal["left", "right"] = "right" if column.right else "left"
                row.add_column(width=column.width, justify=side, style=style, overflow="fold")
            row.add_row(*map(_text, cells))
            self._print(row)

        print_row([column.title for column in columns], "bold")
        for cells, below in rows:
            print_row(cells, "")
            self.answer(f"  {below}")

    def sections(self, fields: Sequence[tuple[str, str]], body: str) -> None:
        """Named values one under the other, then a paragraph, wrapped to the terminal's width."""
        from rich.table import Table

        table = Table.grid(padding=(0, 2))
        table.add_column(style="bold", no_wrap=True)
        table.add_column(overflow="fold")
        for name, value in fields:
            table.add_row(_text(name), _text(value))
        self._print(table)
        if body:
            self.answer("")
            self._print(_text(body))

    def _print(self, renderable: object) -> None:
        from rich.console import Console

        console = Console(file=self._out, markup=False, highlight=False, emoji=False)
        console.print(renderable)

    @contextmanager
    def progress(
        self, title: str, total: int | None = None, *, quiet: bool = False
    ) -> Iterator[Update | None]:
        """A bar on standard error with the remaining time; None without terminal or if `quiet`."""
        if quiet or not self.shows_progress:
            yield None
            return
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            Progress,
            TaskProgressColumn,
            TextColumn,
            TimeRemainingColumn,
        )

        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=None),
            TaskProgressColumn(),
            TextColumn("{task.fields[detail]}", markup=False),
            TimeRemainingColumn(compact=True),
        )
        console = Console(file=self._err, highlight=False, emoji=False)
        with Progress(*columns, console=console, expand=True) as progress:
            task = progress.add_task(printable(title), total=total, detail="")

            def update(done: int, total: int | None, detail: str) -> None:
                progress.update(task, completed=done, total=total, detail=printable(detail))

            yield update


def _text(content: str) -> "Text":
    """Rich text of plain text: nothing in it is markup."""
    from rich.text import Text

    return Text(content)
