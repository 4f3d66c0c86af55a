"""ariadne-codegen: a client made from the server's introspection, clean under mypy, and used."""

import shutil
import subprocess
import sys
from pathlib import Path

from judging import ENDPOINT, check, rest, versions

HERE = Path(__file__).resolve().parent

CONFIGURATION = f"""
[tool.ariadne-codegen]
remote_schema_url = "{ENDPOINT}"
queries_path = "queries.graphql"
target_package_name = "papers_client"

[tool.ariadne-codegen.scalars.Date]
type = "str"

[tool.ariadne-codegen.scalars.Long]
type = "int"

[tool.mypy]
strict = true
plugins = ["pydantic.mypy"]

# This file is ariadne-codegen's own, the same whatever the schema is.
[[tool.mypy.overrides]]
module = "papers_client.async_base_client"
disable_error_code = ["unused-ignore", "no-untyped-def"]
"""


def ran(*command: str) -> None:
    """Run a module of the environment; what it says is shown where it fails."""
    done = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True)
    if done.returncode:
        print(done.stdout, done.stderr)
    check(done.returncode == 0, command)


def main() -> None:
    """Make the client in the present folder, check its types, use it."""
    Path("pyproject.toml").write_text(CONFIGURATION)
    for name in ("queries.graphql", "use.py"):
        shutil.copy(HERE / "ariadne" / name, name)
    ran("ariadne_codegen", "client")
    ran("mypy", "--no-incremental", "papers_client", "use.py")
    sys.path.insert(0, str(Path.cwd()))
    from use import run  # type: ignore[import-not-found]

    papers = run(rest)
    made = versions("ariadne-codegen", "mypy")
    print(f"{made}: a typed client, {papers} papers of a filtered list, lookups, coded errors")


if __name__ == "__main__":
    main()
