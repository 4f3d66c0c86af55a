"""The operations that Hugging Face has for its papers, under its names and with its defaults."""

from collections.abc import Mapping
from dataclasses import replace

from api.operation import JSON, MARKDOWN, Operation, Success, Tag
from api.route_parameters import ID
from schema import values as written
from schema.filters import FILTERS_BY_NAME, MAX_COUNT, MAX_VALUE_LENGTH, FilterSpec
from schema.parameters import LIMIT, Parameter, Q
from schema.search import MAX_LIMIT

HUB_PAGE = 50
"""Papers that a page of Hugging Face's daily papers has unless `limit` says otherwise."""
HUB_SEARCH: Mapping[str, Parameter] = {
    each.name: each
    for each in (
        replace(
            Q,
            description=f"{Q.description.partition(' Any text')[0]} Without one the newest papers.",
        ),
        replace(LIMIT, description="How many papers to give at most."),
    )
}
"""What a search of Hugging Face's takes, by name."""


def _listed(name: str, spec: FilterSpec) -> Parameter:
    """One of our filters by listing under another name, which takes one value."""
    given = (spec.description, spec.value, spec.parse, spec.expected, spec.example)
    return Parameter(name, *given)


HUB_DAILY: Mapping[str, Parameter] = {
    each.name: each
    for each in (
        _listed("date", FILTERS_BY_NAME["listedOn"]),
        _listed("week", FILTERS_BY_NAME["listedWeek"]),
        _listed("month", FILTERS_BY_NAME["listedMonth"]),
        Parameter(
            "submitter",
            "Papers that someone submitted. No source says who did, so there are none.",
            written.text(MAX_VALUE_LENGTH),
            lambda value: value if value.strip() and len(value) <= MAX_VALUE_LENGTH else None,
            "a name",
            "someone",
        ),
        Parameter(
            "sort",
            "The newest day first, each in the order of its page; or by attention and freshness, "
            "as `-trending` of the list of papers.",
            written.one_of(("publishedAt", "trending"), default="publishedAt"),
            {name: name for name in ("publishedAt", "trending")}.get,
            "publishedAt or trending",
            "trending",
        ),
        Parameter(
            "limit",
            "How many papers a page has.",
            written.number(1, MAX_LIMIT, default=HUB_PAGE),
            written.whole_number(1, MAX_LIMIT),
            f"a whole number from 1 to {MAX_LIMIT}",
            str(HUB_PAGE),
        ),
        Parameter(
            "p",
            "The page, counted from 0.",
            written.number(0, MAX_COUNT, default=0),
            written.whole_number(0, MAX_COUNT),
            f"a whole number from 0 to {MAX_COUNT}",
            "0",
        ),
    )
}
"""What Hugging Face's list of daily papers takes, by name."""

_ID = replace(
    ID,
    value={"type": "string", "minLength": 1},
    description=f"An arXiv id, or any other id of the paper. {ID.description.partition('. ')[2]}",
)
_UNKNOWN = ("paper-not-found", "paper-removed")
_QUERY = (
    "query-too-long",
    "query-too-deep",
    "query-too-many-clauses",
    "query-too-many-expansions",
    "starting",
    "time-budget",
)

HUB = Tag(
    "hub",
    "The same papers at Hugging Face's addresses and in its shapes, for its own clients.",
    ("parameter-unknown", "parameter-invalid", "parameter-repeated", "not-acceptable"),
)

HUB_OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "GET",
        "/api/papers/search",
        "searchHubPapers",
        HUB.name,
        "Search papers, as Hugging Face's clients do",
        "The papers of `/v1/papers` with the same `q`, in the same order.",
        Success("The papers, the best first.", {JSON: "HubEntries"}, tagged=True, warned=True),
        HUB_SEARCH,
        problems=_QUERY,
    ),
    Operation(
        "GET",
        "/api/papers/{id}",
        "getHubPaper",
        HUB.name,
        "Read one paper, as Hugging Face's clients do",
        "The paper, by any of its ids.",
        Success("The paper.", {JSON: "HubPaper"}, tagged=True),
        path_parameters={"id": _ID},
        problems=_UNKNOWN,
    ),
    Operation(
        "GET",
        "/api/daily_papers",
        "listHubDailyPapers",
        HUB.name,
        "List the papers of days, as Hugging Face's clients do",
        "Papers that pages listed, each once, those of the newest day first and on a day by their "
        "position. `date`, `week` and `month` must all hold. Days without papers have none.",
        Success("A page of them.", {JSON: "HubEntries"}, tagged=True, linked=True, warned=True),
        HUB_DAILY,
        problems=("starting", "time-budget"),
    ),
    Operation(
        "GET",
        "/papers/{id}.md",
        "readHubPaper",
        HUB.name,
        "Read one paper as Markdown, as Hugging Face's clients do",
        "What is known of the paper, and its abstract, by any of its ids.",
        Success("The paper.", {MARKDOWN: None}, tagged=True),
        path_parameters={"id": _ID},
        problems=_UNKNOWN,
    ),
)
