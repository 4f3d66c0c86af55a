"""Selections of plain members, compiled once and then run over stored JSON.

A stored row was validated when it was written, so a string, number, truth value or list of
strings of it is its own GraphQL value. graphql-core takes some ten calls for each.
"""

from collections.abc import Callable, Mapping
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from graphql import (
    GraphQLEnumType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    TypeNameMetaFieldDef,
    is_list_type,
    is_non_null_type,
)

from api.graphql.rows import Row

if TYPE_CHECKING:
    from graphql.execution import Executor

Spend = Callable[[int], None]
"""Accounts for so many values of an answer; raises when they become too many."""


class NotPlain(Exception):  # noqa: N818
    """A value that does not fit its declared type: graphql-core knows what to say of it."""


class Projection:
    """A selection on an object type: from a dict with its members to what the selection shows."""

    def __init__(
        self,
        template: Row,
        members: Mapping[str, str],
        required: frozenset[str],
        further: Mapping[str, Callable[[Any, Spend], Any]],
    ) -> None:
        """`template` has every response name, in order, and the values that are constant.

        `members` gives the member that the others are read from; `required` may not be null;
        `further` says how to go on with a value that is not its own result.
        """
        self._template = template
        self._names = tuple(members)
        self._read = _reader(tuple(members.values()))
        # `authors {name}` is the most frequent selection, and so much faster than in general.
        alone = len(template) == len(members) == 1 and not further
        self._only = next(iter(members.items())) if alone else None
        self._required = required
        self._further = tuple(further.items())
        self.width = len(template) + 1

    def one(self, source: Row, spend: Spend) -> Row:
        """What the selection shows of `source`; raises `NotPlain`, or what `spend` raises."""
        spend(self.width)
        return self._show(source, spend)

    def many(self, sources: list[Row], spend: Spend) -> list[Row]:
        """The same for each of a list."""
        spend(self.width * len(sources))
        if self._only is None:
            return [self._show(source, spend) for source in sources]
        name, member = self._only
        values = [source[member] for source in sources]
        if name in self._required and None in values:
            raise NotPlain
        return [{name: value} for value in values]

    def _show(self, source: Row, spend: Spend) -> Row:
        shown = self._template.copy()
        values = self._read(source)
        shown.update(zip(self._names, values, strict=True))
        if None in values and any(shown[name] is None for name in self._required):
            raise NotPlain
        for name, convert in self._further:
            value = shown[name]
            if value is not None:
                shown[name] = convert(value, spend)
        return shown


def _reader(members: tuple[str, ...]) -> Callable[[Row], tuple[Any, ...]]:
    """Reads so many members at once; `itemgetter` itself gives no tuple for fewer than two."""
    if len(members) > 1:
        return itemgetter(*members)
    return lambda source: tuple(source[each] for each in members)


def compiled(
    executor: "Executor[None]", type_: GraphQLObjectType, details: list[Any]
) -> Projection | None:
    """The projection of a field's selection on `type_`; None where that takes graphql-core.

    That is wherever a field has a resolver, arguments or an abstract type. graphql-core collects
    the fields, so fragments, directives and repeated fields are its own.
    """
    template: Row = {}
    members: dict[str, str] = {}
    required = set()
    further: dict[str, Callable[[Any, Spend], Any]] = {}
    for name, group in executor.collect_subfields(type_, details).grouped_field_set.items():
        own = group[0].node.name.value
        field = executor.schema.get_field(type_, own)
        if field is TypeNameMetaFieldDef:
            template[name] = type_.name
            continue
        if field is None or field.resolve is not None or field.args:
            return None
        plain, convert = _conversion(executor, field.type, group)
        if not plain:
            return None
        template[name] = None
        members[name] = own
        if convert is not None:
            further[name] = convert
        if is_non_null_type(field.type):
            required.add(name)
    return Projection(template, members, frozenset(required), further)


def _conversion(
    executor: "Executor[None]", declared: GraphQLOutputType, details: list[Any]
) -> tuple[bool, Callable[[Any, Spend], Any] | None]:
    """Whether values of a type can be shown here, and how; None where they are shown as is."""
    type_ = declared.of_type if is_non_null_type(declared) else declared
    listed = is_list_type(type_)
    if is_list_type(type_):
        if not is_non_null_type(type_.of_type):
            return False, None
        type_ = type_.of_type.of_type
    if isinstance(type_, GraphQLScalarType):
        return True, None
    if isinstance(type_, GraphQLEnumType) and not listed:
        names = {str(value.value): name for name, value in type_.values.items()}
        return True, lambda value, _: names[value]
    if not isinstance(type_, GraphQLObjectType):
        return False, None
    inner = compiled(executor, type_, details)
    if inner is None:
        return False, None
    return True, inner.many if listed else inner.one
