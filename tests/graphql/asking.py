"""Asks a door the way a client does, over ASGI."""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx

from api.graphql import GraphQLDoor

GRAPHQL_JSON = "application/graphql-response+json"


class Client:
    def __init__(self, door: GraphQLDoor) -> None:
        self.door = door

    def send(self, method: str, path: str = "/graphql", **options: Any) -> httpx.Response:
        async def exchange() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.door)
            async with httpx.AsyncClient(transport=transport, base_url="http://shelf") as client:
                return await client.request(method, path, **options)

        return asyncio.run(exchange())

    def post(
        self, query: str, variables: Mapping[str, Any] | None = None, name: str | None = None
    ) -> httpx.Response:
        body = {"query": query, "variables": variables, "operationName": name}
        return self.send("POST", json=body, headers={"accept": GRAPHQL_JSON})

    def data(self, document: str, /, **variables: Any) -> Any:
        """The data of an answer without errors."""
        answer = self.post(document, variables)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert "errors" not in body, body
        return body["data"]

    def errors(self, document: str, /, status: int = 400, **variables: Any) -> list[Any]:
        """The errors of an answer that has some."""
        answer = self.post(document, variables)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"].startswith(GRAPHQL_JSON)
        return answer.json()["errors"]

    def codes(self, document: str, /, status: int = 400, **variables: Any) -> list[str]:
        return [each["extensions"]["code"] for each in self.errors(document, status, **variables)]
