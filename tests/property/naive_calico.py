"""A second reading of Calico's policies, made only to disagree with the first.

It walks plain manifests for one packet at a time, the way the documentation tells it: tiers,
policies, rules, and sets of addresses behind selectors. It knows nothing of pipelines, has its
own matcher of selectors, and imports nothing from `service`. Host endpoints are not part of it.
"""

from __future__ import annotations

import copy
import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.property.naive import (
    Address,
    End,
    Manifest,
    NaiveCluster,
    Party,
    _numbers_named,
    _ports_match,
)
from tests.property.naive_selector import naive_match

API = "projectcalico.org/v3"
NAMESPACE = "projectcalico.org/namespace"
ACCOUNT = "projectcalico.org/serviceaccount"
NETWORK_POLICY_ORDER = 1000
LAST = float("inf")


@dataclass(frozen=True)
class Packet:
    """A connection as the data plane sees it; of a ping, the echo request."""

    source: Address
    destination: Address
    protocol: str
    port: int

    @property
    def icmp(self) -> tuple[int, int]:
        """Type and code."""
        return (8 if self.source.version == 4 else 128), 0


@dataclass(frozen=True)
class Labelled:
    """Something with labels and addresses: a pod, or a network set."""

    labels: Mapping[str, str]
    networks: tuple[Any, ...]
    pod: Manifest | None = None

    def holds(self, address: Address) -> bool:
        return any(address.version == each.version and address in each for each in self.networks)


