"""Ends, flows and what decided them as short texts, made from their JSON values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Body = Mapping[str, Any]

_PLACED = {"SameNode": "same node", "OtherNode": "other node"}


def end_text(end: Mapping[str, str]) -> str:
    """An end of a flow, in the form that the command line reads."""
    named = {key: value for key, value in end.items() if key != "namespace"}
    text = next(iter(named.values()))
    if "labelSelector" in end:
        text = f"?{text}"
    if "service" in end:
        text = f"svc:{end['namespace']}/{end['service']}"
        extra = [f"{key}={value}" for key, value in named.items() if key != "service"]
        return " ".join([text, *extra])
    if "node" in end:
        return f"node:{text}"
    return f"{end['namespace']}/{text}" if "namespace" in end else text


def endpoint_text(endpoint: Body) -> str:
    """A workload, a node or a range of addresses."""
    if endpoint["kind"] == "Workload":
        variant = f" ({endpoint['variant']})" if "variant" in endpoint else ""
        return f"{endpoint['namespace']}/{endpoint['workload']}{variant}"
    return f"node:{endpoint['node']}" if "node" in endpoint else str(endpoint["addresses"])


def flow_text(flow: Body) -> str:
    """A flow on one line."""
    port = f" {flow['port']}" if "port" in flow else ""
    ends = f"{end_text(flow['source'])} -> {end_text(flow['destination'])}"
    return f"{ends} {flow['protocol']}{port}"


def connections_text(connections: list[Body]) -> str:
    """Protocols with their ports, where they have any."""
    return "; ".join(f"{each['protocol']} {each.get('ports', '')}".rstrip() for each in connections)


def placement_text(body: Body) -> str:
    """Whether a change is about ends on one node or on two; nothing where that is no matter."""
    return _PLACED.get(str(body.get("placement")), "")


def policy_text(policy: Mapping[str, str]) -> str:
    """A policy by kind and name."""
    place = "/".join(filter(None, (policy.get("namespace"), policy["name"])))
    return f"{policy['kind']} {place}"


def because(side: Body | None) -> str:
    """The first reason of what one map says."""
    return next(_reasons(side), "") if side else ""


def _reasons(side: Body) -> Iterator[str]:
    for end in ("egress", "ingress"):
        for found in side[end]["evidence"]:
            who = f"{policy_text(found['policy'])}: " if "policy" in found else ""
            yield f"{end}: {who}{found['detail'] or found['reason']}"
