"""Pods and pod templates, reduced to what policies can see of them."""

from __future__ import annotations

from service.manifests.cidrs import plain_address
from service.manifests.names import port_name_fault, port_number_fault, protocol_fault
from service.manifests.pod_fields import Container, PodSpec, PodStatus, PortField
from service.manifests.report import Place, Report
from service.model.inventory import ContainerPort, ContainerRole

_PortKey = tuple[int, str, str, int, str]


class PodParts:
    """Turns parts of pods into values; equal lists of ports are checked once and shared."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._shared: dict[tuple[_PortKey, ...], tuple[ContainerPort, ...]] = {}

    def ports(self, place: Place, spec: PodSpec, pointer: str) -> tuple[ContainerPort, ...]:
        """The ports of all containers, sorted."""
        key = tuple(
            (port.container_port, port.protocol, port.name, _host_port(spec, port), role)
            for role, containers in _containers(spec)
            for container in containers
            for port in container.ports
        )
        if not key:
            return ()
        # Which init container is a sidecar is not part of the key.
        if spec.init_containers and any(each.ports for each in spec.init_containers):
            return self._ports(place, spec, pointer)[0]
        found = self._shared.get(key)
        if found is None:
            found, are_right = self._ports(place, spec, pointer)
            if are_right:
                self._shared[key] = found
        return found

    def _ports(
        self, place: Place, spec: PodSpec, pointer: str
    ) -> tuple[tuple[ContainerPort, ...], bool]:
        found: set[ContainerPort] = set()
        are_right = True
        for member, containers in _containers(spec):
            for at, container in enumerate(containers):
                role = _role(member, container)
                are_right &= self._are_right(place, container, f"{pointer}/{member}/{at}/ports")
                found.update(
                    ContainerPort(
                        each.container_port,
                        each.protocol or "TCP",
                        each.name,
                        role,
                        _host_port(spec, each) or None,
                    )
                    for each in container.ports
                )
        return tuple(sorted(found, key=port_order)), are_right

    def _are_right(self, place: Place, container: Container, pointer: str) -> bool:
        names: set[str] = set()
        faults: list[tuple[str, str, str]] = []
        for at, port in enumerate(container.ports):
            where = f"{pointer}/{at}"
            if wrong := port_number_fault(port.container_port):
                detail = f"the port {port.container_port} {wrong}"
                faults.append(("InvalidPort", detail, f"{where}/containerPort"))
            if port.host_port and (wrong := port_number_fault(port.host_port)):
                detail = f"the port {port.host_port} {wrong}"
                faults.append(("InvalidPort", detail, f"{where}/hostPort"))
            if port.protocol and (wrong := protocol_fault(port.protocol)):
                detail = f"the protocol {port.protocol!r} {wrong}"
                faults.append(("InvalidProtocol", detail, f"{where}/protocol"))
            if port.name and (wrong := port_name_fault(port.name)):
                detail = f"the port name {port.name!r} {wrong}"
                faults.append(("InvalidPortName", detail, f"{where}/name"))
            elif port.name in names:
                detail = f"the port name {port.name!r} is there twice in one container"
                faults.append(("DuplicatePortName", detail, f"{where}/name"))
            if port.name:
                names.add(port.name)
        for fault in faults:
            self._report.fault(place, *fault)
        return not faults

    def addresses(self, place: Place, status: PodStatus, *, is_host: bool) -> tuple[str, ...]:
        """The pod's addresses; one on its node's network has its node's."""
        given = [each.ip for each in status.pod_ips]
        # Where they differ, podIP counts (pkg/apis/core/v1/conversion.go,
        # Convert_v1_PodStatus_To_core_PodStatus).
        if status.pod_ip and status.pod_ip != next(iter(given), ""):
            given = [status.pod_ip]
        if is_host and not any(given):
            given = [status.host_ip]
        found: list[str] = []
        for text in given:
            address = plain_address(text) if text else None
            if address is not None:
                if address not in found:
                    found.append(address)
            elif text:
                detail = f"{text!r} is not an IP address"
                self._report.fault(place, "InvalidAddress", detail, "/status")
        return tuple(found)


def port_order(port: ContainerPort) -> tuple[str, str, int, str, int]:
    """What the ports of a pod are sorted by."""
    return port.role, port.protocol, port.number, port.name, port.host_port or 0


def _host_port(spec: PodSpec, port: PortField) -> int:
    """The node's port that leads to a container's; a hostNetwork pod has no other network."""
    return 0 if spec.host_network else port.host_port


def _containers(spec: PodSpec) -> tuple[tuple[str, list[Container]], ...]:
    return ("containers", spec.containers), ("initContainers", spec.init_containers)


def _role(member: str, container: Container) -> ContainerRole:
    if member == "containers":
        return ContainerRole.REGULAR
    is_sidecar = container.restart_policy == "Always"
    return ContainerRole.SIDECAR if is_sidecar else ContainerRole.INIT
