"""What a source says of a paper, before the store has met it."""

from dataclasses import dataclass, field
from enum import StrEnum


class Precision(StrEnum):
    """How much of a publication date is known; `publishedAt` is the first day of it."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"


class LinkKind(StrEnum):
    """What a link leads to; an organisation's page is `other`."""

    CODE = "code"
    PROJECT = "project"
    MODEL = "model"
    DATASET = "dataset"
    PAPER = "paper"
    OTHER = "other"


class ExternalIdKind(StrEnum):
    """The registries whose identifiers a paper may carry."""

    ARXIV = "arxiv"
    DOI = "doi"
    ACL = "acl"
    S2 = "s2"
    OPENALEX = "openalex"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Published:
    """A publication date as a source gives it.

    `day` is ISO `YYYY-MM-DD`, the first day of `precision`; `raw` is the text as written, kept
    even where no day could be made of it (`day` and `precision` are then None).
    """

    day: str | None = None
    precision: Precision | None = None
    year_inferred: bool = False
    raw: str | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """A canonical http(s) URL found in a record, and what it leads to."""

    url: str
    kind: LinkKind


@dataclass(frozen=True, slots=True)
class Listing:
    """The paper stood on a page of `day` (ISO) at `position` (from 1; None: no order known)."""

    day: str
    position: int | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes `start` to `end` (exclusive) of the decompressed source; `line` counts from 1."""

    start: int
    end: int
    line: int


@dataclass(frozen=True, slots=True)
class PaperRecord:
    """One paper as one source describes it. None means that the source does not say.

    `id` is only set by our own export. `authors` is None when at most a count is known; a list is
    never invented. `external_ids` maps a kind to its normalised value (arXiv ids without version,
    DOIs in lower case without resolver). `abstract` is readable text, `abstract_raw` the text
    exactly as the source wrote it.
    """

    title: str
    span: Span
    id: str | None = None
    abstract: str = ""
    abstract_raw: str = ""
    authors: tuple[str, ...] | None = None
    author_count: int | None = None
    published: Published = Published()
    listings: tuple[Listing, ...] = ()
    upvotes: int | None = None
    comments: int | None = None
    links: tuple[Link, ...] = ()
    categories: tuple[str, ...] = ()
    external_ids: dict[ExternalIdKind, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reject:
    """A part of a source that could not become a paper: where, why, and the text itself (cut)."""

    line: int
    reason: str
    excerpt: str


@dataclass(frozen=True, slots=True)
class SourceWarning:
    """Something in a source that was read, but not as written: where and why."""

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class SourceFile:
    """Where records came from: the name as given (no folder), SHA-256 of the bytes as stored."""

    name: str
    sha256: str
