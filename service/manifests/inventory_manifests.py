"""Inventory values as Kubernetes objects, reduced to what is modelled.

Reading them gives the same inventory again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from service.manifests.pod_manifests import manifest, metadata_of, pod_manifests
from service.model.inventory import (
    Inventory,
    Namespace,
    Node,
    Service,
    ServiceAccount,
    ServiceType,
    TrafficPolicy,
)

_EXTERNAL = frozenset({ServiceType.NODE_PORT, ServiceType.LOAD_BALANCER})


def inventory_manifests(inventory: Inventory) -> Iterator[Mapping[str, Any]]:
    """The objects of an inventory; namespaces that were only named are left out."""
    yield from (_namespace(each) for each in inventory.namespaces if not each.synthetic)
    yield from map(_node, inventory.nodes)
    yield from map(_service_account, inventory.service_accounts)
    yield from map(_service, inventory.services)
    yield from pod_manifests(inventory.pods, inventory.host_addresses)


def _namespace(namespace: Namespace) -> dict[str, Any]:
    return manifest("v1", "Namespace", metadata_of(namespace.name, namespace.labels))


def _service_account(account: ServiceAccount) -> dict[str, Any]:
    metadata = metadata_of(account.name, account.labels, account.namespace)
    return manifest("v1", "ServiceAccount", metadata)


def _node(node: Node) -> dict[str, Any]:
    addresses = [
        {"type": kind, "address": each}
        for kind, found in (
            ("InternalIP", node.addresses),
            ("ExternalIP", node.external_addresses),
        )
        for each in found
    ]
    status: dict[str, Any] = {"nodeInfo": {"operatingSystem": node.os}}
    if addresses:
        status["addresses"] = addresses
    return manifest("v1", "Node", metadata_of(node.name, node.labels), status=status)


def _service(service: Service) -> dict[str, Any]:
    spec: dict[str, Any] = {"type": service.type.value}
    if service.selector:
        spec["selector"] = dict(service.selector)
    if service.ports:
        spec["ports"] = [
            {
                "port": each.port,
                "targetPort": each.target,
                "protocol": each.protocol,
                **({"name": each.name} if each.name else {}),
                **({"nodePort": each.node_port} if each.node_port else {}),
            }
            for each in service.ports
        ]
    addresses = ["None"] if service.headless else list(service.cluster_addresses)
    if addresses:
        spec["clusterIP"], spec["clusterIPs"] = addresses[0], addresses
    policy = service.external_traffic_policy
    if service.type in _EXTERNAL or policy is not TrafficPolicy.CLUSTER:
        spec["externalTrafficPolicy"] = policy.value
    if service.source_ranges:
        spec["loadBalancerSourceRanges"] = list(service.source_ranges)
    if service.publishes_not_ready:
        spec["publishNotReadyAddresses"] = True
    if service.keeps_to_node:
        spec["internalTrafficPolicy"] = TrafficPolicy.LOCAL.value
    status: dict[str, Any] = {}
    if service.type is ServiceType.LOAD_BALANCER and service.external_addresses:
        ingress = [{"ip": each} for each in service.external_addresses]
        status["loadBalancer"] = {"ingress": ingress}
    elif service.external_addresses:
        spec["externalIPs"] = list(service.external_addresses)
    metadata = metadata_of(service.name, service.labels, service.namespace)
    return manifest("v1", "Service", metadata, spec=spec, status=status)
