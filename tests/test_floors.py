"""The floors: imports go down only, the parts of `index` do not know one another, files stay short.

Every rule is read from the syntax tree of every file, imports inside functions included.
"""

import ast
import importlib
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.paths import REPOSITORY

FLOORS = {"schema": {"schema"}, "index": {"index", "schema"}, "api": {"api", "index", "schema"}}
"""What each floor may import of ours."""

OUTSIDE = {"tests", "bench", "docs"}

PARTS = {
    "sources": ("index.sources",),
    "store": ("index.store", "index.merge", "index.migrations"),
    "language": ("index.language", "index.lexer", "index.leaves", "index.fields"),
    "engines": ("index.engines", "index.expansion"),
}
"""The parts of `index`, by the beginnings of their module names (`index.store_reader` too)."""

LEAVES = (
    "index.recent",
    "index.folding",
    "index.analysis",
    "index.query",
    "index.ranking",
    "index.document",
    "index.engine",
)
"""What every part of `index` may import."""

SERVICE = {
    "index.shelf",
    "index.view",
    "index.batches",
    "index.changes",
    "index.cursors",
    "index.highlight",
    "index.occurrences",
    "index.passages",
    "index.indexer",
    "index.loader",
    "index.page_cache",
    "index.blocks",
    "index.views",
    "index.facets",
    "index.searches",
    "index.feedback",
    "index.spelling",
    "index.daily",
    "index.rescue",
    "index.rewriting",
    "index.suggestions",
    "index.related",
    "index.explanation",
    "index.export",
}
"""The service and its helpers, which hold the parts together."""

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 50
LONG_FILES: set[str] = set()
LONG_FUNCTIONS: set[str] = set()


def sources() -> list[Path]:
    """Every Python file of the three floors."""
    return sorted(path for floor in FLOORS for path in (REPOSITORY / floor).rglob("*.py"))


def module_name(path: Path) -> str:
    parts = path.relative_to(REPOSITORY).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def known_modules() -> set[str]:
    return {module_name(path) for path in sources()}


def imports(path: Path, tree: ast.Module, modules: set[str]) -> Iterator[tuple[int, str]]:
    """Line and full name of each import; `from a import b` names `a.b` where that is a module."""
    name = module_name(path)
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, each.name) for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, *([base] if base else [])])
            for each in node.names:
                full = f"{base}.{each.name}"
                yield node.lineno, full if full in modules else base
        elif isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else None
            called = node.func.id if isinstance(node.func, ast.Name) else called
            if called in ("import_module", "__import__"):
                yield from written_names(tree, modules)


