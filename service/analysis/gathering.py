"""Groups of an impact while their parts come in."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from service.analysis.bit_matrix import transposed
from service.analysis.causes import Cause
from service.analysis.compare import Change
from service.analysis.impact import Example, ImpactGroup, order_of
from service.analysis.impact_units import ImpactUnits
from service.analysis.isolation import Isolations
from service.analysis.space import bits
from service.analysis.witness import Court, ends_of
from service.model.intervals import NOTHING, Intervals
from service.model.pipeline import Direction


@dataclass(frozen=True, slots=True)
class Share:
    """Pairs of places that change at one end for one reason, on some traffic.

    `pairs` has the places at that end as keys. `example` is one of them, with traffic on which it
    changes.
    """

    change: Change
    direction: Direction
    cause: Cause | None
    pairs: dict[int, int]
    traffic: Intervals
    example: tuple[Intervals, int, int]


def share_of(
    change: Change,
    cause: Cause | None,
    traffic: Intervals,
    source: int,
    destination: int,
    among: int,
) -> Share:
    """What changes from the places `among` to a destination; `source` is the example of them.

    Without a cause it counts as a change of what the destination lets in.
    """
    if cause is None or cause.direction is Direction.INGRESS:
        pairs = {destination: among}
        return Share(
            change, Direction.INGRESS, cause, pairs, traffic, (traffic, destination, source)
        )
    pairs = dict.fromkeys(bits(among), 1 << destination)
    return Share(change, Direction.EGRESS, cause, pairs, traffic, (traffic, source, destination))


@dataclass(slots=True)
class _Growing:
    """A group while it grows; `first` is the share whose example it shows."""

    first: Share
    traffic: Intervals = NOTHING
    pairs: dict[Direction, dict[int, int]] = field(default_factory=dict)
    """By the end that changes its mind; both ends only where the engine itself is the cause."""


class Gathering:
    """Puts connections together by what changes, why, and at which end."""

    def __init__(self, units: ImpactUnits, courts: tuple[Court, Court]) -> None:
        self._units = units
        self._courts = courts
        self._found: dict[object, _Growing] = {}

    def take(self, share: Share) -> None:
        """Add pairs that exist."""
        key = _key(share)
        known = self._found.get(key)
        if known is None:
            known = self._found[key] = _Growing(share)
        elif _order_of_example(share) < _order_of_example(known.first):
            # The same one whatever the order in which the shares come.
            known.first = share
        known.traffic = known.traffic | share.traffic
        into = known.pairs.setdefault(share.direction, {})
        for subject, peers in share.pairs.items():
            into[subject] = into.get(subject, 0) | peers

    def covered(self, change: Change, size: int) -> list[int]:
        """The pairs of places in any group: the sources of each destination."""
        ends = {each: [0] * size for each in Direction}
        for group in self._found.values():
            if group.first.change is change:
                for direction, pairs in group.pairs.items():
                    into = ends[direction]
                    for subject, peers in pairs.items():
                        into[subject] |= peers
        outwards = transposed(ends[Direction.EGRESS], size)
        return [one | other for one, other in zip(ends[Direction.INGRESS], outwards, strict=True)]

    def groups(self, isolations: Isolations | None) -> tuple[ImpactGroup, ...]:
        """The groups in order; `isolations` where they are to be told by what closed them."""
        found = [self._group(each) for each in self._found.values()]
        if isolations is not None:
            found = [_with_isolation(each, isolations) for each in found]
        return tuple(sorted(found, key=order_of))

    def _pairs(self, group: _Growing) -> tuple[Direction, dict[int, int]]:
        """The pairs of a group, with the end whose places are the keys."""
        if len(group.pairs) == 1:
            return next(iter(group.pairs.items()))
        size = self._units.size
        outwards = [group.pairs[Direction.EGRESS].get(place, 0) for place in range(size)]
        inwards = group.pairs[Direction.INGRESS]
        found = {
            place: sources
            for place, each in enumerate(transposed(outwards, size))
            if (sources := each | inwards.get(place, 0))
        }
        return Direction.INGRESS, found

    def _group(self, group: _Growing) -> ImpactGroup:
        direction, pairs = self._pairs(group)
        subjects, peers = self._units.sides(pairs)
        inwards = direction is Direction.INGRESS
        sources, destinations = (peers, subjects) if inwards else (subjects, peers)
        traffic, subject, peer = group.first.example
        difference = self._units.difference(group.first.direction, subject, peer)
        return ImpactGroup(
            change=group.first.change,
            cause=group.first.cause,
            sources=sources.listed,
            destinations=destinations.listed,
            source_count=sources.count,
            destination_count=destinations.count,
            traffic=group.traffic,
            pairs=self._units.count(direction, pairs),
            example=Example(
                ends_of(difference, self._courts[0]), traffic, self._courts, difference.same_node
            ),
        )


def _key(share: Share) -> object:
    cause = share.cause
    if cause is None:
        return share.change, share.direction, None
    # Of what the engine does by itself both ends are one cause.
    direction = None if cause.rule.whole_cluster else share.direction
    return share.change, direction, (cause.rule.id, cause.why, cause.policies)


def _order_of_example(share: Share) -> tuple[object, ...]:
    traffic, subject, peer = share.example
    return traffic.spans, share.direction.value, subject, peer


def _with_isolation(group: ImpactGroup, isolations: Isolations) -> ImpactGroup:
    if group.cause is None:
        return group
    return replace(group, isolation=isolations.of(group.cause.direction, group.cause.policies))
