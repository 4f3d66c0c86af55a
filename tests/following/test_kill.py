"""Kill -9 while a copy follows: what is committed stays, nothing is missing or there twice."""

import random
import time
from pathlib import Path

from index.shelf import Shelf
from index.store import Store
from tests.cli.running import run, started
from tests.conftest import Tell
from tests.scale import SEED
from tests.store.build import record, write
from tests.store.test_replica import content

PAPERS = 4000


def test_a_copy_that_is_killed_goes_on_where_it_was(tmp_path: Path, tell: Tell) -> None:
    leader = Store.open(tmp_path / "leader")
    for start in range(0, PAPERS, 500):
        made = [
            record(f"Paper {number}", abstract="Some words of it. " * 20, comments=number % 9)
            for number in range(start, start + 500)
        ]
        write(leader, *made, name=f"{start}.jsonl")
    seventh = leader._file.query("SELECT id FROM paper WHERE rowid % 7 = 0")
    leader.remove([row[0] for row in seventh])
    with leader.feed(0) as feed:
        (tmp_path / "feed").write_bytes(b"".join(line + b"\n" for _, line in feed.lines()))
    chance = random.Random(SEED)
    places = [0]
    while places[-1] < leader.position():
        with started(tmp_path, "follow", "feed", "--data", "copy") as process:
            assert process.stderr is not None
            assert process.stderr.readline().startswith(b"committed ")
            time.sleep(chance.uniform(0, 0.3))
            process.kill()
            process.communicate()
        copy = Store.open(tmp_path / "copy")
        followed = copy.followed()
        assert followed is not None
        assert copy.position() == followed.seq > places[-1]
        places.append(followed.seq)
        copy.close()
    tell(f"came to {places[1:]} of {leader.position()}")
    assert len(places) > 3
    assert run(tmp_path, "follow", "feed", "--data", "copy").code == 0
    with Shelf(tmp_path / "copy") as shelf:
        assert content(shelf._store) == content(leader)
        assert shelf.check() == []
    leader.close()
