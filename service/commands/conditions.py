"""The conditions of `--fail-on`, over an answer that is written while it is found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

ANY = "any"
_Item = TypeVar("_Item")


class Conditions:
    """Whether something that goes by meets what somebody wants to fail on."""

    def __init__(self, wanted: Iterable[str]) -> None:
        self._wanted = frozenset(wanted)
        self._met = False
        # Without conditions nothing is left to be found out.
        self._decided = not self._wanted

    def seen(
        self, items: Iterable[_Item], conditions: Callable[[_Item], Iterable[str]]
    ) -> Iterator[_Item]:
        """The items, each noted with the conditions that it meets before it is handed on."""
        for item in items:
            self._met = self._met or not self._wanted.isdisjoint((ANY, *conditions(item)))
            yield item
        self._decided = True

    def known(self) -> int | None:
        """The exit status, None while an item that is still to come may decide it."""
        if self._met:
            return 1
        return 0 if self._decided else None

    @property
    def status(self) -> int:
        """The exit status once every item has gone by."""
        return int(self._met)
