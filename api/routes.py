"""The operations of REST: one table from which requests are dispatched and OpenAPI is written.

A row says what an operation takes and what it answers. `HEAD` goes with every `GET`, and `OPTIONS`
with everything; neither has a row. Schemas of answers are named here and made in
`api.openapi`.
"""

from collections.abc import Mapping
from dataclasses import replace

from api.hub_routes import HUB, HUB_OPERATIONS
from api.operation import (
    GRAPHQL_JSON,
    HTML,
    JSON,
    NDJSON_MEDIA,
    OF_PAGES,
    OF_PAPERS,
    TEXT,
    Body,
    Operation,
    Success,
    Tag,
)
from api.route_parameters import DATE, DOCUMENT, GRAPHQL, ID, SAMPLE_ID
from api.write_routes import WRITE_OPERATIONS, WRITING
from schema.parameters import CHANGES, DAILY, RELATED, SEARCH, SUGGEST

MAX_BATCH = 500
"""Ids that one batch may ask for."""

TAGS: Mapping[str, Tag] = {
    tag.name: tag
    for tag in (
        Tag("graphql", "The same papers through GraphQL, and its schema.", ("not-acceptable",)),
        HUB,
        Tag(
            "papers",
            "Find papers, and read them by their ids.",
            ("parameter-unknown", "parameter-invalid", "parameter-repeated", "not-acceptable"),
        ),
        Tag("service", "The server itself: its doors, its health, this description."),
        Tag(
            "shelf",
            "What the shelf holds, in numbers.",
            ("parameter-unknown", "parameter-invalid", "not-acceptable"),
        ),
        WRITING,
    )
}
"""The groups, each with the codes that any of its operations may answer."""

COMMON_PROBLEMS = (
    "host-not-allowed",
    "request-malformed",
    "header-invalid",
    "rate-limited",
    "internal",
)
"""What any request may be answered with."""

AHEAD_OF_GRAPHQL = frozenset(
    {"host-not-allowed", "request-malformed", "header-invalid", "internal"}
)
"""Problems that are told in the shape of REST at the addresses of GraphQL too."""

CONNECTION_PROBLEMS = (
    "route-not-found",
    "method-not-allowed",
    "request-timeout",
    "address-too-long",
    "head-too-large",
    "expectation-failed",
    "transfer-coding-unsupported",
    "server-busy",
)
"""What may be answered before it is known what an operation is asked for."""


