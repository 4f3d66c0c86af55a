"""What an operation of REST is: what it takes and answers, and to which group it belongs."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from schema.parameters import Parameter

JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"
HTML = "text/html"
TEXT = "text/plain"
MARKDOWN = "text/markdown"
NDJSON_MEDIA = "application/x-ndjson"
CSV_MEDIA = "text/csv"
BIBTEX_MEDIA = "application/x-bibtex"
RIS_MEDIA = "application/x-research-info-systems"
CSL_MEDIA = "application/vnd.citationstyles.csl+json"
ATOM_MEDIA = "application/atom+xml"
RSS_MEDIA = "application/rss+xml"
JSON_FEED_MEDIA = "application/feed+json"

OF_PAPERS: Mapping[str, None] = dict.fromkeys(
    (MARKDOWN, NDJSON_MEDIA, CSV_MEDIA, BIBTEX_MEDIA, RIS_MEDIA, CSL_MEDIA)
)
"""The forms of every answer that shows papers, besides JSON: the rows of `api.renderings`."""

OF_PAGES: Mapping[str, None] = {
    **OF_PAPERS,
    **dict.fromkeys((ATOM_MEDIA, RSS_MEDIA, JSON_FEED_MEDIA)),
}
"""The forms of the papers of a search or a day, which may be followed as feeds too."""


@dataclass(frozen=True, slots=True)
class Body:
    """A body: the name of its schema (None: bytes), what it is, one that passes, its media type."""

    schema_name: str | None
    description: str
    example: object
    media: str = JSON


@dataclass(frozen=True, slots=True)
class Success:
    """What a 200 brings: for each media type the name of its schema, None for plain text.

    `tagged` answers may carry an `ETag`, and a request that names it gets 304; `linked` ones carry
    a `Link` where a page has neighbours, and `warned` ones tell in a header what was not taken as
    written.
    """

    description: str
    content: Mapping[str, str | None]
    tagged: bool = False
    linked: bool = False
    warned: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """A row: `method` and `path`, where `{name}` stands for a member of `path_parameters`.

    `query` holds the parameters of the URL by name, and there are no others. `problems` are the
    codes of `schema.errors.PROBLEMS` that this operation may answer besides those that any request
    may meet. `secured` ones need the token.
    """

    method: str
    path: str
    operation_id: str
    tag: str
    summary: str
    description: str
    answer: Success
    query: Mapping[str, Parameter] = field(default_factory=dict)
    path_parameters: Mapping[str, Parameter] = field(default_factory=dict)
    body: Body | None = None
    problems: tuple[str, ...] = ()
    secured: bool = False

    @property
    def prefix(self) -> str:
        """The path up to its parameter, of which there is one at most; the path without one."""
        return self.path.partition("{")[0]

    @property
    def suffix(self) -> str:
        """The path behind its parameter."""
        return self.path.partition("}")[2]


@dataclass(frozen=True, slots=True)
class Tag:
    """A group of operations."""

    name: str
    description: str
    problems: tuple[str, ...] = ()
