"""Which units of two maps are the same: by owner, and those of one owner by their pods."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace

from service.analysis.units import Seat

TEMPLATE_HASH = "pod-template-hash"
#: What controllers label pods with that a restart may change (see `manifests.pod_owners`).
_GENERATED = frozenset(
    {
        *(TEMPLATE_HASH, "controller-revision-hash", "pod-template-generation"),
        *("controller-uid", "batch.kubernetes.io/controller-uid"),
        *("job-name", "batch.kubernetes.io/job-name"),
    }
)


def identity(seat: Seat) -> tuple[int, str, str]:
    """What a unit is called in any map."""
    unit = seat.unit
    name = unit.name
    if unit.is_workload and seat.members:
        # A Deployment's ReplicaSet is named after the hash of its template; a new template is
        # not a new workload.
        suffix = "-" + seat.members[0].labels.get(TEMPLATE_HASH, "")
        hidden = "-" + seat.members[0].hidden_labels.get(TEMPLATE_HASH, "")
        for ending in (suffix, hidden):
            if len(ending) > 1:
                name = name.removesuffix(ending)
    return unit.rank, unit.namespace, name


def matched(first: Sequence[Seat], second: Sequence[Seat]) -> list[tuple[Seat | None, Seat | None]]:
    """Seats of both maps that are the same unit; several of one owner are told by their pods."""
    mine: dict[tuple[int, str, str], list[Seat]] = {}
    theirs: dict[tuple[int, str, str], list[Seat]] = {}
    for seats, found in ((first, mine), (second, theirs)):
        for seat in seats:
            found.setdefault(identity(seat), []).append(seat)
    pairs: list[tuple[Seat | None, Seat | None]] = []
    for key in sorted({*mine, *theirs}):
        pairs.extend(_same_owner(mine.get(key, []), theirs.get(key, [])))
    return pairs


def _same_owner(mine: list[Seat], theirs: list[Seat]) -> list[tuple[Seat | None, Seat | None]]:
    if not mine or not theirs:
        return [*((one, None) for one in mine), *((None, other) for other in theirs)]
    pods = [{each.name for each in seat.members} for seat in theirs]
    pairs: list[tuple[Seat | None, Seat | None]] = []
    left: list[Seat] = []
    met: set[int] = set()
    for one in mine:
        names = {each.name for each in one.members}
        same = [place for place, found in enumerate(pods) if found & names]
        met.update(same)
        pairs.extend((one, theirs[place]) for place in same)
        if not same:
            left.append(one)
    fresh = [each for place, each in enumerate(theirs) if place not in met]
    # Pods that are new beside the others are held against those. Of pods that went alone there is
    # nothing to say.
    if not left:
        return [*pairs, *((mine[0], other) for other in fresh)]
    return [*pairs, *_successions(left, fresh)]


def _successions(left: list[Seat], fresh: list[Seat]) -> list[tuple[Seat | None, Seat | None]]:
    """What pods that were all replaced may have become: those like them, else any that are new."""
    before, after = ([_kinds_of(each) for each in seats] for seats in (left, fresh))
    return [
        (one, other)
        for other, theirs in zip(fresh, after, strict=True)
        for one, mine in zip(left, before, strict=True)
        if mine & theirs
        or not any(mine & each for each in after)
        or not any(theirs & each for each in before)
    ]


def _kinds_of(seat: Seat) -> frozenset[Hashable]:
    """What its pods are like, but for what is new with every pod."""
    return frozenset(
        (
            each.kind,
            each.ports,
            each.service_account,
            frozenset(
                label
                for labels in (each.labels, each.hidden_labels)
                for label in labels.items()
                if label[0] not in _GENERATED
            ),
        )
        for each in seat.members
    )


@dataclass(frozen=True, slots=True)
class Twins:
    """The same unit in both maps, each with the pods that have not become another unit.

    `divided`: several units of the first map became this one of the second, or may have.
    """

    first: Seat | None
    second: Seat | None
    divided: bool = False


def parted(pairs: Sequence[tuple[Seat | None, Seat | None]]) -> Iterator[Twins]:
    """Pairs of seats, where they share pods without those that they share with others.

    So a pod of both maps is in one pair alone; one that came or went may be in several.
    """
    partners: dict[int, list[Seat]] = {}
    for one, other in pairs:
        if one is not None and other is not None:
            partners.setdefault(id(one), []).append(other)
            partners.setdefault(id(other), []).append(one)
    names = {
        seat: frozenset[str]().union(*map(_names_of, others))
        for seat, others in partners.items()
        if len(others) > 1
    }
    for one, other in pairs:
        if one is None or other is None:
            yield Twins(one, other)
            continue
        divided = id(other) in names
        if divided or id(one) in names:
            mine, theirs = _names_of(one), _names_of(other)
            if mine & theirs:
                yield Twins(
                    _without(one, names.get(id(one), theirs) - theirs),
                    _without(other, names.get(id(other), mine) - mine),
                    divided,
                )
                continue
        yield Twins(one, other, divided)


def _names_of(seat: Seat) -> frozenset[str]:
    return frozenset(each.name for each in seat.members)


def _without(seat: Seat, names: frozenset[str]) -> Seat:
    kept = [number for number, each in enumerate(seat.members) if each.name not in names]
    if len(kept) == len(seat.members):
        return seat
    members = tuple(seat.members[number] for number in kept)
    labels = tuple(seat.labels[number] for number in kept) if seat.labels else ()
    return replace(seat, members=members, labels=labels)
