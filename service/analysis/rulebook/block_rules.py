"""FEAT rules about address blocks under an engine that matches the outside only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from service.analysis.rulebook.answers import (
    CLEAR,
    Found,
    Missing,
    Shown,
    Sighting,
    joined,
    seen,
)
from service.analysis.rulebook.blocks import BlockReach, block_reaches
from service.analysis.rulebook.inputs import RuleInput
from service.analysis.rulebook.npm_rules import weighed
from service.analysis.rulebook.predicates import Predicate
from service.analysis.rulebook.sight import Sight
from service.analysis.rulebook.traits import trait
from service.model.finding import Severity
from service.model.network_policy import PolicyType

SHOWN = 10

POD_ADDRESSES = Missing(
    "podAddresses", "give pods with their addresses, or the ranges that pods get them from"
)
NODE_ADDRESSES = Missing(
    "nodeAddresses", "give nodes with their addresses, or the ranges of their subnets"
)


def reaches(asked: RuleInput, *, listed_only: bool = False) -> Iterator[BlockReach]:
    """The blocks of every policy; `listed_only` leaves out sections that are not listed."""
    for policy in asked.sight.policies:
        kinds: Iterable[PolicyType] = policy.policy_types if listed_only else PolicyType
        yield from block_reaches(asked.sight, (policy,), kinds)


def pods_lost(asked: RuleInput, reach: BlockReach) -> Found:
    """The pods that one block covers and nothing else in its policy admits."""
    sight = asked.sight
    if reach.pods:
        names = tuple(f"{pod.namespace}/{pod.name}" for pod in islice(reach.pods, SHOWN))
        detail = f"{reach.block.cidr} covers {len(reach.pods)} pods, for example {names[0]}"
        return seen(
            _sighting(sight, reach, detail, None, {"pods": names, "podCount": len(reach.pods)})
        )
    if reach.open_pods:
        return Found(missing=(POD_ADDRESSES,))
    if not reach.over_pods:
        return CLEAR
    if not sight.pods:
        detail = f"{reach.block.cidr} lies over the range of pod addresses"
        return seen(_sighting(sight, reach, detail, None, {}))
    detail = f"{reach.block.cidr} lies over the range of pod addresses; no pod has one of them now"
    return seen(_sighting(sight, reach, detail, Severity.LOW, {}))


def nodes_lost(asked: RuleInput, reach: BlockReach) -> Found:
    """The nodes that one block covers."""
    sight = asked.sight
    if reach.nodes:
        names = tuple(each.name for each in islice(reach.nodes, SHOWN))
        detail = f"{reach.block.cidr} covers {len(reach.nodes)} nodes, for example {names[0]}"
        values: dict[str, Shown] = {"nodes": names, "nodeCount": len(reach.nodes)}
        return seen(_sighting(sight, reach, detail, None, values))
    if reach.open_nodes:
        return Found(missing=(NODE_ADDRESSES,))
    if not reach.over_nodes:
        return CLEAR
    has_nodes = bool(asked.snapshot.inventory.nodes)
    now = "; no node has one of them now" if has_nodes else ""
    detail = f"{reach.block.cidr} lies over the range of node addresses{now}"
    return seen(_sighting(sight, reach, detail, Severity.LOW if has_nodes else None, {}))


def _sighting(
    sight: Sight,
    reach: BlockReach,
    detail: str,
    severity: Severity | None,
    values: Mapping[str, Shown],
) -> Sighting:
    shown: dict[str, Shown] = {"cidr": reach.block.cidr, "direction": reach.kind.value, **values}
    if reach.block.excepts:
        shown["except"] = reach.block.excepts
    return weighed(
        sight,
        reach.policy,
        Sighting(
            detail,
            severity,
            policy=reach.policy.ref,
            pointer=f"{reach.pointer}/cidr",
            values=shown,
        ),
    )


def _pods_by_block(asked: RuleInput) -> Found:
    if trait(asked.profile, "blocksMatchPods") is not False:
        return CLEAR
    return joined(pods_lost(asked, each) for each in reaches(asked))


def _nodes_by_block(asked: RuleInput) -> Found:
    if trait(asked.profile, "blocksMatchNodes") is not False:
        return CLEAR
    return joined(nodes_lost(asked, each) for each in reaches(asked))


def _services_by_block(asked: RuleInput) -> Found:
    return joined(_over_services(asked, each) for each in reaches(asked))


def _over_services(asked: RuleInput, reach: BlockReach) -> Found:
    if reach.kind is not PolicyType.EGRESS or reach.is_everything:
        return CLEAR
    ranges = asked.sight.ranges
    inside = ranges.service_range is not None and ranges.service_range.covers(reach.addresses)
    covered = ranges.cover(reach.addresses)
    if not inside and (covered.pods or covered.nodes):
        return CLEAR
    over = [
        each
        for each, points in asked.sight.service_points
        if any(point in reach.addresses for point in points)
    ]
    if not over and ranges.service_range is None:
        return Found(missing=(Missing("serviceCidrs", "give the range of Service addresses"),))
    if not over and not ranges.service_range_overlaps(reach.addresses):
        return CLEAR
    if not inside and not covered.covers_nothing:
        return Found(missing=(POD_ADDRESSES, NODE_ADDRESSES))
    names = tuple(f"{each.namespace}/{each.name}" for each in over[:SHOWN])
    detail = f"{reach.block.cidr} lies over Service addresses, which are translated before policies"
    return seen(_sighting(asked.sight, reach, detail, None, {"services": names}))


PREDICATES: Mapping[str, Predicate] = {
    "FEAT-010": _pods_by_block,
    "FEAT-011": _nodes_by_block,
    "FEAT-012": _services_by_block,
}
