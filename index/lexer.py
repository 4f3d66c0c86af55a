"""From the text of a query to its lexemes in one pass, with notes on what was not understood."""

import re
from difflib import get_close_matches
from enum import Enum, auto
from typing import NamedTuple

from index.fields import FIELDS, FieldKind
from schema.search import QueryWarning

MAX_NOTES = 20
SHOWN = 40
"""Characters of the query that a message repeats at most."""


class Notes:
    """Warnings in the order of their making, the first `MAX_NOTES` and a last one on the rest."""

    def __init__(self) -> None:
        self._made: list[QueryWarning] = []

    @property
    def full(self) -> bool:
        """Whether further notes are no longer kept."""
        return len(self._made) > MAX_NOTES

    def add(
        self, code: str, message: str, start: int, end: int, suggestion: str | None = None
    ) -> None:
        """Note that the characters `start` to `end` of the query were not taken as written."""
        if len(self._made) < MAX_NOTES:
            self._made.append(QueryWarning(code, message, start, end - start, suggestion))
        elif not self.full:
            message = "There are more warnings than these."
            self._made.append(QueryWarning("more-warnings", message))

    def whole(self, code: str, message: str) -> None:
        """Note something about the query as a whole."""
        self._made.append(QueryWarning(code, message))

    def warnings(self) -> tuple[QueryWarning, ...]:
        """All notes, in the order of the query; those on the whole query come last."""
        inside = [note for note in self._made if note.position is not None]
        inside.sort(key=lambda note: note.position or 0)
        return (*inside, *(note for note in self._made if note.position is None))


class Kind(Enum):
    """What a lexeme is."""

    WORD = auto()
    PHRASE = auto()
    RANGE = auto()
    OPEN = auto()
    CLOSE = auto()
    AND = auto()
    OR = auto()
    NOT = auto()


OPERANDS = (Kind.WORD, Kind.PHRASE, Kind.RANGE, Kind.OPEN)


class Lexeme(NamedTuple):
    """A part of a query: the characters `start` to `end`.

    `text` is what stands inside the quotes of a phrase, else the text itself, without its field;
    `field` is a name of `FIELDS` or empty; `suffix` is what follows a phrase or `)`: `~2^3`.
    """

    kind: Kind
    text: str
    start: int
    end: int
    field: str = ""
    suffix: str = ""


_OPERATORS = {
    "AND": Kind.AND,
    "&&": Kind.AND,
    "OR": Kind.OR,
    "||": Kind.OR,
    "NOT": Kind.NOT,
    "-": Kind.NOT,
    "!": Kind.NOT,
}
_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»＂", '"'))
_NUMBER = r"\^[-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?"
_VALUE = rf"""
    "(?P<phrase>[^"]*+)"(?P<suffix>(?:~[0-9.]*)?(?:{_NUMBER})?)
  | (?P<quote>")
  | (?P<open>\()
  | (?P<word>[^\s()"]++)
"""
_RANGE = rf"""
    (?P<range>[\[{{]\s*+[^\s\]}}"]++\s++TO\s++[^\s\]}}"]++\s*+[\]}}](?:{_NUMBER})?)
  |"""
_FIELD_VALUE = re.compile(_RANGE + _VALUE, re.VERBOSE)
_START = re.compile(
    rf"""
    (?P<close>\)(?P<boost>(?:{_NUMBER})?))
  | (?P<not>(?<![^\s(])[-!](?=[^\W_]|["(]))
  | (?P<operator>(?:AND|OR|NOT|&&|\|\|)(?![^\s()"]))
  | (?P<field>[A-Za-z_]++):(?=[^\s:/)])
  | {_VALUE}
    """,
    re.VERBOSE,
)
_SPACE = re.compile(r"\s*")


def lex(text: str, notes: Notes) -> list[Lexeme]:
    """The lexemes of a query, in linear time. Unknown fields and open quotes are noted."""
    return _settled(_Scanner(text, notes).lexemes(), notes)


def shown(text: str) -> str:
    """`text` for a message, cut at `SHOWN` characters."""
    return text if len(text) <= SHOWN else text[:SHOWN] + "..."


