"""What a document may ask for. Everything here is known, or bounded, before any work is done."""

from collections import Counter
from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
)

from schema.errors import Problem

MAX_SOURCE = 32_768
"""Characters of a document."""
MAX_LINES = 3_000
"""The place of each error is found by counting lines."""
MAX_TOKENS = 2_000
MAX_COMMENTS = 500
MAX_DEPTH = 15
"""Fields inside fields; what tools send for introspection needs exactly this."""
MAX_NESTING = 30
"""Selection sets inside selection sets, inline fragments counted too."""
MAX_OPERATIONS = 50
MAX_FRAGMENTS = 50
MAX_ALIASES = 30
MAX_FIELDS = 300
"""Fields of an operation, those of a fragment at each of its spreads."""
MAX_LISTS = 5
"""Root fields of an operation that give many papers."""
MAX_INTROSPECTIONS = 1
MAX_INTROSPECTION_ALIASES = 5
MAX_ARGUED = 50
"""Fields with arguments; validation compares each with each of the same name."""
MAX_REPEATS = 30
"""Times that a field with a selection stands again in the same selection set, under the same
name; validation merges each with each."""
MAX_PAIRS = 10_000
"""Pairs of fields without a selection that stand in the same selection set under the same name."""
MAX_MEMBERS = 50
"""Members of an input object; each unknown one is reported with the whole object."""
MAX_VARIABLES = 1_500
"""Values within the variables, lists and objects counted with what they hold."""

_LISTS = frozenset({"papers", "daily", "nodes"})
_INTROSPECTIONS = frozenset({"__schema", "__type"})


_TOTALS: tuple[tuple[str, str, int], ...] = (
    ("aliases", "aliases", MAX_ALIASES),
    ("lists", "fields `papers`, `daily` and `nodes`", MAX_LISTS),
    ("introspections", "fields `__schema` and `__type`", MAX_INTROSPECTIONS),
    ("arguments", "fields with arguments", MAX_ARGUED),
    ("repeats", "repetitions of fields with a selection", MAX_REPEATS),
    ("pairs", "pairs of the same field", MAX_PAIRS),
    ("fields", "fields, counting fragments at each spread", MAX_FIELDS),
)
"""Of what a selection has so many in all: the name, the words, the limit."""


