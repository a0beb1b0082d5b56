"""Structured logs: one JSON object a line on standard output, from every logger alike.

Values bound with `structlog.contextvars` (the request id, above all) appear in each line that is
written while a request is answered, also in those of libraries and of gunicorn.
"""

from __future__ import annotations

import logging
import sys
from typing import TextIO

import structlog
from structlog.typing import Processor

_SHARED: tuple[Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
    structlog.stdlib.PositionalArgumentsFormatter(),
)

_PLAIN = structlog.dev.ConsoleRenderer(
    colors=False, exception_formatter=structlog.dev.plain_traceback
)


def configure(level: str, form: str, stream: TextIO | None = None) -> None:
    """Send every logger of this process through one formatter; may be called again."""
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(formatter(form))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # gunicorn gives its loggers handlers of their own.
    for name in ("gunicorn.error", "gunicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    # It tells at every look into the database which dialect it found.
    logging.getLogger("alembic").setLevel(logging.WARNING)
    join_standard_logging()


def join_standard_logging() -> None:
    """Let structlog's lines take the way of all others."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def formatter(form: str) -> logging.Formatter:
    """The formatter for standard handlers: `json`, or `console` for people."""
    last: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if form == "console":
        last.append(_PLAIN)
    else:
        last += [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    return structlog.stdlib.ProcessorFormatter(foreign_pre_chain=_SHARED, processors=last)


def logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger whose lines take values: `log.info("answered", status=200)`."""
    found: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return found
