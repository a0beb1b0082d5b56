from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from service.model.cluster import ClusterRecord, EngineChoice, NetworkProfile
from service.usecases import clusters
from service.usecases.clusters import ClusterFilters
from service.usecases.context import Context
from service.usecases.errors import (
    Conflict,
    Invalid,
    InvalidParameter,
    NotFound,
    PreconditionFailed,
)
from service.usecases.paging import Cursor, PageRequest
from tests.unit.usecases.stories import NPM, START

ALL = ClusterFilters()
RESOURCE = (
    "/subscriptions/0/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/"
)


def test_a_cluster_is_shown_as_it_was_registered(context: Context) -> None:
    made = clusters.create_cluster(context, "payments", NPM)
    assert made == clusters.get_cluster(context, "payments")
    assert (made.name, made.record, made.latest_revision) == ("payments", NPM, None)
    assert made.created_at == made.updated_at == START


@pytest.mark.parametrize("name", ["", "-a", "a-", "A", "a_b", "a" * 64, "a/b", "a\n", "ü"])
def test_names_are_slugs(context: Context, name: str) -> None:
    with pytest.raises(Invalid) as refused:
        clusters.create_cluster(context, name, NPM)
    assert [each.pointer for each in refused.value.errors] == ["/name"]
    with pytest.raises(NotFound):
        clusters.get_cluster(context, name)


def test_names_and_resource_ids_are_taken_once(context: Context) -> None:
    first = replace(NPM, azure_resource_id=RESOURCE + "a")
    clusters.create_cluster(context, "a", first)
    with pytest.raises(Conflict) as refused:
        clusters.create_cluster(context, "a", NPM)
    assert refused.value.code == "ClusterExists"
    shouted = replace(NPM, azure_resource_id=(RESOURCE + "A").upper())
    with pytest.raises(Conflict) as refused:
        clusters.create_cluster(context, "b", shouted)
    assert refused.value.code == "AzureResourceIdTaken"
    clusters.create_cluster(context, "b", NPM)
    with pytest.raises(Conflict):
        clusters.patch_cluster(context, "b", {"azureResourceId": RESOURCE + "A"})
    assert clusters.get_cluster(context, "b").record.azure_resource_id is None


def test_put_creates_and_replaces(context: Context) -> None:
    made, created = clusters.replace_cluster(context, "a", NPM)
    assert created
    calico = replace(NPM, engine=EngineChoice("calico"))
    changed, created = clusters.replace_cluster(context, "a", calico)
    assert not created
    assert changed.record == calico
    assert changed.version_token != made.version_token
    assert changed.created_at == made.created_at < changed.updated_at
    same, _ = clusters.replace_cluster(context, "a", calico)
    assert same == changed


def test_version_tokens_guard_every_change(context: Context) -> None:
    old = clusters.create_cluster(context, "a", NPM).version_token
    new = clusters.patch_cluster(context, "a", {"displayName": "A"}, if_match=old).version_token
    for change in (
        lambda: clusters.patch_cluster(context, "a", {"displayName": "B"}, if_match=old),
        lambda: clusters.replace_cluster(context, "a", NPM, if_match=old),
        lambda: clusters.replace_cluster(context, "a", NPM, if_absent=True),
        lambda: clusters.replace_cluster(context, "b", NPM, if_match=new),
        lambda: clusters.delete_cluster(context, "a", if_match=old),
    ):
        with pytest.raises(PreconditionFailed):
            change()
    assert clusters.get_cluster(context, "a").record.display_name == "A"
    clusters.delete_cluster(context, "a", if_match=new)
    again = clusters.create_cluster(context, "a", NPM).version_token
    assert again not in {old, new}


def test_a_patch_changes_what_it_names(context: Context) -> None:
    network = NetworkProfile(network_plugin="azure", pod_cidrs=("10.0.0.0/8",))
    record = replace(NPM, network_profile=network, labels={"env": "prod", "team": "pay"})
    clusters.create_cluster(context, "a", record)
    patch: dict[str, Any] = {
        "labels": {"team": None, "tier": "1"},
        "networkProfile": {"networkPlugin": "kubenet"},
        "kubernetesVersion": None,
    }
    changed = clusters.patch_cluster(context, "a", patch).record
    assert changed.labels == {"env": "prod", "tier": "1"}
    assert changed.network_profile == replace(network, network_plugin="kubenet")
    assert changed.kubernetes_version is None
    assert changed.engine == record.engine


