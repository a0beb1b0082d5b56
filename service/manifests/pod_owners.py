"""The controller of a pod, where only its name and labels tell of it.

Controllers mark the pods that they make: kubernetes/kubernetes pkg/controller/{deployment,
statefulset,daemon,job} and staging/src/k8s.io/api (label constants).
"""

from __future__ import annotations

from collections.abc import Mapping

from service.model.inventory import Owner

_REPLICA_SET = "pod-template-hash"
_STATEFUL_SET = "statefulset.kubernetes.io/pod-name"
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
