"""`papershelf load`: files into the shelf."""

import argparse
import datetime
import tempfile
import time
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from api.cli.command import (
    FAILED,
    OK,
    Command,
    CommandError,
    Example,
    Parser,
    UsageError,
    holds_shelf,
    nearest,
    opened,
    papers,
)
from api.cli.files import Found, find_files
from api.settings import Settings
from api.terminal import Terminal, Update, printable
from schema.dates import day_interval

if TYPE_CHECKING:
    from index.loader import LoadReport
    from index.sources import Source

SHOWN = 20
"""Rejects, and warnings, that are written out; the rejects file has all of the former."""

ALWAYS_SAID = ("added", "updated", "unchanged", "readable", "rejected")
"""Counts of the summary that are told even when they are 0."""


def add_arguments(parser: Parser) -> None:
    """FILES and the options of `load`."""
    parser.add_argument(
        "words",
        nargs="*",
        metavar="FILE",
        help="a file (plain or gzip), a folder (all files in it and below, but no hidden ones), "
        "a pattern such as 'pages/*.txt', or - for standard input",
    )
    parser.option("--format", "read every file as this format instead of detecting it", "NAME")
    parser.option(
        "--page-date",
        "day of the page, YYYY-MM-DD: the year of dates that are written without one",
        "DATE",
    )
    parser.option("--dry-run", "read and report, but store nothing")
    parser.option("--if-empty", "do nothing if the shelf has papers already")
    parser.option("--json", "print the summary as JSON, and each commit as a JSON line")


