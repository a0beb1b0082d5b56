"""The cases of Microsoft's check: its test objects as they are, without an API server between.

Some of them could not be stored in a cluster (port 0, unnamed ports), which is why the reader of
uploads is not asked about them.
"""

from __future__ import annotations

import json
from typing import Any

from service.model.inventory import (
    METADATA_NAME_LABEL,
    Inventory,
    Namespace,
    Service,
    ServicePort,
    ServiceType,
    TrafficPolicy,
)
from service.model.labels import LabelSelector, Operator, Requirement
from service.model.network_policy import (
    IPBlock,
    NetworkPolicy,
    NetworkPolicyPeer,
    NetworkPolicyPort,
    NetworkPolicyRule,
    PolicyType,
)
from service.model.policy import PolicyRef
from service.model.snapshot import PolicySet, Snapshot
from tests.shared_corpus import case_files, load_cases

CASES: list[dict[str, Any]] = load_cases("npm_to_cilium")

ROWS = {
    "endport": "V1",
    "ipblock": "V2",
    "named-port": "V3",
    "egress-not-allow-all": "V4",
    "service-at-risk": "V5",
}


def objects_of(case: dict[str, Any]) -> list[dict[str, Any]]:
    """The objects of a case."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in case_files(case)]
    return [each for listed in found for each in listed["items"]]


def raw_snapshot(case: dict[str, Any]) -> Snapshot:
    """The objects of a case as values, nothing added but policyTypes."""
    objects = objects_of(case)
    kinds = {
        kind: [each for each in objects if each["kind"] == kind]
        for kind in ("Namespace", "NetworkPolicy", "Service")
    }
    names = sorted(each["metadata"]["name"] for each in kinds["Namespace"])
    return Snapshot(
        Inventory(
            namespaces=tuple(Namespace(name, {METADATA_NAME_LABEL: name}) for name in names),
            services=tuple(map(_service, kinds["Service"])),
        ),
        PolicySet(tuple(map(_policy, kinds["NetworkPolicy"]))),
    )


def with_expressions(case: dict[str, Any]) -> frozenset[PolicyRef]:
    """The policies whose podSelector has matchExpressions."""
    return frozenset(
        _ref(each)
        for each in objects_of(case)
        if each["kind"] == "NetworkPolicy"
        and (each["spec"].get("podSelector") or {}).get("matchExpressions")
    )


def _ref(item: dict[str, Any]) -> PolicyRef:
    metadata = item["metadata"]
    return PolicyRef("NetworkPolicy", metadata["namespace"], metadata["name"])


def _selector(item: dict[str, Any] | None) -> LabelSelector:
    labels = (item or {}).get("matchLabels") or {}
    expressions = (item or {}).get("matchExpressions") or []
    return LabelSelector(
        (
            *(Requirement(key, Operator.IN, (text,)) for key, text in labels.items()),
            *(
                Requirement(each["key"], Operator(each["operator"]), tuple(each.get("values", ())))
                for each in expressions
            ),
        )
    )


def _policy(item: dict[str, Any]) -> NetworkPolicy:
    spec = item["spec"]
    types = spec.get("policyTypes") or ["Ingress", *(["Egress"] if spec.get("egress") else [])]
    return NetworkPolicy(
        _ref(item),
        frozenset(map(PolicyType, types)),
        _selector(spec.get("podSelector")),
        tuple(_rule(each, "from") for each in spec.get("ingress") or ()),
        tuple(_rule(each, "to") for each in spec.get("egress") or ()),
    )


def _rule(item: dict[str, Any], field: str) -> NetworkPolicyRule:
    return NetworkPolicyRule(
        tuple(map(_peer, item.get(field) or ())), tuple(map(_port, item.get("ports") or ()))
    )


def _peer(item: dict[str, Any]) -> NetworkPolicyPeer:
    block = item.get("ipBlock")
    return NetworkPolicyPeer(
        _selector(item["podSelector"]) if item.get("podSelector") is not None else None,
        _selector(item["namespaceSelector"]) if item.get("namespaceSelector") is not None else None,
        IPBlock(block["cidr"], tuple(block.get("except") or ())) if block else None,
    )


def _port(item: dict[str, Any]) -> NetworkPolicyPort:
    return NetworkPolicyPort(item.get("protocol", "TCP"), item.get("port"), item.get("endPort"))


def _service(item: dict[str, Any]) -> Service:
    spec = item["spec"]
    ports = tuple(
        ServicePort(each["port"], each.get("targetPort", 0), each.get("protocol", "TCP"))
        for each in spec.get("ports") or ()
    )
    return Service(
        item["metadata"]["namespace"],
        item["metadata"]["name"],
        ServiceType(spec.get("type", "ClusterIP")),
        spec.get("selector") or {},
        ports,
        external_traffic_policy=TrafficPolicy(spec.get("externalTrafficPolicy") or "Cluster"),
    )
