"""Ids that sort by the time they were made (ULID): 48 bits of milliseconds, 80 random bits."""

from __future__ import annotations

import secrets
import threading
import time

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_lock = threading.Lock()
_last = 0


def new_id() -> str:
    """26 characters; within one process each is greater than the one before."""
    global _last  # noqa: PLW0603 - the order is the process's
    with _lock:
        fresh = time.time_ns() // 1_000_000 << 80 | secrets.randbits(80)
        _last = fresh if fresh >> 80 > _last >> 80 else _last + 1
        value = _last
    return "".join(_ALPHABET[value >> shift & 31] for shift in range(125, -1, -5))
