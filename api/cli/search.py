"""`papershelf search` and `papershelf show`: what is on the shelf."""

import argparse
import shlex
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import orjson

from api.cli.command import (
    EVERYWHERE,
    OK,
    Command,
    Example,
    Parser,
    UsageError,
    counting,
    opened,
    option_name,
    papers,
    refusal,
)
from api.settings import Settings
from api.terminal import Column, Terminal, printable
from schema.errors import Problem
from schema.filters import FILTERS
from schema.request import parse_request
from schema.search import (
    DEFAULT_LIMIT,
    MAX_LIMIT,
    SORT_FIELDS,
    Explanation,
    Match,
    SearchRequest,
)

if TYPE_CHECKING:
    from index.searches import Answer
    from index.shelf import Shelf
    from schema.search import Alternative, Page

OWN_OPTIONS = {
    "match": ("WORDS", "which words must be found: all, any, or auto (all, filled up with any)"),
    "sort": (
        "KEYS",
        f"{', '.join(SORT_FIELDS)}; - in front descends; at most two with a comma between "
        "(default: relevance, or -publishedAt without a query)",
    ),
    "limit": ("N", f"papers in an answer, 1 to {MAX_LIMIT} (default {DEFAULT_LIMIT})"),
    "cursor": ("CURSOR", "go on where an answer ended: its `nextCursor`"),
    "before": ("CURSOR", "what comes before an answer: its `previousCursor`; `end` for the last"),
    "fields": ("NAMES", "members that the papers show, commas between; the answer is JSON then"),
}
AUTHORS_SHOWN, PARTS_SHOWN = 20, 12


def add_question(parser: Parser, names: Iterable[str] = OWN_OPTIONS) -> None:
    """QUERY, and an option for each of `names`, which are some of `OWN_OPTIONS`."""
    parser.dash_hint = "; to search for text that begins with -, put -- before it"
    parser.add_argument(
        "words",
        nargs="*",
        metavar="QUERY",
        help="words, phrases and fields; everything is listed without it",
    )
    for name in names:
        metavar, help_text = OWN_OPTIONS[name]
        parser.option(option_name(name), help_text, metavar, action="append", dest=name)


def add_filters(parser: Parser) -> None:
    """An option for every filter."""
    for spec in FILTERS:
        more = " May be repeated." if spec.repeatable else ""
        parser.option(
            option_name(spec.name),
            f"{spec.description}{more} Such as {spec.example}",
            "VALUE",
            action="append",
            dest=spec.name,
        )


def add_search_arguments(parser: Parser) -> None:
    """QUERY, and an option for every parameter and filter of a search."""
    add_question(parser)
    parser.option("--explain", "show of what the score of each paper is made")
    add_filters(parser)
    parser.option("--json", "print JSON, as the REST interface does (default when piped)")


