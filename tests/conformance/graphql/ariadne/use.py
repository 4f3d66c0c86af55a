"""A program over the client that ariadne-codegen makes; mypy reads it too."""

import asyncio
import os
from collections.abc import Callable
from typing import Any

from papers_client import (
    AuthorCountFilter,
    Client,
    GraphQLClientGraphQLMultiError,
    LinkKind,
    OrderDirection,
    PaperFilter,
    PaperItem,
    PaperOrder,
    PaperSortField,
)

FILTER = PaperFilter(author_count=AuthorCountFilter(min=3), has_code=True)
ORDER = [PaperOrder(field=PaperSortField.PUBLISHED_AT, direction=OrderDirection.DESC)]
SAME = "/v1/papers?minAuthors=3&hasCode=true&sort=-publishedAt&limit=100&facets=hasCode"


def shown(paper: PaperItem) -> dict[str, Any]:
    """A paper as REST writes it, in part."""
    kinds: list[LinkKind] = [link.kind for link in paper.links]
    return {
        "id": paper.id,
        "title": paper.title,
        "publishedAt": paper.published_at,
        "upvotes": paper.upvotes,
        "authors": paper.authors and [{"name": author.name} for author in paper.authors],
        "links": [
            {"url": link.url, "kind": kind.value.lower()}
            for link, kind in zip(paper.links, kinds, strict=True)
        ],
    }


async def walk(client: Client, expected: dict[str, Any]) -> int:
    """All pages of a filtered list, against REST's."""
    seen: list[dict[str, Any]] = []
    after: str | None = None
    while True:
        papers = (await client.list_papers(None, FILTER, ORDER, 2, after)).papers
        assert papers.total_count == expected["meta"]["total"], papers.total_count
        assert papers.facets.has_code is not None
        counted = {each.value: each.count for each in papers.facets.has_code.values}
        values = expected["facets"]["hasCode"]["values"]
        assert counted == {each["value"]: each["count"] for each in values}, counted
        seen += [shown(edge.node) for edge in papers.edges]
        if not papers.page_info.has_next_page:
            break
        after = papers.page_info.end_cursor
    members = list(seen[0])
    assert seen == [{name: row[name] for name in members} for row in expected["data"]], seen
    return len(seen)


async def use(rest: Callable[[str], Any]) -> int:
    """Walk, look one up, be refused; the number of papers seen."""
    async with Client(os.environ["CONFORMANCE_URL"] + "/graphql") as client:
        seen = await walk(client, rest(SAME))
        wanted = rest("/v1/papers/" + rest("/v1/papers?q=alignment&limit=1")["data"][0]["id"])
        one = await client.get_paper(wanted["data"]["id"])
        assert one.paper is not None
        assert one.paper.abstract == wanted["data"]["abstract"]
        assert one.paper.sources is not None
        assert one.paper.sources[0].end == wanted["data"]["sources"][0]["end"]
        assert one.node is not None
        assert one.node.id == wanted["data"]["id"]
        assert (await client.get_paper("nobody")).paper is None
        try:
            await client.list_papers(first=-1)
        except GraphQLClientGraphQLMultiError as error:
            codes = [(each.extensions or {}).get("code") for each in error.errors]
            assert codes == ["parameter-invalid"], codes
        else:
            raise AssertionError("first: -1 passed")
    return seen


def run(rest: Callable[[str], Any]) -> int:
    """The same from a program that is not asynchronous."""
    return asyncio.run(use(rest))
