"""`services` in Calico rules: the endpoints of a Service, in egress rules with their ports.

Felix takes every endpoint of the Service's slices, ready or not
(felix/serviceindex/serviceindex.go).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from service.analysis.services import named_container_port
from service.engines.calico_members import members
from service.model.assumption import Assumption
from service.model.calico import ServiceMatch
from service.model.condition import NEVER, Assumed, Condition
from service.model.intervals import Intervals
from service.model.inventory import Inventory, Pod, Service, ServicePort, ServiceType
from service.model.pipeline import ANY_TRAFFIC, Traffic
from service.model.ports import Protocol, ports_of

NO_SERVICES = Assumption(
    "ServiceEndpointsUnknown",
    "the rule names a Service, and the upload holds no Services",
)


@dataclass(slots=True)
class ServiceEndpoints:
    """The endpoints behind Services, and the Services that were asked for and are not there."""

    inventory: Inventory
    missing: set[tuple[str, str]] = field(default_factory=set)
    _services: dict[tuple[str, str], Service] = field(init=False)
    _pods: dict[str, list[Pod]] = field(init=False)

    def __post_init__(self) -> None:
        self._services = {(e.namespace, e.name): e for e in self.inventory.services}
        self._pods = {}
        for pod in self.inventory.pods:
            if not pod.is_finished:
                self._pods.setdefault(pod.namespace, []).append(pod)

    def sources(self, match: ServiceMatch, namespace: str) -> Condition:
        """Having the address of an endpoint of the Service."""
        service = self._service(match, namespace)
        if service is None:
            return NEVER if self._services else Assumed(NO_SERVICES)
        unknown = _unknown(service)
        return Assumed(unknown) if unknown else members(service, self._behind(service))

    def destinations(self, match: ServiceMatch, namespace: str) -> list[tuple[Condition, Traffic]]:
        """The endpoints of the Service, split by the ports that they are called on."""
        service = self._service(match, namespace)
        if service is None:
            return [] if self._services else [(Assumed(NO_SERVICES), ANY_TRAFFIC)]
        unknown = _unknown(service)
        if unknown:
            return [(Assumed(unknown), ANY_TRAFFIC)]
        groups: dict[Intervals, list[Pod]] = {}
        for pod in self._behind(service):
            spans = [
                span
                for port in service.ports
                if (number := _number(pod, port)) is not None
                for span in ports_of(Protocol[port.protocol], number, number).spans
            ]
            groups.setdefault(Intervals.of(spans), []).append(pod)
        return [
            (members(service, pods), Traffic(traffic))
            for traffic, pods in groups.items()
            if traffic
        ]

    def _service(self, match: ServiceMatch, namespace: str) -> Service | None:
        key = (match.namespace or namespace, match.name)
        service = self._services.get(key)
        if service is None:
            self.missing.add(key)
            return None
        # "services with Type ExternalName receive no endpoints", whatever they select
        # (kubernetes: pkg/controller/endpointslice/endpointslice_controller.go).
        return None if service.type is ServiceType.EXTERNAL_NAME else service

    def _behind(self, service: Service) -> list[Pod]:
        return [
            pod
            for pod in self._pods.get(service.namespace, ())
            if all(pod.labels.get(key) == value for key, value in service.selector.items())
        ]


def _unknown(service: Service) -> Assumption | None:
    if service.selector:
        return None
    return Assumption(
        "ServiceEndpointsUnknown",
        f"Service {service.namespace}/{service.name} has no selector, and its endpoints are not "
        "part of the revision",
    )


def _number(pod: Pod, port: ServicePort) -> int | None:
    if isinstance(port.target, int):
        return port.target
    return named_container_port(pod, port.protocol, port.target)
