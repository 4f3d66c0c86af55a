"""The server under Schemathesis: all checks; examples, bounds, random and linked requests."""

import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

ADDRESS = os.environ["CONFORMANCE_URL"]
TOKEN = os.environ["CONFORMANCE_TOKEN"]
FULL = bool(os.environ.get("CONFORMANCE_FULL"))
BOUNDS = ["--max-time", "300"] if FULL else ["--max-examples", "10", "--seed", "20251212"]
"""By time, with other requests in each run; in short by number, so that a busy machine does the
same as an idle one and comes to every phase."""
HERE = Path(__file__).resolve().parent
WIDTH = 500
"""Characters that are shown of a line: some addresses have tens of thousands."""


def main() -> int:
    """Run it; 0 if it found nothing in any of its phases."""
    command = [sys.executable, "-m", "schemathesis.cli"]
    command += ["--config-file", str(HERE / "schemathesis.toml")]
    command += ["run", f"{ADDRESS}/openapi.json", "--checks", "all", "--continue-on-failure"]
    command += ["--header", f"Authorization: Bearer {TOKEN}"]
    command += [*BOUNDS, "--generation-database", "none", "--no-color"]
    command += ["--report", "json", "--report-json-path", "report.json"]
    # Hooks are a module that is looked for on the path.
    environment = os.environ | {"SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(HERE)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    report = json.loads(Path("report.json").read_text())
    phases = {name: phase["status"] for name, phase in report["phases"].items()}
    counts = report["test_cases"]
    passed = (
        done.returncode == 0
        and report["complete"]
        and set(phases.values()) == {"success"}
        and report["operations"]["tested"] == report["operations"]["total"]
        and not report["errors"]
    )
    if not passed:
        for line in (done.stdout + done.stderr).splitlines():
            print(line[:WIDTH])
    print(
        f"schemathesis {version('schemathesis')}: {counts['generated']} requests to "
        f"{report['operations']['tested']} operations, all checks, "
        f"{counts['unique_failures']} failures ({', '.join(phases)})"
    )
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
