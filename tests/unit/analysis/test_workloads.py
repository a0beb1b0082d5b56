"""Workload endpoints: pods of one owner, apart only where policies could tell them apart."""

from __future__ import annotations

import pytest

from service.analysis.workloads import WorkloadEndpoint, list_workloads
from tests.builders import Manifest, deployment, node, pod, snapshot

OWNER = "ReplicaSet/front"


def _listed(*objects: Manifest) -> list[tuple[str, str, tuple[str, ...], int]]:
    found: tuple[WorkloadEndpoint, ...] = list_workloads(snapshot(*objects).inventory)
    return [(each.namespace, each.workload, each.pods, each.variant) for each in found]


def test_pods_of_one_owner_are_one_endpoint() -> None:
    alike = [
        pod(f"web/front-{number}", {"app": "front"}, ips=[f"10.0.0.{number}"], owner=OWNER)
        for number in (1, 2)
    ]
    bare = pod("web/alone", {"app": "front"})
    elsewhere = pod("data/front-1", {"app": "front"}, owner=OWNER)
    assert _listed(*alike, bare, elsewhere) == [
        ("data", OWNER, ("front-1",), 1),
        ("web", "Pod/alone", ("alone",), 1),
        ("web", OWNER, ("front-1", "front-2"), 1),
    ]


@pytest.mark.parametrize(
    "canary",
    [
        pod("web/front-2", {"app": "front", "track": "canary"}, owner=OWNER, ports="http=80"),
        pod("web/front-2", {"app": "front"}, owner=OWNER, ports="http=81"),
        pod("web/front-2", {"app": "front"}, owner=OWNER, ports="web=80"),
        pod("web/front-2", {"app": "front"}, owner=OWNER, ports="http=80", hostNetwork=True),
        pod("web/front-2", {"app": "front"}, owner=OWNER, ports="http=80", phase="Succeeded"),
        pod("web/front-2", {"app": "front"}, owner=OWNER, ports="http=80", on="win"),
        pod("web/front-2", {"app": "front"}, owner=OWNER, ports="http=80", serviceAccountName="x"),
    ],
    ids=["labels", "port number", "port name", "hostNetwork", "finished", "node OS", "account"],
)
def test_a_pod_that_policies_can_tell_apart_is_a_variant(canary: Manifest) -> None:
    stable = pod("web/front-1", {"app": "front"}, owner=OWNER, ports="http=80", on="lin")
    nodes = [node("lin", "192.168.0.4"), node("win", "192.168.0.5", os="windows")]
    if "nodeName" not in canary["spec"]:
        canary = {**canary, "spec": {**canary["spec"], "nodeName": "lin"}}
    assert _listed(*nodes, stable, canary) == [
        ("web", OWNER, ("front-1",), 1),
        ("web", OWNER, ("front-2",), 2),
    ]


def test_addresses_and_nodes_do_not_make_variants() -> None:
    nodes = [node("n1", "192.168.0.4"), node("n2", "192.168.0.5")]
    pods = [
        pod("web/front-1", {"app": "front"}, ips=["10.0.0.1"], on="n1", owner=OWNER),
        pod("web/front-2", {"app": "front"}, ips=["10.0.0.2"], on="n2", owner=OWNER),
    ]
    assert _listed(*nodes, *pods) == [("web", OWNER, ("front-1", "front-2"), 1)]


def test_a_workload_of_one_replica_without_pods_stands_for_one() -> None:
    (found,) = list_workloads(
        snapshot(deployment("web/front", {"app": "front"}, ports="http=80")).inventory
    )
    assert (found.namespace, found.workload) == ("web", "Deployment/front")
    assert found.labels == (("app", "front"),)
    assert [port.name for port in found.ports] == ["http"]
    assert found.service_account == "default"
