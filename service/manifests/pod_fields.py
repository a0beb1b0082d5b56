"""The fields of pods and pod templates that policies can see."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec import field

from service.manifests.metadata import Metadata
from service.manifests.node_os import Affinity, os_of_pod


class PortField(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """One of a container's ports."""

    container_port: int = 0
    protocol: str = "TCP"
    name: str = ""
    host_port: int = 0


class Container(msgspec.Struct, rename="camel", frozen=True):
    """A container; `restart_policy` makes an init container a sidecar."""

    ports: list[PortField] = []
    restart_policy: str = ""


class PodOs(msgspec.Struct, frozen=True, gc=False):
    """`spec.os`."""

    name: str = ""


class PodSpec(msgspec.Struct, rename="camel", frozen=True):
    """What is read of a pod's spec."""

    containers: list[Container] = []
    init_containers: list[Container] = []
    node_name: str = ""
    host_network: bool = False
    service_account_name: str = ""
    service_account: str = ""
    os: PodOs | None = None
    node_selector: dict[str, str] = {}
    affinity: Affinity | None = None

    @property
    def account(self) -> str:
        """The service account; `serviceAccount` is the old name of the field."""
        return self.service_account_name or self.service_account or "default"

    @property
    def operating_system(self) -> str | None:
        """What the pod itself says of the system it needs."""
        if self.os is not None and self.os.name:
            return self.os.name
        if not self.node_selector and self.affinity is None:
            return None
        return os_of_pod(self.node_selector, self.affinity)


class PodAddress(msgspec.Struct, frozen=True, gc=False):
    """One of `status.podIPs`."""

    ip: str = ""


class PodCondition(msgspec.Struct, frozen=True, gc=False):
    """One of `status.conditions`."""

    type: str = ""
    status: str = ""


class PodStatus(msgspec.Struct, rename="camel", frozen=True):
    """What is read of a pod's status."""

    phase: str = ""
    pod_ip: str = field(default="", name="podIP")
    pod_ips: list[PodAddress] = field(default_factory=list, name="podIPs")
    host_ip: str = field(default="", name="hostIP")
    host_ips: list[PodAddress] = field(default_factory=list, name="hostIPs")
    conditions: list[PodCondition] = []

    @property
    def is_ready(self) -> bool:
        """Whether a Service sends traffic to it."""
        return all(each.status == "True" for each in self.conditions if each.type == "Ready")

    @property
    def node_addresses(self) -> Iterator[str]:
        """What it says of its node's addresses."""
        if self.host_ip:
            yield self.host_ip
        for each in self.host_ips:
            if each.ip:
                yield each.ip


class PodObject(msgspec.Struct, frozen=True):
    """A Pod."""

    metadata: Metadata = Metadata()
    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()
