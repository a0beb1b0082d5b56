"""What was made of frozen values, found again by their identity.

Comparing a policy with thousands of others costs more than translating it, but a revision that
differs a little holds mostly the same objects. A memo gives the same object for them again,
which lets whoever solves the pipeline recognise what did not change.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Generic, TypeVar, cast

Made = TypeVar("Made")
Of = TypeVar("Of")


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


class EachMemo(Generic[Of, Made]):
    """As `IdentityMemo`, for many single values at once; most of them are mostly there."""

    def __init__(self, capacity: int, make: Callable[[Of], Made]) -> None:
        """`make` gives anything but None."""
        self._capacity = capacity
        self._make = make
        self._found: dict[int, Made] = {}
        self._origins: dict[int, Of] = {}

    def all(self, origins: Sequence[Of]) -> list[Made]:
        """What was made of each."""
        found = list(map(self._found.get, map(id, origins)))
        missing = [place for place, made in enumerate(found) if made is None]
        if missing and len(self._found) + len(origins) > self._capacity:
            self._found, self._origins = {}, {}
        for place in missing:
            found[place] = self._added(origins[place])
        return cast("list[Made]", found)

    def one(self, origin: Of) -> Made:
        """What was made of one."""
        known = self._found.get(id(origin))
        if known is None and len(self._found) >= self._capacity:
            self._found, self._origins = {}, {}
        return self._added(origin) if known is None else known

    def _added(self, origin: Of) -> Made:
        # Some may stand among the origins twice.
        made = self._found.get(id(origin))
        if made is None:
            made = self._found[id(origin)] = self._make(origin)
            self._origins[id(origin)] = origin
        return made
