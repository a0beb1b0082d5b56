"""Every field of the admin policies, each with values that differ, and values that are refused.

From the Go types in kubernetes-sigs/network-policy-api apis/v1alpha1 and apis/v1alpha2. A path
leads through the first element of lists.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from tests.unit.manifests.cilium_schema import Field, put

V1, V2 = "policy.networking.k8s.io/v1alpha1", "policy.networking.k8s.io/v1alpha2"
ANP, BANP, CNP = "AdminNetworkPolicy", "BaselineAdminNetworkPolicy", "ClusterNetworkPolicy"
_API = {ANP: V1, BANP: V1, CNP: V2}


def _selector(path: str) -> Iterator[Field]:
    yield Field(path, {"matchLabels": {"a": "1"}}, {"matchLabels": {"b": "1"}}, [])
    exists = [{"key": "a", "operator": "Exists"}], [{"key": "a", "operator": "DoesNotExist"}]
    yield Field(f"{path}/matchExpressions", *exists, [{"key": "a", "operator": "Like"}])


def _pods(path: str) -> Iterator[Field]:
    yield from _selector(f"{path}/namespaces")
    yield from _selector(f"{path}/pods/namespaceSelector")
    yield from _selector(f"{path}/pods/podSelector")


def _ports(kind: str, rule: str) -> Iterator[Field]:
    if kind == CNP:
        for protocol, other in (("tcp", 80), ("udp", 81), ("sctp", 82)):
            port = f"{rule}/protocols/0/{protocol}/destinationPort"
            yield Field(f"{port}/number", other, other + 9, 0)
            yield Field(f"{port}/range/start", 1, 2, 100)
            yield Field(f"{port}/range/end", 98, 99, 65536)
        yield Field(f"{rule}/protocols/0/destinationNamedPort", "http", "sql", 80)
        return
    for key in ("portNumber", "portRange"):
        yield Field(f"{rule}/ports/0/{key}/protocol", "TCP", "UDP", "tcp")
    yield Field(f"{rule}/ports/0/portNumber/port", 80, 81, 0)
    yield Field(f"{rule}/ports/0/portRange/start", 1, 2, 100)
    yield Field(f"{rule}/ports/0/portRange/end", 98, 99, 65536)
    yield Field(f"{rule}/ports/0/namedPort", "http", "sql", "")


def _rules(kind: str, section: str) -> Iterator[Field]:
    is_egress = section == "egress"
    rule, allow = f"{section}/0", "Accept" if kind == CNP else "Allow"
    everyone = [{"to" if is_egress else "from": [{"namespaces": {}}], "action": "Deny"}]
    yield Field(section, everyone, [], [{}])
    yield Field(f"{rule}/action", allow, "Deny", "Allow" if kind == CNP else "Accept")
    yield (
        Field(f"{rule}/action", "Pass", "Deny", "Log")
        if kind != BANP
        else Field(f"{rule}/action", allow, "Deny", "Pass")
    )
    yield Field(f"{rule}/name", "a", "b", "x" * 101)
    peer = f"{rule}/{'to' if is_egress else 'from'}/0"
    yield from _pods(peer)
    if is_egress:
        yield from _selector(f"{peer}/nodes")
        yield Field(f"{peer}/networks", ["10.0.0.0/8"], ["10.1.0.0/16"], ["10.0.0.1"])
        if kind != BANP:
            yield Field(f"{peer}/domainNames", ["a.io"], ["*.b.io"], ["a.*.io"])
    yield from _ports(kind, rule)


def _fields(kind: str) -> Iterator[Field]:
    if kind == CNP:
        yield Field("tier", "Admin", "Baseline", "Normal")
    if kind != BANP:
        yield Field("priority", 10, 20, 1001)
    yield from _pods("subject")
    for section in ("ingress", "egress"):
        yield from _rules(kind, section)


FIELDS: dict[str, tuple[Field, ...]] = {kind: tuple(_fields(kind)) for kind in (ANP, BANP, CNP)}


def every_field() -> Iterator[tuple[str, Field, str]]:
    """Each field with the kind that it belongs to, and how to call it."""
    for kind, fields in FIELDS.items():
        for number, each in enumerate(fields):
            yield kind, each, f"{kind}-{number}-{each.path}"


def with_field(kind: str, field: Field, value: Any) -> dict[str, Any]:
    """An object that has a field, and what goes with it."""
    spec: dict[str, Any] = {}
    if kind == CNP:
        spec["tier"] = "Admin"
    if kind != BANP:
        spec["priority"] = 15
    steps = field.path.split("/")
    if steps[0] != "subject":
        spec["subject"] = {"namespaces": {}}
    if len(steps) == 1 or steps[0] == "subject":
        spec["ingress"] = [{"action": "Deny", "from": [{"namespaces": {}}]}]
    for other, needed in _needs(kind, steps).items():
        put(spec, other.split("/"), copy.deepcopy(needed))
    put(spec, steps, copy.deepcopy(value))
    name = "default" if kind == BANP else "own"
    return {"apiVersion": _API[kind], "kind": kind, "metadata": {"name": name}, "spec": spec}


def _needs(kind: str, steps: list[str]) -> dict[str, Any]:
    """What must be there besides, by path."""
    found: dict[str, Any] = {}
    if "pods" in steps:
        pods = "/".join(steps[: steps.index("pods") + 1])
        found |= {f"{pods}/namespaceSelector": {}, f"{pods}/podSelector": {}}
    if steps[0] not in {"ingress", "egress"} or len(steps) == 1:
        return found
    rule, place = "/".join(steps[:2]), "from" if steps[0] == "ingress" else "to"
    found[f"{rule}/action"] = "Deny"
    if "domainNames" in steps:
        found[f"{rule}/action"] = "Accept" if kind == CNP else "Allow"
    if place not in steps:
        found[f"{rule}/{place}"] = [{"namespaces": {}}]
    if "portNumber" in steps:
        found[f"{rule}/ports/0/portNumber/port"] = 80
    if "portRange" in steps:
        found |= {f"{rule}/ports/0/portRange/{k}": v for k, v in (("start", 10), ("end", 90))}
    if "range" in steps:
        at = "/".join(steps[:-1])
        found |= {f"{at}/start": 10, f"{at}/end": 90}
    return found
