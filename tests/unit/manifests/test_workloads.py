"""Which workloads stand for a pod that is not in the upload."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from service.manifests.inventory_manifests import inventory_manifests
from service.manifests.pod_manifests import pod_manifests
from service.model.inventory import ContainerPort, Inventory, Owner
from tests.builders import Manifest, deployment, pod, upload
from tests.unit.manifests.reading import codes_of

VERSIONS = {"Job": "batch/v1", "CronJob": "batch/v1", "ReplicationController": "v1"}
REPLICATED = ("Deployment", "ReplicaSet", "StatefulSet", "ReplicationController")


def workload(
    kind: str,
    name: str,
    owner: str = "",
    labels: dict[str, str] | None = None,
    replicas: int | None = 1,
    **more: Any,
) -> Manifest:
    """A workload of any kind in namespace x; owner as `Kind/name`, labels are the template's."""
    template = {
        "metadata": {"labels": {"app": name} if labels is None else labels},
        "spec": {"containers": [{"ports": [{"containerPort": 80}]}]},
    }
    spec: Manifest = {"template": template}
    if kind == "CronJob":
        spec = {"jobTemplate": {"spec": spec}}
    if kind in REPLICATED and replicas is not None:
        spec["replicas"] = replicas
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
FAILED = {"conditions": [{"type": "Failed", "status": "True"}]}
HASH = "pod-template-hash"
OPERATOR = ["operator < Deployment/operator *"]


def _read(*manifests: Manifest) -> Inventory:
    """What is read, and read again after it was written out."""
    found = upload(*manifests).inventory
    assert upload(*map(dict, inventory_manifests(found))).inventory == found
    return found


def _found(*manifests: Manifest) -> list[str]:
    """`name of the pod < its workload`, with a star where it comes from a template."""
    return [
        f"{each.name} < {each.workload}{' *' if each.from_template else ''}"
        for each in _read(*manifests).pods
    ]


@pytest.mark.parametrize("kind", [*REPLICATED, "Job", "CronJob"])
def test_a_workload_without_pods(kind: str) -> None:
    (found,) = upload(workload(kind, "web")).inventory.pods
    assert (found.namespace, found.name, found.owner) == ("x", "web", Owner(kind, "web"))
    assert found.from_template
    assert found.labels["app"] == "web"
    assert found.ports == (ContainerPort(80),)
    assert found.phase == "Running"


@pytest.mark.parametrize(
    ("kind", "more", "pods"),
    [
        *((kind, {"replicas": 0}, 1) for kind in REPLICATED),
        *((kind, {"replicas": 1}, 1) for kind in REPLICATED),
        *((kind, {"replicas": 2}, 2) for kind in REPLICATED),
        # A HorizontalPodAutoscaler may set it.
        *((kind, {"replicas": None}, 2) for kind in REPLICATED),
        ("Deployment", {"replicas": 500}, 2),
        ("Deployment", {"replicas": 1, "parallelism": 2}, 1),
        ("DaemonSet", {}, 2),
        ("Job", {}, 1),
        ("Job", {"parallelism": 1}, 1),
        ("Job", {"parallelism": 4}, 2),
        ("CronJob", {}, 1),
        ("CronJob", {"parallelism": 2}, 1),
        ("CronJob", {"jobTemplate": {"spec": {"parallelism": 2, "template": {}}}}, 2),
    ],
)
def test_a_workload_of_several_pods_stands_for_two(
    kind: str, more: dict[str, Any], pods: int
) -> None:
    """So that what its pods may say to each other is told as well."""
    read = _read(workload(kind, "web", **more))
    assert [each.name for each in read.pods] == ["web", "web-2"][:pods]


NAMED = {"batch.kubernetes.io/job-name": "dump", "job-name": "dump"}


def _numbered(ordinal: str) -> dict[str, str]:
    return {
        "app": "db",
        "apps.kubernetes.io/pod-index": ordinal,
        "statefulset.kubernetes.io/pod-name": f"db-{ordinal}",
    }


