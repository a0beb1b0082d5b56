"""ENG rules about plugin, addresses, operating systems and versions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from service.analysis.paths.pools import windows_pools
from service.analysis.paths.prerequisites import asked_floor
from service.analysis.rulebook.answers import (
    CLEAR,
    Affected,
    AffectedKind,
    Found,
    Missing,
    Sighting,
    joined,
    lacking,
    seen,
)
from service.analysis.rulebook.inputs import RuleInput
from service.analysis.rulebook.predicates import Predicate
from service.analysis.rulebook.ranges import points_of
from service.analysis.rulebook.traits import azure_name
from service.knowledge import value
from service.model.addresses import Family, family_of
from service.model.cluster import Ipam, NodePool
from service.model.engine import Version

PLUGIN = "/networkProfile/networkPlugin"


def pool_names(pools: tuple[NodePool, ...]) -> tuple[Affected, ...]:
    """Node pools as what a sighting concerns."""
    return tuple(Affected(AffectedKind.NODE_POOL, each.name) for each in pools)


def windows_found(asked: RuleInput) -> Found:
    """A hit where there are Windows nodes."""
    pools = windows_pools(asked.cluster)
    nodes = [each for each in asked.snapshot.inventory.nodes if each.os == "windows"]
    if pools or nodes:
        listed = pool_names(pools) or tuple(
            Affected(AffectedKind.NODE, each.name) for each in nodes
        )
        names = ", ".join(each.name for each in listed)
        return seen(
            Sighting(
                f"Windows nodes: {names}",
                pointer="/agentPoolProfiles",
                endpoints=listed,
            )
        )
    if asked.sight.has_windows is None:
        return lacking("nodePools", "give the node pools (az aks show) or the nodes")
    return CLEAR


def needs_plugin(wanted: str, asked: RuleInput, what: str) -> Found:
    """A hit where the network plugin is another one."""
    found = asked.cluster.network_profile.network_plugin
    if found is None:
        return lacking("networkPlugin", "give the cluster record (az aks show)")
    if found == wanted:
        return CLEAR
    detail = f"{what} needs networkPlugin {wanted}, the cluster has {found}"
    return seen(Sighting(detail, pointer=PLUGIN, values={"networkPlugin": found}))


def _npm_needs_azure_cni(asked: RuleInput) -> Found:
    return needs_plugin("azure", asked, "NPM")


def ipv6(asked: RuleInput) -> bool | None:
    """Whether the cluster uses IPv6; None where that is not known."""
    families = asked.cluster.network_profile.ip_families
    if families:
        return "IPv6" in families
    inventory = asked.snapshot.inventory
    texts = [text for pod in inventory.pods for text in pod.addresses]
    texts += [text for node in inventory.nodes for text in node.addresses]
    points = points_of(texts)
    return True if any(family_of(point) is Family.IPV6 for point in points) else None


def _ipv6_found(asked: RuleInput, detail: str) -> Found:
    found = ipv6(asked)
    if found is None:
        return lacking("ipFamilies", "give networkProfile.ipFamilies (az aks show)")
    if not found:
        return CLEAR
    families = asked.cluster.network_profile.ip_families or ("IPv6 addresses of pods or nodes",)
    return seen(
        Sighting(detail, pointer="/networkProfile/ipFamilies", values={"ipFamilies": families})
    )


def _npm_no_ipv6(asked: RuleInput) -> Found:
    return _ipv6_found(asked, "the cluster uses IPv6, which NPM does not filter")


def _calico_no_dual_stack(asked: RuleInput) -> Found:
    ipam = asked.cluster.ipam
    if ipam is not None and ipam is not Ipam.OVERLAY:
        return CLEAR
    found = _ipv6_found(asked, "an overlay cluster with IPv6 cannot run Calico")
    if found.sightings and ipam is None:
        return lacking("networkPluginMode", "give networkProfile.networkPluginMode (az aks show)")
    return found


def _cilium_no_kubenet(asked: RuleInput) -> Found:
    found = asked.cluster.network_profile.network_plugin
    if found is None:
        return lacking("networkPlugin", "give the cluster record (az aks show)")
    if found != "kubenet":
        return CLEAR
    steps = tuple(
        each.id for each in (asked.plan.steps if asked.plan else ()) if _leaves_kubenet(each.after)
    )
    return seen(
        Sighting(
            "kubenet clusters reach Cilium through overlay only",
            pointer=PLUGIN,
            values={"networkPlugin": found},
            settled_by=steps[:1],
        )
    )


def _leaves_kubenet(state: object) -> bool:
    return getattr(state, "ipam", None) is Ipam.OVERLAY


def _policy_and_dataplane(asked: RuleInput) -> Found:
    network = asked.cluster.network_profile
    policy, dataplane = network.network_policy, network.network_dataplane
    if policy is None and dataplane is None:
        return lacking("networkPolicy", "give the cluster record (az aks show)")
    if (policy == "cilium") == (dataplane == "cilium"):
        return CLEAR
    error = (
        "CiliumDataplaneRequiresNetworkPolicyCilium"
        if dataplane == "cilium"
        else "NetworkPolicyCiliumRequiresCiliumDataplane"
    )
    return seen(
        Sighting(
            f"networkPolicy is {policy or 'not set'}, networkDataplane {dataplane or 'not set'}: "
            f"the API answers {error}",
            pointer="/networkProfile/networkDataplane",
            values={
                "networkPolicy": policy or "",
                "networkDataplane": dataplane or "",
                "error": error,
            },
        )
    )


def _windows_os(asked: RuleInput) -> Found:
    """Pools whose Windows version the documentation of the engine does not name."""
    allowed = value("combinations", "windowsOsSkus").get(asked.profile.engine, ())
    return joined(_each_windows_os(asked, tuple(allowed)))


def _each_windows_os(asked: RuleInput, allowed: tuple[str, ...]) -> Iterator[Found]:
    pools = windows_pools(asked.cluster)
    if not pools:
        found = windows_found(asked)
        if found.sightings:
            yield lacking("osSku", "give the node pools with their osSku (az aks show)")
        yield Found(missing=found.missing)
    for pool in pools:
        if pool.os_sku is None:
            yield lacking("osSku", f"give the osSku of node pool {pool.name}")
        elif pool.os_sku not in allowed:
            yield seen(
                Sighting(
                    f"pool {pool.name} runs {pool.os_sku}; named are {', '.join(allowed)}",
                    pointer="/agentPoolProfiles",
                    endpoints=pool_names((pool,)),
                    values={"osSku": pool.os_sku},
                )
            )


def _calico_windows_plugin(asked: RuleInput) -> Found:
    found = windows_found(asked)
    if not found.sightings:
        return found
    return needs_plugin("azure", asked, "Calico on Windows nodes")


def _no_calico_with_auto_provisioning(asked: RuleInput) -> Found:
    mode = asked.cluster.node_provisioning_mode
    if mode is None:
        return lacking("nodeProvisioningProfile", "give nodeProvisioningProfile.mode (az aks show)")
    if mode.lower() != "auto":
        return CLEAR
    detail = "node auto-provisioning is on (mode Auto)"
    return seen(Sighting(detail, pointer="/nodeProvisioningProfile/mode", values={"mode": mode}))


def _dual_stack_needs(asked: RuleInput) -> Found:
    floor = asked_floor("ciliumDualStack", "kubernetes")
    version = asked.kubernetes
    uses = ipv6(asked)
    if uses is False or (version is not None and version >= Version.parse(floor)):
        return CLEAR
    missing: list[Missing] = []
    if uses is None:
        missing.append(Missing("ipFamilies", "give networkProfile.ipFamilies (az aks show)"))
    if version is None:
        missing.append(Missing("kubernetesVersion", "give the Kubernetes version"))
    if missing:
        return Found(missing=tuple(missing))
    return seen(
        Sighting(
            f"the cluster is dual stack and runs Kubernetes {version}; Cilium needs {floor} there",
            pointer="/currentKubernetesVersion",
            values={"kubernetesVersion": str(version), "floor": floor},
        )
    )


def _own_plugin(asked: RuleInput) -> Found:
    plugin = asked.cluster.network_profile.network_plugin
    if plugin is None:
        return lacking("networkPlugin", "give the cluster record (az aks show)")
    if plugin != "none":
        return CLEAR
    detail = "networkPlugin is none: AKS does not know which engine runs, if any"
    return seen(Sighting(detail, pointer=PLUGIN, values={"networkPlugin": plugin}))


def _engine_floor(asked: RuleInput) -> Found:
    """Whether an install or uninstall is asked of a Kubernetes version that refuses it."""
    named = asked.cluster.network_profile.network_policy
    stated = asked.source.engine if asked.source else None
    runs = stated or (asked.cluster.engine.name if asked.cluster.engine else None)
    wanted = asked.profile.engine
    unchanged = runs == wanted if runs else named == azure_name(wanted)
    if unchanged or (asked.plan is not None and not any(map(asked.plan.has, _ENGINE))):
        return CLEAR
    if runs is None and named is None:
        return lacking("networkPolicy", "say which engine the cluster runs (az aks show)")
    floor = asked_floor("installEngine", "kubernetes")
    version = asked.kubernetes
    if version is None:
        return lacking("kubernetesVersion", "give the Kubernetes version")
    if version >= Version.parse(floor):
        return CLEAR
    return seen(
        Sighting(
            f"Kubernetes {version} runs; NPM and Calico come and go from {floor} on",
            pointer="/currentKubernetesVersion",
            values={"kubernetesVersion": str(version), "floor": floor},
        )
    )


#: The steps that install or uninstall NPM or Calico.
_ENGINE = frozenset({"U0", "I1", "I2"})

PREDICATES: Mapping[str, Predicate] = {
    "ENG-001": _npm_needs_azure_cni,
    "ENG-002": _npm_no_ipv6,
    "ENG-003": _calico_no_dual_stack,
    "ENG-004": windows_found,
    "ENG-005": _cilium_no_kubenet,
    "ENG-006": _policy_and_dataplane,
    "ENG-010": _windows_os,
    "ENG-014": _windows_os,
    "ENG-015": _calico_windows_plugin,
    "ENG-016": _no_calico_with_auto_provisioning,
    "ENG-017": _dual_stack_needs,
    "ENG-019": _engine_floor,
    "ENG-020": _own_plugin,
}
