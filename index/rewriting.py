"""Changing the text of a query: words put in place of others, parts left out, the rest as it is."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from index.analysis import STOP_WORDS, Token, tokens_with_offsets
from index.fields import FIELDS, FieldKind
from index.lexer import Kind, Lexeme, Notes, lex

_PATTERN = re.compile(r"[*?~^]")
_TEXT_KINDS = (FieldKind.TEXT, FieldKind.NAMES)


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a query: what field it is looked for in, folded and stemmed, and its place."""

    field: str
    surface: str
    stem: str
    start: int
    end: int
    bare: bool
    """Whether it is all of its lexeme, and no field stands in front."""

    @property
    def term(self) -> str:
        """What the index holds of it in its field."""
        return self.surface if self.field == "author" else self.stem


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a query without groups that may be left out: the characters `start` to `end`.

    `field` is the index field that its value concerns, `text` and its like for words; `stop` says
    that it is a stop word.
    """

    field: str
    is_text: bool
    stop: bool
    start: int
    end: int


class Rewriting:
    """The text of a query, and what of it can be changed."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._lexemes = lex(text, Notes())

    def words(self) -> list[Word]:
        """The words that papers must hold, in order: none of exclusions and patterns, no stop word.

        Those of phrases are among them.
        """
        found: list[Word] = []
        for at, lexeme in enumerate(self._lexemes):
            field = FIELDS.get(lexeme.field)
            excluded = at > 0 and self._lexemes[at - 1].kind is Kind.NOT
            if excluded or not _is_text(lexeme) or (field and field.kind not in _TEXT_KINDS):
                continue
            tokens = tokens_with_offsets(lexeme.text)
            start = lexeme.end - len(lexeme.text)
            if lexeme.kind is Kind.PHRASE:
                start -= len(lexeme.suffix) + 1
            bare = lexeme.kind is Kind.WORD and not field and len(tokens) == 1
            found += [
                _word(each, field.target if field else "text", start, bare)
                for each in tokens
                if each.surface not in STOP_WORDS
            ]
        return found

    def parts(self) -> list[Part]:
        """The parts that can be left out; none where operators or parentheses join them."""
        kinds = {lexeme.kind for lexeme in self._lexemes}
        if not kinds <= {Kind.WORD, Kind.PHRASE, Kind.RANGE, Kind.NOT}:
            return []
        parts, start = [], None
        for lexeme in self._lexemes:
            if lexeme.kind is Kind.NOT:
                start = lexeme.start if start is None else start
                continue
            field = FIELDS.get(lexeme.field)
            target = field.target if field else "text"
            is_text = not field or field.kind in _TEXT_KINDS
            begin = lexeme.start if start is None else start
            stop = lexeme.text.lower() in STOP_WORDS
            parts.append(Part(target, is_text, stop, begin, lexeme.end))
            start = None
        return parts

    def replaced(self, words: Iterable[tuple[int, int, str]]) -> str:
        """The text with other words in some places: start, end, word."""
        text = self.text
        for start, end, word in sorted(words, reverse=True):
            text = text[:start] + word + text[end:]
        return text

    def without(self, dropped: Collection[Part]) -> str:
        """The text without some parts, and without what stands between parts; as it is for none."""
        left = [part for part in self.parts() if part not in dropped]
        return " ".join(self.text[part.start : part.end] for part in left) if dropped else self.text


def _is_text(lexeme: Lexeme) -> bool:
    if lexeme.kind is Kind.WORD:
        return not _PATTERN.search(lexeme.text)
    return lexeme.kind is Kind.PHRASE


def _word(token: Token, field: str, start: int, bare: bool) -> Word:
    place = (start + token.start, start + token.end)
    return Word(field, token.surface, token.stem, *place, bare)
