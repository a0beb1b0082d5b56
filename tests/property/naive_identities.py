"""Identities, labels and ports as Cilium sees them, for `naive_cilium`.

What manifests do not tell is None, in the logic of Kleene: not (None) is None, None and False is
False, None or True is True.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

from tests.property.naive import Address, Manifest, NaiveCluster, Party

Truth = bool | None
Labels = Mapping[tuple[str, str], str]

NAMESPACE = "io.kubernetes.pod.namespace"
META = "io.cilium.k8s.namespace.labels."
ACCOUNT = "io.cilium.k8s.policy.serviceaccount"
SIDES = {"Ingress": ("ingress", "from"), "Egress": ("egress", "to")}
#: What is no part of an identity, whatever pods say (labelsfilter).
_LEFT_OUT = ("pod-template-hash", "io.kubernetes", "kubernetes.io", "k8s.io")


def either(truths: Iterable[Truth]) -> Truth:
    found = set(truths)
    return True if True in found else None if None in found else False


def every(truths: Iterable[Truth]) -> Truth:
    found = set(truths)
    return False if False in found else None if None in found else True


def inverse(truth: Truth) -> Truth:
    return None if truth is None else not truth


@dataclass(frozen=True)
class Agent:
    """A version with its configuration; the names are those of the profile's options."""

    version: tuple[int, int] = (1, 18)
    options: Mapping[str, str] = field(default_factory=dict)

    def has(self, name: str, wanted: str = "enabled") -> bool:
        return self.options.get(name) == wanted

    def since(self, minor: int) -> bool:
        return self.version >= (1, minor)

    @property
    def text(self) -> str:
        options = "&".join(f"{key}={value}" for key, value in self.options.items())
        return f"cilium:1.{self.version[1]}" + (f"?{options}" if options else "")


@dataclass(frozen=True)
class Packet:
    """A connection in one direction: who is policed, who is the other, and who is called."""

    kind: str
    subject: Party
    peer: Party
    server: Party
    protocol: str
    number: int


class Identities(NaiveCluster):
    """Who the ends of a packet are, and what they can be told by."""

    def __init__(self, manifests: list[Manifest], agent: Agent) -> None:
        super().__init__([each for each in manifests if each["kind"] != "NetworkPolicy"])
        self.agent = agent

    def _identity(self, party: Party, viewer: Party) -> Labels:
        if party.pod is None:
            if not party.uses_node_network:
                return {("reserved", "world"): ""}
            near = party.node == viewer.node
            return {("reserved", "host" if near else "remote-node"): ""}
        assert party.namespace is not None
        own = party.pod["metadata"].get("labels") or {}
        return {
            **{("k8s", key): own[key] for key in own if not key.startswith(_LEFT_OUT)},
            **{
                ("k8s", META + key): value
                for key, value in self.namespaces[party.namespace].items()
            },
            ("k8s", NAMESPACE): party.namespace,
            ("k8s", ACCOUNT): party.pod["spec"].get("serviceAccountName", "default"),
        }

    def _matches(self, selector: Manifest, labels: Labels) -> Truth:
        wanted = [
            (key, "In", [value]) for key, value in (selector.get("matchLabels") or {}).items()
        ]
        wanted += [
            (each["key"], each["operator"], each.get("values") or [])
            for each in selector.get("matchExpressions") or ()
        ]
        return every(_meets(labels, *each) for each in wanted)

    def _node_labels(self, party: Party) -> Mapping[str, str]:
        node = self.nodes[party.node or ""]
        labels: Mapping[str, str] = node["metadata"].get("labels") or {}
        return labels

    def _has_address(self, cidrs: Iterable[str], excepts: Iterable[str], packet: Packet) -> Truth:
        address = packet.peer.address
        assert address is not None
        return (
            self._is_addressed(packet.peer)
            and inside(cidrs, address)
            and not inside(excepts, address)
        )

    def _is_addressed(self, peer: Party) -> bool:
        """ "CIDR rules do not apply to traffic where both sides are managed by Cilium"."""
        if peer.uses_node_network:
            return self.agent.has("cidrMatchMode", "nodes")
        return peer.pod is None

    def _is_named(self, name: str, packet: Packet) -> Truth:
        if packet.kind == "Ingress":
            # "Ingress only needs the ports of the POD itself".
            return self._is_its_own(name, packet)
        # "Egress needs named ports of all the pods"; those without a network of their own never
        # come into the table.
        return _stands_for(filter(_has_own_network, self.pods.values()), name, packet)

    def _is_its_own(self, name: str, packet: Packet) -> Truth:
        return _stands_for([packet.server.pod] if packet.server.pod else [], name, packet)


def _stands_for(pods: Iterable[Manifest], name: str, packet: Packet) -> Truth:
    """Whether a packet's port is what a name means to some pods, in each world there may be.

    In one, agents see the names of init containers, in another they do not. What a pod gives two
    numbers is one of them.
    """
    asked = list(pods)
    answers: set[bool] = set()
    for sees_init in (False, True):
        choices = [declared(each, name, packet.protocol, sees_init) for each in asked]
        for numbers in product(*(each for each in choices if each)):
            # None is unknown, and several are "duplicate named ports": no entry then.
            answers.add(set(numbers) == {packet.number})
    return answers.pop() if len(answers) == 1 else None


def _has_own_network(pod: Manifest) -> bool:
    return not pod["spec"].get("hostNetwork")


def is_world(party: Party) -> bool:
    return party.pod is None and not party.uses_node_network


def inside(cidrs: Iterable[str], address: Address) -> bool:
    networks = (ipaddress.ip_network(each, strict=False) for each in cidrs)
    return any(address.version == each.version and address in each for each in networks)


def declared(pod: Manifest, name: str, protocol: str, sees_init: bool) -> set[int]:
    """The numbers that a pod gives a name."""
    containers = [*pod["spec"]["containers"]]
    if sees_init:
        containers += pod["spec"].get("initContainers", ())
    return {
        port["containerPort"]
        for container in containers
        for port in container.get("ports") or ()
        if port.get("name") == name and (port.get("protocol") or "TCP") == protocol
    }


def prefixed(selector: Manifest, prefix: str = "") -> Manifest:
    """A Kubernetes selector in Cilium's words."""
    return {
        "matchLabels": {
            f"k8s:{prefix}{key}": value
            for key, value in (selector.get("matchLabels") or {}).items()
        },
        "matchExpressions": [
            {**each, "key": f"k8s:{prefix}{each['key']}"}
            for each in selector.get("matchExpressions") or ()
        ],
    }


def _meets(labels: Labels, key: str, operator: str, values: Sequence[str]) -> Truth:
    source, colon, rest = key.partition(":")
    if not colon:
        source, rest = "any", key
    found = {
        value
        for (its_source, its_key), value in labels.items()
        if its_key == rest and source in {"any", its_source}
    }
    if source not in {"any", "k8s", "reserved"} and ("reserved", "world") in labels:
        # What is outside may have labels of other sources, of addresses and names; no value.
        told: dict[str, Truth] = {"In": False, "NotIn": True}
        return None if "" in values else told.get(operator)
    holds = {
        "In": bool(found & set(values)),
        "NotIn": not found & set(values),
        "Exists": bool(found),
        "DoesNotExist": not found,
    }
    return holds[operator]
