"""Every problem the service can report: one table for REST, GraphQL, the command line and docs."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """A row of the table: a stable `code`, the HTTP `status` of REST, and a short `title`."""

    code: str
    status: int
    title: str


PROBLEMS: dict[str, ProblemKind] = {
    kind.code: kind
    for kind in (
        ProblemKind("parameter-unknown", 400, "Unknown parameter"),
        ProblemKind("parameter-invalid", 400, "Invalid parameter value"),
        ProblemKind("parameter-repeated", 400, "Parameter given more than once"),
        ProblemKind("parameter-conflict", 400, "Parameters that exclude each other"),
        ProblemKind("cursor-invalid", 400, "Invalid cursor"),
        ProblemKind("changes-token-invalid", 400, "Not a token of this shelf"),
        ProblemKind("query-too-long", 400, "Query too long"),
        ProblemKind("query-too-deep", 400, "Query nested too deeply"),
        ProblemKind("query-too-many-clauses", 400, "Query has too many clauses"),
        ProblemKind("query-too-many-expansions", 400, "Query has too many expanding words"),
        ProblemKind("query-text-invalid", 400, "Query text is not valid Unicode"),
        ProblemKind("request-malformed", 400, "Not an HTTP request"),
        ProblemKind("request-timeout", 408, "Request arrived too slowly"),
        ProblemKind("address-too-long", 414, "Address too long"),
        ProblemKind("head-too-large", 431, "Request line and headers too large"),
        ProblemKind("expectation-failed", 417, "Unknown expectation"),
        ProblemKind("transfer-coding-unsupported", 400, "Unknown transfer coding"),
        ProblemKind("rate-limited", 429, "Too many requests"),
        ProblemKind("header-invalid", 400, "Invalid header"),
        ProblemKind("host-not-allowed", 400, "Host not allowed"),
        ProblemKind("origin-not-allowed", 403, "Origin not allowed"),
        ProblemKind("writes-disabled", 403, "This server takes no papers"),
        ProblemKind("token-missing", 401, "Token needed"),
        ProblemKind("token-invalid", 401, "Wrong token"),
        ProblemKind("body-not-json", 400, "Body is not valid JSON"),
        ProblemKind("body-invalid", 422, "Body has an invalid member"),
        ProblemKind("body-too-large", 413, "Body too large"),
        ProblemKind("source-unreadable", 422, "No papers can be read from this"),
        ProblemKind("media-type-unsupported", 415, "Unsupported media type"),
        ProblemKind("not-acceptable", 406, "Not acceptable"),
        ProblemKind("method-not-allowed", 405, "Method not allowed"),
        ProblemKind("route-not-found", 404, "No such address"),
        ProblemKind("paper-not-found", 404, "No such paper"),
        ProblemKind("paper-removed", 410, "Paper was removed"),
        ProblemKind("day-not-found", 404, "No papers listed on that day"),
        ProblemKind("shelf-follows", 409, "The shelf is the copy of another"),
        ProblemKind("graphql-parse", 400, "GraphQL syntax error"),
        ProblemKind("graphql-validation", 400, "GraphQL document is not valid for the schema"),
        ProblemKind("graphql-coercion", 400, "GraphQL value does not fit its type"),
        ProblemKind("graphql-limit", 400, "GraphQL document exceeds a limit"),
        ProblemKind("graphql-request-invalid", 400, "Invalid GraphQL request"),
        ProblemKind("PERSISTED_QUERY_NOT_FOUND", 400, "Persisted query is not known here"),
        ProblemKind("server-busy", 503, "Too much at once"),
        ProblemKind("starting", 503, "The index is catching up"),
        ProblemKind("time-budget", 503, "Request took too long"),
        ProblemKind("store-failed", 503, "The papers could not be written"),
        ProblemKind("internal", 500, "Internal error"),
    )
}


@dataclass(frozen=True, slots=True)
class ParameterError:
    """One fault of a request: which parameter or member, a code, what would be right.

    `suggestion` is a value that would pass (the nearest valid name, the limit), or None.
    """

    parameter: str
    code: str
    message: str
    suggestion: str | None = None


class Problem(Exception):  # noqa: N818  (RFC 9457 calls it a problem)
    """A refusal that a client may read: a code of `PROBLEMS`, a sentence, and the faults."""

    def __init__(self, code: str, detail: str, errors: Sequence[ParameterError] = ()) -> None:
        super().__init__(detail)
        self.kind = PROBLEMS[code]
        self.detail = detail
        self.errors = tuple(errors)

    @property
    def code(self) -> str:
        """The stable code, equal in REST (`code`) and GraphQL (`extensions.code`)."""
        return self.kind.code


def no_paper(identifier: str, *, removed: bool) -> Problem:
    """The problem of an id that no paper has, or none has any more."""
    if removed:
        return Problem("paper-removed", f"The paper {identifier[:200]} was removed.")
    return Problem("paper-not-found", f"There is no paper with the id {identifier[:200]}.")
