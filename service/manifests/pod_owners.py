"""What the names and labels of pods tell of their controllers, and the other way round.

Controllers mark the pods that they make: kubernetes/kubernetes pkg/controller/{deployment,
statefulset,daemon,job,cronjob}, pkg/registry/batch/job/strategy.go and staging/src/k8s.io/api
(label constants).
"""

from __future__ import annotations

from collections.abc import Mapping

from service.model.inventory import Owner

_REPLICA_SET = "pod-template-hash"
_STATEFUL_SET = "statefulset.kubernetes.io/pod-name"
_ORDINAL = "apps.kubernetes.io/pod-index"
_REVISION = "controller-revision-hash"
_DAEMON_SET = "pod-template-generation"
_JOBS = ("batch.kubernetes.io/job-name", "job-name")


def owner_by_labels(name: str, labels: Mapping[str, str]) -> Owner | None:
    """The nearest controller that the labels tell of; None where they tell of none."""
    for key in _JOBS:
        job = labels.get(key)
        if job and name.startswith(f"{job}-"):
            return Owner("Job", job)
    base, dash, last = name.rpartition("-")
    if not dash:
        return None
    if labels.get(_STATEFUL_SET) == name and last.isdecimal():
        return Owner("StatefulSet", base)
    template = labels.get(_REPLICA_SET)
    if template and base.endswith(f"-{template}"):
        return Owner("ReplicaSet", base)
    if _REVISION in labels and _DAEMON_SET in labels:
        return Owner("DaemonSet", base)
    return None


def maker_of(owner: Owner, labels: Mapping[str, str]) -> Owner | None:
    """The Deployment or CronJob of a ReplicaSet or Job that only a pod with these labels names."""
    base, _, last = owner.name.rpartition("-")
    if not base:
        return None
    if owner.kind == "ReplicaSet" and labels.get(_REPLICA_SET) == last:
        return Owner("Deployment", base)
    # A CronJob names its Jobs after the minute that they are due at (pkg/controller/cronjob).
    if owner.kind == "Job" and last.isdecimal():
        return Owner("CronJob", base)
    return None


def with_job_name(labels: Mapping[str, str], name: str) -> dict[str, str]:
    """What the API server makes of the labels of a Job's template (`generateSelector`)."""
    return dict(sorted({**dict.fromkeys(_JOBS, name), **labels}.items()))


def without_job_name(labels: Mapping[str, str], name: str) -> dict[str, str] | None:
    """The labels that it makes these of; None where it would not make these of any."""
    if any(key not in labels for key in _JOBS):
        return None
    return {key: each for key, each in labels.items() if key not in _JOBS or each != name}


def with_ordinal(labels: Mapping[str, str], name: str, ordinal: int) -> dict[str, str]:
    """The labels of a StatefulSet's pod (`updateIdentity`), whatever the template says of them."""
    own = {_STATEFUL_SET: f"{name}-{ordinal}", _ORDINAL: f"{ordinal}"}
    return dict(sorted({**labels, **own}.items()))


def without_ordinal(labels: Mapping[str, str]) -> tuple[dict[str, str], int]:
    """The labels of a template that such a pod is of, and the pod's ordinal."""
    given = {key: each for key, each in labels.items() if key not in {_STATEFUL_SET, _ORDINAL}}
    # In inventories that were stored by earlier releases it is what the template says, if anything.
    told = labels.get(_ORDINAL, "")
    return given, int(told) if told.isdecimal() else 0
