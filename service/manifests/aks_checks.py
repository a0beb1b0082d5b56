"""What in a cluster record AKS would not accept, and what the record leaves open.

The combinations are those of knowledge/engines.md 1.2 that the AKS API refuses or that are
documented as never supported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from service.manifests.faults import Problem
from service.model.cluster import ClusterRecord, Ipam, NetworkProfile
from service.model.finding import Severity

KNOWN_PLUGINS = frozenset({"azure", "kubenet", "none"})
KNOWN_MODES = frozenset({"overlay"})
KNOWN_DATAPLANES = frozenset({"azure", "cilium"})
MANAGED_POLICIES = frozenset({"azure", "calico", "cilium"})


@dataclass(frozen=True, slots=True)
class _Check:
    """A combination that does not exist; `member` says where to look."""

    holds: Callable[[NetworkProfile, ClusterRecord], bool]
    member: str
    detail: str


def _has_windows(record: ClusterRecord) -> bool:
    return any(pool.os_type == "Windows" for pool in record.node_pools)


_CONTRADICTIONS = (
    _Check(
        lambda network, _: (
            network.network_dataplane == "cilium" and network.network_policy != "cilium"
        ),
        "/networkProfile/networkPolicy",
        "networkDataplane cilium goes with networkPolicy cilium only"
        " (CiliumDataplaneRequiresNetworkPolicyCilium)",
    ),
    _Check(
        lambda network, _: (
            network.network_policy == "cilium" and network.network_dataplane != "cilium"
        ),
        "/networkProfile/networkDataplane",
        "networkPolicy cilium goes with networkDataplane cilium only"
        " (NetworkPolicyCiliumRequiresCiliumDataplane)",
    ),
    _Check(
        lambda network, _: (
            network.network_dataplane == "cilium" and network.network_plugin in {"kubenet", "none"}
        ),
        "/networkProfile/networkPlugin",
        "networkDataplane cilium needs networkPlugin azure",
    ),
    _Check(
        lambda network, _: (
            network.network_plugin == "kubenet" and network.network_policy == "azure"
        ),
        "/networkProfile/networkPolicy",
        "networkPolicy azure needs networkPlugin azure; kubenet has Calico only",
    ),
    _Check(
        lambda network, _: (
            network.network_plugin == "none" and network.network_policy in MANAGED_POLICIES
        ),
        "/networkProfile/networkPolicy",
        "with networkPlugin none AKS runs no policy engine",
    ),
    _Check(
        lambda network, _: (
            network.network_plugin_mode == "overlay"
            and network.network_plugin in {"kubenet", "none"}
        ),
        "/networkProfile/networkPluginMode",
        "networkPluginMode overlay needs networkPlugin azure",
    ),
    _Check(
        lambda network, _: network.ip_families == ("IPv6",),
        "/networkProfile/ipFamilies",
        "AKS has no clusters with IPv6 alone",
    ),
    _Check(
        lambda network, record: network.network_dataplane == "cilium" and _has_windows(record),
        "/agentPoolProfiles",
        "networkDataplane cilium does not go with Windows node pools",
    ),
    _Check(
        lambda network, record: network.network_plugin == "kubenet" and _has_windows(record),
        "/agentPoolProfiles",
        "kubenet does not go with Windows node pools",
    ),
    _Check(
        lambda network, record: (
            network.network_policy == "calico" and record.node_provisioning_mode == "Auto"
        ),
        "/nodeProvisioningProfile/mode",
        "node auto provisioning does not go with Calico",
    ),
)


def check_record(record: ClusterRecord, pointer: str) -> Iterator[Problem]:
    """Contradictions and gaps of a record; `pointer` leads to the object that holds it."""
    network = record.network_profile
    for check in _CONTRADICTIONS:
        if check.holds(network, record):
            yield Problem(
                "RecordInconsistent", Severity.MEDIUM, check.detail, pointer=pointer + check.member
            )
    yield from _unknown_values(network, pointer)
    yield from _gaps(record, pointer)


def _unknown_values(network: NetworkProfile, pointer: str) -> Iterator[Problem]:
    for member, value, known in (
        ("networkPlugin", network.network_plugin, KNOWN_PLUGINS),
        ("networkPluginMode", network.network_plugin_mode, KNOWN_MODES),
        ("networkDataplane", network.network_dataplane, KNOWN_DATAPLANES),
    ):
        if value is not None and value not in known:
            yield Problem(
                "ValueNotKnown",
                Severity.MEDIUM,
                f"{member} is {value!r}, which is none of {', '.join(sorted(known))}",
                pointer=f"{pointer}/networkProfile/{member}",
            )


def _gaps(record: ClusterRecord, pointer: str) -> Iterator[Problem]:
    if record.network_profile.network_plugin == "none":
        yield Problem(
            "OwnNetworkPlugin",
            Severity.MEDIUM,
            "with networkPlugin none the engine is whatever was installed; if there is one, say so",
            pointer=f"{pointer}/networkProfile/networkPlugin",
        )
    if record.ipam in {Ipam.NODE_SUBNET, Ipam.POD_SUBNET}:
        yield Problem(
            "SubnetRangesNotGiven",
            Severity.INFO,
            "the record names subnets without their address ranges; what depends on them is Unknown"
            " unless pods and nodes come with their addresses",
            pointer=f"{pointer}/agentPoolProfiles",
        )
    with_subnet = [bool(pool.pod_subnet_id) for pool in record.node_pools]
    if any(with_subnet) and not all(with_subnet):
        yield Problem(
            "MixedPodSubnets",
            Severity.INFO,
            "some node pools have a pod subnet and some have none; the cluster counts as one that"
            " gives pods addresses of pod subnets",
            pointer=f"{pointer}/agentPoolProfiles",
        )
    if record.provisioning_state not in {None, "Succeeded"}:
        yield Problem(
            "NotSucceeded",
            Severity.LOW,
            f"provisioningState is {record.provisioning_state}; updates need Succeeded",
            pointer=f"{pointer}/provisioningState",
        )
