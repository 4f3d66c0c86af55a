"""Execution by graphql-core, with a short way for selections of stored JSON."""

from collections.abc import Awaitable
from types import CoroutineType
from typing import Any, TypeGuard

from graphql import (
    GraphQLError,
    GraphQLList,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    is_non_null_type,
)
from graphql.execution import Executor
from graphql.pyutils import Path

from api.graphql.documents import Refused
from api.graphql.projection import NotPlain, Projection, compiled

_NOT_PLAIN = (NotPlain, LookupError, TypeError, AttributeError)
"""What a projection raises for a value that is not as its type declares."""


def member(source: Any, info: GraphQLResolveInfo[Any], **_: object) -> Any:
    """The resolver of every field that has none of its own: the member of its name."""
    return source[info.field_name]


def is_awaitable(value: object) -> TypeGuard[Awaitable[Any]]:
    """Whether a resolver's value must be awaited; ours return coroutines or plain values."""
    return type(value) is CoroutineType


class RowExecutor(Executor[None]):
    """Shows dicts by compiled projections wherever their selection is plain.

    Whatever is not (a resolver below, a null where none may be) goes the long way and gets
    graphql-core's own treatment. The context is a `Work`, which bounds how much is shown in all,
    and keeps the projections of its operation from one request to the next.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._projections = self.context_value.projections(self.variable_values.coerced)

    def execute_operation(self, serially: bool | None = None) -> Any:
        """The result; raises `Refused` before anything is executed that would cost too much."""
        faults = self.context_value.operation.cost.faults(self.variable_values.coerced)
        if faults:
            raise Refused("graphql-limit", faults)
        return super().execute_operation(serially)

    def complete_object_value(
        self,
        return_type: GraphQLObjectType,
        field_details_list: list[Any],
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: Any,
        position_context: None,
    ) -> Any:
        """What the selection shows of an object."""
        if type(result) is dict:
            projection = self._projection(return_type, field_details_list)
            if projection is not None:
                try:
                    return projection.one(result, self.context_value.spend)
                except _NOT_PLAIN:
                    pass
        return super().complete_object_value(
            return_type, field_details_list, info, path, result, position_context
        )

    def complete_list_value(
        self,
        return_type: GraphQLList[GraphQLOutputType],
        field_details_list: list[Any],
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: Any,
        position_context: None,
    ) -> Any:
        """The same for each of a list."""
        type_ = return_type.of_type
        if is_non_null_type(type_) and isinstance(type_.of_type, GraphQLObjectType):
            projection = self._projection(type_.of_type, field_details_list)
            if projection is not None and type(result) is list:
                try:
                    return projection.many(result, self.context_value.spend)
                except _NOT_PLAIN:
                    pass
        return super().complete_list_value(
            return_type, field_details_list, info, path, result, position_context
        )

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: Any,
        position_context: None,
    ) -> Any:
        """The long way to the values of a selection."""
        self.context_value.spend(len(grouped_field_set) + 1)
        return super().execute_fields(
            parent_type, source_value, path, grouped_field_set, position_context
        )

    def _projection(self, type_: GraphQLObjectType, details: list[Any]) -> Projection | None:
        """The projection of a field's selection, compiled at its first use.

        Nodes of the document stand for themselves: it outlives what is kept of it.
        """
        key = (type_.name, *(id(each.node) for each in details))
        if key not in self._projections:
            try:
                self._projections[key] = compiled(self, type_, details)
            except GraphQLError:  # graphql-core meets the same, and says where
                self._projections[key] = None
        projection: Projection | None = self._projections[key]
        return projection
