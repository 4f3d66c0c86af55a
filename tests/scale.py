"""How much of the heavy counts a run does, and the seed it draws from."""

import os

SCALE = float(os.environ.get("PAPERSHELF_TEST_SCALE", "0.1"))
SEED = int(os.environ.get("PAPERSHELF_TEST_SEED", "20251212"))


def scaled(count: int) -> int:
    """`count` at full scale, a tenth of it by default, at least one."""
    return max(1, round(count * SCALE))
