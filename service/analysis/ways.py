"""Every connection that a flow may become: between its ends, or where a Service or node leads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from service.analysis.alike import Signatures
from service.analysis.attempts import Attempt, check_port, check_protocol, direct_attempts
from service.analysis.deciding import PolicyIndex
from service.analysis.host_ports import host_port_attempts
from service.analysis.loopback import is_loopback, loopback_attempts
from service.analysis.resolving import Resolver
from service.analysis.service_attempts import ServiceCalls
from service.analysis.stoppable import may_stop
from service.model.endpoint import Endpoint
from service.model.flow import Flow, PodEnd, SelectorEnd, ServiceEnd, WorkloadEnd
from service.model.pipeline import Direction, ServicePaths
from service.model.ports import Protocol


class Ways:
    """Finds the connections behind flows over one pipeline."""

    def __init__(
        self,
        resolver: Resolver,
        signatures: Signatures,
        paths: tuple[ServicePaths, ...],
        index: Mapping[Direction, PolicyIndex],
    ) -> None:
        """`index`: the policies of an endpoint, by direction."""
        self._resolver = resolver
        self._signatures = signatures
        self._services = ServiceCalls(resolver, signatures, paths)
        self._index = index

    def of(self, flow: Flow) -> list[Attempt]:
        """Every connection that a flow may become, at least one.

        Raises `UnresolvedEnd` where the snapshot does not know an end or the port, and `NoNetwork`
        where an end has no network.
        """
        protocol = check_protocol(flow)
        check_port(flow, protocol)
        found = self._ways(flow, protocol)
        return [self._doubted(each) for each in found] if self._resolver.unlisted_nodes else found

    def may_be_stopped(self, attempt: Attempt) -> bool:
        """Whether it matters at all what either end would see."""
        point, family = attempt.point, attempt.family
        egress, ingress = self._index[Direction.EGRESS], self._index[Direction.INGRESS]
        through = attempt.through
        return (
            may_stop(egress, attempt.source.speaker, point, family)
            or may_stop(ingress, attempt.destination.speaker, point, family)
            or (through is not None and may_stop(ingress, through, point, family))
        )

    def _doubted(self, attempt: Attempt) -> Attempt:
        ends = attempt.source.speaker, attempt.destination.speaker
        doubts = (self._resolver.doubt_about(each) for each in ends)
        doubt = next((each for each in doubts if each is not None), None)
        return attempt if doubt is None or ends[0] is ends[1] else attempt.in_doubt(doubt)

    def _ways(self, flow: Flow, protocol: Protocol) -> list[Attempt]:
        sources = self._resolver.endpoints(flow.source, "source")
        if is_loopback(flow.destination):
            return self._on_loopback(flow, protocol, sources)
        if isinstance(flow.destination, WorkloadEnd | SelectorEnd) and self._is_published(flow):
            return self._to_pods(flow, protocol, sources)
        return self._to_one(flow, protocol, sources)

    def _to_pods(self, flow: Flow, protocol: Protocol, sources: list[Endpoint]) -> list[Attempt]:
        """What uses a node's network is called as its node is, the rest as ever."""
        destinations = self._resolver.endpoints(flow.destination, "destination")
        # Of several pods the question is about one and another, unless there is no other.
        is_apart = _has_pair(sources, destinations)
        others = [each for each in destinations if not each.is_on_node_network]
        ways: list[Attempt] = []
        if others and (_has_pair(sources, others) or not is_apart):
            ways += self._direct(flow, protocol, sources, others)
        for each in destinations:
            callers = [caller for caller in sources if caller is not each or not is_apart]
            if each.is_on_node_network and callers:
                end = PodEnd(each.namespace, each.name)
                ways += self._to_one(replace(flow, destination=end), protocol, callers)
        return ways

    def _to_one(self, flow: Flow, protocol: Protocol, sources: list[Endpoint]) -> list[Attempt]:
        called = self._services.called(flow)
        if called:
            ways = list(self._services.attempts(flow, called, sources))
        else:
            destinations = self._resolver.endpoints(flow.destination, "destination")
            ways = self._direct(flow, protocol, sources, destinations)
        return self._beside_published(flow, sources, ways)

    def _on_loopback(
        self, flow: Flow, protocol: Protocol, sources: list[Endpoint]
    ) -> list[Attempt]:
        own = [each for each in sources if each.is_on_node_network]
        nodes = self._resolver.node_endpoints
        published = [
            way
            for each in own
            for way in self._published(flow, nodes.get(each.node or "", each), [each])
        ]
        return self._beside(
            (*published, *self._services.on_loopback(flow, own)),
            loopback_attempts(flow, protocol, sources, self._resolver),
        )

    def _direct(
        self,
        flow: Flow,
        protocol: Protocol,
        sources: list[Endpoint],
        destinations: list[Endpoint],
    ) -> list[Attempt]:
        return direct_attempts(
            flow, protocol, sources, destinations, self._resolver, self._signatures
        )

    def _is_published(self, flow: Flow) -> bool:
        """Whether the port of some node leads elsewhere."""
        known = self._resolver.host_ports.get((flow.protocol, flow.port))
        return bool(known or self._services.at_node_port(flow))

    def _beside_published(
        self, flow: Flow, sources: list[Endpoint], ways: list[Attempt]
    ) -> list[Attempt]:
        if not self._resolver.host_ports or isinstance(flow.destination, ServiceEnd):
            return ways
        node = self._services.node_called(flow.destination)
        return ways if node is None else self._beside(self._published(flow, node, sources), ways)

    def _published(self, flow: Flow, node: Endpoint, sources: list[Endpoint]) -> Iterable[Attempt]:
        return host_port_attempts(flow, node, sources, self._resolver, self._signatures)

    def _beside(self, forwarded: Iterable[Attempt], plain: list[Attempt]) -> list[Attempt]:
        """What a port of a node may lead to, where that could be stopped, beside what it is."""
        found = [each for each in forwarded if self.may_be_stopped(each)]
        if not found:
            return plain
        return [*found, *(each._replace(choice=found[0].assumption) for each in plain)]


def _has_pair(sources: list[Endpoint], destinations: list[Endpoint]) -> bool:
    """Whether some two of them are different."""
    return len({*map(id, sources), *map(id, destinations)}) > 1
