"""Alembic migrations of the store; `index.store_file.migrate` runs them when a file is opened."""
