"""The full-text engines by name; see `index.engine` for the protocol that they keep."""

from importlib import import_module
from pathlib import Path
from typing import cast

from index.engine import Engine

ENGINES: dict[str, tuple[str, str]] = {
    "tantivy": ("index.engines.tantivy_engine", "TantivyEngine"),
    "whoosh": ("index.engines.whoosh_engine", "WhooshEngine"),
}
"""Module and class of each engine; a module is imported only when its engine is wanted."""


def open_engine(name: str, folder: Path, identity: str) -> Engine:
    """An engine that keeps its files in a folder of its own in `folder`, for one store.

    Opening writes nothing; an index is made by `rebuild`. Raises `ValueError` for a name that is
    not in `ENGINES`.
    """
    if name not in ENGINES:
        raise ValueError(f"there is no engine {name!r}; engines are {', '.join(ENGINES)}")
    module, made_by = ENGINES[name]
    return cast(Engine, getattr(import_module(module), made_by)(folder / name, identity))
