"""What was made of frozen values, found again by their identity.

Comparing a policy with thousands of others costs more than translating it, but a revision that
differs a little holds mostly the same objects. A memo gives the same object for them again,
which lets whoever solves the pipeline recognise what did not change.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Made = TypeVar("Made")


class IdentityMemo(Generic[Made]):
    """Values by the identity of what they were made of, which is kept alive meanwhile.

    Where it is full it starts anew; that costs time and changes no answer.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._found: dict[Hashable, tuple[tuple[object, ...], Made]] = {}

    def get(self, origins: tuple[object, ...], other: Hashable, make: Callable[[], Made]) -> Made:
        """The value that `make` gives for these origins and whatever else it depends on."""
        key = (*map(id, origins), other)
        known = self._found.get(key)
        if known is None:
            if len(self._found) >= self._capacity:
                self._found = {}
            known = self._found[key] = (origins, make())
        return known[1]
