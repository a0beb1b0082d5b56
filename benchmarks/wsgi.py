"""The service beside one trivial Flask route in the same processes.

Every answer says which worker gave it, so that a client can spread its connections evenly.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask

from service.wsgi import app as service

TRIVIAL = "/trivial"
WORKER = "X-Worker"

trivial = Flask("trivial", static_folder=None)


@trivial.get(TRIVIAL)
def answer() -> dict[str, str]:
    return {"status": "ok"}


def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """The trivial route, and the service for all else."""

    def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
        return start_response(status, [*headers, (WORKER, str(os.getpid()))], *rest)

    chosen = trivial if environ["PATH_INFO"] == TRIVIAL else service
    return chosen(environ, start)
