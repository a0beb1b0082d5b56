"""Engine `kubernetes`: the reference reading, what the text of the API promises.

No engine's peculiarities. Where the text leaves a matter open the answer is Unknown, except
that ipBlock matches pod and node addresses, as the upstream conformance tests require.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from service.engines.admin_order import order_findings
from service.engines.admin_policy import AdminReading, admin_policies, admin_stage
from service.engines.endpoints import EndpointView, endpoints_of, regular_and_sidecar_containers
from service.engines.engine import Engine, unread_policies
from service.engines.memo import IdentityMemo
from service.engines.network_policy import Reading, network_policies, selected, translate
from service.engines.node_rules import NODE_TO_POD, OWN_NODE, own_node_allowed
from service.model.admin_policy import (
    ADMIN_NETWORK_POLICY,
    BASELINE_ADMIN_NETWORK_POLICY,
    CLUSTER_NETWORK_POLICY,
    AdminTier,
)
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

ADMIN_KINDS = frozenset(
    {ADMIN_NETWORK_POLICY, BASELINE_ADMIN_NETWORK_POLICY, CLUSTER_NETWORK_POLICY}
)

_POD_TO_NODE = own_node_allowed(
    "OwnNodeAllowed", "traffic to the node that a pod runs on is always allowed"
)


_ENDED: IdentityMemo[StagePolicy] = IdentityMemo(200_000)


def compile_kubernetes(snapshot: Snapshot, profile: EngineProfile) -> Pipeline:
    """The API text, applied to every NetworkPolicy and every admin policy."""
    policies = snapshot.policy_set.policies
    admin = admin_policies(policies, ADMIN_KINDS)
    reading = AdminReading(snapshot.inventory)
    stages: dict[Direction, tuple[Stage, ...]] = {}
    for direction in Direction:
        before = admin_stage(admin, AdminTier.ADMIN, direction, reading)
        after = admin_stage(admin, AdminTier.BASELINE, direction, reading)
        if direction is Direction.INGRESS:
            # No admin policy can speak of a node as a source.
            before = (NODE_TO_POD, *before)
        elif not after:
            # What a NetworkPolicy must not forbid an admin policy still may.
            before = (*before, _POD_TO_NODE)
        always = _always(direction, has_baseline=bool(after))
        parts = (
            _ENDED.get((part,), always, partial(replace, part, rules=(*part.rules, *always)))
            for policy in network_policies(policies)
            if (part := translate(policy, direction, READING)) is not None
        )
        stages[direction] = (*before, Stage("networkPolicy", tuple(parts)), *after)
    return Pipeline(
        profile,
        endpoints_of(snapshot, _VIEW),
        ingress=stages[Direction.INGRESS],
        egress=stages[Direction.EGRESS],
        service_paths=(_PATHS,),
        findings=(
            *unread_policies(policies, admin_kinds=ADMIN_KINDS),
            *order_findings(admin),
        ),
    )


def _always(direction: Direction, *, has_baseline: bool) -> tuple[Rule, ...]:
    """Rules that every isolating policy ends with.

    Where a baseline follows, it decides what NetworkPolicies have no say in, and the promise
    about the own node binds isolated pods only.
    """
    if not has_baseline:
        return (_OTHER_PROTOCOLS,)
    others = replace(_OTHER_PROTOCOLS, effect=Effect.PASS)
    return (others,) if direction is Direction.INGRESS else (_OWN_NODE_RULE, others)


_OTHER_PROTOCOLS = Rule(
    Effect.ALLOW,
    Origin(OTHER_PROTOCOLS.code, detail=OTHER_PROTOCOLS.detail),
    (Peer(Assumed(OTHER_PROTOCOLS)),),
    Traffic(ALL_TRAFFIC - ALL_PORTS),
)

_OWN_NODE_RULE = Rule(
    Effect.ALLOW,
    Origin(
        "OwnNodeAllowed", detail="NetworkPolicies never block traffic to the node a pod runs on"
    ),
    (Peer(OWN_NODE),),
)

KUBERNETES = Engine(
    name="kubernetes",
    title="Kubernetes API text (reference)",
    compile=compile_kubernetes,
    migration_target=False,
)
