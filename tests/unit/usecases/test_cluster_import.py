from __future__ import annotations

from typing import Any

import pytest

from service.model.cluster import EngineChoice
from service.usecases import clusters
from service.usecases.cluster_import import get_source, import_cluster
from service.usecases.context import Context
from service.usecases.errors import Conflict, Invalid, NotFound
from tests.unit.usecases.stories import NPM

RESOURCE = (
    "/subscriptions/0/resourcegroups/rg/providers/Microsoft.ContainerService/managedClusters/"
)


def _document(name: str = "My_Cluster", **network: Any) -> dict[str, Any]:
    return {
        "id": RESOURCE + name,
        "name": name,
        "location": "westeurope",
        "tags": {"env": "prod"},
        "currentKubernetesVersion": "1.32.4",
        "networkProfile": {"networkPlugin": "azure", "networkPolicy": "azure", **network},
        "agentPoolProfiles": [{"name": "a", "osType": "Linux", "count": 3}],
        "windowsProfile": {"adminUsername": "me", "adminPassword": "hunter2"},
    }


def test_a_record_becomes_a_cluster(context: Context) -> None:
    made = import_cluster(context, _document())
    assert made.created
    assert made.cluster == clusters.get_cluster(context, "my-cluster")
    record = made.cluster.record
    assert record.engine == EngineChoice("npm")
    assert (record.kubernetes_version, record.location) == ("1.32.4", "westeurope")
    assert record.labels == {"env": "prod"}
    assert [each.code for each in made.problems] == ["SubnetRangesNotGiven"]


def test_the_document_is_kept_without_secrets(context: Context) -> None:
    import_cluster(context, _document(), name="a")
    clusters.create_cluster(context, "b", NPM)
    source = get_source(context, "a")
    assert source is not None
    assert source["windowsProfile"] == {"adminUsername": "me", "adminPassword": None}
    assert source["networkProfile"] == _document()["networkProfile"]
    assert get_source(context, "b") is None
    with pytest.raises(NotFound):
        get_source(context, "c")


def test_importing_again_needs_to_be_wanted(context: Context) -> None:
    import_cluster(context, _document())
    with pytest.raises(Conflict) as refused:
        import_cluster(context, _document())
    assert refused.value.code == "ClusterExists"
    clusters.patch_cluster(context, "my-cluster", {"displayName": "Mine", "labels": {"env": "x"}})
    document = _document(networkPolicy="calico")
    again = import_cluster(context, document, replace_existing=True)
    assert not again.created
    assert again.cluster.record.engine == EngineChoice("calico")
    assert (again.cluster.record.display_name, again.cluster.record.labels) == (
        "Mine",
        {"env": "x"},
    )
    source = get_source(context, "my-cluster")
    assert source is not None
    assert source["networkProfile"]["networkPolicy"] == "calico"


def test_what_users_say_of_the_engine_outlives_a_record_that_says_less(context: Context) -> None:
    cilium = _document(networkPolicy="cilium", networkDataplane="cilium")
    import_cluster(context, cilium, name="a")
    clusters.patch_cluster(context, "a", {"engine": {"version": "1.16"}})
    again = import_cluster(context, cilium, name="a", replace_existing=True)
    assert again.cluster.record.engine == EngineChoice("cilium", "1.16")

    own = _document("own", networkPlugin="none", networkPolicy="none")
    import_cluster(context, own, name="b")
    clusters.patch_cluster(context, "b", {"engine": {"name": "calico"}})
    again = import_cluster(context, own, name="b", replace_existing=True)
    assert again.cluster.record.engine == EngineChoice("calico")


def test_a_record_that_contradicts_itself_has_no_engine(context: Context) -> None:
    made = import_cluster(context, _document(networkDataplane="cilium"))
    assert made.cluster.record.engine is None
    assert {"EngineNotKnown", "RecordInconsistent"} <= {each.code for each in made.problems}
    # It can be changed without stating one, and stating one is a change like any other.
    changed = clusters.patch_cluster(context, "my-cluster", {"labels": {"a": "b"}})
    assert changed.record.engine is None
    stated = clusters.patch_cluster(context, "my-cluster", {"engine": {"name": "npm"}})
    assert stated.record.engine == EngineChoice("npm")
    with pytest.raises(Invalid):
        clusters.patch_cluster(context, "my-cluster", {"engine": None})


def test_a_resource_is_one_cluster(context: Context) -> None:
    import_cluster(context, _document(), name="a")
    with pytest.raises(Conflict) as refused:
        import_cluster(context, _document(), name="b", replace_existing=True)
    assert refused.value.code == "AzureResourceIdTaken"
    with pytest.raises(Conflict) as refused:
        import_cluster(context, _document("other"), name="a", replace_existing=True)
    assert refused.value.code == "ClusterExists"
    # Without a name it is found by its id, whatever it is called here.
    found = import_cluster(context, _document(), replace_existing=True)
    assert (found.cluster.name, found.created) == ("a", False)


def test_a_cluster_that_was_registered_by_hand_can_be_completed(context: Context) -> None:
    clusters.create_cluster(context, "a", NPM)
    made = import_cluster(context, _document(), name="a", replace_existing=True)
    assert made.cluster.record.azure_resource_id == RESOURCE + "My_Cluster"


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ([], "NotAnAksRecord"),
        ({"name": "a"}, "NotAnAksRecord"),
        ({"id": "/subscriptions/0/x", "networkProfile": {}}, "NotAnAksRecord"),
        ({"networkProfile": {}}, "InvalidName"),
        ({"name": "___", "networkProfile": {}}, "InvalidName"),
    ],
)
def test_what_is_no_record(context: Context, document: Any, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        import_cluster(context, document)
    assert refused.value.code == code