_QUERY_PROBLEMS = (
    "parameter-conflict",
    "cursor-invalid",
    "query-too-long",
    "query-too-deep",
    "query-too-many-clauses",
    "query-too-many-expansions",
    "starting",
    "time-budget",
)
_BODY_PROBLEMS = ("body-not-json", "body-too-large", "media-type-unsupported")
_GRAPHQL_PROBLEMS = (
    "graphql-parse",
    "graphql-validation",
    "graphql-coercion",
    "graphql-limit",
    "graphql-request-invalid",
    "PERSISTED_QUERY_NOT_FOUND",
)
_GRAPHQL_ANSWER = Success(
    "Data, errors, or both. A refusal of the request as a whole has an HTTP status of its own "
    f"where the answer is `{GRAPHQL_JSON}`.",
    {GRAPHQL_JSON: "GraphQLResponse", JSON: "GraphQLResponse"},
)
_DAILY_ANSWER = Success(
    "Papers by their position on the page that listed them.",
    {JSON: "DailyPage", **OF_PAGES},
    tagged=True,
    linked=True,
)

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "GET",
        "/v1/papers",
        "listPapers",
        "papers",
        "List, search and filter papers",
        "Papers that a query and filters select, in an order, a page at a time. Filters of "
        "different names must all hold; several values of one mean any of them.",
        Success(
            "A page of papers, and what holds for the whole result.",
            {JSON: "PaperPage", **OF_PAGES},
            tagged=True,
            linked=True,
        ),
        SEARCH,
        problems=_QUERY_PROBLEMS,
    ),
    Operation(
        "POST",
        "/v1/papers/batch",
        "batchPapers",
        "papers",
        "Read many papers by their ids",
        f"Up to {MAX_BATCH} papers in the order of their ids, null for each unknown id.",
        Success("A paper or null for each id.", {JSON: "Batch"}),
        body=Body(
            "BatchRequest",
            "The ids, of any kind.",
            {"ids": [SAMPLE_ID, "arxiv:2407.09941", "doi:10.1000/x.y"]},
        ),
        problems=(*_BODY_PROBLEMS, "body-invalid", "time-budget"),
    ),
    Operation(
        "GET",
        "/v1/papers/{id}",
        "getPaper",
        "papers",
        "Read one paper",
        "The whole paper, by any of its ids.",
        Success("The paper.", {JSON: "PaperAnswer", **OF_PAPERS}, tagged=True, linked=True),
        path_parameters={"id": ID},
        problems=("paper-not-found", "paper-removed"),
    ),
    Operation(
        "GET",
        "/v1/papers/{id}/related",
        "getRelatedPapers",
        "papers",
        "Papers like another",
        "The papers whose words are most like those of a paper's title and abstract, the nearest "
        "first, without the paper itself. There is no total: nearly all papers share some word. "
        "Of an id that ends in `/related` the paper is shown.",
        Success("The papers with their scores.", {JSON: "RelatedPapers", **OF_PAPERS}, tagged=True),
        RELATED,
        {"id": ID},
        problems=("paper-not-found", "paper-removed", "starting", "time-budget"),
    ),
    Operation(
        "GET",
        "/v1/suggest",
        "getSuggestions",
        "papers",
        "Complete what is being typed",
        "Terms, authors and titles that a text being typed may become, each kind by use, as papers "
        "write them. One slip in the last word is forgiven, and one in each word before it.",
        Success("The suggestions.", {JSON: "Suggestions"}, tagged=True),
        SUGGEST,
        problems=("query-too-long", "starting", "time-budget"),
    ),
    Operation(
        "GET",
        "/v1/daily",
        "getNewestDay",
        "papers",
        "The papers of the newest day",
        "The papers listed on the newest day, by their position on the page that listed them.",
        _DAILY_ANSWER,
        DAILY,
        problems=("cursor-invalid", "day-not-found", "time-budget"),
    ),
    Operation(
        "GET",
        "/v1/daily/{date}",
        "getDay",
        "papers",
        "The papers of a day",
        "The papers listed on a day, by their position on the page that listed them. The problem "
        "of a day without papers names the nearest days that have some.",
        _DAILY_ANSWER,
        DAILY,
        {"date": DATE},
        problems=("cursor-invalid", "day-not-found", "time-budget"),
    ),
    Operation(
        "GET",
        "/v1/stats",
        "getStats",
        "shelf",
        "Counts, positions and the range of dates",
        "How many papers there are, how far store and index have come, the range of dates.",
        Success("The numbers.", {JSON: "StatsAnswer"}, tagged=True),
    ),
    Operation(
        "GET",
        "/v1/changes",
        "listChanges",
        "shelf",
        "What changed, for programs that follow",
        "The last change of each paper behind a place, the oldest first: papers as they are now, "
        "and removals. To follow the shelf, go on from the `token` of the last line taken.",
        Success(
            "The changes, a JSON object a line; of JSON a page.",
            {NDJSON_MEDIA: None, JSON: "ChangesPage"},
            tagged=True,
        ),
        CHANGES,
        problems=("parameter-repeated", "changes-token-invalid", "time-budget", "server-busy"),
    ),
    Operation(
        "GET",
        "/graphql",
        "queryGraphQL",
        "graphql",
        "Ask by GraphQL in the URL",
        "GraphQL over HTTP, by GET. A browser that asks for HTML gets GraphiQL.",
        replace(_GRAPHQL_ANSWER, tagged=True),
        GRAPHQL,
        problems=_GRAPHQL_PROBLEMS,
    ),
    Operation(
        "POST",
        "/graphql",
        "postGraphQL",
        "graphql",
        "Ask by GraphQL",
        "GraphQL over HTTP, by POST.",
        _GRAPHQL_ANSWER,
        body=Body(
            "GraphQLRequest",
            "The document, its variables, which operation to run.",
            {"query": DOCUMENT, "variables": {"id": SAMPLE_ID}, "operationName": "One"},
        ),
        problems=(*_BODY_PROBLEMS, *_GRAPHQL_PROBLEMS),
    ),
    Operation(
        "GET",
        "/graphql/schema.graphql",
        "getGraphQLSchema",
        "graphql",
        "The GraphQL schema",
        "The schema in the schema definition language, with descriptions.",
        Success("The schema.", {TEXT: None}, tagged=True),
    ),
    *HUB_OPERATIONS,
    Operation(
        "GET",
        "/",
        "getIndex",
        "service",
        "The doors of this server",
        "An index of the doors; for a browser a page with a search box.",
        Success("The doors.", {JSON: "Index", HTML: None}, tagged=True),
    ),
    Operation(
        "GET",
        "/llms.txt",
        "getLlmsText",
        "service",
        "This server, for programs that read",
        "What this server has and where, in the form of llmstxt.org: Markdown as plain text.",
        Success("The text.", {TEXT: None}, tagged=True),
    ),
    Operation(
        "GET",
        "/openapi.json",
        "getOpenAPI",
        "service",
        "This description",
        "The OpenAPI 3.1 description of this server.",
        Success(
            "The description.",
            {JSON: "OpenAPI", "application/vnd.oai.openapi+json": "OpenAPI"},
            tagged=True,
        ),
    ),
    Operation(
        "GET",
        "/healthz",
        "getHealth",
        "service",
        "Whether the process lives",
        "Answered for any host.",
        Success("It does.", {JSON: "Health"}),
    ),
    Operation(
        "GET",
        "/readyz",
        "getReadiness",
        "service",
        "Whether the index has caught up",
        "200 once the index has caught up with the store after the start, 503 until then. "
        "Answered for any host.",
        Success("It has.", {JSON: "Readiness"}),
        problems=("starting",),
    ),
    *WRITE_OPERATIONS,
)
"""All operations. Where two paths fit, the one without a parameter is meant."""
