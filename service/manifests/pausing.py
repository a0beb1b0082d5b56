"""Pauses garbage collection while very many objects are made and none becomes garbage."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def paused_collection() -> Iterator[None]:
    """Without collection inside; whoever was first to pause it starts it again.

    What was made counts as old at once. Else the next collection would look through all of it,
    which takes a good part of the time that making it took.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            # To freeze everything and to let it go again puts it with the oldest objects.
            if not gc.get_freeze_count():
                gc.freeze()
                gc.unfreeze()
            gc.enable()
