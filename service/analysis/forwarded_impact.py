"""What changes at ports of nodes that lead to pods, and why: asked once for callers that are alike.

No row tells it, because such a call is open wherever a policy of some end could stop anything. So
callers are alike where the same could be stopped of them, or where they share their rules.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import replace

from service.analysis.cause_parts import Part
from service.analysis.compare import Block, Difference
from service.analysis.engine_views import EngineView
from service.analysis.gathering import Share, share_of
from service.analysis.impact_units import ImpactUnits
from service.analysis.space import Space, bits
from service.model.addresses import family_of
from service.model.intervals import Intervals
from service.model.pipeline import Direction
from service.model.ports import PORT_PROTOCOLS
from service.model.verdict import Decision


def divided_at(
    ports: Intervals, nodes: int, blocks: Iterable[Block]
) -> tuple[tuple[Block, ...], tuple[Block, ...]]:
    """The differences that rows can tell, and those at some ports of nodes."""
    plain: list[Block] = []
    forwarded: list[Block] = []
    for block in blocks:
        at_ports = block.traffic & ports
        if not at_ports or not block.destinations & nodes:
            plain.append(block)
            continue
        rest = block.traffic - ports
        forwarded.append(replace(block, destinations=block.destinations & nodes, traffic=at_ports))
        if block.destinations & ~nodes:
            plain.append(replace(block, destinations=block.destinations & ~nodes))
        if rest:
            plain.append(replace(block, destinations=block.destinations & nodes, traffic=rest))
    return tuple(plain), tuple(forwarded)


class ForwardedImpact:
    """Puts differences at such ports together by cause."""

    def __init__(
        self,
        views: tuple[EngineView, EngineView],
        units: ImpactUnits,
        causes_of_parts: Callable[[Difference], tuple[Part, ...]],
    ) -> None:
        self._units = units
        self._causes_of_parts = causes_of_parts
        self._space = views[0].layers[0].layer.space
        self._callers = _Callers(views, self._space)

    def shares(self, blocks: Iterable[Block]) -> Iterator[Share]:
        """Every pair of the blocks with its causes."""
        for block in blocks:
            for destination in bits(block.destinations):
                for place, sources in self._units.existing(destination, block.sources):
                    if block.destinations >> place & 1:
                        yield from self._at(block, place, sources & block.sources)

    def _at(self, block: Block, destination: int, sources: int) -> Iterator[Share]:
        for alike in self._callers.alike(block):
            found = sources & alike
            if not found:
                continue
            known, decided = self._shares(block, destination, found)
            if not decided:
                yield from known
                continue
            for source in bits(found):
                yield from self._shares(block, destination, 1 << source)[0]

    def _shares(self, block: Block, destination: int, sources: int) -> tuple[list[Share], bool]:
        """Callers with the causes of the first; whether rules that people wrote decide there.

        What became of such a rule under the other engine may depend on who calls.
        """
        source = (sources & -sources).bit_length() - 1
        one = replace(block, sources=1 << source, destinations=1 << destination)
        found: list[Share] = []
        decided = False
        # Units of two places are alike but for who shares a node.
        pairs: dict[bool | None, Difference] = {}
        for each in self._units.comparison.differences(one):
            pairs.setdefault(each.same_node, each)
        for difference in pairs.values():
            for part in self._causes_of_parts(difference):
                decided = decided or _is_decided_by_rules(part)
                found.extend(
                    share_of(block.change, cause, part.traffic, source, destination, sources)
                    for cause in part.causes or (None,)
                )
        return found, decided


def _is_decided_by_rules(part: Part) -> bool:
    return any(cause is not None and cause.policies for cause in part.causes) or any(
        evidence.policy is not None
        for side in (part.witness.before, part.witness.after)
        if side is not None
        for case in side.cases
        for direction in Direction
        for evidence in case.of(direction).evidence
    )


class _Callers:
    """The places of a space, put together as far as causes cannot tell them apart."""

    def __init__(self, views: tuple[EngineView, EngineView], space: Space) -> None:
        self._space = space
        self._stopped = [_stopped(each, space) for each in views]
        self._rules = [_rules(each, space) for each in views]
        self._known: dict[tuple[Decision, Decision], list[int]] = {}

    def alike(self, block: Block) -> list[int]:
        """The groups of sources to ask once each for a block."""
        decisions = (block.before, block.after)
        found = self._known.get(decisions)
        if found is None:
            groups: dict[Hashable, int] = {}
            told = [
                self._stopped[side] if decision is Decision.UNKNOWN else self._rules[side]
                for side, decision in enumerate(decisions)
            ]
            for index, place in enumerate(self._space.places):
                endpoint = place.endpoint
                key = (
                    endpoint.kind,
                    endpoint.os,
                    frozenset(map(family_of, endpoint.addresses)),
                    place.standing,
                    self._space.unplaced >> index & 1,
                    *(each[index] for each in told),
                )
                groups[key] = groups.get(key, 0) | 1 << index
            found = self._known[decisions] = list(groups.values())
        return found


def _stopped(view: EngineView, space: Space) -> Sequence[Hashable]:
    """Per place what policies could stop of its calls."""
    masks = [
        each.layer.rows_of(Direction.EGRESS).stopping(protocol)
        for each in view.layers
        for protocol in PORT_PROTOCOLS
    ]
    return [tuple(mask >> place & 1 for mask in masks) for place in range(space.size)]


def _rules(view: EngineView, space: Space) -> Sequence[Hashable]:
    """Per place the rules that it shares with others as a caller, by address family."""
    found: list[list[int]] = [[] for _ in range(space.size)]
    for layer in view.layers:
        for number, shared in enumerate(layer.rules[Direction.EGRESS]):
            for place in bits(shared.places):
                found[place].append(number)
    return list(map(tuple, found))
