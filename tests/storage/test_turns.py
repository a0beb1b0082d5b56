"""Work done together is done once each, and fails alone."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from service.storage.turns import Turns

PATIENCE = 30


class Bench:
    """Notes what is performed; can be held at it, and refuses negative numbers."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.done: list[int] = []
        self.begun = threading.Event()
        self.may_go = threading.Event()

    def perform(self, group: Sequence[int]) -> None:
        self.begun.set()
        assert self.may_go.wait(PATIENCE)
        self.groups.append(list(group))
        if any(each < 0 for each in group):
            raise ValueError(f"{min(group)} is negative")
        self.done.extend(group)


@pytest.mark.parametrize(
    ("waiting", "groups", "failed"),
    [
        ([], [[0]], set()),
        ([1], [[0], [1]], set()),
        ([1, 2, 3], [[0], [1, 2, 3]], set()),
        ([-1], [[0], [-1]], {-1}),
        ([1, -2, 3], [[0], [1, -2, 3], [1], [-2], [3]], {-2}),
        ([-1, -2], [[0], [-1, -2], [-1], [-2]], {-1, -2}),
    ],
)
def test_who_waits_is_taken_along_and_fails_alone(
    waiting: list[int], groups: list[list[int]], failed: set[int]
) -> None:
    bench = Bench()
    turns = Turns(bench.perform)
    with ThreadPoolExecutor(8) as threads:
        running = {0: threads.submit(turns.run, 0)}
        assert bench.begun.wait(PATIENCE)
        for each in waiting:
            before = len(turns)
            running[each] = threads.submit(turns.run, each)
            while len(turns) == before:
                pass
        bench.may_go.set()
        faults = {each: future.exception(PATIENCE) for each, future in running.items()}
    assert bench.groups == groups
    assert {each for each, fault in faults.items() if fault is not None} == failed
    for each in failed:
        assert str(faults[each]) == f"{each} is negative"
    assert sorted(bench.done) == sorted({0, *waiting} - failed)
    assert len(turns) == 0


def test_many_threads_do_everything_once() -> None:
    bench = Bench()
    bench.may_go.set()
    turns = Turns(bench.perform)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(turns.run, range(500)))
    assert sorted(bench.done) == list(range(500))


def test_what_ends_a_thread_ends_no_other() -> None:
    """An exit is no failure of the work: it goes through, and the next in turn tries again."""
    asked: list[list[str]] = []

    def perform(group: Sequence[str]) -> None:
        asked.append(list(group))
        if len(asked) == 1:
            raise SystemExit

    turns = Turns(perform)
    with pytest.raises(SystemExit):
        turns.run("a")
    turns.run("b")
    assert asked == [["a"], ["b"]]
    assert len(turns) == 0
