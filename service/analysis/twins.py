"""Which units of two maps are the same: by owner, and those of one owner by their pods."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from service.analysis.units import Seat

TEMPLATE_HASH = "pod-template-hash"


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
    # Pods that were all replaced may have become any of those that are new; pods that are new
    # beside the others are held against those. Of pods that went alone there is nothing to say.
    return [*pairs, *((one, other) for other in fresh for one in left or mine[:1])]


def names_of(seat: Seat | None) -> frozenset[str]:
    """The names of a seat's pods."""
    return frozenset(each.name for each in seat.members) if seat else frozenset()


def taken(pairs: Iterable[tuple[Seat | None, Seat | None]]) -> dict[int, frozenset[str]]:
    """Seats of the second map that several of the first became, with the pods of all of these."""
    found: dict[int, list[Seat]] = {}
    for one, other in pairs:
        if one is not None and other is not None:
            found.setdefault(id(other), []).append(one)
    return {
        other: frozenset().union(*map(names_of, seats))
        for other, seats in found.items()
        if len(seats) > 1
    }
