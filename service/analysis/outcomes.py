"""What the stages of one direction make of every peer at once.

Two ways to the same answer. Where no rule is in doubt, each Allow rule simply contributes the
peers that no earlier rule took away. Where one is, the traffic is cut into pieces on which
every rule either speaks or does not, and each piece is walked with all outcomes kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
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

    Equal rules keep equal entries, so that rows can share them. Entries may overlap; what
    counts is their union. No place is both certain and unknown for the same traffic.
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
class Block:
    """The rules of one policy that speak to a subject, in order.

    Where it is not certain that the policy selects the subject, that rests on `assumptions`.
    """

    entries: tuple[Entry, ...]
    isolates: bool
    assumptions: frozenset[Assumption] = frozenset()


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


def make_row(stages: Sequence[StageBlocks], everything: int) -> Row:
    """The row of a subject that these policies select."""
    doubtful = _doubtful_traffic(stages)
    certain: set[tuple[Intervals, int]] = set()
    unknown: dict[tuple[Intervals, frozenset[Assumption]], int] = {}
    clear = ALL_TRAFFIC - doubtful if doubtful else ALL_TRAFFIC
    if clear:
        _contribute(stages, clear, everything, certain)
    for piece in _pieces(doubtful, (each.traffic for each in _entries(stages))):
        _walk(stages, piece, everything, certain, unknown)
    return Row(
        tuple(certain),
        tuple((traffic, found, why) for (traffic, why), found in unknown.items()),
    )


def _entries(stages: Sequence[StageBlocks]) -> Iterator[Entry]:
    return (entry for stage in stages for entry in stage.entries)


def _doubtful_traffic(stages: Sequence[StageBlocks]) -> Intervals:
    """The traffic for which some outcome rests on an assumption."""
    doubtful = NOTHING
    for stage in stages:
        for block in stage.blocks:
            if block.assumptions and block.isolates:
                return ALL_TRAFFIC
            for entry in block.entries:
                if block.assumptions or entry.is_doubtful:
                    doubtful = doubtful | entry.traffic
    return doubtful


def _contribute(
    stages: Sequence[StageBlocks],
    within: Intervals,
    everything: int,
    out: set[tuple[Intervals, int]],
) -> None:
    cutting = [
        entry.traffic
        for stage in stages
        for entry in stage.entries
        if entry.effect is not Effect.ALLOW or stage.gate
    ]
    for cell in _pieces(within, cutting):
        whole = cell == ALL_TRAFFIC
        undecided, waiting, gate = everything, 0, ""
        for stage in stages:
            if stage.gate != gate:
                undecided, waiting, gate = undecided | waiting, 0, stage.gate
            here, passed = undecided, 0
            for entry in stage.entries:
                traffic = entry.traffic if whole else entry.traffic & cell
                if not traffic:
                    continue
                hit = entry.peers.must & here
                if not hit:
                    continue
                if entry.effect is Effect.ALLOW and not gate:
                    out.add((traffic, hit))
                    continue
                here &= ~hit
                if entry.effect is Effect.PASS:
                    passed |= hit
                elif entry.effect is Effect.ALLOW:
                    waiting |= hit
            # What an earlier Allow let through stays in `here`; that later stages see it again
            # does no harm, because entries are united.
            isolates = any(block.isolates for block in stage.blocks)
            undecided = passed if isolates and stage.end is Effect.DENY else here | passed
            if not undecided and not waiting:
                break
        else:
            out.add((cell, undecided | waiting))


def _walk(
    stages: Sequence[StageBlocks],
    piece: Intervals,
    everything: int,
    certain: set[tuple[Intervals, int]],
    unknown: dict[tuple[Intervals, frozenset[Assumption]], int],
) -> None:
    allowed = denied = waiting = 0
    undecided, gate = everything, ""
    doubts: list[tuple[int, frozenset[Assumption]]] = []
    for stage in stages:
        if stage.gate != gate:
            undecided, waiting, gate = undecided | waiting, 0, stage.gate
        let_through, refused, undecided = _walk_stage(stage, piece, undecided, doubts)
        denied |= refused
        if gate:
            waiting |= let_through
        else:
            allowed |= let_through
        if not undecided and not waiting:
            break
    allowed |= undecided | waiting
    sure = allowed & ~denied
    if sure:
        certain.add((piece, sure))
    _explain(piece, allowed & denied, doubts, unknown)


def _walk_stage(
    stage: StageBlocks,
    piece: Intervals,
    undecided: int,
    doubts: list[tuple[int, frozenset[Assumption]]],
) -> tuple[int, int, int]:
    """The peers that a stage may allow, those it may deny, and those the next one may see."""
    here, isolated, perhaps = undecided, False, 0
    found: dict[Effect, int] = dict.fromkeys(Effect, 0)
    for block in stage.blocks:
        within = here
        for entry in block.entries:
            if not entry.traffic.overlaps(piece):
                continue
            may = entry.peers.may & within
            if not may:
                continue
            doubts.append((may, block.assumptions))
            doubts.extend((each & within, why) for each, why in entry.peers.doubts)
            found[entry.effect] |= may
            within &= ~entry.peers.must
        # If the policy selects at all, what its rules decide it does not isolate any more;
        # if it does not select, nothing is decided.
        if not block.assumptions:
            here = within
            isolated = isolated or block.isolates
        elif block.isolates:
            perhaps |= within
            doubts.append((within, block.assumptions))
    if stage.end is not Effect.DENY:
        isolated, perhaps = False, 0
    denied = found[Effect.DENY] | (here if isolated else here & perhaps)
    passed = found[Effect.PASS]
    return found[Effect.ALLOW], denied, passed if isolated else here | passed


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
    for cut in dict.fromkeys(each for each in cutting if each.overlaps(within)):
        refined: list[Intervals] = []
        for piece in pieces:
            inside = piece & cut
            if inside and inside != piece:
                refined.extend((inside, piece - cut))
            else:
                refined.append(piece)
        pieces = refined
    return pieces
