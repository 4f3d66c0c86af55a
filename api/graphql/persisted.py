"""Automatic persisted queries, as Apollo's clients and servers do them.

A client sends the SHA-256 of a document instead of its text. Where the hash is not known here it
is told so and sends both, once. https://www.apollographql.com/docs/apollo-server/performance/apq
"""

from collections import OrderedDict

from graphql import GraphQLError

from api.graphql.documents import Documents, Refused

MAX_PERSISTED = 1_000
MAX_PERSISTED_CHARACTERS = 2**20
"""Bounds of the texts that are kept by their hash."""


class PersistedQueries:
    """Texts of valid documents by their hash, the least recently used going first."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._texts: OrderedDict[str, str] = OrderedDict()
        self.characters = 0

    def __len__(self) -> int:
        """How many are kept; `characters` is their length in all."""
        return len(self._texts)

    def text(self, sha256: str, text: str) -> str:
        """The document of a hash: `text`, which is kept, or where that is empty what was kept.

        Raises `Refused`: an unknown hash, or a text that is no document to be executed.
        """
        if not text:
            known = self._texts.get(sha256)
            if known is None:
                # Clients look for these very words.
                error = GraphQLError("PersistedQueryNotFound")
                raise Refused("PERSISTED_QUERY_NOT_FOUND", [error])
            self._texts.move_to_end(sha256)
            return known
        self._documents.get(text)
        if sha256 not in self._texts:
            self._texts[sha256] = text
            self.characters += len(text)
            while self.characters > MAX_PERSISTED_CHARACTERS or len(self._texts) > MAX_PERSISTED:
                _, oldest = self._texts.popitem(last=False)
                self.characters -= len(oldest)
        return text
