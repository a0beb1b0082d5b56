"""The connections that a call through a Service may become."""

from __future__ import annotations

from collections.abc import Iterator

from service.analysis.alike import Party, Signatures
from service.analysis.asking import Encounter, ask, placement_unknown
from service.analysis.attempts import Attempt, check_protocol, shared_families
from service.analysis.resolving import NoNetwork, Resolver, UnresolvedEnd, no_network
from service.analysis.service_families import call_families, in_families, speaks
from service.analysis.services import EXPOSED, Backend, backends, service_port
from service.model.addresses import EVERY_ADDRESS, Family, parse_address
from service.model.assumption import Assumption
from service.model.endpoint import Endpoint, EndpointKind
from service.model.flow import AddressEnd, DestinationEnd, Flow, NodeEnd, ServiceEnd
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


class ServiceCalls:
    """Finds the attempts behind calls of Services, with one engine's treatment of them."""

    def __init__(
        self, resolver: Resolver, signatures: Signatures, paths: tuple[ServicePaths, ...]
    ) -> None:
        self.resolver = resolver
        self.signatures = signatures
        self.paths = paths

    def service_at(self, flow: Flow) -> tuple[Service, ServicePort | None] | None:
        """The Service that a destination leads to, and the node port if that is how."""
        end = flow.destination
        if isinstance(end, ServiceEnd):
            service = self.resolver.services.get((end.namespace, end.service))
            if service is None:
                raise UnresolvedEnd(
                    "destination",
                    "ServiceNotFound",
                    f"there is no Service {end.namespace}/{end.service} in this revision",
                )
            return service, None
        if isinstance(end, AddressEnd):
            service = self._at_address(end.address)
            if service is not None:
                return service, None
        node = self.node_called(end)
        if node is None:
            return None
        for service in self.resolver.inventory.services:
            for port in service.ports:
                if port.node_port == flow.port and port.protocol == flow.protocol:
                    return service, port
        return None

    def node_called(self, end: DestinationEnd) -> Endpoint | None:
        """The node that a destination names, or that receives a call of a Service."""
        name = ""
        match end:
            case NodeEnd(node):
                name = node
            case ServiceEnd(receiving_node=node):
                name = node
            case AddressEnd(address):
                found = self._endpoint_at(address)
                if found is not None and found.kind is EndpointKind.NODE:
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
            chosen = _on_node(service, chosen, receiving.name)
        families = call_families(flow.destination, service)
        reachable = [each for each in chosen if speaks(each.endpoint, families)]
        if not reachable:
            raise no_network(
                f"no backend of Service {service.namespace}/{service.name} has an address of the "
                "family that it is called with"
            )
        masquerades = self._is_external(service, flow.destination)
        callers = self.signatures.parties(sources, with_node=True, alone=names)
        for caller in callers:
            for backend in reachable:
                if caller.speaker.kind is EndpointKind.EXTERNAL:
                    found = self._from_outside(service, caller, backend, receiving)
                elif node_port is not None and receiving is not None:
                    point = point_of(protocol, node_port.node_port or port.port)
                    found = iter([self._node_port(caller, backend, receiving, point)])
                else:
                    found = iter([self._from_inside(caller, backend, masquerades=masquerades)])
                for each in found:
                    yield from in_families(each, families, is_only=len(reachable) == 1)

    def _is_external(self, service: Service, end: DestinationEnd) -> bool:
        """Whether a Service is called by an address outside that any node may answer for."""
        return (
            isinstance(end, AddressEnd)
            and service.external_traffic_policy is TrafficPolicy.CLUSTER
            and parse_address(end.address) in map(parse_address, service.external_addresses)
        )

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

    def _at_address(self, address: str) -> Service | None:
        try:
            return self.resolver.service_by_address.get(parse_address(address))
        except ValueError:
            return None

    def _endpoint_at(self, address: str) -> Endpoint | None:
        try:
            return self.resolver.by_address.get(parse_address(address))
        except ValueError:
            return None

    def _paths_for(self, backend: Endpoint) -> ServicePaths:
        about = Encounter(backend, backend, Family.IPV4)
        return next(
            (each for each in self.paths if ask(each.backends, about) is not False),
            self.paths[-1],
        )

    def _from_inside(self, caller: Party, backend: Backend, *, masquerades: bool) -> Attempt:
        paths = self._paths_for(backend.endpoint)
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
        path = self._paths_for(backend.endpoint).node_port_from_pod
        attempt = _attempt(caller, backend, path, BACKEND_CHOICE)
        if not path.treatments:
            return attempt
        return Attempt(
            caller,
            attempt.destination,
            attempt.point,
            attempt.family,
            len(caller.members),
            asks_egress_about=(node, point),
            treatments=path.treatments,
            reason=path.reason,
            assumption=path.assumption,
            choice=BACKEND_CHOICE,
        )

    def _from_outside(
        self, service: Service, caller: Party, backend: Backend, receiving: Endpoint | None
    ) -> Iterator[Attempt]:
        name = f"Service {service.namespace}/{service.name}"
        if service.type not in EXPOSED and not service.external_addresses:
            raise NoNetwork(
                Assumption("ServiceNotExposed", f"{name} has no address outside the cluster")
            )
        paths = self._paths_for(backend.endpoint)
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
        if receiving is not None and backend.node is not None:
            yield receiving, receiving.name == backend.node
            return
        nodes = [receiving] if receiving else list(self.resolver.node_endpoints.values())
        own = self.resolver.node_endpoints.get(backend.node or "")
        yield own or receiving or _unknown_node("of the backend", backend.node), True
        others = [each for each in nodes if each.name != backend.node]
        if not nodes:
            others = [_unknown_node("other than the backend's", "")]
        for party in self.signatures.parties(others):
            yield party.speaker, False


def _on_node(service: Service, chosen: list[Backend], node: str) -> list[Backend]:
    """With externalTrafficPolicy Local a node answers only if it runs a backend itself."""
    kept = [each for each in chosen if each.endpoint.node in {None, node}]
    if not kept:
        raise no_network(
            f"node {node} runs no backend of Service {service.namespace}/{service.name}, "
            "and externalTrafficPolicy Local forwards to no other"
        )
    return kept


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
