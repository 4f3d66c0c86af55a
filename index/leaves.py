"""From one lexeme of a query to the leaves of its tree: words, phrases, patterns, values."""

import re
from dataclasses import dataclass, replace
from difflib import get_close_matches

from index.analysis import MAX_WORD, STOP_WORDS, has_long_word, stem, words
from index.fields import FIELDS, HAS_VALUES, FieldKind, QueryField, value_range, whole_value
from index.folding import fold
from index.lexer import Kind, Lexeme, Notes, shown
from index.query import Fuzzy, Node, Not, Nothing, Phrase, Prefix, Term, Wildcard
from schema.errors import ParameterError, Problem

MAX_EXPANDING = 4
MAX_PHRASES_BY_SLOP = 32
MIN_LETTERS_BEFORE_WILDCARD = 2
MAX_WILDCARDS = 8
"""`*` and `?` in one word: a pattern of many states would be slow to match."""
MIN_FUZZY_LETTERS = 4
MAX_FUZZY_DISTANCE = 2
MIN_BOOST, MAX_BOOST = 0.01, 100.0


@dataclass(slots=True)
class Item:
    """A part of a query: its tree when all words must match, and when any will do.

    `bare` items, which neither an operator nor a field concerns, are the ones that any-word
    matching joins by Or. A `stop` item holds stop words only. `start` and `end` are its place.
    """

    all: Node
    any: Node
    start: int
    end: int
    bare: bool = True
    stop: bool = False


def refusal(code: str, message: str, limit: int) -> Problem:
    """The problem of a query beyond a bound; its suggestion is the bound."""
    return Problem(code, message, (ParameterError("q", code, message, str(limit)),))


def clamped(boost: float) -> float:
    """A boost within the allowed ones."""
    return min(max(boost, MIN_BOOST), MAX_BOOST)


def boosted(node: Node, boost: float) -> Node:
    """The same node with its boost multiplied."""
    if boost == 1.0 or isinstance(node, Not | Nothing):
        return node
    return replace(node, boost=clamped(node.boost * boost))


_BOOST = re.compile(r"\^([-+]?[\d.]+(?:[eE][-+]?\d+)?)$", re.ASCII)
_PLAIN_BOOST = re.compile(r"\d+(?:\.\d*)?|\.\d+", re.ASCII)
_FUZZY = re.compile(r"(.*[^\W_][*?]*)~([0-9.]*)", re.DOTALL)
_WILDCARDS = re.compile(r"[*?]+")
_ENDS = ".,;:!?'[]{}<>+=/\\&|$%@#-"
"""Punctuation around a word with wildcards or `~`."""


