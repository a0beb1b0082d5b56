"""Reads what `az aks show -o json` prints, flat as the CLI writes it or nested as ARM does.

Keys are matched without regard to case, for CLI versions disagree about it (osSku, osSKU,
vnetSubnetId, vnetSubnetID). Null, "" and absent are the same. What contradicts itself is
reported, never settled by a guess.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from service.manifests.aks_checks import check_record
from service.manifests.aks_fields import Fields
from service.manifests.faults import Problem
from service.model.addresses import parse_cidr
from service.model.cluster import (
    AdvancedNetworking,
    ClusterRecord,
    EngineChoice,
    LocalDnsProfile,
    NetworkProfile,
    NetworkSecurityProfile,
    NodePool,
    ObservabilityProfile,
    Sku,
    UpgradeSettings,
)
from service.model.engine import Version
from service.model.finding import Severity

MANAGED_CLUSTER = "/providers/microsoft.containerservice/managedclusters/"

#: `networkPolicy` as AKS writes it, and the engine that it stands for.
ENGINE_OF_POLICY: Mapping[str, str] = {
    "none": "none",
    "azure": "npm",
    "calico": "calico",
    "cilium": "cilium",
}


class NotAnAksRecord(ValueError):
    """The document is something else; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class AksRecord:
    """A cluster record with the name that AKS knows it by."""

    name: str
    record: ClusterRecord
    problems: tuple[Problem, ...] = ()


def read_aks_show(document: object) -> AksRecord:
    """The record of a managed cluster; raises `NotAnAksRecord` for any other document."""
    if not isinstance(document, Mapping):
        raise NotAnAksRecord("the document must be one JSON object, as az aks show prints it")
    problems: list[Problem] = []
    outer = Fields(document, "", problems)
    nested = outer.member("properties")
    inner = nested or outer
    resource_id = outer.text("id")
    if resource_id and MANAGED_CLUSTER not in resource_id.lower():
        raise NotAnAksRecord(f"{resource_id} is not the id of a managed cluster")
    network = inner.member("networkProfile")
    if network is None and not inner.has("agentPoolProfiles"):
        raise NotAnAksRecord("neither networkProfile nor agentPoolProfiles is there")
    profile = _network_profile(network) if network else NetworkProfile()
    engine = _engine(network, profile, problems)
    record = ClusterRecord(
        engine=engine,
        kubernetes_version=_kubernetes_version(inner),
        network_profile=profile,
        node_pools=tuple(map(_node_pool, inner.members("agentPoolProfiles"))),
        azure_resource_id=resource_id,
        resource_group=outer.text("resourceGroup") or _resource_group(resource_id or ""),
        node_resource_group=inner.text("nodeResourceGroup"),
        location=outer.lowered("location"),
        sku=_sku(outer.member("sku")),
        node_provisioning_mode=inner.text("nodeProvisioningProfile", "mode"),
        identity_type=outer.text("identity", "type"),
        private_cluster=inner.flag("apiServerAccessProfile", "enablePrivateCluster"),
        provisioning_state=inner.text("provisioningState"),
        power_state=inner.text("powerState", "code"),
        labels=outer.texts_by_key("tags"),
    )
    problems.extend(check_record(record, inner.pointer))
    name = outer.text("name") or (resource_id or "").rpartition("/")[2]
    return AksRecord(name, record, tuple(problems))


def stated_engine(network: NetworkProfile) -> tuple[EngineChoice | None, str]:
    """The engine that a network profile states, else None and why it cannot be told."""
    policy = network.network_policy or "none"
    engine = ENGINE_OF_POLICY.get(policy)
    if engine is None:
        return None, f"networkPolicy {policy!r} stands for no engine that is known here"
    if network.network_dataplane == "cilium" and engine != "cilium":
        return None, f"networkDataplane is cilium and networkPolicy {policy}: one of them is wrong"
    return EngineChoice(engine), ""


def _engine(
    network: Fields | None, profile: NetworkProfile, problems: list[Problem]
) -> EngineChoice | None:
    if network is None:
        engine, why = None, "there is no networkProfile"
    else:
        engine, why = stated_engine(profile)
    if engine is None:
        detail = f"{why}; the engine has to be stated"
        pointer = f"{network.pointer}/networkPolicy" if network else ""
        problems.append(Problem("EngineNotKnown", Severity.HIGH, detail, pointer=pointer))
    return engine


