"""gunicorn's own messages in the form of all others; named in gunicorn.conf.py."""

from __future__ import annotations

import os
import sys
from typing import Any

from gunicorn.glogging import Logger

from service.telemetry import logs


class StructuredLogger(Logger):  # type: ignore[misc]  # gunicorn ships no types
    """Replaces the handlers, so that the master's lines are JSON before any worker is there."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        # The master runs before the settings are read; a wrong value shows itself when they are.
        form = os.environ.get("NETVERDICT_LOG_FORMAT", "").strip().lower()
        for each in (*self.error_log.handlers, *self.access_log.handlers):
            each.setFormatter(logs.formatter("console" if form == "console" else "json"))

    def exception(self, msg: str, *args: Any, **kwargs: Any) -> None:
        """Log a fault with its traceback; that a client stands still is none."""
        if isinstance(sys.exc_info()[1], BlockingIOError):
            self.info("client timed out")
        else:
            super().exception(msg, *args, **kwargs)
