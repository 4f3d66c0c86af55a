"""Documents: parsed, measured and validated once, and remembered by their text."""

from collections import OrderedDict

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    parse,
    recommended_rules,
    specified_rules,
    validate,
)

from api.graphql import limits
from api.graphql.work import Operation, read_operation
from schema.errors import Problem

CACHED_DOCUMENTS = 256
CACHED_CHARACTERS = 65_536
"""Bounds of the memory of documents; a character costs about a hundred bytes as a tree."""

KEPT_OPERATIONS = 4
"""Operations of one document that are kept as read."""

MAX_ERRORS = 10
"""Validation stops after that many."""

_RULES = (*specified_rules, *recommended_rules)


class Refused(Exception):  # noqa: N818
    """A request that is not executed: a code of `PROBLEMS`, and what is wrong."""

    def __init__(self, code: str, errors: list[GraphQLError]) -> None:
        super().__init__(code)
        self.code = code
        self.errors = errors


class Document:
    """A valid document; its operations are read when they are asked for."""

    def __init__(self, graphql_schema: GraphQLSchema, node: DocumentNode) -> None:
        self._schema = graphql_schema
        self._node = node
        self._nodes = operation_nodes(node)
        self._read: dict[str | None, Operation] = {}

    def operation(self, name: str | None) -> Operation:
        """The operation to run; raises `Refused` `graphql-request-invalid` if that is not clear."""
        if name not in self._read:
            if len(self._read) >= KEPT_OPERATIONS:
                self._read.clear()
            self._read[name] = read_operation(self._schema, self._node, self._chosen(name))
        return self._read[name]

    def _chosen(self, name: str | None) -> OperationDefinitionNode:
        if name is None:
            if len(self._nodes) == 1:
                return self._nodes[0]
            message = (
                "The document has several operations; name one in `operationName`."
                if self._nodes
                else "The document has no operation."
            )
        else:
            for node in self._nodes:
                if node.name is not None and node.name.value == name:
                    return node
            message = f"The document has no operation named {name[:100]!r}."
        raise Refused("graphql-request-invalid", [GraphQLError(message)])


def operation_nodes(node: DocumentNode) -> list[OperationDefinitionNode]:
    """The operations of a parsed document."""
    return [each for each in node.definitions if isinstance(each, OperationDefinitionNode)]


class Documents:
    """The documents of one schema, most recently used last."""

    def __init__(self, graphql_schema: GraphQLSchema) -> None:
        self._schema = graphql_schema
        self._known: OrderedDict[str, Document] = OrderedDict()
        self.characters = 0

    def __len__(self) -> int:
        """How many are remembered; `characters` is their length in all."""
        return len(self._known)

    def get(self, text: str) -> Document:
        """The document of `text`; raises `Refused` with what is wrong with it."""
        known = self._known.get(text)
        if known is not None:
            self._known.move_to_end(text)
            return known
        document = self._read(text)
        self._known[text] = document
        self.characters += len(text)
        while self.characters > CACHED_CHARACTERS or len(self._known) > CACHED_DOCUMENTS:
            oldest, _ = self._known.popitem(last=False)
            self.characters -= len(oldest)
        return document

    def _read(self, text: str) -> Document:
        try:
            limits.check_text(text)
            node = parse(
                text,
                max_lexical_tokens=limits.MAX_TOKENS,
                max_comments=limits.MAX_COMMENTS,
                allow_empty_selection_sets=False,
            )
            limits.measure(node)
        except GraphQLError as error:
            code = "graphql-limit" if _aborted(error) else "graphql-parse"
            raise Refused(code, [error]) from None
        except Problem as problem:
            raise Refused(problem.code, [GraphQLError(problem.detail)]) from None
        errors = validate(self._schema, node, _RULES, max_errors=MAX_ERRORS)
        errors += [
            GraphQLError(f"This schema has no {each.operation.value}s.", each)
            for each in operation_nodes(node)
            if each.operation is not OperationType.QUERY and not errors
        ]
        if errors:
            raise Refused("graphql-validation", errors)
        return Document(self._schema, node)


def _aborted(error: GraphQLError) -> bool:
    """Whether the parser stopped at one of its limits, which only its words tell."""
    return "Parsing aborted" in error.message
