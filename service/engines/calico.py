"""Calico (Linux, iptables data plane) as AKS runs it.

Source: projectcalico/calico felix/rules and libcalico-go/lib/backend/k8s/conversion.
"""

from __future__ import annotations

from service.engines.endpoints import (
    EndpointView,
    endpoints_of,
    every_container,
    regular_containers_only,
)
from service.engines.engine import Engine, unread_policies
from service.engines.network_policy import Reading, block_peer, network_policies, translate
from service.engines.node_rules import NODE_TO_POD
from service.knowledge import value
from service.model.addresses import has_leading_zeros, parse_cidr
from service.model.assumption import Assumption
from service.model.condition import ALWAYS, AddressIn, Condition
from service.model.engine import EngineProfile, Version
from service.model.intervals import Intervals
from service.model.network_policy import IPBlock
from service.model.pipeline import (
    Direction,
    Pipeline,
    ServicePath,
    ServicePaths,
    Stage,
    StagePolicy,
    Treatment,
)
from service.model.snapshot import Snapshot

NODE_PORT = Assumption(
    "NodePortFromPod", "what Calico sees of a pod's call to a node port is not documented"
)

_PATHS = ServicePaths(
    # Policed like any other connection: the source is the pod's own address.
    hairpin=ServicePath("ServiceToItself", (Treatment.AS_SOURCE,)),
    # Source translation happens after the filter, so the client's address is seen.
    load_balancer_same_node=ServicePath("ClientAddressSeen", (Treatment.AS_SOURCE,)),
    load_balancer_other_node=ServicePath("ForwardingNodeSeen", (Treatment.AS_NODE,)),
    node_port_from_pod=ServicePath("NodePortFromPod", (), NODE_PORT),
)


def _block_peer(block: IPBlock) -> Condition:
    # A CIDR that Go's strict parser refuses loses its restriction: the rule matches any peer;
    # an except that it refuses is lost (libcalico-go conversion).
    if has_leading_zeros(block.cidr):
        return ALWAYS
    if any(map(has_leading_zeros, block.excepts)):
        kept = [each for each in block.excepts if not has_leading_zeros(each)]
        return AddressIn(
            Intervals.of((parse_cidr(block.cidr),)) - Intervals.of(map(parse_cidr, kept))
        )
    return block_peer(block)


READING = Reading(block_peer=_block_peer)


def compile_calico(snapshot: Snapshot, profile: EngineProfile) -> Pipeline:
    """NetworkPolicies as Calico converts them; isolation is the end of the default tier."""
    version = profile.version or Version.parse(value("calico", "defaultVersion"))
    since = Version.parse(value("calico", "initContainerPortNamesSince"))
    names = every_container if version >= since else regular_containers_only
    parts: dict[Direction, list[StagePolicy]] = {each: [] for each in Direction}
    for policy in network_policies(snapshot.policy_set.policies):
        for direction in Direction:
            part = translate(policy, direction, READING)
            if part is not None:
                parts[direction].append(part)
    return Pipeline(
        profile,
        endpoints_of(snapshot, EndpointView(names)),
        ingress=(NODE_TO_POD, Stage("default", tuple(parts[Direction.INGRESS]))),
        egress=(Stage("default", tuple(parts[Direction.EGRESS])),),
        service_paths=(_PATHS,),
        findings=unread_policies(snapshot.policy_set.policies),
    )


CALICO = Engine(
    name="calico",
    title="Calico",
    compile=compile_calico,
    versions=tuple(value("calico", "versions")),
    default_version=value("calico", "defaultVersion"),
)
