"""The parameters of addresses that are no search: ids, days, uploads, GraphQL over HTTP."""

import datetime
from collections.abc import Mapping

from index.sources import FORMATS
from schema import values as written
from schema.identifiers import identifier_key
from schema.parameters import Parameter

SAMPLE_ID = "hydra-bidirectional-state-space-models-through-generalized-79314f8f"
"""A paper of the page that `make run` loads."""

ID = Parameter(
    "id",
    "Our id, `arxiv:2407.09941` or a bare arXiv id, `doi:10...` or `acl:...`. A slash in it may "
    "be percent-encoded or not.",
    {"type": "string", "minLength": 1, "not": {"const": "batch"}},
    identifier_key,
    "an id such as arxiv:2407.09941",
    SAMPLE_ID,
)
DATE = Parameter(
    "date",
    "A day.",
    written.matching(written.DAY, format="date"),
    written.parser(written.DAY, str),
    "a day as YYYY-MM-DD",
    "2025-12-12",
)


def _member(name: str, description: str, example: str, **keywords: object) -> Parameter:
    """A member of a GraphQL request as it stands in a URL, objects as JSON."""
    value = {"type": "string"} | keywords
    return Parameter(name, description, value, str, "a text or JSON", example)


DOCUMENT = "query One($id: ID!) { paper(id: $id) { title } }"

GRAPHQL: Mapping[str, Parameter] = {
    each.name: each
    for each in (
        _member("query", "A GraphQL document.", DOCUMENT, pattern=written.NOT_BLANK),
        _member("variables", "The variables by name.", f'{{"id": "{SAMPLE_ID}"}}', type="object"),
        _member("operationName", "Which operation of the document to run.", "One"),
        _member(
            "extensions",
            "Extensions of the request. `persistedQuery` may stand in place of a `query` that this "
            "server has seen.",
            "{}",
            type="object",
        ),
    )
}
"""What GraphQL over HTTP takes in a URL; other parameters are ignored there."""
GRAPHQL_REQUIRED = frozenset({"query"})

MAX_NAME = 200
"""Characters of the name of an upload."""


def _day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


UPLOAD: Mapping[str, Parameter] = {
    each.name: each
    for each in (
        Parameter(
            "format",
            "The format to read the body as, instead of detecting it.",
            written.one_of(FORMATS),
            {name: name for name in FORMATS}.get,
            f"one of {', '.join(FORMATS)}",
            "json-lines",
        ),
        Parameter(
            "pageDate",
            "The day of the page: the year of dates that are written without one.",
            written.matching(written.DAY, format="date"),
            written.parser(written.DAY, _day),
            DATE.expected,
            "2025-12-12",
        ),
        Parameter(
            "name",
            "What the source is called in reports and on papers, instead of the file name of "
            "`Content-Disposition`, or `upload`.",
            written.matching(written.FILE_NAME, maxLength=MAX_NAME),
            written.parser(written.FILE_NAME, lambda text: text if len(text) <= MAX_NAME else None),
            f"a file name of at most {MAX_NAME} characters without a folder",
            "page.txt",
        ),
        Parameter(
            "dryRun",
            "Whether to read and report only, and store nothing.",
            written.FLAG | {"default": False},
            written.flag,
            "true or false",
            "true",
        ),
        Parameter(
            "wait",
            "Whether to answer only when searches find what was loaded, at most 30 seconds later.",
            written.FLAG | {"default": False},
            written.flag,
            "true or false",
            "true",
        ),
    )
}
"""What an upload takes besides its body, by name."""
