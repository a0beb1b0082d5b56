"""Peers of a row that the same rules speak of, so that they share the reasons of a change."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from service.analysis.blankets import Blanket
from service.analysis.blocks import Entry
from service.analysis.engine_views import SharedRules
from service.analysis.pings import pinged
from service.analysis.row_changes import RowChange, RowPair
from service.analysis.space import Space
from service.model.addresses import Family
from service.model.intervals import NOTHING, Intervals
from service.model.pipeline import Effect
from service.model.verdict import Decision


@dataclass(frozen=True, slots=True)
class PeerClass:
    """Peers and traffic of a row about which the same rules speak, on either side.

    `key` tells the classes of one row apart that may have different reasons. `is_blanket`: the
    reason is a rule of the new engine's own, and the same for every row.
    """

    pair: RowPair
    peers: int
    traffic: Intervals
    before: Decision
    after: Decision
    key: Hashable
    is_blanket: bool = False


#: What a rule speaks of: the traffic, and sets of places whose answers differ.
_Spoken = tuple[int, Intervals, int, tuple[int, ...]]


class PeerClasses:
    """Divides the changes of rows."""

    def __init__(
        self,
        space: Space,
        special: Iterable[Intervals],
        blanket: Blanket,
        *,
        by_kind: bool,
    ) -> None:
        """`special`: traffic that reasons ask for; `by_kind`: they ask what a peer is."""
        self._blanket = blanket
        self._families = space.families
        self._kinds = _kinds_of_places(space) if by_kind else (space.everything,)
        self._special = tuple(special) if by_kind else ()

    def of(self, pair: RowPair, changes: Sequence[RowChange]) -> Iterator[PeerClass]:
        """The classes of everything that changes for a row."""
        family = self._families[pair.layer]
        sides = (_Side(pair.before, family), _Side(pair.after, family))
        for change in changes:
            if self._blanket.covers(pair, change):
                yield _whole(pair, change)
                continue
            decisions = (change.before, change.after)
            concerned = [
                each
                for side, decision in zip(sides, decisions, strict=True)
                for each in side.speaking(change, decision)
            ]
            for mark, traffic in self._stretches(change.traffic, concerned):
                chosen = [each for each, inside in zip(concerned, mark, strict=False) if inside]
                for peers, key in self._divided(change.peers, chosen):
                    yield PeerClass(
                        pair, peers, traffic, change.before, change.after, (mark[-1], key)
                    )

    def _stretches(
        self, traffic: Intervals, spoken: Sequence[_Spoken]
    ) -> Iterator[tuple[tuple[bool, ...], Intervals]]:
        """The traffic by the rules that speak of it; at last whether reasons ask for it."""
        if not spoken and not self._special:
            yield (False,), traffic
            return
        edges = {
            edge
            for each in (*(each[1] for each in spoken), *self._special)
            for low, high in each
            for edge in (low, high + 1)
        }
        found: dict[tuple[bool, ...], Intervals] = {}
        for low, high in traffic:
            points = [low, *sorted(each for each in edges if low < each <= high), high + 1]
            for start, end in pairwise(points):
                asked = any(start in each for each in self._special)
                mark = (*(start in each[1] for each in spoken), asked)
                found[mark] = found.get(mark, NOTHING) | Intervals(((start, end - 1),))
        yield from found.items()

    def _divided(self, peers: int, spoken: Iterable[_Spoken]) -> Iterator[tuple[int, Hashable]]:
        parts: list[tuple[int, tuple[Hashable, ...]]] = [(peers, ())]
        for number, _, _, masks in spoken:
            for index, mask in enumerate(masks):
                split: list[tuple[int, tuple[Hashable, ...]]] = []
                for places, key in parts:
                    inside, outside = places & mask, places & ~mask
                    if inside:
                        split.append((inside, (*key, (number, index))))
                    if outside:
                        split.append((outside, key))
                parts = split
        for places, key in parts:
            for number, kind in enumerate(self._kinds):
                if places & kind:
                    yield places & kind, (number, key)


def _whole(pair: RowPair, change: RowChange) -> PeerClass:
    return PeerClass(
        pair, change.peers, change.traffic, change.before, change.after, None, is_blanket=True
    )


class _Side:
    """The rules of a row under one engine."""

    def __init__(self, rules: SharedRules, family: Family) -> None:
        self._rules = rules
        self._family = family

    @cached_property
    def _only_allows(self) -> bool:
        return all(
            entry.effect is Effect.ALLOW and entry.peers.is_certain
            for stage in self._rules.stages
            for entry in stage.entries
        )

    @cached_property
    def _spoken(self) -> list[_Spoken]:
        return [
            (id(entry), pinged(entry.traffic, self._family), entry.peers.may, _masks(entry))
            for stage in self._rules.stages
            for entry in stage.entries
        ]

    def speaking(self, change: RowChange, decision: Decision) -> Iterator[_Spoken]:
        """The rules that speak of a change."""
        if decision is Decision.DENY and self._only_allows:
            # What is closed is what none of them speaks of.
            return
        for each in self._spoken:
            if each[2] & change.peers and each[1].overlaps(change.traffic):
                yield each


def _masks(entry: Entry) -> tuple[int, ...]:
    peers = entry.peers
    return tuple(dict.fromkeys((peers.may, peers.must, *(places for places, _ in peers.doubts))))


def _kinds_of_places(space: Space) -> tuple[int, ...]:
    found: dict[Hashable, int] = {}
    for index, place in enumerate(space.places):
        endpoint = place.endpoint
        kind = (endpoint.kind, place.standing, endpoint.node is None)
        found[kind] = found.get(kind, 0) | 1 << index
    return tuple(found.values())
