"""Which representation a client takes."""

from __future__ import annotations

from flask import request

from service.web import problem_types as types
from service.web.problems import RequestProblem


def choose(*offered: str) -> str:
    """The media type that `Accept` prefers, the first offered where it has no preference."""
    if not request.headers.get("Accept", "").strip():
        return offered[0]
    best = request.accept_mimetypes.best_match(offered)
    if best is None:
        raise RequestProblem(types.NOT_ACCEPTABLE, f"Offered here: {', '.join(offered)}.")
    return best
