"""Services, with the API server's defaults and checks of what is modelled."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec import field

from service.manifests.cidrs import parse_block, plain_address
from service.manifests.metadata import Metadata
from service.manifests.names import (
    dns_label_fault,
    port_name_fault,
    port_number_fault,
    protocol_fault,
)
from service.manifests.report import Place, Report
from service.model.inventory import ServicePort, ServiceType, TrafficPolicy

_NO_ADDRESS = "None"


class ServicePortField(msgspec.Struct, rename="camel", frozen=True):
    """One of a Service's ports."""

    port: int = 0
    target_port: int | str | None = None
    protocol: str = "TCP"
    name: str = ""
    node_port: int = 0


class ServiceSpec(msgspec.Struct, rename="camel", frozen=True):
    """What is read of a Service's spec."""

    type: str = ""
    selector: dict[str, str] = {}
    ports: list[ServicePortField] = []
    cluster_ip: str = field(default="", name="clusterIP")
    cluster_ips: list[str] = field(default_factory=list, name="clusterIPs")
    external_ips: list[str] = field(default_factory=list, name="externalIPs")
    external_traffic_policy: str = ""
    internal_traffic_policy: str = ""
    publish_not_ready_addresses: bool = False
    load_balancer_source_ranges: list[str] = []

    @property
    def is_headless(self) -> bool:
        """Whether it has no cluster address on purpose."""
        return _NO_ADDRESS in {self.cluster_ip, *self.cluster_ips}


class LoadBalancerIngress(msgspec.Struct, frozen=True):
    """One address of the load balancer; a host name is not kept."""

    ip: str = ""


class LoadBalancer(msgspec.Struct, frozen=True):
    """`status.loadBalancer`."""

    ingress: list[LoadBalancerIngress] = []


class ServiceStatus(msgspec.Struct, rename="camel", frozen=True):
    """What is read of a Service's status."""

    load_balancer: LoadBalancer = LoadBalancer()


class ServiceAnnotations(msgspec.Struct, frozen=True):
    """The annotations that say more than the spec."""

    source_ranges: str = field(
        default="", name="service.beta.kubernetes.io/load-balancer-source-ranges"
    )
    azure_ranges: str = field(default="", name="service.beta.kubernetes.io/azure-allowed-ip-ranges")


class ServiceMetadata(Metadata, rename="camel", frozen=True):
    """A Service's metadata."""

    annotations: ServiceAnnotations = ServiceAnnotations()


class ServiceObject(msgspec.Struct, frozen=True):
    """A Service."""

    metadata: ServiceMetadata = ServiceMetadata()
    spec: ServiceSpec = ServiceSpec()
    status: ServiceStatus = ServiceStatus()