def search(arguments: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    """Search; the answer is a table on a terminal, else the JSON of `GET /v1/papers`."""
    request = request_of(arguments, explain=arguments.explain)
    with opened(settings) as shelf:
        catch_up(shelf, terminal)
        answer = shelf.answer(shelf.plan(request))
    chosen = request.extras.fields is not None
    if arguments.json or chosen or not terminal.shows_answers:
        from api.answers import page_json

        terminal.answer_json(page_json(answer))
    else:
        _show_page(answer, terminal, _settings_given(arguments))
    return OK


def catch_up(shelf: "Shelf", terminal: Terminal) -> None:
    """Bring the index up first; if the disk is full, what it has can be searched all the same."""
    searchable = shelf.view.snapshot is not None
    with terminal.progress("Indexing", quiet=searchable) as bar:
        try:
            shelf.catch_up(progress=counting(bar))
        except OSError as error:
            if not searchable:
                raise
            terminal.note(printable(f"warning: the newest papers cannot be indexed: {error}"))


def request_of(arguments: argparse.Namespace, *, explain: bool = False) -> SearchRequest:
    """The question that QUERY and options ask; raises `CommandError` for one that cannot be."""
    parameters = [("q", " ".join(arguments.words))] if arguments.words else []
    for name in (*OWN_OPTIONS, *(spec.name for spec in FILTERS)):
        parameters += [(name, value) for value in getattr(arguments, name, None) or ()]
    parameters += [("explain", "true")] if explain else []
    for name, value in parameters:
        if not is_unicode(value):
            raise UsageError(f"{'the query' if name == 'q' else option_name(name)} is not UTF-8")
    try:
        return parse_request(parameters)
    except Problem as problem:
        raise refusal(problem) from problem


def is_unicode(text: str) -> bool:
    """Whether a text has no surrogates: arguments that are not in the locale's encoding do."""
    return not any("\ud800" <= each <= "\udfff" for each in text)


def _settings_given(arguments: argparse.Namespace) -> list[str]:
    """The settings among the arguments, for a command that asks the same shelf."""
    given = ((name, getattr(arguments, name)) for name in EVERYWHERE)
    return [f"{option_name(name)}={value}" for name, value in given if value is not None]


def _show_page(answer: "Answer", terminal: Terminal, settings: list[str]) -> None:
    page = answer.page
    for warning in page.warnings:
        terminal.note(printable(f"warning: {warning.message}"))
    if not page.rows:
        terminal.answer("No paper matches." if page.request.cursor is None else "No more papers.")
        _show_alternatives(answer, terminal, settings)
        return
    columns = (Column("Published", 10), Column("Authors", 7, right=True), Column("Title, id"))
    rows = [_table_row(orjson.loads(row)) for row in page.rows]
    if answer.explanations:
        explained = zip(rows, answer.explanations, strict=True)
        rows = [(cells, "\n  ".join([below, *_parts(each)])) for (cells, below), each in explained]
    terminal.table(columns, rows)
    terminal.answer(_counted(page))
    if page.next_cursor:
        terminal.answer(f"More: the same with --cursor {page.next_cursor}")
    _show_alternatives(answer, terminal, settings)


def _show_alternatives(answer: "Answer", terminal: Terminal, settings: list[str]) -> None:
    """Questions that find more, each with the command that asks it."""
    for each in answer.alternatives:
        counted = papers(each.total)
        if each.total_all < each.total:
            counted += f" with some of the words, {each.total_all:,} with all"
        terminal.answer(printable(f"{each.message.replace('`', '')} {counted}:"))
        terminal.answer("  " + printable(f"papershelf {_command(each, settings)}"))


def _command(alternative: "Alternative", settings: list[str]) -> str:
    """The arguments that ask an alternative, to be pasted into a shell."""
    asked = [f"{option_name(name)}={value}" for name, value in alternative.parameters]
    words = [alternative.q] if alternative.q else []
    if words and words[0].startswith("-"):
        words.insert(0, "--")
    return shlex.join(["search", *settings, *asked, *words])


def _table_row(paper: Mapping[str, Any]) -> tuple[tuple[str, str, str], str]:
    count = "" if paper["authorCount"] is None else f"{paper['authorCount']:,}"
    return (_day(paper), count, printable(paper["title"])), printable(paper["id"])


def _parts(explanation: Explanation | None) -> list[str]:
    """The parts of a score, a line each, and what is missing."""
    if explanation is None:
        return []
    lines = [
        f"{part.score:10.4f}  {part.kind:8}  "
        + printable(f"{part.term}: {part.count} in {part.field} ({', '.join(part.matched)})")
        for part in explanation.parts[:PARTS_SHOWN]
    ]
    if rest := explanation.parts[PARTS_SHOWN:]:
        lines.append(f"{sum(part.score for part in rest):10.4f}  {len(rest)} more")
    if explanation.missing:
        lines.append(f"{'without':>10}  {printable(', '.join(explanation.missing))}")
    return lines


def _day(paper: Mapping[str, Any]) -> str:
    """The date of publication as far as it is known: a day, a month or a year."""
    day = paper["publishedAt"] or ""
    return str(day)[: {"year": 4, "month": 7}.get(paper["publishedPrecision"], 10)]


def _counted(page: "Page") -> str:
    counted = papers(page.total)
    shown = f", {len(page.rows)} shown" if len(page.rows) < page.total else ""
    asked = page.request
    if asked.q and page.matched is Match.ANY and asked.match is Match.AUTO:
        return f"{counted} with some of the words, {page.total_all:,} with all{shown}"
    return counted + shown


def add_show_arguments(parser: Parser) -> None:
    """The id, and how to print."""
    parser.add_argument(
        "words",
        nargs="*",
        metavar="ID",
        help="any id of the paper: its own, a bare arXiv id, arxiv:..., doi:... or acl:...",
    )
    parser.option("--json", "print JSON, as the REST interface does (default when piped)")


def show(arguments: argparse.Namespace, settings: Settings, terminal: Terminal) -> int:
    """Print one paper; exit code 1 if there is none with that id."""
    if len(arguments.words) != 1:
        raise UsageError("show needs one id")
    identifier = arguments.words[0]
    if not is_unicode(identifier):
        raise UsageError("the id is not UTF-8")
    with opened(settings) as shelf:
        paper, revision = shelf.paper(identifier), shelf.view.revision
    if arguments.json or not terminal.shows_answers:
        from api.answers import envelope

        terminal.answer_json(envelope(paper, {"revision": revision}))
    else:
        _show_paper(orjson.loads(paper), terminal)
    return OK


def _show_paper(paper: Mapping[str, Any], terminal: Terminal) -> None:
    fields = [
        ("Title", paper["title"]),
        ("Authors", _authors(paper)),
        ("Published", _day(paper)),
        ("Listed", paper["listedAt"]),
        ("Categories", ", ".join(paper["categories"])),
        ("Comments", paper["comments"]),
        ("Upvotes", paper["upvotes"]),
        ("Id", paper["id"]),
        *((kind, value) for kind, value in paper["externalIds"].items()),
        *((link["kind"], link["url"]) for link in paper["links"]),
        ("Sources", ", ".join(source["name"] for source in paper["sources"])),
    ]
    terminal.sections(
        [
            (name[0].upper() + name[1:], printable(str(value)))
            for name, value in fields
            if value not in (None, "")
        ],
        printable(paper["abstract"]),
    )


def _authors(paper: Mapping[str, Any]) -> str:
    count, authors = paper["authorCount"], paper["authors"]
    if authors is None:
        return "" if count is None else f"{count:,} (names unknown)"
    names = [author["name"] for author in authors]
    more = f" and {len(names) - AUTHORS_SHOWN:,} more" if len(names) > AUTHORS_SHOWN else ""
    return ", ".join(names[:AUTHORS_SHOWN]) + more


SEARCH = Command(
    name="search",
    usage="[QUERY] [options]",
    summary="search the shelf",
    description=(
        "Search papers by words, phrases, fields and filters; without a query list the newest.\n"
        "On a terminal the answer is a table, else the JSON of the REST interface."
    ),
    examples=(
        Example("papershelf search optimal transport", "papers with these words, best first"),
        Example("papershelf search '\"optimal transport\"'", "a phrase, in double quotes"),
        Example("papershelf search 'title:hydra'", "a word of the title"),
        Example("papershelf search 'protein -llm'", "without a word"),
        Example("papershelf search -- '-vision'", "text that begins with -, behind --"),
        Example("papershelf search alignment --year 2023-2025 --min-authors 20", "with filters"),
        Example("papershelf search optimal transport --explain", "why they are found, and why so"),
        Example("papershelf search --sort -publishedAt --limit 5 --json", "the newest, as JSON"),
    ),
    add_arguments=add_search_arguments,
    run=search,
)
SHOW = Command(
    name="show",
    usage="ID [options]",
    summary="print one paper",
    description="Print one paper: readable on a terminal, else the JSON of the REST interface.",
    examples=(
        Example("papershelf show arxiv:2407.09941", "by its arXiv id"),
        Example("papershelf show doi:10.18653/v1/d16-2004 --json", "by its DOI, as JSON"),
    ),
    add_arguments=add_show_arguments,
    run=show,
)
