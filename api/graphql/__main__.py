"""Print the GraphQL schema: `python -m api.graphql > schema/contracts/schema.graphql`."""

from api.graphql.query import build_schema, schema_text

if __name__ == "__main__":
    print(schema_text(build_schema()), end="")
