"""Migrations: they make what the tables declare, and keep what is there."""

import sqlite3
import time
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


def set_back(path: Path) -> None:
    """Make a file what the first version of the program left: migration 0001."""
    connection = sqlite3.connect(path)
    for column in ("at", "keys"):
        connection.execute(f"ALTER TABLE change DROP COLUMN {column}")
    connection.execute("UPDATE alembic_version SET version_num = '0001'")
    connection.commit()
    connection.close()


def test_a_shelf_of_the_first_version_is_migrated_with_its_papers(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    written = write(store, record("A", arxiv="2407.00001"), record("B"), record("C", doi="10.1/c"))
    store.remove([written[2].id or ""])
    before, identity, position = papers(store), store.identity, store.position()
    fresh = definitions(store._file.path)
    store.close()
    set_back(tmp_path / "data" / FILE_NAME)
    assert definitions(tmp_path / "data" / FILE_NAME) != fresh
    began = int(time.time())
    store = open_store(tmp_path)
    assert (papers(store), store.identity, store.position()) == (before, identity, position)
    assert store.verify() == []
    assert {name: parts(sql) for name, sql in definitions(store._file.path).items()} == {
        name: parts(sql) for name, sql in fresh.items()
    }
    reader = store.reader()
    changed_at = reader.changed_at([1, 2, 3, 4])
    reader.close()
    assert changed_at.keys() == {1, 2, 3}
    assert all(began <= at <= time.time() for at in changed_at.values())
    keys = store._file.query("SELECT paper, keys FROM change ORDER BY paper")
    assert keys == [(1, None), (2, None), (3, f'["{written[2].id}","doi:10.1/c"]')]
    with store._file.writing() as each:
        migrate(each, store._file.path)  # nothing is left to do
    assert papers(store) == before
    store.close()
