"""From the parameters of a URL to a validated question, with every fault named at once."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches

from schema.errors import ParameterError, Problem
from schema.filters import FILTERS, FILTERS_BY_NAME, Condition, parse_filter
from schema.members import MEMBERS
from schema.search import (
    BY_RELEVANCE,
    DEFAULT_FACET_SIZE,
    DEFAULT_LIMIT,
    FACETS,
    MAX_FACET_SIZE,
    MAX_LIMIT,
    MAX_QUERY_LENGTH,
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

_OWN_PARAMETERS = ("q", "match", "sort", "limit", "cursor", "before")
_EXTRA_PARAMETERS = ("facets", "facetSize", "highlight", "fields")
SEARCH_PARAMETERS: tuple[str, ...] = (
    *_OWN_PARAMETERS,
    *(spec.name for spec in FILTERS),
    *_EXTRA_PARAMETERS,
)


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
        name = part.strip().removeprefix("-")
        if name not in SORT_FIELDS:
            near = get_close_matches(name[:64], SORT_FIELDS, n=1, cutoff=0.4)
            return ParameterError(
                "sort",
                "parameter-invalid",
                f"`sort` must be one of {', '.join(SORT_FIELDS)}, with - in front to descend.",
                near[0] if near else "-publishedAt",
            )
        keys.append(SortKey(name, part.strip().startswith("-") and name != RELEVANCE))
    if len(keys) > MAX_SORT_KEYS or len({key.name for key in keys}) != len(keys):
        return ParameterError(
            "sort",
            "parameter-invalid",
            f"`sort` takes at most {MAX_SORT_KEYS} different keys.",
            str(keys[0]),
        )
    if len(keys) > 1 and RELEVANCE in (key.name for key in keys):
        return ParameterError(
            "sort",
            "parameter-conflict",
            "`relevance` cannot be combined with another sort key.",
            RELEVANCE,
        )
    return tuple(keys)


def _single(name: str, values: Sequence[str], errors: list[ParameterError]) -> str | None:
    if len(values) > 1:
        errors.append(
            ParameterError(name, "parameter-repeated", f"`{name}` may be given only once.")
        )
    return values[0] if values else None


def parse_limit(
    text: str | None, errors: list[ParameterError], default: int = DEFAULT_LIMIT
) -> int:
    """A page size of 1 to `MAX_LIMIT`; a wrong one is added to `errors`."""
    return _page_size("limit", text, errors, MAX_LIMIT, default)


def _page_size(
    name: str, text: str | None, errors: list[ParameterError], most: int, default: int
) -> int:
    if text is None:
        return default
    if text.isascii() and text.isdigit() and len(text) <= 9 and 1 <= int(text) <= most:
        return int(text)
    message = f"`{name}` must be a whole number from 1 to {most}."
    errors.append(ParameterError(name, "parameter-invalid", message, str(default)))
    return default


def parse_request(parameters: Iterable[tuple[str, str]]) -> SearchRequest:
    """The question that URL parameters ask; raises `Problem` naming every fault at once.

    A blank `q` is no query, and without one there is no relevance: the newest come first. A
    repeated filter means any of its values.
    """
    given: dict[str, list[str]] = {}
    for name, value in parameters:
        given.setdefault(name, []).append(value)
    errors: list[ParameterError] = []
    own = {name: _single(name, given.get(name, ()), errors) for name in _OWN_PARAMETERS}
    conditions: list[tuple[str, Condition]] = []
    for name, values in given.items():
        if name in FILTERS_BY_NAME:
            parsed = parse_filter(FILTERS_BY_NAME[name], values)
            if isinstance(parsed, Condition):
                conditions.append((name, parsed))
            else:
                errors.extend(parsed)
        elif name not in own and name not in _EXTRA_PARAMETERS:
            errors.append(unknown_parameter(name, SEARCH_PARAMETERS))
    q = own["q"] if own["q"] and own["q"].strip() else None
    if q and len(q) > MAX_QUERY_LENGTH:
        errors.append(
            ParameterError(
                "q", "query-too-long", f"`q` may have at most {MAX_QUERY_LENGTH} characters."
            )
        )
    match = own["match"] or Match.AUTO
    if match not in tuple(Match):
        errors.append(
            ParameterError(
                "match", "parameter-invalid", "`match` must be all, any or auto.", "auto"
            )
        )
    sort = BY_RELEVANCE if own["sort"] is None else parse_sort(own["sort"])
    if sort == BY_RELEVANCE and not q:
        sort = NEWEST_FIRST
    if isinstance(sort, ParameterError):
        errors.append(sort)
    limit = parse_limit(own["limit"], errors)
    cursor, before = own["cursor"], own["before"]
    if cursor is not None and before is not None:
        message = "`cursor` goes on behind a place and `before` ahead of one; give one of them."
        errors.append(ParameterError("before", "parameter-conflict", message))
    extras = parse_extras(given, errors)
    if errors or isinstance(sort, ParameterError):
        raise Problem(errors[0].code, errors[0].message, errors)
    chosen = tuple(sorted(conditions))
    return SearchRequest(q, Match(match), chosen, sort, limit, cursor, before, extras)


def parse_extras(given: Mapping[str, Sequence[str]], errors: list[ParameterError]) -> Extras:
    """The extras that URL parameters ask for; what is wrong with them is added to `errors`.

    `facets` and `fields` take names with commas between, and may be repeated.
    """
    if given.keys().isdisjoint(_EXTRA_PARAMETERS):
        return NO_EXTRAS
    highlight = _single("highlight", given.get("highlight", ()), errors)
    if highlight not in (None, "true", "false"):
        message = "`highlight` must be true or false."
        errors.append(ParameterError("highlight", "parameter-invalid", message, "true"))
    size = _single("facetSize", given.get("facetSize", ()), errors)
    return Extras(
        facets=_names("facets", given.get("facets"), tuple(FACETS), errors) or (),
        facet_size=_page_size("facetSize", size, errors, MAX_FACET_SIZE, DEFAULT_FACET_SIZE),
        highlight=highlight == "true",
        fields=_names("fields", given.get("fields"), MEMBERS, errors),
    )


def _names(
    parameter: str,
    values: Sequence[str] | None,
    known: Sequence[str],
    errors: list[ParameterError],
) -> tuple[str, ...] | None:
    """The named ones of `known` in their own order; None if nothing was asked."""
    if values is None:
        return None
    names = dict.fromkeys(name.strip() for value in values for name in value.split(","))
    by_folded = {name.casefold(): name for name in known}
    for name in [name for name in names if name not in known][: len(known)]:
        shown = name[:64]
        near = get_close_matches(shown.casefold(), by_folded, n=1, cutoff=0.5)
        suggestion = by_folded[near[0]] if near else None
        hint = f" Did you mean `{suggestion}`?" if suggestion else ""
        message = f"`{parameter}` takes {', '.join(known)}, not `{shown}`.{hint}"
        errors.append(ParameterError(parameter, "parameter-invalid", message, suggestion))
    return tuple(name for name in known if name in names)
