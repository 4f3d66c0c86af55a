"""The query tree: what a search means, free of any engine's dialect.

Text in the tree is analysed already (`index.analysis`): stems for words and phrases of the text
fields, surface forms for `Prefix`, `Wildcard` and `Fuzzy`, folded values for exact fields. Nodes
are immutable and hashable. An `Or` of nothing and `Nothing` match no paper, an `And` of nothing and
`Every` match all; `Range` is inclusive, None is an open end, and a paper without a value is in no
range, not even `Range(field, None, None)`.
"""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Term:
    """A word of a text field, or the whole value of an exact field."""

    field: str
    text: str
    boost: float = 1.0


@dataclass(frozen=True, slots=True)
class Phrase:
    """Two or more words in order, each 1 to `slop` positions after the one before."""

    field: str
    words: tuple[str, ...]
    slop: int = 1
    boost: float = 1.0


@dataclass(frozen=True, slots=True)
class Prefix:
    """Surface words that begin with `text`."""

    field: str
    text: str
    boost: float = 1.0


@dataclass(frozen=True, slots=True)
class Wildcard:
    """Surface words that match `pattern` whole: `*` any characters, `?` exactly one."""

    field: str
    pattern: str
    boost: float = 1.0


@dataclass(frozen=True, slots=True)
class Fuzzy:
    """Surface words within `distance` (1 or 2) edits, the first letter equal.

    Edits are insertion, deletion, substitution and transposition of neighbours (optimal string
    alignment). At most `MAX_FUZZY_TERMS` words, the nearest first, then alphabetically.
    """

    field: str
    text: str
    distance: int
    boost: float = 1.0


MAX_FUZZY_TERMS = 64


@dataclass(frozen=True, slots=True)
class Range:
    """Integer field within `low` to `high`, both inclusive; see the module for open ends."""

    field: str
    low: int | None
    high: int | None
    boost: float = 1.0


@dataclass(frozen=True, slots=True)
class And:
    """Papers that match all of `nodes`."""

    nodes: tuple["Node", ...]
    boost: float = 1.0


@dataclass(frozen=True, slots=True)
class Or:
    """Papers that match any of `nodes`."""

    nodes: tuple["Node", ...]
    boost: float = 1.0


@dataclass(frozen=True, slots=True)
class Not:
    """Papers that do not match `node`; adds nothing to a score."""

    node: "Node"


@dataclass(frozen=True, slots=True)
class Every:
    """All papers."""

    boost: float = 1.0


@dataclass(frozen=True, slots=True)
class Nothing:
    """No paper."""


Node: TypeAlias = (
    Term | Phrase | Prefix | Wildcard | Fuzzy | Range | And | Or | Not | Every | Nothing
)
