"""Engine `kubernetes`: the reference reading, what the text of the API promises.

No engine's peculiarities. Where the text leaves a matter open the answer is Unknown, except
that ipBlock matches pod and node addresses, as the upstream conformance tests require.
"""

from __future__ import annotations

from dataclasses import replace

from service.engines.endpoints import EndpointView, endpoints_of, regular_and_sidecar_containers
from service.engines.engine import Engine, unread_policies
from service.engines.network_policy import Reading, network_policies, selected, translate
from service.engines.node_rules import NODE_TO_POD, own_node_allowed
from service.model.assumption import Assumption
from service.model.condition import (
    ALWAYS,
    IS_HOST_POD,
    IS_POD,
    Assumed,
    Condition,
    LabelScope,
    all_of,
    any_of,
    in_namespace,
)
from service.model.engine import EngineProfile
from service.model.network_policy import NetworkPolicyPeer
from service.model.pipeline import (
    Direction,
    Effect,
    Origin,
    Peer,
    Pipeline,
    Rule,
    ServicePath,
    ServicePaths,
    Stage,
    StagePolicy,
    Traffic,
    Treatment,
)
from service.model.ports import ALL_PORTS, ALL_TRAFFIC
from service.model.snapshot import Snapshot

HOST_NETWORK = Assumption(
    "HostNetworkUndefined",
    "the API leaves open whether policies see a hostNetwork pod as a pod or as its node",
)
OTHER_PROTOCOLS = Assumption(
    "OtherProtocolsUndefined",
    "the API defines policies for TCP, UDP and SCTP and leaves ICMP and others to the engine",
)
HAIRPIN = Assumption(
    "HairpinUndefined",
    "the API leaves open whether a pod that reaches itself through its Service is policed "
    "(network-policy-api#343)",
)
SOURCE_ADDRESS = Assumption(
    "SourceAddressUndefined",
    "whether a policy sees the client or the node that forwards the connection depends on "
    "source address translation, which the API leaves open",
)
NODE_PORT = Assumption(
    "NodePortFromPod",
    "the API leaves open whether policies see a node port before or after its translation",
)

_MAY_BE_POD = any_of(IS_POD, all_of(IS_HOST_POD, Assumed(HOST_NETWORK)))


def _selector_peer(namespace: str, peer: NetworkPolicyPeer) -> Condition:
    pods = selected(LabelScope.POD, peer.pod_selector) if peer.pod_selector else ALWAYS
    if peer.namespace_selector is None:
        return all_of(_MAY_BE_POD, in_namespace(namespace), pods)
    return all_of(_MAY_BE_POD, selected(LabelScope.NAMESPACE, peer.namespace_selector), pods)


READING = Reading(subjects=_MAY_BE_POD, selector_peer=_selector_peer, any_traffic=ALL_PORTS)

_VIEW = EndpointView(regular_and_sidecar_containers, host_pods_have_labels=True)

_PATHS = ServicePaths(
    hairpin=ServicePath("HairpinUndefined", (Treatment.AS_SOURCE, Treatment.BYPASS), HAIRPIN),
    load_balancer_same_node=ServicePath(
        "SourceAddressUndefined", (Treatment.AS_SOURCE, Treatment.AS_NODE), SOURCE_ADDRESS
    ),
    load_balancer_other_node=ServicePath(
        "SourceAddressUndefined", (Treatment.AS_SOURCE, Treatment.AS_NODE), SOURCE_ADDRESS
    ),
    node_port_from_pod=ServicePath("NodePortFromPod", (), NODE_PORT),
)

_POD_TO_NODE = own_node_allowed(
    "OwnNodeAllowed", "traffic to the node that a pod runs on is always allowed"
)


def compile_kubernetes(snapshot: Snapshot, profile: EngineProfile) -> Pipeline:
    """The API text, applied to every NetworkPolicy."""
    parts: dict[Direction, list[StagePolicy]] = {each: [] for each in Direction}
    for policy in network_policies(snapshot.policy_set.policies):
        for direction in Direction:
            part = translate(policy, direction, READING)
            if part is not None:
                parts[direction].append(replace(part, rules=(*part.rules, _OTHER_PROTOCOLS)))
    return Pipeline(
        profile,
        endpoints_of(snapshot, _VIEW),
        ingress=(NODE_TO_POD, Stage("networkPolicy", tuple(parts[Direction.INGRESS]))),
        egress=(_POD_TO_NODE, Stage("networkPolicy", tuple(parts[Direction.EGRESS]))),
        service_paths=(_PATHS,),
        findings=unread_policies(snapshot.policy_set.policies),
    )


_OTHER_PROTOCOLS = Rule(
    Effect.ALLOW,
    Origin(OTHER_PROTOCOLS.code, detail=OTHER_PROTOCOLS.detail),
    (Peer(Assumed(OTHER_PROTOCOLS)),),
    Traffic(ALL_TRAFFIC - ALL_PORTS),
)

KUBERNETES = Engine(
    name="kubernetes",
    title="Kubernetes API text (reference)",
    compile=compile_kubernetes,
    migration_target=False,
)
