"""Pods from what an engine keeps about them, for dumps that hold no pods.

Such objects count only where no Pod is in the upload; beside pods they say nothing new.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from service.manifests import calico, cilium
from service.manifests.calico import read_calico_workload
from service.manifests.calico_fields import Note
from service.manifests.cilium import read_cilium_workload
from service.manifests.endpoint_reading import EndpointReading
from service.manifests.pods import port_order
from service.manifests.report import Report
from service.manifests.source import Source
from service.manifests.workloads import Workload
from service.model.finding import Severity
from service.model.inventory import METADATA_NAME_LABEL, Namespace, Node, Owner, Pod

_Read = Callable[[Mapping[str, Any]], tuple[EndpointReading | None, tuple[Note, ...]]]

READERS: dict[tuple[str, str], _Read] = {
    **dict.fromkeys(cilium.WORKLOAD_KINDS, read_cilium_workload),
    **dict.fromkeys(calico.WORKLOAD_KINDS, read_calico_workload),
}
#: What is not known of pods that such objects stand for.
_NOT_KEPT = {
    "CiliumEndpoint": "labels that it ignores, ports without a name, hostNetwork pods",
    "WorkloadEndpoint": "ports without a name, which ports are of init containers, hostNetwork "
    "pods, labels of namespaces and service accounts",
}
_NAMED = 3


class StandIns:
    """Takes such objects one by one."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._found: dict[tuple[str, str], tuple[Source, EndpointReading]] = {}

    def add(self, source: Source) -> None:
        """An object of a kind in `READERS`."""
        raw = source.content(self._report)
        if raw is None:
            return
        read, notes = READERS[source.api_version, source.kind](raw)
        for note in notes:
            severity = note.severity or Severity.HIGH
            self._report.problem(source, note.code, severity, note.detail, note.pointer)
        if read is not None:
            self._found.setdefault((read.pod.namespace, read.pod.name), (source, read))

    def pods(
        self, workloads: Sequence[Workload], pods: Sequence[Pod], nodes: Iterable[Node]
    ) -> list[Pod]:
        """The pods of the upload, or those that stand for them."""
        if not self._found:
            return list(pods)
        if pods:
            self._tell_beside(pods)
            return list(pods)
        self._tell()
        by_namespace: dict[str, list[Workload]] = {}
        for each in workloads:
            by_namespace.setdefault(each.pod.namespace, []).append(each)
        by_address = {address: node.name for node in nodes for address in node.addresses}
        return [
            _owned(_placed(read, by_address), by_namespace.get(read.pod.namespace, ()))
            for _, read in self._found.values()
        ]

    def node_addresses(self, pods: Sequence[Pod]) -> Iterator[tuple[str, str, str]]:
        """Addresses of nodes, each with namespace and name of the pod that tells it."""
        for _, read in self._found.values() if not pods else ():
            if read.node_address:
                yield read.node_address, read.pod.namespace, read.pod.name

    def namespaces(self, given: Iterable[Namespace], pods: Sequence[Pod]) -> list[Namespace]:
        """The namespaces of the upload, and those that only identities tell of."""
        found = {each.name: each for each in given}
        if not pods:
            for _, read in self._found.values():
                name = read.pod.namespace
                if read.namespace_labels and name not in found:
                    labels = {**read.namespace_labels, METADATA_NAME_LABEL: name}
                    found[name] = Namespace(name, dict(sorted(labels.items())))
        return list(found.values())

    def _tell(self) -> None:
        counts = Counter(source.kind for source, _ in self._found.values())
        first = {source.kind: source for source, _ in reversed(self._found.values())}
        for kind, count in sorted(counts.items()):
            self._report.problem(
                first[kind],
                "PodsFromEndpoints",
                Severity.MEDIUM,
                f"the upload holds no Pods; {count} {kind} objects stand for them, "
                f"which lack what the engine does not keep: {_NOT_KEPT[kind]}",
            )

    def _tell_beside(self, pods: Iterable[Pod]) -> None:
        known = {(each.namespace, each.name) for each in pods}
        missing = [key for key in self._found if key not in known]
        if not missing:
            return
        source, _ = self._found[missing[0]]
        named = ", ".join(f"{namespace}/{name}" for namespace, name in missing[:_NAMED])
        more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
        self._report.problem(
            source,
            "EndpointsBesidePods",
            Severity.MEDIUM,
            f"the upload holds Pods, so endpoints stand for none; these have no Pod in it and are "
            f"left out: {named}{more}",
        )


def _placed(read: EndpointReading, nodes: Mapping[str, str]) -> Pod:
    """The pod on its node, its ports as a Pod object's are: the same written out and read."""
    pod = read.pod
    return replace(
        pod,
        node=pod.node or nodes.get(read.node_address),
        ports=tuple(sorted(set(pod.ports), key=port_order)),
        labels=dict(sorted(pod.labels.items())),
    )


def _owned(pod: Pod, workloads: Iterable[Workload]) -> Pod:
    """The pod with its workload: the one that it is named after and has the labels of."""
    if pod.owner is not None:
        return pod
    chosen = [
        each
        for each in workloads
        # What made a ReplicaSet or Job is what the pod is said to belong to.
        if (each.controller is None or each.kind not in {"ReplicaSet", "Job"})
        and pod.name.startswith(f"{each.pod.name}-")
        and all(each.pod.labels.get(key, value) == value for key, value in pod.labels.items())
    ]
    if not chosen:
        return pod
    workload = max(chosen, key=lambda each: len(each.pod.name))
    return replace(pod, owner=Owner(workload.kind, workload.pod.name))
