"""Cilium as AKS runs it (Azure CNI powered by Cilium), versions 1.14 to 1.19.

Source: cilium/cilium pkg/k8s/network_policy.go, pkg/policy, Documentation/security/policy and
Documentation/network/kubernetes/policy.rst; AKS azure-cni-powered-by-cilium.md.
"""

from __future__ import annotations

from service.engines.cilium_policy import NamedEgressPorts, reading
from service.engines.cilium_versions import features_of, version_for_kubernetes
from service.engines.endpoints import EndpointView, endpoints_of
from service.engines.engine import Engine, EngineOption, option, unread_policies
from service.engines.network_policy import network_policies, translate
from service.engines.node_rules import NODE_TO_POD
from service.knowledge import value
from service.model.assumption import Assumption
from service.model.condition import IS_POD, Assumed
from service.model.engine import EngineProfile
from service.model.inventory import ContainerRole
from service.model.pipeline import (
    ANY_PEER,
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
from service.model.ports import Protocol, whole_protocol
from service.model.snapshot import Snapshot

OPTIONS = (
    EngineOption(
        "policyEnforcement",
        ("default", "always", "never"),
        "the agent's policy-enforcement mode",
    ),
    EngineOption(
        "sctp",
        ("unknown", "enabled", "disabled"),
        "whether sctp.enabled is set; AKS does not document it",
    ),
    EngineOption(
        "cidrMatchMode",
        ("none", "nodes"),
        "policy-cidr-match-mode; not configurable on AKS",
    ),
    EngineOption(
        "routing",
        ("direct", "tunnel"),
        "how nodes forward to each other; AKS uses direct routing",
    ),
)

SCTP = Assumption(
    "CiliumSctpEnabled",
    "Cilium drops SCTP unless sctp.enabled is set; AKS does not document whether it is",
)
SIDECAR_PORT_NAMES = Assumption(
    "CiliumSidecarPortNames",
    "Cilium collected port names from spec.containers in the versions that were read; whether "
    "newer ones see those of init containers is not verified",
)
NODE_PORT = Assumption(
    "NodePortFromPod",
    "with socket load balancing a pod's call to a node port is normally rewritten to the backend "
    "before policy sees it, which is not verified",
)


def _resolves_names(role: ContainerRole) -> bool | Assumption:
    return True if role is ContainerRole.REGULAR else SIDECAR_PORT_NAMES


def _paths(routing: str) -> ServicePaths:
    other_node = ServicePath("CiliumRemoteNodeIdentity", (Treatment.AS_NODE,))
    if routing == "tunnel":
        other_node = ServicePath("CiliumWorldIdentityInTunnel", (Treatment.AS_SOURCE,))
    return ServicePaths(
        # A pod that reaches itself through its Service skips policy.
        hairpin=ServicePath("CiliumHairpinAllowed", (Treatment.BYPASS,)),
        load_balancer_same_node=ServicePath("CiliumWorldIdentity", (Treatment.AS_SOURCE,)),
        load_balancer_other_node=other_node,
        node_port_from_pod=ServicePath("NodePortFromPod", (), NODE_PORT),
    )


def compile_cilium(snapshot: Snapshot, profile: EngineProfile) -> Pipeline:
    """NetworkPolicies as Cilium translates them into its own rules."""
    features = features_of(profile)
    view = EndpointView(_resolves_names, features.hides_label)
    endpoints = endpoints_of(snapshot, view)
    mode = option(profile, OPTIONS, "policyEnforcement")
    nodes_by_address = option(profile, OPTIONS, "cidrMatchMode") == "nodes"
    how = reading(features, NamedEgressPorts.of(endpoints), nodes_by_address=nodes_by_address)
    parts: dict[Direction, list[StagePolicy]] = {each: [] for each in Direction}
    for policy in network_policies(snapshot.policy_set.policies):
        for direction in Direction:
            part = translate(policy, direction, how)
            if part is not None:
                parts[direction].append(part)
    if mode == "always":
        for direction in Direction:
            parts[direction].append(_ENFORCED_ALWAYS)
    stages: dict[Direction, tuple[Stage, ...]] = {
        each: () if mode == "never" else (Stage("policy", tuple(parts[each])),)
        for each in Direction
    }
    sctp = _sctp_stages(option(profile, OPTIONS, "sctp"))
    return Pipeline(
        profile,
        endpoints,
        ingress=(*sctp, NODE_TO_POD, *stages[Direction.INGRESS]),
        egress=(*sctp, *stages[Direction.EGRESS]),
        service_paths=(_paths(option(profile, OPTIONS, "routing")),),
        findings=unread_policies(snapshot.policy_set.policies),
    )


def _sctp_stages(sctp: str) -> tuple[Stage, ...]:
    if sctp == "enabled":
        return ()
    origin = Origin("CiliumSctpNotEnabled", detail="Cilium drops SCTP unless sctp.enabled is set")
    peers = (Peer(Assumed(SCTP)),) if sctp == "unknown" else ANY_PEER
    rule = Rule(Effect.DENY, origin, peers, Traffic(whole_protocol(Protocol.SCTP)))
    return (Stage("sctp", (StagePolicy(origin, IS_POD, (rule,)),)),)


_ENFORCED_ALWAYS = StagePolicy(
    Origin("CiliumEnforcementAlways", detail="policy-enforcement is 'always'"),
    IS_POD,
    isolates=True,
)

CILIUM = Engine(
    name="cilium",
    title="Azure CNI powered by Cilium",
    compile=compile_cilium,
    versions=tuple(value("cilium", "versions")),
    default_version=value("cilium", "defaultVersion"),
    version_for_kubernetes=version_for_kubernetes,
    options=OPTIONS,
)
