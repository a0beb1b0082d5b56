"""What stages make of traffic about which some rule is in doubt: every outcome is kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from service.analysis.blocks import StageBlocks
from service.model.assumption import Assumption
from service.model.intervals import Intervals
from service.model.pipeline import Effect

Unknown = tuple[tuple[Intervals, int, frozenset[Assumption]], ...]


def walk(
    stages: Sequence[StageBlocks],
    doubtful: Intervals,
    everything: int,
    certain: dict[tuple[Intervals, int], None],
) -> Unknown:
    """What stages make of traffic about which some rule is in doubt."""
    unknown: dict[tuple[Intervals, frozenset[Assumption]], int] = {}
    cuts = {cut for stage in stages for block in stage.blocks for cut in block.cuts(doubtful)}
    for piece in _pieces(doubtful, frozenset(cuts)):
        _walk(stages, piece, everything, certain, unknown)
    return tuple((traffic, found, why) for (traffic, why), found in unknown.items())


def _walk(
    stages: Sequence[StageBlocks],
    piece: Intervals,
    everything: int,
    certain: dict[tuple[Intervals, int], None],
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
        certain[piece, sure] = None
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
    allowed = 0
    for block in stage.blocks:
        granted = block.allowed_on(piece)
        if granted is not None:
            allowed |= granted & here
            here &= ~granted
            isolated = isolated or block.isolates
            continue
        within = here
        for entry in block.entries:
            if not entry.traffic.overlaps(piece):
                continue
            may = entry.peers.may & within
            if not may:
                continue
            if block.assumptions:
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
    return allowed | found[Effect.ALLOW], denied, passed if isolated else here | passed


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


@lru_cache(1024)
def _pieces(doubtful: Intervals, cuts: frozenset[Intervals]) -> list[Intervals]:
    return pieces_within(doubtful, sorted(cuts, key=lambda each: each.spans))


def pieces_within(within: Intervals, cutting: Iterable[Intervals]) -> list[Intervals]:
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