class Leaves:
    """Reads lexemes as leaves, notes what is not as written, and counts what is bounded.

    `operators` becomes true when a field, range, wildcard or fuzzy word was understood.
    """

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._expanding = 0
        self.operators = False

    def read(self, lexeme: Lexeme, group_field: str) -> list[Item]:
        """The items of a word, phrase or range; none if it has no words.

        `group_field` is the field of the group around it. Raises `Problem` beyond a bound.
        """
        field = FIELDS.get(lexeme.field or group_field)
        if field is None:
            node = self._text(lexeme, "text", stemmed=True)
            stop = lexeme.kind is Kind.WORD and isinstance(node, Term) and _is_stop(lexeme.text)
            return [Item(node, node, lexeme.start, lexeme.end, stop=stop)] if node else []
        if field.kind in (FieldKind.TEXT, FieldKind.NAMES):
            node = self._text(lexeme, field.target, stemmed=field.kind is FieldKind.TEXT)
        else:
            node = self._value(lexeme, field)
        if node is None:
            return self._as_plain_words(lexeme, field)
        self.operators = True
        return [Item(node, node, lexeme.start, lexeme.end, bare=not lexeme.field)]

    def boost(self, suffix: str, start: int, end: int) -> float:
        """The boost that `^2` at the end of `suffix` stands for; 1 where there is none."""
        found = _BOOST.search(suffix)
        if not found:
            return 1.0
        written = float(found[1]) if _PLAIN_BOOST.fullmatch(found[1]) else 0.0
        if written <= 0.0:
            message = "A boost is a positive number such as ^2 or ^0.5; it was ignored."
            self._notes.add("boost-invalid", message, start, end, "^2")
            return 1.0
        if written != clamped(written):
            message = f"A boost is between {MIN_BOOST} and {MAX_BOOST:g}; the nearest was taken."
            suggestion = f"^{clamped(written):g}"
            self._notes.add("boost-invalid", message, start, end, suggestion)
        return clamped(written)

    def _as_plain_words(self, lexeme: Lexeme, field: QueryField) -> list[Item]:
        """A value that its field cannot have: noted, and searched as the words it has."""
        ranged = lexeme.kind is Kind.RANGE
        values = lexeme.text.strip("[]{}").split() if ranged else [lexeme.text]
        plain = [lexeme._replace(text=each, field="", kind=Kind.WORD) for each in values]
        items = [item for each in plain for item in self.read(each, "")]
        self._notes.add(
            "value-invalid",
            f"`{field.name}` takes {field.expected}; `{shown(lexeme.text)}` was taken as words.",
            lexeme.start, lexeme.end, f"{field.name}:{_nearest(field, lexeme.text)}",
        )  # fmt: skip
        if not lexeme.field:
            return items
        name = Lexeme(Kind.WORD, field.name, lexeme.start, lexeme.start + len(field.name))
        return self.read(name, "") + items

    # Values of the other fields

    def _value(self, lexeme: Lexeme, field: QueryField) -> Node | None:
        text, boost = lexeme.text, 1.0
        if lexeme.kind is Kind.PHRASE:
            boost = self.boost(lexeme.suffix, lexeme.start, lexeme.end)
        elif field.target not in ("id", "source"):
            boost = self.boost(text, lexeme.start, lexeme.end)
            text = _BOOST.sub("", text)
        if lexeme.kind is Kind.WORD:
            text = text.rstrip(",;")
        if field.kind is FieldKind.WHOLE:
            pattern = lexeme.kind is Kind.WORD and ("*" in text)
            node: Node | None = None if pattern else whole_value(field, text)
            return node and boosted(node, boost)
        found = value_range(field, text.strip())
        if found is None:
            return None
        node, turned = found
        if turned:
            message = "This range ends before it begins; it was turned round."
            self._notes.add("range-reversed", message, lexeme.start, lexeme.end)
        return boosted(node, boost)

    # Words, phrases and patterns of the text fields

    def _text(self, lexeme: Lexeme, target: str, *, stemmed: bool) -> Node | None:
        text = lexeme.text
        if lexeme.kind is Kind.PHRASE:
            return self._phrase(lexeme, target, stemmed)
        if _is_plain(text):  # the common case, without a look for any syntax
            word = text.lower()
            return Term(target, stem(word) if stemmed else word)
        boost = self.boost(text, lexeme.start, lexeme.end)
        text = _BOOST.sub("", text)
        node = self._pattern(text, lexeme, target) or self._words(text, target, stemmed)
        return node and boosted(node, boost)

    def _words(self, text: str, target: str, stemmed: bool, slop: int = 1) -> Node | None:
        """A word, or words side by side (`zero-shot`), which are a phrase."""
        if has_long_word(text):
            message = f"A word of a query may have at most {MAX_WORD} letters."
            raise refusal("query-too-long", message, MAX_WORD)
        found = words(text)
        if stemmed:
            found = [stem(word) for word in found]
        if len(found) > 1:
            return Phrase(target, tuple(found), slop)
        return Term(target, found[0]) if found else None

    def _phrase(self, lexeme: Lexeme, target: str, stemmed: bool) -> Node | None:
        start, end = lexeme.start, lexeme.end
        slop = self._slop(lexeme)
        node = self._words(lexeme.text, target, stemmed, slop)
        if isinstance(node, Phrase) and slop > 1:
            if min(slop, 99) ** min(len(node.words) - 1, 9) > MAX_PHRASES_BY_SLOP:
                message = (
                    f"A phrase of n words with ~s stands for s^(n-1) exact phrases, of which there "
                    f"may be at most {MAX_PHRASES_BY_SLOP}; this one has {len(node.words)} words."
                )
                raise refusal("query-too-many-expansions", message, MAX_PHRASES_BY_SLOP)
            self._count_expanding()
        if re.search(r"\w\*", lexeme.text):
            message = "Inside quotes `*` stands for nothing; it was ignored."
            self._notes.add("wildcard-ignored", message, start, end)
        return node and boosted(node, self.boost(lexeme.suffix, start, end))

    def _slop(self, lexeme: Lexeme) -> int:
        distance = lexeme.suffix.partition("^")[0]
        if not distance:
            return 1
        if not distance[1:].isdigit():
            message = "The slop of a phrase is a whole number such as ~2; it was ignored."
            self._notes.add("slop-invalid", message, lexeme.start, lexeme.end, "~2")
            return 1
        return max(1, int(distance[1:4]) if len(distance) <= 4 else 999)

    def _pattern(self, text: str, lexeme: Lexeme, target: str) -> Node | None:
        """A prefix, wildcard or fuzzy word; None, with a note where needed, if it is neither."""
        core = text.strip(_ENDS)
        if "~" in core:
            return self._fuzzy(core, lexeme, target)
        if "*" not in core and "?" not in core:
            return None
        pieces = [fold(piece) for piece in _WILDCARDS.split(core)]
        if not any(words(piece) for piece in pieces):
            return None
        wildcards = sum(map(core.count, "*?"))
        whole = all(words(piece) == [piece] for piece in pieces if piece)
        if not whole or len(pieces[0]) < MIN_LETTERS_BEFORE_WILDCARD or wildcards > MAX_WILDCARDS:
            self._notes.add(
                "wildcard-invalid",
                f"`*` and `?` stand in one word, behind at least {MIN_LETTERS_BEFORE_WILDCARD} "
                f"letters, at most {MAX_WILDCARDS} times; here they were taken as punctuation.",
                lexeme.start, lexeme.end,
            )  # fmt: skip
            return None
        self._count_expanding()
        self.operators = True
        runs = [_simplest(run) for run in _WILDCARDS.findall(core)]
        pattern = "".join(piece + run for piece, run in zip(pieces, [*runs, ""], strict=True))
        if runs == ["*"] and not pieces[1]:
            return Prefix(target, pieces[0])
        return Wildcard(target, pattern)

    def _fuzzy(self, core: str, lexeme: Lexeme, target: str) -> Node | None:
        found = _FUZZY.fullmatch(core)
        if not found:
            return None
        surface, edits = words(found[1]), found[2] or "1"
        single = len(surface) == 1 and len(surface[0]) >= MIN_FUZZY_LETTERS
        if not single or "." in edits or _WILDCARDS.search(found[1]):
            message = (
                f"Only a single word of {MIN_FUZZY_LETTERS} letters or more can be fuzzy, by a "
                f"whole number of edits; this was taken as written."
            )
            self._notes.add("fuzzy-invalid", message, lexeme.start, lexeme.end)
            return self._words(found[1], target, stemmed=target != "author")
        distance = int(edits) if len(edits) < 9 else MAX_FUZZY_DISTANCE + 1
        if distance == 0:
            return self._words(found[1], target, stemmed=target != "author")
        if distance > MAX_FUZZY_DISTANCE:
            message = f"A fuzzy word may differ by at most {MAX_FUZZY_DISTANCE} edits."
            self._notes.add("fuzzy-invalid", message, lexeme.start, lexeme.end, f"{surface[0]}~2")
        self._count_expanding()
        self.operators = True
        return Fuzzy(target, surface[0], min(distance, MAX_FUZZY_DISTANCE))

    def _count_expanding(self) -> None:
        self._expanding += 1
        if self._expanding > MAX_EXPANDING:
            message = (
                f"A query may have at most {MAX_EXPANDING} words with wildcards or ~, "
                "phrases with ~ included."
            )
            raise refusal("query-too-many-expansions", message, MAX_EXPANDING)


def _nearest(field: QueryField, text: str) -> str:
    """A value that the field can have, near to `text` where that can be told."""
    near = get_close_matches(text[:32].lower(), HAS_VALUES, n=1) if field.name == "has" else []
    return near[0] if near else field.example


def _is_plain(text: str) -> bool:
    """Whether `text` is one word whose folding is its lower case."""
    return text.isalnum() and text.isascii() and len(text) <= MAX_WORD


def _is_stop(text: str) -> bool:
    word = text.lower() if _is_plain(text) else words(_BOOST.sub("", text))[0]
    return word in STOP_WORDS


def _simplest(run: str) -> str:
    """A run of wildcards as short as it can be: each `?`, then one `*`."""
    return "?" * run.count("?") + "*" * ("*" in run)
