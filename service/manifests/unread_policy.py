"""Policies of kinds that no module reads yet: kept and told, never passed over in silence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.manifests.names import dns_label_fault, dns_subdomain_fault
from service.manifests.readings import Note, Reading
from service.model.finding import Severity
from service.model.policy import PolicyRef, Position, UnreadPolicy

_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_KEPT_METADATA = ("name", "namespace", "labels", "annotations")

_CALICO = frozenset(
    {
        *("NetworkPolicy", "GlobalNetworkPolicy"),
        *("StagedNetworkPolicy", "StagedGlobalNetworkPolicy", "StagedKubernetesNetworkPolicy"),
        *("Tier", "NetworkSet", "GlobalNetworkSet", "HostEndpoint"),
    }
)
#: Policy kinds by API group, with what policies refer to.
_POLICY_KINDS: Mapping[str, frozenset[str]] = {
    "projectcalico.org": _CALICO,
    "crd.projectcalico.org": _CALICO,
    "cilium.io": frozenset(
        {
            *("CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy", "CiliumCIDRGroup"),
            *("CiliumLocalRedirectPolicy", "CiliumEgressGatewayPolicy"),
        }
    ),
}
_NAMESPACED = frozenset(
    {
        *("NetworkPolicy", "NetworkSet", "StagedNetworkPolicy", "StagedKubernetesNetworkPolicy"),
        *("CiliumNetworkPolicy", "CiliumLocalRedirectPolicy"),
    }
)


def is_policy_kind(api_version: str, kind: str) -> bool:
    """Whether objects of a kind say something about connections, whatever else is known of it."""
    group = api_version.rpartition("/")[0]
    return (
        kind in _POLICY_KINDS.get(group, ())
        or group == "policy.networking.k8s.io"
        or kind.endswith("NetworkPolicy")
    )


def read_unread_policy(raw: Mapping[str, Any], position: Position) -> Reading:
    """Read no more than what the object is called."""
    api_version, kind = str(raw.get("apiVersion")), str(raw.get("kind"))
    notes: list[Note] = []
    given = raw.get("metadata")
    metadata = given if isinstance(given, Mapping) else {}
    name = _text(metadata, "name", notes) or _text(metadata, "generateName", notes)
    namespace = _text(metadata, "namespace", notes)
    if not name:
        notes.append(Note("MissingName", "name or generateName is required", "/metadata/name"))
    elif wrong := dns_subdomain_fault(name.rstrip("-")):
        notes.append(Note("InvalidName", f"the name {name!r} {wrong}", "/metadata/name"))
    if namespace and (wrong := dns_label_fault(namespace)):
        detail = f"the namespace {namespace!r} {wrong}"
        notes.append(Note("InvalidNamespace", detail, "/metadata/namespace"))
    namespace = namespace or ("default" if kind in _NAMESPACED else "")
    ref = PolicyRef(kind, namespace, name, api_version)
    if notes:
        return Reading(ref, None, {}, tuple(notes))
    detail = f"{api_version} {kind} is not read; no verdict takes this policy into account"
    note = Note("PolicyKindNotRead", detail, "", Severity.HIGH)
    return Reading(ref, UnreadPolicy(ref, position), _normalised(raw, metadata, ref), (note,))


def _text(metadata: Mapping[str, Any], field: str, notes: list[Note]) -> str:
    value = metadata.get(field)
    if value is None or isinstance(value, str):
        return value or ""
    notes.append(Note("WrongType", f"{field} must be a string", f"/metadata/{field}"))
    return ""


def _normalised(
    raw: Mapping[str, Any], metadata: Mapping[str, Any], ref: PolicyRef
) -> dict[str, Any]:
    """Everything but what the server sets: what will matter is not known yet."""
    kept = {key: metadata[key] for key in _KEPT_METADATA if metadata.get(key)}
    kept["name"] = ref.name
    if ref.namespace:
        kept["namespace"] = ref.namespace
    annotations = kept.get("annotations")
    if isinstance(annotations, Mapping):
        kept["annotations"] = {
            key: value for key, value in annotations.items() if key != _LAST_APPLIED
        }
        if not kept["annotations"]:
            del kept["annotations"]
    rest = {key: value for key, value in raw.items() if key not in {"metadata", "status"}}
    identity = {"apiVersion": ref.api_version, "kind": ref.kind}
    normalised: dict[str, Any] = _without_nulls({**rest, **identity, "metadata": kept})
    return normalised


def _without_nulls(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_nulls(each) for key, each in value.items() if each is not None}
    if isinstance(value, list):
        return [_without_nulls(each) for each in value]
    return value
