"""networking.k8s.io/v1 NetworkPolicy: from plain JSON values to the typed value.

Missing, null and empty are the same here, as they are after a way through the API server.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.manifests.cidrs import parse_block
from service.manifests.names import dns_label_fault, dns_subdomain_fault
from service.manifests.network_policy_checks import SpecCheck
from service.manifests.network_policy_fields import (
    ClosedMetadata,
    EgressRuleField,
    IngressRuleField,
    IPBlockField,
    NetworkPolicyField,
    PeerField,
    PortField,
    SelectorField,
    SpecField,
)
from service.manifests.network_policy_values import build_network_policy
from service.manifests.readings import Note, Reading
from service.manifests.schema import convert
from service.model.finding import Severity
from service.model.network_policy import PolicyType
from service.model.policy import PolicyRef, Position

API_VERSION = "networking.k8s.io/v1"
KIND = "NetworkPolicy"
#: Kubernetes 1.16 removed the first API of the kind, which had the same fields.
#: https://kubernetes.io/docs/reference/using-api/deprecation-guide/#networkpolicy-v116
KINDS = frozenset({(API_VERSION, KIND), ("extensions/v1beta1", KIND)})


def read_network_policy(raw: Mapping[str, Any], position: Position) -> Reading:
    """Read one NetworkPolicy."""
    notes: list[Note] = []
    read = convert(raw, NetworkPolicyField, lambda *note: notes.append(Note(*note)))
    if read is None:
        return Reading(_loose_ref(raw), None, {}, tuple(notes))
    check = SpecCheck()
    ref = _ref(read.metadata, position, check.notes)
    check.labels(read.metadata.labels, "/metadata/labels")
    check.annotations(read.metadata.annotations, "/metadata/annotations")
    check.spec(read.spec)
    notes = check.notes
    if any(each.severity is None for each in notes):
        return Reading(ref, None, {}, tuple(notes))
    normalised = _normalised(ref, read.spec)
    return Reading(ref, build_network_policy(normalised, ref, position), normalised, tuple(notes))


def _loose_ref(raw: Mapping[str, Any]) -> PolicyRef:
    metadata = raw.get("metadata")
    given = metadata if isinstance(metadata, Mapping) else {}
    return PolicyRef(KIND, str(given.get("namespace") or "default"), str(given.get("name") or ""))


def _ref(metadata: ClosedMetadata, position: Position, notes: list[Note]) -> PolicyRef:
    name, namespace = metadata.name, metadata.namespace or "default"
    if not name and metadata.generate_name:
        name = f"{metadata.generate_name}{position.document:05}"
        detail = f"the object has generateName only; it is called {name!r} here"
        notes.append(Note("NameGenerated", detail, "/metadata", Severity.INFO))
    if not name:
        notes.append(Note("MissingName", "name or generateName is required", "/metadata/name"))
    elif wrong := dns_subdomain_fault(name):
        notes.append(Note("InvalidName", f"the name {name!r} {wrong}", "/metadata/name"))
    if wrong := dns_label_fault(namespace):
        detail = f"the namespace {namespace!r} {wrong}"
        notes.append(Note("InvalidNamespace", detail, "/metadata/namespace"))
    return PolicyRef(KIND, namespace, name, API_VERSION)


def _normalised(ref: PolicyRef, spec: SpecField) -> dict[str, Any]:
    """The object with the API server's defaults and without empty fields."""
    body: dict[str, Any] = {"policyTypes": _policy_types(spec)}
    if selector := _selector(spec.pod_selector):
        body["podSelector"] = selector
    if spec.ingress:
        body["ingress"] = [_rule(each, "from") for each in spec.ingress]
    if spec.egress:
        body["egress"] = [_rule(each, "to") for each in spec.egress]
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": {"name": ref.name, "namespace": ref.namespace},
        "spec": body,
    }


def _policy_types(spec: SpecField) -> list[str]:
    """As listed; where none is, Ingress, and Egress if there is an egress rule."""
    if spec.policy_types:
        return [each.value for each in PolicyType if each in spec.policy_types]
    return [PolicyType.INGRESS.value, *([PolicyType.EGRESS.value] if spec.egress else [])]


def _rule(rule: IngressRuleField | EgressRuleField, peers: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if rule.peers:
        found[peers] = [_peer(each) for each in rule.peers]
    if rule.ports:
        found["ports"] = [_port(each) for each in rule.ports]
    return found


def _peer(peer: PeerField) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if peer.pod_selector is not None:
        found["podSelector"] = _selector(peer.pod_selector)
    if peer.namespace_selector is not None:
        found["namespaceSelector"] = _selector(peer.namespace_selector)
    if peer.ip_block is not None:
        found["ipBlock"] = _ip_block(peer.ip_block)
    return found


def _ip_block(block: IPBlockField) -> dict[str, Any]:
    found: dict[str, Any] = {"cidr": _cidr(block.cidr)}
    if block.excepts:
        found["except"] = [_cidr(each) for each in block.excepts]
    return found


def _cidr(text: str) -> str:
    block = parse_block(text)
    return text if block is None else block.text


def _port(port: PortField) -> dict[str, Any]:
    found: dict[str, Any] = {"protocol": port.protocol or "TCP"}
    if port.port is not None:
        found["port"] = port.port
    if port.end_port is not None:
        found["endPort"] = port.end_port
    return found


def _selector(selector: SelectorField) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if selector.match_labels:
        found["matchLabels"] = dict(sorted(selector.match_labels.items()))
    if selector.match_expressions:
        found["matchExpressions"] = [
            {"key": each.key, "operator": each.operator}
            | ({"values": sorted(set(each.values))} if each.values else {})
            for each in selector.match_expressions
        ]
    return found
