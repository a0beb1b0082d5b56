"""What runs in a cluster, reduced to what network policies can see of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

METADATA_NAME_LABEL = "kubernetes.io/metadata.name"
LINUX = "linux"
WINDOWS = "windows"


class ContainerRole(StrEnum):
    """Which kind of container declares a port."""

    REGULAR = "Regular"
    INIT = "Init"
    SIDECAR = "Sidecar"
    """A restartable init container (`restartPolicy: Always`)."""


@dataclass(frozen=True, slots=True)
class ContainerPort:
    """A port that a container declares; `name` is empty where it has none."""

    number: int
    protocol: str = "TCP"
    name: str = ""
    role: ContainerRole = ContainerRole.REGULAR
    host_port: int | None = None
    """The port of its node that leads here; None for a hostNetwork pod, which is there anyway."""


@dataclass(frozen=True, slots=True)
class Owner:
    """The controller that an object belongs to."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Namespace:
    """A namespace; `labels` always hold `kubernetes.io/metadata.name`."""

    name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    synthetic: bool = False
    """Only named by other objects, not part of the upload."""


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod, or the one that stands for a workload whose pods are not in the upload."""

    namespace: str
    name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    owner: Owner | None = None
    node: str | None = None
    addresses: tuple[str, ...] = ()
    host_network: bool = False
    phase: str = "Running"
    service_account: str = "default"
    ports: tuple[ContainerPort, ...] = ()
    os: str | None = None
    """From the pod's own `spec.os`, `nodeSelector` or affinity; None leaves it to the node."""
    ready: bool = True
    """Whether a Service sends traffic to it; True where the upload does not tell."""
    from_template: bool = False

    @property
    def is_finished(self) -> bool:
        """Succeeded and Failed pods have no network any more."""
        return self.phase in {"Succeeded", "Failed"}

    @property
    def workload(self) -> str:
        """`Kind/name` of the nearest controller, `Pod/name` for a bare pod."""
        return f"{self.owner.kind}/{self.owner.name}" if self.owner else f"Pod/{self.name}"


@dataclass(frozen=True, slots=True)
class Node:
    """A node; `addresses` are those IP addresses of `status.addresses` that it speaks with."""

    name: str
    addresses: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    os: str = LINUX
    external_addresses: tuple[str, ...] = ()
    """Those of type ExternalIP, which a cloud translates: it may be called by them."""


@dataclass(frozen=True, slots=True)
class HostAddress:
    """An address that a pod's status gives its node; one pod is kept for each address."""

    address: str
    namespace: str
    pod: str


class ServiceType(StrEnum):
    """`spec.type` of a Service."""

    CLUSTER_IP = "ClusterIP"
    NODE_PORT = "NodePort"
    LOAD_BALANCER = "LoadBalancer"
    EXTERNAL_NAME = "ExternalName"


class TrafficPolicy(StrEnum):
    """`externalTrafficPolicy` of a Service."""

    CLUSTER = "Cluster"
    LOCAL = "Local"


@dataclass(frozen=True, slots=True)
class ServicePort:
    """One port of a Service; `target` is a number or the name of a container port."""

    port: int
    target: int | str
    protocol: str = "TCP"
    name: str = ""
    node_port: int | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """A Service after the API server's defaults."""

    namespace: str
    name: str
    type: ServiceType = ServiceType.CLUSTER_IP
    selector: Mapping[str, str] = field(default_factory=dict)
    ports: tuple[ServicePort, ...] = ()
    cluster_addresses: tuple[str, ...] = ()
    external_addresses: tuple[str, ...] = ()
    """`spec.externalIPs` and the ingress addresses of the load balancer."""
    external_traffic_policy: TrafficPolicy = TrafficPolicy.CLUSTER
    headless: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    source_ranges: tuple[str, ...] = ()
    """The only clients of its load balancer; no range at all admits everyone."""
    publishes_not_ready: bool = False
    """Whether pods that are not ready are backends too."""
    keeps_to_node: bool = False
    """`internalTrafficPolicy: Local`: inside, its cluster address leads to the caller's node."""


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """A service account and its labels, which some policy APIs select."""

    namespace: str
    name: str
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Inventory:
    """Everything that policies speak of; each tuple is sorted by namespace and name.

    A field that is added here or to a value inside needs a line in `service.manifests.archive`.
    """

    namespaces: tuple[Namespace, ...] = ()
    pods: tuple[Pod, ...] = ()
    nodes: tuple[Node, ...] = ()
    services: tuple[Service, ...] = ()
    service_accounts: tuple[ServiceAccount, ...] = ()
    host_addresses: tuple[HostAddress, ...] = ()
    """Addresses of nodes of which no Node of the upload has any, sorted by address."""
