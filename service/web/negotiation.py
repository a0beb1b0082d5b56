"""Which representation a client takes."""

from __future__ import annotations

import re
from functools import lru_cache

from flask.globals import request_ctx
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from service.web import problem_types as types
from service.web.problems import RequestProblem


def choose(*offered: str) -> str:
    """The media type that `Accept` prefers, the first offered where it has no preference."""
    accepted = request_ctx.request.headers.get("Accept", "")
    if not accepted.strip():
        return offered[0]
    best = _best(accepted, offered)
    if best is None:
        raise RequestProblem(types.NOT_ACCEPTABLE, f"Offered here: {', '.join(offered)}.")
    return best


# Every answer is UTF-8, so that a client may ask for just that (RFC 9110, 12.5.1).
_UTF_8 = re.compile(r';\s*charset=(utf-8|"utf-8")(?=\s*(?:[;,]|$))', re.IGNORECASE)


# A client says the same with every request, and reading it costs more than some answers do.
@lru_cache(maxsize=256)
def _best(accepted: str, offered: tuple[str, ...]) -> str | None:
    wanted = parse_accept_header(_UTF_8.sub("", accepted), MIMEAccept)
    found: str | None = wanted.best_match(offered)
    return found
