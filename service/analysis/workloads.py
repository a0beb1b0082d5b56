"""Workload endpoints: pods of one owner that policies cannot tell apart."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from service.model.inventory import ContainerPort, Inventory, Pod


@dataclass(frozen=True, slots=True)
class WorkloadEndpoint:
    """One endpoint of a connectivity map.

    `variant` is 1 but where pods of one owner differ (a canary); then they count up.
    """

    namespace: str
    workload: str
    labels: tuple[tuple[str, str], ...]
    ports: tuple[ContainerPort, ...]
    service_account: str
    host_network: bool
    os: str | None
    pods: tuple[str, ...]
    finished: bool = False
    variant: int = 1


def list_workloads(inventory: Inventory) -> tuple[WorkloadEndpoint, ...]:
    """The workload endpoints of an inventory, by namespace and workload."""
    nodes = {each.name: each.os for each in inventory.nodes}
    found: dict[tuple[str, str], dict[Hashable, list[Pod]]] = {}
    for pod in inventory.pods:
        os = pod.os or nodes.get(pod.node or "")
        visible = (
            tuple(sorted(pod.labels.items())),
            pod.ports,
            pod.service_account,
            pod.host_network,
            os,
            pod.is_finished,
        )
        found.setdefault((pod.namespace, pod.workload), {}).setdefault(visible, []).append(pod)
    return tuple(
        _endpoint(namespace, workload, pods, nodes, variant)
        for (namespace, workload), variants in sorted(found.items())
        for variant, pods in enumerate(variants.values(), start=1)
    )


def _endpoint(
    namespace: str, workload: str, pods: list[Pod], nodes: dict[str, str], variant: int
) -> WorkloadEndpoint:
    first = pods[0]
    return WorkloadEndpoint(
        namespace=namespace,
        workload=workload,
        labels=tuple(sorted(first.labels.items())),
        ports=first.ports,
        service_account=first.service_account,
        host_network=first.host_network,
        os=first.os or nodes.get(first.node or ""),
        pods=tuple(each.name for each in pods),
        finished=first.is_finished,
        variant=variant,
    )
