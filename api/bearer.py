"""Who may write: whoever shows the token, as RFC 6750 has it."""

import hmac
from collections.abc import Mapping
from hashlib import sha256

from starlette.types import Scope

from api.http import header
from schema.errors import Problem

CHALLENGES: Mapping[str, bytes] = {
    "token-missing": b'Bearer realm="papershelf"',
    "token-invalid": b'Bearer realm="papershelf", error="invalid_token"',
}
"""The `WWW-Authenticate` of a refusal (RFC 6750, section 3), by its code."""


class Bearer:
    """Knows a token by its hash alone; without a token nobody may write."""

    def __init__(self, token: str) -> None:
        self._digest = sha256(token.encode()).digest() if token else b""

    def check(self, scope: Scope) -> None:
        """Raise `Problem` unless the request has `Authorization: Bearer` and the token.

        That takes the same time however much of a token is right: the hashes are compared.
        """
        if not self._digest:
            message = (
                "This server takes no papers by HTTP. Whoever runs it allows that by a token of at "
                "least 16 characters in PAPERSHELF_TOKEN, or in the file of PAPERSHELF_TOKEN_FILE."
            )
            raise Problem("writes-disabled", message)
        scheme, _, given = header(scope, b"authorization").partition(" ")
        if scheme.lower() != "bearer":
            message = "Who writes must show the token of this server: `Authorization: Bearer ...`."
            raise Problem("token-missing", message)
        digest = sha256(given.strip(" ").encode("latin-1")).digest()
        if not hmac.compare_digest(digest, self._digest):
            raise Problem("token-invalid", "That is not the token of this server.")
