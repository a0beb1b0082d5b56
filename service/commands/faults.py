"""How commands tell what is wrong: each fault a line on standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

from service.commands.printable import printable
from service.usecases.errors import UsecaseError

BAD_INPUT = 2


class Refused(Exception):
    """A command cannot be done with what it was given."""

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(self.faults))


@contextmanager
def refusing() -> Iterator[None]:
    """Raise what a use case or a reader refuses as `Refused`."""
    try:
        yield
    except UsecaseError as error:
        raise Refused([error.detail]) from error
    except ValueError as error:
        raise Refused([str(error)]) from error


def report(refused: Refused) -> int:
    """Print the faults; the exit status."""
    for fault in refused.faults:
        complain(printable(fault))
    return BAD_INPUT


def complain(text: str) -> None:
    """A line on standard error. That nobody can read it changes neither answer nor exit status."""
    try:
        print(text, file=sys.stderr, flush=True)
    except OSError:
        silence(sys.stderr)


def silence(stream: TextIO) -> None:
    """Drop what is left to write: Python would try again at exit, and fail with status 120."""
    # A stream that is no file has nothing to redirect.
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
