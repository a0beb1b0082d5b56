"""The L3 members and the ports of Cilium's rules, for `naive_cilium`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from tests.property.naive import Manifest, labels_match
from tests.property.naive_identities import (
    META,
    NAMESPACE,
    Agent,
    Identities,
    Packet,
    Truth,
    either,
    every,
    is_world,
)

_ANY = ("TCP", "UDP", "SCTP")


class CiliumRules(Identities):
    """Whether a rule is about a packet."""

    def __init__(self, manifests: list[Manifest], agent: Agent) -> None:
        super().__init__(manifests, agent)
        self._services = [each for each in manifests if each["kind"] == "Service"]
        self._groups = [each for each in manifests if each["kind"] == "CiliumCIDRGroup"]
        self.learns_names = False
        """Whether any rule has DNS looked at."""

    def _peers(self, rule: Manifest, place: str, namespace: str, packet: Packet) -> Truth:
        members = [
            (key.removeprefix(place), rule[key])
            for key in rule
            if key.startswith(place) and key not in {"toPorts", f"{place}Requires"}
        ]
        if not members:
            # A rule that says nothing at all selects nothing.
            return bool(rule.keys() & {"toPorts", "icmps"})
        ((member, elements),) = members
        return either(self._is_peer(member, each, namespace, packet) for each in elements)

    def _is_peer(  # noqa: PLR0911 - one branch a member
        self, member: str, element: Any, namespace: str, packet: Packet
    ) -> Truth:
        match member:
            case "Endpoints":
                return self._is_endpoint(element, namespace, packet)
            case "Entities":
                return self._is_entity(element, packet)
            case "CIDR":
                return self._has_address([element], [], packet)
            case "CIDRSet" if "cidr" in element:
                return self._has_address([element["cidr"]], element.get("except", []), packet)
            case "CIDRSet":
                return self._is_in_group(element, packet)
            case "Nodes":
                if not self.agent.since(16):
                    return None
                peer = packet.peer
                return (
                    peer.uses_node_network
                    and peer.node != packet.subject.node
                    and labels_match(element, self._node_labels(peer))
                )
            case "Services":
                return self._is_behind(element, packet)
            case "FQDNs":
                return None if self.learns_names and is_world(packet.peer) else False
        raise AssertionError(member)

    def _is_endpoint(self, selector: Manifest, namespace: str, packet: Packet) -> Truth:
        keys = [
            *(selector.get("matchLabels") or {}),
            *(each["key"] for each in selector.get("matchExpressions") or ()),
        ]
        matched = self._matches(selector, self._identity(packet.peer, packet.subject))
        if any(each.startswith("reserved:") for each in keys):
            return matched
        plain = [re.sub("^(k8s|any):", "", each) for each in keys]
        is_pod = packet.peer.pod is not None
        if namespace:
            if NAMESPACE not in plain and not any(each.startswith(META) for each in plain):
                return every([matched, is_pod and packet.peer.namespace == namespace])
        elif NAMESPACE not in plain:
            return every([matched, is_pod])
        if is_pod or not self.agent.since(19):
            return matched
        # Narrowed to the own cluster, whose label only what is in it has.
        return False if is_world(packet.peer) else every([matched, None])

    def _is_entity(self, entity: str, packet: Packet) -> Truth:
        peer = packet.peer
        is_near = peer.uses_node_network and peer.node == packet.subject.node
        known: dict[str, Truth] = {
            "all": True,
            "world": is_world(peer),
            "cluster": None if is_world(peer) else True,
            "host": is_near,
            "remote-node": peer.uses_node_network and not is_near,
            "kube-apiserver": None if is_world(peer) else False,
        }
        # The others are none, and endpoints that no manifest shows.
        return known.get(entity, False)

    def _is_in_group(self, element: Manifest, packet: Packet) -> Truth:
        unknown = None if self._is_addressed(packet.peer) else False
        if packet.kind == "Egress" and not self.agent.since(17):
            return unknown
        if "cidrGroupRef" in element:
            chosen = [
                each for each in self._groups if each["metadata"]["name"] == element["cidrGroupRef"]
            ]
        else:
            chosen = [
                each
                for each in self._groups
                if labels_match(element["cidrGroupSelector"], each["metadata"]["labels"])
            ]
        if not chosen:
            return unknown
        cidrs = [cidr for each in chosen for cidr in each["spec"]["externalCIDRs"]]
        return self._has_address(cidrs, element.get("except", []), packet)

    def _is_behind(self, element: Manifest, packet: Packet) -> Truth:
        if not self._services:
            return None
        return either(
            self._is_backend(each, packet) for each in self._services if _is_meant(element, each)
        )

    def _is_backend(self, service: Manifest, packet: Packet) -> Truth:
        selector = service["spec"].get("selector")
        if not selector:
            # Its addresses are no part of a Service.
            return None if self._is_addressed(packet.peer) else False
        if not self.agent.since(17) or packet.peer.pod is None:
            return False
        wanted = {"matchLabels": selector}
        here = packet.peer.namespace == service["metadata"]["namespace"]
        return here and self._matches(wanted, self._identity(packet.peer, packet.subject)) is True

    def _is_on_port(self, rule: Manifest, packet: Packet, *, l7: bool = False) -> Truth:
        if rule.get("icmps"):
            return any(
                _is_icmp(field, packet) for each in rule["icmps"] for field in each["fields"]
            )
        if not rule.get("toPorts"):
            return True
        return either(
            self._is_listed(each["ports"], packet)
            for each in rule["toPorts"]
            if l7 or not filter_of(each)
        )

    def _is_listed(self, ports: Iterable[Manifest], packet: Packet) -> Truth:
        return either(self._is_port(each, packet) for each in ports)

    def _is_port(self, port: Manifest, packet: Packet) -> Truth:
        protocol = port.get("protocol", "ANY")
        if packet.protocol not in (_ANY if protocol == "ANY" else (protocol.upper(),)):
            return False
        if not str(port["port"]).isdigit():
            return self._is_named(str(port["port"]), packet)
        first = int(port["port"])
        last = port.get("endPort", first) if self.agent.since(16) else first
        return first == 0 or first <= packet.number <= last


def _is_icmp(field: Manifest, packet: Packet) -> bool:
    family = field.get("family", "IPv4")
    known = {"EchoRequest": 128 if family == "IPv6" else 8}
    wanted = known.get(str(field["type"]), field["type"])
    protocol = "ICMPV6" if family == "IPv6" else "ICMP"
    return bool((protocol, wanted) == (packet.protocol, packet.number))


def filter_of(port_rule: Manifest) -> str:
    """What a proxy looks for, if it keeps anything back."""
    if port_rule.get("serverNames"):
        return "serverNames"
    rules = port_rule.get("rules") or {}
    for kind in ("http", "kafka", "l7proto", "dns"):
        if rules.get(kind):
            if kind == "dns" and {"matchPattern": "*"} in rules["dns"]:
                return ""
            return kind
    return ""


def _is_meant(element: Manifest, service: Manifest) -> bool:
    own = service["metadata"]
    if "k8sService" in element:
        wanted = element["k8sService"]
        return (wanted["namespace"], wanted["serviceName"]) == (own["namespace"], own["name"])
    wanted = element["k8sServiceSelector"]
    return wanted.get("namespace", own["namespace"]) == own["namespace"] and labels_match(
        wanted["selector"], own.get("labels") or {}
    )
