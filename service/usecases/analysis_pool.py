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
_ATTEMPTS = 2
_DIED = (
    "the process that solves maps ended while answering, and again at a second attempt; perhaps "
    "memory does not suffice"
)
_CANNOT_START = "the process that solves maps cannot be started"


class AnalysisFailed(Exception):
    """There is no answer: its process ended, and the one after it too, or none can be started."""


class AnalysisPool:
    """Runs functions in worker processes, started when first needed.

    Work with the same key goes to the same process, so that it finds there what it left before.
    With no processes everything runs in the caller's thread: for tests and the command line.
    """

    def __init__(self, processes: int) -> None:
        self._workers = [_Worker() for _ in range(processes)]

    def run(
        self,
        key: str,
        function: Callable[Arguments, Answer],
        /,
        *arguments: Arguments.args,
        **options: Arguments.kwargs,
    ) -> Answer:
        """The function's answer; what it raises is raised here.

        A worker that died, for want of memory for instance, is replaced. Work that was running in
        it is tried once more, and then given up with `AnalysisFailed`; work that waited for its
        turn goes to the new one.
        """
        if not self._workers:
            return function(*arguments, **options)
        worker = self._workers[hash(key) % len(self._workers)]
        return worker.run(lambda executor: executor.submit(function, *arguments, **options))

    def close(self) -> None:
        """Stop the workers."""
        for worker in self._workers:
            worker.discard()


class _Worker:
    """One process, replaced when it dies.

    Work is handed to it piece by piece: an executor that is handed more cannot tell, when its
    process dies, which piece was running and which only waited.
    """

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._executor: ProcessPoolExecutor | None = None

    def run(self, submit: Callable[[ProcessPoolExecutor], Future[Answer]]) -> Answer:
        with self._turn:
            for _ in range(_ATTEMPTS):
                try:
                    return self._submitted(submit).result()
                except BrokenProcessPool as error:
                    self.discard()
                    death = error
            raise AnalysisFailed(_DIED) from death

    def discard(self) -> None:
        """Stop the process; the next work starts another."""
        executor, self._executor = self._executor, None
        if executor is not None:
            executor.shutdown(wait=False, cancel_futures=True)

    def _submitted(self, submit: Callable[[ProcessPoolExecutor], Future[Answer]]) -> Future[Answer]:
        try:
            try:
                return submit(self._started())
            except BrokenProcessPool:
                # It died while there was nothing to do.
                self.discard()
                return submit(self._started())
        except OSError as error:
            self.discard()
            raise AnalysisFailed(_CANNOT_START) from error

    def _started(self) -> ProcessPoolExecutor:
        if self._executor is None:
            # Not forked: the caller has threads, and forked threads hold locks for ever.
            self._executor = ProcessPoolExecutor(
                1, multiprocessing.get_context("spawn"), initializer=_begin
            )
        return self._executor


def _begin() -> None:
    # Light requests come first on a busy machine.
    os.nice(_NICENESS)
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()


def _end_with_parent() -> None:
    """A parent that is killed leaves no word, and its end of the queue is held here as well."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
