"""Runs the migrations on the connection, and in the transaction, that the caller hands over."""

from alembic import context
from sqlmodel import SQLModel

import schema.paper  # noqa: F401  (declares the tables)

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
)
context.run_migrations()
