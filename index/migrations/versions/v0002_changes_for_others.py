"""Changes say when they were made, and removals which keys they took: for those who follow."""

import json
import time
from collections import defaultdict

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; what is there is taken to be as old as the migration."""
    op.add_column("change", sa.Column("at", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("change", sa.Column("keys", sa.String(), nullable=True))
    connection = op.get_bind()
    connection.execute(sa.text("UPDATE change SET at = :now"), {"now": int(time.time())})
    keys = defaultdict(list)
    for seq, key in connection.execute(sa.text("SELECT seq, key FROM tombstone ORDER BY key")):
        keys[seq].append(key)
    connection.execute(sa.text("UPDATE change SET keys = '[]' WHERE op = 'remove'"))
    for seq, found in keys.items():
        connection.execute(
            sa.text("UPDATE change SET keys = :keys WHERE seq = :seq"),
            {"keys": json.dumps(found, separators=(",", ":")), "seq": seq},
        )
