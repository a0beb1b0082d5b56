"""How many nodes a cluster has, and may get."""

from __future__ import annotations

import math
from dataclasses import dataclass

from service.knowledge import value
from service.model.cluster import ClusterRecord, NodePool
from service.model.inventory import WINDOWS, Inventory


@dataclass(frozen=True, slots=True)
class NodeCount:
    """Nodes now, at most when autoscaling has its way, and at most during a reimage.

    None where a pool does not tell. `pools` has a line for each.
    """

    now: int | None
    most: int | None
    with_surge: int | None
    pools: tuple[str, ...] = ()


def windows_pools(cluster: ClusterRecord) -> tuple[NodePool, ...]:
    """The pools with Windows nodes."""
    return tuple(each for each in cluster.node_pools if (each.os_type or "").lower() == WINDOWS)


def has_windows(cluster: ClusterRecord, inventory: Inventory) -> bool | None:
    """Whether there are Windows nodes; None where neither pools nor nodes tell."""
    if windows_pools(cluster) or any(each.os == WINDOWS for each in inventory.nodes):
        return True
    if cluster.node_pools:
        return None if any(each.os_type is None for each in cluster.node_pools) else False
    return False if inventory.nodes else None


def count_nodes(cluster: ClusterRecord, inventory: Inventory) -> NodeCount:
    """Count pools; without pools, the nodes of the inventory."""
    pools = cluster.node_pools
    if not pools:
        nodes = len(inventory.nodes)
        return NodeCount(nodes or None, None, None)
    now = _sum([each.count for each in pools])
    most = _sum([_most(each) for each in pools])
    surge = _sum([_surge(each) for each in pools])
    return NodeCount(
        now=max(now, len(inventory.nodes)) if now is not None else None,
        most=most,
        with_surge=most + surge if most is not None and surge is not None else None,
        pools=tuple(_line(each) for each in pools),
    )


def _sum(counts: list[int | None]) -> int | None:
    known = [each for each in counts if each is not None]
    return sum(known) if len(known) == len(counts) else None


def _most(pool: NodePool) -> int | None:
    if pool.enable_auto_scaling:
        return pool.max_count
    return pool.count


def _surge(pool: NodePool) -> int | None:
    nodes = _most(pool)
    if nodes is None:
        return None
    settings = pool.upgrade_settings
    text = (settings.max_surge if settings else None) or value("limits", "defaultMaxSurge")
    number = text.strip().removesuffix("%")
    if not number.isdecimal():
        return None
    return math.ceil(nodes * int(number) / 100) if text.strip().endswith("%") else int(number)


def _line(pool: NodePool) -> str:
    count = "?" if pool.count is None else str(pool.count)
    most = f", at most {pool.max_count}" if pool.enable_auto_scaling else ""
    return f"{pool.name}: {count}{most}"
