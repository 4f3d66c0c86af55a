"""What a process that serves for long tells Python and the C library of memory and threads."""

import ctypes
import gc
import sys
from contextlib import suppress

COLLECT_AFTER = (10_000, 5, 10)
"""When garbage is collected (see `gc.set_threshold`). A GraphQL document makes thousands of objects
at once; with Python's (700, 10, 10) each counts as long-lived before it is done with, and every
third large one brings a collection of all there is, 100 ms in the event loop."""

SWITCH_AFTER = 0.0005
"""Seconds after which a thread lets others have the interpreter. With Python's 5 ms a request that
meets a load waits for that at each of its turns: half of them took 6 ms, now 1.4, and the load is
no slower."""

TRIMMED_FROM = 128 * 1024
"""Free bytes at the end of a heap that go back to the system: glibc's own value at the start. It
raises it, up to 64 MiB, with every large block that is freed; after 32 loads a server that kept
its revisions had 337 MiB, and has 255 with a value that stays."""

_M_TRIM_THRESHOLD = -1


def settle() -> None:
    """Take what there is for lasting, give freed memory back where possible, take short turns."""
    with suppress(OSError, AttributeError, TypeError):  # other systems than glibc's
        ctypes.CDLL(None).mallopt(_M_TRIM_THRESHOLD, TRIMMED_FROM)
    # What start-up has made stays: full collections need not look at it (they took 50 ms).
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
    sys.setswitchinterval(SWITCH_AFTER)
