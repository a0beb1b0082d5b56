from __future__ import annotations

import json
from typing import Any

import pytest

from service.manifests.aks_record import NotAnAksRecord, read_aks_show
from service.model.cluster import (
    AdvancedNetworking,
    ClusterRecord,
    EngineChoice,
    Ipam,
    LocalDnsProfile,
    NetworkProfile,
    NetworkSecurityProfile,
    NodePool,
    ObservabilityProfile,
    Sku,
    UpgradeSettings,
)

RESOURCE = (
    "/subscriptions/0/resourcegroups/rg-pay/providers/"
    "Microsoft.ContainerService/managedClusters/pay"
)
POOL = {
    "name": "system",
    "count": 3,
    "minCount": 1,
    "maxCount": 5,
    "enableAutoScaling": True,
    "maxPods": 250,
    "vmSize": "Standard_D4s_v5",
    "mode": "System",
    "osType": "Linux",
    "osSku": "AzureLinux",
    "orchestratorVersion": "1.32",
    "currentOrchestratorVersion": "1.32.4",
    "nodeImageVersion": "AKSAzureLinux-V3",
    "vnetSubnetId": "/vnet/nodes",
    "podSubnetId": "/vnet/pods",
    "podIpAllocationMode": "DynamicIndividual",
    "upgradeSettings": {"maxSurge": "33%", "maxUnavailable": None, "drainTimeoutInMinutes": 30},
    "localDnsProfile": {"mode": "Required", "state": "Enabled"},
}
FLAT = {
    "id": RESOURCE,
    "name": "pay",
    "location": "westeurope",
    "resourceGroup": "rg-pay",
    "tags": {"env": "prod"},
    "sku": {"name": "Base", "tier": "Standard"},
    "identity": {"type": "UserAssigned"},
    "kubernetesVersion": "1.32",
    "currentKubernetesVersion": "1.32.4",
    "nodeResourceGroup": "MC_rg",
    "provisioningState": "Succeeded",
    "powerState": {"code": "Running"},
    "nodeProvisioningProfile": {"mode": "Manual"},
    "apiServerAccessProfile": {"enablePrivateCluster": True},
    "networkProfile": {
        "networkPlugin": "azure",
        "networkPluginMode": "overlay",
        "networkPolicy": "cilium",
        "networkDataplane": "cilium",
        "networkMode": None,
        "ipFamilies": ["IPv4", "IPv6"],
        "podCidr": "10.244.0.0/16",
        "podCidrs": ["10.244.0.0/16", "fd00::/64"],
        "serviceCidr": "10.0.0.0/16",
        "serviceCidrs": ["10.0.0.0/16"],
        "dnsServiceIp": "10.0.0.10",
        "outboundType": "loadBalancer",
        "loadBalancerSku": "standard",
        "advancedNetworking": {
            "enabled": True,
            "observability": {"enabled": True},
            "security": {"enabled": True, "advancedNetworkPolicies": "L7"},
        },
    },
    "agentPoolProfiles": [POOL],
}
RECORD = ClusterRecord(
    engine=EngineChoice("cilium"),
    kubernetes_version="1.32.4",
    network_profile=NetworkProfile(
        network_plugin="azure",
        network_plugin_mode="overlay",
        network_policy="cilium",
        network_dataplane="cilium",
        ip_families=("IPv4", "IPv6"),
        pod_cidrs=("10.244.0.0/16", "fd00::/64"),
        service_cidrs=("10.0.0.0/16",),
        dns_service_ip="10.0.0.10",
        outbound_type="loadBalancer",
        load_balancer_sku="standard",
        advanced_networking=AdvancedNetworking(
            True, ObservabilityProfile(True), NetworkSecurityProfile(True, "L7")
        ),
    ),
    node_pools=(
        NodePool(
            name="system",
            os_type="Linux",
            os_sku="AzureLinux",
            mode="System",
            vm_size="Standard_D4s_v5",
            count=3,
            min_count=1,
            max_count=5,
            enable_auto_scaling=True,
            max_pods=250,
            orchestrator_version="1.32",
            current_orchestrator_version="1.32.4",
            node_image_version="AKSAzureLinux-V3",
            vnet_subnet_id="/vnet/nodes",
            pod_subnet_id="/vnet/pods",
            pod_ip_allocation_mode="DynamicIndividual",
            upgrade_settings=UpgradeSettings("33%", None, 30),
            local_dns_profile=LocalDnsProfile("Required", "Enabled"),
        ),
    ),
    azure_resource_id=RESOURCE,
    resource_group="rg-pay",
    node_resource_group="MC_rg",
    location="westeurope",
    sku=Sku("Base", "Standard"),
    node_provisioning_mode="Manual",
    identity_type="UserAssigned",
    private_cluster=True,
    provisioning_state="Succeeded",
    power_state="Running",
    labels={"env": "prod"},
)
OUTER = {"id", "name", "location", "tags", "sku", "identity"}


