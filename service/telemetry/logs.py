"""Structured logs: one JSON object a line on standard output, from every logger alike.

Values bound with `structlog.contextvars` (the request id, above all) appear in each line that is
written while a request is answered, also in those of libraries and of gunicorn.
"""

from __future__ import annotations

import json
import logging
import sys
from typing import Any, TextIO

import msgspec
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

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
    _answers.configure(level, form, handler.stream)
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
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_SHARED,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            *_rendering(form),
        ],
    )


def _rendering(form: str) -> list[Processor]:
    if form == "console":
        return [_PLAIN]
    return [
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(serializer=_json),
    ]


def _json(line: EventDict, **_: Any) -> str:
    try:
        return msgspec.json.encode(line, enc_hook=repr).decode()
    except (TypeError, ValueError):
        # Lone surrogates, and keys that are no texts: what libraries log is not ours to choose.
        return json.dumps(line, default=repr, skipkeys=True)


def logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger whose lines take values: `log.info("answered", status=200)`."""
    found: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return found


class _Answers:
    """The way of the one line that every request writes.

    It looks like all others and goes to the same stream, without the standard library in between:
    that would make and copy a record of twenty members for it, which takes longer than writing.
    """

    NAME = "netverdict.http"

    def __init__(self) -> None:
        self.log: Any = logger(self.NAME)

    def configure(self, level: str, form: str, stream: TextIO) -> None:
        self.log = structlog.wrap_logger(
            structlog.WriteLogger(stream),
            processors=[
                structlog.contextvars.merge_contextvars,
                structlog.processors.add_log_level,
                self._add_name,
                structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
                *_rendering(form),
            ],
            wrapper_class=structlog.make_filtering_bound_logger(level),
            cache_logger_on_first_use=True,
        )

    def _add_name(self, _logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
        line["logger"] = self.NAME
        return line


_answers = _Answers()


def answered(**values: Any) -> None:
    """Log that a request was answered."""
    try:
        _answers.log.info("answered", **values)
    except (OSError, ValueError):
        # A stream that is full or closed: standard handlers cope, and tell on standard error.
        logger(_Answers.NAME).info("answered", **values)
