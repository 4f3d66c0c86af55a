"""Reads a Dockerfile, and carries out its steps in a folder, where no container engine is at hand.

Known are the instructions that our Dockerfile uses; any other is an error, so that the rehearsal
cannot pass over a step in silence.
"""

import json
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

KNOWN = {
    "FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "VOLUME", "EXPOSE", "HEALTHCHECK", "CMD",
}  # fmt: skip


@dataclass(frozen=True)
class Step:
    """One instruction: its name, its arguments as written on one line, and its stage."""

    name: str
    text: str
    stage: int

    @property
    def words(self) -> list[str]:
        return shlex.split(self.text)

    @property
    def command(self) -> list[str]:
        """The command of CMD or HEALTHCHECK in its exec form."""
        command: list[str] = json.loads(self.text[self.text.index("[") :])
        return command


def read(path: Path) -> list[Step]:
    """The instructions of a Dockerfile in order."""
    lines = [line for line in path.read_text("utf-8").splitlines() if not line.startswith("#")]
    steps: list[Step] = []
    stage = -1
    for line in re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines():
        if not line.strip():
            continue
        name, _, text = line.strip().partition(" ")
        if name not in KNOWN:
            raise ValueError(f"the rehearsal does not know {name}")
        stage += name == "FROM"
        steps.append(Step(name, text.strip(), stage))
    return steps


@dataclass
class Rehearsal:
    """Carries out a Dockerfile below `root`, which stands for the `/` of each stage in turn.

    Absolute paths that the Dockerfile itself names are moved below `root`, so an environment
    that is copied from one stage to the next stands at the same place in both, as in an image.
    `environment` is that of the machine; ENV steps add to it.
    """

    steps: list[Step]
    context: Path
    root: Path
    environment: dict[str, str]
    prelude: str = ""
    _workdir: Path = field(init=False)
    _finished: dict[str, Path] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._workdir = self.root
        named = [step.text for step in self.steps if step.name in ("WORKDIR", "VOLUME")]
        named += [step.words[-1] for step in self.steps if step.name == "COPY"]
        absolute = sorted({path for path in named if path.startswith("/")}, key=len, reverse=True)
        self._named = re.compile(rf"(?<![\w./-])({'|'.join(map(re.escape, absolute))})(?![\w-])")

    def moved(self, text: str) -> str:
        """A text with the image's paths as they stand on this machine."""
        return self._named.sub(lambda found: f"{self.root}{found[1]}", text)

    def build(self) -> None:
        """All steps but those that only describe the image; raises CalledProcessError."""
        for number, step in enumerate(self.steps):
            if step.name == "FROM":
                self._begin(number, step)
            elif step.name == "WORKDIR":
                self._workdir = Path(self.moved(step.text))
                self._workdir.mkdir(parents=True, exist_ok=True)
            elif step.name == "COPY":
                self._copy(step)
            elif step.name == "RUN":
                self._run(step)
            elif step.name == "ENV":
                self._set(step)

    def _begin(self, number: int, step: Step) -> None:
        if number:
            self.root.rename(self.root.with_name(f"stage-{step.stage - 1}"))
        self.root.mkdir()
        self._workdir = self.root
        name = step.words[-1] if "AS" in step.words else str(step.stage)
        self._finished[name] = self.root.with_name(f"stage-{step.stage}")

    def _copy(self, step: Step) -> None:
        *sources, target = [word for word in step.words if not word.startswith("--")]
        stage = re.match(r"--from=(\S+)", step.text)
        origin = self._finished[stage[1]] if stage else self.context
        place = Path(self.moved(target)) if target.startswith("/") else self._workdir / target
        for source in sources:
            file = origin / source.lstrip("/")
            if file.is_dir():
                ignored = shutil.ignore_patterns("__pycache__") if not stage else None
                shutil.copytree(file, place, symlinks=True, ignore=ignored, dirs_exist_ok=True)
            else:
                place.mkdir(parents=True, exist_ok=True)
                shutil.copy2(file, place)

    def _run(self, step: Step) -> None:
        subprocess.run(
            ["bash", "-c", f"set -eu\n{self.prelude}\n{self.moved(step.text)}"],
            cwd=self._workdir,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            check=True,
        )

    def _set(self, step: Step) -> None:
        for word in step.words:
            name, _, value = word.partition("=")
            value = re.sub(r"\$(\w+)", lambda found: self.environment.get(found[1], ""), value)
            self.environment[name] = self.moved(value)

    def command(self, name: str) -> list[str]:
        """The command of the last CMD or HEALTHCHECK, as it runs on this machine."""
        step = [step for step in self.steps if step.name == name][-1]
        first, *others = map(self.moved, step.command)
        return [shutil.which(first, path=self.environment["PATH"]) or first, *others]
