"""What a reader of a connectivity map wants to see of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import compress

from service.analysis.space import Space
from service.analysis.units import Seat, Seating, Unit
from service.model.endpoint import Endpoint
from service.model.intervals import Intervals
from service.model.labels import LabelSelector
from service.model.ports import ALL_PORTS


class ListedVerdict(StrEnum):
    """The decisions that a map has lines for."""

    ALLOW = "Allow"
    UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True)
class UnitFilter:
    """Units that meet every condition that is set; none set means every unit.

    `addresses` asks for who has one of them, in the cluster or outside; `outside` are those that
    nobody in the cluster is known to have. `external` asks for anything outside (True) or inside
    (False).
    """

    namespace: str | None = None
    workload: str | None = None
    pod: str | None = None
    selector: LabelSelector | None = None
    node: str | None = None
    addresses: Intervals | None = None
    outside: Intervals | None = None
    external: bool | None = None

    @property
    def names_somebody(self) -> bool:
        """Whether it is about certain pods, nodes or addresses and not a whole namespace."""
        named = (self.pod, self.workload, self.selector, self.node, self.addresses)
        return any(each is not None for each in named)

    @property
    def admits_seats(self) -> bool:
        """Whether a unit of the cluster can meet it."""
        return self.external is not True

    @property
    def admits_outside(self) -> bool:
        """Whether an address outside the cluster can meet it."""
        inside = (self.namespace, self.workload, self.pod, self.selector, self.node)
        return self.external is not False and all(each is None for each in inside)

    @property
    def tells_members_apart(self) -> bool:
        """Whether some pods of a unit may meet it and others not."""
        return any(each is not None for each in (self.pod, self.selector, self.addresses))

    def accepts(self, seat: Seat) -> bool:
        """Whether a unit of the cluster meets it, or some pod of one."""
        return self._accepts_unit(seat.unit) and (
            not self.tells_members_apart or any(self._accepted(seat))
        )

    def members_of(self, seat: Seat) -> tuple[Endpoint, ...]:
        """The members of a unit that meet every condition, each by itself."""
        if not self._accepts_unit(seat.unit):
            return ()
        if not self.tells_members_apart:
            return seat.members
        return tuple(compress(seat.members, self._accepted(seat)))

    def _accepts_unit(self, unit: Unit) -> bool:
        if not self.admits_seats:
            return False
        if self.node is not None and not (unit.is_node and unit.name == self.node):
            return False
        if self.namespace is not None and unit.namespace != self.namespace:
            return False
        if self.workload is not None and not (unit.is_workload and unit.name == self.workload):
            return False
        by_pod = self.pod is not None or self.selector is not None
        return unit.is_workload or not by_pod

    def _accepted(self, seat: Seat) -> Iterator[bool]:
        """Of each member whether it is meant."""
        # What is no pod has no labels here.
        every = seat.labels or ({},) * len(seat.members)
        for member, labels in zip(seat.members, every, strict=True):
            yield (
                (self.pod is None or member.name == self.pod)
                and (self.selector is None or self.selector.matches(labels))
                and (
                    self.addresses is None
                    or any(map(self.addresses.__contains__, member.addresses))
                )
            )

    def accepts_range(self, low: int, high: int) -> bool:
        """Whether a range outside the cluster meets it."""
        if not self.admits_outside:
            return False
        asked = self.addresses if self.outside is None else self.outside
        return asked is None or asked.overlaps(Intervals(((low, high),)))


EVERY_UNIT = UnitFilter()
#: The places of both ends in a filter of lines.
SOURCE, DESTINATION = "/source", "/destination"


@dataclass(frozen=True, slots=True)
class MapFilter:
    """Lines whose two ends, traffic and verdict are wanted.

    `either` is met by a line when one of its ends meets it.
    """

    source: UnitFilter = EVERY_UNIT
    destination: UnitFilter = EVERY_UNIT
    either: UnitFilter = EVERY_UNIT
    traffic: Intervals = ALL_PORTS
    verdict: ListedVerdict | None = None
    crosses: bool = False
    """Only lines with an end outside the cluster."""
    itself: bool = False
    """Also what the pods of every workload may send to each other."""

    def with_ends(self, settle: Callable[[UnitFilter, str], UnitFilter]) -> MapFilter:
        """The same, with what a function makes of each filter of ends and the place of the end."""
        return replace(
            self,
            source=settle(self.source, SOURCE),
            destination=settle(self.destination, DESTINATION),
            either=settle(self.either, ""),
        )

    def without_outside(self) -> MapFilter:
        """The same, without lines that have an end outside the cluster."""
        return replace(
            self,
            source=replace(self.source, external=False),
            destination=replace(self.destination, external=False),
        )

    def about_outside(self, *, external: bool | None) -> MapFilter:
        """The same, with lines that have an end outside only, or without them, or with both."""
        if external is None:
            return self
        return replace(self, crosses=True) if external else self.without_outside()

    @property
    def may_tell_itself(self) -> bool:
        """Whether what the pods of some workload may send to each other can be wanted."""
        return self.itself or (
            self.source.tells_members_apart and self.destination.tells_members_apart
        )

    def tells_itself(self, seat: Seat) -> bool:
        """Whether what the pods of a workload may send to each other is wanted.

        It is also where certain ones are the source and others of them the destination.
        """
        senders, receivers = self.source.members_of(seat), self.destination.members_of(seat)
        two = bool(senders and receivers) and len({*map(id, senders), *map(id, receivers)}) > 1
        return two and (self.itself or (self.may_tell_itself and senders != receivers))

    def with_itself(self) -> MapFilter:
        """The same, with what the pods of one workload may send to each other."""
        return replace(self, itself=True)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The places that a filter leaves, for a solver that need not look at others."""

    sources: int
    destinations: int


def chosen_places(filter_: MapFilter, space: Space, seating: Seating) -> Chosen:
    """The places of the units that may stand at each end of a wanted line."""
    return Chosen(
        _places(filter_.source, space, seating), _places(filter_.destination, space, seating)
    )


def _places(wanted: UnitFilter, space: Space, seating: Seating) -> int:
    if wanted == EVERY_UNIT:
        return space.everything
    found = seating.places(seat for seat in seating.seats if wanted.accepts(seat))
    if wanted.admits_outside:
        # All of them, because lines speak of ranges that are as wide as can be.
        found |= space.everything & ~((1 << space.first_external) - 1)
    return found
