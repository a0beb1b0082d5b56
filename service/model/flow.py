"""Flows: the question about one connection, as a user puts it."""

from __future__ import annotations

from dataclasses import dataclass

from service.model.labels import LabelSelector


@dataclass(frozen=True, slots=True)
class PodEnd:
    """A pod by name."""

    namespace: str
    pod: str


@dataclass(frozen=True, slots=True)
class WorkloadEnd:
    """All pods of a workload, given as `Kind/name`."""

    namespace: str
    workload: str


@dataclass(frozen=True, slots=True)
class SelectorEnd:
    """All pods of a namespace that a label selector matches."""

    namespace: str
    selector: LabelSelector
    text: str = ""
    """The selector as it was written."""


@dataclass(frozen=True, slots=True)
class NodeEnd:
    """A node, or what uses its network."""

    node: str


@dataclass(frozen=True, slots=True)
class AddressEnd:
    """An IP address inside or outside the cluster."""

    address: str


@dataclass(frozen=True, slots=True)
class ServiceEnd:
    """A Service as destination.

    `backend` and `receiving_node` narrow the question to one pod and to the node that a
    connection from outside arrives at.
    """

    namespace: str
    service: str
    backend: str = ""
    receiving_node: str = ""


SourceEnd = PodEnd | WorkloadEnd | SelectorEnd | NodeEnd | AddressEnd
DestinationEnd = SourceEnd | ServiceEnd


@dataclass(frozen=True, slots=True)
class Flow:
    """Source, destination, protocol and port; `port` is None for ICMP, a name is looked up."""

    source: SourceEnd
    destination: DestinationEnd
    protocol: str = "TCP"
    port: int | str | None = None
