"""Ways between engines: which are there, in which steps, and what they cost."""

from __future__ import annotations

import pytest

from service.analysis.paths.plan import Plan, State, Support
from service.model.cluster import ClusterRecord, Ipam
from tests.unit.rulebook.questions import NOTHING, cluster, linux, question, windows

OVERLAY = {"ipam": Ipam.OVERLAY, "pod_cidr": "10.244.0.0/16", "vnet_cidrs": ("10.0.0.0/16",)}
SERVICES = ("10.1.0.0/16",)
NODES, PODS = (
    cluster(service_cidrs=SERVICES),
    cluster(pools=(linux(pod_subnet_id="/x/subnets/pods"),), service_cidrs=SERVICES),
)
KUBENET = cluster("kubenet", service_cidrs=SERVICES, identity_type="UserAssigned")
MIXED = cluster(pools=(linux(), windows(), windows("win2")))


def plan(source: str, engine: str, record: ClusterRecord | None = None, **more: object) -> Plan:
    found = question(source=source, engine=engine, record=record, **more).plan  # type: ignore[arg-type]
    assert found is not None
    return found


def changes(found: Plan) -> list[str]:
    """The steps that change the cluster."""
    return [each.id for each in found.steps if each.before is not None]


@pytest.mark.parametrize(
    ("source", "engine", "record", "ipam", "steps", "support", "reimages"),
    [
        ("npm", "cilium", NODES, None, ["C1"], Support.IN_PLACE, 1),
        ("npm", "cilium", PODS, None, ["C1"], Support.IN_PLACE, 1),
        ("calico", "cilium", cluster(mode="overlay"), None, ["C1"], Support.IN_PLACE, 1),
        ("none", "cilium", NODES, None, ["C1"], Support.IN_PLACE, 1),
        ("npm", "none", NODES, None, ["U0"], Support.IN_PLACE, 1),
        ("calico", "none", NODES, None, ["U0"], Support.IN_PLACE, 1),
        ("none", "npm", NODES, None, ["I1"], Support.IN_PLACE, 1),
        ("none", "calico", NODES, None, ["I2"], Support.IN_PLACE, 1),
        ("npm", "calico", NODES, None, ["U0", "I2"], Support.INDIRECT, 2),
        ("calico", "npm", NODES, None, ["U0", "I1"], Support.INDIRECT, 2),
        ("calico", "cilium", KUBENET, None, ["U0", "O2", "C1"], Support.INDIRECT, 3),
        ("none", "cilium", KUBENET, None, ["O2", "C1"], Support.INDIRECT, 2),
        ("npm", "cilium", NODES, OVERLAY, ["U0", "O1", "C1"], Support.INDIRECT, 3),
        ("calico", "calico", NODES, OVERLAY, ["U0", "O1", "I2"], Support.INDIRECT, 3),
        ("cilium", "cilium", NODES, OVERLAY, ["O3"], Support.UNVERIFIED, 1),
        ("npm", "cilium", PODS, OVERLAY, [], Support.NOT_SUPPORTED, 0),
        ("cilium", "npm", NODES, None, [], Support.NOT_SUPPORTED, 0),
        ("cilium", "calico", NODES, None, [], Support.NOT_SUPPORTED, 0),
        ("cilium", "none", NODES, None, [], Support.NOT_SUPPORTED, 0),
        ("none", "cilium", cluster("none"), None, [], Support.NOT_SUPPORTED, 0),
        ("npm", "npm", NODES, None, [], Support.NOTHING_TO_DO, 0),
        ("npm", "cilium", MIXED, None, ["W1", "C1"], Support.BLOCKED, 1),
        (
            "npm",
            "cilium",
            cluster(provisioning="Auto"),
            None,
            ["N0", "C1", "N1"],
            Support.IN_PLACE,
            1,
        ),
        ("npm", "kubernetes", NODES, None, [], Support.NOT_SUPPORTED, 0),
    ],
)
def test_ways(
    source: str,
    engine: str,
    record: ClusterRecord,
    ipam: dict[str, object] | None,
    steps: list[str],
    support: Support,
    reimages: int,
) -> None:
    found = plan(source, engine, record, **(ipam or {}))

    assert changes(found) == steps
    assert (found.support, found.reimages) == (support, reimages), found.reasons
    assert bool(found.reasons) == (support in {Support.BLOCKED, Support.NOT_SUPPORTED})


