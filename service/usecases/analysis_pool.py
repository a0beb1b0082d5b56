"""A process beside the request threads for work that would hold the interpreter for long."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")

_NICENESS = 10


class AnalysisPool:
    """Runs functions in worker processes, started when first needed.

    Work with the same key goes to the same process, so that it finds there what it left before.
    With no processes everything runs in the caller's thread: for tests and the command line.
    """

    def __init__(self, processes: int) -> None:
        self._lock = threading.Lock()
        self._executors: list[ProcessPoolExecutor | None] = [None] * processes

    def run(
        self,
        key: str,
        function: Callable[Arguments, Answer],
        /,
        *arguments: Arguments.args,
        **options: Arguments.kwargs,
    ) -> Answer:
        """The function's answer; what it raises is raised here.

        A worker that died, for want of memory for instance, is replaced and asked once more.
        """
        if not self._executors:
            return function(*arguments, **options)
        place = hash(key) % len(self._executors)
        try:
            return self._submit(place, function, *arguments, **options).result()
        except BrokenProcessPool:
            self._discard(place)
            return self._submit(place, function, *arguments, **options).result()

    def close(self) -> None:
        """Stop the workers."""
        for place in range(len(self._executors)):
            self._discard(place)

    def _submit(
        self,
        place: int,
        function: Callable[Arguments, Answer],
        /,
        *arguments: Arguments.args,
        **options: Arguments.kwargs,
    ) -> Future[Answer]:
        with self._lock:
            executor = self._executors[place]
            if executor is None:
                # Not forked: the caller has threads, and forked threads hold locks for ever.
                executor = self._executors[place] = ProcessPoolExecutor(
                    1, multiprocessing.get_context("spawn"), initializer=_yield_to_requests
                )
            return executor.submit(function, *arguments, **options)

    def _discard(self, place: int) -> None:
        with self._lock:
            executor, self._executors[place] = self._executors[place], None
        if executor is not None:
            executor.shutdown(wait=False, cancel_futures=True)


def _yield_to_requests() -> None:
    """Light requests come first on a busy machine."""
    os.nice(_NICENESS)
