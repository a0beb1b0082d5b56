"""Which workloads stand for a pod that is not in the upload."""

from __future__ import annotations

from typing import Any

import pytest

from service.manifests.inventory_manifests import inventory_manifests
from service.model.inventory import ContainerPort, Owner
from tests.builders import Manifest, deployment, pod, upload
from tests.unit.manifests.reading import codes_of

VERSIONS = {"Job": "batch/v1", "CronJob": "batch/v1", "ReplicationController": "v1"}


def workload(kind: str, name: str, owner: str = "", **more: Any) -> Manifest:
    """A workload of any kind in namespace x; owner as `Kind/name`."""
    template = {
        "metadata": {"labels": {"app": name}},
        "spec": {"containers": [{"ports": [{"containerPort": 80}]}]},
    }
    spec: Manifest = {"template": template}
    if kind == "CronJob":
        spec = {"jobTemplate": {"spec": spec}}
    metadata: Manifest = {"name": name, "namespace": "x"}
    if owner:
        owner_kind, _, owner_name = owner.partition("/")
        metadata["ownerReferences"] = [{"kind": owner_kind, "name": owner_name, "controller": True}]
    status = more.pop("status", {})
    version = VERSIONS.get(kind, "apps/v1")
    return {
        "apiVersion": version,
        "kind": kind,
        "metadata": metadata,
        "spec": spec | more,
        "status": status,
    }


COMPLETE = {"conditions": [{"type": "Complete", "status": "True"}]}


def _found(*manifests: Manifest) -> list[str]:
    """`name of the pod < its workload`, with a star where it comes from a template."""
    return [
        f"{each.name} < {each.workload}{' *' if each.from_template else ''}"
        for each in upload(*manifests).inventory.pods
    ]


@pytest.mark.parametrize(
    "kind",
    [
        "Deployment",
        "ReplicaSet",
        "StatefulSet",
        "Job",
        "CronJob",
        "ReplicationController",
    ],
)
def test_a_workload_without_pods(kind: str) -> None:
    (found,) = upload(workload(kind, "web")).inventory.pods
    assert (found.namespace, found.name, found.owner) == ("x", "web", Owner(kind, "web"))
    assert found.from_template
    assert found.labels == {"app": "web"}
    assert found.ports == (ContainerPort(80),)
    assert found.phase == "Running"


@pytest.mark.parametrize(
    ("kind", "more", "pods"),
    [
        ("Deployment", {"replicas": 1}, 1),
        ("Deployment", {"replicas": 2}, 2),
        ("Deployment", {"replicas": 500}, 2),
        ("ReplicaSet", {"replicas": 2}, 2),
        ("StatefulSet", {"replicas": 3}, 2),
        ("ReplicationController", {"replicas": 2}, 2),
        ("DaemonSet", {}, 2),
        ("Job", {"parallelism": 1}, 1),
        ("Job", {"parallelism": 4}, 2),
        ("CronJob", {}, 1),
        ("CronJob", {"jobTemplate": {"spec": {"parallelism": 2, "template": {}}}}, 2),
    ],
)
def test_a_workload_of_several_pods_stands_for_two(
    kind: str, more: dict[str, Any], pods: int
) -> None:
    """So that what its pods may say to each other is told as well."""
    read = upload(workload(kind, "web", **more))
    assert [each.name for each in read.inventory.pods] == ["web", "web-2"][:pods]
    again = upload(*map(dict, inventory_manifests(read.inventory)))
    assert again.inventory == read.inventory


