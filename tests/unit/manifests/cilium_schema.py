"""Every field of Cilium's policies, each with values that differ, and values that are refused.

From the Go types in cilium/cilium pkg/policy/api. A path leads through the first element of
lists. `means_nothing`: the field has no part in any decision.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Field:
    """One field: `first` and `second` mean different things, `wrong` is refused."""

    path: str
    first: Any
    second: Any
    wrong: Any
    means_nothing: bool = False


def _labels(path: str) -> Iterator[Field]:
    yield Field(path, {"matchLabels": {"a": "1"}}, {"matchLabels": {"b": "1"}}, [])
    yield Field(f"{path}/matchLabels", {"a": "1"}, {"a": "2"}, {"a b": "1"})
    expressions = [{"key": "a", "operator": "Exists"}], [{"key": "a", "operator": "DoesNotExist"}]
    yield Field(f"{path}/matchExpressions", *expressions, [{"key": "a", "operator": "Like"}])


def _ports(rule: str, *, is_ingress: bool, is_deny: bool) -> Iterator[Field]:
    port = f"{rule}/toPorts/0/ports/0"
    yield Field(f"{port}/port", "80", "http", "eighty-thousand-and-one")
    yield Field(f"{port}/protocol", "TCP", "UDP", "tcp")
    yield Field(f"{port}/endPort", 90, 91, 65536)
    fields = f"{rule}/icmps/0/fields/0"
    yield Field(f"{fields}/type", 8, "EchoReply", "Echoes")
    yield Field(f"{fields}/family", "IPv4", "IPv6", "IPv5")
    if is_deny:
        return
    yield Field(f"{rule}/authentication/mode", "required", "disabled", "maybe")
    l7 = f"{rule}/toPorts/0/rules"
    yield Field(f"{l7}/http", [{"path": "/"}], None, [{"path": "("}])
    yield Field(f"{l7}/kafka", [{"topic": "a"}], None, [{"role": "x"}])
    yield Field(f"{l7}/l7proto", "x", None, [])
    if not is_ingress:
        yield Field(f"{l7}/dns", [{"matchName": "a.io"}], None, [{"matchName": "a b"}])
        listener = {"name": "a", "envoyConfig": {"name": "b"}}
        yield Field(f"{rule}/toPorts/0/listener", listener, None, {"name": "a"})
    yield Field(f"{rule}/toPorts/0/serverNames", ["a.io"], None, [""])
    secret = {"secret": {"name": "a"}}
    for key in ("terminatingTLS", "originatingTLS"):
        yield Field(f"{rule}/toPorts/0/{key}", secret, None, {"secret": {}}, means_nothing=True)


def _blocks(path: str) -> Iterator[Field]:
    yield Field(f"{path}/cidr", "10.0.0.0/8", "10.1.0.0/16", "10.0.0.1")
    # Beside the block that the exception must lie in.
    yield Field(f"{path}/except", ["10.1.0.0/16"], ["10.2.0.0/16"], ["192.168.0.0/16"])
    yield Field(f"{path}/cidrGroupRef", "own", "other", 5)
    groups = {"matchLabels": {"a": "1"}}, {"matchLabels": {"b": "1"}}
    yield Field(f"{path}/cidrGroupSelector", *groups, {"matchLabels": {"a b": "1"}})


def _rules(section: str) -> Iterator[Field]:
    is_ingress, is_deny = section.startswith("ingress"), section.endswith("Deny")
    side = "from" if is_ingress else "to"
    rule = f"{section}/0"
    yield Field(section, [{}], [{f"{side}Entities": ["all"]}], {})
    yield from _labels(f"{rule}/{side}Endpoints/0")
    yield Field(f"{rule}/{side}Endpoints", [], [{}], {})
    yield Field(f"{rule}/{side}Requires", [{"matchLabels": {"a": "1"}}], None, {})
    yield Field(f"{rule}/{side}Entities", ["world"], ["cluster"], ["universe"])
    yield Field(f"{rule}/{side}CIDR", ["10.0.0.0/8"], ["10.1.0.1"], ["x"])
    yield from _blocks(f"{rule}/{side}CIDRSet/0")
    yield Field(f"{rule}/{side}Nodes", [{}], [{"matchLabels": {"a": "1"}}], {})
    yield Field(f"{rule}/{side}Groups", [{"aws": {"region": "x"}}], None, {})
    if not is_ingress:
        service = f"{rule}/toServices/0"
        yield Field(f"{service}/k8sService/serviceName", "web", "api", 5)
        yield Field(f"{service}/k8sService/namespace", "shop", "team", 5)
        chosen = f"{service}/k8sServiceSelector"
        yield Field(
            f"{chosen}/selector", {"matchLabels": {"a": "1"}}, {"matchLabels": {"b": "1"}}, []
        )
        yield Field(f"{chosen}/namespace", "shop", "team", 5)
        if not is_deny:
            yield Field(f"{rule}/toFQDNs/0/matchName", "a.io", "b.io", "a b")
            yield Field(f"{rule}/toFQDNs/0/matchPattern", "*.a.io", "*.b.io", "a?")
    yield from _ports(rule, is_ingress=is_ingress, is_deny=is_deny)


_SPEC = (
    *_labels("endpointSelector"),
    *(each for s in ("ingress", "ingressDeny", "egress", "egressDeny") for each in _rules(s)),
    Field("enableDefaultDeny/ingress", True, False, "no"),
    Field("enableDefaultDeny/egress", True, False, 0),
    Field("description", "a", "b", [], means_nothing=True),
    Field("labels", [{"key": "a"}], [{"key": "b"}], {}, means_nothing=True),
    Field("log/value", "a", "b", [], means_nothing=True),
)
FIELDS: dict[str, tuple[Field, ...]] = {
    "CiliumNetworkPolicy": _SPEC,
    "CiliumClusterwideNetworkPolicy": (*_SPEC, *_labels("nodeSelector")),
    "CiliumCIDRGroup": (Field("externalCIDRs", ["10.0.0.0/8"], ["10.1.0.0/16"], ["10.0.0.1"]),),
}


def every_field() -> Iterator[tuple[str, Field]]:
    """Each field with the kind that it belongs to."""
    for kind, fields in FIELDS.items():
        yield from ((kind, each) for each in fields)


def with_field(kind: str, field: Field, value: Any) -> dict[str, Any]:
    """An object that has a field, and what goes with it."""
    spec: dict[str, Any] = {}
    if kind != "CiliumCIDRGroup" and not field.path.startswith("nodeSelector"):
        spec["endpointSelector"] = {}
    for other, needed in _needs(field).items():
        put(spec, other.split("/"), copy.deepcopy(needed))
    put(spec, field.path.split("/"), copy.deepcopy(value))
    metadata: dict[str, Any] = {"name": "own"}
    if kind == "CiliumNetworkPolicy":
        metadata["namespace"] = "shop"
    if kind == "CiliumCIDRGroup":
        metadata["labels"] = {"a": "1"}
    return {"apiVersion": "cilium.io/v2", "kind": kind, "metadata": metadata, "spec": spec}


def _needs(field: Field) -> dict[str, Any]:
    """What must be there besides, by path."""
    steps = field.path.split("/")
    found: dict[str, Any] = {}
    rule = "/".join(steps[:2])
    if steps[0] not in {"ingress", "ingressDeny", "egress", "egressDeny", "externalCIDRs"}:
        found |= {"ingress": [{}], "egress": [{}]}
    if "toPorts" in steps:
        port = f"{rule}/toPorts/0/ports/0"
        found[f"{port}/port"] = "80"
        found[f"{port}/protocol"] = "TCP"
    if "icmps" in steps:
        found[f"{rule}/icmps/0/fields/0/type"] = 8
    if steps[-1] == "except":
        found["/".join((*steps[:-1], "cidr"))] = "10.0.0.0/8"
    if "Requires" in steps[-1]:
        found[f"{rule}/{steps[-1].removesuffix('Requires')}Endpoints"] = [{}]
    if "k8sService" in steps:
        found["/".join((*steps[:-1], "serviceName"))] = "web"
    if "k8sServiceSelector" in steps:
        found["/".join((*steps[:4], "k8sServiceSelector", "selector"))] = {}
    if steps[-1] == "mode":
        found[f"{rule}/{'from' if steps[0] == 'ingress' else 'to'}Entities"] = ["all"]
    return found


def put(holder: Any, steps: list[str], value: Any) -> None:
    """Set what a path leads to, and what lies on the way; None takes it away."""
    step, *rest = steps
    if step == "0":
        if not holder:
            holder.append({})
        if rest:
            put(holder[0], rest, value)
        else:
            holder[0] = value
    elif not rest:
        if value is None:
            holder.pop(step, None)
        else:
            holder[step] = value
    else:
        following: Any = [] if rest[0] == "0" else {}
        put(holder.setdefault(step, following), rest, value)
