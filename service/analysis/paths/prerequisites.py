"""What steps need, each checked against the record and what the user stated.

A check answers Met, NotMet, or Unknown with what would settle it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from service.analysis.paths.plan import ClusterState, Floors, Prerequisite, State
from service.analysis.paths.pools import count_nodes, windows_pools
from service.analysis.stated import StatedFacts, Target
from service.knowledge import value
from service.model.addresses import blocks
from service.model.cluster import ClusterRecord, Ipam
from service.model.engine import Version
from service.model.inventory import Inventory


@dataclass(frozen=True, slots=True)
class Asked:
    """A step that asks, and what there is to answer with."""

    step: str
    before: ClusterState
    floors: Floors
    cluster: ClusterRecord
    inventory: Inventory
    stated: StatedFacts
    target: Target

    def answer(
        self,
        name: str,
        rule: str,
        state: State,
        detail: str,
        pointer: str = "",
        **values: str,
    ) -> Prerequisite:
        """A prerequisite of this step."""
        return Prerequisite(f"{self.step}-{name}", rule, self.step, state, detail, pointer, values)


Check = Callable[[Asked], Prerequisite | None]


def _succeeded(asked: Asked) -> Prerequisite:
    found = asked.cluster.provisioning_state
    state = State.UNKNOWN if found is None else _met(found == "Succeeded")
    return asked.answer(
        "succeeded",
        "",
        state,
        f"updates need provisioningState Succeeded, the record says {found or 'nothing'}",
        "/provisioningState",
    )


def _azure_cli(asked: Asked) -> Prerequisite | None:
    floor = asked.floors.azure_cli
    if floor is None:
        return None
    found = asked.stated.azure_cli
    if found is None:
        return asked.answer(
            "azureCli",
            "PATH-013",
            State.UNKNOWN,
            f"needs Azure CLI {floor}; say which version is used (az version)",
            floor=floor,
        )
    return asked.answer(
        "azureCli",
        "PATH-013",
        _met(Version.parse(found) >= Version.parse(floor)),
        f"needs Azure CLI {floor}, {found} is used",
        floor=floor,
        found=found,
    )


def _kubernetes(asked: Asked) -> Prerequisite | None:
    floor = asked.floors.kubernetes
    if floor is None:
        return None
    rule = "PATH-009" if "ipam" in _changed_by(asked.step) else "PATH-012"
    found = asked.cluster.kubernetes_version
    if found is None:
        detail = f"needs Kubernetes {floor}; the record does not tell the version"
        return asked.answer("kubernetes", rule, State.UNKNOWN, detail, floor=floor)
    return asked.answer(
        "kubernetes",
        rule,
        _met(Version.parse(found) >= Version.parse(floor)),
        f"needs Kubernetes {floor}, {found} runs",
        "/currentKubernetesVersion",
        floor=floor,
        found=found,
    )


def _changed_by(step: str) -> Mapping[str, object]:
    for each in value("steps", "changes"):
        if each["id"] == step:
            return each["to"]  # type: ignore[no-any-return]
    return {}


def _npm_nodes(asked: Asked) -> Prerequisite:
    limit = value("limits", "npmNodes")
    counted = count_nodes(asked.cluster, asked.inventory).now
    state = State.UNKNOWN if counted is None else _met(counted <= limit)
    return asked.answer(
        "npmNodes",
        "ENG-007",
        state,
        f"NPM takes up to {limit} nodes, there are {'?' if counted is None else counted}",
        "/agentPoolProfiles",
    )


def _single_stack(asked: Asked) -> Prerequisite:
    families = asked.cluster.network_profile.ip_families
    state = State.UNKNOWN if not families else _met("IPv6" not in families)
    shown = " and ".join(families) or "not told"
    return asked.answer(
        "singleStack",
        "ENG-002",
        state,
        f"NPM takes IPv4 alone; the cluster's address families are {shown}",
        "/networkProfile/ipFamilies",
    )


def _single_stack_overlay(asked: Asked) -> Prerequisite | None:
    if asked.before.ipam is not Ipam.OVERLAY:
        return None
    families = asked.cluster.network_profile.ip_families
    state = State.UNKNOWN if not families else _met("IPv6" not in families)
    return asked.answer(
        "singleStack",
        "ENG-003",
        state,
        "Calico does not run on dual-stack overlay clusters",
        "/networkProfile/ipFamilies",
    )


def _pod_cidr(asked: Asked) -> Prerequisite:
    if asked.target.pod_cidr is None:
        detail = "the update needs a new range of pod addresses (podCidr)"
        return asked.answer("podCidr", "PATH-009", State.UNKNOWN, detail)
    return _check_range(asked, asked.target.pod_cidr)


def _optional_pod_cidr(asked: Asked) -> Prerequisite | None:
    return None if asked.target.pod_cidr is None else _check_range(asked, asked.target.pod_cidr)


def _check_range(asked: Asked, cidr: str) -> Prerequisite:
    wanted = blocks((cidr,))
    network = asked.cluster.network_profile
    vnet = (*(asked.stated.vnet_cidrs or ()), *(asked.stated.node_cidrs or ()))
    for what, taken in (
        ("the Service range", network.service_cidrs),
        ("the virtual network", vnet),
        ("a range that AKS keeps for itself", value("platform", "reservedPodRanges")),
    ):
        hit = next((each for each in taken if blocks((each,)).overlaps(wanted)), None)
        if hit is not None:
            detail = f"{cidr} overlaps {what}, {hit}"
            return asked.answer("podCidr", "PATH-009", State.NOT_MET, detail, podCidr=cidr)
    if asked.stated.vnet_cidrs is None:
        detail = f"{cidr} must not overlap the virtual network, whose ranges are not given"
        return asked.answer("podCidr", "PATH-009", State.UNKNOWN, detail, podCidr=cidr)
    if not network.service_cidrs:
        detail = f"{cidr} must not overlap the Service range, which is not given"
        return asked.answer("podCidr", "PATH-009", State.UNKNOWN, detail, podCidr=cidr)
    detail = f"{cidr} overlaps neither the virtual network nor the Service range"
    return asked.answer("podCidr", "PATH-009", State.MET, detail, podCidr=cidr)


def _windows_build(asked: Asked) -> Prerequisite | None:
    pools = windows_pools(asked.cluster)
    if not pools:
        return None
    floor = asked_floor("updateOverlay", "windowsBuild")
    for pool in pools:
        build = windows_build(pool.node_image_version)
        if build is None:
            state, detail = State.UNKNOWN, f"the Windows build of pool {pool.name} is not told"
        elif build < tuple(map(int, floor.split("."))):
            shown = ".".join(map(str, build))
            state, detail = State.NOT_MET, f"pool {pool.name} runs Windows build {shown}"
        else:
            continue
        detail += f"; overlay needs {floor}"
        return asked.answer("windowsBuild", "PATH-009", state, detail, "/agentPoolProfiles")
    detail = f"every Windows pool runs build {floor} or newer"
    return asked.answer("windowsBuild", "PATH-009", State.MET, detail, "/agentPoolProfiles")


def _windows_runtime(asked: Asked) -> Prerequisite | None:
    if not windows_pools(asked.cluster):
        return None
    refused = value("platform", "windowsRuntimeRefused")
    found = asked.stated.windows_runtime
    images = [each.node_image_version or "" for each in windows_pools(asked.cluster)]
    if found is None and all("containerd" in each for each in images):
        found = "containerd"
    state = State.UNKNOWN if found is None else _met(not found.lower().startswith(refused))
    detail = f"no Windows pool may run {refused}; the runtime is {found or 'not told'}"
    return asked.answer("windowsRuntime", "PATH-009", state, detail, "/agentPoolProfiles")


def _identity(asked: Asked) -> Prerequisite:
    found = asked.cluster.identity_type
    state = State.UNKNOWN if found is None else _met(found.lower() == "userassigned")
    detail = (
        f"leaving kubenet needs a user-assigned identity; the cluster's is {found or 'not told'}"
    )
    return asked.answer("identity", "PATH-011", state, detail, "/identity/type")


def _route_table(asked: Asked) -> Prerequisite:
    found = asked.stated.custom_route_table
    if found is None:
        state, detail = State.UNKNOWN, "whether the subnet has a route table of its own is not told"
    elif found:
        state, detail = State.MET, "the subnet's own route table is detached: copy its routes first"
    else:
        state, detail = State.MET, "AKS made the route table and deletes it"
    return asked.answer("routeTable", "PATH-011", state, detail)


def _met(holds: bool) -> State:
    return State.MET if holds else State.NOT_MET


def windows_build(image: str | None) -> tuple[int, ...] | None:
    """The build in a node image name such as AKSWindows-2022-containerd-20348.1726.230419."""
    for part in (image or "").split("-"):
        pieces = part.split(".")
        if len(pieces) >= 2 and all(each.isdecimal() for each in pieces[:2]):
            return tuple(map(int, pieces[:2]))
    return None


def asked_floor(operation: str, name: str) -> str:
    """One floor of an operation in `service/knowledge/floors.json`."""
    found = next(e for e in value("floors", "operations") if e["operation"] == operation)
    return str(found[name])


CHECKS: Mapping[str, Check] = {
    "succeeded": _succeeded,
    "azureCli": _azure_cli,
    "kubernetes": _kubernetes,
    "npmNodes": _npm_nodes,
    "singleStack": _single_stack,
    "singleStackOverlay": _single_stack_overlay,
    "podCidr": _pod_cidr,
    "optionalPodCidr": _optional_pod_cidr,
    "windowsBuild": _windows_build,
    "windowsRuntime": _windows_runtime,
    "identity": _identity,
    "routeTable": _route_table,
}
