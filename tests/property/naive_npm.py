"""A second reading of Azure NPM on Linux and Windows nodes, made only to disagree with the first.

Written from semantics.md, section 5: a packet is followed from node to node, and each node that
filters it answers for itself. A Linux node asks the chains of both directions about every packet
that it forwards, with sets of pod addresses; a Windows node asks the ACLs of its own pods. IPv4
only; what the input leaves open is a world, as in `naive`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.builders import Manifest
from tests.property.naive import End, NaiveCluster, Party, in_block, labels_match

#: The operating system of each node.
Systems = dict[str, str]
_NEGATIVE = ("NotIn", "DoesNotExist")
_SIDES = {"Ingress": ("ingress", "from"), "Egress": ("egress", "to")}


class NaiveNpm(NaiveCluster):
    """As NPM v1.8.12 decides; `fixed`: with the selector fixes of September 2026."""

    def __init__(self, manifests: list[Manifest], *, fixed: bool = False) -> None:
        super().__init__(manifests)
        self._fixed = fixed
        self._systems: Systems = {
            name: each["status"]["nodeInfo"]["operatingSystem"] for name, each in self.nodes.items()
        }

    def possible(self, source: End, destination: End, protocol: str, port: int) -> set[bool]:
        """Every answer that some world gives."""
        if source == destination:
            return {True}
        return {
            self._arrives(mine, theirs, protocol, port)
            for mine in self._everywhere(source)
            for theirs in self._everywhere(destination)
        }

    def _everywhere(self, end: End) -> Iterator[Party]:
        """One end at each address and on each node where it may be."""
        for party in self._parties(end, 4, host_pods_are_pods=False):
            if party.node is not None or end[0] == "ip":
                yield party
                continue
            for name in self.nodes:
                yield Party(
                    party.namespace,
                    party.labels,
                    party.address,
                    name,
                    party.uses_node_network,
                    party.pod,
                )

    # The way of a packet

    def _arrives(self, source: Party, destination: Party, protocol: str, port: int) -> bool:
        on_the_way = {each.node for each in (source, destination) if each.node is not None}
        return all(
            self._lets_through(name, source, destination, protocol, port) for name in on_the_way
        )

    def _lets_through(
        self, node: str, source: Party, destination: Party, protocol: str, port: int
    ) -> bool:
        own = [each for each in (source, destination) if each.node == node]
        if self._systems[node] == "windows":
            # An ACL belongs to the endpoint of a pod; that of the node itself has none.
            return all(
                self._acls_admit(each, source, destination, protocol, port)
                for each in own
                if not each.uses_node_network
            )
        # "Only FORWARD is hooked. INPUT/OUTPUT are not."
        if any(each.uses_node_network for each in own):
            return True
        # "both the source's and the destination's node evaluate both directions with ipsets"
        asked = (protocol, port, destination)
        return self._chain_admits("Ingress", destination, source, *asked) and self._chain_admits(
            "Egress", source, destination, *asked
        )

    # Linux

    def _chain_admits(
        self, kind: str, subject: Party, peer: Party, protocol: str, port: int, server: Party
    ) -> bool:
        chains = [each for each in self.policies if self._selects(each, kind, subject)]
        field = _SIDES[kind][1]
        # "drop if mark": after all policies, so that any of them may let it through.
        return not chains or any(
            self._in_sets(rule.get(field), policy["metadata"]["namespace"], peer)
            and _port_in_sets(rule.get("ports"), server, protocol, port)
            for policy in chains
            for rule in _translated(policy, kind)
        )

    def _in_sets(self, peers: list[Manifest] | None, namespace: str, peer: Party) -> bool:
        return not peers or any(self._in_set(each, namespace, peer) for each in peers)

    def _in_set(self, wanted: Manifest, namespace: str, peer: Party) -> bool:
        if wanted.get("ipBlock") is not None:
            return in_block(wanted["ipBlock"], peer.address)
        pods, namespaces = wanted.get("podSelector"), wanted.get("namespaceSelector")
        is_pod = peer.labels is not None
        # No address but that of a pod is in a set, so that "not in the set" is true of all others.
        labels = dict(peer.labels or {})
        if namespaces is None:
            return is_pod and peer.namespace == namespace and labels_match(pods or {}, labels)
        around = self.namespaces[peer.namespace] if peer.namespace is not None else {}
        if self._fixed:
            return is_pod and labels_match(namespaces, around) and labels_match(pods or {}, labels)
        if not _requirements(namespaces):
            # The list of all namespaces.
            return is_pod and labels_match(pods or {}, labels)
        return all(
            _flattened(each, around, is_pod=is_pod) for each in _requirements(namespaces)
        ) and all(
            (is_pod or each["operator"] in _NEGATIVE) and labels_match(_only(each), labels)
            for each in _requirements(pods or {})
        )

    # Windows

    def _acls_admit(
        self, pod: Party, source: Party, destination: Party, protocol: str, port: int
    ) -> bool:
        kind = "Ingress" if pod is destination else "Egress"
        peer = source if kind == "Ingress" else destination
        # "ingress from the pod's own node IP allowed at 201"
        if kind == "Ingress" and peer.uses_node_network and peer.node == pod.node:
            return True
        endpoints = [
            each
            for each in self.policies
            if self._selects(each, kind, pod) and not self._skipped_on_windows(each)
        ]
        field = _SIDES[kind][1]
        return not endpoints or any(
            self._peers_match(
                [self._without_negation(each) for each in rule.get(field) or ()],
                policy["metadata"]["namespace"],
                peer,
            )
            and _port_in_sets(rule.get("ports"), destination, protocol, port)
            for policy in endpoints
            for rule in _translated(policy, kind)
        )

    def _without_negation(self, peer: Manifest) -> Manifest:
        """Before the fixes a negation is "treated as a positive match"; ingress never gets here."""
        namespaces = peer.get("namespaceSelector")
        if namespaces is None:
            return peer
        opposite = {"NotIn": "In", "DoesNotExist": "Exists"}
        positive = [
            {**each, "operator": opposite.get(each["operator"], each["operator"])}
            for each in _requirements(namespaces)
        ]
        return {**peer, "namespaceSelector": {"matchExpressions": positive}}

    def _skipped_on_windows(self, policy: Manifest) -> bool:
        if _is_negative(policy["spec"].get("podSelector")):
            return True
        for kind, (_, field) in _SIDES.items():
            if not _lists(policy, kind):
                continue
            for rule in _translated(policy, kind):
                for port in rule.get("ports") or ():
                    if isinstance(port.get("port"), str) or port.get("protocol") == "SCTP":
                        return True
                for peer in rule.get(field) or ():
                    if (peer.get("ipBlock") or {}).get("except"):
                        return True
                    if _is_negative(peer.get("podSelector")):
                        return True
                    # "egress ... before #4866: negation ignored; after: rejected"
                    strict = kind == "Ingress" or self._fixed
                    if strict and _is_negative(peer.get("namespaceSelector")):
                        return True
        return False


def _lists(policy: Manifest, kind: str) -> bool:
    spec = policy["spec"]
    return kind in (
        spec.get("policyTypes") or (["Ingress", "Egress"] if spec.get("egress") else ["Ingress"])
    )


def _translated(policy: Manifest, kind: str) -> list[Manifest]:
    """With a rule `{}` "the other rules of that direction are not even translated"."""
    section, field = _SIDES[kind]
    rules: list[Manifest] = policy["spec"].get(section) or []
    return [each for each in rules if not each.get(field) and not each.get("ports")] or rules


def _requirements(selector: Manifest) -> list[Manifest]:
    found = [
        {"key": key, "operator": "In", "values": [value]}
        for key, value in (selector.get("matchLabels") or {}).items()
    ]
    return found + [{"values": [], **each} for each in selector.get("matchExpressions") or ()]


def _is_negative(selector: Manifest | None) -> bool:
    return any(each["operator"] in _NEGATIVE for each in _requirements(selector or {}))


def _only(requirement: Manifest) -> Manifest:
    return {"matchExpressions": [requirement]}


def _flattened(requirement: Manifest, labels: dict[str, str], *, is_pod: bool) -> bool:
    """`NotIn [a, b]` of namespaces is "split into (not a) OR (not b)"."""
    if requirement["operator"] not in _NEGATIVE:
        return is_pod and labels_match(_only(requirement), labels)
    if not is_pod:
        return True
    values: list[Any] = requirement["values"] or [None]
    return any(labels_match(_only({**requirement, "values": [each]}), labels) for each in values)


def _port_in_sets(ports: list[Manifest] | None, server: Party, protocol: str, number: int) -> bool:
    if not ports:
        return True
    for wanted in ports:
        if (wanted.get("protocol") or "TCP") != protocol:
            continue
        port = wanted.get("port")
        if port is None:
            return True
        if isinstance(port, str):
            # "set of (ip, proto:port) from spec.containers only, not initContainers"
            containers = server.pod["spec"]["containers"] if server.pod is not None else ()
            if (port, protocol, number) in {
                (each.get("name"), each.get("protocol") or "TCP", each["containerPort"])
                for container in containers
                for each in container.get("ports") or ()
            }:
                return True
        elif port <= number <= (wanted.get("endPort") or port):
            return True
    return False
