"""Numbers about a connectivity map: how much is open, and which workloads are exposed most."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from service.analysis.columns import Column
from service.analysis.cuts import pieces
from service.analysis.listing import Listing
from service.analysis.solve import Connectivity
from service.analysis.space import Standing
from service.analysis.units import Seat, Seating, Unit
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
    counts = _Counts(solved, seating)
    workloads = [seat for seat in seating.seats if seat.unit.is_workload]
    exposures: list[Exposure] = []
    allowed = unknown = 0
    for seat in workloads:
        numbers = counts.of(seat)
        allowed += numbers.allowed
        unknown += numbers.unknown
        exposures.append(
            Exposure(
                seat.unit,
                numbers.allowed,
                numbers.unknown,
                numbers.from_outside,
                numbers.any_port,
            )
        )
    exposures.sort(key=lambda each: (not each.from_outside, -each.sources, each.unit))
    return MapSummary(
        workloads=len(workloads),
        nodes=sum(1 for seat in seating.seats if seat.unit.is_node),
        external_ranges=seating.ranges,
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


class _Counts:
    """Counts the workloads that reach one.

    Those on the node network are asked one by one, as it matters where both ends run.
    """

    def __init__(self, solved: Connectivity, seating: Seating) -> None:
        self._solved = solved
        self._weights = _Weights(solved, seating)
        self._listing = Listing(solved, seating)
        self._hosts = [seat for seat in self._listing.node_seats if seat.unit.is_workload]

    def of(self, seat: Seat) -> _Numbers:
        """The numbers of a workload, itself left out."""
        column = self._solved.columns[seat.place]
        numbers = self._weights.of(column)
        if seat.on_node_network:
            lines = self._listing.lines_to(seat)
            answers = [each.certain for each in lines if each.source.is_workload]
            allowed = unknown = any_port = 0
        else:
            itself = self._weights.itself(column, seat.place)
            allowed, unknown, any_port = (
                number - own
                for number, own in zip(
                    (numbers.allowed, numbers.unknown, numbers.any_port), itself, strict=True
                )
            )
            reaching = self._listing.from_nodes(seat, self._hosts)
            answers = [certain for _, (certain, _, _) in reaching]
        for certain in answers:
            allowed += bool(certain)
            unknown += not certain
            any_port += certain.covers(ALL_PORTS)
        return _Numbers(allowed, unknown, any_port, numbers.from_outside)


class _Weights:
    """Counts workloads off the node network behind a column; equal columns are counted once."""

    def __init__(self, solved: Connectivity, seating: Seating) -> None:
        space = solved.space
        self._inside = 0
        self._by_weight: dict[int, int] = {}
        for index, place in enumerate(space.places[: space.first_external]):
            if place.standing is not Standing.PLAIN:
                continue
            weight = sum(1 for seat in seating.at_place.get(index, ()) if seat.unit.is_workload)
            if weight:
                self._inside |= 1 << index
                self._by_weight[weight] = self._by_weight.get(weight, 0) | 1 << index
        self._outside = sum(
            1 << index
            for index, place in enumerate(space.places)
            if place.is_external and not space.is_inside(place.low, place.high)
        )
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
    sure = unsure = 0
    for traffic, sources in column.certain:
        if traffic.overlaps(ALL_PORTS):
            sure |= sources
    for traffic, sources, _ in column.unknown:
        if traffic.overlaps(ALL_PORTS):
            unsure |= sources
    return sure, unsure, _on_every_port(column)


def _on_every_port(column: Column) -> int:
    """Sources for which each port is in one entry or another."""
    whole = -1
    for piece in _pieces(frozenset(traffic for traffic, _ in column.certain)):
        found = 0
        for traffic, sources in column.certain:
            if traffic.overlaps(piece):
                found |= sources
        whole &= found
        if not whole:
            break
    return whole


@lru_cache(maxsize=1024)
def _pieces(traffics: frozenset[Intervals]) -> tuple[Intervals, ...]:
    """Every port, cut so that each set of traffic holds a piece entirely or not at all."""
    return tuple(part for piece in pieces(traffics) if (part := piece & ALL_PORTS))
