"""Work of several threads done together: whoever comes while one is at it is taken along next.

SQLite has one writer at a time, and a transaction costs more than what is written in it. No thread
runs for this: the first one in turn does the work of all that wait.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Work = TypeVar("Work")


@dataclass(slots=True, eq=False)
class _Waiting(Generic[Work]):
    work: Work
    done: bool = False
    error: Exception | None = None


class Turns(Generic[Work]):
    """Takes work one by one and has it performed in groups."""

    def __init__(self, perform: Callable[[Sequence[Work]], None]) -> None:
        self._perform = perform
        self._waiting: list[_Waiting[Work]] = []
        self._turn = threading.Lock()

    def __len__(self) -> int:
        """How much is not done yet."""
        return len(self._waiting)

    def run(self, work: Work) -> None:
        """Return when the work is done; raises what it failed with, and only that."""
        mine = _Waiting(work)
        self._waiting.append(mine)
        try:
            with self._turn:
                if not mine.done:
                    self._perform_all(self._waiting[:])
        finally:
            self._waiting.remove(mine)
        if mine.error is not None:
            raise mine.error

    def _perform_all(self, group: list[_Waiting[Work]]) -> None:
        group = [each for each in group if not each.done]
        try:
            self._perform([each.work for each in group])
        except Exception as error:
            if len(group) > 1:
                # Nothing of it is done: each is tried by itself, to fail by itself.
                for each in group:
                    self._perform_all([each])
            else:
                group[0].error = error
        for each in group:
            each.done = True
