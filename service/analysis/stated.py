"""What only the user can tell; None means that it was not told."""

from __future__ import annotations

from dataclasses import dataclass

from service.model.cluster import Ipam
from service.model.engine import EngineProfile


@dataclass(frozen=True, slots=True)
class DisruptionBudget:
    """A PodDisruptionBudget with what it allows at the moment."""

    namespace: str
    name: str
    disruptions_allowed: int | None = None


@dataclass(frozen=True, slots=True)
class WebhookBackend:
    """A Service that the API server calls: of a webhook configuration or an APIService."""

    kind: str
    name: str
    namespace: str
    service: str
    port: int = 443


@dataclass(frozen=True, slots=True)
class HostPort:
    """A `hostPort` of a container."""

    namespace: str
    pod: str
    port: int
    protocol: str = "TCP"


@dataclass(frozen=True, slots=True)
class StatedFacts:
    """Answers to questions that neither manifests nor the cluster record answer."""

    azure_cli: str | None = None
    terraform: bool | None = None
    azurerm: str | None = None
    terraform_replaces: bool | None = None
    """What `terraform plan` says about the cluster."""
    disruption_budgets: tuple[DisruptionBudget, ...] | None = None
    webhooks: tuple[WebhookBackend, ...] | None = None
    resource_definitions: tuple[str, ...] | None = None
    """Names of the CustomResourceDefinitions."""
    config_maps: tuple[str, ...] | None = None
    """`namespace/name` of ConfigMaps."""
    host_ports: tuple[HostPort, ...] | None = None
    node_cidrs: tuple[str, ...] | None = None
    pod_cidrs: tuple[str, ...] | None = None
    """Of pod subnets; those of overlay clusters stand in the cluster record."""
    vnet_cidrs: tuple[str, ...] | None = None
    custom_route_table: bool | None = None
    windows_runtime: str | None = None
    needs_icmp: bool | None = None
    plans_fqdn: bool | None = None
    plans_l7: bool | None = None
    local_dns: bool | None = None
    npm_image: str | None = None
    validator_output: str | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """Where a cluster is to go; None leaves a thing as it is."""

    profile: EngineProfile
    ipam: Ipam | None = None
    pod_cidr: str | None = None
