"""Cilium as AKS runs it (Azure CNI powered by Cilium), versions 1.14 to 1.19.

Source: cilium/cilium pkg/k8s/network_policy.go, pkg/policy, Documentation/security/policy and
Documentation/network/kubernetes/policy.rst; AKS azure-cni-powered-by-cilium.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from service.engines.cilium_admin import KINDS as CLUSTER_KINDS
from service.engines.cilium_admin import (
    ClusterPolicies,
    cluster_findings,
    cluster_policies,
)
from service.engines.cilium_options import OPTIONS, Agent
from service.engines.cilium_peers import PeerReader
from service.engines.cilium_policy import addressable, open_names, reading
from service.engines.cilium_port_names import PortNames, resolves_names
from service.engines.cilium_refusals import accepted, remarks
from service.engines.cilium_rules import Phases, RuleCompiler, inspects_dns
from service.engines.cilium_versions import version_for_kubernetes
from service.engines.endpoints import EndpointView, endpoints_of
from service.engines.engine import Engine, option, unread_policies
from service.engines.network_policy import (
    network_policies,
    parts,
    translate_all,
    without_network_policies,
)
from service.engines.node_rules import NODE_TO_POD
from service.knowledge import value
from service.model.assumption import Assumption
from service.model.cilium import (
    CiliumCidrGroup,
    CiliumPolicy,
)
from service.model.condition import IS_POD, Assumed
from service.model.engine import EngineProfile
from service.model.network_policy import NetworkPolicy
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

READS = (NetworkPolicy, CiliumPolicy, CiliumCidrGroup)

SCTP = Assumption(
    "CiliumSctpEnabled",
    "Cilium drops SCTP unless sctp.enabled is set; AKS does not document whether it is",
)
NODE_PORT = Assumption(
    "NodePortFromPod",
    "with socket load balancing a pod's call to a node port is normally rewritten to the backend "
    "before policy sees it, which is not verified",
)


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
        # The socket load balancer translates before anything could be masqueraded.
        external_address=ServicePath("ServiceBackend"),
    )


def compile_cilium(snapshot: Snapshot, profile: EngineProfile) -> Pipeline:
    """NetworkPolicies and Cilium's own policies, in the one stage that they share."""
    agent = Agent.of(profile)
    endpoints = endpoints_of(snapshot, EndpointView(resolves_names, agent.features.hides_label))
    names = PortNames()
    if not agent.features.resolves_names_per_destination:
        names = PortNames.of_all_pods(endpoints)
    by_address = agent.nodes_by_address
    how = reading(agent.features, names, nodes_by_address=by_address)
    inventory = snapshot.inventory
    kubernetes = network_policies(snapshot.policy_set.policies)
    plain = translate_all(kubernetes, how)
    in_doubt = tuple(open_names(kubernetes, agent.features, names, nodes_by_address=by_address))
    policies = without_network_policies(snapshot.policy_set.policies)
    own, refused = accepted(cilium_policies(policies), agent.configuration)
    learns_names = inspects_dns(own)
    compiler = RuleCompiler(
        PeerReader(
            agent.features,
            inventory,
            tuple(each for each in policies if isinstance(each, CiliumCidrGroup)),
            addressable(nodes_by_address=by_address),
            agent.features.negative_namespaces_exclude_world,
            learns_names,
        ),
        names,
        agent.configuration.polices_nodes,
    )
    stages: dict[Direction, tuple[Stage, ...]] = {}
    for direction in Direction:
        around = ClusterPolicies()
        if agent.reads_cluster_policies:
            around = cluster_policies(
                policies,
                inventory,
                direction,
                compiler.peers.by_address,
                has_node_labels=agent.configuration.has_node_labels,
            )
        phases = Phases()
        phases.allowing.extend(parts(plain, direction))
        if direction is Direction.EGRESS:
            phases.allowing.extend(in_doubt)
        for each in own:
            compiler.add(each, direction, phases)
        if agent.enforcement == "always":
            phases.allowing.append(_ENFORCED_ALWAYS)
        # The entry for the local host is one more that allows: denials beat it (cilium#12716,
        # #44590), while neither isolation nor the proxy keeps the own node out.
        own_node = NODE_TO_POD.policies if direction is Direction.INGRESS else ()
        common = (*phases.denying, *own_node, *phases.allowing, *phases.filtering, *around.last)
        stages[direction] = (*around.before, Stage("policy", common), *around.after)
        if agent.enforcement == "never":
            stages[direction] = ()
    sctp = _sctp_stages(option(profile, OPTIONS, "sctp"))
    admin_kinds = CLUSTER_KINDS if agent.reads_cluster_policies else frozenset()
    return Pipeline(
        profile,
        endpoints,
        ingress=(*sctp, *stages[Direction.INGRESS]),
        egress=(*sctp, *stages[Direction.EGRESS]),
        service_paths=(_paths(option(profile, OPTIONS, "routing")),),
        findings=(
            *unread_policies(policies, READS, admin_kinds),
            *refused,
            *remarks(own, agent.configuration, learns_names=learns_names),
            *(cluster_findings(policies) if agent.reads_cluster_policies else ()),
        ),
    )


def cilium_policies(policies: Iterable[object]) -> tuple[CiliumPolicy, ...]:
    """Cilium's own policies among policies of every kind."""
    return tuple(each for each in policies if isinstance(each, CiliumPolicy))


@cache
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
