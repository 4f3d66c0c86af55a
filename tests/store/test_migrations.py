"""Migrations: they make what the tables declare, and keep what is there."""

import sqlite3
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlmodel import SQLModel

from index.store import Store
from index.store_file import FILE_NAME, HEAD, migrate
from tests.paths import REPOSITORY
from tests.store.build import open_store, papers, record, write


def scripts() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(REPOSITORY / "index" / "migrations"))
    config.set_main_option("path_separator", "os")
    return ScriptDirectory.from_config(config)


def test_head_is_the_newest_migration() -> None:
    assert scripts().get_current_head() == HEAD


def test_a_fresh_file_has_the_declared_tables(store: Store) -> None:
    with store._file.writing() as connection:
        assert compare_metadata(MigrationContext.configure(connection), SQLModel.metadata) == []


def definitions(path: Path) -> dict[str, str]:
    connection = sqlite3.connect(path)
    rows = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' "
        "AND name != 'alembic_version'"
    ).fetchall()
    connection.close()
    return {name: " ".join(sql.split()) for name, sql in rows}


def parts(sql: str) -> list[str]:
    """A definition's columns and constraints, in any order."""
    head, _, body = sql.partition("(")
    inside, _, tail = body.rpartition(")")
    return sorted(part.strip() for part in [head, *inside.split(", "), tail])


def test_migrations_say_the_same_as_the_declarations_to_the_letter(
    store: Store, tmp_path: Path
) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'declared.sqlite'}")
    SQLModel.metadata.create_all(engine)
    engine.dispose()
    declared = definitions(tmp_path / "declared.sqlite")
    migrated = definitions(store._file.path)
    for name, sql in migrated.items():
        assert parts(sql) == parts(declared[name])
    assert migrated.keys() == declared.keys()


def test_migrating_from_the_first_revision_keeps_the_papers(tmp_path: Path) -> None:
    (first,) = scripts().get_bases()
    store = open_store(tmp_path)
    write(store, record("A", arxiv="2407.00001"), record("B"))
    before, identity = papers(store), store.identity
    store.close()
    connection = sqlite3.connect(tmp_path / "data" / FILE_NAME)
    connection.execute("UPDATE alembic_version SET version_num = ?", (first,))
    connection.commit()
    connection.close()
    store = open_store(tmp_path)
    with store._file.writing() as each:
        migrate(each, store._file.path)
    assert (papers(store), store.identity) == (before, identity)
    assert store.verify() == []
    store.close()
