"""From the parameters of a URL to a validated question, with every fault named at once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from schema.errors import ParameterError, Problem
from schema.filters import FILTERS_BY_NAME, Condition, parse_filter
from schema.parameters import SEARCH, SORT, Parameter
from schema.search import (
    BY_RELEVANCE,
    DEFAULT_FACET_SIZE,
    DEFAULT_LIMIT,
    MAX_SORT_KEYS,
    NEWEST_FIRST,
    NO_EXTRAS,
    RELEVANCE,
    SORT_FIELDS,
    Extras,
    Match,
    SearchRequest,
    Sort,
    SortKey,
)

_EXTRAS = frozenset({"facets", "facetSize", "highlight", "explain", "fields"})

Given = Iterable[tuple[str, str]]
"""Parameters as they stand in a URL: names and values, decoded, in order."""


def unknown_parameter(name: str, known: Iterable[str]) -> ParameterError:
    """The fault of a parameter that does not exist, with the nearest one that does."""
    by_folded = {each.casefold(): each for each in known}
    near = get_close_matches(name[:64].casefold(), by_folded, n=1, cutoff=0.5)
    suggestion = by_folded[near[0]] if near else None
    hint = f" Did you mean `{suggestion}`?" if suggestion else ""
    return ParameterError(
        name[:64],
        "parameter-unknown",
        f"There is no parameter `{name[:64]}` here.{hint}",
        suggestion,
    )


def parse_sort(text: str) -> Sort | ParameterError:
    """An order written as `key` or `-key`, up to two with a comma between."""
    keys = []
    for part in text.split(",", MAX_SORT_KEYS + 1):
        written = part.strip()
        name = written.removeprefix("-")
        if SORT.parse(written) is None:
            near = get_close_matches(name[:64], SORT_FIELDS, n=1, cutoff=0.4)
            fault = SORT.fault()
            return replace(fault, suggestion=near[0]) if near else fault
        keys.append(SortKey(name, written.startswith("-") and name != RELEVANCE))
    if len(keys) > MAX_SORT_KEYS or len({key.name for key in keys}) != len(keys):
        message = f"`sort` takes at most {MAX_SORT_KEYS} different keys."
        return ParameterError("sort", "parameter-invalid", message, str(keys[0]))
    if len(keys) > 1 and RELEVANCE in (key.name for key in keys):
        message = "`relevance` cannot be combined with another sort key."
        return ParameterError("sort", "parameter-conflict", message, RELEVANCE)
    return tuple(keys)


def read_parameters(
    given: Given, known: Mapping[str, Parameter], faults: Iterable[ParameterError] = ()
) -> dict[str, Any]:
    """The meanings of the parameters that were given, by name.

    Raises `Problem` naming `faults`, which were found before, and every parameter that is not
    `known`, is wrong, or is given more than once.
    """
    errors = list(faults)
    meanings = {}
    for name, values in _grouped(given).items():
        if name in known:
            meanings[name] = known[name].read(values, errors)
        else:
            errors.append(unknown_parameter(name, known))
    if errors:
        raise Problem(errors[0].code, errors[0].message, errors)
    return meanings


def parse_request(given: Given) -> SearchRequest:
    """The question that URL parameters ask; raises `Problem` naming every fault at once.

    A blank `q` is no query, and without one there is no relevance: the newest come first. A
    repeated filter means any of its values.
    """
    given = tuple(given)
    errors: list[ParameterError] = []
    conditions: list[tuple[str, Condition]] = []
    meanings: dict[str, Any] = {}
    for name, values in _grouped(given).items():
        if name in FILTERS_BY_NAME:
            condition = parse_filter(FILTERS_BY_NAME[name], values)
            if isinstance(condition, Condition):
                conditions.append((name, condition))
            else:
                errors += condition
        elif name == SORT.name:
            meanings[name] = _sort(values, errors)
        elif name in SEARCH:
            meanings[name] = SEARCH[name].read(values, errors)
        else:
            errors.append(unknown_parameter(name, SEARCH))
    cursor, before = meanings.get("cursor"), meanings.get("before")
    if cursor is not None and before is not None:
        message = "`cursor` goes on behind a place and `before` ahead of one; give one of them."
        errors.append(ParameterError("before", "parameter-conflict", message))
    if errors:
        raise Problem(errors[0].code, errors[0].message, errors)
    q: str | None = meanings.get("q")
    q = q if q and q.strip() else None
    sort: Sort = meanings.get("sort", BY_RELEVANCE)
    if sort == BY_RELEVANCE and not q:
        sort = NEWEST_FIRST
    match = Match(meanings.get("match", Match.AUTO))
    limit = meanings.get("limit", DEFAULT_LIMIT)
    chosen = tuple(sorted(conditions))
    extras = _extras(meanings)
    return SearchRequest(q, match, chosen, sort, limit, cursor, before, extras, given)


def _grouped(given: Given) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for name, value in given:
        grouped.setdefault(name, []).append(value)
    return grouped


def _sort(values: Sequence[str], errors: list[ParameterError]) -> Sort | None:
    sort = parse_sort(",".join(values))
    if isinstance(sort, ParameterError):
        errors.append(sort)
        return None
    return sort


def _extras(meanings: Mapping[str, Any]) -> Extras:
    if _EXTRAS.isdisjoint(meanings):
        return NO_EXTRAS
    return Extras(
        facets=meanings.get("facets", ()),
        facet_size=meanings.get("facetSize", DEFAULT_FACET_SIZE),
        highlight=meanings.get("highlight", False),
        explain=meanings.get("explain", False),
        fields=meanings.get("fields"),
    )
