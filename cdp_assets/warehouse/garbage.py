"""When Python looks for garbage that refers to itself.

Belongs here: that alone. Does not belong here: the engine's own memory (`connection.py`).
"""

from __future__ import annotations

import atexit
import gc

_YOUNG = 1_000_000


def look_for_garbage_rarely() -> None:
    """Look for cycles of garbage once per million new objects, and never again among what is loaded now.

    A run writes a thousand queries, each a graph of some thousand short-lived objects that Python frees by counting.
    With the default of 700 objects, looking for cycles among them took 12% of a small run's time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, 10, 10)


def leave_garbage_to_the_system() -> None:
    """Do not look for garbage as the process ends: after a million records that takes a second and frees nothing that
    the end of the process does not. Only for processes that hold nothing open.
    """
    atexit.register(gc.freeze)
