"""How gunicorn runs the service. NETVERDICT_* variables change the numbers."""

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from service.settings import Settings, SettingsError


def _settings() -> Settings:
    try:
        return Settings.from_environment()
    except SettingsError as error:
        print("The settings are not valid:", *error.lines(), sep="\n  ", file=sys.stderr)
        sys.exit(2)


def _cores() -> int:
    """Count the cores this process may use, which a container can make fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


settings = _settings()
wsgi_app = "service.wsgi:app"
bind = settings.bind

# Threads wait for the database; the heavy work runs in processes beside them.
worker_class = "service.gunicorn_worker.Worker"
workers = settings.workers or _cores()
threads = settings.threads

# The heartbeat file must not lie on a disk that can stall, and the root may be read-only.
if Path("/dev/shm").is_dir():
    worker_tmp_dir = "/dev/shm"

# A worker starts afresh now and then, and not all of them at once.
max_requests = 10_000
max_requests_jitter = 1_000

# Below the 30 seconds that Kubernetes grants by default before it kills.
graceful_timeout = 25
timeout = settings.timeout
keepalive = 5

# The history of one flow is asked for in the query, which can get long.
limit_request_line = 8_190

# The service logs every request itself, so there is no access log of gunicorn's.
logger_class = "service.telemetry.gunicorn_logger.StructuredLogger"
loglevel = settings.log_level

# gunicorn would open a control socket under $HOME, which a container's user may not have.
control_socket_disable = True

# Workers count in files that /metrics adds up. The folder is made here unless one was given; the
# process id in its name tells a master that replaces this one (USR2) to make its own.
_METRICS = "PROMETHEUS_MULTIPROC_DIR"
_PREFIX = "netverdict-metrics-"
_folder = Path(os.environ.get(_METRICS, ""))
_own = f"{_PREFIX}{os.getpid()}-"
if _METRICS not in os.environ or (
    _folder.name.startswith(_PREFIX) and not _folder.name.startswith(_own)
):
    os.environ[_METRICS] = tempfile.mkdtemp(prefix=_own)


def post_fork(_server: Any, worker: Any) -> None:
    """Tell a new worker how long it waits for clients."""
    worker.client_timeout = settings.client_timeout


def child_exit(_server: Any, worker: Any) -> None:
    """Stop counting the gauges of a worker that is gone."""
    # prometheus_client decides at import whether it counts in files, so not before the folder is
    # named, and the workers import it themselves.
    from prometheus_client import multiprocess  # noqa: PLC0415

    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def on_exit(_server: Any) -> None:
    """Remove the metrics folder if it was made here."""
    folder = Path(os.environ[_METRICS])
    if folder.name.startswith(_own):
        shutil.rmtree(folder, ignore_errors=True)