def _nested(flat: dict[str, Any]) -> dict[str, Any]:
    """The form of ARM and Resource Graph."""
    outer = {key: value for key, value in flat.items() if key in OUTER}
    inner = {k: v for k, v in flat.items() if k not in OUTER and k != "resourceGroup"}
    return {**outer, "properties": inner}


def _shouted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key.upper(): _shouted(each) for key, each in value.items()}
    return [_shouted(each) for each in value] if isinstance(value, list) else value


def _codes(document: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each.code, each.pointer) for each in read_aks_show(document).problems]


@pytest.mark.parametrize("form", ["flat", "nested", "other case"])
def test_both_forms_and_any_case_give_one_record(form: str) -> None:
    documents: dict[str, dict[str, Any]] = {
        "flat": FLAT,
        "nested": _nested(FLAT),
        # Tags are the user's own words, so theirs is the one place where case counts.
        "other case": {**_shouted(FLAT), "TAGS": FLAT["tags"]},
    }
    read = read_aks_show(documents[form])
    assert read.record == RECORD
    assert (read.name, read.problems) == ("pay", ())


def _network(**changes: Any) -> dict[str, Any]:
    profile = {"networkPlugin": "azure", "networkPluginMode": "overlay", "podCidr": "10.0.0.0/16"}
    return {"name": "a", "networkProfile": {**profile, **changes}}


@pytest.mark.parametrize(
    ("policy", "engine"),
    [
        ("azure", "npm"),
        ("calico", "calico"),
        ("Calico", "calico"),
        ("none", "none"),
        ("", "none"),
        (None, "none"),
    ],
)
def test_the_engine_is_the_network_policy(policy: str | None, engine: str) -> None:
    read = read_aks_show(_network(networkPolicy=policy))
    assert (read.record.engine, read.problems) == (EngineChoice(engine), ())


@pytest.mark.parametrize(
    ("changes", "engine", "codes"),
    [
        (
            {"networkDataplane": "cilium", "networkPolicy": "calico"},
            None,
            ["EngineNotKnown", "RecordInconsistent"],
        ),
        ({"networkDataplane": "cilium"}, None, ["EngineNotKnown", "RecordInconsistent"]),
        ({"networkPolicy": "cilium"}, "cilium", ["RecordInconsistent"]),
        ({"networkPolicy": "antrea"}, None, ["EngineNotKnown"]),
        (
            {"networkPlugin": "kubenet", "networkPluginMode": None, "networkPolicy": "azure"},
            "npm",
            ["RecordInconsistent"],
        ),
        (
            {"networkPlugin": "none", "networkPluginMode": None, "networkPolicy": "calico"},
            "calico",
            ["RecordInconsistent", "OwnNetworkPlugin"],
        ),
        ({"networkPlugin": "kubenet"}, "none", ["RecordInconsistent"]),
        ({"ipFamilies": ["ipv6"]}, "none", ["RecordInconsistent"]),
        (
            {
                "networkPlugin": "kubenet",
                "networkPluginMode": None,
                "networkPolicy": "cilium",
                "networkDataplane": "cilium",
            },
            "cilium",
            ["RecordInconsistent"],
        ),
        ({"networkPlugin": "flannel"}, "none", ["ValueNotKnown"]),
        ({"networkPluginMode": "underlay"}, "none", ["ValueNotKnown", "SubnetRangesNotGiven"]),
        ({"networkDataplane": "vpp"}, "none", ["ValueNotKnown"]),
        ({"podCidrs": ["10.1.0.0/16"]}, "none", ["RecordInconsistent"]),
        ({"podCidr": "10.0.0.0/99"}, "none", ["FieldNotReadable"]),
        ({"networkPolicy": ["azure"]}, "none", ["FieldNotReadable"]),
        ({"podCidrs": "10.0.0.0/16"}, "none", ["FieldNotReadable"]),
    ],
)
def test_contradictions_are_reported_and_not_settled(
    changes: dict[str, Any], engine: str | None, codes: list[str]
) -> None:
    read = read_aks_show(_network(**changes))
    assert (read.record.engine.name if read.record.engine else None) == engine
    assert [each.code for each in read.problems] == codes


