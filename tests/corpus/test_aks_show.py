"""Cluster descriptions as AKS gives them, in the form of ARM and in that of `az aks show`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from service.manifests.aks_record import read_aks_show
from service.model.cluster import Ipam
from service.usecases.cluster_json import read_record, record_document
from tests.shared_corpus import CORPUS, requires_corpus

pytestmark = requires_corpus

FOLDER = CORPUS / "real" / "aks-show"
PAIRS = (
    "azure-cli-recording-azurecni-2023",
    "cloud-custodian-2019",
    "rest-api-specs-ManagedClustersGet-2024-09-01",
)


def _document(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text())
    return found


@pytest.mark.parametrize("name", PAIRS)
def test_both_forms_of_a_cluster_give_one_record(name: str) -> None:
    arm = read_aks_show(_document(f"arm-{name}"))
    show = read_aks_show(_document(f"derived-show-{name}"))
    assert arm.name == show.name
    assert arm.record == show.record
    assert [each.code for each in arm.problems] == [each.code for each in show.problems]


@pytest.mark.parametrize(
    ("name", "engine", "ipam", "version", "problems"),
    [
        (
            "derived-show-azure-cli-recording-azurecni-2023",
            "none",
            Ipam.NODE_SUBNET,
            "1.26.3",
            ["SubnetRangesNotGiven", "NotSucceeded"],
        ),
        ("derived-show-cloud-custodian-2019", "none", Ipam.KUBENET, "1.12.8", ["NotSucceeded"]),
        (
            "derived-show-rest-api-specs-ManagedClustersGet-2024-09-01",
            "none",
            Ipam.KUBENET,
            "1.9.6",
            [],
        ),
        (
            "derived-variant-azure-npm",
            "npm",
            Ipam.NODE_SUBNET,
            "1.26.3",
            ["SubnetRangesNotGiven"],
        ),
        (
            "derived-variant-calico",
            "calico",
            Ipam.NODE_SUBNET,
            "1.26.3",
            ["SubnetRangesNotGiven"],
        ),
        ("derived-variant-cilium-overlay", "cilium", Ipam.OVERLAY, "1.26.3", []),
        (
            "derived-variant-byo-cni-none",
            "none",
            Ipam.OWN_PLUGIN,
            "1.26.3",
            ["OwnNetworkPlugin"],
        ),
    ],
)
def test_what_the_records_say(
    name: str, engine: str, ipam: Ipam, version: str, problems: list[str]
) -> None:
    read = read_aks_show(_document(name))
    record = read.record
    assert record.engine is not None
    assert (record.engine.name, record.ipam, record.kubernetes_version) == (engine, ipam, version)
    assert [each.code for each in read.problems] == problems
    pool = record.node_pools[0]
    assert (pool.os_type, pool.count is not None) == ("Linux", True)
    assert record.azure_resource_id
    assert record.resource_group


def test_every_record_can_be_stored() -> None:
    for path in sorted(FOLDER.glob("*.json")):
        record = read_aks_show(json.loads(path.read_text())).record
        assert read_record(record_document(record)) == record, path.name