def _kubernetes_version(fields: Fields) -> str | None:
    # The one that runs counts; the wanted one may be an alias such as 1.29, or not reached yet.
    running, wanted = fields.text("currentKubernetesVersion"), fields.text("kubernetesVersion")
    version = running or wanted
    if version is None:
        return None
    try:
        Version.parse(version)
    except ValueError as error:
        fields.problem("currentKubernetesVersion", "FieldNotReadable", str(error))
        return None
    if wanted and version != wanted and not version.startswith(f"{wanted}."):
        detail = f"{version} runs while {wanted} is wanted; what runs counts"
        fields.problem("kubernetesVersion", "UpgradeUnderWay", detail)
    return version


def _network_profile(fields: Fields) -> NetworkProfile:
    return NetworkProfile(
        network_plugin=fields.lowered("networkPlugin"),
        network_plugin_mode=fields.lowered("networkPluginMode"),
        network_policy=fields.lowered("networkPolicy"),
        network_dataplane=fields.lowered("networkDataplane"),
        network_mode=fields.lowered("networkMode"),
        ip_families=tuple(
            {"ipv4": "IPv4", "ipv6": "IPv6"}.get(each.lower(), each)
            for each in fields.texts("ipFamilies")
        ),
        pod_cidrs=_cidrs(fields, "podCidrs", "podCidr"),
        service_cidrs=_cidrs(fields, "serviceCidrs", "serviceCidr"),
        dns_service_ip=fields.text("dnsServiceIp"),
        outbound_type=fields.text("outboundType"),
        load_balancer_sku=fields.lowered("loadBalancerSku"),
        advanced_networking=_advanced_networking(fields.member("advancedNetworking")),
    )


def _cidrs(fields: Fields, many: str, one: str) -> tuple[str, ...]:
    listed, single = fields.texts(many), fields.text(one)
    if single is not None and listed and single not in listed:
        fields.problem(one, "RecordInconsistent", f"{one} {single} is not among {many}")
    found: list[str] = []
    for text in listed or (() if single is None else (single,)):
        try:
            parse_cidr(text)
            found.append(text)
        except ValueError as error:
            fields.problem(many if listed else one, "FieldNotReadable", str(error))
    return tuple(found)


def _advanced_networking(fields: Fields | None) -> AdvancedNetworking | None:
    if fields is None:
        return None
    security = fields.member("security")
    return AdvancedNetworking(
        enabled=fields.flag("enabled"),
        observability=(
            ObservabilityProfile(fields.flag("observability", "enabled"))
            if fields.has("observability")
            else None
        ),
        security=(
            NetworkSecurityProfile(
                security.flag("enabled"), security.text("advancedNetworkPolicies")
            )
            if security
            else None
        ),
    )


def _node_pool(fields: Fields) -> NodePool:
    settings, dns = fields.member("upgradeSettings"), fields.member("localDnsProfile")
    os_type = fields.lowered("osType")
    return NodePool(
        name=fields.text("name") or "",
        os_type=os_type.capitalize() if os_type else None,
        os_sku=fields.text("osSku"),
        mode=fields.text("mode"),
        vm_size=fields.text("vmSize"),
        count=fields.number("count"),
        min_count=fields.number("minCount"),
        max_count=fields.number("maxCount"),
        enable_auto_scaling=fields.flag("enableAutoScaling"),
        max_pods=fields.number("maxPods"),
        orchestrator_version=fields.text("orchestratorVersion"),
        current_orchestrator_version=fields.text("currentOrchestratorVersion"),
        node_image_version=fields.text("nodeImageVersion"),
        vnet_subnet_id=fields.text("vnetSubnetId"),
        pod_subnet_id=fields.text("podSubnetId"),
        pod_ip_allocation_mode=fields.text("podIpAllocationMode"),
        upgrade_settings=(
            UpgradeSettings(
                settings.text("maxSurge"),
                settings.text("maxUnavailable"),
                settings.number("drainTimeoutInMinutes"),
                settings.text("undrainableNodeBehavior"),
            )
            if settings
            else None
        ),
        local_dns_profile=LocalDnsProfile(dns.text("mode"), dns.text("state")) if dns else None,
    )


def _sku(fields: Fields | None) -> Sku | None:
    return Sku(fields.text("name"), fields.text("tier")) if fields else None


def _resource_group(resource_id: str) -> str | None:
    steps = resource_id.split("/")
    lowered = [step.lower() for step in steps]
    if "resourcegroups" not in lowered[:-1]:
        return None
    return steps[lowered.index("resourcegroups") + 1]
