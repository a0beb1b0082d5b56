"""The rules that speak to a subject, over the whole space of peers at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from service.analysis.answers import Answers
from service.model.assumption import Assumption
from service.model.intervals import NOTHING, Intervals
from service.model.pipeline import Effect
from service.model.ports import ALL_TRAFFIC

#: Traffic and peers let through for sure.
Certain = tuple[tuple[Intervals, int], ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One rule over the whole space, for one set of traffic."""

    effect: Effect
    traffic: Intervals
    peers: Answers

    @property
    def is_doubtful(self) -> bool:
        """Whether it depends on assumptions for some peer."""
        return not self.peers.is_certain


class Block:
    """The rules of one policy that speak to a subject, in order.

    Where it is not certain that the policy selects the subject, that rests on `assumptions`.
    What many subjects ask of it is found out once.
    """

    __slots__ = ("_cuts", "_granted", "_within", "assumptions", "doubtful", "entries", "isolates")

    def __init__(
        self,
        entries: tuple[Entry, ...],
        isolates: bool,
        assumptions: frozenset[Assumption] = frozenset(),
    ) -> None:
        self.entries = entries
        self.isolates = isolates
        self.assumptions = assumptions
        self.doubtful = self._doubtful()
        """The traffic for which what it says rests on an assumption."""
        self._granted: tuple[Intervals, Certain | None] = (NOTHING, ())
        self._within: tuple[Intervals, int | None] = (NOTHING, None)
        self._cuts: tuple[Intervals, tuple[Intervals, ...]] = (NOTHING, ())

    def _doubtful(self) -> Intervals:
        if self.assumptions and self.isolates:
            return ALL_TRAFFIC
        found = NOTHING
        for each in self.entries:
            if self.assumptions or each.is_doubtful:
                found = found | each.traffic
        return found

    def granted(self, traffic: Intervals) -> Certain | None:
        """What it lets through of some traffic that no rule is in doubt about.

        None where one of its rules on that traffic is not an Allow.
        """
        known = self._granted
        if known[0] is not traffic:
            parts = [
                (kept, each)
                for each in self.entries
                if each.peers.must and (kept := _shared(each.traffic, traffic))
            ]
            found: Certain | None = None
            if all(each.effect is Effect.ALLOW for _, each in parts):
                found = tuple((kept, each.peers.must) for kept, each in parts)
            known = self._granted = (traffic, found)
        return known[1]

    def allowed_on(self, piece: Intervals) -> int | None:
        """The peers that it lets through on a piece; None where more is to be said than that."""
        known = self._within
        if known[0] is not piece:
            spoken = [each for each in self.entries if each.traffic.overlaps(piece)]
            found: int | None = None
            if not self.assumptions and all(
                each.effect is Effect.ALLOW and not each.is_doubtful for each in spoken
            ):
                found = 0
                for each in spoken:
                    found |= each.peers.must
            known = self._within = (piece, found)
        return known[1]

    def cuts(self, traffic: Intervals) -> tuple[Intervals, ...]:
        """The traffic of rules that speak of a part of some traffic only."""
        known = self._cuts
        if known[0] is not traffic:
            parts = {_shared(each.traffic, traffic) for each in self.entries}
            cuts = tuple(each for each in parts if each and each != traffic)
            known = self._cuts = (traffic, cuts)
        return known[1]


@dataclass(frozen=True, slots=True)
class StageBlocks:
    """The policies of a stage that select a subject, and how the stage ends for it."""

    blocks: tuple[Block, ...]
    end: Effect
    gate: str = ""

    @property
    def entries(self) -> list[Entry]:
        """The rules of all policies, in order."""
        return [entry for block in self.blocks for entry in block.entries]

    @property
    def is_last(self) -> bool:
        """Whether nothing that its rules leave undecided gets past it."""
        return self.end is Effect.DENY and any(each.isolates for each in self.blocks)


def doubtful_traffic(stages: Sequence[StageBlocks]) -> Intervals:
    """The traffic for which some outcome rests on an assumption.

    Equal sets are one object, so that what a block keeps for one subject serves the others.
    """
    doubtful = NOTHING
    for stage in stages:
        for block in stage.blocks:
            if block.doubtful:
                doubtful = _known(doubtful | block.doubtful)
    return doubtful


@lru_cache(4096)
def _known(traffic: Intervals) -> Intervals:
    return traffic


@lru_cache(16_384)
def _shared(traffic: Intervals, other: Intervals) -> Intervals:
    return traffic & other
