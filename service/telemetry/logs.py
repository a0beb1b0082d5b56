"""Structured logs: one JSON object a line on standard output, from every logger alike.

What surrounds a line (the id of the request being answered, above all) appears in it, also in the
lines of libraries and of gunicorn.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TextIO

import msgspec
import structlog
from structlog.typing import EventDict, Processor

#: Asked for every line: what to say of where it was written.
_surroundings: list[Callable[[], Mapping[str, str]]] = []


def surround(told: Callable[[], Mapping[str, str]]) -> None:
    """Add what a function tells to every line; its values give way to those of the line."""
    if told not in _surroundings:
        _surroundings.append(told)


def _surrounded(_logger: Any, _method: str, line: EventDict) -> EventDict:
    for told in _surroundings:
        for name, value in told().items():
            line.setdefault(name, value)
    return line


_SHARED: tuple[Processor, ...] = (
    _surrounded,
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

    It looks like all others and goes to the same stream. On the way of all others it would take
    longer than most of what else is done for a request.
    """

    NAME = "netverdict.http"

    def __init__(self) -> None:
        self._stream: TextIO | None = None

    def configure(self, level: str, form: str, stream: TextIO) -> None:
        # The form for people is for a developer's own machine.
        is_wanted = logging.getLevelNamesMapping()[level.upper()] <= logging.INFO
        self._stream = stream if form != "console" and is_wanted else None

    def log(self, values: Mapping[str, Any]) -> None:
        if self._stream is None:
            logger(self.NAME).info(ANSWERED, **values)
            return
        line = {
            "event": ANSWERED,
            **values,
            "level": "info",
            "logger": self.NAME,
            "time": f"{datetime.now(UTC).replace(tzinfo=None).isoformat()}Z",
        }
        try:
            # At once, because lines of several threads and processes must not mix.
            self._stream.write(f"{_json(line)}\n")
            self._stream.flush()
        except (OSError, ValueError):
            # A stream that is full or closed: standard handlers cope, and tell on standard error.
            logger(self.NAME).info(ANSWERED, **values)


ANSWERED = "answered"
_answers = _Answers()


def answered(**values: Any) -> None:
    """Log that a request was answered; what is bound to the request must be among the values."""
    _answers.log(values)