@pytest.mark.parametrize(
    ("manifest", "labels"),
    [
        pytest.param(workload("Job", "dump", labels={}), [NAMED], id="a Job"),
        pytest.param(
            workload("Job", "dump", labels={"app": "a"}, parallelism=2),
            [{"app": "a"} | NAMED] * 2,
            id="a Job of two pods",
        ),
        pytest.param(
            workload("Job", "dump", labels={"job-name": "dump"}),
            [NAMED],
            id="a Job that was read from a cluster before 1.27",
        ),
        pytest.param(
            workload("Job", "dump", labels={"job-name": "other"}),
            [NAMED | {"job-name": "other"}],
            id="a Job whose template says otherwise",
        ),
        *(
            pytest.param(
                workload("Job", "dump", labels=labels, manualSelector=True),
                [labels],
                id=f"a Job with a selector of its own and {len(labels)} labels",
            )
            for labels in ({}, {"job-name": "dump"}, NAMED)
        ),
        pytest.param(
            workload("Job", "dump", labels={}, manualSelector=False),
            [NAMED],
            id="a Job without a selector of its own",
        ),
        pytest.param(workload("CronJob", "tidy", labels={}), [{}], id="a CronJob"),
        pytest.param(workload("StatefulSet", "db"), [_numbered("0")], id="a StatefulSet"),
        pytest.param(
            workload("StatefulSet", "db", replicas=3),
            [_numbered("0"), _numbered("1")],
            id="a StatefulSet of several pods",
        ),
        pytest.param(
            workload("StatefulSet", "db", replicas=3, ordinals={"start": 9}),
            [_numbered("9"), _numbered("10")],
            id="a StatefulSet that counts from another number",
        ),
        *(
            pytest.param(
                workload("StatefulSet", "db", ordinals=ordinals),
                [_numbered("0")],
                id=f"a StatefulSet with ordinals {ordinals}",
            )
            for ordinals in ({}, None, {"start": None}, {"start": -1}, {"start": 1 << 31})
        ),
        pytest.param(
            workload("StatefulSet", "db", labels=_numbered("7"), replicas=2),
            [_numbered("0"), _numbered("1")],
            id="a StatefulSet whose template says otherwise",
        ),
        pytest.param(workload("Deployment", "a"), [{"app": "a"}], id="a Deployment"),
        pytest.param(workload("DaemonSet", "a"), [{"app": "a"}] * 2, id="a DaemonSet"),
    ],
)
def test_labels_that_the_template_does_not_show(
    manifest: Manifest, labels: list[dict[str, str]]
) -> None:
    assert [each.labels for each in _read(manifest).pods] == labels


def test_a_name_that_is_too_long_for_a_label_is_read_again() -> None:
    for kind in ("Job", "StatefulSet"):
        _read(workload(kind, "a" * 64, labels={}))


