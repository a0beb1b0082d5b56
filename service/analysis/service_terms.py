"""On what terms a caller reaches the backends of a Service.

Which address is called decides whether traffic policies and source ranges apply; they and the
address families narrow down the backends.
"""

from __future__ import annotations

from service.analysis.alike import Party
from service.analysis.asking import placement_unknown
from service.analysis.attempts import may_meet
from service.analysis.resolving import NoNetwork, no_network
from service.analysis.service_families import speaks
from service.analysis.services import Backend
from service.model.addresses import Family, blocks, parse_address
from service.model.assumption import Assumption
from service.model.endpoint import Endpoint, EndpointKind
from service.model.flow import AddressEnd, DestinationEnd, ServiceEnd
from service.model.inventory import Service, ServicePort, TrafficPolicy


def is_external(service: Service, end: DestinationEnd) -> bool:
    """Whether a Service is called by an address outside that any node may answer for."""
    return (
        isinstance(end, AddressEnd)
        and service.external_traffic_policy is TrafficPolicy.CLUSTER
        and parse_address(end.address) in map(parse_address, service.external_addresses)
    )


def keeps_to_node(service: Service, end: DestinationEnd) -> bool:
    """Whether a call from inside leads to the caller's own node only.

    "internalTrafficPolicy ... Local: only node local endpoints are considered" for what calls
    the cluster address; a headless Service has none.
    https://kubernetes.io/docs/concepts/services-networking/service-traffic-policy/
    """
    if not service.keeps_to_node or service.headless:
        return False
    if isinstance(end, ServiceEnd):
        return True
    cluster = map(parse_address, service.cluster_addresses)
    return isinstance(end, AddressEnd) and parse_address(end.address) in cluster


def admission(
    service: Service,
    caller: Party,
    end: DestinationEnd,
    node_port: ServicePort | None,
) -> Assumption | None:
    """What lets a caller in that the load balancer's source ranges do not hold.

    "If specified and supported by the platform, this will restrict traffic through the
    cloud-provider load-balancer ... This field will be ignored if the cloud-provider does not
    support the feature" (Service v1 core); kube-proxy restricts it as well, on the node.
    """
    if not service.source_ranges or node_port is not None:
        return None
    outside = isinstance(end, AddressEnd) and parse_address(end.address) in map(
        parse_address, service.external_addresses
    )
    if caller.speaker.kind is not EndpointKind.EXTERNAL and not outside:
        return None
    admitted = blocks(service.source_ranges)
    for each in caller.members:
        if not each.addresses or any(point not in admitted for point in each.addresses):
            return Assumption(
                "LoadBalancerSourceRanges",
                f"{each} is not known to be in the source ranges of the load balancer of "
                f"Service {service.namespace}/{service.name}, and who enforces these differs: "
                "the network security group of the load balancer, or the node",
            )
    return None


def in_reach(
    service: Service, caller: Endpoint, chosen: list[Backend], families: frozenset[Family]
) -> list[Backend]:
    """The backends that a caller inside may share an address family with."""
    found = [each for each in chosen if may_meet(caller, each.endpoint)]
    if not found or not speaks(caller, families):
        raise no_network(
            f"{caller} has no address of the family that Service "
            f"{service.namespace}/{service.name} is called with"
        )
    return found


def near(
    service: Service, caller: Endpoint, chosen: list[Backend]
) -> tuple[list[Backend], Assumption | None]:
    """The backends on a caller's node, and what it rests on that there are any."""
    node = caller.node
    sure, unplaced = [], []
    for each in chosen:
        if each.endpoint is caller or (node is not None and each.endpoint.node == node):
            sure.append(each)
        elif node is None or each.endpoint.node is None:
            unplaced.append(each)
    if not sure and not unplaced:
        raise no_network(
            f"node {node} runs no backend of Service {service.namespace}/{service.name}, "
            "and internalTrafficPolicy Local leads to no other"
        )
    found = [*sure, *unplaced]
    if sure:
        return found, None
    return found, placement_unknown(caller if node is None else unplaced[0].endpoint)


def on_node(service: Service, chosen: list[Backend], node: Endpoint) -> list[Backend]:
    """With externalTrafficPolicy Local a node answers only if it runs a backend itself."""
    if node.node is None:
        return chosen
    kept = [each for each in chosen if each.endpoint.node in {None, node.node}]
    if not kept:
        raise no_backend_on(service, node.node)
    return kept


def no_backend_on(service: Service, node: str = "") -> NoNetwork:
    """What is wrong about a node that externalTrafficPolicy Local keeps a Service to."""
    return no_network(
        f"{f'node {node}' if node else 'the node'} runs no backend of Service "
        f"{service.namespace}/{service.name}, and externalTrafficPolicy Local forwards to no other"
    )
