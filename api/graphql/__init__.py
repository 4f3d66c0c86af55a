"""GraphQL at `/graphql`: Strawberry's types, graphql-core's execution, our limits and errors."""

from api.graphql.door import GraphQLDoor

__all__ = ["GraphQLDoor"]