class NaiveCalico:
    """Manifests of one cluster."""

    def __init__(self, manifests: list[Manifest], version: str = "3.30") -> None:
        manifests = copy.deepcopy(manifests)
        self._is_newer = version >= "3.32"
        for each in manifests:
            if each["kind"] == "Pod":
                # The names of ports in init containers count, whether these go on running or not.
                for container in each["spec"].get("initContainers", ()):
                    container["serves"] = container.get("restartPolicy") == "Always"
                    container["restartPolicy"] = "Always"
        self._plain = NaiveCluster(
            [each for each in manifests if each["apiVersion"] in {"v1", "networking.k8s.io/v1"}]
        )
        self._accounts = {
            (each["metadata"]["namespace"], each["metadata"]["name"]): each["metadata"]["labels"]
            for each in manifests
            if each["kind"] == "ServiceAccount"
        }
        self._services = {
            (each["metadata"]["namespace"], each["metadata"]["name"]): each
            for each in manifests
            if each["kind"] == "Service"
        }
        own = [each for each in manifests if each["apiVersion"] == API]
        self._policies = [
            each for each in own if each["kind"] in {"NetworkPolicy", "GlobalNetworkPolicy"}
        ]
        self._tiers: list[tuple[float, str, str]] = [(1_000_000, "default", "Deny")]
        self._tiers += [
            (
                each["spec"]["order"],
                each["metadata"]["name"],
                each["spec"].get("defaultAction", "Deny"),
            )
            for each in own
            if each["kind"] == "Tier"
        ]
        self._labelled = [
            *self._pods(),
            *(self._set(each) for each in own if "nets" in each["spec"]),
        ]

    def possible(self, source: End, destination: End, protocol: str, port: int) -> set[bool]:
        """The answers of the address families that the ends share."""
        if source == destination:
            return {True}
        return {
            self._passes(mine, theirs, protocol, port)
            for family in self._plain._families(source, destination)
            for mine in self._plain._parties(source, family, False)
            for theirs in self._plain._parties(destination, family, False)
        }

    def _passes(self, source: Party, destination: Party, protocol: str, port: int) -> bool:
        assert source.address is not None
        assert destination.address is not None
        if protocol == "ICMP" and source.address.version == 6:
            protocol = "ICMPv6"
        packet = Packet(source.address, destination.address, protocol, port)
        # What a node sends to its own pods is not policed. What a pod sends to its own node is.
        from_own_node = source.uses_node_network and source.node == destination.node
        return self._admits("Egress", source, destination, packet) and (
            from_own_node or self._admits("Ingress", destination, destination, packet)
        )

    # Endpoints

    def _pods(self) -> Iterator[Labelled]:
        for pod in self._plain.pods.values():
            if not pod["spec"].get("hostNetwork"):
                addresses = (each["ip"] for each in pod["status"].get("podIPs", ()))
                networks = tuple(ipaddress.ip_network(each) for each in addresses)
                yield Labelled(self._labels(pod), networks, pod)

    def _labels(self, pod: Manifest) -> dict[str, str]:
        namespace = pod["metadata"]["namespace"]
        account = pod["spec"].get("serviceAccountName", "default")
        own = pod["metadata"].get("labels") or {}
        return {
            **self._namespace_labels(namespace),
            **{
                f"pcsa.{key}": value
                for key, value in self._accounts.get((namespace, account), {}).items()
            },
            "pcsa.projectcalico.org/name": account,
            **{key: own[key] for key in own if not key.startswith(("pcns.", "pcsa."))},
            NAMESPACE: namespace,
            "projectcalico.org/orchestrator": "k8s",
            ACCOUNT: account,
        }

    def _namespace_labels(self, namespace: str) -> dict[str, str]:
        found = {f"pcns.{key}": v for key, v in self._plain.namespaces[namespace].items()}
        return {**found, "pcns.projectcalico.org/name": namespace}

    def _set(self, manifest: Manifest) -> Labelled:
        labels = dict(manifest["metadata"].get("labels") or {})
        namespace = manifest["metadata"].get("namespace")
        if namespace:
            labels = {**self._namespace_labels(namespace), **labels, NAMESPACE: namespace}
        networks = (ipaddress.ip_network(each) for each in manifest["spec"]["nets"])
        return Labelled(labels, tuple(networks))

    # Tiers and policies

    def _admits(self, kind: str, subject: Party, server: Party, packet: Packet) -> bool:
        if subject.pod is None:
            return True
        labels = self._labels(subject.pod)
        for _, tier, default in sorted(self._tiers):
            verdict = self._tier(kind, tier, labels, subject, server, packet)
            if verdict == "None":
                continue
            if verdict == "End":
                verdict = default
            if verdict != "Pass":
                return verdict == "Allow"
        # The profile of the namespace allows everything.
        return True

    def _tier(
        self,
        kind: str,
        tier: str,
        labels: Mapping[str, str],
        subject: Party,
        server: Party,
        packet: Packet,
    ) -> str:
        """Allow, Deny or Pass; None where no policy applies, End where no rule matches."""
        found: list[tuple[float, Manifest]] = [
            (policy["spec"].get("order", LAST), policy)
            for policy in self._policies
            if policy["spec"].get("tier", "default") == tier
            and kind in _types(policy["spec"])
            and _applies(policy, labels)
        ]
        if tier == "default":
            found += [
                (NETWORK_POLICY_ORDER, policy)
                for policy in self._plain.policies
                if self._plain._selects(policy, kind, subject)
            ]
        if not found:
            return "None"
        for _, policy in sorted(found, key=lambda each: each[0]):
            if policy["apiVersion"] != API:
                if self._network_policy_allows(policy, kind, server, packet):
                    return "Allow"
                continue
            for rule in policy["spec"].get(kind.lower()) or ():
                if rule["action"] != "Log" and self._matches(rule, policy, packet):
                    return str(rule["action"])
        return "End"

    def _network_policy_allows(
        self, policy: Manifest, kind: str, server: Party, packet: Packet
    ) -> bool:
        section, field = ("ingress", "from") if kind == "Ingress" else ("egress", "to")
        peer = self._party(packet.source if kind == "Ingress" else packet.destination)
        namespace = policy["metadata"]["namespace"]
        return any(
            self._plain._peers_match(rule.get(field), namespace, peer)
            and _ports_match(rule.get("ports"), server, packet.protocol, packet.port)
            for rule in policy["spec"].get(section) or ()
        )

    def _party(self, address: Address) -> Party:
        """Whoever has an address."""
        for each in self._labelled:
            if each.pod is not None and each.holds(address):
                own = each.pod["metadata"]
                return Party(
                    own["namespace"], own.get("labels") or {}, address, None, False, each.pod
                )
        return Party(None, None, address, None, False, None)

    # Rules

    def _matches(self, rule: Manifest, policy: Manifest, packet: Packet) -> bool:
        protocol = _PROTOCOLS.get(rule.get("protocol"), rule.get("protocol"))
        if not _is_carried(rule, protocol, packet):
            return False
        if rule.get("ipVersion", packet.source.version) != packet.source.version:
            return False
        source, destination = rule.get("source") or {}, rule.get("destination") or {}
        if "services" in source:
            return any(packet.source == address for address, _ in self._behind(source["services"]))
        if "services" in destination:
            there = (packet.destination, (packet.protocol, packet.port))
            return there in set(self._behind(destination["services"]))
        for nets in (entity.get(key) for entity in (source, destination) for key in _NETS):
            # Not rendered for a family that one of the lists has nothing of.
            if nets and packet.source.version not in {_version(each) for each in nets}:
                return False
        return (
            self._entity(source, policy, packet.source)
            and self._entity(destination, policy, packet.destination)
            and self._port(destination, policy, protocol, packet)
        )

    def _behind(self, meant: Manifest) -> Iterator[tuple[Address, tuple[str, int]]]:
        """What the EndpointSlices of a Service hold: addresses, each with a protocol and port."""
        service = self._services.get((meant["namespace"], meant["name"]))
        if service is None or service["spec"].get("type") == "ExternalName":
            return
        spec, namespace = service["spec"], service["metadata"]["namespace"]
        families = {ipaddress.ip_address(each).version for each in spec["clusterIPs"]}
        for pod in self._plain.pods.values():
            labels = pod["metadata"].get("labels") or {}
            if pod["metadata"]["namespace"] != namespace:
                continue
            if any(labels.get(key) != value for key, value in spec["selector"].items()):
                continue
            for address in self._plain._addresses(("pod", namespace, pod["metadata"]["name"])):
                for port in spec["ports"] if address.version in families else ():
                    protocol = port.get("protocol", "TCP")
                    target = _target(pod, port.get("targetPort", port["port"]), protocol)
                    yield address, (protocol, target)

    def _entity(self, entity: Manifest, policy: Manifest, address: Address) -> bool:
        if "nets" in entity and not _inside(entity["nets"], address):
            return False
        if "notNets" in entity and _inside(entity["notNets"], address):
            return False
        meant = [each for each in self._labelled if self._is_meant(entity, policy, each.labels)]
        if _is_positive(entity, policy):
            return any(each.holds(address) for each in meant)
        if "notSelector" in entity:
            # Alone it means everything but what it selects, unknown addresses included.
            return not any(
                each.holds(address) and naive_match(entity["notSelector"], each.labels)
                for each in self._labelled
            )
        return True

    def _is_meant(self, entity: Manifest, policy: Manifest, labels: Mapping[str, str]) -> bool:
        """Whether all positive selectors of an entity select something, and the negative not."""
        namespace = policy["metadata"].get("namespace")
        if "namespaceSelector" in entity:
            if not _in_namespaces(entity["namespaceSelector"], labels):
                return False
        elif namespace and _is_positive(entity, policy) and labels.get(NAMESPACE) != namespace:
            return False
        accounts = entity.get("serviceAccounts") or {}
        if accounts.get("names") and labels.get(ACCOUNT) not in accounts["names"]:
            return False
        if accounts.get("selector") and not _on_prefixed(accounts["selector"], "pcsa.", labels):
            return False
        if "selector" in entity and not naive_match(entity["selector"], labels):
            return False
        return "notSelector" not in entity or not naive_match(entity["notSelector"], labels)

    def _port(
        self, entity: Manifest, policy: Manifest, protocol: str | None, packet: Packet
    ) -> bool:
        return not (
            (
                "ports" in entity
                and not self._is_among(entity["ports"], entity, policy, protocol, packet)
            )
            or (
                "notPorts" in entity
                and self._is_among(entity["notPorts"], entity, policy, protocol, packet)
            )
        )

    def _is_among(
        self,
        ports: list[int | str],
        entity: Manifest,
        policy: Manifest,
        protocol: str | None,
        packet: Packet,
    ) -> bool:
        for each in ports:
            low, _, high = str(each).partition(":")
            if low.isdigit():
                # A number is one of the rule's protocol, which the packet has.
                if int(low) <= packet.port <= int(high or low):
                    return True
            elif (self._is_newer and protocol is None) or packet.protocol == (protocol or "TCP"):
                for endpoint in self._labelled:
                    if (
                        endpoint.pod is not None
                        and endpoint.holds(packet.destination)
                        and (
                            not _is_positive(entity, policy)
                            or self._is_meant(entity, policy, endpoint.labels)
                        )
                        and packet.port in _numbers_named(low, packet.protocol, endpoint.pod)
                    ):
                        return True
        return False


