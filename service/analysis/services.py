"""What a call through a Service becomes: backends with their target ports.

Service translation happens before any engine looks at a packet, so policies see the backend
and its target port, never the Service's address or port.
https://kubernetes.io/docs/reference/networking/virtual-ips/
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from service.analysis.asking import Encounter, ask
from service.analysis.resolving import NoNetwork, Resolver, UnresolvedEnd
from service.model.addresses import Family
from service.model.assumption import Assumption
from service.model.endpoint import Endpoint
from service.model.flow import ServiceEnd
from service.model.inventory import ContainerRole, Pod, Service, ServicePort, ServiceType
from service.model.pipeline import ServicePaths
from service.model.ports import Protocol, point_of

EXPOSED = frozenset({ServiceType.NODE_PORT, ServiceType.LOAD_BALANCER})


@dataclass(frozen=True, slots=True)
class Backend:
    """An endpoint that a Service may choose, and the protocol and port that it is called on."""

    endpoint: Endpoint
    point: int


def service_named(resolver: Resolver, end: ServiceEnd) -> Service:
    """The Service that an end names."""
    service = resolver.services.get((end.namespace, end.service))
    if service is None:
        raise UnresolvedEnd(
            "destination",
            "ServiceNotFound",
            f"there is no Service {end.namespace}/{end.service} in this revision",
        )
    return service


def service_port(service: Service, protocol: str, port: int | str | None) -> ServicePort:
    """The port of a Service by number or name; without one, its only port.

    Raises `NoNetwork` for an ExternalName, whose ports mean nothing.
    """
    _refuse_alias(service)
    found = offered_port(service, protocol, port)
    if found is None:
        raise UnresolvedEnd(
            "port",
            "ServicePortNotFound",
            f"Service {service.namespace}/{service.name} has no port {protocol} {port}; "
            f"it has {_listed(service)}",
        )
    return found


def offered_port(service: Service, protocol: str, port: int | str | None) -> ServicePort | None:
    """The port of a Service by number or name; without one, its only port of the protocol."""
    offered = [each for each in service.ports if each.protocol == protocol]
    if port is None:
        return offered[0] if len(offered) == 1 else None
    return next(
        (each for each in offered if port == (each.port if isinstance(port, int) else each.name)),
        None,
    )


def services_offering(
    services: Sequence[Service], address: str, protocol: str, port: int | str | None
) -> list[Service]:
    """Those of the Services at an address that have the port.

    Services may share an address as long as protocol and port differ: those tell them apart
    (https://cloud-provider-azure.sigs.k8s.io/topics/shared-ip/, for external addresses
    https://kubernetes.io/docs/reference/networking/virtual-ips/).
    """
    found = [each for each in services if offered_port(each, protocol, port) is not None]
    if found or len(services) == 1:
        # Whoever asks the only one for its port is told what is wrong about it.
        return found or list(services)
    known = ", ".join(f"{each.namespace}/{each.name} has {_listed(each)}" for each in services)
    raise UnresolvedEnd(
        "port",
        "ServicePortNotFound",
        f"no Service with the address {address} has a port {protocol} {port}; {known}",
    )


def _listed(service: Service) -> str:
    known = ", ".join(
        f"{each.protocol} {each.port}" + (f" ({each.name})" if each.name else "")
        for each in service.ports
    )
    return known or "none"


def backends(resolver: Resolver, service: Service, port: ServicePort) -> list[Backend]:
    """Where the Service may send a connection; raises `NoNetwork` where that is nowhere."""
    name = f"Service {service.namespace}/{service.name}"
    _refuse_alias(service)
    if not service.selector:
        raise NoNetwork(
            Assumption(
                "ServiceWithoutSelector",
                f"{name} has no selector, and its endpoints are not part of the revision",
            )
        )
    found: list[Backend] = []
    for pod in resolver.pods_with(service.namespace, service.selector):
        endpoint = resolver.pod_endpoints.get((pod.namespace, pod.name))
        # "publishNotReadyAddresses indicates that any agent which deals with endpoints for this
        # Service should disregard any indications of ready/not-ready" (Service v1 core).
        if endpoint is None or not (pod.ready or service.publishes_not_ready):
            continue
        number = target_port(pod, service, port)
        if number is not None:
            found.append(Backend(endpoint, point_of(Protocol[port.protocol], number)))
    if not found:
        raise NoNetwork(
            Assumption("ServiceHasNoBackend", f"no ready pod of this revision serves {name}")
        )
    return found


def paths_for(paths: Sequence[ServicePaths], backend: Endpoint) -> ServicePaths:
    """What an engine does with calls that lead to a backend."""
    about = Encounter(backend, backend, Family.IPV4)
    return next((each for each in paths if ask(each.backends, about) is not False), paths[-1])


def _refuse_alias(service: Service) -> None:
    if service.type is ServiceType.EXTERNAL_NAME:
        name = f"Service {service.namespace}/{service.name}"
        raise NoNetwork(
            Assumption("ServiceIsDnsOnly", f"{name} is an ExternalName: a DNS alias, no endpoint")
        )


def target_port(pod: Pod, service: Service, port: ServicePort) -> int | None:
    """The number that a Service port leads to on a pod; None where its name is not declared.

    A headless Service resolves to pod addresses, so the port is the one that was called.
    """
    if service.headless:
        return port.port
    if isinstance(port.target, int):
        return port.target
    return named_container_port(pod, port.protocol, port.target)


def named_container_port(pod: Pod, protocol: str, name: str) -> int | None:
    """The number of a pod's port with this name and protocol; the first one counts."""
    for each in pod.ports:
        if each.name == name and each.protocol == protocol and each.role is not ContainerRole.INIT:
            return each.number
    return None
