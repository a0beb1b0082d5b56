"""ENG rules about sizes and end-of-support dates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from service.analysis.paths.pools import count_nodes, windows_pools
from service.analysis.rulebook.answers import (
    CLEAR,
    Found,
    Missing,
    Sighting,
    joined,
    lacking,
    seen,
)
from service.analysis.rulebook.cluster_rules import PLUGIN, pool_names, windows_found
from service.analysis.rulebook.inputs import RuleInput
from service.analysis.rulebook.predicates import Predicate
from service.knowledge import value
from service.model.cluster import NodePool
from service.model.engine import Version
from service.model.finding import Severity

POOLS = "/agentPoolProfiles"
NODE_COUNTS = Missing("nodeCount", "give the node pools with count and maxCount (az aks show)")


def _npm_nodes(asked: RuleInput) -> Found:
    limit = value("limits", "npmNodes")
    counted = count_nodes(asked.cluster, asked.snapshot.inventory)
    close = int(limit * value("limits", "npmNodeWarningShare"))
    values = {"limit": limit, "pools": counted.pools}
    if counted.now is not None and counted.now > limit:
        detail = f"{counted.now} nodes now, NPM takes {limit}"
        return seen(Sighting(detail, Severity.BLOCKER, pointer=POOLS, values=values))
    if counted.most is not None and counted.most > limit:
        detail = f"the autoscaler may go to {counted.most} nodes, NPM takes {limit}"
        return seen(Sighting(detail, Severity.HIGH, pointer=POOLS, values=values))
    if counted.with_surge is not None and counted.with_surge > limit:
        detail = f"{counted.with_surge} nodes with surge during a reimage, NPM takes {limit}"
        return seen(Sighting(detail, Severity.MEDIUM, pointer=POOLS, values=values))
    largest = max(counted.now or 0, counted.most or 0)
    if largest > close:
        detail = f"{largest} nodes at most, close to the {limit} that NPM takes"
        return seen(Sighting(detail, Severity.MEDIUM, pointer=POOLS, values=values))
    if (asked.cluster.node_provisioning_mode or "").lower() == "auto":
        return lacking("nodeLimit", "with node auto-provisioning no pool limits the nodes")
    return Found(missing=(NODE_COUNTS,)) if counted.most is None else CLEAR


def _npm_pods(asked: RuleInput) -> Found:
    limit = value("limits", "npmPods")
    running = len(asked.sight.running)
    if running > limit:
        return seen(Sighting(f"{running} pods now, NPM takes {limit}", values={"limit": limit}))
    pools = asked.cluster.node_pools
    sizes = [_pods_at_most(each) for each in pools]
    known = [each for each in sizes if each is not None]
    if sum(known) > limit:
        detail = f"the pools have room for {sum(known)} pods, NPM takes {limit}"
        values = {"limit": limit, "room": sum(known)}
        return seen(Sighting(detail, Severity.MEDIUM, pointer=POOLS, values=values))
    if not pools or len(known) < len(sizes):
        return lacking("maxPods", "give the node pools with counts and maxPods (az aks show)")
    return CLEAR


def _pods_at_most(pool: NodePool) -> int | None:
    nodes = pool.max_count if pool.enable_auto_scaling else pool.count
    return None if nodes is None or pool.max_pods is None else nodes * pool.max_pods


def _retirement(name: str) -> Mapping[str, str]:
    entries: list[Mapping[str, str]] = value("retirements", "retirements")
    return next(each for each in entries if each["id"] == name)


def _npm_windows_end(asked: RuleInput) -> Found:
    found = windows_found(asked)
    if not found.sightings:
        return found
    entry = _retirement("npm-windows")
    if asked.as_of < date.fromisoformat(entry["date"]):
        return CLEAR
    return seen(
        Sighting(
            f"NPM on Windows nodes ended on {entry['date']}: {entry['detail']}",
            pointer=POOLS,
            endpoints=found.sightings[0].endpoints,
            values={"date": entry["date"]},
        )
    )


def severity_before(end: date, today: date) -> Severity:
    """Medium, High in the last twelve months, Blocker from the day on."""
    if today >= end:
        return Severity.BLOCKER
    is_leap_day = (end.month, end.day) == (2, 29)
    year_before = end.replace(year=end.year - 1, day=28 if is_leap_day else end.day)
    return Severity.HIGH if today >= year_before else Severity.MEDIUM


def _ends(what: str, end: date, today: date) -> str:
    days = (end - today).days
    if days <= 0:
        return f"{what} ended on {end.isoformat()}"
    return f"{what} ends on {end.isoformat()}, in {days} days"


def _dated(asked: RuleInput, name: str, pointer: str) -> Found:
    entry = _retirement(name)
    end = date.fromisoformat(entry["date"])
    return seen(
        Sighting(
            f"{_ends(entry['what'], end, asked.as_of)}: {entry['detail']}",
            severity_before(end, asked.as_of),
            pointer=pointer,
            values={"date": entry["date"], "daysLeft": (end - asked.as_of).days},
        )
    )


def _npm_linux_end(asked: RuleInput) -> Found:
    if asked.profile.engine not in _retirement("npm-linux")["engines"]:
        return CLEAR
    return _dated(asked, "npm-linux", "/networkProfile/networkPolicy")


def _kubenet_end(asked: RuleInput) -> Found:
    plugin = asked.cluster.network_profile.network_plugin
    if plugin is None:
        return lacking("networkPlugin", "give the cluster record (az aks show)")
    return _dated(asked, "kubenet", PLUGIN) if plugin == "kubenet" else CLEAR


def _windows_versions_end(asked: RuleInput) -> Found:
    pools = windows_pools(asked.cluster)
    if not pools:
        found = windows_found(asked)
        if found.sightings:
            return lacking("osSku", "give the node pools with their osSku (az aks show)")
        return found
    return joined(_pool_end(asked, each) for each in pools)


def _pool_end(asked: RuleInput, pool: NodePool) -> Found:
    if pool.os_sku is None:
        return lacking("osSku", f"give the osSku of node pool {pool.name}")
    versions = value("retirements", "windowsVersions")
    entry = next((each for each in versions if each["osSku"] == pool.os_sku), None)
    if entry is None:
        return CLEAR
    return joined(_pool_sightings(asked, pool, entry))


def _pool_sightings(
    asked: RuleInput, pool: NodePool, entry: Mapping[str, str | None]
) -> Iterator[Found]:
    end = date.fromisoformat(entry["date"] or "")
    images = entry["imagesDeleted"] or ""
    yield seen(
        Sighting(
            f"pool {pool.name}: {_ends(str(entry['title']), end, asked.as_of)}; its images are "
            f"deleted on {images}, and the pool cannot grow any more then",
            severity_before(end, asked.as_of),
            pointer=POOLS,
            values={"osSku": pool.os_sku or "", "date": end.isoformat(), "imagesDeleted": images},
            endpoints=pool_names((pool,)),
        )
    )
    bound = entry["notFromKubernetes"]
    runs = pool.current_orchestrator_version or pool.orchestrator_version
    if bound and runs and Version.parse(runs) >= Version.parse(bound):
        yield seen(
            Sighting(
                f"pool {pool.name} runs Kubernetes {runs}; {entry['title']} ends before {bound}",
                Severity.BLOCKER,
                pointer=POOLS,
                values={"osSku": pool.os_sku or "", "kubernetesVersion": runs},
                endpoints=pool_names((pool,)),
            )
        )


def _kubenet_nodes(asked: RuleInput) -> Found:
    plugin = asked.cluster.network_profile.network_plugin
    if plugin is None:
        return lacking("networkPlugin", "give the cluster record (az aks show)")
    if plugin != "kubenet":
        return CLEAR
    limit = value("limits", "kubenetNodes")
    counted = count_nodes(asked.cluster, asked.snapshot.inventory)
    most = max(counted.now or 0, counted.most or 0)
    if most > limit:
        detail = f"{most} nodes now or at most, kubenet takes {limit}"
        values = {"limit": limit, "pools": counted.pools}
        return seen(Sighting(detail, pointer=POOLS, values=values))
    return Found(missing=(NODE_COUNTS,)) if counted.most is None else CLEAR


PREDICATES: Mapping[str, Predicate] = {
    "ENG-007": _npm_nodes,
    "ENG-008": _npm_pods,
    "ENG-009": _npm_windows_end,
    "ENG-011": _npm_linux_end,
    "ENG-012": _kubenet_end,
    "ENG-013": _windows_versions_end,
    "ENG-024": _kubenet_nodes,
}
