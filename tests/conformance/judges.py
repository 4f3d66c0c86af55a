"""The table of judges."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.conformance.tools import NodeTools, PythonTools, Tools
from tests.paths import REPOSITORY

HERE = Path(__file__).resolve().parent

PYTHON = PythonTools(REPOSITORY / "requirements-conformance.lock", REPOSITORY / ".venv/conformance")
GRAPHQL = NodeTools(HERE / "graphql", PYTHON)
OPENAPI = NodeTools(HERE / "openapi", PYTHON)


@dataclass(frozen=True, slots=True)
class Judge:
    """A row of the table: `script` is run with `tools`, for `seconds` at most."""

    name: str
    about: str
    tools: Tools
    script: Path
    seconds: int = 180


JUDGES: Sequence[Judge] = (
    Judge(
        "audit",
        "GraphQL over HTTP, as the audits of graphql-http have it",
        GRAPHQL,
        HERE / "graphql" / "audit.mjs",
    ),
    Judge(
        "introspection",
        "introspection against the schema's text, by graphql-js",
        GRAPHQL,
        HERE / "graphql" / "introspection.mjs",
    ),
    Judge(
        "lint",
        "the schema under graphql-schema-linter and @graphql-eslint",
        GRAPHQL,
        HERE / "graphql" / "lint.mjs",
    ),
    Judge(
        "relay",
        "relay-compiler and relay-runtime: paging both ways, refetch, one record a paper",
        GRAPHQL,
        HERE / "graphql" / "relay.mjs",
    ),
    Judge(
        "apollo",
        "Apollo Client: relayStylePagination, its cache, automatic persisted queries",
        GRAPHQL,
        HERE / "graphql" / "apollo.mjs",
    ),
    Judge(
        "urql",
        "urql with graphcache: schema awareness, relayPagination",
        GRAPHQL,
        HERE / "graphql" / "urql.mjs",
    ),
    Judge(
        "codegen",
        "graphql-codegen's client preset, compiled strictly and run",
        GRAPHQL,
        HERE / "graphql" / "codegen.mjs",
    ),
    Judge(
        "gql",
        "gql for Python: introspection, validation, three transports",
        PYTHON,
        HERE / "graphql" / "gql_client.py",
    ),
    Judge(
        "ariadne-codegen",
        "a typed Python client, made from introspection, clean under mypy",
        PYTHON,
        HERE / "graphql" / "ariadne_client.py",
    ),
    Judge(
        "spectral",
        "the OpenAPI description under all rules of Spectral",
        OPENAPI,
        HERE / "openapi" / "spectral.mjs",
    ),
    Judge(
        "redocly",
        "the description under Redocly's recommended rules, strictly",
        OPENAPI,
        HERE / "openapi" / "redocly.mjs",
    ),
    Judge(
        "typescript",
        "openapi-typescript and openapi-fetch, compiled strictly and run",
        OPENAPI,
        HERE / "openapi" / "typescript.mjs",
    ),
    Judge(
        "python",
        "openapi-python-client's client, clean under mypy and run",
        PYTHON,
        HERE / "openapi" / "python_client.py",
    ),
    Judge(
        "mcp",
        "the official client of MCP for Python: three ways in, every tool, refusals",
        PYTHON,
        HERE / "mcp" / "official_client.py",
    ),
    Judge(
        "pandoc",
        "Pandoc reads citations as BibTeX, RIS and CSL-JSON, and cites by them",
        PYTHON,
        HERE / "citations" / "pandoc.py",
    ),
    # The last: it loads papers, and removes some.
    Judge(
        "schemathesis",
        "REST against its description: writes too, all checks, stateful; 5 minutes with --full",
        PYTHON,
        HERE / "openapi" / "fuzz.py",
        seconds=480,
    ),
)
