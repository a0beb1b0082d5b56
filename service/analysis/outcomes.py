"""What the stages of one direction make of every peer at once.

Two ways to the same answer. On traffic about which no rule is in doubt, each Allow rule simply
contributes the peers that no earlier rule took away. Other traffic is cut into pieces on which
every rule either speaks or does not, and each piece is walked with all outcomes kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from service.analysis.blocks import Certain, StageBlocks, doubtful_traffic
from service.analysis.walking import Unknown, pieces_within, walk
from service.model.intervals import Intervals
from service.model.pipeline import Effect
from service.model.ports import ALL_TRAFFIC


@dataclass(frozen=True, slots=True)
class Row:
    """Traffic and peers let through for sure, and those that depend; all else is denied.

    Equal rules keep equal entries, so that rows can share them. Entries may overlap; what
    counts is their union. No place is both certain and unknown for the same traffic.
    """

    certain: Certain
    unknown: Unknown = ()


@dataclass(frozen=True, slots=True)
class Grants:
    """What is let through of `clear`, traffic that no rule is in doubt about, policy by policy.

    `is_open`: nothing isolates the subject, so that all else is let through as well.
    """

    granted: tuple[Certain, ...]
    clear: Intervals
    is_open: bool


def grants_of(stages: Sequence[StageBlocks], doubtful: Intervals) -> Grants | None:
    """The grants of stages that have Allow rules only; None for others."""
    clear = _rest(doubtful)
    granted: list[Certain] = []
    for stage in stages:
        if stage.gate:
            return None
        for block in stage.blocks:
            found = block.granted(clear)
            if found is None:
                return None
            if found:
                granted.append(found)
        if stage.is_last:
            return Grants(tuple(granted), clear, is_open=False)
    return Grants(tuple(granted), clear, is_open=bool(clear))


def make_row(stages: Sequence[StageBlocks], everything: int) -> Row:
    """The row of a subject that these policies select."""
    doubtful = doubtful_traffic(stages)
    grants = grants_of(stages, doubtful)
    certain: dict[tuple[Intervals, int], None] = {}
    if grants is None:
        _contribute(stages, _rest(doubtful), everything, certain)
    else:
        for each in grants.granted:
            certain.update(dict.fromkeys(each))
        if grants.is_open:
            certain[grants.clear, everything] = None
    return with_doubts(stages, doubtful, everything, certain)


def united_row(stages: Sequence[StageBlocks], everything: int) -> Row:
    """The same with one entry for all peers of the same traffic."""
    doubtful = doubtful_traffic(stages)
    grants = grants_of(stages, doubtful)
    if grants is None:
        return united(make_row(stages, everything))
    traffic_of: dict[int, Intervals] = {}
    peers_of: dict[int, int] = {}
    for each in grants.granted:
        for traffic, peers in each:
            # Blocks share the sets of traffic that they speak of.
            number = id(traffic)
            if number in peers_of:
                peers_of[number] |= peers
            else:
                traffic_of[number], peers_of[number] = traffic, peers
    certain = dict.fromkeys(zip(traffic_of.values(), peers_of.values(), strict=True))
    if grants.is_open:
        certain[grants.clear, everything] = None
    return with_doubts(stages, doubtful, everything, certain)


def united(row: Row) -> Row:
    """A row with one entry for all peers of the same traffic."""
    by_traffic: dict[Intervals, int] = {}
    for traffic, peers in row.certain:
        by_traffic[traffic] = by_traffic.get(traffic, 0) | peers
    return Row(tuple(by_traffic.items()), row.unknown)


def with_doubts(
    stages: Sequence[StageBlocks],
    doubtful: Intervals,
    everything: int,
    certain: dict[tuple[Intervals, int], None],
) -> Row:
    """A row of what is certain, and of what becomes of traffic that is in doubt."""
    unknown = walk(stages, doubtful, everything, certain) if doubtful else ()
    return Row(tuple(certain), unknown)


@lru_cache(4096)
def _rest(doubtful: Intervals) -> Intervals:
    return ALL_TRAFFIC - doubtful if doubtful else ALL_TRAFFIC


def _contribute(
    stages: Sequence[StageBlocks],
    within: Intervals,
    everything: int,
    out: dict[tuple[Intervals, int], None],
) -> None:
    cutting = [
        entry.traffic
        for stage in stages
        for entry in stage.entries
        if entry.effect is not Effect.ALLOW or stage.gate
    ]
    for cell in pieces_within(within, cutting):
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
                    out[traffic, hit] = None
                    continue
                here &= ~hit
                if entry.effect is Effect.PASS:
                    passed |= hit
                elif entry.effect is Effect.ALLOW:
                    waiting |= hit
            # What an earlier Allow let through stays in `here`; that later stages see it again
            # does no harm, because entries are united.
            undecided = passed if stage.is_last else here | passed
            if not undecided and not waiting:
                break
        else:
            out[cell, undecided | waiting] = None
