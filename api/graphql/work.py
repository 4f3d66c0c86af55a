"""The work of a request: what its operation selects, and how much it may still produce."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
)
from graphql.pyutils import Path

from api.graphql.cost import EXTRA, ITEMS, SIZED, Cost, SizedField
from index.view import View
from schema.errors import Problem

R = TypeVar("R")

MAX_VALUES = 100_000
"""Objects, and values in them, of an answer; the paper with the most authors passes."""


@dataclass(slots=True)
class Operation:
    """An operation of a valid document: both as parsed.

    `names` are the names of all fields that stand below a root field or a sized one, by its path;
    `conditions` the variables that decide which fields are there; `compiled` the projections for
    their latest values, which executors fill.
    """

    document: DocumentNode
    node: OperationDefinitionNode
    cost: Cost = field(default_factory=Cost)
    names: dict[tuple[str | int, ...], set[str]] = field(default_factory=dict)
    conditions: tuple[str, ...] = ()
    compiled: tuple[tuple[object, ...], dict[Any, Any]] = field(default_factory=lambda: ((), {}))


class Work:
    """The work of one request on an operation, all of which reads `view`.

    Only a walk that began in another revision, as its cursor says, reads that: then the answer is
    no longer `settled` by the document, the variables and the view. An operation that has more
    than one list of papers, not `alone`, lets others have their turn between them.
    """

    def __init__(self, operation: Operation, view: View) -> None:
        self.operation = operation
        self.view = view
        self.settled = True
        self.alone = sum(len(each.path) == 1 for each in operation.cost.sized) <= 1
        self._turn = asyncio.Lock()
        self._left = MAX_VALUES

    def projections(self, variables: Mapping[str, object]) -> dict[Any, Any]:
        """The compiled selections of the operation, which differ only by its conditions.

        One set is kept: a request with other values starts a new one.
        """
        operation = self.operation
        values = tuple(variables.get(name) for name in operation.conditions)
        if operation.compiled[0] != values:
            operation.compiled = (values, {})
        return operation.compiled[1]

    async def in_turn(self, call: Callable[[], R]) -> R:
        """What `call` returns, when the event loop has looked after everybody else."""
        async with self._turn:
            await asyncio.sleep(0)
            return call()

    def wants(self, path: Path, *names: str) -> bool:
        """Whether a field of one of these names is selected below the root or sized field here."""
        below = self.operation.names.get(tuple(path.as_list()))
        return below is not None and not below.isdisjoint(names)

    def spend(self, values: int) -> None:
        """Account for so many; raises `Problem` when, and ever after, there are too many."""
        self._left -= values
        if self._left < 0:
            raise too_much()

    @property
    def exhausted(self) -> bool:
        """Whether the answer became too big."""
        return self._left < 0


def too_much() -> Problem:
    """The refusal of an answer that grows too big, which only its papers tell."""
    return Problem(
        "graphql-limit",
        f"The answer would have more than {MAX_VALUES} values. Ask for fewer fields, or for fewer "
        "papers at a time.",
    )


def read_operation(
    graphql_schema: GraphQLSchema, document: DocumentNode, node: OperationDefinitionNode
) -> Operation:
    """An operation of a valid document within its limits, and what it costs.

    Every field counts where it is written, whatever directives and other fields of the same name
    make of it, and a fragment's fields at each spread. Introspection is bounded otherwise.
    """
    assert graphql_schema.query_type is not None
    reading = _Reading(graphql_schema, document, Operation(document, node))
    reading.selection(graphql_schema.query_type, node.selection_set, _Place(()))
    reading.operation.conditions = tuple(sorted(reading.conditions))
    return reading.operation


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a selection stands: within which field, and how often it is answered.

    That is `times` for the operation, or for each item of `within`. `sized` is the sized field
    at or above it.
    """

    path: tuple[str, ...]
    times: int = 1
    within: SizedField | None = None
    sized: SizedField | None = None


class _Reading:
    def __init__(
        self, graphql_schema: GraphQLSchema, document: DocumentNode, operation: Operation
    ) -> None:
        self.operation = operation
        self.conditions: set[str] = set()
        self._schema = graphql_schema
        self._fragments = {
            node.name.value: node
            for node in document.definitions
            if isinstance(node, FragmentDefinitionNode)
        }

    def selection(self, type_: object, node: SelectionSetNode, place: _Place) -> None:
        for each in node.selections:
            self._conditions(each)
            if isinstance(each, FieldNode):
                self._field(type_, each, place)
                continue
            part: SelectionNode | FragmentDefinitionNode = each
            if isinstance(part, FragmentSpreadNode):
                part = self._fragments[part.name.value]
            assert isinstance(part, InlineFragmentNode | FragmentDefinitionNode)
            condition = part.type_condition
            inner = self._schema.type_map[condition.name.value] if condition else type_
            self.selection(inner, part.selection_set, place)

    def _field(self, type_: object, node: FieldNode, place: _Place) -> None:
        own = node.name.value
        path = (*place.path, (node.alias or node.name).value)
        for above in {path[:1], place.sized.path} if place.sized else {path[:1]}:
            self.operation.names.setdefault(above, set()).add(own)
        self._add(1, place)
        if own.startswith("__"):
            return
        assert isinstance(type_, GraphQLObjectType | GraphQLInterfaceType)
        key = f"{type_.name}.{own}"
        self._add(EXTRA.get(key, 0), place)
        if node.selection_set is None:
            return
        inner = self._inside(key, node, path, place)
        self._add(1, inner)
        self.selection(get_named_type(type_.fields[own].type), node.selection_set, inner)

    def _inside(self, key: str, node: FieldNode, path: tuple[str, ...], place: _Place) -> _Place:
        """The place of a field's selection."""
        sized = place.sized
        if kind := SIZED.get(key):
            values = {argument.name.value: argument.value for argument in node.arguments or ()}
            given = tuple((each, _size(values.get(each))) for each in kind.arguments)
            sized = SizedField(path, node, kind, given)
            self.operation.cost.sized.append(sized)
        items = ITEMS.get(key, 1)
        if items is None:
            return _Place(path, place.times, sized, sized)
        return _Place(path, place.times * items, place.within, sized)

    def _conditions(self, node: SelectionNode) -> None:
        for directive in node.directives or ():
            for argument in directive.arguments or ():
                if isinstance(argument.value, VariableNode):
                    self.conditions.add(argument.value.name.value)

    def _add(self, values: int, place: _Place) -> None:
        if place.within is None:
            self.operation.cost.fixed += values * place.times
        else:
            place.within.each += values * place.times


def _size(value: ValueNode | None) -> int | str | None:
    """How many items an argument asks for, or the name of the variable that tells."""
    if isinstance(value, VariableNode):
        return value.name.value
    if isinstance(value, IntValueNode):
        return int(value.value)
    if isinstance(value, ListValueNode):
        return len(value.values)
    return None if value is None or isinstance(value, NullValueNode) else 1
