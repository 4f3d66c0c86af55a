"""Markdown and CSV read back by parsers that others wrote: what a reader of an answer sees."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.token import Token

_PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])

TEXTS = {"text", "code_inline"}
MARKS = {"link_open", "link_close", "strong_open", "strong_close"}


@dataclass(frozen=True, slots=True)
class Block:
    """A heading, paragraph or item of a list: its tag, plain text, links and bold parts."""

    tag: str
    text: str
    links: tuple[tuple[str, str], ...] = ()
    bold: tuple[str, ...] = ()


def blocks(markdown: str) -> list[Block]:
    """The blocks of a text in order; fails for anything that we never write."""
    return list(_blocks(_PARSER.parse(markdown)))


def texts(markdown: str, tag: str) -> list[str]:
    """The plain texts of the blocks of one kind: `h1`, `h2`, `p`, `li`."""
    return [each.text for each in blocks(markdown) if each.tag == tag]


def one_line(text: str) -> str:
    """A text with its white space run together, and without control characters."""
    return " ".join("".join(" " if _is_control(each) else each for each in text).split())


def _is_control(letter: str) -> bool:
    return ord(letter) < 0x20 or 0x7F <= ord(letter) < 0xA0


def _blocks(tokens: list[Token]) -> Iterator[Block]:
    open_tags: list[str] = []
    for token in tokens:
        if token.type == "inline":
            tag = "li" if "li" in open_tags else open_tags[-1]
            yield _block(tag, token.children or [])
        elif token.nesting == 1:
            assert token.tag in {"h1", "h2", "p", "ul", "li", "blockquote"}, token
            open_tags.append(token.tag)
        else:
            assert token.nesting == -1, token
            assert open_tags.pop() == token.tag


def _block(tag: str, tokens: list[Token]) -> Block:
    text, links, bold = "", [], []
    opened: dict[str, tuple[int, str]] = {}
    for token in tokens:
        assert token.type in TEXTS | MARKS, token
        if token.type in TEXTS:
            text += token.content
        elif token.type.endswith("_open"):
            opened[token.tag] = (len(text), str(token.attrGet("href") or ""))
        else:
            start, address = opened.pop(token.tag)
            if token.tag == "a":
                links.append((text[start:], address))
            else:
                bold.append(text[start:])
    assert not opened
    return Block(tag, text, tuple(links), tuple(bold))


def cells(text: str) -> list[dict[str, str]]:
    """CSV as the standard library reads it."""
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
