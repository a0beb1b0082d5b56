"""The process that solves maps beside a worker: what is left when either of the two is killed."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from tests.e2e.conftest import REVISIONS, register
from tests.e2e.manifests import pod_list
from tests.running import RunningService, running_service

SUMMARY = f"{REVISIONS}/latest/connectivity/summary"
PROCESSES = Path("/proc")
SECONDS = 20

pytestmark = pytest.mark.skipif(
    not (PROCESSES / "self/stat").exists(),
    reason="finds child processes under /proc, which only Linux has",
)


@pytest.fixture
def solving(sqlite_url: str, tmp_path: Path) -> Iterator[RunningService]:
    """A service with one worker and a map to solve."""
    with running_service(sqlite_url, tmp_path, workers=1) as running:
        register(running)
        headers = {"Content-Type": "application/json"}
        dump = pod_list(100)
        upload = httpx.post(f"{running.base}{REVISIONS}", content=dump, headers=headers, timeout=60)
        assert upload.status_code == 201, upload.text
        yield running


@pytest.mark.slow
def test_it_ends_when_its_worker_is_killed(solving: RunningService) -> None:
    assert ask(solving).status_code == 200
    (analysis,) = analyses(solving)
    (worker,) = children(solving.server.pid)
    os.kill(worker, signal.SIGKILL)
    ended = happens(lambda: not is_alive(analysis))
    if not ended:
        os.kill(analysis, signal.SIGKILL)
    assert ended
    # Another worker takes the place of the killed one.
    assert happens(lambda: children(solving.server.pid) - {worker} != set())
    assert ask(solving).status_code == 200


@pytest.mark.slow
def test_a_request_whose_process_dies_again_and_again(solving: RunningService) -> None:
    with killing_analyses(solving):
        answer = ask(solving)
    assert answer.status_code == 503, answer.text
    assert answer.json()["code"] == "AnalysisFailed"
    assert int(answer.headers["Retry-After"]) > 0
    assert ask(solving).status_code == 200


def ask(service: RunningService) -> httpx.Response:
    return httpx.get(f"{service.base}{SUMMARY}", timeout=60)


@contextmanager
def killing_analyses(service: RunningService) -> Iterator[None]:
    """Kill every analysis process as soon as it is there."""
    is_over = threading.Event()

    def kill() -> None:
        while not is_over.wait(0.01):
            for process in analyses(service):
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        yield
    finally:
        is_over.set()
        killer.join()


def analyses(service: RunningService) -> set[int]:
    """The analysis processes of all workers."""
    found = {below for worker in children(service.server.pid) for below in children(worker)}
    return {each for each in found if b"spawn_main" in _text(each, "cmdline")}


def children(parent: int) -> set[int]:
    """The processes that a process started and that have not ended."""
    processes = (int(each.name) for each in PROCESSES.iterdir() if each.name.isdigit())
    return {each for each in processes if _state(each)[1:] == (parent,) and is_alive(each)}


def is_alive(process: int) -> bool:
    return _state(process)[0] not in {"", "X", "Z"}


def _state(process: int) -> tuple[str, int]:
    """The letter for it, and the parent; the name between brackets can hold anything."""
    fields = _text(process, "stat").rpartition(b")")[2].split()
    return (fields[0].decode(), int(fields[1])) if fields else ("", 0)


def _text(process: int, name: str) -> bytes:
    try:
        return (PROCESSES / str(process) / name).read_bytes()
    except OSError:
        # It has ended meanwhile.
        return b""


def happens(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + SECONDS
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()