@dataclass(slots=True)
class Size:
    """How big a selection is with its fragments written out.

    `total` counts by the names of `_TOTALS`. `names` are the names of the fields that stand here,
    not below, `parents` the response names of those among them that have a selection, `leaves`
    those of the others.
    """

    depth: int = 0
    nesting: int = 0
    total: Counter[str] = field(default_factory=Counter)
    names: Counter[str] = field(default_factory=Counter)
    parents: Counter[str] = field(default_factory=Counter)
    leaves: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Size") -> None:
        """Take in a part that stands beside."""
        self.depth = max(self.depth, other.depth)
        self.nesting = max(self.nesting, other.nesting)
        self.total.update(other.total)
        self.names.update(other.names)
        self.parents.update(other.parents)
        self.leaves.update(other.leaves)

    def close(self) -> Counter[str]:
        """The totals, with what counts once a selection is complete."""
        total = self.total.copy()
        total["repeats"] += self.parents.total() - len(self.parents)
        total["pairs"] += sum(count * (count - 1) // 2 for count in self.leaves.values())
        return total


def check_variables(variables: dict[str, object]) -> None:
    """Raise `Problem` `graphql-limit` if the values of a request are too many."""
    waiting: list[object] = [variables]
    for _ in range(MAX_VARIABLES):
        if not waiting:
            return
        value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
    raise refuse("values in its variables", MAX_VARIABLES)


def refuse(what: str, limit: int) -> Problem:
    """The refusal of a document that has too much of something; it states the limit."""
    return Problem("graphql-limit", f"The document has too many {what}: at most {limit} may be.")


def check_text(text: str) -> None:
    """Raise `Problem` `graphql-limit` for a text that is not even parsed."""
    if len(text) > MAX_SOURCE:
        raise refuse("characters", MAX_SOURCE)
    if text.count("\n") + text.count("\r") >= MAX_LINES:
        raise refuse("lines", MAX_LINES)


def measure(document: DocumentNode) -> None:
    """Let a parsed document pass that may be validated.

    Raises `Problem` `graphql-limit` for the first limit it exceeds. Each fragment is looked at
    once, so that the time is linear in the document; a cycle, which validation refuses, counts
    as nothing.
    """
    measured = _Measure(document)
    operations = [
        each for each in document.definitions if isinstance(each, OperationDefinitionNode)
    ]
    if len(operations) > MAX_OPERATIONS:
        raise refuse("operations", MAX_OPERATIONS)
    for node in operations:
        measured.check(measured.selection_set(node.selection_set, 1))
        _check_values([each.default_value for each in node.variable_definitions or ()])
    for name in measured.fragments:
        measured.check(measured.fragment(name))


def _check_values(waiting: list[ValueNode | None]) -> None:
    """Raise `Problem` for an input object with too many members, however deep."""
    while waiting:
        value = waiting.pop()
        if isinstance(value, ListValueNode):
            waiting.extend(value.values)
        elif isinstance(value, ObjectValueNode):
            if len(value.fields) > MAX_MEMBERS:
                raise refuse("members of an input object", MAX_MEMBERS)
            waiting.extend(member.value for member in value.fields)


class _Measure:
    """Measures selections, remembering the fragments of one document."""

    def __init__(self, document: DocumentNode) -> None:
        self.fragments = {
            node.name.value: node
            for node in document.definitions
            if isinstance(node, FragmentDefinitionNode)
        }
        if len(self.fragments) > MAX_FRAGMENTS:
            raise refuse("fragments", MAX_FRAGMENTS)
        self._sizes: dict[str, Size] = {}

    def fragment(self, name: str) -> Size:
        if name not in self._sizes:
            self._sizes[name] = Size()
            node = self.fragments.get(name)
            if node is not None:
                self._sizes[name] = self.selection_set(node.selection_set, 1)
        return self._sizes[name]

    def selection_set(self, node: SelectionSetNode, nesting: int) -> Size:
        if nesting > MAX_NESTING:
            raise refuse("selection sets inside one another", MAX_NESTING)
        size = Size(nesting=nesting)
        for selection in node.selections:
            if isinstance(selection, FieldNode):
                self._add_field(size, selection, nesting)
            elif isinstance(selection, FragmentSpreadNode):
                spread = self.fragment(selection.name.value)
                size.add(spread)
                size.nesting = max(size.nesting, nesting + spread.nesting)
            elif isinstance(selection, InlineFragmentNode):
                size.add(self.selection_set(selection.selection_set, nesting + 1))
        return size

    def _add_field(self, size: Size, node: FieldNode, nesting: int) -> None:
        size.names[node.name.value] += 1
        size.total["fields"] += 1
        size.total["aliases"] += node.alias is not None
        if node.arguments:
            size.total["arguments"] += 1
            _check_values([argument.value for argument in node.arguments])
        size.depth = max(size.depth, 1)
        if node.selection_set:
            inner = self.selection_set(node.selection_set, nesting + 1)
            size.depth = max(size.depth, inner.depth + 1)
            size.nesting = max(size.nesting, inner.nesting)
            size.total.update(inner.close())
            size.parents[(node.alias or node.name).value] += 1
        else:
            size.leaves[(node.alias or node.name).value] += 1

    def check(self, size: Size) -> None:
        """Raise `Problem` for the first limit that the root selection `size` exceeds."""
        if size.depth > MAX_DEPTH:
            raise refuse("fields inside one another", MAX_DEPTH)
        if size.nesting > MAX_NESTING:
            raise refuse("selection sets inside one another", MAX_NESTING)
        total = size.close()
        total["lists"] = sum(size.names[name] for name in _LISTS)
        total["introspections"] = sum(size.names[name] for name in _INTROSPECTIONS)
        for name, words, limit in _TOTALS:
            if total[name] > limit:
                raise refuse(words, limit)
        if total["introspections"] and total["aliases"] > MAX_INTROSPECTION_ALIASES:
            raise refuse("aliases beside `__schema` or `__type`", MAX_INTROSPECTION_ALIASES)
