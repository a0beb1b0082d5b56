"""The cluster record: what AKS says about a cluster, in the field names of its API.

Everything is optional; None means that the record does not tell. Names follow the output of
`az aks show -o json`, written in snake case.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Ipam(StrEnum):
    """Where pods get their addresses from."""

    OVERLAY = "Overlay"
    POD_SUBNET = "PodSubnet"
    NODE_SUBNET = "NodeSubnet"
    KUBENET = "Kubenet"
    OWN_PLUGIN = "OwnPlugin"


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """The engine as a user states it; `service.engines.registry` makes a profile of it."""

    name: str
    version: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ObservabilityProfile:
    """`advancedNetworking.observability`."""

    enabled: bool | None = None


@dataclass(frozen=True, slots=True)
class NetworkSecurityProfile:
    """`advancedNetworking.security`; decides whether FQDN and L7 policies work on Cilium."""

    enabled: bool | None = None
    advanced_network_policies: str | None = None
    """`None`, `FQDN` or `L7`."""


@dataclass(frozen=True, slots=True)
class AdvancedNetworking:
    """`networkProfile.advancedNetworking`."""

    enabled: bool | None = None
    observability: ObservabilityProfile | None = None
    security: NetworkSecurityProfile | None = None


@dataclass(frozen=True, slots=True)
class NetworkProfile:
    """`networkProfile`: plugin, addressing and data plane."""

    network_plugin: str | None = None
    network_plugin_mode: str | None = None
    network_policy: str | None = None
    network_dataplane: str | None = None
    network_mode: str | None = None
    ip_families: tuple[str, ...] = ()
    pod_cidrs: tuple[str, ...] = ()
    service_cidrs: tuple[str, ...] = ()
    dns_service_ip: str | None = None
    outbound_type: str | None = None
    load_balancer_sku: str | None = None
    advanced_networking: AdvancedNetworking | None = None


@dataclass(frozen=True, slots=True)
class UpgradeSettings:
    """How an agent pool's nodes are replaced; texts such as `33%` or `1`."""

    max_surge: str | None = None
    max_unavailable: str | None = None
    drain_timeout_in_minutes: int | None = None
    undrainable_node_behavior: str | None = None


@dataclass(frozen=True, slots=True)
class LocalDnsProfile:
    """`localDNSProfile` of an agent pool."""

    mode: str | None = None
    state: str | None = None


@dataclass(frozen=True, slots=True)
class NodePool:
    """One element of `agentPoolProfiles`."""

    name: str
    os_type: str | None = None
    os_sku: str | None = None
    mode: str | None = None
    vm_size: str | None = None
    count: int | None = None
    min_count: int | None = None
    max_count: int | None = None
    enable_auto_scaling: bool | None = None
    max_pods: int | None = None
    orchestrator_version: str | None = None
    current_orchestrator_version: str | None = None
    node_image_version: str | None = None
    vnet_subnet_id: str | None = None
    pod_subnet_id: str | None = None
    pod_ip_allocation_mode: str | None = None
    upgrade_settings: UpgradeSettings | None = None
    local_dns_profile: LocalDnsProfile | None = None


@dataclass(frozen=True, slots=True)
class Sku:
    """`sku` of a managed cluster: `Base` or `Automatic`, `Free`, `Standard` or `Premium`."""

    name: str | None = None
    tier: str | None = None


@dataclass(frozen=True, slots=True)
class ClusterRecord:
    """A cluster apart from its name in this service."""

    engine: EngineChoice | None = None
    """None where the record does not tell, or contradicts itself."""
    display_name: str | None = None
    kubernetes_version: str | None = None
    """The version that runs; the wanted one where only that is known."""
    network_profile: NetworkProfile = NetworkProfile()
    node_pools: tuple[NodePool, ...] = ()
    azure_resource_id: str | None = None
    resource_group: str | None = None
    node_resource_group: str | None = None
    location: str | None = None
    sku: Sku | None = None
    node_provisioning_mode: str | None = None
    """`nodeProvisioningProfile.mode`: `Auto` where nodes are provisioned automatically."""
    identity_type: str | None = None
    private_cluster: bool | None = None
    provisioning_state: str | None = None
    power_state: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def ipam(self) -> Ipam | None:
        """Derived from plugin, mode and pools; a cluster with any pod subnet counts as such."""
        if self.network_profile.network_plugin_mode == "overlay":
            return Ipam.OVERLAY
        if any(pool.pod_subnet_id for pool in self.node_pools):
            return Ipam.POD_SUBNET
        match self.network_profile.network_plugin:
            case "azure":
                return Ipam.NODE_SUBNET
            case "kubenet":
                return Ipam.KUBENET
            case "none":
                return Ipam.OWN_PLUGIN
            case _:
                return None
