"""Calls through Services as groups of an impact: by what changes, why, and which Service."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from service.analysis.causes import Cause
from service.analysis.compare import Change
from service.analysis.impact import LISTED_UNITS, CalledService, Decided, ImpactGroup
from service.analysis.service_changes import ServiceChange
from service.analysis.units import Unit
from service.model.intervals import NOTHING, Intervals


@dataclass(slots=True)
class _Growing:
    first: ServiceChange
    cause: Cause | None
    traffic: Intervals = NOTHING
    pairs: set[tuple[Unit, Unit]] = field(default_factory=set)


def service_groups(
    changes: Iterable[ServiceChange], *, is_sampled: bool
) -> tuple[ImpactGroup, ...]:
    """The groups of some calls, in the order of the first of each."""
    found: dict[object, _Growing] = {}
    for each in changes:
        service = CalledService(each.service.namespace, each.service.name)
        for cause in each.causes or (None,):
            why = (cause.rule.id, cause.why, cause.policies) if cause else None
            group = found.setdefault((each.change, service, why), _Growing(each, cause))
            group.traffic = group.traffic | each.traffic
            group.pairs.add((each.source, each.destination))
    return tuple(_group(each, is_sampled=is_sampled) for each in found.values())


def _group(group: _Growing, *, is_sampled: bool) -> ImpactGroup:
    sources = sorted({source for source, _ in group.pairs})
    destinations = sorted({destination for _, destination in group.pairs})
    first = group.first
    return ImpactGroup(
        change=first.change,
        cause=group.cause,
        sources=tuple(sources[:LISTED_UNITS]),
        destinations=tuple(destinations[:LISTED_UNITS]),
        source_count=len(sources),
        destination_count=len(destinations),
        traffic=group.traffic,
        pairs=len(group.pairs),
        example=Decided(first.witness, first.same_node),
        is_sampled=is_sampled,
        service=CalledService(first.service.namespace, first.service.name),
    )


def call_counts(changes: Iterable[ServiceChange]) -> dict[Change, int]:
    """How many calls change, by change."""
    counts = dict.fromkeys(Change, 0)
    for each in changes:
        counts[each.change] += 1
    return counts
