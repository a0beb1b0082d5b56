"""What is counted, and how it is read out with one process or several."""

from __future__ import annotations

import os
from functools import cache

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
)

CONTENT_TYPE = CONTENT_TYPE_LATEST

# The route is the rule, such as /v1/clusters/<cluster>, never the path: paths are without number.
_REQUESTS = Counter(
    "netverdict_http_requests_total",
    "Requests answered",
    ("method", "route", "status"),
)
_SECONDS = Histogram(
    "netverdict_http_request_seconds",
    "Time to answer a request",
    ("method", "route"),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)
_IN_PROGRESS = Gauge(
    "netverdict_http_requests_in_progress",
    "Requests being answered",
    multiprocess_mode="livesum",
)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def request_started() -> None:
    """Count a request as being answered."""
    _IN_PROGRESS.inc()


def request_finished() -> None:
    """Undo `request_started`."""
    _IN_PROGRESS.dec()


def request_answered(method: str, route: str, status: int, seconds: float) -> None:
    """Count an answer; methods that nobody knows count as one."""
    requests, times = _series(method if method in _METHODS else "other", route, status)
    requests.inc()
    times.observe(seconds)


# Methods, routes and statuses are few, and a look into the registry takes a lock for each.
@cache
def _series(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    return _REQUESTS.labels(method, route, str(status)), _SECONDS.labels(method, route)


def exposition() -> bytes:
    """Everything counted, in Prometheus' text form, summed over gunicorn's workers."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
