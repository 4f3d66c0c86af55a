"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make all tables."""
    _papers()
    _members()
    _origins()
    _bookkeeping()


def _papers() -> None:
    """Papers and their stored JSON."""
    op.create_table(
        "paper",
        sa.Column("rowid", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("tie", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("title_key", sa.String(), nullable=False),
        sa.Column("abstract", sa.String(), nullable=False),
        sa.Column("abstract_raw", sa.String(), nullable=True),
        sa.Column("author_count", sa.Integer(), nullable=True),
        sa.Column("published_at", sa.String(), nullable=True),
        sa.Column("published_precision", sa.String(), nullable=True),
        sa.Column("published_year_inferred", sa.Boolean(), nullable=False),
        sa.Column("published_raw", sa.String(), nullable=True),
        sa.Column("published_second", sa.String(), nullable=True),
        sa.Column("upvotes", sa.Integer(), nullable=True),
        sa.Column("comments", sa.Integer(), nullable=True),
        sa.Column("created_seq", sa.Integer(), nullable=False),
        sa.Column("updated_seq", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("rowid"),
        sa.UniqueConstraint("id"),
        sa.UniqueConstraint("tie"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_paper_published_at", "paper", ["published_at"])
    op.create_index("ix_paper_title_key", "paper", ["title_key"])
    op.create_table(
        "rendering",
        sa.Column("rowid", sa.Integer(), nullable=False),
        sa.Column("row", sa.LargeBinary(), nullable=False),
        sa.Column("rest", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["rowid"], ["paper.rowid"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("rowid"),
    )


def _members() -> None:
    """What a paper may have several of."""
    op.create_table(
        "author",
        sa.Column("paper", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["paper"], ["paper.rowid"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("paper", "position"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "link",
        sa.Column("paper", sa.Integer(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["paper"], ["paper.rowid"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("paper", "url"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "category",
        sa.Column("paper", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["paper"], ["paper.rowid"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("paper", "name"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "externalid",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("paper", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["paper"], ["paper.rowid"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("kind", "value"),
        sa.UniqueConstraint("paper", "kind"),
        sqlite_with_rowid=False,
    )


def _origins() -> None:
    """Where papers come from, and on which days they are listed."""
    op.create_table(
        "source",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("sha256"),
    )
    op.create_table(
        "papersource",
        sa.Column("paper", sa.Integer(), nullable=False),
        sa.Column("source", sa.Integer(), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["paper"], ["paper.rowid"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["source"], ["source.number"]),
        sa.PrimaryKeyConstraint("paper", "source"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_papersource_span", "papersource", ["source", "start"])
    op.create_table(
        "listing",
        sa.Column("paper", sa.Integer(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("source", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["paper"], ["paper.rowid"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["source"], ["source.number"]),
        sa.PrimaryKeyConstraint("paper", "day", "source"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_listing_day", "listing", ["day", "paper"])


def _bookkeeping() -> None:
    """Changes, tombstones, facts of the shelf."""
    op.create_table(
        "change",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("paper", sa.Integer(), nullable=False),
        sa.Column("paper_id", sa.String(), nullable=False),
        sa.Column("op", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("paper"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "tombstone",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("paper_id", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_tombstone_paper_id", "tombstone", ["paper_id"])
    op.create_table(
        "meta",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
        sqlite_with_rowid=False,
    )
