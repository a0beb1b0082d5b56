"""Workloads: which of them stand for a pod that is not in the upload."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import msgspec

from service.manifests.metadata import Metadata
from service.manifests.pod_fields import PodSpec
from service.manifests.pod_owners import maker_of, with_job_name, with_ordinal
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


#: The field has 32 bits.
_LAST_ORDINAL = (1 << 31) - 1


class Ordinals(msgspec.Struct, frozen=True):
    """`spec.ordinals` of a StatefulSet."""

    start: int = 0


class WorkloadSpec(msgspec.Struct, rename="camel", frozen=True):
    """What is read of the spec of every kind of workload."""

    template: Template | None = None
    job_template: JobTemplate | None = None
    replicas: int | None = None
    parallelism: int | None = None
    manual_selector: bool = False
    ordinals: Ordinals | None = None

    def has_several_pods(self, kind: str) -> bool:
        """Whether a workload of this kind has more than one pod at a time.

        Where `replicas` is missing it may have: the API server makes it one, but it is to be left
        out where a HorizontalPodAutoscaler sets it (https://kubernetes.io/docs/tasks/
        run-application/horizontal-pod-autoscale, "Migrating Deployments and StatefulSets to
        horizontal autoscaling").
        """
        match kind:
            case "DaemonSet":
                return True
            case "Job":
                return (self.parallelism or 0) > 1
            case "CronJob":
                job = self.job_template.spec if self.job_template is not None else JobSpec()
                return (job.parallelism or 0) > 1
            case _:
                return self.replicas is None or self.replicas > 1

    @property
    def first_ordinal(self) -> int:
        """The number of a StatefulSet's first pod; 0 for one that the API server refuses."""
        start = self.ordinals.start if self.ordinals is not None else 0
        return start if 0 <= start <= _LAST_ORDINAL else 0


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
    """A workload, with the pod that its template makes."""

    kind: str
    pod: Pod
    controller: Owner | None
    replicas: int | None
    is_finished: bool
    has_several_pods: bool = False
    first_ordinal: int = 0
    manual_selector: bool = False

    @property
    def key(self) -> _Key:
        """What identifies it."""
        return self.pod.namespace, self.kind, self.pod.name

    @property
    def will_start_no_pods(self) -> bool:
        """Whether it is a Job that has ended."""
        return self.kind == "Job" and self.is_finished

    def stand_in(self, at: int) -> Pod:
        """One of its pods, counted from 0, with the labels that the template does not show.

        Those that hold a hash or a UID are left out: nothing in the upload tells them.
        """
        pod, name = self.pod, self.pod.name
        if self.kind == "StatefulSet":
            return replace(pod, labels=with_ordinal(pod.labels, name, self.first_ordinal + at))
        if self.kind == "Job" and not self.manual_selector:
            return replace(pod, labels=with_job_name(pod.labels, name))
        return pod


_Key = tuple[str, str, str]


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
        maker = _maker(each)
        if maker is None:
            if each.key not in covered and not each.will_start_no_pods:
                standing.append(each)
        elif maker not in by_key:
            orphans[maker].append(each)
    for maker, group in orphans.items():
        standing.extend(_of_one_maker(group, covered, has_pods=maker in covered))
    return _with_own_names(standing, listed)


def _maker(workload: Workload) -> _Key | None:
    """What made it as one version or run of itself; None where it is a thing of its own.

    ReplicaSets are versions of a Deployment, or of what does as one does (an Argo Rollout), and
    Jobs are runs of a CronJob. Whatever else is controlled (the Deployments of an operator's custom
    resource, the Jobs of a JobSet) runs beside its siblings.
    """
    owner = workload.controller
    if owner is None:
        return None
    is_version = workload.kind == "ReplicaSet"
    is_run = workload.kind == "Job" and owner.kind == "CronJob"
    return (workload.pod.namespace, owner.kind, owner.name) if is_version or is_run else None


def _covered(pods: Iterable[Pod], workloads: dict[_Key, Workload]) -> set[_Key]:
    """The workloads that have pods of their own, directly or through a ReplicaSet or Job.

    Pods that have finished cover none: a workload goes on to make others, unless it is a Job that
    has ended itself, and that stands for no pod anyway.
    """
    covered: set[_Key] = set()
    for pod in pods:
        if pod.owner is None or pod.is_finished:
            continue
        key = (pod.namespace, pod.owner.kind, pod.owner.name)
        covered.add(key)
        maker = _maker_of_owner(pod, pod.owner, workloads.get(key))
        if maker is not None:
            covered.add(maker)
    return covered


def _maker_of_owner(pod: Pod, owner: Owner, found: Workload | None) -> _Key | None:
    """What made the owner of a pod; where that is not in the upload, the pod tells."""
    if found is not None:
        return _maker(found)
    told = maker_of(owner, pod.labels)
    return None if told is None else (pod.namespace, told.kind, told.name)


def _of_one_maker(
    group: Sequence[Workload], covered: set[_Key], *, has_pods: bool
) -> list[Workload]:
    """Of the ReplicaSets or Jobs of something that is not in the upload, those that stand for it.

    ReplicaSets with replicas have pods, all of them at the same time (a canary); of the others,
    which keep what was before, one does where nothing else has pods. Of Jobs the newest does.
    """
    serving = [each for each in group if each.kind == "ReplicaSet" and each.replicas != 0]
    if serving:
        return [each for each in serving if each.key not in covered]
    alive = [each for each in group if not each.will_start_no_pods]
    if has_pods or not alive or any(each.key in covered for each in group):
        return []
    return [max(alive, key=lambda each: each.pod.name)]


def _with_own_names(standing: Iterable[Workload], pods: Iterable[Pod]) -> list[Pod]:
    """Each pod bears its workload's name, or one made from its kind where that is taken.

    All workloads are named before any of them gets a second pod.
    """
    taken = {(each.namespace, each.name) for each in pods}
    in_order = sorted(standing, key=lambda each: each.key)
    found = [_named(each.stand_in(0), f"-{each.kind.lower()}", taken) for each in in_order]
    several = [
        replace(each.stand_in(1), name=pod.name)
        for each, pod in zip(in_order, found, strict=True)
        if each.has_several_pods
    ]
    return found + [_named(each, "-2", taken) for each in several]


def _named(pod: Pod, suffix: str, taken: set[tuple[str, str]]) -> Pod:
    """The pod by its name, with a suffix as often as it takes to be one that is not taken."""
    name = pod.name
    while (pod.namespace, name) in taken:
        name += suffix
    taken.add((pod.namespace, name))
    return pod if name == pod.name else replace(pod, name=name)
