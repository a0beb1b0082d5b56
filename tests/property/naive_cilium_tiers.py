"""ClusterNetworkPolicies as Cilium reads them, for `naive_cilium`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby, permutations, product

from tests.property.naive import Manifest, Party, labels_match
from tests.property.naive_cilium_rules import CiliumRules
from tests.property.naive_identities import (
    META,
    SIDES,
    Agent,
    Packet,
    Truth,
    either,
    every,
    prefixed,
)


class ClusterTiers(CiliumRules):
    """What the tiers around all other policies say."""

    def __init__(self, manifests: list[Manifest], agent: Agent) -> None:
        super().__init__(manifests, agent)
        self._cluster = [each for each in manifests if each["kind"] == "ClusterNetworkPolicy"]
        if not (agent.has("clusterNetworkPolicy") and agent.since(19)):
            self._cluster = []

    def _orders(self) -> Iterator[Mapping[str, int]]:
        """Every order of policies that share a tier and a priority."""

        def rank(policy: Manifest) -> tuple[str, int]:
            return policy["spec"]["tier"], policy["spec"]["priority"]

        groups = [
            [each["metadata"]["name"] for each in found]
            for _, found in groupby(sorted(self._cluster, key=rank), key=rank)
        ]
        for choice in product(*map(permutations, groups)):
            yield {name: place for names in choice for place, name in enumerate(names)}

    def _tier(self, tier: str, packet: Packet, order: Mapping[str, int]) -> set[str]:
        """What may come out of a tier: Accept, Deny, or Next."""
        outcomes: set[str] = set()
        policies = sorted(
            (each for each in self._cluster if each["spec"]["tier"] == tier),
            key=lambda each: (each["spec"]["priority"], order[each["metadata"]["name"]]),
        )
        for policy in policies:
            for rule, matched in self._cluster_rules(policy, packet):
                if matched is False:
                    continue
                action = rule["action"]
                outcomes.add("Next" if action == "Pass" else action)
                if matched is True:
                    return outcomes
        return outcomes | {"Next"}

    def _accepted_last(self, packet: Packet) -> Truth:
        return either(
            matched
            for policy in self._cluster
            if policy["spec"]["tier"] == "Baseline"
            for rule, matched in self._cluster_rules(policy, packet)
            if rule["action"] == "Accept"
        )

    def _cluster_rules(self, policy: Manifest, packet: Packet) -> Iterator[tuple[Manifest, Truth]]:
        if self._is_admin_pod(policy["spec"]["subject"], packet.subject):
            section, place = SIDES[packet.kind]
            for rule in policy["spec"].get(section, ()):
                peers = either(self._is_admin_peer(each, packet) for each in rule[place])
                ports = rule.get("protocols")
                listed = not ports or either(self._is_admin_port(each, packet) for each in ports)
                yield rule, every([peers, listed])

    def _is_admin_pod(self, wanted: Manifest, party: Party) -> bool:
        if party.pod is None or party.namespace is None:
            return False
        pods = wanted.get("pods") or {"namespaceSelector": wanted["namespaces"], "podSelector": {}}
        labels = self._identity(party, party)
        return (
            every(
                [
                    self._matches(prefixed(pods["namespaceSelector"], META), labels),
                    self._matches(prefixed(pods["podSelector"]), labels),
                ]
            )
            is True
        )

    def _is_admin_peer(self, wanted: Manifest, packet: Packet) -> Truth:
        if "networks" in wanted:
            return self._has_address(wanted["networks"], [], packet)
        if "nodes" in wanted:
            if not packet.peer.uses_node_network:
                return False
            chosen = labels_match(wanted["nodes"], self._node_labels(packet.peer))
            return every([chosen, True if self.agent.has("nodeSelectorLabels") else None])
        return self._is_admin_pod(wanted, packet.peer)

    def _is_admin_port(self, wanted: Manifest, packet: Packet) -> Truth:
        if "destinationNamedPort" in wanted:
            return self._is_its_own(wanted["destinationNamedPort"], packet)
        ((protocol, found),) = wanted.items()
        port = found["destinationPort"]
        span = port.get("range") or {"start": port["number"], "end": port["number"]}
        return bool(
            protocol.upper() == packet.protocol and span["start"] <= packet.number <= span["end"]
        )
