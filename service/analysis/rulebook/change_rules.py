"""MIG rules: which policies mean something else under the new engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from service.analysis.rulebook.answers import CLEAR, Found, Missing, Sighting, joined
from service.analysis.rulebook.block_rules import (
    NODE_ADDRESSES,
    nodes_lost,
    pods_lost,
    reaches,
)
from service.analysis.rulebook.blocks import BlockReach
from service.analysis.rulebook.cilium_rules import PREDICATES as CILIUM_PREDICATES
from service.analysis.rulebook.dns_rules import LOCAL_DNS, Opened, dns_accesses, local_dns
from service.analysis.rulebook.inputs import RuleInput
from service.analysis.rulebook.npm_rules import PREDICATES as NPM_PREDICATES
from service.analysis.rulebook.npm_rules import ipv6_left_open
from service.analysis.rulebook.opening import blocks_for_everything, isolated_groups
from service.analysis.rulebook.predicates import Predicate
from service.analysis.rulebook.ranges import points_of
from service.analysis.rulebook.sight import workloads
from service.analysis.rulebook.traffic_rules import PREDICATES as TRAFFIC_PREDICATES
from service.analysis.rulebook.traits import has_trait, trait
from service.knowledge import value
from service.model.finding import Severity
from service.model.intervals import NOTHING, Intervals
from service.model.inventory import WINDOWS, Pod
from service.model.network_policy import PolicyType

PODS = Missing("pods", "give the pods, so that it can be told whom policies isolate")
SLIGHT = frozenset({Severity.LOW, Severity.INFO})


def of_source(asked: RuleInput) -> RuleInput:
    """The same question about the engine that the cluster has."""
    return replace(asked, profile=asked.source) if asked.source is not None else asked


def _blocks(
    asked: RuleInput,
    lost: Callable[[RuleInput, BlockReach], Found],
    wanted: Callable[[BlockReach], bool],
) -> Found:
    """Blocks that matched pods or nodes, and under the new engine do not."""
    return joined(lost(asked, reach) for reach in reaches(asked, listed_only=True) if wanted(reach))


def _loses_pods(asked: RuleInput) -> bool:
    return trait(asked.profile, "blocksMatchPods") is False


def _pods(asked: RuleInput) -> Found:
    return _blocks(asked, pods_lost, lambda reach: True) if _loses_pods(asked) else CLEAR


def _loses_nodes(asked: RuleInput) -> bool:
    return trait(asked.profile, "blocksMatchNodes") is False


def _nodes(asked: RuleInput) -> Found:
    return _blocks(asked, nodes_lost, lambda reach: True) if _loses_nodes(asked) else CLEAR


def _zero(asked: RuleInput) -> Found:
    halves = ((_loses_pods, pods_lost), (_loses_nodes, nodes_lost))
    return joined(
        _blocks(asked, lost, lambda reach: reach.is_everything)
        for loses, lost in halves
        if loses(asked)
    )


def _nodes_on_egress(asked: RuleInput) -> Found:
    if not _loses_nodes(asked):
        return CLEAR
    return _blocks(asked, nodes_lost, lambda reach: reach.kind is PolicyType.EGRESS)


def _node_subnet(asked: RuleInput) -> Found:
    if not _loses_nodes(asked):
        return CLEAR
    parts: list[Found] = []
    for reach in reaches(asked, listed_only=True):
        if reach.kind is not PolicyType.INGRESS or reach.is_everything:
            continue
        everyone = asked.sight.ranges.covers_every_node(reach.addresses)
        if everyone:
            parts.append(nodes_lost(asked, reach))
        elif everyone is None and reach.open_nodes:
            parts.append(Found(missing=(NODE_ADDRESSES,)))
    return joined(parts)


def _own_node(asked: RuleInput) -> Found:
    """Pods that reach their own node because nothing stands in the way yet."""
    ranges = asked.sight.ranges
    return _closed_off(asked, lambda pod, opened: ranges.covers_node(pod.node, opened))


def _closed_off(asked: RuleInput, covered: Callable[[Pod, Intervals], bool | None]) -> Found:
    """Pods that policies isolate from something on their own node that is open to them yet.

    `covered` tells whether addresses that blocks open for every port reach it all the same.
    """
    if has_trait(asked.profile, "ownNodeOpen"):
        return CLEAR
    sight = asked.sight
    unlisted = has_trait(asked.profile, "countsUnlistedSections")
    by_block = not _loses_nodes(asked)
    if not sight.knows_pods:
        kinds = [each.policy_types for each in sight.policies]
        return Found(missing=(PODS,)) if any(PolicyType.EGRESS in each for each in kinds) else CLEAR
    lost: dict[str, list[Pod]] = {}
    unsure = False
    missing: dict[Missing, None] = {}
    for pods, found in isolated_groups(sight, PolicyType.EGRESS, unlisted=unlisted):
        system = sight.os_of(pods[0])
        if system == WINDOWS:
            continue
        unsure = unsure or system is None
        opened = blocks_for_everything(found) if by_block else NOTHING
        for pod in pods:
            is_open = covered(pod, opened) if opened else False
            if is_open is None:
                missing[NODE_ADDRESSES] = None
            elif not is_open:
                lost.setdefault(pod.namespace, []).append(pod)
    return Found(tuple(_own_node_sightings(lost, unsure=unsure)), tuple(missing))


def _own_node_sightings(lost: Mapping[str, list[Pod]], *, unsure: bool) -> Iterator[Sighting]:
    for namespace, pods in sorted(lost.items()):
        found = workloads(pods)
        note = " (those on Linux nodes)" if unsure else ""
        yield Sighting(
            f"{len(found)} workloads of {namespace} are isolated on egress and lose what runs on "
            f"their own node{note}",
            endpoints=found,
            values={"namespace": namespace, "pods": len(pods)},
        )


def _local_dns(asked: RuleInput) -> Found:
    if has_trait(asked.profile, "ownNodeOpen"):
        return CLEAR
    listeners = points_of(value("platform", "localDns")["addresses"])
    isolated = _closed_off(asked, lambda _, opened: all(each in opened for each in listeners))
    on = local_dns(asked)
    if on is False or (not isolated.sightings and not isolated.missing):
        return CLEAR
    if on is None:
        return Found(missing=(LOCAL_DNS, *isolated.missing))
    return Found(
        tuple(
            replace(each, detail=f"{each.detail.split(' are ')[0]} ask LocalDNS on their own node")
            for each in isolated.sightings
        ),
        isolated.missing,
    )


def _dns_by_block(asked: RuleInput) -> Found:
    if not _loses_pods(asked):
        return CLEAR
    sight = asked.sight
    if not sight.knows_pods:
        egress = any(each.kind is PolicyType.EGRESS for each in reaches(asked, listed_only=True))
        return Found(missing=(PODS,)) if egress else CLEAR
    lost: dict[str, list[Pod]] = {}
    unsure = False
    for access in dns_accesses(sight):
        if Opened.BY_BLOCK in {access.udp, access.tcp}:
            lost.setdefault(access.pods[0].namespace, []).extend(access.pods)
        elif Opened.MAYBE_BY_BLOCK in {access.udp, access.tcp}:
            unsure = True
    missing = (
        Missing("podAddresses", "give the DNS pods with their addresses, or the pod ranges"),
    )
    return Found(
        tuple(
            Sighting(
                f"{len(workloads(pods))} workloads of {namespace} reach DNS by an ipBlock only",
                endpoints=workloads(pods),
                values={"namespace": namespace},
            )
            for namespace, pods in sorted(lost.items())
        ),
        missing if unsure else (),
    )


def _grave(found: Found) -> Found:
    """A finding about the engine as one about the change; what has no effect now is left out."""
    return Found(
        tuple(each for each in found.sightings if each.severity not in SLIGHT), found.missing
    )


def _as_target(rule: str, predicates: Mapping[str, Predicate]) -> Predicate:
    return lambda asked: _grave(predicates[rule](asked))


def _as_source(*rules: str) -> Predicate:
    return lambda asked: _grave(joined(NPM_PREDICATES[each](of_source(asked)) for each in rules))


_skipped = _as_source("FEAT-001", "FEAT-002", "FEAT-003", "FEAT-004", "FEAT-005", "FEAT-006")


def _begins_to_count(asked: RuleInput) -> Found:
    """Policies that the engine of now does not program, or programs for one family alone."""
    return joined((_skipped(asked), ipv6_left_open(of_source(asked))))


def _negations(asked: RuleInput) -> Found:
    """Selectors of negations, where one engine lets the outside match them and one does not."""
    before = trait(asked.source, "negationsAdmitOutside") if asked.source else None
    after = trait(asked.profile, "negationsAdmitOutside")
    if before is None or after is None or before == after:
        return CLEAR
    admitting = of_source(asked) if before is True else asked
    how = "stop" if before is True else "begin"
    return Found(
        tuple(
            replace(
                each,
                detail=f"{each.detail.split(' excludes')[0]}: addresses outside the cluster {how} "
                "to match",
            )
            for each in _grave(NPM_PREDICATES["FEAT-008"](admitting)).sightings
        )
    )


PREDICATES: Mapping[str, Predicate] = {
    "MIG-001": lambda asked: _grave(_pods(asked)),
    "MIG-002": lambda asked: _grave(_nodes(asked)),
    "MIG-003": lambda asked: _grave(_zero(asked)),
    "MIG-004": _own_node,
    "MIG-005": lambda asked: _grave(_nodes_on_egress(asked)),
    "MIG-008": lambda asked: _grave(_node_subnet(asked)),
    "MIG-010": _local_dns,
    "MIG-011": _dns_by_block,
    "MIG-012": _as_target("FEAT-016", CILIUM_PREDICATES),
    "MIG-013": _as_target("FEAT-015", CILIUM_PREDICATES),
    "MIG-014": _as_source("FEAT-007"),
    "MIG-015": _negations,
    "MIG-016": _begins_to_count,
    "MIG-017": _as_target("FEAT-009", CILIUM_PREDICATES),
    "MIG-018": _as_target("FEAT-013", CILIUM_PREDICATES),
    "MIG-019": TRAFFIC_PREDICATES["FEAT-023"],
}
