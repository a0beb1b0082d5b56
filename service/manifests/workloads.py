"""Workloads: which of them stand for a pod that is not in the upload."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import msgspec

from service.manifests.metadata import Metadata
from service.manifests.pod_fields import PodSpec
from service.model.inventory import Owner, Pod


class Template(msgspec.Struct, frozen=True):
    """A pod template."""

    metadata: Metadata = Metadata()
    spec: PodSpec = PodSpec()


class JobSpec(msgspec.Struct, frozen=True):
    """What a CronJob's template says of its jobs."""

    template: Template | None = None
    parallelism: int | None = None


class JobTemplate(msgspec.Struct, frozen=True):
    """`spec.jobTemplate` of a CronJob."""

    spec: JobSpec = JobSpec()


class WorkloadSpec(msgspec.Struct, rename="camel", frozen=True):
    """What is read of the spec of every kind of workload."""

    template: Template | None = None
    job_template: JobTemplate | None = None
    replicas: int | None = None
    parallelism: int | None = None

    def has_several_pods(self, kind: str) -> bool:
        """Whether a workload of this kind has more than one pod at a time.

        One is what the API server sets for `replicas` and `parallelism` where they are missing.
        """
        if kind == "DaemonSet":
            return True
        job = self.job_template.spec if self.job_template is not None else None
        counts = (self.replicas, self.parallelism, job.parallelism if job is not None else None)
        return any(each is not None and each > 1 for each in counts)


class WorkloadCondition(msgspec.Struct, frozen=True):
    """One of `status.conditions`."""

    type: str = ""
    status: str = ""


class WorkloadStatus(msgspec.Struct, frozen=True):
    """What is read of a workload's status."""

    conditions: list[WorkloadCondition] = []


class WorkloadObject(msgspec.Struct, frozen=True):
    """A Deployment, ReplicaSet, StatefulSet, DaemonSet, Job, CronJob or ReplicationController."""

    metadata: Metadata = Metadata()
    spec: WorkloadSpec = WorkloadSpec()
    status: WorkloadStatus = WorkloadStatus()

    @property
    def is_finished_job(self) -> bool:
        """Whether it is a Job that will start no more pods."""
        return any(
            each.status == "True" and each.type in {"Complete", "Failed"}
            for each in self.status.conditions
        )


@dataclass(frozen=True, slots=True)
class Workload:
    """A workload, with the pod that it stands for if it has none of its own."""

    kind: str
    pod: Pod
    controller: Owner | None
    replicas: int | None
    is_finished: bool
    has_several_pods: bool = False

    @property
    def key(self) -> _Key:
        """What identifies it."""
        return self.pod.namespace, self.kind, self.pod.name


_Key = tuple[str, str, str]

#: What makes the pods of a workload on its behalf, named `<workload>-<suffix>`.
_MADE_BY = {"ReplicaSet": "Deployment", "Job": "CronJob"}


def template_pods(workloads: Sequence[Workload], pods: Iterable[Pod]) -> list[Pod]:
    """The pods that stand for workloads without pods in the upload, with names that are not taken.

    Two where a workload has several, for what those may say to each other; one otherwise.
    """
    listed = list(pods)
    by_key = {each.key: each for each in workloads}
    covered = _covered(listed, by_key)
    standing: list[Workload] = []
    orphans: defaultdict[_Key, list[Workload]] = defaultdict(list)
    for each in workloads:
        above = _key_above(each)
        if above is None:
            if each.key not in covered and not (each.kind == "Job" and each.is_finished):
                standing.append(each)
        elif above not in by_key:
            orphans[above].append(each)
    newest = (_newest(group, covered) for group in orphans.values())
    standing.extend(each for each in newest if each is not None)
    return _with_own_names(standing, listed)


def _key_above(workload: Workload) -> _Key | None:
    owner = workload.controller
    return None if owner is None else (workload.pod.namespace, owner.kind, owner.name)


def _covered(pods: Iterable[Pod], workloads: dict[_Key, Workload]) -> set[_Key]:
    """The workloads that have pods of their own, directly or through others."""
    covered: set[_Key] = set()
    finished: set[_Key] = set()
    for pod in pods:
        if pod.owner is None:
            continue
        key: _Key | None
        key = named = (pod.namespace, pod.owner.kind, pod.owner.name)
        if pod.is_finished and pod.owner.kind == "Job":
            # A CronJob goes on to make pods after the last one has finished.
            finished.add(named)
            continue
        while key is not None and key not in covered:
            covered.add(key)
            key = _above(key, workloads)
    return covered | finished


def _above(key: _Key, workloads: dict[_Key, Workload]) -> _Key | None:
    """The controller of a controller; where that is not in the upload, its name tells."""
    found = workloads.get(key)
    if found is not None:
        return _key_above(found)
    namespace, kind, name = key
    maker, (base, dash, _) = _MADE_BY.get(kind), name.rpartition("-")
    return (namespace, maker, base) if maker and dash else None


def _newest(group: Sequence[Workload], covered: set[_Key]) -> Workload | None:
    """Of ReplicaSets or Jobs of one absent owner, the one that stands for all, if any."""
    if any(each.key in covered for each in group):
        return None
    alive = [each for each in group if not each.is_finished]
    return max(alive, key=lambda each: (each.replicas or 0, each.pod.name), default=None)


def _with_own_names(standing: Iterable[Workload], pods: Iterable[Pod]) -> list[Pod]:
    """Each pod bears its workload's name, or one made from its kind where that is taken.

    All workloads are named before any of them gets a second pod.
    """
    taken = {(each.namespace, each.name) for each in pods}
    in_order = sorted(standing, key=lambda each: each.key)
    found = [_named(each.pod, f"-{each.kind.lower()}", taken) for each in in_order]
    several = [pod for each, pod in zip(in_order, found, strict=True) if each.has_several_pods]
    return found + [_named(each, "-2", taken) for each in several]


def _named(pod: Pod, suffix: str, taken: set[tuple[str, str]]) -> Pod:
    """The pod by its name, with a suffix as often as it takes to be one that is not taken."""
    name = pod.name
    while (pod.namespace, name) in taken:
        name += suffix
    taken.add((pod.namespace, name))
    return pod if name == pod.name else replace(pod, name=name)
