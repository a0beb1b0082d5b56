"""Endpoints: what a connection can start from or end at, as an engine sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from service.model.assumption import Assumption
from service.model.intervals import NOTHING, Intervals


class EndpointKind(StrEnum):
    """What an endpoint is to a policy engine."""

    POD = "Pod"
    HOST_POD = "HostPod"
    """A `hostNetwork` pod: it has its node's addresses and no identity of its own."""
    NODE = "Node"
    EXTERNAL = "External"


_ON_NODE_NETWORK = frozenset({EndpointKind.NODE, EndpointKind.HOST_POD})
_PODS = frozenset({EndpointKind.POD, EndpointKind.HOST_POD})


@dataclass(frozen=True, slots=True)
class EndpointPort:
    """A port that an endpoint offers by name, as far as the engine sees it."""

    name: str
    protocol: int
    number: int
    assumption: Assumption | None = None
    """Set where it is uncertain that the engine resolves this name."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One pod, node or external address.

    `addresses` are known points of the address line. Where it is empty, `possible_addresses`
    says where the address may lie (for a pod: the cluster's pod ranges, or anywhere).
    """

    kind: EndpointKind
    name: str
    namespace: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    hidden_labels: Mapping[str, str] = field(default_factory=dict)
    """Labels that the object carries and the engine does not see."""
    namespace_labels: Mapping[str, str] = field(default_factory=dict)
    service_account: str = ""
    service_account_labels: Mapping[str, str] = field(default_factory=dict)
    node: str | None = None
    os: str | None = None
    addresses: tuple[int, ...] = ()
    possible_addresses: Intervals = NOTHING
    ports: tuple[EndpointPort, ...] = ()

    @property
    def key(self) -> tuple[bool, str, str]:
        """Whether it is a node, its namespace and its name: equal for one pod in two snapshots.

        A pod that goes to its node's network is still that pod.
        """
        return self.kind is EndpointKind.NODE, self.namespace, self.name

    @property
    def is_on_node_network(self) -> bool:
        """Whether it speaks with a node's address."""
        return self.kind in _ON_NODE_NETWORK

    def __str__(self) -> str:
        if self.kind in _PODS:
            return f"pod {self.namespace}/{self.name}"
        if self.kind is EndpointKind.NODE:
            return f"node {self.name}"
        return f"external address {self.name}"
