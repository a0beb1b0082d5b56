"""Standard output and standard error: as UTF-8, and with readers that may go away."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from service.commands.faults import Refused, silence

#: What shells report of a program that a closed pipe has ended: 128 and the number of SIGPIPE.
READER_GONE = 141


class ReaderGone(Exception):
    """Whoever read the output has had enough."""

    def __init__(self, known: int | None) -> None:
        self.status = READER_GONE if known is None else known
        super().__init__(self.status)


def prepare() -> None:
    """Write UTF-8 whatever the locale is; `Refused` where there is nowhere to write answers to."""
    if sys.stderr is None:
        # Printing to no file means printing to standard output, which is for answers alone.
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 -- stays open
    # Names that are no text in the locale's encoding go out with the bytes that they came with.
    for stream, errors in ((sys.stdout, "surrogateescape"), (sys.stderr, "backslashreplace")):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors=errors)
    if sys.stdout is None:
        raise Refused(["standard output is closed"])


@contextmanager
def answering(known: Callable[[], int | None]) -> Iterator[None]:
    """Write an answer. When its reader goes, what is `known` of the exit status by then counts."""
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except BrokenPipeError as error:
        silence(sys.stdout)
        raise ReaderGone(known()) from error
    except (OSError, UnicodeEncodeError) as error:
        silence(sys.stdout)
        reason = error.strerror if isinstance(error, OSError) else None
        raise Refused([f"standard output cannot be written: {reason or error}"]) from error
