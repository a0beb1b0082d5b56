from __future__ import annotations

from typing import Any

import pytest

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
from service.usecases.cluster_json import (
    check_record,
    merge,
    read_record,
    record_document,
    stored_record,
)
from service.usecases.errors import Invalid

RESOURCE = (
    "/subscriptions/0000/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/a"
)
FULL = ClusterRecord(
    engine=EngineChoice("cilium", "1.17"),
    display_name="Payments, West Europe",
    kubernetes_version="1.32.4",
    network_profile=NetworkProfile(
        network_plugin="azure",
        network_plugin_mode="overlay",
        network_policy="cilium",
        network_dataplane="cilium",
        network_mode="transparent",
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
            vnet_subnet_id="/subscriptions/0/a",
            pod_subnet_id="/subscriptions/0/b",
            pod_ip_allocation_mode="DynamicIndividual",
            upgrade_settings=UpgradeSettings("33%", "0", 30, "Cordon"),
            local_dns_profile=LocalDnsProfile("Required", "Enabled"),
        ),
        NodePool("apps"),
    ),
    azure_resource_id=RESOURCE,
    resource_group="rg",
    node_resource_group="MC_rg",
    location="westeurope",
    sku=Sku("Base", "Standard"),
    node_provisioning_mode="Manual",
    identity_type="UserAssigned",
    private_cluster=False,
    provisioning_state="Succeeded",
    power_state="Running",
    labels={"env": "prod", "empty": ""},
)


def test_every_field_comes_back() -> None:
    document = record_document(FULL)
    assert read_record(document) == FULL == stored_record(document)
    assert document["networkProfile"]["podCidrs"] == ["10.244.0.0/16", "fd00::/64"]
    assert document["nodePools"][0]["upgradeSettings"]["drainTimeoutInMinutes"] == 30
    assert document["nodePools"][0]["podSubnetId"] == "/subscriptions/0/b"
    assert document["nodePools"][1] == {"name": "apps"}
    assert document["privateCluster"] is False


@pytest.mark.parametrize(
    ("document", "engine"),
    [
        ({"engine": {"name": "npm"}}, EngineChoice("npm")),
        ({"engine": {"name": "azure"}}, EngineChoice("npm")),
        ({"engine": {"name": "Cilium", "version": "1.17.0"}}, EngineChoice("cilium", "1.17")),
        ({"engine": {"name": "cilium:1.16"}}, EngineChoice("cilium", "1.16")),
        ({"engine": {"name": "cilium"}, "kubernetesVersion": "1.31"}, EngineChoice("cilium")),
        ({"networkProfile": {"networkPolicy": "azure"}}, EngineChoice("npm")),
        ({"networkProfile": {"networkPolicy": "none"}}, EngineChoice("none")),
    ],
)
def test_how_the_engine_is_stated(document: dict[str, Any], engine: EngineChoice) -> None:
    assert read_record(document).engine == engine


def test_an_unknown_engine_is_a_fault_only_where_one_is_needed() -> None:
    assert read_record({}, engine_required=False).engine is None
    contradiction = {"networkProfile": {"networkPolicy": "calico", "networkDataplane": "cilium"}}
    assert read_record(contradiction, engine_required=False).engine is None
    for document in ({}, contradiction):
        with pytest.raises(Invalid) as refused:
            read_record(document)
        assert [each.pointer for each in refused.value.errors] == ["/engine"]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"colour": "red"}, "/colour"),
        ({"engine": "npm"}, "/engine"),
        ({"engine": {}}, "/engine/name"),
        ({"engine": {"name": "weave"}}, "/engine"),
        ({"engine": {"name": "cilium", "version": "0.1"}}, "/engine"),
        ({"engine": {"name": "npm", "options": {"colour": "red"}}}, "/engine"),
        ({"engine": {"name": "npm", "options": {"a": 1}}}, "/engine/options/a"),
        ({"kubernetesVersion": "latest"}, "/kubernetesVersion"),
        ({"displayName": 1}, "/displayName"),
        ({"displayName": "a\x00"}, "/displayName"),
        ({"displayName": "a" * 1001}, "/displayName"),
        ({"azureResourceId": "/subscriptions/1"}, "/azureResourceId"),
        ({"labels": []}, "/labels"),
        ({"labels": {"": "a"}}, "/labels"),
        ({"labels": {"a/b": 1}}, "/labels/a~1b"),
        ({"privateCluster": "yes"}, "/privateCluster"),
        ({"networkProfile": []}, "/networkProfile"),
        ({"networkProfile": {"podCidrs": "10.0.0.0/8"}}, "/networkProfile/podCidrs"),
        ({"networkProfile": {"podCidrs": ["10.0.0.0/8", "x"]}}, "/networkProfile/podCidrs/1"),
        ({"networkProfile": {"serviceCidrs": ["10.0.0.0/64"]}}, "/networkProfile/serviceCidrs/0"),
        ({"networkProfile": {"ipFamilies": ["IPv5"]}}, "/networkProfile/ipFamilies/0"),
        ({"networkProfile": {"dnsServiceIp": "dns"}}, "/networkProfile/dnsServiceIp"),
        ({"nodePools": {}}, "/nodePools"),
        ({"nodePools": [{}]}, "/nodePools/0/name"),
        ({"nodePools": [{"name": ""}]}, "/nodePools/0/name"),
        ({"nodePools": [{"name": "a", "count": -1}]}, "/nodePools/0/count"),
        ({"nodePools": [{"name": "a", "count": True}]}, "/nodePools/0/count"),
        ({"nodePools": [{"name": "a", "count": 1.5}]}, "/nodePools/0/count"),
        ({"nodePools": [{"name": "a", "minCount": 2, "maxCount": 1}]}, "/nodePools/0/maxCount"),
    ],
)
def test_every_fault_of_a_record_is_pointed_at(change: dict[str, Any], pointer: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_record({"engine": {"name": "npm"}, **change})
    assert [each.pointer for each in refused.value.errors] == [pointer]


def test_all_faults_are_listed_at_once() -> None:
    with pytest.raises(Invalid) as refused:
        read_record({"a": 1, "labels": 2, "nodePools": [{"name": "a"}, {"count": "x"}]})
    pointers = {each.pointer for each in refused.value.errors}
    assert pointers == {"/a", "/labels", "/nodePools/1/name", "/nodePools/1/count"}


@pytest.mark.parametrize("document", [None, [], "a"])
def test_a_record_is_an_object(document: Any) -> None:
    with pytest.raises(Invalid):
        read_record(document)


def test_a_record_built_in_code_keeps_the_same_rules() -> None:
    with pytest.raises(Invalid):
        check_record(ClusterRecord(EngineChoice("npm"), display_name="\x00"))


def test_a_stored_record_that_cannot_be_read_is_our_fault() -> None:
    with pytest.raises(ValueError, match="stored record"):
        stored_record({"colour": "red"})


@pytest.mark.parametrize(
    ("target", "patch", "merged"),
    [
        # RFC 7396, appendix A
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merge_patches(target: Any, patch: Any, merged: Any) -> None:
    before = repr(target)
    assert merge(target, patch) == merged
    assert repr(target) == before
