"""Differences that can be read: those that are alike and have the same ends as one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from service.analysis.compare import Difference
from service.analysis.units import Unit


@dataclass(frozen=True, slots=True)
class DifferenceGroup:
    """What every source may send to every destination differs; an end is not paired with itself.

    Only a group of one end with itself is of what the pods of this one send to each other.
    """

    sources: tuple[Unit, ...]
    destinations: tuple[Unit, ...]
    pairs: int
    example: Difference
    """One of its differences, of the block and placement of all of them."""


@dataclass(frozen=True, slots=True)
class _Column:
    """What differs at one destination, for ends that run alike; it is none of its sources."""

    destination: Unit
    example: Difference
    sources: set[Unit]

    @property
    def choices(self) -> tuple[_Key, _Key]:
        """Groups that it can stand in: by its sources, and by these with itself."""
        same_node = self.example.same_node
        found = frozenset(self.sources)
        return (same_node, found), (same_node, found | {self.destination})


_Key = tuple[bool | None, frozenset[Unit]]


def groups_of(differences: Iterable[Difference]) -> tuple[DifferenceGroup, ...]:
    """The differences of one block in groups, each in one of them."""
    columns: dict[tuple[bool | None, Unit], _Column] = {}
    alone: list[DifferenceGroup] = []
    for each in differences:
        if each.source == each.destination:
            alone.append(DifferenceGroup((each.source,), (each.destination,), 1, each))
            continue
        key = each.same_node, each.destination
        if key not in columns:
            columns[key] = _Column(each.destination, each, set())
        columns[key].sources.add(each.source)
    common = Counter(choice for each in columns.values() for choice in each.choices)
    chosen: dict[_Key, list[_Column]] = {}
    for column in columns.values():
        chosen.setdefault(max(column.choices, key=common.__getitem__), []).append(column)
    return (*map(_group, chosen.values()), *alone)


def _group(columns: list[_Column]) -> DifferenceGroup:
    return DifferenceGroup(
        tuple(sorted(set[Unit]().union(*(each.sources for each in columns)))),
        tuple(sorted(each.destination for each in columns)),
        sum(len(each.sources) for each in columns),
        columns[0].example,
    )
