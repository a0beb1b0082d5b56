"""A second reading of NetworkPolicy, made only to disagree with the first.

Written from the comments of kubernetes/api networking/v1/types.go (quoted below) and the
concept page on network policies. It walks plain manifests for one connection at a time, knows
nothing of pipelines, and imports nothing from `service`.

What the API leaves open, or a manifest does not tell, is a *world*: `possible` answers for every
world there may be. One answer in all of them is the answer; several mean Unknown.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

Manifest = dict[str, Any]
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

#: ("pod", namespace, name), ("node", name) or ("ip", address).
End = tuple[str, ...]


@dataclass(frozen=True)
class Party:
    """One end of a connection in one world; `labels` is None for what is no pod."""

    namespace: str | None
    labels: Mapping[str, str] | None
    address: Address | None
    node: str | None
    uses_node_network: bool
    pod: Manifest | None


class NaiveCluster:
    """Manifests of one cluster, sorted by kind."""

    def __init__(self, manifests: list[Manifest]) -> None:
        def of_kind(kind: str) -> list[Manifest]:
            return [each for each in manifests if each["kind"] == kind]

        self.namespaces = {
            each["metadata"]["name"]: {
                **(each["metadata"].get("labels") or {}),
                "kubernetes.io/metadata.name": each["metadata"]["name"],
            }
            for each in of_kind("Namespace")
        }
        self.pods = {
            (each["metadata"]["namespace"], each["metadata"]["name"]): each
            for each in of_kind("Pod")
        }
        self.nodes = {each["metadata"]["name"]: each for each in of_kind("Node")}
        self.policies = of_kind("NetworkPolicy")

    def possible(self, source: End, destination: End, protocol: str, port: int) -> set[bool]:
        """Every answer that some world gives; empty where an end has no network."""
        if source == destination:
            # "A pod cannot block access to itself" (concept page).
            return {True}
        answers: set[bool] = set()
        families = self._families(source, destination)
        for as_pods, family in product((True, False), families):
            for mine in self._parties(source, family, as_pods):
                for theirs in self._parties(destination, family, as_pods):
                    for near in self._placements(mine, theirs):
                        answers.add(
                            self._leaves(mine, theirs, near, protocol, port)
                            and self._enters(mine, theirs, near, protocol, port)
                        )
        return answers

    # Worlds

    def _addresses(self, end: End) -> list[Address]:
        match end:
            case ("pod", namespace, name):
                pod = self.pods[namespace, name]
                found = [each["ip"] for each in pod["status"].get("podIPs", ())]
                node = pod["spec"].get("nodeName")
                if not found and pod["spec"].get("hostNetwork") and node:
                    return self._addresses(("node", node))
            case ("node", name):
                status = self.nodes[name]["status"]
                found = [each["address"] for each in status["addresses"]]
            case (_, address):
                found = [address]
            case _:
                raise AssertionError(end)
        return [ipaddress.ip_address(each) for each in found]

    def _families(self, source: End, destination: End) -> list[int]:
        mine: set[int] = {each.version for each in self._addresses(source)}
        theirs: set[int] = {each.version for each in self._addresses(destination)}
        if mine and theirs:
            return sorted(mine & theirs)
        # An end whose address nobody knows speaks what the other one does, IPv4 first.
        return sorted(mine | theirs)[:1] or [4]

    def _parties(self, end: End, family: int, host_pods_are_pods: bool) -> Iterator[Party]:
        known = [each for each in self._addresses(end) if each.version == family]
        candidates: list[Address | None] = [*known[:1]] or [*self._candidates(family)]
        for address in candidates:
            match end:
                case ("pod", namespace, name):
                    pod = self.pods[namespace, name]
                    on_node = bool(pod["spec"].get("hostNetwork"))
                    # The concept page on hostNetwork pods: either policies see them as pods, or
                    # they are "treated the same as all other traffic to/from the node IP".
                    is_pod = not on_node or host_pods_are_pods
                    yield Party(
                        namespace if is_pod else None,
                        pod["metadata"].get("labels") or {} if is_pod else None,
                        address,
                        pod["spec"].get("nodeName"),
                        on_node,
                        pod if is_pod else None,
                    )
                case ("node", name):
                    yield Party(None, None, address, name, True, None)
                case _:
                    yield Party(None, None, address, None, False, None)

    def _candidates(self, family: int) -> list[Address]:
        """For a pod without address: the edges of every block, which is all that can matter."""
        whole = ipaddress.ip_network("0.0.0.0/0" if family == 4 else "::/0")
        first, last = int(whole[0]), int(whole[-1])
        found = {first, last}
        for policy in self.policies:
            for direction in ("ingress", "egress"):
                for rule in policy["spec"].get(direction) or ():
                    for peer in rule.get("from") or rule.get("to") or ():
                        block = peer.get("ipBlock") or {}
                        for text in (block.get("cidr"), *(block.get("except") or ())):
                            if text is None or ipaddress.ip_network(text).version != family:
                                continue
                            network = ipaddress.ip_network(text)
                            low, high = int(network[0]), int(network[-1])
                            found |= {low - 1, low, high, high + 1}
        return [type(whole[0])(each) for each in sorted(found) if first <= each <= last]

    @staticmethod
    def _placements(mine: Party, theirs: Party) -> list[bool]:
        """Whether one end is the other's local node, or may be."""
        if not (mine.uses_node_network or theirs.uses_node_network):
            return [False]
        if mine.node is not None and theirs.node is not None:
            return [mine.node == theirs.node]
        # A pod that is not placed yet may end up on any node; what is outside is on none.
        outside = any(each.pod is None and not each.uses_node_network for each in (mine, theirs))
        return [False] if outside else [True, False]

    # The two ends

    def _leaves(
        self, source: Party, destination: Party, near: bool, protocol: str, port: int
    ) -> bool:
        # "Traffic to and from the node where a Pod is running is always allowed" (concept page).
        if near and destination.uses_node_network:
            return True
        return self._admits("Egress", source, destination, destination, protocol, port)

    def _enters(
        self, source: Party, destination: Party, near: bool, protocol: str, port: int
    ) -> bool:
        # "... OR if the traffic source is the pod's local node"
        if near and source.uses_node_network:
            return True
        return self._admits("Ingress", destination, source, destination, protocol, port)

    def _admits(
        self, kind: str, subject: Party, peer: Party, server: Party, protocol: str, port: int
    ) -> bool:
        selecting = [each for each in self.policies if self._selects(each, kind, subject)]
        # "Traffic is allowed to a pod if there are no NetworkPolicies selecting the pod ... OR
        # if the traffic matches at least one ingress rule across all of the NetworkPolicy
        # objects whose podSelector matches the pod."
        if not selecting:
            return True
        section, field = ("ingress", "from") if kind == "Ingress" else ("egress", "to")
        for policy in selecting:
            for rule in policy["spec"].get(section) or ():
                if self._peers_match(
                    rule.get(field), policy["metadata"]["namespace"], peer
                ) and _ports_match(rule.get("ports"), server, protocol, port):
                    return True
        return False

    def _selects(self, policy: Manifest, kind: str, subject: Party) -> bool:
        spec = policy["spec"]
        types = spec.get("policyTypes")
        if not types:
            # "policies that contain an egress section are assumed to affect egress, and all
            # policies ... are assumed to affect ingress."
            types = ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]
        return (
            kind in types
            and subject.labels is not None
            and subject.namespace == policy["metadata"]["namespace"]
            and labels_match(spec.get("podSelector") or {}, subject.labels)
        )

    def _peers_match(self, peers: list[Manifest] | None, namespace: str, peer: Party) -> bool:
        # "If this field is empty or missing, this rule matches all sources"
        return not peers or any(self._peer_matches(each, namespace, peer) for each in peers)

    def _peer_matches(self, wanted: Manifest, namespace: str, peer: Party) -> bool:
        block = wanted.get("ipBlock")
        if block is not None:
            return in_block(block, peer.address)
        if peer.labels is None or peer.namespace is None:
            return False
        pods, namespaces = wanted.get("podSelector"), wanted.get("namespaceSelector")
        if namespaces is not None:
            # "selects the pods matching podSelector in the namespaces selected by
            # namespaceSelector. Otherwise it selects all pods in the namespaces"
            if not labels_match(namespaces, self.namespaces[peer.namespace]):
                return False
            return pods is None or labels_match(pods, peer.labels)
        # "Otherwise it selects the pods matching podSelector in the policy's own namespace."
        return peer.namespace == namespace and labels_match(pods or {}, peer.labels)