class _Scanner:
    def __init__(self, text: str, notes: Notes) -> None:
        self._text = text.translate(_QUOTES)
        self._notes = notes
        self._lexemes: list[Lexeme] = []

    def lexemes(self) -> list[Lexeme]:
        text, at = self._text, 0
        while at < len(text):
            found = _START.match(text, at)
            if found is None:
                at = _SPACE.match(text, at).end()  # type: ignore[union-attr]
            elif found.lastgroup == "quote":
                at = self._open_quote(at)
            elif found.lastgroup == "field":
                at = self._field(found)
            else:
                self._add(found, "", at)
                at = found.end()
        return self._lexemes

    def _add(self, found: re.Match[str], field: str, start: int) -> None:
        group, end = found.lastgroup, found.end()
        if group == "word":
            lexeme = Lexeme(Kind.WORD, found["word"], start, end, field)
            if lexeme.text[-1] == ":" and not field:
                self._note_missing_value(lexeme)
        elif group == "suffix":
            lexeme = Lexeme(Kind.PHRASE, found["phrase"], start, end, field, found["suffix"])
        elif group == "open":
            lexeme = Lexeme(Kind.OPEN, "(", start, end, field)
        elif group == "range":
            lexeme = Lexeme(Kind.RANGE, found["range"], start, end, field)
        elif group == "close":
            lexeme = Lexeme(Kind.CLOSE, ")", start, end, suffix=found["boost"])
        else:
            lexeme = Lexeme(_OPERATORS[found[0]], found[0], start, end)
        self._lexemes.append(lexeme)

    def _open_quote(self, at: int) -> int:
        self._notes.add("quote-open", "This quote is never closed; it was ignored.", at, at + 1)
        return at + 1

    def _note_missing_value(self, word: Lexeme) -> None:
        name = word.text[:-1].lower()
        if name in FIELDS:
            self._notes.add(
                "field-value-missing",
                f"`{name}:` has no value directly behind it; it was taken as a word.",
                word.start, word.end, f"{name}:{FIELDS[name].example}",
            )  # fmt: skip

    def _field(self, found: re.Match[str]) -> int:
        """Take in a field and its value; an unknown one is a word, and its value stands alone."""
        name, start, at = found["field"].lower(), found.start(), found.end()
        if name not in FIELDS:
            self._unknown_field(found)
            return at
        value = _FIELD_VALUE.match(self._text, at)
        if value and value.lastgroup == "quote":
            at = self._open_quote(at)
            value = _FIELD_VALUE.match(self._text, at)
        if value is None:
            self._lexemes.append(Lexeme(Kind.WORD, found["field"], start, found.end() - 1))
            return at
        self._add_value(value, name, start)
        return value.end()

    def _add_value(self, value: re.Match[str], name: str, start: int) -> None:
        self._add(value, name, start)
        lexeme = self._lexemes[-1]
        sign, counted = lexeme.text[:1], FIELDS[name].kind in (FieldKind.DAYS, FieldKind.COUNT)
        signed = sign in ("-", "!") and lexeme.text[1:2].isalnum()
        if lexeme.kind is Kind.WORD and signed and not counted:
            self._lexemes[-1] = lexeme._replace(text=lexeme.text[1:])
            self._notes.add(
                "operator-misplaced",
                f"`{sign}` excludes only in front of the field; here it was ignored.",
                start, value.end(), f"{sign}{name}:{shown(lexeme.text[1:])}",
            )  # fmt: skip

    def _unknown_field(self, found: re.Match[str]) -> None:
        name, start, end = found["field"], found.start(), found.end()
        self._lexemes.append(Lexeme(Kind.WORD, name, start, end - 1))
        if self._notes.full:
            return
        near = get_close_matches(name[:SHOWN].lower(), FIELDS, n=1, cutoff=0.6)
        hint = f" Did you mean `{near[0]}:`?" if near else ""
        self._notes.add(
            "field-unknown",
            f"There is no field `{shown(name)}`; it was taken as a word.{hint}",
            start, end, f"{near[0]}:" if near else None,
        )  # fmt: skip


def _settled(lexemes: list[Lexeme], notes: Notes) -> list[Lexeme]:
    """The same, with each operator that has nothing to join or to exclude taken as a word."""
    begins = [False] * (len(lexemes) + 1)  # whether an operand begins at a lexeme
    for at in range(len(lexemes) - 1, -1, -1):
        kind = lexemes[at].kind
        begins[at] = kind in OPERANDS or (kind is Kind.NOT and begins[at + 1])
    settled: list[Lexeme] = []
    for at, lexeme in enumerate(lexemes):
        kind = lexeme.kind
        if kind in (Kind.AND, Kind.OR):
            joins = bool(settled) and settled[-1].kind in (*OPERANDS[:3], Kind.CLOSE)
            lone = not (joins and begins[at + 1])
        else:
            lone = kind is Kind.NOT and not begins[at + 1]
        if lone:
            note_lone(lexeme, notes)
            lexeme = lexeme._replace(kind=Kind.WORD)
        settled.append(lexeme)
    return settled


def note_lone(lexeme: Lexeme, notes: Notes) -> None:
    """Note an operator without an operand."""
    message = f"`{lexeme.text}` has nothing to work on here; it was not taken as an operator."
    suggestion = lexeme.text.lower() if lexeme.text.isalpha() else None
    notes.add("operator-lone", message, lexeme.start, lexeme.end, suggestion)
