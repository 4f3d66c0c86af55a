"""Execution by graphql-core, with a short way for members of stored JSON."""

from collections.abc import Awaitable
from types import CoroutineType
from typing import Any, TypeGuard

from graphql import (
    GraphQLEnumType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLScalarType,
    TypeNameMetaFieldDef,
    is_list_type,
    is_non_null_type,
)
from graphql.execution import Executor
from graphql.pyutils import Path

_Step = tuple[str, str | None, dict[str, str] | None, bool, Any]
"""Response name; member, None for the long way; names of enum values; nullable; the field nodes,
None for `__typename`."""


def member(source: Any, info: GraphQLResolveInfo[Any], **_: object) -> Any:
    """The resolver of every field that has none of its own: the member of its name."""
    return source[info.field_name]


def is_awaitable(value: object) -> TypeGuard[Awaitable[Any]]:
    """Whether a resolver's value must be awaited; ours return coroutines or plain values."""
    return type(value) is CoroutineType


class RowExecutor(Executor[None]):
    """Reads plain members of a dict without the ceremony of a resolver call.

    A stored row was validated when it was written, so a string, number, truth value or list of
    strings of it is its own GraphQL value. Whatever is not that plain, a null where none may be
    included, goes the long way and gets graphql-core's own treatment. The context is a `Work`,
    which bounds how much is read in all.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._plans: dict[int, list[_Step] | None] = {}

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: Any,
        position_context: None,
    ) -> Any:
        """The values of a selection by response name."""
        if type(source_value) is not dict:
            return super().execute_fields(
                parent_type, source_value, path, grouped_field_set, position_context
            )
        key = id(grouped_field_set)
        if key not in self._plans:
            self._plans[key] = self._plan(parent_type, grouped_field_set)
        plan = self._plans[key]
        self.context_value.spend(len(grouped_field_set) + 1)
        if plan is None:
            return super().execute_fields(
                parent_type, source_value, path, grouped_field_set, position_context
            )
        results: dict[str, Any] = {}
        for name, own, names, nullable, details in plan:
            if own is not None:
                value = source_value[own]
                if value is not None:
                    results[name] = value if names is None else names[value]
                    continue
                if nullable:
                    results[name] = None
                    continue
            if details is None:
                results[name] = parent_type.name
                continue
            results[name] = self.execute_field(
                parent_type, source_value, details, Path(path, name, parent_type.name), None
            )
            self.context_value.spend(0)  # where a nullable field caught it, go on giving up
        return results

    def _plan(self, parent_type: GraphQLObjectType, grouped_field_set: Any) -> list[_Step] | None:
        """How to read each field of a selection; graphql-core keeps the selection alive.

        None where a field has a resolver, whose value may have to be awaited.
        """
        steps: list[_Step] = []
        for name, details in grouped_field_set.items():
            own = details[0].node.name.value
            field = self.schema.get_field(parent_type, own)
            if field is TypeNameMetaFieldDef:
                steps.append((name, None, None, False, None))
            elif field is not None and field.resolve is not None:
                return None
            elif field is None:
                steps.append((name, None, None, False, details))
            else:
                plain, names = _plain(field.type)
                nullable = not is_non_null_type(field.type)
                steps.append((name, own if plain else None, names, nullable, details))
        return steps


def _plain(type_: GraphQLOutputType) -> tuple[bool, dict[str, str] | None]:
    """Whether a value of the type is its own result, and the names of an enum's values."""
    inner = type_.of_type if is_non_null_type(type_) else type_
    if isinstance(inner, GraphQLEnumType):
        return True, {str(value.value): name for name, value in inner.values.items()}
    if is_list_type(inner) and is_non_null_type(inner.of_type):
        return isinstance(inner.of_type.of_type, GraphQLScalarType), None
    return isinstance(inner, GraphQLScalarType), None
