"""The ports of nodes that lead elsewhere, and the addresses that are not outside the cluster."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from service.analysis.resolving import NoNetwork, Resolver
from service.analysis.service_families import call_families
from service.analysis.service_terms import no_backend_on
from service.analysis.services import backends
from service.model.addresses import parse_address
from service.model.assumption import Assumption
from service.model.endpoint import Endpoint
from service.model.flow import NodeEnd
from service.model.intervals import NOTHING, Intervals
from service.model.inventory import Inventory, Service, ServicePort, TrafficPolicy
from service.model.ports import Protocol, point_of
from service.model.surroundings import PublishedPort, PublishedTarget, Surroundings


def surroundings_of(
    inventory: Inventory, endpoints: Iterable[Endpoint], pod_cidrs: Iterable[str] = ()
) -> Surroundings:
    """What is around the endpoints that an engine makes of an inventory."""
    resolver = Resolver(inventory, endpoints, pod_cidrs)
    unlisted = resolver.unlisted_nodes if inventory.host_addresses else ()
    return Surroundings(
        (*_node_ports(resolver), *_host_ports(resolver)),
        resolver.pod_range | _points((*unlisted, *_called_nodes(inventory))),
        _points(resolver.services_by_address) if inventory.services else NOTHING,
    )


def _called_nodes(inventory: Inventory) -> Iterator[int]:
    """The addresses that nodes are called by beside those that they speak with."""
    for node in inventory.nodes:
        yield from map(parse_address, node.external_addresses)


def _points(found: Iterable[int]) -> Intervals:
    return Intervals.of((point, point) for point in found)


def _host_ports(resolver: Resolver) -> Iterator[PublishedPort]:
    for (protocol, number), publishing in resolver.host_ports.items():
        assert isinstance(number, int)
        targets: dict[str | None, list[PublishedTarget]] = {}
        for pod, port in publishing:
            if (pod.namespace, pod.name) in resolver.pod_endpoints:
                point = point_of(Protocol[protocol], port.number)
                target = PublishedTarget(pod.namespace, pod.name, point)
                targets.setdefault(pod.node, []).append(target)
        if targets:
            yield PublishedPort(point_of(Protocol[protocol], number), _settled(targets))


def _node_ports(resolver: Resolver) -> Iterator[PublishedPort]:
    told: set[int] = set()
    for service in resolver.inventory.services:
        for port in service.ports:
            if port.node_port is None:
                continue
            point = point_of(Protocol[port.protocol], port.node_port)
            if point not in told:
                told.add(point)
                yield _node_port(resolver, service, port, point)


def _node_port(
    resolver: Resolver, service: Service, port: ServicePort, point: int
) -> PublishedPort:
    name = f"{service.namespace}/{service.name}"
    stays = service.external_traffic_policy is TrafficPolicy.LOCAL
    problem: Assumption | None = None
    targets: dict[str | None, list[PublishedTarget]] = {}
    try:
        for each in backends(resolver, service, port):
            endpoint = each.endpoint
            target = PublishedTarget(endpoint.namespace, endpoint.name, each.point)
            targets.setdefault(endpoint.node if stays else None, []).append(target)
    except NoNetwork as nothing:
        problem = nothing.assumption
    return PublishedPort(
        point,
        _settled(targets),
        name,
        call_families(NodeEnd(""), service),
        problem,
        no_backend_on(service).assumption if stays else None,
    )


def _settled(
    targets: dict[str | None, list[PublishedTarget]],
) -> dict[str | None, tuple[PublishedTarget, ...]]:
    return {node: tuple(found) for node, found in targets.items()}
