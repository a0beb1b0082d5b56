"""Look-ups over a snapshot that many rules share; built once for each question."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any, TypeVar

from service.analysis.rulebook.answers import Affected, AffectedKind
from service.analysis.rulebook.ranges import Ranges, points_of
from service.analysis.stated import StatedFacts
from service.model.cluster import ClusterRecord
from service.model.inventory import METADATA_NAME_LABEL, WINDOWS, Pod, Service
from service.model.network_policy import NetworkPolicy
from service.model.policy import Policy, PolicyRef
from service.model.snapshot import Snapshot

Kept = TypeVar("Kept")


class Sight:
    """What there is: policies, the pods that they can police, and who selects whom."""

    def __init__(self, snapshot: Snapshot, cluster: ClusterRecord, stated: StatedFacts) -> None:
        self.snapshot = snapshot
        self.cluster = cluster
        self.stated = stated
        self._selected: dict[PolicyRef, tuple[Pod, ...]] = {}
        self._selecting: dict[object, tuple[NetworkPolicy, ...]] = {}
        self._remembered: dict[object, Any] = {}

    def remembered(self, key: tuple[object, ...], make: Callable[[], Kept]) -> Kept:
        """What `make` gave the first time that it was asked for with a key."""
        if key not in self._remembered:
            self._remembered[key] = make()
        found: Kept = self._remembered[key]
        return found

    @cached_property
    def policies(self) -> tuple[NetworkPolicy, ...]:
        """The NetworkPolicies."""
        found = self.snapshot.policy_set.policies
        return tuple(each for each in found if isinstance(each, NetworkPolicy))

    @cached_property
    def other_policies(self) -> tuple[Policy, ...]:
        """Policies of every other kind."""
        found = self.snapshot.policy_set.policies
        return tuple(each for each in found if not isinstance(each, NetworkPolicy))

    @cached_property
    def _by_namespace(self) -> Mapping[str, list[NetworkPolicy]]:
        found: dict[str, list[NetworkPolicy]] = {}
        for policy in self.policies:
            found.setdefault(policy.ref.namespace, []).append(policy)
        return found

    @cached_property
    def pods(self) -> tuple[Pod, ...]:
        """Pods with a network of their own."""
        return tuple(each for each in self.running if not each.host_network)

    @cached_property
    def host_pods(self) -> tuple[Pod, ...]:
        """Pods that use their node's network."""
        return tuple(each for each in self.running if each.host_network)

    @cached_property
    def running(self) -> tuple[Pod, ...]:
        """Every pod that has not finished."""
        return tuple(each for each in self.snapshot.inventory.pods if not each.is_finished)

    @cached_property
    def _pods_of(self) -> Mapping[str, list[Pod]]:
        found: dict[str, list[Pod]] = {}
        for pod in self.pods:
            found.setdefault(pod.namespace, []).append(pod)
        return found

    @cached_property
    def _namespace_labels(self) -> Mapping[str, Mapping[str, str]]:
        return {each.name: each.labels for each in self.snapshot.inventory.namespaces}

    def namespace_labels(self, name: str) -> Mapping[str, str]:
        """The labels of a namespace, with the one that every namespace has."""
        return self._namespace_labels.get(name, {METADATA_NAME_LABEL: name})

    @cached_property
    def service_points(self) -> tuple[tuple[Service, tuple[int, ...]], ...]:
        """Every Service with its cluster addresses."""
        return tuple(
            (each, points_of(each.cluster_addresses)) for each in self.snapshot.inventory.services
        )

    @property
    def namespaces(self) -> tuple[str, ...]:
        """Every namespace that the snapshot knows."""
        return tuple(self._namespace_labels)

    def pods_in(self, namespace: str) -> list[Pod]:
        """The policed pods of a namespace."""
        return self._pods_of.get(namespace, [])

    def selected(self, policy: NetworkPolicy) -> tuple[Pod, ...]:
        """The pods that a policy selects and engines can police."""
        found = self._selected.get(policy.ref)
        if found is None:
            pods = self.pods_in(policy.ref.namespace)
            found = tuple(pod for pod in pods if policy.pod_selector.matches(pod.labels))
            self._selected[policy.ref] = found
        return found

    def selecting(self, pod: Pod) -> tuple[NetworkPolicy, ...]:
        """The policies that select a pod."""
        key = label_key(pod)
        found = self._selecting.get(key)
        if found is None:
            policies = self._by_namespace.get(pod.namespace, ())
            found = tuple(each for each in policies if each.pod_selector.matches(pod.labels))
            self._selecting[key] = found
        return found

    @property
    def knows_pods(self) -> bool:
        """Whether the snapshot has any pod; without, what a policy selects is not known."""
        return bool(self.running)

    @cached_property
    def kinds(self) -> tuple[tuple[Pod, ...], ...]:
        """The policed pods, those of one namespace with the same labels and ports together."""
        found: dict[object, list[Pod]] = {}
        for pod in self.pods:
            labels = tuple(sorted(pod.labels.items()))
            key = (pod.namespace, labels, pod.ports, self.os_of(pod))
            found.setdefault(key, []).append(pod)
        return tuple(tuple(pods) for pods in found.values())

    @cached_property
    def _node_os(self) -> Mapping[str, str]:
        return {each.name: each.os for each in self.snapshot.inventory.nodes}

    def os_of(self, pod: Pod) -> str | None:
        """The operating system that a pod runs on; None where that is open."""
        if pod.os is not None:
            return pod.os
        if pod.node in self._node_os:
            return self._node_os[pod.node or ""]
        return next(iter(self.systems)) if self.systems and len(self.systems) == 1 else None

    @cached_property
    def systems(self) -> frozenset[str] | None:
        """The operating systems of the cluster's nodes; None where they are not known."""
        found = {each.os for each in self.snapshot.inventory.nodes}
        pools = self.cluster.node_pools
        found |= {each.os_type.lower() for each in pools if each.os_type}
        if not found or any(each.os_type is None for each in pools):
            return None
        return frozenset(found)

    @property
    def has_windows(self) -> bool | None:
        """Whether there are Windows nodes; None where that is not known."""
        known = {each.os for each in self.snapshot.inventory.nodes}
        known |= {(each.os_type or "").lower() for each in self.cluster.node_pools}
        if WINDOWS in known:
            return True
        return None if self.systems is None else False

    @cached_property
    def ranges(self) -> Ranges:
        """The addresses of pods, nodes and Services."""
        network = self.cluster.network_profile
        pod_cidrs = (
            *self.snapshot.facts.pod_cidrs,
            *network.pod_cidrs,
            *(self.stated.pod_cidrs or ()),
        )
        return Ranges(
            self.pods,
            self.snapshot.inventory.nodes,
            pod_cidrs,
            self.stated.node_cidrs,
            network.service_cidrs,
        )


def label_key(pod: Pod) -> tuple[object, ...]:
    """Equal for the pods that no NetworkPolicy can tell apart as subjects."""
    return pod.namespace, tuple(sorted(pod.labels.items()))


def affected_service(service: Service) -> Affected:
    """A Service, as something that a rule is about."""
    return Affected(AffectedKind.SERVICE, service.name, service.namespace)


def workloads(pods: Iterable[Pod]) -> tuple[Affected, ...]:
    """The workloads of some pods, each once."""
    found = dict.fromkeys((pod.namespace, pod.workload) for pod in pods)
    return tuple(Affected(AffectedKind.WORKLOAD, name, place) for place, name in found)
