"""The connections that a call through a Service may become."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from service.analysis.alike import Party, Signatures
from service.analysis.asking import placement_unknown
from service.analysis.attempts import (
    Attempt,
    check_protocol,
    may_meet,
    no_shared_family,
    shared_families,
)
from service.analysis.resolving import NoNetwork, Resolver, UnresolvedEnd, no_network
from service.analysis.service_families import call_families, in_families, speaks
from service.analysis.service_terms import (
    admission,
    in_reach,
    is_external,
    keeps_to_node,
    near,
    on_node,
)
from service.analysis.services import (
    EXPOSED,
    Backend,
    backends,
    offered_port,
    paths_for,
    service_named,
    service_port,
    services_offering,
)
from service.model.addresses import EVERY_ADDRESS, parse_address
from service.model.assumption import Assumption
from service.model.endpoint import Endpoint, EndpointKind
from service.model.flow import AddressEnd, DestinationEnd, Flow, NodeEnd, PodEnd, ServiceEnd
from service.model.inventory import Service, ServicePort, TrafficPolicy
from service.model.pipeline import ServicePath, ServicePaths
from service.model.ports import point_of

BACKEND_CHOICE = Assumption(
    "ServiceBackend", "which backend the Service chooses decides whether the call gets through"
)
RECEIVING_NODE = Assumption(
    "ReceivingNode",
    "which node receives the connection from outside decides whether it gets through",
)
SHARED_ADDRESS = Assumption(
    "SharedServiceAddress",
    "several Services have the address, the protocol and the port, and which of them answers "
    "decides whether the call gets through",
)
#: "--iptables-localhost-nodeports: If false, kube-proxy will disable the legacy behavior of
#: allowing NodePort services to be accessed via localhost"; other modes do not allow it.
#: https://kubernetes.io/docs/reference/command-line-tools-reference/kube-proxy/
LOOPBACK_NODE_PORT = ServicePath(
    "NodePortOnLoopback",
    (),
    Assumption(
        "NodePortOnLoopback",
        "whether a node's loopback address leads to a Service's node port depends on how "
        "kube-proxy is set up",
    ),
)


class Called(NamedTuple):
    """A Service that a destination leads to, and the node port if that is how."""

    service: Service
    node_port: ServicePort | None = None


class ServiceCalls:
    """Finds the attempts behind calls of Services, with one engine's treatment of them."""

    def __init__(
        self, resolver: Resolver, signatures: Signatures, paths: tuple[ServicePaths, ...]
    ) -> None:
        self.resolver = resolver
        self.signatures = signatures
        self.paths = paths

    def called(self, flow: Flow) -> list[Called]:
        """The Services that a destination leads to; several where nothing tells them apart."""
        end = flow.destination
        if isinstance(end, ServiceEnd):
            return [Called(service_named(self.resolver, end))]
        if isinstance(end, AddressEnd):
            found = self._at_address(flow, end.address)
            if found:
                return [Called(each) for each in found]
        return [] if self.node_called(end) is None else self.at_node_port(flow)

    def at_node_port(self, flow: Flow) -> list[Called]:
        """The Service that a node's port leads to."""
        return [
            Called(service, port)
            for service in self.resolver.inventory.services
            for port in service.ports
            if port.node_port is not None
            and port.node_port == flow.port
            and port.protocol == flow.protocol
        ][:1]

    def on_loopback(self, flow: Flow, sources: list[Endpoint]) -> Iterator[Attempt]:
        """What a node's loopback address may lead to for who uses that node's network."""
        for service, port in self.at_node_port(flow) if sources else ():
            assert port is not None
            for caller in self.signatures.parties(sources, with_node=True):
                for backend in backends(self.resolver, service, port):
                    yield _attempt(caller, backend, LOOPBACK_NODE_PORT, BACKEND_CHOICE)

    def node_called(self, end: DestinationEnd) -> Endpoint | None:
        """The node that a destination names, or that receives a call of a Service.

        A pod that uses a node's network has that node's ports. It stands for itself: its addresses
        may be fewer than the node's, and its policies may be others.
        """
        name = ""
        match end:
            case NodeEnd(node):
                name = node
            case ServiceEnd(receiving_node=node):
                name = node
            case PodEnd(namespace, pod):
                found = self.resolver.pod_endpoints.get((namespace, pod))
                if found is not None and found.is_on_node_network:
                    return found
            case AddressEnd(address):
                found = self._endpoint_at(address)
                if found is not None and found.is_on_node_network:
                    return found
        if not name:
            return None
        endpoint = self.resolver.node_endpoints.get(name)
        if endpoint is None:
            raise UnresolvedEnd(
                "destination", "NodeNotFound", f"there is no node {name} in this revision"
            )
        return endpoint

    def attempts(
        self, flow: Flow, called: Sequence[Called], sources: list[Endpoint]
    ) -> Iterator[Attempt]:
        """Every connection that the call of a Service, or of one of several, may become."""
        for each in called:
            for attempt in self._calls(flow, each.service, each.node_port, sources):
                yield attempt._replace(choice=SHARED_ADDRESS) if len(called) > 1 else attempt

    def _calls(
        self,
        flow: Flow,
        service: Service,
        node_port: ServicePort | None,
        sources: list[Endpoint],
    ) -> Iterator[Attempt]:
        """Every backend that may be chosen, and every way there."""
        protocol = check_protocol(flow)
        port = node_port or service_port(service, flow.protocol, flow.port)
        chosen = self._chosen(service, port, flow.destination)
        receiving = self.node_called(flow.destination)
        names = frozenset((each.endpoint.namespace, each.endpoint.name) for each in chosen)
        if receiving is not None and service.external_traffic_policy is TrafficPolicy.LOCAL:
            chosen = on_node(service, chosen, receiving)
        families = call_families(flow.destination, service)
        reachable = [each for each in chosen if speaks(each.endpoint, families)]
        if not reachable:
            raise no_network(
                f"no backend of Service {service.namespace}/{service.name} has an address of the "
                "family that it is called with"
            )
        masquerades = is_external(service, flow.destination)
        callers = self.signatures.parties(sources, with_node=True, alone=names)
        for caller in callers:
            close, placement = reachable, None
            if caller.speaker.kind is not EndpointKind.EXTERNAL:
                close = in_reach(service, caller.speaker, reachable, families)
                if node_port is None and keeps_to_node(service, flow.destination):
                    close, placement = near(service, caller.speaker, close)
            proviso = placement or admission(service, caller, flow.destination, node_port)
            for backend in close:
                if caller.speaker.kind is EndpointKind.EXTERNAL:
                    found = self._from_outside(service, caller, backend, receiving)
                elif node_port is not None and receiving is not None:
                    if not may_meet(caller.speaker, receiving):
                        raise no_shared_family(caller.speaker, receiving)
                    point = point_of(protocol, node_port.node_port or port.port)
                    found = iter([self._node_port(caller, backend, receiving, point)])
                else:
                    found = iter([self._from_inside(caller, backend, masquerades=masquerades)])
                doubt = self.resolver.doubt_about(receiving) if receiving else None
                for each in found:
                    way = each._replace(proviso=proviso)
                    way = way if doubt is None else way.in_doubt(doubt)
                    yield from in_families(way, families, is_only=len(close) == 1)

    def _chosen(self, service: Service, port: ServicePort, end: DestinationEnd) -> list[Backend]:
        chosen = backends(self.resolver, service, port)
        wanted = end.backend if isinstance(end, ServiceEnd) else ""
        if wanted:
            chosen = [each for each in chosen if each.endpoint.name == wanted]
            if not chosen:
                raise UnresolvedEnd(
                    "destination",
                    "BackendNotFound",
                    f"pod {service.namespace}/{wanted} is no backend of "
                    f"Service {service.namespace}/{service.name}",
                )
        return chosen

    def _at_address(self, flow: Flow, address: str) -> list[Service]:
        try:
            known = self.resolver.services_by_address.get(parse_address(address), [])
        except ValueError:
            return []
        if not known:
            return []
        if self._endpoint_at(address) is not None:
            # An external address may be a node's, which has ports of its own beside the Service's.
            return [
                each for each in known if offered_port(each, flow.protocol, flow.port) is not None
            ]
        return services_offering(known, address, flow.protocol, flow.port)

    def _endpoint_at(self, address: str) -> Endpoint | None:
        try:
            return self.resolver.known_at(parse_address(address))
        except ValueError:
            return None

    def _from_inside(self, caller: Party, backend: Backend, *, masquerades: bool) -> Attempt:
        paths = paths_for(self.paths, backend.endpoint)
        if caller.speaker is backend.endpoint:
            return _attempt(caller, backend, paths.hairpin, BACKEND_CHOICE)
        if not masquerades:
            return _attempt(caller, backend, paths.cluster_address, BACKEND_CHOICE)
        if paths.external_address is not None:
            return _attempt(caller, backend, paths.external_address, BACKEND_CHOICE)
        # kube-proxy (pkg/proxy/iptables): "masquerade traffic for <service> external destinations",
        # whoever sends it; it then comes from the node that the caller runs on.
        own = self.resolver.node_endpoints.get(caller.speaker.node or "")
        seen = own or _unknown_node("of the caller", caller.speaker.node)
        path = _forwarded(paths, caller.speaker, backend.endpoint)
        return _attempt(caller, backend, path, BACKEND_CHOICE, seen)

    def _node_port(self, caller: Party, backend: Backend, node: Endpoint, point: int) -> Attempt:
        path = paths_for(self.paths, backend.endpoint).node_port_from_pod
        attempt = _attempt(caller, backend, path, BACKEND_CHOICE)
        if not path.treatments:
            return attempt._replace(through=node)
        return attempt._replace(asks_egress_about=(node, point))

    def _from_outside(
        self, service: Service, caller: Party, backend: Backend, receiving: Endpoint | None
    ) -> Iterator[Attempt]:
        name = f"Service {service.namespace}/{service.name}"
        if service.type not in EXPOSED and not service.external_addresses:
            raise NoNetwork(
                Assumption("ServiceNotExposed", f"{name} has no address outside the cluster")
            )
        paths = paths_for(self.paths, backend.endpoint)
        if service.external_traffic_policy is TrafficPolicy.LOCAL:
            # The receiving node chooses a backend of its own and keeps the client's address.
            yield _attempt(caller, backend, paths.load_balancer_local, BACKEND_CHOICE)
            return
        for node, same in self._receivers(backend.endpoint, receiving):
            path = paths.load_balancer_same_node if same else paths.load_balancer_other_node
            yield _attempt(caller, backend, path, RECEIVING_NODE, node)

    def _receivers(
        self, backend: Endpoint, receiving: Endpoint | None
    ) -> Iterator[tuple[Endpoint, bool]]:
        """Nodes that may receive the connection, and whether the backend runs there."""
        if receiving is not None:
            # What is seen of a caller outside is the address of the node.
            receiving = self.resolver.node_endpoints.get(receiving.node or "", receiving)
        if receiving is not None and None not in {receiving.node, backend.node}:
            yield receiving, receiving.node == backend.node
            return
        nodes = [receiving] if receiving else list(self.resolver.node_endpoints.values())
        own = self.resolver.node_endpoints.get(backend.node or "")
        yield own or receiving or _unknown_node("of the backend", backend.node), True
        others = [each for each in nodes if each.node is None or each.node != backend.node]
        if not nodes:
            others = [_unknown_node("other than the backend's", "")]
        for party in self.signatures.parties(others):
            yield party.speaker, False


def _forwarded(paths: ServicePaths, caller: Endpoint, backend: Endpoint) -> ServicePath:
    """The way from a node that forwards what one of its own pods sends."""
    same, other = paths.load_balancer_same_node, paths.load_balancer_other_node
    if caller.node is not None and backend.node is not None:
        return same if caller.node == backend.node else other
    if not same.treatments or not other.treatments:
        return other if same.treatments else same
    return ServicePath(
        other.reason,
        tuple(dict.fromkeys((*same.treatments, *other.treatments))),
        other.assumption or placement_unknown(caller if caller.node is None else backend),
    )


def _unknown_node(label: str, node: str | None) -> Endpoint:
    return Endpoint(EndpointKind.NODE, label, node=node, possible_addresses=EVERY_ADDRESS)


def _attempt(
    caller: Party,
    backend: Backend,
    path: ServicePath,
    choice: Assumption,
    seen: Endpoint | None = None,
) -> Attempt:
    return Attempt(
        caller,
        Party((backend.endpoint,)),
        backend.point,
        shared_families(caller.speaker, backend.endpoint)[0],
        connections=len(caller.members),
        seen_source=seen,
        treatments=path.treatments,
        reason=path.reason,
        assumption=path.assumption,
        choice=choice,
    )
