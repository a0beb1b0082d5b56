"""Services that are reached from outside, and what the policies of their backends open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from service.analysis.rulebook.opening import (
    blocks_at,
    isolation,
    open_to_everyone,
    port_numbers,
)
from service.analysis.rulebook.sight import Sight
from service.model.addresses import EVERY_ADDRESS
from service.model.inventory import Pod, Service, ServicePort, ServiceType, TrafficPolicy
from service.model.network_policy import NetworkPolicy, PolicyType
from service.model.ports import Protocol, point_of

EXPOSED = frozenset({ServiceType.LOAD_BALANCER, ServiceType.NODE_PORT})


@dataclass(frozen=True, slots=True)
class Risk:
    """A port of a Service that policies do not open to everyone at some backends."""

    service: Service
    port: ServicePort
    number: int
    pods: tuple[Pod, ...]
    policies: tuple[NetworkPolicy, ...]
    by_blocks: bool
    """Some blocks open it to some addresses."""


def backends(sight: Sight, service: Service) -> tuple[Pod, ...]:
    """The policed pods that a Service selects."""
    return tuple(pod for pod in sight.pods_in(service.namespace) if _selects(service, pod))


def host_backends(sight: Sight, service: Service) -> tuple[Pod, ...]:
    """The pods on the networks of nodes that a Service selects."""
    pods = (pod for pod in sight.host_pods if pod.namespace == service.namespace)
    return tuple(pod for pod in pods if _selects(service, pod))


def _selects(service: Service, pod: Pod) -> bool:
    return all(pod.labels.get(key) == text for key, text in service.selector.items())


def forwarded_services(sight: Sight) -> Iterator[Service]:
    """Services whose connections nodes forward to each other."""
    for service in sight.snapshot.inventory.services:
        local = service.external_traffic_policy is TrafficPolicy.LOCAL
        if service.type in EXPOSED and not local:
            yield service


def namespace_isolates(sight: Sight, namespace: str) -> bool:
    """Whether some policy of a namespace isolates for ingress."""
    return any(
        each.ref.namespace == namespace and PolicyType.INGRESS in each.policy_types
        for each in sight.policies
    )


def risks(
    sight: Sight, service: Service, pods: tuple[Pod, ...], *, unlisted: bool
) -> Iterator[Risk]:
    """The ports of a Service that are not open to everyone at every backend."""
    for port in service.ports:
        closed: list[Pod] = []
        policies: dict[NetworkPolicy, None] = {}
        by_blocks = False
        number = 0
        for pod in pods:
            found = isolation(sight, pod, PolicyType.INGRESS, unlisted=unlisted)
            target = _target(pod, port)
            if found.is_open or target is None:
                continue
            point = point_of(Protocol[port.protocol], target)
            if point in open_to_everyone(found):
                continue
            closed.append(pod)
            number = target
            policies.update(dict.fromkeys(found.policies))
            opened = blocks_at(found, point, port_numbers(pod))
            by_blocks = by_blocks or bool(opened & EVERY_ADDRESS)
        if closed:
            yield Risk(service, port, number, tuple(closed), tuple(policies), by_blocks)


def _target(pod: Pod, port: ServicePort) -> int | None:
    if isinstance(port.target, int):
        return port.target
    return port_numbers(pod).get((port.target, port.protocol))
