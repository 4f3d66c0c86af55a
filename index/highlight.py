"""Highlights: what of a paper's title and abstract a query matched, as pieces of the text.

Only what made the paper match is marked: no branch of the tree that this paper does not satisfy,
nothing under `Not`, of a phrase only the words of its occurrences.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from index.document import TEXT_FIELDS
from index.occurrences import Expand, Finder, Part, Sought, TextLeaf
from index.passages import Mark, fragments, passages
from index.query import And, Every, Node, Not, Nothing, Or, Range, Term
from schema.search import Highlight

Holds: TypeAlias = Callable[[Term | Range], bool | None]
"""Whether the paper has a value of an exact or integer field; None where that is not known."""


class Highlighter:
    """Marks the hits of one query; made once a request.

    `tree` is what the hits match. `expand` gives the words that the engine searched for in place
    of a `Fuzzy`, so that the bound on their number is the same. `asks_values` says whether `holds`
    can change what is marked.
    """

    def __init__(self, tree: Node, expand: Expand) -> None:
        compiler = _Compiler(Sought(expand, stemmed=True), Sought(expand, stemmed=False))
        self._root = compiler.compile(tree, marks=True, certain=True)
        self._in_texts, self._in_names = compiler.in_texts, compiler.in_names
        self._marks = compiler.marks
        self.asks_values = compiler.marks and compiler.asks_values

    def highlights(
        self,
        title: str,
        abstract: str,
        authors: Sequence[str],
        holds: Holds | None = None,
    ) -> tuple[Highlight, ...]:
        """The title, if something in it matched, then the best passages of the abstract.

        The whole title is one highlight. Each passage of the abstract is one too, best first
        (`index.passages`). None at all for a paper that does not match the tree. `authors` are
        the names, which matter where the tree asks for them beside other words. Where `holds` is
        not given or does not know, a branch whose truth stays open marks nothing; a hit is known
        to match the tree as a whole.
        """
        if not self._marks:
            return ()
        paper = _Paper(title, abstract, authors, holds, self._in_texts, self._in_names)
        if self._root.truth(paper) is False:
            return ()
        self._root.mark(paper)
        found: list[Highlight] = []
        if paper.title_marks:
            marks = _placed(paper.title, paper.title_marks)
            found.append(Highlight("title", fragments(title, 0, len(title), marks)))
        if paper.abstract_marks:
            marks = _placed(paper.abstract, paper.abstract_marks)
            found += [
                Highlight("abstract", fragments(abstract, start, end, marks))
                for start, end in passages(abstract, marks)
            ]
        return tuple(found)


class _Paper:
    """What is read of one paper, as far as it is asked for, and what is marked in it.

    Marks are by position of the word; each bit is a leaf that it matched.
    """

    def __init__(
        self,
        title: str,
        abstract: str,
        authors: Sequence[str],
        holds: Holds | None,
        in_texts: Sought,
        in_names: Sought,
    ) -> None:
        self._texts, self._authors = (title, abstract), authors
        self._in_texts, self._in_names = in_texts, in_names
        self._title: Part | None = None
        self._abstract: Part | None = None
        self._names: list[Part] | None = None
        self.holds = holds
        self.found: dict[_Leaf, list[Sequence[int]]] = {}
        self.title_marks: dict[int, int] = {}
        self.abstract_marks: dict[int, int] = {}

    @property
    def title(self) -> Part:
        if self._title is None:
            self._title = Part(self._texts[0], self._in_texts)
        return self._title

    @property
    def abstract(self) -> Part:
        if self._abstract is None:
            self._abstract = Part(self._texts[1], self._in_texts)
        return self._abstract

    @property
    def names(self) -> list[Part]:
        if self._names is None:
            self._names = [Part(each, self._in_names) for each in self._authors]
        return self._names

    def parts(self, name: str) -> list[Part]:
        """The parts of a text field; no phrase crosses from one to another."""
        if name == "text":
            return [self.title, self.abstract]
        if name == "author":
            return self.names
        return [self.title if name == "title" else self.abstract]

    def marks(self, name: str) -> list[dict[int, int]]:
        """The marks of the parts of a text field; names have none."""
        if name == "text":
            return [self.title_marks, self.abstract_marks]
        if name == "author":
            return []
        return [self.title_marks if name == "title" else self.abstract_marks]


def _placed(part: Part, marks: dict[int, int]) -> list[Mark]:
    return [Mark(*part.places[at], at, marks[at]) for at in sorted(marks)]


# The tree made ready. `truth` is whether the paper matches, None if that is open; `mark` marks what
# made it match, and is only called where that is known.


@dataclass(slots=True, eq=False)
class _Leaf:
    field: str
    find: Finder
    bit: int

    def truth(self, paper: _Paper) -> bool | None:
        return any(self._found(paper))

    def mark(self, paper: _Paper) -> None:
        for marks, positions in zip(paper.marks(self.field), self._found(paper), strict=False):
            for at in positions:
                marks[at] = marks.get(at, 0) | self.bit

    def _found(self, paper: _Paper) -> list[Sequence[int]]:
        found = paper.found.get(self)
        if found is None:
            found = paper.found[self] = [self.find(part) for part in paper.parts(self.field)]
        return found


@dataclass(slots=True, eq=False)
class _Value:
    """A value of an exact or integer field: nothing to mark."""

    node: Term | Range

    def truth(self, paper: _Paper) -> bool | None:
        return paper.holds(self.node) if paper.holds else None

    def mark(self, paper: _Paper) -> None:
        pass


@dataclass(slots=True, eq=False)
class _Known:
    """`Every` or `Nothing`."""

    value: bool

    def truth(self, paper: _Paper) -> bool | None:
        return self.value

    def mark(self, paper: _Paper) -> None:
        pass


@dataclass(slots=True, eq=False)
class _Without:
    tree: "_Tree"

    def truth(self, paper: _Paper) -> bool | None:
        found = self.tree.truth(paper)
        return None if found is None else not found

    def mark(self, paper: _Paper) -> None:
        pass


@dataclass(slots=True, eq=False)
class _AllOf:
    trees: list["_Tree"]

    def truth(self, paper: _Paper) -> bool | None:
        result: bool | None = True
        for tree in self.trees:
            found = tree.truth(paper)
            if found is False:
                return False
            if found is None:
                result = None
        return result

    def mark(self, paper: _Paper) -> None:
        for tree in self.trees:
            tree.mark(paper)


@dataclass(slots=True, eq=False)
class _AnyOf:
    trees: list["_Tree"]

    def truth(self, paper: _Paper) -> bool | None:
        result: bool | None = False
        for tree in self.trees:
            found = tree.truth(paper)
            if found is True:
                return True
            if found is None:
                result = None
        return result

    def mark(self, paper: _Paper) -> None:
        found = [(tree.truth(paper), tree) for tree in self.trees]
        known = [tree for truth, tree in found if truth is True]
        if not known:
            known = [tree for truth, tree in found if truth is None]
            if len(known) > 1:  # one of them is true, but which?
                return
        for tree in known:
            tree.mark(paper)


_Tree: TypeAlias = _Leaf | _Value | _Known | _Without | _AllOf | _AnyOf


@dataclass(slots=True)
class _Compiler:
    """Makes a tree ready, and gathers what its leaves look for."""

    in_texts: Sought
    in_names: Sought
    marks: bool = False
    asks_values: bool = False
    _leaves: dict[Node, _Leaf] = field(default_factory=dict)

    def compile(self, node: Node, *, marks: bool, certain: bool) -> _Tree:
        """`marks`: no `Not` is above; `certain`: a hit shows what a value below must be."""
        match node:
            case And():
                return _AllOf([self.compile(e, marks=marks, certain=certain) for e in node.nodes])
            case Or():
                inner = certain and not marks
                return _AnyOf([self.compile(e, marks=marks, certain=inner) for e in node.nodes])
            case Not():
                return _Without(self.compile(node.node, marks=False, certain=certain))
            case Every() | Nothing():
                return _Known(isinstance(node, Every))
            case Range():
                return self._value(node, certain)
            case Term() if node.field not in TEXT_FIELDS:
                return self._value(node, certain)
            case _:
                return self._leaf(node, marks)

    def _value(self, node: Term | Range, certain: bool) -> _Value:
        self.asks_values = self.asks_values or not certain
        return _Value(node)

    def _leaf(self, node: TextLeaf, marks: bool) -> _Leaf:
        node = node if node.boost == 1.0 else replace(node, boost=1.0)
        self.marks = self.marks or (marks and node.field != "author")
        leaf = self._leaves.get(node)
        if leaf is None:
            sought = self.in_names if node.field == "author" else self.in_texts
            leaf = _Leaf(node.field, sought.finder(node), 1 << len(self._leaves))
            self._leaves[node] = leaf
        return leaf
