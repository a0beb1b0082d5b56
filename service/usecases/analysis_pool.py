"""A process beside the request threads for work that would hold the interpreter for long."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
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
        executor = self._executor(place)
        try:
            return executor.submit(function, *arguments, **options).result()
        except BrokenProcessPool:
            self._discard(place, executor)
            return self._executor(place).submit(function, *arguments, **options).result()

    def close(self) -> None:
        """Stop the workers."""
        for place, executor in enumerate(self._executors):
            if executor is not None:
                self._discard(place, executor)

    def _executor(self, place: int) -> ProcessPoolExecutor:
        with self._lock:
            executor = self._executors[place]
            if executor is None:
                # Not forked: the caller has threads, and forked threads hold locks for ever.
                executor = self._executors[place] = ProcessPoolExecutor(
                    1, multiprocessing.get_context("spawn"), initializer=_yield_to_requests
                )
            return executor

    def _discard(self, place: int, executor: ProcessPoolExecutor) -> None:
        """Stop an executor; one that another thread has put in its place stays."""
        with self._lock:
            if self._executors[place] is executor:
                self._executors[place] = None
        executor.shutdown(wait=False, cancel_futures=True)


def _yield_to_requests() -> None:
    """Light requests come first on a busy machine."""
    os.nice(_NICENESS)
