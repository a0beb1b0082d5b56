"""From the ends of a flow to the concrete endpoints of a snapshot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property

from service.model.addresses import blocks, family_of, format_address, parse_address
from service.model.assumption import Assumption
from service.model.endpoint import Endpoint, EndpointKind
from service.model.flow import (
    AddressEnd,
    DestinationEnd,
    NodeEnd,
    PodEnd,
    SelectorEnd,
    ServiceEnd,
    WorkloadEnd,
)
from service.model.intervals import Intervals
from service.model.inventory import (
    ContainerPort,
    ContainerRole,
    HostAddress,
    Inventory,
    Pod,
    Service,
)

#: What a packet never leaves its sender with (RFC 1122 3.2.1.3, RFC 4291 2.5.3).
LOOPBACK = blocks(("127.0.0.0/8", "::1/128"))


class UnresolvedEnd(Exception):
    """An end of a flow, or its port, that the snapshot does not know.

    `side` is "source", "destination", "protocol" or "port"; `code` is stable.
    """

    def __init__(self, side: str, code: str, detail: str) -> None:
        super().__init__(detail)
        self.side = side
        self.code = code
        self.detail = detail


class NoNetwork(Exception):
    """An end that exists but has no network identity, so that there is nothing to decide."""

    def __init__(self, assumption: Assumption) -> None:
        super().__init__(assumption.detail)
        self.assumption = assumption


def no_network(detail: str) -> NoNetwork:
    """The answer about an endpoint without network."""
    return NoNetwork(Assumption("EndpointHasNoNetwork", detail))


class Resolver:
    """Look-ups over one snapshot and the endpoints that an engine makes of it."""

    def __init__(
        self, inventory: Inventory, endpoints: Iterable[Endpoint], pod_cidrs: Iterable[str] = ()
    ) -> None:
        self.inventory = inventory
        self.pod_endpoints: dict[tuple[str, str], Endpoint] = {}
        self.node_endpoints: dict[str, Endpoint] = {}
        self.pod_range: Intervals = blocks(pod_cidrs)
        self._labelled: dict[tuple[str, str], dict[str, list[Pod]]] = {}
        for each in endpoints:
            if each.kind is EndpointKind.NODE:
                self.node_endpoints[each.name] = each
            else:
                self.pod_endpoints[each.namespace, each.name] = each

    @cached_property
    def pods(self) -> Mapping[tuple[str, str], Pod]:
        """Every pod by namespace and name, finished ones included."""
        return {(each.namespace, each.name): each for each in self.inventory.pods}

    @cached_property
    def pods_by_namespace(self) -> Mapping[str, list[Pod]]:
        """Every pod of a namespace."""
        found: dict[str, list[Pod]] = {}
        for pod in self.inventory.pods:
            found.setdefault(pod.namespace, []).append(pod)
        return found

    def pods_with(self, namespace: str, labels: Mapping[str, str]) -> list[Pod]:
        """The pods of a namespace that have all of some labels, at least one, in their order."""
        found = [self._pods_with(namespace, key).get(text, []) for key, text in labels.items()]
        return [
            pod
            for pod in min(found, key=len)
            if all(pod.labels.get(key) == text for key, text in labels.items())
        ]

    def _pods_with(self, namespace: str, key: str) -> Mapping[str, list[Pod]]:
        """The pods of a namespace that have a label, by its value."""
        known = self._labelled.get((namespace, key))
        if known is None:
            known = {}
            for pod in self.pods_by_namespace.get(namespace, ()):
                text = pod.labels.get(key)
                if text is not None:
                    known.setdefault(text, []).append(pod)
            # Of two threads that come at once either one's will do.
            self._labelled[namespace, key] = known
        return known

    @cached_property
    def pods_by_workload(self) -> Mapping[tuple[str, str], list[Pod]]:
        """Every pod of a workload, by its namespace and the workload's kind and name."""
        found: dict[tuple[str, str], list[Pod]] = {}
        for pod in self.inventory.pods:
            found.setdefault((pod.namespace, pod.workload), []).append(pod)
        return found

    @cached_property
    def services(self) -> Mapping[tuple[str, str], Service]:
        """Every Service by namespace and name."""
        return {(each.namespace, each.name): each for each in self.inventory.services}

    @cached_property
    def by_address(self) -> Mapping[int, Endpoint]:
        """Nodes and pods by address; a node wins over the hostNetwork pods that share it.

        Who has several addresses of a family is called by that one.
        """
        found: dict[int, Endpoint] = {}
        for endpoint in (*self.pod_endpoints.values(), *self.node_endpoints.values()):
            for point in endpoint.addresses:
                if endpoint.kind is not EndpointKind.HOST_POD or point not in found:
                    found[point] = _called_by(endpoint, point)
        for node in self.inventory.nodes:
            for text in node.external_addresses:
                point = parse_address(text)
                found.setdefault(point, _called_by(self.node_endpoints[node.name], point))
        return found

    @cached_property
    def unlisted_nodes(self) -> Mapping[int, Endpoint]:
        """Nodes that pods tell the addresses of, and that are not part of the revision."""
        found: dict[int, Endpoint] = {}
        for told in self.inventory.host_addresses:
            point = parse_address(told.address)
            key = told.namespace, told.pod
            pod, endpoint = self.pods.get(key), self.pod_endpoints.get(key)
            if point not in self.by_address:
                found[point] = Endpoint(
                    EndpointKind.NODE,
                    told.address,
                    node=pod.node if pod else None,
                    os=endpoint.os if endpoint else None,
                    addresses=(point,),
                )
        return found

    @cached_property
    def _hosted(self) -> Mapping[int, HostAddress]:
        return {parse_address(each.address): each for each in self.inventory.host_addresses}

    def doubt_about(self, endpoint: Endpoint) -> Assumption | None:
        """What an answer about an endpoint rests on that is said to be a node and is not listed.

        It may have labels and further addresses that policies know, and nothing tells whether
        the address is still that node's.
        """
        if endpoint.kind is not EndpointKind.NODE or not self.unlisted_nodes:
            return None
        for point in endpoint.addresses:
            if self.unlisted_nodes.get(point) is endpoint:
                told = self._hosted[point]
                return Assumption(
                    "NodeNotListed",
                    f"{told.address} is the address of the node of pod "
                    f"{told.namespace}/{told.pod}, and the revision does not list that node",
                )
        return None

    @cached_property
    def host_ports(self) -> Mapping[tuple[str, int | str | None], list[tuple[Pod, ContainerPort]]]:
        """The pods that publish a port on their nodes, by protocol and that port."""
        found: dict[tuple[str, int | str | None], list[tuple[Pod, ContainerPort]]] = {}
        for pod in self.inventory.pods:
            for port in pod.ports:
                if port.host_port is not None and port.role is not ContainerRole.INIT:
                    found.setdefault((port.protocol, port.host_port), []).append((pod, port))
        return found

    @cached_property
    def services_by_address(self) -> Mapping[int, list[Service]]:
        """Services by cluster address and by the addresses they have outside, which they share."""
        found: dict[int, list[Service]] = {}
        for service in self.inventory.services:
            for text in dict.fromkeys((*service.cluster_addresses, *service.external_addresses)):
                try:
                    found.setdefault(parse_address(text), []).append(service)
                except ValueError:
                    continue
        return found

    def endpoints(self, end: DestinationEnd, side: str) -> list[Endpoint]:
        """The endpoints that an end names, at least one.

        Raises `UnresolvedEnd` where there is no such thing, `NoNetwork` where it has no network.
        """
        match end:
            case PodEnd(namespace, name):
                pod = self.pods.get((namespace, name))
                if pod is None:
                    raise UnresolvedEnd(
                        side, "PodNotFound", f"there is no pod {namespace}/{name} in this revision"
                    )
                return self._of_pods([pod], f"pod {namespace}/{name}")
            case WorkloadEnd(namespace, workload):
                pods = self.pods_by_workload.get((namespace, workload), [])
                what = f"workload {namespace}/{workload}"
                if not pods:
                    raise UnresolvedEnd(
                        side, "WorkloadNotFound", f"there is no {what} in this revision"
                    )
                return self._of_pods(pods, what)
            case SelectorEnd(namespace, selector):
                pods = [
                    pod
                    for pod in self.pods_by_namespace.get(namespace, ())
                    if selector.matches(pod.labels)
                ]
                what = f"pods matching {selector} in namespace {namespace}"
                if not pods:
                    raise UnresolvedEnd(
                        side, "SelectorMatchesNothing", f"there are no {what} in this revision"
                    )
                return self._of_pods(pods, what)
            case NodeEnd(name):
                node = self.node_endpoints.get(name)
                if node is None:
                    raise UnresolvedEnd(
                        side, "NodeNotFound", f"there is no node {name} in this revision"
                    )
                return [node]
            case AddressEnd(address):
                return [self.at_address(address, side)]
            case ServiceEnd(namespace, name):
                raise UnresolvedEnd(
                    side, "ServiceNotAllowed", f"Service {namespace}/{name} cannot be a {side}"
                )

    def at_address(self, text: str, side: str) -> Endpoint:
        """What has an address: a pod, a node, or something outside the cluster."""
        try:
            point = parse_address(text)
        except ValueError:
            raise UnresolvedEnd(side, "InvalidAddress", f"{text!r} is no IP address") from None
        if point in LOOPBACK:
            raise UnresolvedEnd(
                side,
                "LoopbackAddress",
                f"{text} is a loopback address, which everyone has: name the pod or the node",
            )
        known = self.known_at(point)
        if known is not None:
            return known
        if point in self.pod_range:
            raise NoNetwork(
                Assumption(
                    "AddressInPodRange",
                    f"{text} lies in the cluster's pod range, but no pod of this revision has it",
                )
            )
        return Endpoint(EndpointKind.EXTERNAL, format_address(point), addresses=(point,))

    def known_at(self, point: int) -> Endpoint | None:
        """The pod or node that has an address, listed or not."""
        return self.by_address.get(point) or self.unlisted_nodes.get(point)

    def _of_pods(self, pods: list[Pod], what: str) -> list[Endpoint]:
        found = [
            endpoint
            for pod in pods
            if (endpoint := self.pod_endpoints.get((pod.namespace, pod.name))) is not None
        ]
        if not found:
            raise no_network(f"{what}: every pod has finished and has no network any more")
        return found


def _called_by(endpoint: Endpoint, point: int) -> Endpoint:
    family = family_of(point)
    if [each for each in endpoint.addresses if family_of(each) is family] == [point]:
        return endpoint
    return replace(endpoint, addresses=(point,))
