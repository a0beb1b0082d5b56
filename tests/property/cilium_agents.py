"""Versions and options of Cilium that make pipelines of another shape."""

from __future__ import annotations

from tests.property.naive_identities import Agent

_ON = {"sctp": "enabled", "nodeSelectorLabels": "enabled"}
AGENTS = [
    Agent((1, 14)),
    Agent((1, 16), _ON),
    Agent((1, 17), {"sctp": "disabled"}),
    Agent((1, 18), _ON | {"hostFirewall": "enabled"}),
    Agent((1, 18), {"policyEnforcement": "always", "cidrMatchMode": "nodes"}),
    Agent((1, 19), _ON | {"hostFirewall": "enabled", "clusterNetworkPolicy": "enabled"}),
    Agent((1, 19), {"clusterNetworkPolicy": "enabled", "cidrMatchMode": "nodes"}),
]