class ServiceParts:
    """Turns parts of Services into values."""

    def __init__(self, report: Report) -> None:
        self._report = report

    def type(self, place: Place, spec: ServiceSpec) -> ServiceType:
        """`spec.type`."""
        try:
            return ServiceType(spec.type or ServiceType.CLUSTER_IP)
        except ValueError:
            detail = f"{spec.type!r} must be one of {', '.join(ServiceType)}"
            self._report.fault(place, "InvalidServiceType", detail, "/spec/type")
            return ServiceType.CLUSTER_IP

    def traffic_policy(self, place: Place, spec: ServiceSpec) -> TrafficPolicy:
        """`spec.externalTrafficPolicy`."""
        return self._policy(place, spec.external_traffic_policy, "/spec/externalTrafficPolicy")

    def keeps_to_node(self, place: Place, spec: ServiceSpec) -> bool:
        """Whether `spec.internalTrafficPolicy` is Local."""
        given = spec.internal_traffic_policy
        return self._policy(place, given, "/spec/internalTrafficPolicy") is TrafficPolicy.LOCAL

    def _policy(self, place: Place, given: str, pointer: str) -> TrafficPolicy:
        try:
            return TrafficPolicy(given or TrafficPolicy.CLUSTER)
        except ValueError:
            detail = f"{given!r} must be one of {', '.join(TrafficPolicy)}"
            self._report.fault(place, "InvalidTrafficPolicy", detail, pointer)
            return TrafficPolicy.CLUSTER

    def source_ranges(self, place: Place, service: ServiceObject) -> tuple[str, ...]:
        """The blocks of clients that the load balancer admits, sorted; none admits everyone.

        The field counts, else the annotation (kubernetes: pkg/api/v1/service/util.go,
        GetLoadBalancerSourceRanges), else what Azure reads beside it
        (https://cloud-provider-azure.sigs.k8s.io/topics/loadbalancer/).
        """
        if service.spec.type != ServiceType.LOAD_BALANCER:
            return ()
        given, pointer = service.spec.load_balancer_source_ranges, "/spec/loadBalancerSourceRanges"
        told = service.metadata.annotations
        azure = told.azure_ranges.split(",")
        if not given and told.source_ranges.strip():
            given, pointer = told.source_ranges.split(","), "/metadata/annotations"
        elif not given:
            given = azure
        found: set[str] = set()
        for text in given:
            # Space around a block is allowed (pkg/apis/core/validation: ValidateService).
            block = parse_block(text.strip())
            if block is not None:
                found.add(str(block.network))
            elif given is not azure:
                detail = f"{text!r} is no CIDR block"
                self._report.fault(place, "InvalidCidr", detail, pointer)
        return tuple(sorted(found))

    def cluster_addresses(self, place: Place, spec: ServiceSpec) -> tuple[str, ...]:
        """The cluster addresses; none for a headless Service."""
        if spec.is_headless:
            return ()
        if spec.cluster_ips:
            return self._addresses(place, spec.cluster_ips, "/spec/clusterIPs")
        return self._addresses(place, [spec.cluster_ip], "/spec/clusterIP")

    def external_addresses(self, place: Place, service: ServiceObject) -> tuple[str, ...]:
        """`externalIPs` and the addresses of the load balancer, sorted."""
        own = self._addresses(place, service.spec.external_ips, "/spec/externalIPs")
        balanced = [each.ip for each in service.status.load_balancer.ingress]
        pointer = "/status/loadBalancer/ingress"
        return tuple(sorted({*own, *self._addresses(place, balanced, pointer)}))

    def _addresses(self, place: Place, given: Iterable[str], pointer: str) -> tuple[str, ...]:
        found: list[str] = []
        for text in given:
            address = plain_address(text) if text else None
            if address is not None:
                found.append(address)
            elif text:
                detail = f"{text!r} is not an IP address"
                self._report.fault(place, "InvalidAddress", detail, pointer)
        return tuple(dict.fromkeys(found))

    def ports(self, place: Place, spec: ServiceSpec) -> tuple[ServicePort, ...]:
        """The ports in the order they are written in."""
        found: list[ServicePort] = []
        names: set[str] = set()
        for at, each in enumerate(spec.ports):
            pointer = f"/spec/ports/{at}"
            self._check_name(place, each.name, names, pointer, is_needed=len(spec.ports) > 1)
            found.append(self._port(place, each, pointer))
        return tuple(found)

    def _check_name(
        self, place: Place, name: str, names: set[str], pointer: str, *, is_needed: bool
    ) -> None:
        if not name:
            if is_needed:
                detail = "each port needs a name where there are several"
                self._report.fault(place, "RequiredField", detail, f"{pointer}/name")
            return
        if wrong := dns_label_fault(name):
            detail = f"the port name {name!r} {wrong}"
            self._report.fault(place, "InvalidPortName", detail, f"{pointer}/name")
        if name in names:
            detail = f"the port name {name!r} is there twice"
            self._report.fault(place, "DuplicatePortName", detail, f"{pointer}/name")
        names.add(name)

    def _port(self, place: Place, given: ServicePortField, pointer: str) -> ServicePort:
        if wrong := port_number_fault(given.port):
            detail = f"the port {given.port} {wrong}"
            self._report.fault(place, "InvalidPort", detail, f"{pointer}/port")
        protocol = given.protocol or "TCP"
        if wrong := protocol_fault(protocol):
            detail = f"the protocol {protocol!r} {wrong}"
            self._report.fault(place, "InvalidProtocol", detail, f"{pointer}/protocol")
        if given.node_port and (wrong := port_number_fault(given.node_port)):
            detail = f"the port {given.node_port} {wrong}"
            self._report.fault(place, "InvalidPort", detail, f"{pointer}/nodePort")
        target = given.target_port or given.port
        wrong = port_name_fault(target) if isinstance(target, str) else port_number_fault(target)
        if given.target_port and wrong:
            detail = f"the port {target!r} {wrong}"
            self._report.fault(place, "InvalidPort", detail, f"{pointer}/targetPort")
        return ServicePort(given.port, target, protocol, given.name, given.node_port or None)