def written_names(tree: ast.Module, modules: set[str]) -> Iterator[tuple[int, str]]:
    """The modules that a file names in its texts: what it can import by a name it computes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and node.value in modules:
            yield node.lineno, str(node.value)


def belongs(module: str, beginnings: Iterable[str]) -> bool:
    """Whether a module is one of `beginnings`, or lies in one, or continues its name after `_`."""
    return any(f"{module}.".startswith((f"{each}.", f"{each}_")) for each in beginnings)


def part_of(module: str) -> str | None:
    """The part of `index` to which a module belongs, or None."""
    return next((part for part, names in PARTS.items() if belongs(module, names)), None)


def faults(path: Path, tree: ast.Module, modules: set[str]) -> list[str]:
    """What a file imports against the floors, one readable line each."""
    name = module_name(path)
    floor = name.partition(".")[0]
    part = part_of(name)
    found = []
    for line, imported in imports(path, tree, modules):
        root = imported.partition(".")[0]
        if root in OUTSIDE or (root in FLOORS and root not in FLOORS[floor]):
            found.append(f"{name}:{line} imports {imported}")
        elif root == "index" and floor == "index":
            other = part_of(imported)
            helper = name not in SERVICE and imported in SERVICE
            stranger = other is not None and other != part and name not in SERVICE
            if helper or stranger or imported == "index":
                found.append(f"{name}:{line} imports {imported}")
    return found


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Name and length in lines of each function of a file."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            end = node.end_lineno or node.lineno
            yield f"{module_name(path)}.{node.name}", end - node.lineno + 1


@pytest.mark.parametrize("path", sources(), ids=module_name)
def test_imports_go_down_only(path: Path) -> None:
    assert faults(path, tree_of(path), known_modules()) == []


@pytest.mark.parametrize(
    ("file", "code"),
    [
        ("schema/x.py", "import index.query"),
        ("schema/x.py", "def f():\n    from api import app"),
        ("index/x.py", "from api.settings import Settings"),
        ("api/x.py", "from tests.scale import scaled"),
        ("api/x.py", "import bench"),
        ("index/engines/x.py", "from index.shelf import Shelf"),
        ("index/engines/x.py", "from index import sources"),
        ("index/sources/x.py", "from index.store import Store"),
        ("index/store_x.py", "from index.engines import open_engine"),
        ("index/language.py", "from .engines import open_engine"),
        ("index/sources/x.py", "from ..language import parse"),
        ("index/folding.py", "from index.language import parse"),
        ("schema/x.py", "import importlib\nimportlib.import_module('index.shelf')"),
        ("index/engines/x.py", "X = ('index.sources',)\n__import__(X[0])"),
    ],
)
def test_a_wrong_import_is_seen(file: str, code: str) -> None:
    modules = known_modules() | {"index.sources", "index.engines", "index.shelf"}
    assert len(faults(REPOSITORY / file, ast.parse(code), modules)) == 1


@pytest.mark.parametrize(
    ("file", "code"),
    [
        ("schema/x.py", "import re\nfrom schema.errors import Problem"),
        ("index/shelf.py", "from index.engines import open_engine\nfrom index.store import Store"),
        ("index/engines/x.py", "from index.query import Term\nfrom index.engines import y"),
        ("index/store_x.py", "from index.store import Store\nfrom index.folding import fold"),
        ("api/x.py", "from index.shelf import Shelf\nfrom . import settings"),
    ],
)
def test_a_right_import_passes(file: str, code: str) -> None:
    assert faults(REPOSITORY / file, ast.parse(code), known_modules()) == []


def test_every_module_of_index_has_a_place() -> None:
    """A new file under `index` must be put into a part, the leaves or the service here."""
    modules = {name for name in known_modules() if name.startswith("index.")}
    placed = {name for name in modules if part_of(name) or belongs(name, LEAVES) or name in SERVICE}
    assert modules - placed == set()


def test_leaves_import_only_leaves() -> None:
    modules = known_modules()
    for path in sources():
        if belongs(module_name(path), LEAVES):
            below = {name for _, name in imports(path, tree_of(path), modules)}
            ours = {name for name in below if name.partition(".")[0] == "index"}
            assert {name for name in ours if not belongs(name, LEAVES)} == set(), path


def test_every_sub_package_is_covered() -> None:
    """No folder with Python files lacks its `__init__.py`, so none escapes a tool or the wheel."""
    folders = {path.parent for path in sources()}
    assert {folder for folder in folders if not (folder / "__init__.py").is_file()} == set()
    assert {module_name(path).partition(".")[0] for path in sources()} == set(FLOORS)


def test_no_import_cycles() -> None:
    modules = known_modules()
    graph = {
        module_name(path): {
            name
            for _, name in imports(path, tree_of(path), modules)
            if name in modules and name != module_name(path)
        }
        for path in sources()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as cycle:
        pytest.fail(" -> ".join(cycle.args[1]))


@pytest.mark.parametrize("floor", FLOORS)
def test_floors_come_from_this_repository(floor: str) -> None:
    """A popular package is called `schema` too."""
    loaded = sys.modules.get(floor) or importlib.import_module(floor)
    assert loaded.__file__ is not None
    assert Path(loaded.__file__).resolve() == REPOSITORY / floor / "__init__.py"


def test_no_variable_is_named_like_a_floor() -> None:
    shadows = []
    for path in sources():
        for node in ast.walk(tree_of(path)):
            name: str | None = None
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                name = node.id
            elif isinstance(node, ast.arg):
                name = node.arg
            elif isinstance(node, ast.alias):
                name = node.asname
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                name = node.name
            if name in FLOORS:
                shadows.append(f"{module_name(path)}:{getattr(node, 'lineno', 0)} {name}")
    assert shadows == []


def test_files_stay_short() -> None:
    lengths = {module_name(path): len(path.read_text("utf-8").splitlines()) for path in sources()}
    too_long = {name for name, lines in lengths.items() if lines > MAX_FILE_LINES}
    assert too_long == LONG_FILES


def test_functions_stay_short() -> None:
    lengths = [each for path in sources() for each in functions(path)]
    too_long = {name for name, lines in lengths if lines > MAX_FUNCTION_LINES}
    assert too_long == LONG_FUNCTIONS