_PROTOCOLS: Mapping[Any, str] = {1: "ICMP", 6: "TCP", 17: "UDP", 58: "ICMPv6", 132: "SCTP"}
_NETS = ("nets", "notNets")


def _target(pod: Manifest, port: int | str, protocol: str) -> int:
    """The number of a target port; of several with that name, the first container's."""
    if isinstance(port, int):
        return port
    spec = pod["spec"]
    sidecars = [each for each in spec.get("initContainers", ()) if each["serves"]]
    for container in (*spec["containers"], *sidecars):
        for each in container.get("ports", ()):
            if each.get("name") == port and each.get("protocol", "TCP") == protocol:
                return int(each["containerPort"])
    return -1


def _is_carried(rule: Manifest, protocol: str | None, packet: Packet) -> bool:
    """Whether the packet has the protocol that a rule is for, and the type of ICMP."""
    if protocol is not None and protocol != packet.protocol:
        return False
    excluded = rule.get("notProtocol")
    if excluded is not None and _PROTOCOLS.get(excluded, excluded) == packet.protocol:
        return False
    if "icmp" in rule and not _is_icmp(rule["icmp"], packet):
        return False
    return "notICMP" not in rule or not _is_icmp(rule["notICMP"], packet)


def _is_icmp(entry: Manifest, packet: Packet) -> bool:
    kind, code = packet.icmp
    return bool(entry["type"] == kind and entry.get("code", code) == code)


