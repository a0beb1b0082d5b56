"""The processes beside the request threads: when they end, and what becomes of their work."""

from __future__ import annotations

import errno
import multiprocessing
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any, NoReturn

import pytest

from service.usecases.analysis_pool import AnalysisFailed, AnalysisPool

KEY = "any"
SECONDS = 30
#: Kept open for as long as the analysis process lives.
_held: list[socket.socket] = []


@pytest.fixture
def pool() -> Iterator[AnalysisPool]:
    made = AnalysisPool(1)
    yield made
    made.close()


def test_an_answer_and_an_exception_come_back(pool: AnalysisPool) -> None:
    assert pool.run(KEY, divmod, 7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        pool.run(KEY, divmod, 7, 0)


def test_work_with_one_key_finds_the_same_process(pool: AnalysisPool) -> None:
    first = pool.run(KEY, os.getpid)
    assert first != os.getpid()
    assert pool.run(KEY, os.getpid) == first


def test_without_processes_the_caller_does_the_work() -> None:
    assert AnalysisPool(0).run(KEY, os.getpid) == os.getpid()


def test_a_process_that_died_idle_is_replaced(pool: AnalysisPool) -> None:
    for _ in range(3):
        os.kill(pool.run(KEY, os.getpid), signal.SIGKILL)
        assert pool.run(KEY, divmod, 7, 2) == (3, 1)


def test_work_that_killed_its_process_is_tried_once_more(
    pool: AnalysisPool, tmp_path: Path
) -> None:
    attempts = tmp_path / "attempts"
    assert pool.run(KEY, kill_first, 1, str(attempts)) == "done"
    assert attempts.read_text() == "12"


def test_work_that_kills_its_process_again_is_given_up(pool: AnalysisPool, tmp_path: Path) -> None:
    attempts = tmp_path / "attempts"
    with pytest.raises(AnalysisFailed):
        pool.run(KEY, kill_first, 9, str(attempts))
    assert attempts.read_text() == "12"
    assert pool.run(KEY, divmod, 7, 2) == (3, 1)


def test_a_process_that_cannot_be_started(
    pool: AnalysisPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> NoReturn:
        raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))

    monkeypatch.setattr(ProcessPoolExecutor, "submit", refuse)
    with pytest.raises(AnalysisFailed):
        pool.run(KEY, divmod, 7, 2)
    monkeypatch.undo()
    assert pool.run(KEY, divmod, 7, 2) == (3, 1)


def test_work_behind_a_killer_is_answered(pool: AnalysisPool, tmp_path: Path) -> None:
    """Several killers among others: each innocent one is answered, each killer had two tries."""
    killers = [tmp_path / str(number) for number in range(3)]
    with ThreadPoolExecutor(12) as callers:
        deaths = [callers.submit(pool.run, KEY, kill_first, 9, str(each)) for each in killers]
        others = [callers.submit(pool.run, KEY, divmod, number, 2) for number in range(9)]
        assert [each.result(SECONDS) for each in others] == [divmod(n, 2) for n in range(9)]
        assert {type(each.exception(SECONDS)) for each in deaths} == {AnalysisFailed}
    assert [each.read_text() for each in killers] == ["12"] * 3


@pytest.mark.parametrize("busy", [False, True], ids=["idle", "busy"])
def test_the_process_ends_with_its_parent(*, busy: bool) -> None:
    """A worker that is killed has no time to end the process that it started."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(SECONDS)
        port = listener.getsockname()[1]
        worker = multiprocessing.get_context("spawn").Process(target=own_pool, args=(port, busy))
        worker.start()
        try:
            held, _ = listener.accept()
            with held:
                held.settimeout(10)
                assert held.recv(5) == b"alive"
                worker.kill()
                assert held.recv(5) == b"", "the connection ends when the process does"
        finally:
            worker.kill()
            worker.join(SECONDS)


def own_pool(port: int, busy: bool) -> None:
    """What a worker does: own a pool, and live on."""
    pool = AnalysisPool(1)
    threading.Thread(target=pool.run, args=(KEY, hold, port, busy)).start()
    time.sleep(SECONDS)
    os._exit(0)


def hold(port: int, busy: bool) -> None:
    """Open a connection that lasts as long as this process; go on computing or not."""
    _held.append(socket.create_connection(("127.0.0.1", port)))
    _held[0].sendall(b"alive")
    # Nothing is left of a test that failed.
    threading.Timer(SECONDS, os._exit, (1,)).start()
    while busy:
        pass


def kill_first(times: int, path: str) -> str:
    """Kill this process at the first attempts; a file counts them."""
    with Path(path).open("a+") as attempts:
        attempts.seek(0)
        number = len(attempts.read()) + 1
        attempts.write(str(number))
    if number <= times:
        os.kill(os.getpid(), signal.SIGKILL)
    return "done"
