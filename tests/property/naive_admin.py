"""A second reading of admin policies, made only to disagree with the first.

Written from the comments of kubernetes-sigs/network-policy-api apis/v1alpha1 and apis/v1alpha2
(quoted below). Like `naive` it walks plain manifests and knows nothing of pipelines. Which of
several policies with one priority is asked first is one more thing that worlds differ in.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from itertools import permutations, product
from typing import Any

from tests.property.naive import Address, End, Manifest, NaiveCluster, Party, labels_match

_KINDS = {"AdminNetworkPolicy", "BaselineAdminNetworkPolicy", "ClusterNetworkPolicy"}


class NaiveAdminCluster(NaiveCluster):
    """Manifests of one cluster, with admin policies around the NetworkPolicies."""

    def __init__(self, manifests: list[Manifest]) -> None:
        super().__init__(manifests)
        self.admin = [each for each in manifests if each["kind"] in _KINDS]
        self.order: Mapping[str, int] = {}

    def possible(self, source: End, destination: End, protocol: str, port: int) -> set[bool]:
        """Every answer that some world and some order of equal policies gives."""
        answers: set[bool] = set()
        for order in self._orders():
            self.order = order
            answers |= super().possible(source, destination, protocol, port)
        return answers

    def _orders(self) -> Iterator[Mapping[str, int]]:
        # "If two (or more) policies in the same tier with the same priority could match a
        # connection, then the implementation can apply any of the matching policies".
        groups: dict[tuple[str, int], list[str]] = {}
        for each in self.admin:
            key = (_tier(each), each["spec"].get("priority", 0))
            groups.setdefault(key, []).append(each["metadata"]["name"])
        for choice in product(*(permutations(names) for names in groups.values())):
            yield {name: place for names in choice for place, name in enumerate(names)}

    def _candidates(self, family: int) -> list[Address]:
        whole = ipaddress.ip_network("0.0.0.0/0" if family == 4 else "::/0")
        found = {int(each) for each in super()._candidates(family)}
        for policy in self.admin:
            for rule in policy["spec"].get("egress", ()):
                for peer in rule["to"]:
                    for text in peer.get("networks", ()):
                        network = ipaddress.ip_network(text)
                        if network.version == family:
                            low, high = int(network[0]), int(network[-1])
                            found |= {low - 1, low, high, high + 1}
        first, last = int(whole[0]), int(whole[-1])
        return [type(whole[0])(each) for each in sorted(found) if first <= each <= last]

    def _leaves(
        self, source: Party, destination: Party, near: bool, protocol: str, port: int
    ) -> bool:
        # "The Admin tier takes precedence over all other policies."
        decided = self._tier_says(
            "Admin", "egress", source, destination, destination, protocol, port
        )
        if decided is not None:
            return decided
        # "v1.NetworkPolicy always makes a final decision for selected pods. Further evaluation
        # only happens for Pods not selected by a v1.NetworkPolicy."
        if any(self._selects(each, "Egress", source) for each in self.policies):
            return super()._leaves(source, destination, near, protocol, port)
        return self._baseline("egress", source, destination, destination, protocol, port)

    def _enters(
        self, source: Party, destination: Party, near: bool, protocol: str, port: int
    ) -> bool:
        if near and source.uses_node_network:
            return True
        decided = self._tier_says(
            "Admin", "ingress", destination, source, destination, protocol, port
        )
        if decided is not None:
            return decided
        if any(self._selects(each, "Ingress", destination) for each in self.policies):
            return super()._enters(source, destination, near, protocol, port)
        return self._baseline("ingress", destination, source, destination, protocol, port)

    def _baseline(
        self, section: str, subject: Party, peer: Party, server: Party, protocol: str, port: int
    ) -> bool:
        decided = self._tier_says("Baseline", section, subject, peer, server, protocol, port)
        # "... the default kubernetes policy is applied, which says that all pods can
        # communicate with each other."
        return True if decided is None else decided

    def _tier_says(
        self,
        tier: str,
        section: str,
        subject: Party,
        peer: Party,
        server: Party,
        protocol: str,
        port: int,
    ) -> bool | None:
        """Allowed, denied, or None where the next tier is asked."""
        policies = sorted(
            (each for each in self.admin if _tier(each) == tier),
            key=lambda each: (
                each["spec"].get("priority", 0),
                self.order[each["metadata"]["name"]],
            ),
        )
        for policy in policies:
            if not self._pods_match(policy["spec"]["subject"], subject):
                continue
            # "a rule that appears at the top ... would take the highest precedence."
            for rule in policy["spec"].get(section, ()):
                peers = rule["from" if section == "ingress" else "to"]
                if any(self._admin_peer_matches(each, peer) for each in peers) and _traffic(
                    rule, server, protocol, port
                ):
                    # "Pass: skips all further ClusterNetworkPolicy rules in the current tier"
                    return {"Allow": True, "Accept": True, "Deny": False}.get(rule["action"])
        return None

    def _pods_match(self, wanted: Manifest, party: Party) -> bool:
        # "Note that host-networked pods are not included in subject selection."
        if party.uses_node_network or party.labels is None or party.namespace is None:
            return False
        pods = wanted.get("pods") or {"namespaceSelector": wanted["namespaces"], "podSelector": {}}
        return labels_match(
            pods["namespaceSelector"], self.namespaces[party.namespace]
        ) and labels_match(pods["podSelector"], party.labels)

    def _admin_peer_matches(self, wanted: Manifest, party: Party) -> bool:
        if "networks" in wanted:
            # "cluster-internal traffic will be checked against the rule as well"
            networks = [ipaddress.ip_network(each) for each in wanted["networks"]]
            return any(
                party.address is not None
                and party.address.version == each.version
                and party.address in each
                for each in networks
            )
        if "nodes" in wanted:
            # "It selects the nodeIPs ... present in the node.Status.Addresses field"
            node = self.nodes.get(party.node or "")
            if not party.uses_node_network or node is None:
                return party.uses_node_network and not wanted["nodes"]
            return labels_match(wanted["nodes"], node["metadata"].get("labels", {}))
        return self._pods_match(wanted, party)


def _tier(policy: Manifest) -> str:
    if policy["kind"] == "ClusterNetworkPolicy":
        return str(policy["spec"]["tier"])
    return "Admin" if policy["kind"] == "AdminNetworkPolicy" else "Baseline"


def _traffic(rule: Manifest, server: Party, protocol: str, number: int) -> bool:
    # "If Ports is not set then the rule does not filter traffic via port."
    ports = rule.get("ports") or rule.get("protocols")
    return ports is None or any(_port(each, server, protocol, number) for each in ports)


def _port(wanted: Manifest, server: Party, protocol: str, number: int) -> bool:
    name = wanted.get("namedPort") or wanted.get("destinationNamedPort")
    if name is not None:
        return _has_name(server, name, protocol, number)
    if "portNumber" in wanted:
        port = wanted["portNumber"]
        return bool(port.get("protocol", "TCP") == protocol and port["port"] == number)
    if "portRange" in wanted:
        port = wanted["portRange"]
        mine = port.get("protocol", "TCP") == protocol
        return bool(mine and port["start"] <= number <= port["end"])
    ((written, found),) = wanted.items()
    port = found["destinationPort"]
    span: dict[str, Any] = port.get("range") or {"start": port["number"], "end": port["number"]}
    return bool(written.upper() == protocol and span["start"] <= number <= span["end"])


def _has_name(server: Party, name: str, protocol: str, number: int) -> bool:
    """A named port "selects a destination port on a pod based on the ContainerPort name"."""
    if server.pod is None:
        return False
    spec = server.pod["spec"]
    serving = list(spec["containers"])
    serving += [
        each for each in spec.get("initContainers") or () if each.get("restartPolicy") == "Always"
    ]
    return any(
        port.get("name") == name
        and port["containerPort"] == number
        and (port.get("protocol") or "TCP") == protocol
        for container in serving
        for port in container.get("ports") or ()
    )
