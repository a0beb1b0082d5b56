"""The service as it runs: gunicorn in processes of its own, on a free loopback port."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 60
STOP_SECONDS = 30


@dataclass
class RunningService:
    """One gunicorn with its workers, in a process group of their own."""

    base: str
    listener: socket.socket
    environment: Mapping[str, str]
    log: Path
    server: subprocess.Popen[bytes]

    def kill(self) -> None:
        """End master and workers at once, as a power cut would."""
        os.killpg(self.server.pid, signal.SIGKILL)
        self.server.wait()

    def restart(self) -> None:
        """Start again on the same port and database."""
        self.server = _start(self.listener, self.environment, self.log)
        wait_until_ready(self)

    def stop(self) -> None:
        if self.server.poll() is None:
            self.server.terminate()
            try:
                self.server.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()


@contextlib.contextmanager
def running_service(
    database_url: str, folder: Path, *, workers: int = 2, **settings: str
) -> Iterator[RunningService]:
    """Run the service on a migrated database until the block ends."""
    with socket.socket() as listener:
        # gunicorn inherits the bound socket, so nobody can take the port in between.
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        bind = f"127.0.0.1:{listener.getsockname()[1]}"
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("NETVERDICT_")
        }
        environment |= {
            "NETVERDICT_DATABASE_URL": database_url,
            "NETVERDICT_BIND": bind,
            "NETVERDICT_WORKERS": str(workers),
            **settings,
        }
        environment.pop("PROMETHEUS_MULTIPROC_DIR", None)
        log = folder / "service.log"
        server = _start(listener, environment, log)
        service = RunningService(f"http://{bind}", listener, environment, log, server)
        try:
            wait_until_ready(service)
            yield service
        finally:
            service.stop()


def _start(
    listener: socket.socket, environment: Mapping[str, str], log: Path
) -> subprocess.Popen[bytes]:
    descriptor = listener.fileno()
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "--bind", f"fd://{descriptor}"],
            cwd=ROOT,
            env=dict(environment),
            pass_fds=[descriptor],
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def wait_until_ready(service: RunningService) -> None:
    """Return when /readyz says so; fail with the service's log when it does not."""
    deadline = time.monotonic() + START_SECONDS
    reason = "no answer"
    while time.monotonic() < deadline and service.server.poll() is None:
        try:
            with urllib.request.urlopen(f"{service.base}/readyz", timeout=5):
                return
        except urllib.error.HTTPError as error:
            reason = error.read().decode(errors="replace")
        except OSError as error:
            reason = str(error)
        time.sleep(0.05)
    log = service.log.read_text(errors="replace")
    raise AssertionError(f"the service did not get ready: {reason}\n{log}")
