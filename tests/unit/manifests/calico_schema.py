"""Every field of Calico's objects, each with values that differ, and values that are refused.

From the Go types in projectcalico/calico api/pkg/apis/projectcalico/v3. A path leads through the
first element of lists. `means_nothing`: the field has no part in any decision.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from service.model.calico import API


@dataclass(frozen=True)
class Field:
    """One field: `first` and `second` mean different things, `wrong` is refused by the v3 API."""

    path: str
    first: Any
    second: Any
    wrong: Any
    means_nothing: bool = False
    is_read_when_stored: bool = False
    """Felix reads what the v3 API refuses."""


def _entity(prefix: str, *, services: bool) -> Iterator[Field]:
    yield Field(f"{prefix}/selector", "has(a)", "has(b)", "a")
    yield Field(f"{prefix}/notSelector", "has(a)", "has(b)", "has(a")
    mixed, host_bits, address = "global() && has(a)", ["10.0.0.1/8"], ["10.0.0.0"]
    nets = ["10.0.0.0/8"], ["10.1.0.0/16"]
    yield Field(f"{prefix}/namespaceSelector", "has(a)", "all()", mixed, is_read_when_stored=True)
    yield Field(f"{prefix}/nets", *nets, host_bits, is_read_when_stored=True)
    yield Field(f"{prefix}/notNets", *nets, address, is_read_when_stored=True)
    yield Field(f"{prefix}/ports", [80], ["http", "81:82"], ["82:81"])
    yield Field(f"{prefix}/notPorts", [80], ["81:82"], [0])
    yield Field(f"{prefix}/serviceAccounts/names", ["front"], ["back"], [1])
    yield Field(f"{prefix}/serviceAccounts/selector", "has(a)", "has(b)", "has a")
    if services:
        for key, first, second in (("name", "web", "api"), ("namespace", "shop", "team")):
            # There is no Service of such a name.
            path = f"{prefix}/services/{key}"
            yield Field(path, first, second, "Not A Name", is_read_when_stored=True)


def _rule(section: str) -> Iterator[Field]:
    rule = f"{section}/0"
    yield Field(section, [{"action": "Deny"}], [{"action": "Allow"}], {})
    yield Field(f"{rule}/action", "Pass", "Log", "allow")
    yield Field(f"{rule}/ipVersion", 4, 6, 5)
    yield Field(f"{rule}/protocol", "TCP", 17, "tcp", is_read_when_stored=True)
    yield Field(f"{rule}/notProtocol", "UDPLite", "SCTP", 256)
    yield Field(f"{rule}/icmp/type", 8, 0, 255)
    yield Field(f"{rule}/icmp/code", 1, 2, 256)
    yield Field(f"{rule}/notICMP/type", 8, 0, -1)
    yield Field(f"{rule}/notICMP/code", 1, 2, "1")
    yield Field(f"{rule}/metadata/annotations", {"a": "b"}, {"a": "c"}, None, means_nothing=True)
    is_ingress = section == "ingress"
    if is_ingress:
        methods = {"methods": ["GET"]}
        yield Field(f"{rule}/http", methods, None, {"methods": ["GET", "GET"]})
        paths = [{"exact": "/a"}], [{"prefix": "/a"}]
        # Which requests are meant is no part of a verdict: the assumption is the same.
        yield Field(f"{rule}/http/paths", *paths, [{"exact": "a"}], means_nothing=True)
    yield from _entity(f"{rule}/source", services=is_ingress)
    yield from _entity(f"{rule}/destination", services=not is_ingress)


_POLICY = (
    Field("tier", "default", "early", "a.b"),
    Field("order", 1, 2000, "1"),
    Field("selector", "has(a)", "has(b)", "has(a))"),
    Field("serviceAccountSelector", "has(a)", "has(b)", "global()", is_read_when_stored=True),
    Field("types", ["Ingress"], ["Egress"], ["Ingress", "Ingress"], is_read_when_stored=True),
    Field("performanceHints", ["AssumeNeededOnEveryNode"], [], ["Faster"], means_nothing=True),
    *_rule("ingress"),
    *_rule("egress"),
)
_GLOBAL = (
    *_POLICY,
    Field("namespaceSelector", "has(a)", "has(b)", "global()", is_read_when_stored=True),
    Field("doNotTrack", True, False, "yes"),
    Field("preDNAT", True, False, 1),
    Field("applyOnForward", True, False, "no"),
)
FIELDS: dict[str, tuple[Field, ...]] = {
    "NetworkPolicy": _POLICY,
    "GlobalNetworkPolicy": _GLOBAL,
    "Tier": (Field("order", 1, 3000000, "1"), Field("defaultAction", "Deny", "Pass", "Allow")),
    "NetworkSet": (Field("nets", ["10.0.0.0/8"], ["10.9.0.0/16"], ["x"]),),
    "GlobalNetworkSet": (Field("nets", ["10.0.0.0/8"], ["10.9.0.0/16"], ["10.0.0.0/33"]),),
    "HostEndpoint": (
        Field("node", "n1", "n2", "Not A Name", is_read_when_stored=True),
        Field("interfaceName", "*", "eth0", "eth0/1"),
        Field("expectedIPs", ["192.168.0.1"], ["192.168.0.2"], ["192.168.0.0/24"]),
        Field(
            "profiles",
            ["projectcalico-default-allow"],
            ["own"],
            ["Not A Name"],
            is_read_when_stored=True,
        ),
        Field("ports/0/name", "http", "other", "Not A Name"),
        Field("ports/0/protocol", "TCP", "UDP", "ICMP"),
        Field("ports/0/port", 8080, 8081, 0),
    ),
    "Profile": (
        *_rule("ingress"),
        *_rule("egress"),
        Field("labelsToApply", {"a": "1"}, {"b": "1"}, {"a": 1}),
    ),
}
NAMESPACED = frozenset({"NetworkPolicy", "NetworkSet"})
_SERVICES = ("selector", "notSelector", "namespaceSelector", "serviceAccounts", "nets", "notNets")


def every_field() -> Iterator[tuple[str, Field]]:
    """Each field with the kind that it belongs to."""
    for kind, fields in FIELDS.items():
        yield from ((kind, each) for each in fields)


def with_field(kind: str, field: Field, value: Any, api: str = API) -> dict[str, Any]:
    """An object that has a field, and what goes with it."""
    spec = copy.deepcopy(_BASES.get(kind, {}))
    for other, needed in _needs(field).items():
        _put(spec, other.split("/"), needed)
    _put(spec, field.path.split("/"), value)
    metadata: dict[str, Any] = {"name": "x"}
    if kind in NAMESPACED:
        metadata["namespace"] = "shop"
    if kind in {"NetworkSet", "GlobalNetworkSet", "HostEndpoint"}:
        metadata["labels"] = {"a": "1"}
    return {"apiVersion": api, "kind": kind, "metadata": metadata, "spec": spec}


_BASES: dict[str, dict[str, Any]] = {
    "HostEndpoint": {"node": "n1", "expectedIPs": ["192.168.0.1"]},
    "Tier": {},
}


def _needs(field: Field) -> dict[str, Any]:
    """What must be there besides, by path."""
    steps = field.path.split("/")
    found: dict[str, Any] = {}
    if steps[0] in {"ingress", "egress"} and len(steps) > 1:
        rule = "/".join(steps[:2])
        found[f"{rule}/action"] = "Allow"
        if steps[-1] in {"ports", "notPorts"}:
            found[f"{rule}/protocol"] = "TCP"
        if "icmp" in steps or "notICMP" in steps:
            found[f"{rule}/protocol"] = "ICMP"
            found["/".join((*steps[:-1], "type"))] = 3
        if "services" in steps:
            found["/".join((*steps[:-1], "name"))] = "web"
            found["/".join((*steps[:-1], "namespace"))] = "shop"
    if steps[0] in {"doNotTrack", "preDNAT"}:
        found["applyOnForward"] = True
    if steps[0] == "ports":
        found |= {"ports/0/name": "http", "ports/0/protocol": "TCP", "ports/0/port": 8080}
    return found


def _put(holder: Any, steps: list[str], value: Any) -> None:
    step, *rest = steps
    if step == "0":
        if not holder:
            holder.append({})
        _put(holder[0], rest, value)
    elif not rest:
        if value is None:
            holder.pop(step, None)
        else:
            holder[step] = value
    else:
        following: Any = [] if rest[0] == "0" else {}
        _put(holder.setdefault(step, following), rest, value)
