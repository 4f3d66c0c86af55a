"""gql: the schema by introspection, documents validated against it, three transports."""

import asyncio
import datetime
from typing import Any

import gql
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.exceptions import TransportQueryError
from gql.transport.httpx import HTTPXAsyncTransport, HTTPXTransport
from gql.utilities import update_schema_scalar
from graphql import GraphQLError, GraphQLScalarType
from judging import ENDPOINT, check, rest, versions

WALK = """
  query Walk($query: String, $orderBy: [PaperOrder!], $first: Int, $after: String) {
    papers(query: $query, orderBy: $orderBy, first: $first, after: $after) {
      totalCount
      nodes { id title publishedAt publishedPrecision }
      pageInfo { hasNextPage endCursor }
    }
  }
"""
EXPECTED = rest("/v1/papers?q=alignment&sort=title&limit=100")
ORDER = [{"field": "TITLE"}]
DAY = GraphQLScalarType("Date", parse_value=datetime.date.fromisoformat)


def rows() -> list[dict[str, Any]]:
    """The papers as gql shall give them: dates as dates."""
    return [
        {
            "id": paper["id"],
            "title": paper["title"],
            "publishedAt": paper["publishedAt"]
            and datetime.date.fromisoformat(paper["publishedAt"]),
            "publishedPrecision": paper["publishedPrecision"]
            and paper["publishedPrecision"].upper(),
        }
        for paper in EXPECTED["data"]
    ]


def page(after: str | None) -> gql.GraphQLRequest:
    """The request of one page."""
    values = {"query": "alignment", "orderBy": ORDER, "first": 11, "after": after}
    return gql.GraphQLRequest(WALK, variable_values=values)


def taken(papers: dict[str, Any], seen: list[dict[str, Any]]) -> str | None:
    """Add a page to what was seen; the cursor to go on from, None at the end."""
    check(papers["totalCount"] == EXPECTED["meta"]["total"], papers["totalCount"])
    seen += papers["nodes"]
    info = papers["pageInfo"]
    return info["endCursor"] if info["hasNextPage"] else None


def walk(session: Any) -> list[dict[str, Any]]:
    """All pages by a synchronous session."""
    seen: list[dict[str, Any]] = []
    after = taken(session.execute(page(None), parse_result=True)["papers"], seen)
    while after:
        after = taken(session.execute(page(after), parse_result=True)["papers"], seen)
    return seen


async def walk_async(transport: Any) -> list[dict[str, Any]]:
    """All pages by an asynchronous one."""
    seen: list[dict[str, Any]] = []
    client = gql.Client(transport=transport, fetch_schema_from_transport=True)
    async with client as session:
        update_schema_scalar(client.schema, "Date", DAY)
        after: str | None = ""
        while after is not None:
            answer = await session.execute(page(after or None), parse_result=True)
            after = taken(answer["papers"], seen)
    return seen


def refusals(session: Any) -> None:
    """Wrong documents are refused by the schema that was fetched, wrong values by the server."""
    try:
        session.execute(gql.gql("{ papers { nodes { tittle } } }"))
    except GraphQLError as error:
        check("tittle" in error.message, error.message)
    else:
        raise AssertionError("an unknown field passed")
    try:
        session.execute(gql.gql("{ papers(first: 101) { totalCount } }"))
    except TransportQueryError as error:
        check(error.errors[0]["extensions"]["code"] == "parameter-invalid", error.errors)
    else:
        raise AssertionError("first: 101 passed")


def main() -> None:
    """Walk by every transport."""
    client = gql.Client(transport=HTTPXTransport(ENDPOINT), fetch_schema_from_transport=True)
    with client as session:
        update_schema_scalar(client.schema, "Date", DAY)
        walks = [walk(session)]
        refusals(session)
    for transport in (HTTPXAsyncTransport(ENDPOINT), AIOHTTPTransport(ENDPOINT)):
        walks.append(asyncio.run(walk_async(transport)))
    for seen in walks:
        check(seen == rows(), seen)
    print(
        f"{versions('gql', 'graphql-core')}: {len(walks[0])} papers by each of {len(walks)} "
        "transports, documents validated by introspection"
    )


if __name__ == "__main__":
    main()