@pytest.mark.parametrize(
    ("manifests", "found"),
    [
        pytest.param(
            [workload("Deployment", "web", replicas=0)],
            ["web < Deployment/web *"],
            id="no replicas",
        ),
        pytest.param(
            [
                workload("Deployment", "web"),
                workload("ReplicaSet", "web-1", "Deployment/web"),
                pod("x/web-1-a", owner="ReplicaSet/web-1"),
            ],
            ["web-1-a < ReplicaSet/web-1"],
            id="pods through a ReplicaSet",
        ),
        pytest.param(
            [
                workload("Deployment", "web"),
                workload("ReplicaSet", "web-1", "Deployment/web"),
                workload("ReplicaSet", "web-2", "Deployment/web"),
            ],
            ["web < Deployment/web *"],
            id="ReplicaSets without pods",
        ),
        pytest.param(
            [workload("Deployment", "web"), pod("x/web-1-a", owner="ReplicaSet/web-1")],
            ["web-1-a < ReplicaSet/web-1"],
            id="ReplicaSet not in the upload",
        ),
        pytest.param(
            [workload("Deployment", "web"), pod("y/web-1-a", owner="ReplicaSet/web-1")],
            ["web < Deployment/web *", "web-1-a < ReplicaSet/web-1"],
            id="pods of another namespace",
        ),
        pytest.param(
            [workload("Deployment", "web"), pod("x/api-1-a", owner="ReplicaSet/api-1")],
            ["api-1-a < ReplicaSet/api-1", "web < Deployment/web *"],
            id="pods of another workload",
        ),
        pytest.param(
            [workload("StatefulSet", "db"), pod("x/db-0", owner="StatefulSet/db")],
            ["db-0 < StatefulSet/db"],
            id="pods of its own",
        ),
        pytest.param(
            [
                workload("ReplicaSet", "web-1", "Deployment/web", replicas=0),
                workload("ReplicaSet", "web-2", "Deployment/web", replicas=3),
            ],
            ["web-2 < ReplicaSet/web-2 *", "web-2-2 < ReplicaSet/web-2 *"],
            id="Deployment not in the upload",
        ),
        pytest.param(
            [
                workload("ReplicaSet", "web-1", "Deployment/web", replicas=0),
                workload("ReplicaSet", "web-2", "Deployment/web", replicas=3),
                pod("x/web-2-a", owner="ReplicaSet/web-2"),
            ],
            ["web-2-a < ReplicaSet/web-2"],
            id="Deployment not in the upload, pods are",
        ),
        pytest.param(
            [workload("CronJob", "tidy"), workload("Job", "tidy-1", "CronJob/tidy")],
            ["tidy < CronJob/tidy *"],
            id="Job without pods",
        ),
        pytest.param(
            [
                workload("CronJob", "tidy"),
                workload("Job", "tidy-1", "CronJob/tidy", status=COMPLETE),
                pod("x/tidy-1-a", owner="Job/tidy-1", phase="Succeeded"),
            ],
            ["tidy < CronJob/tidy *", "tidy-1-a < Job/tidy-1"],
            id="a CronJob goes on after its pods have finished",
        ),
        pytest.param(
            [
                workload("CronJob", "tidy"),
                pod("x/tidy-1-a", owner="Job/tidy-1", phase="Succeeded"),
                pod("x/tidy-1-b", owner="Job/tidy-1"),
            ],
            ["tidy-1-a < Job/tidy-1", "tidy-1-b < Job/tidy-1"],
            id="a CronJob whose Job runs",
        ),
        pytest.param([workload("Job", "once", status=COMPLETE)], [], id="a finished Job"),
        pytest.param(
            [
                workload("Job", "tidy-1", "CronJob/tidy", status=COMPLETE),
                workload("Job", "tidy-2", "CronJob/tidy", status=COMPLETE),
            ],
            [],
            id="finished Jobs of a CronJob that is not in the upload",
        ),
        pytest.param(
            [workload("Deployment", "web"), workload("StatefulSet", "web"), pod("x/web")],
            [
                "web < Pod/web",
                "web-deployment < Deployment/web *",
                "web-statefulset < StatefulSet/web *",
            ],
            id="one name for three",
        ),
        pytest.param(
            [workload("StatefulSet", "web", replicas=3), workload("Deployment", "web-2")],
            [
                "web < StatefulSet/web *",
                "web-2 < Deployment/web-2 *",
                "web-2-2 < StatefulSet/web *",
            ],
            id="a second pod takes nobody's name",
        ),
    ],
)
def test_who_stands_for_a_pod(manifests: list[Manifest], found: list[str]) -> None:
    assert _found(*manifests) == found
    assert _found(*reversed(manifests)) == found


@pytest.mark.parametrize("version", ["apps/v1beta1", "apps/v1beta2", "extensions/v1beta1"])
def test_removed_api_versions_are_read_and_told(version: str) -> None:
    found = upload(deployment("x/web", {"app": "web"}) | {"apiVersion": version})
    assert [each.workload for each in found.inventory.pods] == ["Deployment/web"]
    assert [each.code for each in found.problems] == ["ApiVersionRemoved"]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        (
            "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {}}",
            [("RequiredField", "/spec/template")],
        ),
        (
            "{apiVersion: batch/v1, kind: CronJob, metadata: {name: a}, spec: {jobTemplate: {}}}",
            [("RequiredField", "/spec/jobTemplate/spec/template")],
        ),
        (
            "{apiVersion: apps/v1, kind: Deployment, metadata: {name: A, labels: {b: -}}, spec: "
            "{template: {metadata: {labels: {a: -}}, spec: {containers: [{ports: [{}]}]}}}}",
            [
                ("InvalidName", "/metadata/name"),
                ("InvalidLabelValue", "/metadata/labels/b"),
                ("InvalidLabelValue", "/spec/template/metadata/labels/a"),
                ("InvalidPort", "/spec/template/spec/containers/0/ports/0/containerPort"),
            ],
        ),
    ],
)
def test_workloads_that_are_refused(text: str, codes: list[tuple[str, str]]) -> None:
    assert codes_of(text) == codes
