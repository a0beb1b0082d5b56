from __future__ import annotations

import threading
import time

import pytest

from service.usecases.caches import Recent


def test_what_was_not_used_for_longest_makes_room() -> None:
    recent: Recent[str] = Recent(2)
    made: list[str] = []

    def value(key: str) -> str:
        def make() -> str:
            made.append(key)
            return key.upper()

        return recent.get(key, make)

    assert [value(key) for key in "ababcab"] == list("ABABCAB")
    assert made == ["a", "b", "c", "a", "b"]


def test_threads_that_ask_at_once_get_the_same_value() -> None:
    recent: Recent[object] = Recent(2)
    makers: list[int] = []
    found: list[object] = []

    def make() -> object:
        makers.append(threading.get_ident())
        time.sleep(0.05)
        return object()

    threads = [
        threading.Thread(target=lambda: found.append(recent.get("key", make))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)
    assert len(makers) == 1
    assert len(found) == 4
    assert len({id(each) for each in found}) == 1


def test_a_failure_is_not_remembered() -> None:
    recent: Recent[int] = Recent(1)

    def fail() -> int:
        raise LookupError

    with pytest.raises(LookupError):
        recent.get("a", fail)
    assert recent.get("a", lambda: 1) == 1
