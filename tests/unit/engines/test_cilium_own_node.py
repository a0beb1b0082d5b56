"""A pod and its own node: let in unless a policy denies that node.

The agent adds an entry that lets `reserved:host` in (pkg/policy/mapstate.go,
determineAllowLocalhostIngress). It does not take the place of a deny: up to 1.17 it is inserted by
DenyPreferredInsert, later it shares the one priority of all rules, at which denies win
(cilium/cilium#12716, #44590, #44612).
"""

from __future__ import annotations

import pytest

from tests.unit.engines.cilium_cluster import (
    OTHER,
    OWN_HOST,
    REMOTE,
    SAME,
    WORLD,
    answers,
    cnp,
    ingress,
)
from tests.unit.engines.policy_cluster import assumed, decision, verdict
from tests.unit.engines.rows import EVERY_CILIUM

ON_HOST_PORT = "node:n2 -> shop/db TCP/80"
FLOWS = (OWN_HOST, ON_HOST_PORT, REMOTE, SAME)
SQL = "toPorts: [{ports: [{port: '5432', protocol: TCP}]}]"


def deny(rule: str) -> str:
    """A policy that lets everybody in but whom the rule means."""
    return cnp(f"ingressDeny: [{{{rule}}}]", "ingress: [{fromEntities: [all]}]")


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("fromEntities: [host]", "NNYY"),
        ("fromEntities: [all]", "NNNN"),
        ("fromEntities: [cluster]", "NNNN"),
        ("fromEndpoints: [{matchLabels: {'reserved:host': ''}}]", "NNYY"),
        ("fromEntities: [host], " + SQL, "NYYY"),
        # Ports without peers mean everybody, the own node too.
        (SQL, "NYNN"),
        # What does not mean the own node leaves it in.
        ("fromEntities: [remote-node]", "YYNY"),
        ("fromEntities: [world]", "YYYY"),
        ("fromEndpoints: [{}]", "YYYN"),
        ("fromCIDR: [0.0.0.0/0]", "YYYY"),
        ("fromEntities: [none]", "YYYY"),
    ],
)
@pytest.mark.parametrize("engine", EVERY_CILIUM.split())
def test_a_denial_that_means_the_own_node(engine: str, rule: str, expected: str) -> None:
    assert answers([deny(rule)], *FLOWS, engine=engine) == expected


def test_nodes_by_address() -> None:
    given = [deny("fromCIDR: [192.168.0.5/32]")]
    assert answers(given, *FLOWS, engine="cilium?cidrMatchMode=nodes") == "NNYY"


@pytest.mark.parametrize(
    "given",
    [
        "ns: shop, spec: {podSelector: {}, policyTypes: [Ingress]}",
        ingress(""),
        ingress("fromEndpoints: [{}]"),
        ingress("fromEntities: [world]"),
        ingress("fromEntities: [none]"),
        ingress("toPorts: [{ports: [{port: '1', protocol: TCP}]}]"),
        cnp("ingressDeny: [{fromEntities: [world]}]"),
        "ccnp: {endpointSelector: {}, ingress: [{}]}",
    ],
)
@pytest.mark.parametrize("engine", [*EVERY_CILIUM.split(), "cilium?policyEnforcement=always"])
def test_isolation_alone_lets_the_own_node_in(engine: str, given: str) -> None:
    assert answers([given], OWN_HOST, engine=engine) == "Y"


def test_the_own_node_in_modes_of_enforcement() -> None:
    denied = [deny("fromEntities: [host]")]
    assert answers(denied, OWN_HOST, engine="cilium?policyEnforcement=always") == "N"
    assert answers(denied, OWN_HOST, engine="cilium?policyEnforcement=never") == "Y"
    assert answers([], OWN_HOST, WORLD, OTHER, engine="cilium?policyEnforcement=always") == "YNN"


def test_a_denial_in_doubt_leaves_the_own_node_open() -> None:
    given = [deny("fromGalaxies: [{}], " + SQL)]
    assert assumed(given, OWN_HOST) == {"CiliumFieldUnknown"}
    assert answers(given, ON_HOST_PORT) == "Y"


def test_what_is_told_of_it() -> None:
    (denied,) = verdict([deny("fromEntities: [host]")], OWN_HOST).ingress.evidence
    assert (denied.effect, denied.reason, denied.rule) == (
        "Deny", "CiliumPolicyRule", "/spec/ingressDeny/0",
    )  # fmt: skip
    (allowed,) = verdict([ingress("")], OWN_HOST).ingress.evidence
    assert (allowed.effect, allowed.reason) == ("Allow", "NodeOfPodAllowed")


def test_a_cluster_policy_does_not_keep_the_own_node_out() -> None:
    """Its ingress rules mean pods only."""
    given = [
        "cnp2: {tier: Admin, priority: 1, subject: {namespaces: {}}, "
        "ingress: [{action: Deny, from: [{namespaces: {}}]}]}"
    ]
    engine = "cilium:1.19?clusterNetworkPolicy=enabled"
    assert decision(given, OWN_HOST, engine) == "Allow"
    assert decision([*given, deny("fromEntities: [host]")], OWN_HOST, engine) == "Deny"