def _version(network: str) -> int:
    return ipaddress.ip_network(network).version


def _types(spec: Manifest) -> list[str]:
    if spec.get("types"):
        return list(spec["types"])
    if not spec.get("egress"):
        return ["Ingress"]
    return ["Ingress", "Egress"] if spec.get("ingress") else ["Egress"]


def _applies(policy: Manifest, labels: Mapping[str, str]) -> bool:
    spec, namespace = policy["spec"], policy["metadata"].get("namespace")
    if namespace and labels[NAMESPACE] != namespace:
        return False
    if "namespaceSelector" in spec and not _in_namespaces(spec["namespaceSelector"], labels):
        return False
    accounts = spec.get("serviceAccountSelector")
    if accounts and not _on_prefixed(accounts, "pcsa.", labels):
        return False
    return naive_match(spec.get("selector", ""), labels)


def _is_positive(entity: Manifest, policy: Manifest) -> bool:
    """Whether an entity means a set of known objects."""
    selects = "selector" in entity or bool(entity.get("serviceAccounts"))
    if "namespaceSelector" in entity or selects:
        return True
    # "In a NetworkPolicy the own-namespace restriction is ANDed" to a notSelector.
    return "notSelector" in entity and bool(policy["metadata"].get("namespace"))


def _in_namespaces(selector: str, labels: Mapping[str, str]) -> bool:
    if selector == "all()":
        return NAMESPACE in labels
    if selector == "global()":
        return NAMESPACE not in labels
    return _on_prefixed(selector, "pcns.", labels)


def _on_prefixed(selector: str, prefix: str, labels: Mapping[str, str]) -> bool:
    """A selector whose keys are written without the prefix that the labels have."""
    inherited = {key.removeprefix(prefix): v for key, v in labels.items() if key.startswith(prefix)}
    return naive_match(selector, inherited)


def _inside(nets: list[str], address: Address) -> bool:
    networks = (ipaddress.ip_network(each) for each in nets)
    return any(address.version == each.version and address in each for each in networks)
