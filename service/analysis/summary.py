"""Numbers about a connectivity map: how much is open, and which workloads are exposed most."""

from __future__ import annotations

from dataclasses import dataclass

from service.analysis.columns import Column
from service.analysis.solve import Connectivity
from service.analysis.space import Standing
from service.analysis.units import Seating, Unit
from service.model.intervals import Intervals
from service.model.ports import ALL_PORTS


@dataclass(frozen=True, slots=True)
class Exposure:
    """How many workloads reach a workload, and whether addresses outside do."""

    unit: Unit
    sources: int
    unknown_sources: int
    from_outside: bool
    any_port: int
    """Workloads that reach it on every port."""


@dataclass(frozen=True, slots=True)
class MapSummary:
    """Counts over ordered pairs of different workloads; nodes and ranges are counted apart."""

    workloads: int
    nodes: int
    external_ranges: int
    pairs: int
    allowed_pairs: int
    unknown_pairs: int
    reached_from_outside: int
    exposed: tuple[Exposure, ...]


def summarize(solved: Connectivity, seating: Seating, most: int = 20) -> MapSummary:
    """The numbers of a map; `most` bounds the list of exposed workloads."""
    space = solved.space
    weights = _Weights(solved, seating)
    workloads = [seat for seat in seating.seats if seat.unit.is_workload]
    exposures: list[Exposure] = []
    allowed = unknown = 0
    for seat in workloads:
        numbers = weights.of(solved.columns[seat.place])
        itself = weights.itself(solved.columns[seat.place], seat.place)
        sources = numbers.allowed - itself[0]
        unsure = numbers.unknown - itself[1]
        allowed += sources
        unknown += unsure
        exposures.append(
            Exposure(seat.unit, sources, unsure, numbers.from_outside, numbers.any_port - itself[2])
        )
    exposures.sort(key=lambda each: (not each.from_outside, -each.sources, each.unit))
    return MapSummary(
        workloads=len(workloads),
        nodes=sum(1 for seat in seating.seats if seat.unit.is_node),
        external_ranges=space.size - space.first_external,
        pairs=len(workloads) * (len(workloads) - 1),
        allowed_pairs=allowed,
        unknown_pairs=unknown,
        reached_from_outside=sum(1 for each in exposures if each.from_outside),
        exposed=tuple(exposures[:most]),
    )


@dataclass(frozen=True, slots=True)
class _Numbers:
    allowed: int
    unknown: int
    any_port: int
    from_outside: bool


class _Weights:
    """Counts workloads behind the places of a column; equal columns are counted once."""

    def __init__(self, solved: Connectivity, seating: Seating) -> None:
        space = solved.space
        self._inside = 0
        self._by_weight: dict[int, int] = {}
        for index, place in enumerate(space.places[: space.first_external]):
            if place.standing is Standing.OWN_NODE:
                continue
            weight = sum(1 for seat in seating.at_place.get(index, ()) if seat.unit.is_workload)
            if weight:
                self._inside |= 1 << index
                self._by_weight[weight] = self._by_weight.get(weight, 0) | 1 << index
        self._outside = space.everything & ~((1 << space.first_external) - 1)
        self._known: dict[int, _Numbers] = {}

    def of(self, column: Column) -> _Numbers:
        """The numbers of a column."""
        known = self._known.get(id(column))
        if known is None:
            sure, unsure, whole = _union(column)
            known = self._known[id(column)] = _Numbers(
                self._count(sure),
                self._count(unsure & ~sure),
                self._count(whole),
                bool(sure & self._outside),
            )
        return known

    def itself(self, column: Column, place: int) -> tuple[int, int, int]:
        """What a place that is a source of its own column adds to each number: one workload."""
        sure, unsure, whole = _union(column)
        own = 1 << place
        return int(bool(sure & own)), int(bool(unsure & ~sure & own)), int(bool(whole & own))

    def _count(self, places: int) -> int:
        return sum(
            weight * (places & members).bit_count() for weight, members in self._by_weight.items()
        )


def _union(column: Column) -> tuple[int, int, int]:
    """Sources that get anything through, that may, and that get every port through."""
    sure = unsure = whole = 0
    for traffic, sources in column.certain:
        if traffic.overlaps(ALL_PORTS):
            sure |= sources
        if _covers_ports(traffic):
            whole |= sources
    for traffic, sources, _ in column.unknown:
        if traffic.overlaps(ALL_PORTS):
            unsure |= sources
    return sure, unsure, whole


def _covers_ports(traffic: Intervals) -> bool:
    return traffic.covers(ALL_PORTS)
