"""How commands tell what is wrong: each fault a line on standard error."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

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
        print(fault, file=sys.stderr)
    return BAD_INPUT
