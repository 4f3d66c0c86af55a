"""The parameters of a URL: one table that validates them and describes them in OpenAPI.

`schema.request` reads the values of a search by it, `api.routes` hangs its rows on the operations
that take them, `api.openapi` prints them.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum, auto

from schema import values as written
from schema.changes import DEFAULT_CHANGES, MAX_CHANGES, TOKEN
from schema.errors import ParameterError
from schema.filters import FILTERS, MAX_VALUES, FilterSpec
from schema.members import MEMBERS
from schema.search import (
    DEFAULT_FACET_SIZE,
    DEFAULT_LIMIT,
    DEFAULT_RELATED,
    DEFAULT_SUGGESTIONS,
    END,
    FACETS,
    MAX_CURSOR_LENGTH,
    MAX_FACET_SIZE,
    MAX_LIMIT,
    MAX_QUERY_LENGTH,
    MAX_SORT_KEYS,
    MAX_SUGGEST_LENGTH,
    MAX_SUGGESTIONS,
    RELEVANCE,
    SORT_FIELDS,
    Match,
)
from schema.values import JsonSchema


class Several(Enum):
    """How a parameter takes more than one value."""

    NO = auto()
    REPEATED = auto()
    """`year=2024&year=2025`"""
    LISTED = auto()
    """`fields=id,title`; may be repeated besides, which means the same."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A row of the table.

    `value` is the JSON Schema of one value as it stands in the URL (`true` and `20` written out);
    `parse` turns the same into what it means, or None if it is wrong. `example` passes, and is
    what a refusal suggests, where one can be given; `expected` completes "must be ...".
    `list_schema` holds further keywords for the list of a parameter that takes several values;
    `code` is the problem of a wrong one.
    """

    name: str
    description: str
    value: JsonSchema
    parse: Callable[[str], object | None]
    expected: str
    example: str | None
    several: Several = Several.NO
    list_schema: JsonSchema | None = None
    code: str = "parameter-invalid"

    @property
    def json_schema(self) -> JsonSchema:
        """The schema of the parameter: of its value, or of the list of its values."""
        if self.several is Several.NO:
            return self.value
        return {"type": "array", "items": self.value, "minItems": 1} | (self.list_schema or {})

    def fault(self) -> ParameterError:
        """What is said of a wrong value."""
        message = f"`{self.name}` must be {self.expected}."
        return ParameterError(self.name, self.code, message, self.example)

    def repeated(self) -> ParameterError:
        """What is said of a parameter that is given twice but takes one value."""
        message = f"`{self.name}` may be given only once."
        return ParameterError(self.name, "parameter-repeated", message)

    def read(self, values: Sequence[str], errors: list[ParameterError]) -> object | None:
        """The meaning of one or more values as given; what is wrong with them goes to `errors`.

        Of listed names it is a tuple of them in the order of the table.
        """
        if self.several is Several.LISTED:
            return self._names(values, errors)
        if len(values) > 1:
            errors.append(self.repeated())
        meaning = self.parse(values[0])
        if meaning is None:
            errors.append(self.fault())
        return meaning

    def _names(self, values: Sequence[str], errors: list[ParameterError]) -> tuple[str, ...]:
        known: list[str] = self.value["enum"]
        given = dict.fromkeys(name.strip() for value in values for name in value.split(","))
        strangers = [name for name in given if name not in known]
        errors += [self._stranger(name, known) for name in strangers[: len(known)]]
        return tuple(name for name in known if name in given)

    def _stranger(self, name: str, known: list[str]) -> ParameterError:
        by_folded = {each.casefold(): each for each in known}
        shown = name[:64]
        near = get_close_matches(shown.casefold(), by_folded, n=1, cutoff=0.5)
        suggestion = by_folded[near[0]] if near else None
        hint = f" Did you mean `{suggestion}`?" if suggestion else ""
        message = f"`{self.name}` takes {', '.join(known)}, not `{shown}`.{hint}"
        return ParameterError(self.name, self.code, message, suggestion)


def _name(*known: str) -> Callable[[str], str | None]:
    return {name: name for name in known}.get


def _size(name: str, description: str, most: int, default: int) -> Parameter:
    return Parameter(
        name,
        description,
        written.number(1, most, default=default),
        written.whole_number(1, most),
        f"a whole number from 1 to {most}",
        str(default),
    )


def _filter(spec: FilterSpec) -> Parameter:
    several = Several.LISTED if spec.listed else Several.REPEATED
    return Parameter(
        spec.name,
        spec.description,
        spec.value,
        spec.parse,
        spec.expected,
        spec.example,
        several if spec.repeatable else Several.NO,
        {"maxItems": MAX_VALUES},
    )


_SORT_KEYS = [sign + key for key in SORT_FIELDS for sign in ("", "-")]
_SORT_NAMES = [
    re.sub("(?=[A-Z])", "_", key).upper() + end for key in SORT_FIELDS for end in ("", "_DESC")
]
"""What a program calls them that cannot have a `-` in a name."""
_CURSOR = "[A-Za-z0-9_-]+"
_cursor = written.parser(_CURSOR, lambda text: text if len(text) <= MAX_CURSOR_LENGTH else None)

Q = Parameter(
    "q",
    'A query: words, "phrases", `field:word`, ranges, AND, OR, NOT, `-word`, (groups), `pre*`. '
    "Any text is valid; `meta.warnings` tells what was not taken as written.",
    {"type": "string", "maxLength": MAX_QUERY_LENGTH},
    lambda value: value if len(value) <= MAX_QUERY_LENGTH else None,
    f"a text of at most {MAX_QUERY_LENGTH} characters",
    "optimal transport",
    code="query-too-long",
)
MATCH = Parameter(
    "match",
    "How bare words combine: every word, at least one, or every word and, where few papers hold "
    "them all, those that hold one behind them.",
    written.one_of(Match, default=str(Match.AUTO)),
    _name(*Match),
    "all, any or auto",
    str(Match.AUTO),
)
SORT = Parameter(
    "sort",
    f"The order: at most {MAX_SORT_KEYS} keys, with `-` in front to descend. Without one by "
    "relevance where there is a query, else the newest first. Papers without a value come last "
    "both ways.",
    written.one_of(_SORT_KEYS) | {"x-enum-varnames": _SORT_NAMES},
    _name(*_SORT_KEYS),
    f"one of {', '.join(SORT_FIELDS)}, with - in front to descend",
    "-publishedAt",
    Several.LISTED,
    {
        "maxItems": MAX_SORT_KEYS,
        "uniqueItems": True,
        "not": {
            "minItems": 2,
            "anyOf": [{"contains": {"enum": [RELEVANCE, f"-{RELEVANCE}"]}}]
            + [{"items": {"enum": [key, f"-{key}"]}} for key in SORT_FIELDS if key != RELEVANCE],
        },
    },
)
LIMIT = _size("limit", "How many papers a page has.", MAX_LIMIT, DEFAULT_LIMIT)
DAILY_LIMIT = _size("limit", LIMIT.description, MAX_LIMIT, MAX_LIMIT)
RELATED_LIMIT = _size("limit", "How many related papers to show.", MAX_LIMIT, DEFAULT_RELATED)
CURSOR = Parameter(
    "cursor",
    "Go on: `meta.nextCursor` of another page, all other parameters but `limit` unchanged.",
    {"type": "string", "pattern": f"^{_CURSOR}$", "maxLength": MAX_CURSOR_LENGTH},
    _cursor,
    "`nextCursor` of an answer as it is, with every other parameter unchanged",
    None,
    code="cursor-invalid",
)
BEFORE = Parameter(
    "before",
    f"Go back: `meta.previousCursor` of another page, or `{END}` for the last page. Excludes "
    "`cursor`.",
    CURSOR.value,
    _cursor,
    f"`previousCursor` of an answer as it is, with every other parameter unchanged, or {END}",
    END,
    code="cursor-invalid",
)
FACET_NAMES = Parameter(
    "facets",
    "Facets to count over the whole result, each without the filter of its own name.",
    written.one_of(FACETS),
    _name(*FACETS),
    "names of facets",
    "year,hasCode",
    Several.LISTED,
)
FACET_SIZE = _size(
    "facetSize", "How many values each facet shows.", MAX_FACET_SIZE, DEFAULT_FACET_SIZE
)
HIGHLIGHT = Parameter(
    "highlight",
    "Whether each paper shows what the query matched in it.",
    written.FLAG | {"default": False},
    written.flag,
    "true or false",
    "true",
)
EXPLAIN = Parameter(
    "explain",
    "Whether each paper shows of what its score is made; null in an order other than relevance.",
    written.FLAG | {"default": False},
    written.flag,
    "true or false",
    "true",
)
FIELDS = Parameter(
    "fields",
    "Members that the papers show, instead of all that a list shows.",
    written.one_of(MEMBERS),
    _name(*MEMBERS),
    "members of a paper",
    "id,title,authors",
    Several.LISTED,
)

SUGGEST_Q = Parameter(
    "q",
    "What has been typed so far; its last word is completed.",
    {"type": "string", "maxLength": MAX_SUGGEST_LENGTH},
    lambda value: value if len(value) <= MAX_SUGGEST_LENGTH else None,
    f"a text of at most {MAX_SUGGEST_LENGTH} characters",
    "optimal tr",
    code="query-too-long",
)
SUGGEST_LIMIT = _size(
    "limit", "How many suggestions to give at most.", MAX_SUGGESTIONS, DEFAULT_SUGGESTIONS
)

SINCE = Parameter(
    "since",
    "Only what changed behind this place: `token` of a change, or `meta.next` of a page. Without "
    "it all changes. Tokens never expire.",
    {"type": "string", "pattern": f"^{TOKEN}$"},
    written.parser(TOKEN, str),
    "`token` of a change, or `meta.next` of a page, as it is",
    None,
    code="changes-token-invalid",
)
CHANGES_LIMIT = Parameter(
    "limit",
    f"How many changes to tell. JSON tells {DEFAULT_CHANGES} without it, NDJSON all.",
    written.number(1, MAX_CHANGES),
    written.whole_number(1, MAX_CHANGES),
    f"a whole number from 1 to {MAX_CHANGES}",
    str(DEFAULT_CHANGES),
)

SEARCH: Mapping[str, Parameter] = {
    parameter.name: parameter
    for parameter in (
        Q,
        MATCH,
        SORT,
        LIMIT,
        CURSOR,
        BEFORE,
        *map(_filter, FILTERS),
        FACET_NAMES,
        FACET_SIZE,
        HIGHLIGHT,
        EXPLAIN,
        FIELDS,
    )
}
"""What a search takes, by name."""

RELATED: Mapping[str, Parameter] = {RELATED_LIMIT.name: RELATED_LIMIT}
"""What the list of related papers takes, by name."""

SUGGEST: Mapping[str, Parameter] = {each.name: each for each in (SUGGEST_Q, SUGGEST_LIMIT)}
"""What suggestions take, by name."""

DAILY: Mapping[str, Parameter] = {each.name: each for each in (DAILY_LIMIT, CURSOR)}
"""What the list of a day takes, by name."""

CHANGES: Mapping[str, Parameter] = {each.name: each for each in (SINCE, CHANGES_LIMIT)}
"""What the list of changes takes, by name."""