def test_a_patch_must_leave_a_valid_record(context: Context) -> None:
    clusters.create_cluster(context, "a", NPM)
    patches: list[Any] = [{"engine": None}, {"engine": {"name": "weave"}}, {"name": "b"}, []]
    for patch in patches:
        with pytest.raises(Invalid):
            clusters.patch_cluster(context, "a", patch)
    assert clusters.get_cluster(context, "a").record == NPM


def test_what_is_not_there(context: Context) -> None:
    for act in (
        lambda: clusters.get_cluster(context, "a"),
        lambda: clusters.patch_cluster(context, "a", {}),
        lambda: clusters.delete_cluster(context, "a"),
    ):
        with pytest.raises(NotFound):
            act()


def _names(context: Context, filters: ClusterFilters = ALL) -> list[str]:
    return [each.name for each in clusters.list_clusters(context, filters, PageRequest()).items]


def test_filters(context: Context) -> None:
    for name, engine, location, labels in (
        ("a", "npm", "westeurope", {"env": "prod"}),
        ("b", "calico", "westeurope", {"env": "test"}),
        ("c", "npm", "northeurope", {}),
    ):
        record = ClusterRecord(EngineChoice(engine), location=location, labels=labels)
        clusters.create_cluster(context, name, record)
    clusters.patch_cluster(context, "c", {"azureResourceId": RESOURCE + "c"})
    assert _names(context) == ["a", "b", "c"]
    assert _names(context, ClusterFilters(engine="npm")) == ["a", "c"]
    assert _names(context, ClusterFilters(location="westeurope")) == ["a", "b"]
    assert _names(context, ClusterFilters(label_selector="env")) == ["a", "b"]
    assert _names(context, ClusterFilters(label_selector="env!=prod", engine="npm")) == ["c"]
    assert _names(context, ClusterFilters(azure_resource_id=RESOURCE.upper() + "C")) == ["c"]
    assert _names(context, ClusterFilters(engine="azure")) == ["a", "c"]
    assert _names(context, ClusterFilters(location="north\x00")) == []
    for wrong in (ClusterFilters(label_selector="a b"), ClusterFilters(engine="weave")):
        with pytest.raises(InvalidParameter):
            _names(context, wrong)


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_pages_are_stable_while_others_write(context: Context, size: int) -> None:
    for number in range(1, 7):
        clusters.create_cluster(context, f"c-{number}", NPM)
    seen: list[str] = []
    after: Cursor | None = None
    while True:
        page = clusters.list_clusters(context, ALL, PageRequest(size, after))
        assert len(page.items) <= size
        seen += [each.name for each in page.items]
        if page.next_cursor is None:
            break
        after = page.next_cursor
        # Neither what comes before the cursor nor what goes there moves the next page.
        clusters.create_cluster(context, f"a-{len(seen)}", NPM)
        clusters.delete_cluster(context, seen[0]) if len(seen) == size else None
    assert seen == [f"c-{number}" for number in range(1, 7)]


def test_pages_with_a_filter_that_skips_many(context: Context) -> None:
    for number in range(12):
        labels = {"odd": "1"} if number % 2 else {}
        clusters.create_cluster(context, f"c-{number:02}", replace(NPM, labels=labels))
    filters = ClusterFilters(label_selector="odd=1")
    first = clusters.list_clusters(context, filters, PageRequest(4))
    assert [each.name for each in first.items] == ["c-01", "c-03", "c-05", "c-07"]
    rest = clusters.list_clusters(context, filters, PageRequest(4, first.next_cursor))
    assert [each.name for each in rest.items] == ["c-09", "c-11"]
    assert rest.next_cursor is None


@pytest.mark.parametrize("cursor", [(1,), ("a", "b"), ()])
def test_cursors_of_another_list(context: Context, cursor: Cursor) -> None:
    with pytest.raises(InvalidParameter):
        clusters.list_clusters(context, ALL, PageRequest(5, cursor))


def test_sizes_have_bounds() -> None:
    assert [PageRequest(size).limit for size in (-1, 0, 5, 5000)] == [1, 1, 5, 1000]
