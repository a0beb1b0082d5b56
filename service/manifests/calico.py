"""Calico's objects, in both API forms, from plain JSON values to typed ones.

`projectcalico.org/v3` objects are checked as the v3 API and calicoctl check them.
`crd.projectcalico.org/v1` objects are what open-source Calico stores; nothing validates them,
so what Felix cannot read of them is a problem of the upload and not a fault.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.manifests.calico_fields import Members, Note, Notes
from service.manifests.calico_names import METADATA_ANNOTATION, CalicoName, name_of
from service.manifests.calico_objects import (
    read_host_endpoint,
    read_network_set,
    read_profile,
    read_tier,
)
from service.manifests.calico_policies import (
    read_policy,
    read_staged_kubernetes_policy,
    read_staged_policy,
    tier_of,
)
from service.manifests.calico_workloads import read_workload_endpoint
from service.manifests.names import dns_subdomain_fault
from service.model.calico import API, STORED_API, CalicoObject, CalicoPolicy
from service.model.inventory import Pod
from service.model.policy import PolicyRef, Position

_Reader = Callable[[CalicoName, Members, Members, Position], CalicoObject]

_READERS: Mapping[str, _Reader] = {
    "NetworkPolicy": lambda name, metadata, spec, at: read_policy(name, spec, at),
    "GlobalNetworkPolicy": lambda name, metadata, spec, at: read_policy(name, spec, at),
    "StagedNetworkPolicy": lambda name, metadata, spec, at: read_staged_policy(name, spec, at),
    "StagedGlobalNetworkPolicy": lambda name, metadata, spec, at: read_staged_policy(
        name, spec, at
    ),
    "StagedKubernetesNetworkPolicy": lambda name, metadata, spec, at: read_staged_kubernetes_policy(
        name, spec, at
    ),
    "Tier": lambda name, metadata, spec, at: read_tier(name, spec, at),
    "NetworkSet": lambda name, metadata, spec, at: read_network_set(name, spec, at, metadata),
    "GlobalNetworkSet": lambda name, metadata, spec, at: read_network_set(name, spec, at, metadata),
    "HostEndpoint": lambda name, metadata, spec, at: read_host_endpoint(name, spec, at, metadata),
    "Profile": lambda name, metadata, spec, at: read_profile(name, spec, at),
}
_NAMESPACED = frozenset(
    {
        *("NetworkPolicy", "NetworkSet"),
        *("StagedNetworkPolicy", "StagedKubernetesNetworkPolicy"),
    }
)
_POLICIES = frozenset({"NetworkPolicy", "GlobalNetworkPolicy"})

#: API versions and kinds that are read here as policies or what belongs to them.
KINDS = frozenset((version, kind) for version in (API, STORED_API) for kind in _READERS)
#: Kinds that stand for pods where an upload holds no pods.
WORKLOAD_KINDS = frozenset({(API, "WorkloadEndpoint"), (STORED_API, "WorkloadEndpoint")})


@dataclass(frozen=True, slots=True)
class CalicoReading:
    """What became of one object; `value` is None where its faults leave nothing of it."""

    ref: PolicyRef
    value: CalicoObject | None
    normalised: Mapping[str, Any]
    notes: tuple[Note, ...] = ()

    @property
    def is_refused(self) -> bool:
        """Whether the API would not take the object."""
        return any(each.severity is None for each in self.notes)


def read_calico(raw: Mapping[str, Any], position: Position = Position()) -> CalicoReading:
    """Read an object whose apiVersion and kind are among `KINDS`."""
    api_version, kind = str(raw.get("apiVersion")), str(raw.get("kind"))
    notes = Notes(stored=api_version == STORED_API)
    document = Members(raw, "", notes)
    metadata, spec = _parts(document)
    given = raw.get("metadata")
    named = dict(given) if isinstance(given, Mapping) else {}
    if kind not in _NAMESPACED:
        named.pop("namespace", None)
    elif not named.get("namespace"):
        named["namespace"] = "default"
    tier = spec.value("tier")
    name = name_of(api_version, kind, named, tier if isinstance(tier, str) else "")
    if wrong := dns_subdomain_fault(name.written):
        notes.wrong("InvalidName", f"the name {wrong}", "/metadata/name")
    value = _READERS[kind](name, metadata, spec, position)
    normalised = _normalised(raw, name, value, spec)
    return CalicoReading(name.ref, None if notes.faults else value, normalised, tuple(notes.found))


def read_calico_workload(raw: Mapping[str, Any]) -> tuple[Pod | None, tuple[Note, ...]]:
    """The pod that a WorkloadEndpoint stands for, and what was wrong with it."""
    notes = Notes(stored=True)
    metadata, spec = _parts(Members(raw, "", notes))
    return read_workload_endpoint(metadata, spec), tuple(notes.found)


def _parts(document: Members) -> tuple[Members, Members]:
    notes = document.notes
    metadata = document.member("metadata") or Members({}, "/metadata", notes)
    return metadata, document.member("spec") or Members({}, "/spec", notes)


def _normalised(
    raw: Mapping[str, Any], name: CalicoName, value: CalicoObject, spec: Members
) -> Mapping[str, Any]:
    """The object with defaults and without what does not matter; it reads back to the same."""
    given = raw.get("metadata")
    given = given if isinstance(given, Mapping) else {}
    metadata: dict[str, Any] = {"name": name.written}
    if name.ref.namespace:
        metadata["namespace"] = name.ref.namespace
    if name.ref.kind not in _POLICIES and given.get("labels"):
        metadata["labels"] = given["labels"]
    annotations = given.get("annotations")
    if isinstance(annotations, Mapping) and annotations.get(METADATA_ANNOTATION):
        metadata["annotations"] = {METADATA_ANNOTATION: annotations[METADATA_ANNOTATION]}
    body = _without_nulls(raw.get("spec") or {})
    if isinstance(value, CalicoPolicy) and isinstance(body, dict):
        body["tier"] = tier_of(spec)
        if name.ref.api_version == API:
            body["types"] = sorted(value.types)
    return {
        "apiVersion": name.ref.api_version,
        "kind": name.ref.kind,
        "metadata": metadata,
        "spec": body,
    }


def _without_nulls(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_nulls(each) for key, each in value.items() if each is not None}
    if isinstance(value, list):
        return [_without_nulls(each) for each in value]
    return value


def superseded_forms(
    readings: Sequence[tuple[PolicyRef, Mapping[str, Any]]],
) -> dict[int, bool]:
    """Which of some objects are another form of one that counts, by index.

    A dump may hold one object as projectcalico.org/v3 and as crd.projectcalico.org/v1. Where
    both say the same the stored one counts, because it is what Felix reads; the answer is True
    where they differ, and then the v3 one counts.
    """
    forms: dict[tuple[str, str, str], dict[str, int]] = {}
    for index, (ref, _) in enumerate(readings):
        if ref.api_version in {API, STORED_API}:
            key = (ref.kind, ref.namespace, ref.name)
            forms.setdefault(key, {}).setdefault(ref.api_version, index)
    found: dict[int, bool] = {}
    for both in forms.values():
        if API not in both or STORED_API not in both:
            continue
        viewed, stored = both[API], both[STORED_API]
        differ = _differ(readings[viewed][1], readings[stored][1])
        found[stored if differ else viewed] = differ
    return found


def _differ(viewed: Mapping[str, Any], stored: Mapping[str, Any]) -> bool:
    """Whether two forms of one object say different things; the stored one may lack types."""
    first, second = dict(viewed["spec"]), dict(stored["spec"])
    types, stored_types = first.pop("types", None), second.pop("types", None)
    return (
        first != second
        or (bool(stored_types) and sorted(stored_types) != types)
        or viewed["metadata"].get("labels") != stored["metadata"].get("labels")
    )