@pytest.mark.parametrize("index", [None, "a"])
def test_what_was_stored_without_those_labels_is_written_out(index: str | None) -> None:
    (found,) = upload(workload("StatefulSet", "db")).inventory.pods
    labels = {} if index is None else {"apps.kubernetes.io/pod-index": index}
    (manifest,) = pod_manifests([replace(found, labels=labels)])
    assert upload(manifest).inventory.pods[0].labels == {
        key: value for key, value in _numbered("0").items() if key != "app"
    }


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
                pod("x/web-1-a", {HASH: "1"}, owner="ReplicaSet/web-1"),
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
            [
                workload("Deployment", "web"),
                pod("x/web-1-a", {HASH: "1"}, owner="ReplicaSet/web-1"),
            ],
            ["web-1-a < ReplicaSet/web-1"],
            id="ReplicaSet not in the upload",
        ),
        pytest.param(
            [
                workload("Deployment", "web"),
                pod("y/web-1-a", {HASH: "1"}, owner="ReplicaSet/web-1"),
            ],
            ["web < Deployment/web *", "web-1-a < ReplicaSet/web-1"],
            id="pods of another namespace",
        ),
        pytest.param(
            [
                workload("Deployment", "web"),
                pod("x/api-1-a", {HASH: "1"}, owner="ReplicaSet/api-1"),
            ],
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
                pod("x/web-2-a", {HASH: "2"}, owner="ReplicaSet/web-2"),
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
        pytest.param(
            [workload("Deployment", "web"), pod("x/web-1-a", owner="ReplicaSet/web-1")],
            ["web < Deployment/web *", "web-1-a < ReplicaSet/web-1"],
            id="a ReplicaSet of which only the name is like a Deployment's",
        ),
        pytest.param(
            [
                workload("Deployment", "web"),
                pod("x/web-1-a", {HASH: "2"}, owner="ReplicaSet/web-1"),
            ],
            ["web < Deployment/web *", "web-1-a < ReplicaSet/web-1"],
            id="a ReplicaSet of another hash",
        ),
        pytest.param(
            [
                workload("Deployment", "web"),
                workload("ReplicaSet", "web-1"),
                pod("x/web-1-a", {HASH: "1"}, owner="ReplicaSet/web-1"),
                pod("x/web-1-b", {HASH: "1"}, owner="ReplicaSet/web-1"),
            ],
            [
                "web < Deployment/web *",
                "web-1-a < ReplicaSet/web-1",
                "web-1-b < ReplicaSet/web-1",
            ],
            id="a ReplicaSet that its Deployment left behind",
        ),
        pytest.param(
            [
                workload("CronJob", "tidy"),
                workload("Job", "tidy-12"),
                pod("x/tidy-12-a", owner="Job/tidy-12"),
                pod("x/tidy-12-b", owner="Job/tidy-12", phase="Failed"),
            ],
            ["tidy < CronJob/tidy *", "tidy-12-a < Job/tidy-12", "tidy-12-b < Job/tidy-12"],
            id="a Job of which only the name is like a CronJob's",
        ),
        pytest.param(
            [workload("CronJob", "tidy"), pod("x/tidy-up-a", owner="Job/tidy-up")],
            ["tidy < CronJob/tidy *", "tidy-up-a < Job/tidy-up"],
            id="a Job that is named after no minute",
        ),
        pytest.param(
            [
                workload("Deployment", "server", "ArgoCD/argocd"),
                workload("Deployment", "redis", "ArgoCD/argocd"),
                workload("StatefulSet", "controller", "ArgoCD/argocd"),
                workload("Job", "init-1", "ArgoCD/argocd"),
                workload("Job", "init-2", "ArgoCD/argocd"),
            ],
            [
                "controller < StatefulSet/controller *",
                "init-1 < Job/init-1 *",
                "init-2 < Job/init-2 *",
                "redis < Deployment/redis *",
                "server < Deployment/server *",
            ],
            id="what a custom resource controls",
        ),
        pytest.param(
            [
                workload("Deployment", "server", "ArgoCD/argocd"),
                workload("Deployment", "redis", "ArgoCD/argocd"),
                workload("ReplicaSet", "redis-1", "Deployment/redis"),
                pod("x/redis-1-a", {HASH: "1"}, owner="ReplicaSet/redis-1"),
            ],
            ["redis-1-a < ReplicaSet/redis-1", "server < Deployment/server *"],
            id="what a custom resource controls, one with pods",
        ),
        pytest.param(
            [
                workload("Deployment", "operator"),
                workload("DaemonSet", "agent", "Deployment/operator"),
            ],
            ["agent < DaemonSet/agent *", "agent-2 < DaemonSet/agent *", *OPERATOR],
            id="an operator and what it controls",
        ),
        pytest.param(
            [
                workload("Deployment", "operator"),
                workload("DaemonSet", "agent", "Deployment/operator"),
                pod("x/agent-a", owner="DaemonSet/agent"),
            ],
            ["agent-a < DaemonSet/agent", *OPERATOR],
            id="the pods of what an operator controls",
        ),
        pytest.param(
            [
                workload("Deployment", "operator"),
                workload("Deployment", "agent", "Deployment/operator"),
                workload("ReplicaSet", "agent-1", "Deployment/agent"),
                pod("x/agent-1-a", {HASH: "1"}, owner="ReplicaSet/agent-1"),
            ],
            ["agent-1-a < ReplicaSet/agent-1", *OPERATOR],
            id="the pods of a Deployment that an operator controls",
        ),
        pytest.param(
            [
                workload("ReplicaSet", "web-1", "Rollout/web"),
                workload("ReplicaSet", "web-2", "Rollout/web", replicas=0),
                workload("ReplicaSet", "web-3", "Rollout/web"),
            ],
            ["web-1 < ReplicaSet/web-1 *", "web-3 < ReplicaSet/web-3 *"],
            id="a canary",
        ),
        pytest.param(
            [
                workload("ReplicaSet", "web-1", "Rollout/web"),
                workload("ReplicaSet", "web-2", "Rollout/web"),
                pod("x/web-2-a", owner="ReplicaSet/web-2"),
            ],
            ["web-1 < ReplicaSet/web-1 *", "web-2-a < ReplicaSet/web-2"],
            id="a canary, of one of which the pods are there",
        ),
        pytest.param(
            [
                workload("ReplicaSet", "web-1", "Rollout/web", replicas=None),
                workload("ReplicaSet", "web-2", "Rollout/web", replicas=0),
            ],
            ["web-1 < ReplicaSet/web-1 *", "web-1-2 < ReplicaSet/web-1 *"],
            id="without replicas there is one",
        ),
        pytest.param(
            [
                workload("ReplicaSet", "web-1", "Rollout/web", replicas=0),
                workload("ReplicaSet", "web-2", "Rollout/web", replicas=0),
            ],
            ["web-2 < ReplicaSet/web-2 *"],
            id="nothing runs",
        ),
        pytest.param(
            [
                workload("ReplicaSet", "web-1", "Deployment/web", replicas=0),
                pod("x/web-2-a", {HASH: "2"}, owner="ReplicaSet/web-2"),
            ],
            ["web-2-a < ReplicaSet/web-2"],
            id="neither the Deployment nor the ReplicaSet that has pods is in the upload",
        ),
        pytest.param(
            [
                workload("Job", "tidy-1", "CronJob/tidy", status=COMPLETE),
                workload("Job", "tidy-2", "CronJob/tidy"),
                workload("Job", "tidy-3", "CronJob/tidy"),
                pod("x/tidy-1-a", owner="Job/tidy-1", phase="Succeeded"),
            ],
            ["tidy-1-a < Job/tidy-1", "tidy-3 < Job/tidy-3 *"],
            id="Jobs of a CronJob that is not in the upload",
        ),
        *(
            pytest.param(
                [workload(kind, "web"), pod("x/web-a", owner=f"{kind}/web", phase=phase)],
                [f"web < {kind}/web *", f"web-a < {kind}/web"],
                id=f"a {kind} whose pod has {phase}",
            )
            for kind in (*REPLICATED, "Job", "CronJob")
            for phase in ("Failed", "Succeeded")
        ),
        pytest.param(
            [
                workload("Deployment", "web"),
                workload("ReplicaSet", "web-1", "Deployment/web"),
                pod("x/web-1-a", {HASH: "1"}, owner="ReplicaSet/web-1", phase="Failed"),
            ],
            ["web < Deployment/web *", "web-1-a < ReplicaSet/web-1"],
            id="a Deployment whose pod was evicted",
        ),
        *(
            pytest.param(
                [
                    workload("Job", "once", status=status),
                    pod("x/once-a", owner="Job/once", phase="Failed"),
                ],
                ["once-a < Job/once"],
                id=f"a Job that is {status['conditions'][0]['type']}",
            )
            for status in (COMPLETE, FAILED)
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
