"""Calico's objects, in both API forms, from plain JSON values to typed ones.

`projectcalico.org/v3` objects are checked as the v3 API and calicoctl check them.
`crd.projectcalico.org/v1` objects are what open-source Calico stores; nothing validates them,
so what Felix cannot read of them is a problem of the upload and not a fault.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from service.manifests.calico_fields import Members, Note, Notes
from service.manifests.calico_names import (
    METADATA_ANNOTATION,
    Annotated,
    CalicoName,
    has_odd_name,
    name_of,
    read_annotation,
)
from service.manifests.calico_objects import (
    check_labels,
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
from service.manifests.crd_fields import CrdReading
from service.manifests.endpoint_reading import EndpointReading
from service.manifests.names import dns_label_fault, dns_subdomain_fault
from service.model.calico import (
    API,
    STORED_API,
    CalicoObject,
    CalicoPolicy,
    HostEndpoint,
    NetworkSet,
)
from service.model.finding import Severity
from service.model.policy import PolicyRef, Position

_Reader = Callable[[CalicoName, Mapping[str, str], Members, Position], CalicoObject]

_READERS: Mapping[str, _Reader] = {
    "NetworkPolicy": lambda name, labels, spec, at: read_policy(name, spec, at),
    "GlobalNetworkPolicy": lambda name, labels, spec, at: read_policy(name, spec, at),
    "StagedNetworkPolicy": lambda name, labels, spec, at: read_staged_policy(name, spec, at),
    "StagedGlobalNetworkPolicy": lambda name, labels, spec, at: read_staged_policy(name, spec, at),
    "StagedKubernetesNetworkPolicy": lambda name, labels, spec, at: read_staged_kubernetes_policy(
        name, spec, at
    ),
    "Tier": lambda name, labels, spec, at: read_tier(name, spec, at),
    "NetworkSet": lambda name, labels, spec, at: read_network_set(name, spec, at, labels),
    "GlobalNetworkSet": lambda name, labels, spec, at: read_network_set(name, spec, at, labels),
    "HostEndpoint": lambda name, labels, spec, at: read_host_endpoint(name, spec, at, labels),
    "Profile": lambda name, labels, spec, at: read_profile(name, spec, at),
}
_NAMESPACED = frozenset(
    {
        *("NetworkPolicy", "NetworkSet"),
        *("StagedNetworkPolicy", "StagedKubernetesNetworkPolicy"),
    }
)

#: API versions and kinds that are read here as policies or what belongs to them.
KINDS = frozenset((version, kind) for version in (API, STORED_API) for kind in _READERS)
#: Kinds that stand for pods where an upload holds no pods.
WORKLOAD_KINDS = frozenset({(API, "WorkloadEndpoint"), (STORED_API, "WorkloadEndpoint")})


def read_calico(raw: Mapping[str, Any], position: Position = Position()) -> CrdReading:
    """Read an object whose apiVersion and kind are among `KINDS`."""
    api_version, kind = str(raw.get("apiVersion")), str(raw.get("kind"))
    is_stored = api_version == STORED_API
    # The API server checks metadata of stored objects too.
    checked, notes = Notes(stored=False), Notes(stored=is_stored)
    metadata = Members(raw, "", checked).member("metadata") or Members({}, "/metadata", checked)
    spec = Members(raw, "", notes).member("spec") or Members({}, "/spec", notes)
    labels = metadata.labels("labels")
    check_labels(metadata, labels)
    annotated = read_annotation(raw.get("metadata")) if is_stored else Annotated()
    if annotated.fault:
        pointer = Members({}, "/metadata/annotations", notes).at(METADATA_ANNOTATION)
        notes.wrong("InvalidAnnotation", f"the annotation {annotated.fault}", pointer)
    name = _name(raw, metadata, spec, annotated)
    if wrong := dns_subdomain_fault(name.written):
        checked.wrong("InvalidName", f"the name {wrong}", "/metadata/name")
    elif has_odd_name(name):
        detail = "calicoctl and Calico's API server refuse names with more than one dot"
        checked.tell("CalicoNameRefused", Severity.MEDIUM, detail, "/metadata/name")
    value = _READERS[kind](name, {**labels, **annotated.labels}, spec, position)
    normalised = _normalised(raw, name, value, spec)
    if annotated.fault:
        normalised["metadata"]["annotations"] = {METADATA_ANNOTATION: annotated.text}
    elif name != _name(raw, metadata, spec, Annotated()):
        kept = json.dumps({"name": annotated.name})
        normalised["metadata"]["annotations"] = {METADATA_ANNOTATION: kept}
    found = (*checked.found, *notes.found)
    is_refused = bool(checked.faults or notes.faults)
    return CrdReading(name.ref, None if is_refused else value, normalised, found)


def _name(
    raw: Mapping[str, Any], metadata: Members, spec: Members, annotated: Annotated
) -> CalicoName:
    api_version, kind, namespace = str(raw.get("apiVersion")), str(raw.get("kind")), ""
    if kind in _NAMESPACED:
        namespace = metadata.text("namespace") or "default"
        if wrong := dns_label_fault(namespace):
            metadata.wrong("namespace", "InvalidNamespace", f"the namespace {wrong}")
    given = spec.value("tier")
    tier = given if isinstance(given, str) else ""
    written = metadata.text("name")
    return name_of(api_version, kind, written, namespace, annotated=annotated.name, tier=tier)


def read_calico_workload(raw: Mapping[str, Any]) -> tuple[EndpointReading | None, tuple[Note, ...]]:
    """The pod that a WorkloadEndpoint stands for, and what was wrong with it."""
    notes = Notes(stored=True)
    document = Members(raw, "", notes)
    metadata = document.member("metadata") or Members({}, "/metadata", notes)
    spec = document.member("spec") or Members({}, "/spec", notes)
    return read_workload_endpoint(metadata, spec), tuple(notes.found)


def _normalised(
    raw: Mapping[str, Any],
    name: CalicoName,
    value: CalicoObject,
    spec: Members,
) -> dict[str, Any]:
    """The object with defaults and without what does not matter; it reads back to the same."""
    metadata: dict[str, Any] = {"name": name.written}
    if name.ref.namespace:
        metadata["namespace"] = name.ref.namespace
    if isinstance(value, NetworkSet | HostEndpoint) and value.labels:
        metadata["labels"] = dict(value.labels)
    body = {} if raw.get("spec") is None else raw["spec"]
    # What Felix cannot read stays as it was stored.
    if not spec.notes.unreadable:
        body = _without_nulls(body)
    if isinstance(value, CalicoPolicy) and isinstance(body, dict) and not spec.notes.unreadable:
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
