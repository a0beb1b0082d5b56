"""How commands tell what is wrong: each fault a line on standard error."""

from __future__ import annotations

import sys
from collections.abc import Iterable

BAD_INPUT = 2


class Refused(Exception):
    """A command cannot be done with what it was given."""

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(self.faults))


def report(refused: Refused) -> int:
    """Print the faults; the exit status."""
    for fault in refused.faults:
        print(fault, file=sys.stderr)
    return BAD_INPUT
