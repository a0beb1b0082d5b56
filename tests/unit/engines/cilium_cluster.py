"""Cilium policies for `shop/db` in few words, and the flows that they are asked about."""

from __future__ import annotations

from collections.abc import Sequence

from tests.builders import Manifest
from tests.unit.engines.policy_cluster import decision

SAME = "shop/web -> shop/db TCP/5432"
OTHER = "ops/mon -> shop/db TCP/5432"
WORLD = "ext -> shop/db TCP/5432"
REMOTE = "node:n1 -> shop/db TCP/5432"
OWN_HOST = "node:n2 -> shop/db TCP/5432"
EVERYBODY = (SAME, OTHER, WORLD, REMOTE, OWN_HOST)

TO_POD = "shop/db -> ops/mon TCP/3000"
TO_WORLD = "shop/db -> ext TCP/443"
TO_NODE = "shop/db -> node:n1 TCP/443"
TO_OWN_NODE = "shop/db -> node:n2 TCP/443"

DNS = (
    "toEndpoints: [{matchLabels: {app: mon, k8s:io.kubernetes.pod.namespace: ops}}], "
    "toPorts: [{ports: [{port: '53', protocol: ANY}], rules: {dns: [{matchPattern: '*'}]}}]"
)


def cnp(*sections: str) -> str:
    """A policy of namespace `shop` for `db`."""
    return (
        f"cnp: {{ns: shop, endpointSelector: {{matchLabels: {{app: db}}}}, {', '.join(sections)}}}"
    )


def ingress(*rules: str) -> str:
    return cnp("ingress: [" + ", ".join(f"{{{each}}}" for each in rules) + "]")


def egress(*rules: str) -> str:
    return cnp("egress: [" + ", ".join(f"{{{each}}}" for each in rules) + "]")


def answers(given: Sequence[str | Manifest], *flows: str, engine: str = "cilium") -> str:
    """One letter a flow: Y(es), N(o), U(nknown)."""
    letters = {"Allow": "Y", "Deny": "N", "Unknown": "U"}
    return "".join(letters[decision(given, each, engine)] for each in flows)