def test_no_way_back_from_cilium() -> None:
    found = plan("npm", "cilium")

    assert not found.rollback.available
    assert found.irreversible_steps == ("C1",)
    assert {each.id for each in found.conflicts} >= {"G1", "G7"}


def test_the_way_back_from_another_engine() -> None:
    found = plan("npm", "calico")

    assert found.rollback.available
    assert [each.text for each in found.rollback.commands] == [
        "az aks update --resource-group rg --name prod --network-policy none",
        "az aks update --resource-group rg --name prod --network-policy azure",
    ]


def test_calico_leaves_something_and_it_goes_last() -> None:
    found = plan("calico", "cilium")
    ids = [each.id for each in found.steps]

    assert ids.index("B2") < ids.index("C1") < ids.index("D1")
    (left,) = [each for each in found.leftovers if each.removable_after]
    assert left.removable_after == "D1"
    assert "other order breaks" in left.detail
    assert not plan("npm", "cilium").has("D1")


def test_both_options_and_never_an_empty_policy() -> None:
    texts = [command.text for step in plan("npm", "cilium").steps for command in step.commands]

    assert any(
        text.endswith("--network-dataplane cilium --network-policy cilium") for text in texts
    )
    assert not any("--network-policy ''" in text for text in texts)


@pytest.mark.parametrize(
    ("record", "blocked"),
    [
        (cluster(kubernetes="1.29.3"), "Kubernetes 1.30"),
        (cluster(state="Updating"), "provisioningState"),
        (cluster(), ""),
    ],
)
def test_what_aks_refuses_blocks(record: ClusterRecord, blocked: str) -> None:
    found = plan("npm", "none", record)

    assert (found.support is Support.BLOCKED) == bool(blocked)
    assert any(blocked in each for each in found.reasons) == bool(blocked)


def test_what_the_record_does_not_tell_is_asked_for() -> None:
    found = plan("npm", "cilium", NOTHING)
    unknown = {each.id for each in found.prerequisites if each.state is State.UNKNOWN}

    assert unknown >= {"C1-ipam", "C1-windows", "C1-autoProvisioning", "C1-azureCli"}
    assert [each.text.split(":?")[0] for each in found.requests] == [
        ': "${RESOURCE_GROUP',
        ': "${CLUSTER',
    ]


def test_node_subnet_needs_a_newer_cli_than_overlay() -> None:
    by_ipam = {
        record.ipam: next(s for s in plan("npm", "cilium", record).steps if s.id == "C1").floors
        for record in (cluster(), cluster(mode="overlay"))
    }

    assert by_ipam[Ipam.NODE_SUBNET].azure_cli == "2.69.0"
    assert by_ipam[Ipam.OVERLAY].azure_cli == "2.52.0"


def test_another_order_is_named_as_not_verified() -> None:
    found = plan("npm", "cilium", NODES, **OVERLAY)

    assert any("not settled" in each for each in found.alternatives)
    assert "G6" in {each.id for each in found.conflicts}
    assert all(len(each.values) >= 1 and each.treatment for each in found.conflicts)


def test_each_windows_pool_has_its_command() -> None:
    (step,) = [each for each in plan("npm", "cilium", MIXED).steps if each.id == "W1"]
    texts = [each.text for each in step.commands if each.destructive]

    assert [text.rpartition(" ")[2] for text in texts] == ["win", "win2"]


def test_services_are_enabled_afterwards() -> None:
    found = plan("npm", "cilium", plans_l7=True, plans_fqdn=True)
    ids = [each.id for each in found.steps]

    assert ids.index("A1") > ids.index("C1")
    assert "--acns-advanced-networkpolicies L7" in found.steps[ids.index("A1")].commands[0].text
