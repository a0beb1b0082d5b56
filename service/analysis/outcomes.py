"""What the stages of one direction make of every peer at once.

Two ways to the same answer. Where no rule is in doubt, each Allow rule simply contributes the
peers that no earlier rule took away. Where one is, the traffic is cut into pieces on which
every rule either speaks or does not, and each piece is walked with all outcomes kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from service.analysis.answers import Answers
from service.model.assumption import Assumption
from service.model.intervals import NOTHING, Intervals
from service.model.pipeline import Effect
from service.model.ports import ALL_TRAFFIC

Certain = tuple[tuple[Intervals, int], ...]
Unknown = tuple[tuple[Intervals, int, frozenset[Assumption]], ...]


@dataclass(frozen=True, slots=True)
class Row:
    """Traffic and peers let through for sure, and those that depend; all else is denied.

    Entries may overlap; what counts is their union. No place is both certain and unknown for
    the same traffic.
    """

    certain: Certain
    unknown: Unknown = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One rule over the whole space, for one set of traffic."""

    effect: Effect
    traffic: Intervals
    peers: Answers

    @property
    def is_doubtful(self) -> bool:
        """Whether it depends on assumptions for some peer."""
        return self.peers.must != self.peers.may


@dataclass(frozen=True, slots=True)
class StageEntries:
    """The rules of a stage that speak to a subject, in order, and how the stage ends.

    `isolates` is None where that depends on `assumptions`.
    """

    entries: tuple[Entry, ...]
    isolates: bool | None
    end: Effect
    assumptions: frozenset[Assumption] = frozenset()


def make_row(stages: Sequence[StageEntries], everything: int) -> Row:
    """The row of a subject whose stages hold these entries."""
    doubtful = NOTHING
    for stage in stages:
        if stage.isolates is None:
            doubtful = ALL_TRAFFIC
            break
        for entry in stage.entries:
            if entry.is_doubtful:
                doubtful = doubtful | entry.traffic
    certain: dict[Intervals, int] = {}
    unknown: dict[tuple[Intervals, frozenset[Assumption]], int] = {}
    clear = ALL_TRAFFIC - doubtful if doubtful else ALL_TRAFFIC
    if clear:
        _contribute(stages, clear, everything, certain)
    for piece in _pieces(doubtful, (e.traffic for s in stages for e in s.entries)):
        _walk(stages, piece, everything, certain, unknown)
    return Row(
        tuple(certain.items()),
        tuple((traffic, found, why) for (traffic, why), found in unknown.items()),
    )


def _contribute(
    stages: Sequence[StageEntries], within: Intervals, everything: int, out: dict[Intervals, int]
) -> None:
    cutting = [
        entry.traffic
        for stage in stages
        for entry in stage.entries
        if entry.effect is not Effect.ALLOW
    ]
    for cell in _pieces(within, cutting):
        whole = cell == ALL_TRAFFIC
        undecided = everything
        for stage in stages:
            here, passed = undecided, 0
            for entry in stage.entries:
                traffic = entry.traffic if whole else entry.traffic & cell
                if not traffic:
                    continue
                hit = entry.peers.must & here
                if not hit:
                    continue
                if entry.effect is Effect.ALLOW:
                    out[traffic] = out.get(traffic, 0) | hit
                    continue
                here &= ~hit
                if entry.effect is Effect.PASS:
                    passed |= hit
            # What an earlier Allow let through stays in `here`; that later stages see it again
            # does no harm, because entries are united.
            denied = stage.isolates and stage.end is Effect.DENY
            undecided = passed if denied else here | passed
            if not undecided:
                break
        else:
            out[cell] = out.get(cell, 0) | undecided


def _walk(
    stages: Sequence[StageEntries],
    piece: Intervals,
    everything: int,
    certain: dict[Intervals, int],
    unknown: dict[tuple[Intervals, frozenset[Assumption]], int],
) -> None:
    allowed = denied = 0
    undecided = everything
    doubts: list[tuple[int, frozenset[Assumption]]] = []
    for stage in stages:
        here, passed = undecided, 0
        for entry in stage.entries:
            if not entry.traffic.overlaps(piece):
                continue
            may = entry.peers.may & here
            if not may:
                continue
            if entry.is_doubtful:
                doubts.extend((each & here, why) for each, why in entry.peers.doubts)
            match entry.effect:
                case Effect.ALLOW:
                    allowed |= may
                case Effect.DENY:
                    denied |= may
                case Effect.PASS:
                    passed |= may
            here &= ~entry.peers.must
        if stage.isolates is None:
            doubts.append((here, stage.assumptions))
        ends = stage.isolates is not False and stage.end is Effect.DENY
        if ends:
            denied |= here
        undecided = passed if ends and stage.isolates else here | passed
        if not undecided:
            break
    allowed |= undecided
    sure = allowed & ~denied
    if sure:
        certain[piece] = certain.get(piece, 0) | sure
    _explain(piece, allowed & denied, doubts, unknown)


def _explain(
    piece: Intervals,
    open_places: int,
    doubts: Iterable[tuple[int, frozenset[Assumption]]],
    unknown: dict[tuple[Intervals, frozenset[Assumption]], int],
) -> None:
    """File places under the assumptions that their answer rests on."""
    groups: dict[frozenset[Assumption], int] = {frozenset(): open_places} if open_places else {}
    for places, why in doubts:
        for known, members in list(groups.items()):
            both = members & places
            if both and not why <= known:
                rest = members & ~both
                if rest:
                    groups[known] = rest
                else:
                    del groups[known]
                groups[known | why] = groups.get(known | why, 0) | both
    for why, members in groups.items():
        unknown[piece, why] = unknown.get((piece, why), 0) | members


def _pieces(within: Intervals, cutting: Iterable[Intervals]) -> list[Intervals]:
    """The parts of a set that no cutting set divides any further."""
    if not within:
        return []
    pieces = [within]
    for cut in dict.fromkeys(cutting):
        refined: list[Intervals] = []
        for piece in pieces:
            inside = piece & cut
            if inside and inside != piece:
                refined.extend((inside, piece - cut))
            else:
                refined.append(piece)
        pieces = refined
    return pieces
