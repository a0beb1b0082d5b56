from __future__ import annotations

from service.manifests.snapshot import build_snapshot
from service.model.inventory import METADATA_NAME_LABEL
from service.model.snapshot import ClusterFacts
from tests.builders import namespace, network_policy, pod, service, upload


def test_namespaces_that_are_only_named_are_added_and_told() -> None:
    read = upload(
        namespace("b", {"team": "red"}),
        pod("a/p"),
        pod("b/p"),
        service("c/s"),
        network_policy("{}", "d/p"),
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "s", "namespace": "e"}},
        {
            "apiVersion": "crd.antrea.io/v1beta1",
            "kind": "ClusterNetworkPolicy",
            "metadata": {"name": "a"},
        },
    )
    snapshot, problems = build_snapshot(read.inventory, read.policies)
    found = snapshot.inventory.namespaces
    assert [(each.name, each.synthetic) for each in found] == [
        ("a", True),
        ("b", False),
        ("c", True),
        ("d", True),
        ("e", True),
    ]
    assert found[0].labels == {METADATA_NAME_LABEL: "a"}
    assert [each.code for each in problems] == ["NamespaceCreated"] * 4
    assert [each.severity.value for each in problems] == ["Info"] * 4


def test_nothing_is_added_where_nothing_is_missing() -> None:
    read = upload(namespace("a"), pod("a/p"))
    snapshot, problems = build_snapshot(read.inventory, read.policies)
    assert snapshot.inventory is read.inventory
    assert problems == ()


def test_policies_come_in_order_with_facts_and_what_was_before() -> None:
    read = upload(namespace("a"), network_policy("{}", "a/z"), network_policy("{}", "a/b"))
    facts = ClusterFacts(pod_cidrs=("10.0.0.0/8",))
    earlier = [each.policy for each in read.policies]
    snapshot, _ = build_snapshot(read.inventory, read.policies[::-1], facts, earlier)
    assert [each.ref.name for each in snapshot.policy_set.policies] == ["b", "z"]
    assert snapshot.facts == facts
    assert snapshot.applied_before == tuple(earlier)
