"""GraphQL arguments as the parameters of REST, so that both doors ask the very same question.

The input type `PaperFilter` is made from `schema.filters.FILTERS`. Faults come back under the
names that a GraphQL client wrote.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from keyword import iskeyword
from typing import TYPE_CHECKING, Any

import strawberry

from api.graphql.types import OrderDirection, PaperOrder, enum_name
from schema.errors import ParameterError, Problem
from schema.filters import FILTERS, FilterSpec
from schema.request import parse_request
from schema.search import (
    DEFAULT_LIMIT,
    END,
    MAX_SORT_KEYS,
    SORT_FIELDS,
    Match,
    SearchRequest,
)

Parameters = list[tuple[str, str]]

_TYPES: dict[str, object] = {
    "authorCount": int,
    "comments": int,
    "has": bool,
    "id": strawberry.ID,
}
"""GraphQL type of a filter by its index field; all others are strings, dates of any precision."""

_NAMES = {"q": "query", "sort": "orderBy", "limit": "first", "cursor": "after"} | {
    spec.name: f"filter.{spec.graphql}" for spec in FILTERS
}
"""What a parameter of REST is called here; `match` is the same."""


def _attribute(member: str) -> str:
    return member + "_" if iskeyword(member) else member


def _member(spec: FilterSpec, member: str) -> tuple[str, object, Any]:
    """Attribute, annotation and field of one filter in its input type."""
    kind: Any = _TYPES.get(spec.field, str)
    several = "; several mean any of them" if spec.repeatable else ""
    text = f"{spec.description} Takes {spec.expected}{several}. Example: `{spec.example}`."
    field = strawberry.field(name=member, default=None, description=text)
    return _attribute(member), (list[kind] if spec.repeatable else kind) | None, field


def _input(name: str, description: str, members: Iterable[tuple[str, object, Any]]) -> Any:
    listed = list(members)
    namespace = {attribute: field for attribute, _, field in listed}
    annotations = {attribute: annotation for attribute, annotation, _ in listed}
    made = type(name, (), namespace | {"__annotations__": annotations, "__module__": __name__})
    return strawberry.input(made, name=name, description=description)


def _head(spec: FilterSpec) -> str:
    return spec.graphql.partition(".")[0]


def _filter_members() -> Iterator[tuple[str, object, Any]]:
    for head, group in groupby(FILTERS, key=_head):
        specs = list(group)
        if specs[0].graphql == head:
            yield _member(specs[0], head)
            continue
        inner = _input(
            head[0].upper() + head[1:] + "Filter",
            f"Bounds of `{head}`, both inclusive. A paper where it is unknown is in no range.",
            (_member(spec, spec.graphql.partition(".")[2]) for spec in specs),
        )
        text = " ".join(spec.description for spec in specs)
        yield head, inner | None, strawberry.field(name=head, default=None, description=text)


if TYPE_CHECKING:
    PaperFilter = Any
else:
    PaperFilter = _input(
        "PaperFilter",
        "Which papers to take: different members together, several values of one in the "
        "alternative.",
        _filter_members(),
    )


@dataclass(frozen=True, slots=True)
class PaperArguments:
    """The arguments of `papers` as they were given; None where one was not."""

    query: str | None = None
    match: Match | None = None
    filter: Any = None
    order_by: Sequence[PaperOrder] | None = None
    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None

    @property
    def totals_only(self) -> bool:
        """Whether no paper is asked for."""
        return 0 in (self.first, self.last)

    def request(self) -> SearchRequest:
        """The question they ask; raises `Problem` naming every fault as GraphQL spells it.

        The page size is within its bounds, which `cost.py` sees to before anything is executed.
        `first: 0` makes a request for one paper: the caller takes its totals alone.
        """
        parameters, empty = _filter_parameters(self.filter)
        faults = [_empty_list(path) for path in empty]
        faults += self._paging_faults()
        size = self.first if self.last is None else self.last
        if self.query is not None:
            parameters.append(("q", self.query))
        if self.match is not None:
            parameters.append(("match", self.match.value))
        if self.order_by:
            keys = [
                each.direction.value + each.field.value
                for each in self.order_by[: MAX_SORT_KEYS + 1]
            ]
            parameters.append(("sort", ",".join(keys)))
        if self.after is not None:
            parameters.append(("cursor", self.after))
        elif self.last is not None:
            parameters.append(("before", END if self.before is None else self.before))
        parameters.append(("limit", str(DEFAULT_LIMIT if size is None else size or 1)))
        try:
            request = parse_request(parameters)
        except Problem as problem:
            faults += as_graphql(problem).errors
        if faults:
            raise Spelled(faults[0].code, faults[0].message, faults)
        return request

    def _paging_faults(self) -> list[ParameterError]:
        """What is wrong with how the arguments of paging go together."""
        faults = []
        for given, name, message in (
            (self.first, "first", "`last` goes back and `first` forward; give one of them."),
            (self.after, "after", "`after` goes with `first`; with `last` give `before`."),
        ):
            if given is not None and self.last is not None:
                faults.append(ParameterError(name, "parameter-conflict", message))
        if self.before is not None and self.last is None:
            message = "`before` goes with `last`, the number of papers that it takes."
            faults.append(ParameterError("before", "parameter-conflict", message))
        return faults


def _filter_parameters(given: Any) -> tuple[Parameters, list[str]]:
    """The filters as URL parameters, and the paths of lists that hold nothing."""
    parameters: Parameters = []
    empty: list[str] = []
    if given is None:
        return parameters, empty
    for spec in FILTERS:
        value = given
        for member in spec.graphql.split("."):
            value = None if value is None else getattr(value, _attribute(member))
        if value is None:
            continue
        values = value if isinstance(value, list) else [value]
        if not values:
            empty.append(_NAMES[spec.name])
        parameters += [(spec.name, _written(each)) for each in values]
    return parameters, empty


def _written(value: str | int | bool) -> str:
    """A value as a URL would write it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _empty_list(path: str) -> ParameterError:
    message = f"`{path}` needs at least one value; leave it out, or give null, for no filter."
    return ParameterError(path, "parameter-invalid", message)


class Spelled(Problem):
    """A problem whose faults stand under the names that a GraphQL client wrote."""


def as_graphql(problem: Problem) -> Spelled:
    """The same problem in the words of this door: parameters, cursors and sort keys respelled."""
    if isinstance(problem, Spelled):
        return problem
    faults = [_respelled(fault) for fault in problem.errors]
    detail = faults[0].message if faults else problem.detail
    return Spelled(problem.code, detail, faults)


def _respelled(fault: ParameterError) -> ParameterError:
    name = _NAMES.get(fault.parameter, fault.parameter)
    message = fault.message.replace(f"`{fault.parameter}`", f"`{name}`")
    suggestion = fault.suggestion
    if fault.parameter in ("cursor", "before"):
        message = message.replace("`nextCursor`", "`endCursor`")
        message = message.replace("`previousCursor`", "`startCursor`")
        message = message.replace("parameter", "argument").replace(f", or {END}", "")
        suggestion = None
    elif fault.parameter == "sort":
        for key in SORT_FIELDS:
            message = message.replace(f"`{key}`", f"`{enum_name(key)}`")
        suggestion = suggestion and _order(suggestion)
    return replace(fault, parameter=name, message=message, suggestion=suggestion)


def _order(written: str) -> str:
    """A sort key of REST as the argument `orderBy` writes it."""
    direction = OrderDirection.DESC if written.startswith("-") else OrderDirection.ASC
    return f"[{{field: {enum_name(written.lstrip('-'))}, direction: {direction.name}}}]"
