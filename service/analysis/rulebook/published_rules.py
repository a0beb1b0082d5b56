"""MIG rules about ports of nodes that lead to pods, where a policy may stop whoever calls them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from service.analysis.rulebook.answers import (
    CLEAR,
    Found,
    Missing,
    Sighting,
    seen,
)
from service.analysis.rulebook.exposure import backends, host_backends, namespace_isolates
from service.analysis.rulebook.inputs import RuleInput
from service.analysis.rulebook.opening import isolation
from service.analysis.rulebook.predicates import Predicate
from service.analysis.rulebook.reading import written_kinds
from service.analysis.rulebook.sight import Sight, affected_service, workloads
from service.analysis.rulebook.traits import has_trait
from service.model.inventory import ContainerRole, Pod, Service, TrafficPolicy
from service.model.network_policy import PolicyType

PODS = Missing("pods", "give the pods, so that their hostPorts are known")


def _published(asked: RuleInput) -> Found:
    sight = asked.sight
    stopping = _Stopping(asked)
    if not stopping.anybody:
        return CLEAR
    found = seen(*_host_ports(sight, stopping), *_node_ports(sight, stopping))
    if found == CLEAR and not sight.knows_pods:
        return Found(missing=(PODS,))
    return found


class _Stopping:
    """Whose calls policies may stop under one of both engines."""

    def __init__(self, asked: RuleInput) -> None:
        self._sight = asked.sight
        profiles = [each for each in (asked.profile, asked.source) if each is not None]
        self._unlisted = any(has_trait(each, "countsUnlistedSections") for each in profiles)
        by_mode = any(has_trait(each, "isolatesUnselected") for each in profiles)
        # What policies of other kinds close is not looked at: each of them may stop a call.
        kinds = {
            kind
            for each in self._sight.policies
            if not self._sight.knows_pods or self._sight.selected(each)
            for kind in written_kinds(each)
        }
        self.all_calls = by_mode or bool(self._sight.other_policies) or PolicyType.EGRESS in kinds
        self.anybody = self.all_calls or bool(kinds)

    def calls_of(self, pods: Iterable[Pod]) -> bool:
        """Whether calls of one of some pods may be stopped."""
        found = (
            isolation(self._sight, pod, PolicyType.INGRESS, unlisted=self._unlisted)
            for pod in pods
            if not pod.host_network
        )
        return self.all_calls or any(not each.is_open for each in found)


def _host_ports(sight: Sight, stopping: _Stopping) -> Iterator[Sighting]:
    publishing: dict[tuple[str, int, int], list[Pod]] = {}
    for pod in sight.pods:
        for port in pod.ports:
            if port.host_port is not None and port.role is not ContainerRole.INIT:
                key = (port.protocol, port.host_port, port.number)
                publishing.setdefault(key, []).append(pod)
    for (protocol, number, target), pods in sorted(publishing.items()):
        if stopping.calls_of(pods):
            yield Sighting(
                f"hostPort {number}/{protocol} of a node leads to port {target} of its pods",
                endpoints=workloads(pods),
                values={"port": number, "targetPort": target, "protocol": protocol},
            )


def _node_ports(sight: Sight, stopping: _Stopping) -> Iterator[Sighting]:
    for service in sight.snapshot.inventory.services:
        ports = {(each.node_port, each.protocol) for each in service.ports if each.node_port}
        if not ports or not _may_be_stopped(sight, service, stopping):
            continue
        name = f"{service.namespace}/{service.name}"
        stays = service.external_traffic_policy is TrafficPolicy.LOCAL
        nodes = "a node that runs a backend" if stays else "every node"
        for number, protocol in sorted(ports):
            yield Sighting(
                f"node port {number}/{protocol} of {nodes} leads to the backends of Service {name}",
                endpoints=(affected_service(service),),
                values={"service": name, "port": number, "protocol": protocol},
            )


def _may_be_stopped(sight: Sight, service: Service, stopping: _Stopping) -> bool:
    """Whether there are backends to call, and policies that may stop it.

    Where a Service without selector leads is open under every engine.
    """
    if not service.selector:
        return False
    if not sight.knows_pods:
        return stopping.all_calls or namespace_isolates(sight, service.namespace)
    called = backends(sight, service)
    # On a node's network a backend is open, but a caller may be closed.
    return stopping.calls_of(called) and bool(called or host_backends(sight, service))


PREDICATES: Mapping[str, Predicate] = {"MIG-037": _published}
