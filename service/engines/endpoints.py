"""The endpoints of a snapshot, as an engine sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from service.engines.memo import IdentityMemo
from service.model.addresses import EVERY_ADDRESS, blocks, parse_address
from service.model.assumption import Assumption
from service.model.endpoint import Endpoint, EndpointKind, EndpointPort
from service.model.inventory import (
    LINUX,
    METADATA_NAME_LABEL,
    ContainerRole,
    Inventory,
    Node,
    Pod,
)
from service.model.ports import Protocol
from service.model.snapshot import Snapshot

#: Whether an engine resolves port names of containers with this role; an assumption if uncertain.
PortNameRule = Callable[[ContainerRole], bool | Assumption]

DUPLICATE_PORT_NAME = Assumption(
    "DuplicatePortName",
    "two containers of the pod give one port name different numbers; which of them a policy "
    "means is not defined",
)

HOST_PORT_NAMES = Assumption(
    "HostNetworkPortNames",
    "the API leaves open whether policies see a hostNetwork pod as a pod, and so whether its "
    "port names count",
)


def regular_containers_only(role: ContainerRole) -> bool:
    """Names declared by init containers, restartable or not, are not seen."""
    return role is ContainerRole.REGULAR


def regular_and_sidecar_containers(role: ContainerRole) -> bool:
    """The intent of the API: restartable init containers count (kubernetes#127976)."""
    return role is not ContainerRole.INIT


def every_container(role: ContainerRole) -> bool:
    """All containers count."""
    return True


def no_hidden_label(key: str) -> bool:
    """Every label is seen."""
    return False


@dataclass(frozen=True, slots=True)
class EndpointView:
    """What an engine sees of pods: the port names it resolves and the labels it ignores."""

    resolves_names_of: PortNameRule = regular_containers_only
    hides_label: Callable[[str], bool] = no_hidden_label
    host_pods_have_labels: bool = False
    """Whether a hostNetwork pod can be told by its labels and port names; data planes see only its
    node."""


def endpoints_of(snapshot: Snapshot, view: EndpointView) -> tuple[Endpoint, ...]:
    """Every pod with a network and every node. Finished pods have none and are left out."""
    return _ENDPOINTS.get(
        (snapshot.inventory,), (view, snapshot.facts), lambda: _endpoints_of(snapshot, view)
    )


_ENDPOINTS: IdentityMemo[tuple[Endpoint, ...]] = IdentityMemo(16)


def _endpoints_of(snapshot: Snapshot, view: EndpointView) -> tuple[Endpoint, ...]:
    inventory = snapshot.inventory
    labels_of = {each.name: each.labels for each in inventory.namespaces}
    accounts = {(each.namespace, each.name): each.labels for each in inventory.service_accounts}
    nodes = {each.name: each for each in inventory.nodes}
    cidrs = snapshot.facts.pod_cidrs
    pod_range = blocks(cidrs) if cidrs else EVERY_ADDRESS
    cluster_os = _common_os(inventory)
    found: list[Endpoint] = []
    for pod in inventory.pods:
        if pod.is_finished:
            continue
        node = nodes.get(pod.node) if pod.node else None
        shown, hidden = _split_labels(pod.labels, view.hides_label)
        namespace_labels = labels_of.get(pod.namespace, {METADATA_NAME_LABEL: pod.namespace})
        if pod.host_network and not view.host_pods_have_labels:
            shown, hidden, namespace_labels = {}, {}, {}
        found.append(
            Endpoint(
                kind=EndpointKind.HOST_POD if pod.host_network else EndpointKind.POD,
                name=pod.name,
                namespace=pod.namespace,
                labels=shown,
                hidden_labels=hidden,
                namespace_labels=namespace_labels,
                service_account=pod.service_account,
                service_account_labels=accounts.get((pod.namespace, pod.service_account), {}),
                node=pod.node,
                os=pod.os or (node.os if node else cluster_os),
                addresses=_pod_addresses(pod, node),
                possible_addresses=EVERY_ADDRESS if pod.host_network else pod_range,
                ports=_named_ports(pod, view),
            )
        )
    found.extend(_node_endpoint(each) for each in inventory.nodes)
    return tuple(found)


def points_of(addresses: Iterable[str]) -> tuple[int, ...]:
    """The points of addresses in text form; what is no address is left out."""
    points: list[int] = []
    for text in addresses:
        try:
            points.append(parse_address(text))
        except ValueError:
            continue
    return tuple(points)


def cluster_has_os(endpoints: Iterable[Endpoint], os: str) -> bool:
    """Whether a pod runs, or may run, on a node with this operating system.

    Without any pod the nodes tell, and without nodes it is Linux.
    """
    found: dict[EndpointKind, set[str | None]] = {}
    for each in endpoints:
        found.setdefault(each.kind, set()).add(each.os)
    known = found.get(EndpointKind.POD) or found.get(EndpointKind.NODE) or {LINUX}
    return os in known or None in known


def _common_os(inventory: Inventory) -> str | None:
    """The OS of a pod that is not placed yet; None in a cluster that mixes several."""
    found = {each.os for each in inventory.nodes}
    if not found:
        return LINUX
    return found.pop() if len(found) == 1 else None


def _pod_addresses(pod: Pod, node: Node | None) -> tuple[int, ...]:
    points = points_of(pod.addresses)
    if points or not pod.host_network or node is None:
        return points
    return points_of(node.addresses)


def _node_endpoint(node: Node) -> Endpoint:
    return Endpoint(
        kind=EndpointKind.NODE,
        name=node.name,
        labels=node.labels,
        node=node.name,
        os=node.os,
        addresses=points_of(node.addresses),
        possible_addresses=EVERY_ADDRESS,
    )


def _split_labels(
    labels: Mapping[str, str], hides: Callable[[str], bool]
) -> tuple[Mapping[str, str], Mapping[str, str]]:
    if hides is no_hidden_label:
        return labels, {}
    hidden = {key: value for key, value in labels.items() if hides(key)}
    if not hidden:
        return labels, hidden
    return {key: value for key, value in labels.items() if key not in hidden}, hidden


def _named_ports(pod: Pod, view: EndpointView) -> tuple[EndpointPort, ...]:
    if pod.host_network and not view.host_pods_have_labels:
        return ()
    found: dict[tuple[str, int, int], Assumption | None] = {}
    for port in pod.ports:
        seen = view.resolves_names_of(port.role)
        if not port.name or seen is False:
            continue
        key = (port.name, Protocol[port.protocol], port.number)
        assumption = None if seen is True else seen
        # A regular container that declares the same settles what a sidecar leaves open.
        found[key] = None if found.get(key, assumption) is None else assumption
    numbers: dict[tuple[str, int], set[int]] = {}
    for name, protocol, number in found:
        numbers.setdefault((name, protocol), set()).add(number)
    own = HOST_PORT_NAMES if pod.host_network else None
    return tuple(
        EndpointPort(
            name,
            protocol,
            number,
            assumption
            or own
            or (DUPLICATE_PORT_NAME if len(numbers[name, protocol]) > 1 else None),
        )
        for (name, protocol, number), assumption in found.items()
    )