@pytest.mark.parametrize(
    ("document", "found"),
    [
        (
            {**FLAT, "agentPoolProfiles": [POOL, {"name": "win", "osType": "windows"}]},
            [
                ("RecordInconsistent", "/agentPoolProfiles"),
                ("MixedPodSubnets", "/agentPoolProfiles"),
            ],
        ),
        (
            _nested({**FLAT, "provisioningState": "Updating"}),
            [("NotSucceeded", "/properties/provisioningState")],
        ),
        (
            {**FLAT, "kubernetesVersion": "1.33.1"},
            [("UpgradeUnderWay", "/kubernetesVersion")],
        ),
        (
            {**FLAT, "currentKubernetesVersion": "next"},
            [("FieldNotReadable", "/currentKubernetesVersion")],
        ),
        (
            {**FLAT, "networkProfile": None},
            [("EngineNotKnown", ""), ("SubnetRangesNotGiven", "/agentPoolProfiles")],
        ),
        (
            {**FLAT, "agentPoolProfiles": [{**POOL, "count": "3", "enableAutoScaling": 1}]},
            [
                ("FieldNotReadable", "/agentPoolProfiles/0/count"),
                ("FieldNotReadable", "/agentPoolProfiles/0/enableAutoScaling"),
            ],
        ),
        ({**FLAT, "agentPoolProfiles": ["a"]}, [("FieldNotReadable", "/agentPoolProfiles")]),
        ({**FLAT, "tags": {"a": 1}}, [("FieldNotReadable", "/tags")]),
        ({**FLAT, "sku": "Base"}, [("FieldNotReadable", "/sku")]),
        (
            {
                **_network(networkPolicy="calico"),
                "nodeProvisioningProfile": {"mode": "Auto"},
            },
            [("RecordInconsistent", "/nodeProvisioningProfile/mode")],
        ),
    ],
)
def test_what_else_is_worth_telling(document: dict[str, Any], found: list[tuple[str, str]]) -> None:
    assert _codes(document) == found


@pytest.mark.parametrize(
    ("document", "ipam"),
    [
        (_network(), Ipam.OVERLAY),
        ({**_network(networkPluginMode=None), "agentPoolProfiles": [POOL]}, Ipam.POD_SUBNET),
        ({**_network(networkPluginMode=""), "agentPoolProfiles": [{}, POOL]}, Ipam.POD_SUBNET),
        (_network(networkPluginMode=None), Ipam.NODE_SUBNET),
        (_network(networkPlugin="kubenet", networkPluginMode=None), Ipam.KUBENET),
        (_network(networkPlugin="none", networkPluginMode=None), Ipam.OWN_PLUGIN),
        (_network(networkPlugin=None, networkPluginMode=None), None),
    ],
)
def test_where_pods_get_addresses_from(document: dict[str, Any], ipam: Ipam | None) -> None:
    assert read_aks_show(document).record.ipam is ipam


def test_an_old_record_with_single_ranges_only() -> None:
    read = read_aks_show(
        {
            "id": RESOURCE,
            "properties": {
                "kubernetesVersion": "1.12.8",
                "networkProfile": {
                    "networkPlugin": "kubenet",
                    "podCidr": "10.244.0.0/16",
                    "serviceCidr": "10.0.0.0/16",
                    "dnsServiceIP": "10.0.0.10",
                },
            },
        }
    )
    network = read.record.network_profile
    assert network.pod_cidrs == ("10.244.0.0/16",)
    assert network.service_cidrs == ("10.0.0.0/16",)
    assert network.dns_service_ip == "10.0.0.10"
    assert read.record.kubernetes_version == "1.12.8"
    assert read.record.resource_group == "rg-pay"
    assert read.name == "pay"


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        "text",
        {},
        {"name": "a"},
        {"kind": "Pod", "metadata": {}},
        {"id": "/subscriptions/0/resourceGroups/rg", "networkProfile": {}},
        {"error": {"code": "ResourceNotFound"}},
        {"properties": {}},
    ],
)
def test_what_is_no_record_of_a_managed_cluster(document: object) -> None:
    with pytest.raises(NotAnAksRecord):
        read_aks_show(document)


def test_keys_that_are_no_text_do_no_harm() -> None:
    assert read_aks_show({**json.loads(json.dumps(FLAT)), 1: 2}).record == RECORD