def labels_match(selector: Manifest, labels: Mapping[str, str]) -> bool:
    """metav1.LabelSelector: matchLabels and matchExpressions are ANDed; empty matches all."""
    for key, value in (selector.get("matchLabels") or {}).items():
        if key not in labels or labels[key] != value:
            return False
    for each in selector.get("matchExpressions") or ():
        key, values = each["key"], each.get("values") or []
        holds = {
            "In": key in labels and labels[key] in values,
            "NotIn": key not in labels or labels[key] not in values,
            "Exists": key in labels,
            "DoesNotExist": key not in labels,
        }[each["operator"]]
        if not holds:
            return False
    return True


def in_block(block: Manifest, address: Address | None) -> bool:
    def inside(cidr: str) -> bool:
        network = ipaddress.ip_network(cidr, strict=False)
        return address is not None and address.version == network.version and address in network

    return inside(block["cidr"]) and not any(map(inside, block.get("except") or ()))


def _ports_match(ports: list[Manifest] | None, server: Party, protocol: str, number: int) -> bool:
    # "If this field is empty or missing, this rule matches all ports"
    if not ports:
        return True
    return any(_port_matches(each, server, protocol, number) for each in ports)


def _port_matches(wanted: Manifest, server: Party, protocol: str, number: int) -> bool:
    # "If not specified, this field defaults to TCP."
    if (wanted.get("protocol") or "TCP") != protocol:
        return False
    port, last = wanted.get("port"), wanted.get("endPort")
    # "If this field is not provided, this matches all port names and numbers."
    if port is None:
        return True
    if isinstance(port, str):
        return number in _numbers_named(port, protocol, server.pod)
    # "the range of ports from port to endPort if set, inclusive"
    return bool(port <= number <= (last if last is not None else port))


def _numbers_named(name: str, protocol: str, pod: Manifest | None) -> set[int]:
    """Container ports of that name and protocol; of init containers only sidecars serve."""
    if pod is None:
        return set()
    spec = pod["spec"]
    serving = list(spec["containers"])
    serving += [
        each for each in spec.get("initContainers") or () if each.get("restartPolicy") == "Always"
    ]
    return {
        port["containerPort"]
        for container in serving
        for port in container.get("ports") or ()
        if port.get("name") == name and (port.get("protocol") or "TCP") == protocol
    }
