"""FEAT rules about hostNetwork pods, host ports, ICMP and the wire server."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from service.analysis.rulebook.answers import (
    CLEAR,
    Affected,
    AffectedKind,
    Found,
    Missing,
    Sighting,
    lacking,
    seen,
)
from service.analysis.rulebook.cilium_rules import VERSION
from service.analysis.rulebook.inputs import RuleInput
from service.analysis.rulebook.predicates import Predicate
from service.analysis.rulebook.reading import (
    block_addresses,
    numbered_ports,
    peer_admits,
    placed_rules,
)
from service.analysis.rulebook.sight import Sight, affected_service, workloads
from service.analysis.rulebook.traits import trait
from service.knowledge import value
from service.model.addresses import parse_address
from service.model.finding import Severity
from service.model.inventory import Pod, ServiceType
from service.model.network_policy import NetworkPolicy, NetworkPolicyPeer, PolicyType
from service.model.ports import Protocol, point_of

PODS = Missing("pods", "give the pods, so that hostNetwork pods can be told")
HOST_PORTS = Missing("hostPorts", "give the host ports of containers")
_EXPOSED = frozenset({ServiceType.LOAD_BALANCER, ServiceType.NODE_PORT})


def _host_subjects(asked: RuleInput) -> Found:
    sight = asked.sight
    if not sight.knows_pods:
        return Found(missing=(PODS,)) if sight.policies else CLEAR
    found: list[Sighting] = []
    for policy in sight.policies:
        pods = [
            pod
            for pod in sight.host_pods
            if pod.namespace == policy.ref.namespace and policy.pod_selector.matches(pod.labels)
        ]
        if pods:
            found.append(
                Sighting(
                    f"selects {len(pods)} hostNetwork pods, on which it has no effect",
                    policy=policy.ref,
                    pointer="/spec/podSelector",
                    endpoints=workloads(pods),
                )
            )
    return seen(*found)


def _host_peers(asked: RuleInput) -> Found:
    sight = asked.sight
    if not sight.knows_pods:
        return Found(missing=(PODS,)) if sight.policies else CLEAR
    if not sight.host_pods:
        return CLEAR
    found: list[Sighting] = []
    for policy in sight.policies:
        for rule in placed_rules(policy, policy.policy_types):
            for peer, pointer in rule.peers():
                hosts = _selected_by(asked.sight, policy, peer, sight.host_pods)
                if hosts:
                    others = bool(_selected_by(asked.sight, policy, peer, sight.pods))
                    also = "also " if others else "only "
                    found.append(
                        Sighting(
                            f"the peer means {also}hostNetwork pods, which have their node's "
                            "address",
                            Severity.MEDIUM if others else None,
                            policy=policy.ref,
                            pointer=pointer,
                            endpoints=workloads(hosts),
                            values={"only": not others},
                        )
                    )
    return seen(*found)


def _selected_by(
    sight: Sight, policy: NetworkPolicy, peer: NetworkPolicyPeer, pods: Iterable[Pod]
) -> list[Pod]:
    own = policy.ref.namespace
    return [
        pod
        for pod in pods
        if peer_admits(peer, own, pod.namespace, pod.labels, sight.namespace_labels(pod.namespace))
    ]


def _same_host_port(asked: RuleInput) -> Found:
    """Host ports that two protocols share, which Cilium can do from the same version as ranges."""
    fixed = trait(asked.profile, "honoursEndPort")
    if fixed is True:
        return CLEAR
    found = [
        Sighting(
            f"{' and '.join(sorted({protocol for protocol, _ in users}))} share {what}",
            endpoints=tuple(sorted({about for _, about in users})),
        )
        for what, users in _host_port_users(asked).items()
        if len({protocol for protocol, _ in users}) > 1
    ]
    if fixed is None:
        return Found(missing=(VERSION,)) if found else CLEAR
    missing = () if asked.stated.host_ports is not None else (HOST_PORTS,)
    return Found(tuple(found), missing)


def _host_port_users(asked: RuleInput) -> Mapping[str, set[tuple[str, Affected]]]:
    users: defaultdict[str, set[tuple[str, Affected]]] = defaultdict(set)
    for service in asked.snapshot.inventory.services:
        if service.type not in _EXPOSED:
            continue
        about = affected_service(service)
        for port in service.ports:
            # Ports of one Service with the same number get the same node port.
            own = f"port {port.port} of Service {about}"
            what = f"host port {port.node_port}" if port.node_port else own
            users[what].add((port.protocol, about))
    for host in asked.stated.host_ports or ():
        about = Affected(AffectedKind.WORKLOAD, f"Pod/{host.pod}", host.namespace)
        users[f"host port {host.port}"].add((host.protocol, about))
    return users


def _wire_server(asked: RuleInput) -> Found:
    facts = value("platform", "wireServer")
    address = parse_address(facts["address"])
    point = point_of(Protocol.TCP, facts["port"])
    found: list[Sighting] = []
    for policy in asked.sight.policies:
        if PolicyType.EGRESS not in policy.policy_types:
            continue
        for rule in placed_rules(policy, (PolicyType.EGRESS,)):
            if point not in numbered_ports(rule.rule):
                continue
            for block, pointer in rule.blocks():
                inside = block_addresses(block)
                size = sum(high - low + 1 for low, high in inside)
                # A wide block covers the address by chance; a small one means it.
                if address in inside and size <= 256:
                    found.append(
                        Sighting(
                            f"{block.cidr} means {facts['address']}, which pods never reach",
                            policy=policy.ref,
                            pointer=f"{pointer}/cidr",
                            endpoints=workloads(asked.sight.selected(policy)),
                        )
                    )
    return seen(*found)


def port_only_policies(asked: RuleInput) -> Iterator[tuple[NetworkPolicy, PolicyType]]:
    """Policies that isolate in a direction and whose rules there all name ports."""
    for policy in asked.sight.policies:
        for kind in sorted(policy.policy_types):
            rules = policy.rules(kind)
            if rules and all(rule.ports for rule in rules):
                yield policy, kind


def _icmp(asked: RuleInput) -> Found:
    found = list(port_only_policies(asked))
    if not found or asked.stated.needs_icmp is False:
        return CLEAR
    if asked.stated.needs_icmp is None:
        return lacking("needsIcmp", "say whether pods need ICMP, such as ping")
    return seen(
        *(
            Sighting(
                f"every {kind.value.lower()} rule names ports, so ICMP is dropped",
                policy=policy.ref,
                pointer=f"/spec/{kind.value.lower()}",
                endpoints=workloads(asked.sight.selected(policy)),
            )
            for policy, kind in found
        )
    )


PREDICATES: Mapping[str, Predicate] = {
    "FEAT-017": _same_host_port,
    "FEAT-022": _host_subjects,
    "FEAT-023": _host_peers,
    "FEAT-026": _wire_server,
    "FEAT-027": _icmp,
}
