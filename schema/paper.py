"""The tables of the store. One paper is a row of `Paper`, with rows around it that repeat.

Days are ISO `YYYY-MM-DD` texts. Every child row goes with its paper (ON DELETE CASCADE). `Paper`
keeps what the sources say; what follows from it (`authorCount` of a list of names, `listedAt`,
`hasCode`) is only worked out in `Rendering`.
"""

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel


def _paper(*, primary_key: bool = False, indexed: bool = False) -> Column[int]:
    """The column by which a row belongs to a paper."""
    return Column(
        "paper",
        ForeignKey("paper.rowid", ondelete="CASCADE"),
        primary_key=primary_key,
        nullable=False,
        index=indexed,
    )


class Paper(SQLModel, table=True):
    """A paper: its own `id` for people, `rowid` for engines, and all that it has at most once.

    `rowid` and `tie` are never given twice; `tie` orders papers that are otherwise equal.
    `title_key` is the normalised title under which the same work is found; `abstract_raw` is null
    where the abstract was written just as it reads. `author_count` is a
    count that a source gives, null where there is only a list of names. `published_second` is a
    JSON array (day, precision, year inferred, raw): the other date where sources give a written
    and an inferred one, kept because a later source can decide between them.
    """

    __table_args__ = {"sqlite_autoincrement": True}

    rowid: int = Field(primary_key=True)
    id: str = Field(unique=True)
    tie: int = Field(unique=True)
    title: str
    title_key: str = Field(index=True)
    abstract: str
    abstract_raw: str | None
    author_count: int | None
    published_at: str | None = Field(index=True)
    published_precision: str | None
    published_year_inferred: bool
    published_raw: str | None
    published_second: str | None
    upvotes: int | None
    comments: int | None
    created_seq: int
    updated_seq: int


class Author(SQLModel, table=True):
    """A name in a paper's list of authors; `position` counts from 0."""

    __table_args__ = {"sqlite_with_rowid": False}

    paper: int = Field(sa_column=_paper(primary_key=True))
    position: int = Field(primary_key=True)
    name: str


class Link(SQLModel, table=True):
    """A link of a paper; `position` is the earliest at which any source has it."""

    __table_args__ = {"sqlite_with_rowid": False}

    paper: int = Field(sa_column=_paper(primary_key=True))
    url: str = Field(primary_key=True)
    kind: str
    position: int


class Category(SQLModel, table=True):
    """A subject category of a paper; `position` is the earliest at which any source has it."""

    __table_args__ = {"sqlite_with_rowid": False}

    paper: int = Field(sa_column=_paper(primary_key=True))
    name: str = Field(primary_key=True)
    position: int


class ExternalId(SQLModel, table=True):
    """An identifier that a registry gave; it belongs to one paper, which has one of each kind."""

    __table_args__ = (UniqueConstraint("paper", "kind"), {"sqlite_with_rowid": False})

    kind: str = Field(primary_key=True)
    value: str = Field(primary_key=True)
    paper: int = Field(sa_column=_paper())


class Source(SQLModel, table=True):
    """A file that papers came from; numbered in the order in which files were first met."""

    number: int = Field(primary_key=True)
    name: str
    sha256: str = Field(unique=True)


class PaperSource(SQLModel, table=True):
    """A paper came from bytes `start` to `end` (exclusive) of a source."""

    __table_args__ = (Index("ix_papersource_span", "source", "start"), {"sqlite_with_rowid": False})

    paper: int = Field(sa_column=_paper(primary_key=True))
    source: int = Field(primary_key=True, foreign_key="source.number")
    start: int
    end: int


class Listing(SQLModel, table=True):
    """A source lists a paper on a day, at `position` (from 1) or without an order."""

    __table_args__ = (Index("ix_listing_day", "day", "paper"), {"sqlite_with_rowid": False})

    paper: int = Field(sa_column=_paper(primary_key=True))
    day: str = Field(primary_key=True)
    source: int = Field(primary_key=True, foreign_key="source.number")
    position: int | None


class Rendering(SQLModel, table=True):
    """A paper's JSON, UTF-8: `row` is the object of a list, `rest` has its further members."""

    rowid: int = Field(
        sa_column=Column("rowid", ForeignKey("paper.rowid", ondelete="CASCADE"), primary_key=True)
    )
    row: bytes = Field(sa_type=LargeBinary)
    rest: bytes = Field(sa_type=LargeBinary)


class Change(SQLModel, table=True):
    """The outbox: the last change of each paper, `op` is put or remove.

    `seq` is never given twice, so the newest ever given is the position of the store. `paper` is
    the row number, which stays after the paper is gone; `paper_id` the id it has or had. `at` is
    when it was made, in seconds since 1970 UTC. `keys`, of a removal alone, is a JSON array: all
    keys that the paper had, also where a later paper took one and so ended the tombstone.
    """

    __table_args__ = {"sqlite_autoincrement": True}

    seq: int = Field(primary_key=True)
    paper: int = Field(unique=True)
    paper_id: str
    op: str
    at: int = Field(sa_column_kwargs={"server_default": "0"})
    keys: str | None


class Tombstone(SQLModel, table=True):
    """A key (own id or `kind:value`) of a removed paper, the id it had, and the removal's `seq`."""

    __table_args__ = {"sqlite_with_rowid": False}

    key: str = Field(primary_key=True)
    paper_id: str = Field(index=True)
    seq: int


class Meta(SQLModel, table=True):
    """Facts of the shelf itself; `identity` is a random name that ties an index to this file."""

    __table_args__ = {"sqlite_with_rowid": False}

    key: str = Field(primary_key=True)
    value: str