def run(arguments: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    """Load; the answer is the summary. Exit code 1 if anything was rejected or failed."""
    if not arguments.words:
        raise UsageError("load needs files, folders, patterns, or - for standard input")
    if arguments.words.count("-") > 1:
        raise UsageError("standard input (-) can be read only once")
    page_date, format_name = _page_date(arguments.page_date), _format(arguments.format)
    if arguments.if_empty and (stored := _papers_of(settings)):
        terminal.note(f"the shelf has {papers(stored)} already; nothing was loaded")
        _answer(_summary(_empty_report(), dry_run=False), terminal, arguments.json)
        return OK
    found = find_files(arguments.words)
    watch = Watch(terminal, found.size, as_json=arguments.json)
    failure = ""
    try:
        _load(found, watch, settings, format_name, page_date, dry_run=arguments.dry_run)
    except CommandError as error:
        failure = str(error)
    except KeyboardInterrupt:
        terminal.error(f"interrupted; what is committed stays: {papers(watch.stored)}")
        raise
    report = watch.final(found.failures, failure)
    _tell(report, terminal, None if arguments.dry_run else settings.data / "rejects")
    _answer(_summary(report, dry_run=arguments.dry_run), terminal, arguments.json)
    return OK if report.clean else FAILED


def _load(
    found: Found,
    watch: "Watch",
    settings: Settings,
    format_name: str | None,
    page_date: datetime.date | None,
    *,
    dry_run: bool,
) -> None:
    """Load into the shelf; a dry run reads beside an empty shelf of its own and leaves no trace."""
    place = tempfile.TemporaryDirectory() if dry_run else nullcontext(str(settings.data))
    with (
        place as folder,
        opened(replace(settings, data=Path(folder)), create=True) as shelf,
        watch.terminal.progress("Loading", found.size, quiet=watch.as_json) as watch.bar,
    ):
        watch.report = shelf.load(
            found.paths,
            watch,
            format_name=format_name,
            page_date=page_date,
            dry_run=dry_run,
        )


def _page_date(text: str | None) -> datetime.date | None:
    if text is None:
        return None
    days = day_interval(text)
    if days is None or days[0] != days[1]:
        raise UsageError(f"--page-date is {text!r}, but must be a day as YYYY-MM-DD")
    return datetime.date(days[0] // 10_000, days[0] // 100 % 100, days[0] % 100)


def _format(name: str | None) -> str | None:
    from index.sources import FORMATS

    if name is None or name in FORMATS:
        return name
    near = nearest(name, set(FORMATS))
    hint = f"; did you mean {near}?" if near else ""
    raise UsageError(f"there is no format {name!r}, but {', '.join(FORMATS)}{hint}")


def _papers_of(settings: Settings) -> int:
    if not holds_shelf(settings.data):
        return 0
    with opened(settings) as shelf:
        return shelf.stats().papers


class Watch:
    """Shows how a load goes on: in a bar if it is given one, else by a line after each commit.

    `size` is how many bytes there are to read, None if that is unknown.
    """

    def __init__(self, terminal: Terminal, size: int | None, *, as_json: bool) -> None:
        self.report: LoadReport | None = None
        self.bar: Update | None = None
        self.terminal = terminal
        self._size = size
        self.as_json = as_json
        self._began = time.monotonic()
        self._before = 0
        self._current = 0

    @property
    def stored(self) -> int:
        """Papers of this load that are safe."""
        return self.report.stored if self.report else 0

    def final(self, missing: list[str], failure: str) -> "LoadReport":
        """The whole report, with what was not found and what cut the load short as failures."""
        report = self.report or _empty_report()
        also = [*missing, failure] if failure else missing
        report.failed += len(also)
        report.failures += also
        return report

    def opened(self, source: "Source") -> None:
        """The next source begins."""
        self._before += self._current
        self._current = source.size

    def advanced(self, source: "Source", report: "LoadReport") -> None:
        """More was read."""
        self.report = report
        if self.bar is None:
            return
        read = report.stored + report.rejected
        rate = read / max(time.monotonic() - self._began, 0.001)
        text = f"committed {report.stored:,}, {rate:,.0f} papers/s"
        self.bar(self._before + source.consumed(), self._size, text)

    def committed(self, report: "LoadReport") -> None:
        """Papers are safe; said at once, for someone may rely on it. A bar says it by itself."""
        self.report = report
        if self.as_json:
            self.terminal.note(orjson.dumps({"committed": report.stored}).decode())
        elif self.bar is None:
            self.terminal.note(f"committed {report.stored}")


def _tell(report: "LoadReport", terminal: Terminal, rejects: Path | None) -> None:
    """Failures, rejects and warnings, a line each; `rejects` is the folder that has them all."""
    for failure in report.failures:
        terminal.error(failure)
    for name, reject in report.rejects[:SHOWN]:
        terminal.note(printable(f"{name}:{reject.line}: {reject.reason}"))
    if report.rejected > SHOWN:
        where = f", see {rejects}" if rejects else ""
        terminal.note(f"... and {report.rejected - SHOWN:,} more rejected{where}")
    for name, warning in report.warnings[:SHOWN]:
        terminal.note(printable(f"{name}:{warning.line}: warning: {warning.message}"))
    if report.warned > SHOWN:
        terminal.note(f"... and {report.warned - SHOWN:,} more warnings")


def _empty_report() -> "LoadReport":
    from index.loader import LoadReport

    return LoadReport()


def _summary(report: "LoadReport", *, dry_run: bool) -> dict[str, int | bool]:
    """The counts of a load; a dry run knows only how many papers can be read."""
    counts: dict[str, int | bool] = (
        {"readable": report.added}
        if dry_run
        else {
            "added": report.added,
            "updated": report.updated,
            "unchanged": report.unchanged,
        }
    )
    counts |= {"rejected": report.rejected, "failed": report.failed, "warnings": report.warned}
    return counts | {"dryRun": dry_run}


def _answer(counts: Mapping[str, int | bool], terminal: Terminal, as_json: bool) -> None:
    if as_json:
        terminal.answer_json(orjson.dumps(counts))
        return
    said = [
        f"{count:,} {name.removesuffix('s') if count == 1 else name}"
        for name, count in counts.items()
        if name != "dryRun" and (count or name in ALWAYS_SAID)
    ]
    aside = " (dry run: nothing was stored)" if counts["dryRun"] else ""
    terminal.answer(", ".join(said) + aside)


COMMAND = Command(
    name="load",
    usage="FILE... [options]",
    summary="load papers from files",
    description=(
        "Load papers from pages, dumps and feeds. What is loaded already is left as it is, so a\n"
        "load can be repeated at any time. What cannot be read is reported with file, line and\n"
        "reason and kept in the folder `rejects` of the data folder; the rest is loaded.\n"
        "After each commit `committed N` on standard error says how many papers are safe."
    ),
    examples=(
        Example("papershelf load page.txt", "load a Daily Papers page into ./data"),
        Example("papershelf load papers.jsonl.gz 'pages/*.txt'", "a dump, and whatever matches"),
        Example("papershelf load pages --json", "all files below a folder; the summary as JSON"),
        Example("gzip -dc papers.jsonl.gz | papershelf load -", "standard input"),
        Example("papershelf load --page-date 2025-12-12 page.txt", "say what day the page is of"),
        Example("papershelf load --dry-run page.txt", "only report what would be rejected"),
    ),
    add_arguments=add_arguments,
    run=run,
)
