"""The large shelf that the benches measure: 74,728 arXiv papers, or as many seeded ones."""

import gzip
import json
import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.paths import ARXIV, REPOSITORY

SEED = 20251212
PAPERS = 74_728
DATA = Path(os.environ.get("PAPERSHELF_TEST_BENCH_DATA", REPOSITORY / "data" / "bench"))
_WORD = re.compile(r"[A-Za-z]{3,}")


@dataclass(frozen=True, slots=True)
class LoadFigures:
    """What a load cost: seconds of wall and CPU time, peak resident memory, sizes in bytes."""

    papers: int
    wall: float
    cpu: float
    peak: int
    database: int
    index: int


def source_file() -> Path:
    """The papers as JSON lines: the real ones where they are present, else generated ones."""
    if ARXIV.exists():
        return ARXIV
    path = DATA / "seeded.jsonl.gz"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".draft")
        with gzip.open(draft, "wt", compresslevel=3) as lines:
            lines.writelines(json.dumps(paper) + "\n" for paper in generated(PAPERS))
        draft.rename(path)
    return path


def generated(count: int):  # type: ignore[no-untyped-def]
    """Papers of made-up words whose frequencies fall as 1/rank, like those of a language."""
    chance = random.Random(SEED)
    syllables = [
        a + b for a in "bcdfglmnprstv" for b in ("a", "e", "i", "o", "u", "an", "er", "is")
    ]
    words = ["".join(chance.choices(syllables, k=chance.randint(1, 4))) for _ in range(60_000)]
    weights = [1 / rank for rank in range(1, len(words) + 1)]
    names = [
        f"{chance.choice(words).title()} {chance.choice(words).title()}" for _ in range(90_000)
    ]
    for number in range(count):
        body = chance.choices(words, weights, k=chance.randint(90, 240))
        day = f"2025-{chance.randint(1, 12):02d}-{chance.randint(1, 28):02d}"
        yield {
            "id": f"25{number // 99_999 + 10:02d}.{number % 99_999 + 1:05d}",
            "title": " ".join(chance.choices(words, weights, k=chance.randint(4, 12))).capitalize(),
            "abstract": " ".join(body) + ".",
            "authors": chance.sample(names, chance.randint(1, 9)),
            "published": day,
            "listed": day,
            "categories": chance.sample(["cs.CL", "cs.CV", "cs.LG", "cs.AI", "stat.ML"], 2),
            "url": f"https://example.org/{number}",
        }


def load(folder: Path, engine: str = "tantivy") -> LoadFigures:
    """Load the source into `folder` by the command line, in a process of its own."""
    began = time.monotonic()
    command = [sys.executable, "-m", "api", "load", str(source_file()), "--json"]
    process = subprocess.Popen(
        [*command, "--data", str(folder), "--engine", engine],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    report = json.loads(process.stdout.read())
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return LoadFigures(
        papers=report["added"],
        wall=time.monotonic() - began,
        cpu=usage.ru_utime + usage.ru_stime,
        peak=usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
        database=sum(path.stat().st_size for path in folder.glob("papers.sqlite*")),
        index=sum(path.stat().st_size for path in (folder / "index").rglob("*") if path.is_file()),
    )


def shelf_folder() -> Path:
    """A folder with the large shelf, loaded at the first call and kept for later runs."""
    folder = DATA / "shelf"
    if not (folder / "complete").exists():
        print(f"Loading {PAPERS:,} papers for the first time ...", flush=True)
        load(folder)
        (folder / "complete").touch()
    return folder


def titles() -> Iterator[tuple[str, str]]:
    """The arXiv id and the title of every paper of the corpus."""
    with gzip.open(source_file(), "rt") as lines:
        for line in lines:
            paper = json.loads(line)
            yield paper["id"], paper["title"]


def queries(count: int, seed: int = SEED) -> list[str]:
    """Searches of one to three words, drawn from the titles of the corpus."""
    chance = random.Random(seed)
    drawn = [title for _, title in titles()]
    found: list[str] = []
    while len(found) < count:
        words = _WORD.findall(chance.choice(drawn))
        size = len(found) % 3 + 1
        if len(words) >= size:
            start = chance.randrange(len(words) - size + 1)
            found.append(" ".join(words[start : start + size]))
    return found
