"""The operations that write: rows of the table in `api.routes`, and their group."""

from dataclasses import replace

from api.operation import JSON, Body, Operation, Success, Tag
from api.route_parameters import ID, UPLOAD

BYTES = "application/octet-stream"

EXAMPLE = (
    '{"title": "A Note on Shelves", "abstract": "What stands where, and why.", '
    '"authors": ["Ada Lovelace"], "published": "2025-12-12", "doi": "10.5555/12345678"}\n'
)
REMOVABLE_ID = "extract-free-dense-misalignment-from-clip-af634df6"
"""A paper of the page that `make run` loads, which no other example shows."""

WRITING = Tag(
    "writing",
    "Load and remove papers, with the token of the server.",
    (
        "parameter-unknown",
        "parameter-invalid",
        "parameter-repeated",
        "not-acceptable",
        "token-missing",
        "token-invalid",
        "writes-disabled",
        "origin-not-allowed",
        "server-busy",
        "store-failed",
        "shelf-follows",
    ),
)

WRITE_OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "POST",
        "/v1/papers",
        "loadPapers",
        "writing",
        "Load papers",
        "Load a file, of the same formats as the command line. The same file twice changes "
        "nothing. What cannot be read is reported, and the rest is loaded.",
        Success("What was loaded, and what was not.", {JSON: "LoadAnswer"}),
        UPLOAD,
        body=Body(
            None,
            "The file: JSON lines, one paper a line, or a Daily Papers page; plain or gzip. Its "
            "content tells which it is, whatever `Content-Type` and `Content-Encoding` say.",
            EXAMPLE,
            BYTES,
        ),
        problems=("body-too-large", "media-type-unsupported", "source-unreadable"),
        secured=True,
    ),
    Operation(
        "DELETE",
        "/v1/papers/{id}",
        "removePaper",
        "writing",
        "Remove a paper",
        "Remove a paper by any of its ids, for good. From the answer on nothing finds it; loading "
        "it again brings it back.",
        Success("The paper's own id.", {JSON: "RemovalAnswer"}),
        path_parameters={"id": replace(ID, example=REMOVABLE_ID)},
        problems=("paper-not-found", "paper-removed"),
        secured=True,
    ),
)
