"""Admin policies: tiers, order, peers and ports."""

from __future__ import annotations

import pytest

from tests.unit.engines.admin_cluster import (
    ISOLATED,
    MON,
    OPEN_TO_ALL_PODS,
    OUT,
    WEB,
    admin,
    baseline,
    egress,
    ingress,
)
from tests.unit.engines.policy_cluster import assumed, decision, findings, verdict


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([admin("Accept"), ISOLATED, baseline("Deny")], "Allow"),
        ([admin("Deny"), OPEN_TO_ALL_PODS, baseline("Accept")], "Deny"),
        ([admin("Deny"), baseline("Accept")], "Deny"),
        ([admin("Pass"), ISOLATED, baseline("Accept")], "Deny"),
        ([admin("Pass"), OPEN_TO_ALL_PODS, baseline("Deny")], "Allow"),
        ([admin("Pass"), baseline("Deny")], "Deny"),
        ([baseline("Pass")], "Allow"),
        ([baseline("Pass", 1), baseline("Deny", 2)], "Allow"),
        ([], "Allow"),
        ([ISOLATED, baseline("Accept")], "Deny"),
        ([admin("Pass", 10), admin("Deny", 20)], "Allow"),
        ([admin("Deny", 20), admin("Accept", 10)], "Allow"),
        ([admin("Deny", 0), admin("Accept", 1000)], "Deny"),
    ],
)
def test_truth_table(given: list[str], expected: str) -> None:
    assert decision(given, MON, "kubernetes") == expected


@pytest.mark.parametrize(
    ("peer", "mon", "web", "outside"),
    [
        ("namespaces: {}", "Deny", "Deny", "Allow"),
        ("namespaces: {matchLabels: {team: b}}", "Deny", "Allow", "Allow"),
        ("namespaces: {matchExpressions: [{key: team, operator: DoesNotExist}]}", *["Allow"] * 3),
        (
            "pods: {namespaceSelector: {}, podSelector: {matchLabels: {app: web}}}",
            *("Allow", "Deny", "Allow"),
        ),
        (
            "pods: {namespaceSelector: {matchLabels: {team: b}}, "
            "podSelector: {matchLabels: {app: web}}}",
            *["Allow"] * 3,
        ),
    ],
)
def test_peers_of_ingress(peer: str, mon: str, web: str, outside: str) -> None:
    given = [ingress(f"{{{peer}}}")]
    assert decision(given, MON, "kubernetes") == mon
    assert decision(given, WEB, "kubernetes") == web
    assert decision(given, "ext -> shop/db TCP/5432", "kubernetes") == outside


@pytest.mark.parametrize(
    ("peer", "pod", "node", "own_node", "outside"),
    [
        ("namespaces: {}", "Deny", "Allow", "Allow", "Allow"),
        ("nodes: {}", "Allow", "Deny", "Deny", "Allow"),
        ("nodes: {matchLabels: {kubernetes.io/os: linux}}", "Allow", "Deny", "Deny", "Allow"),
        ("nodes: {matchLabels: {kubernetes.io/os: windows}}", *["Allow"] * 4),
        ("networks: [0.0.0.0/0]", *["Deny"] * 4),
        ("networks: ['::/0']", *["Allow"] * 4),
        ("networks: [10.244.0.0/16]", "Deny", "Allow", "Allow", "Allow"),
        ("networks: [192.168.0.4/32]", "Allow", "Deny", "Allow", "Allow"),
    ],
)
def test_peers_of_egress(peer: str, pod: str, node: str, own_node: str, outside: str) -> None:
    given = [egress(f"{{{peer}}}")]
    answers = {
        "shop/db -> ops/mon TCP/3000": pod,
        "shop/db -> node:n1 TCP/22": node,
        "shop/db -> node:n2 TCP/22": own_node,
        "shop/db -> shop/hostd TCP/22": node,
        OUT: outside,
    }
    for when, expected in answers.items():
        assert decision(given, when, "kubernetes") == expected, when


def test_own_node_is_exempt_from_network_policies_only() -> None:
    own_node = "shop/db -> node:n2 TCP/22"
    isolated = "ns: shop, spec: {podSelector: {}, policyTypes: [Egress]}"
    closed = "banp: {subject: {namespaces: {}}, egress: [{action: Deny, to: [{nodes: {}}]}]}"
    assert decision([isolated], own_node, "kubernetes") == "Allow"
    assert decision([isolated, closed], own_node, "kubernetes") == "Allow"
    assert decision([closed], own_node, "kubernetes") == "Deny"


def test_host_network_pods_are_no_subjects() -> None:
    given = [egress("{namespaces: {}}")]
    assert decision(given, "shop/hostd -> ops/mon TCP/3000", "kubernetes") == "Allow"


@pytest.mark.parametrize(
    ("ports", "open_to"),
    [
        ("portNumber: {port: 5432}", {"TCP/5432"}),
        ("portNumber: {protocol: UDP, port: 5432}", {"UDP/5432"}),
        ("portRange: {start: 5432, end: 5433}", {"TCP/5432", "TCP/5433"}),
        ("namedPort: sql", {"TCP/5432"}),
        ("namedPort: dns", {"UDP/53"}),
        ("namedPort: unknown", set()),
    ],
)
def test_ports(ports: str, open_to: set[str]) -> None:
    rule = egress("{namespaces: {}}", "Allow", f", ports: [{{{ports}}}]")
    closed = "banp: {subject: {namespaces: {}}, egress: [{action: Deny, to: [{namespaces: {}}]}]}"
    asked = ["TCP/5432", "TCP/5433", "TCP/5434", "UDP/5432", "UDP/53", "TCP/53"]
    found = {
        each
        for each in asked
        if decision([rule, closed], f"ops/mon -> shop/db {each}", "kubernetes") == "Allow"
    }
    assert found == open_to


def test_rule_without_ports_is_about_icmp_too() -> None:
    assert decision([admin("Deny")], "ops/mon -> shop/db ICMP", "kubernetes") == "Deny"


def test_domain_names_are_an_assumption() -> None:
    given = [
        egress("{domainNames: ['*.example.com']}", "Allow"),
        "banp: {subject: {namespaces: {}}, egress: [{action: Deny, to: "
        "[{networks: [0.0.0.0/0]}]}]}",
    ]
    assert assumed(given, OUT, "kubernetes") == {"DomainNames"}
    assert decision(given, "shop/db -> ops/mon TCP/3000", "kubernetes") == "Deny"


@pytest.mark.parametrize(
    ("action", "expected"), [("Accept", "Allow"), ("Deny", "Deny"), ("Pass", "Deny")]
)
def test_unknown_peer_fails_closed(action: str, expected: str) -> None:
    given = [
        "cnp2: {tier: Admin, priority: 1, subject: {namespaces: {}}, "
        f"egress: [{{action: {action}, to: [{{galaxies: {{}}}}]}}]}}"
    ]
    assert decision(given, OUT, "kubernetes") == expected


def test_equal_priorities_leave_open_what_their_policies_disagree_on() -> None:
    first = (
        "anp: {priority: 7, subject: {namespaces: {}}, ingress: ["
        "{action: Allow, from: [{namespaces: {}}], ports: [{portNumber: {port: 5432}}]}, "
        "{action: Deny, from: [{namespaces: {}}]}]}"
    )
    second = (
        "anp: {priority: 7, subject: {namespaces: {}}, ingress: ["
        "{action: Allow, from: [{namespaces: {matchLabels: {team: b}}}]}]}"
    )
    given = [first, second]
    # Whichever is applied, each allows this: the first one's Deny comes after its Allow.
    assert decision(given, MON, "kubernetes") == "Allow"
    assert assumed(given, "ops/mon -> shop/db TCP/80", "kubernetes") == {"EqualPriority"}
    assert decision(given, "shop/web -> shop/db TCP/80", "kubernetes") == "Deny"
    assert [code for code, _ in findings(given, "kubernetes")] == ["EqualPriority"] * 2


def test_equal_priorities_in_different_tiers_are_no_tie() -> None:
    assert findings([admin("Accept", 5), baseline("Deny", 5)], "kubernetes") == []


def test_both_apis_at_once_leave_their_order_open() -> None:
    given = [ingress("{namespaces: {}}", "Allow"), admin("Deny", 1)]
    assert assumed(given, MON, "kubernetes") == {"TwoAdminPolicyApis"}
    assert {code for code, _ in findings(given, "kubernetes")} == {"TwoAdminPolicyApis"}


def test_evidence_names_rule_and_policy() -> None:
    found = verdict([egress("{namespaces: {}}")], "shop/db -> ops/mon TCP/3000", "kubernetes")
    (evidence,) = found.egress.evidence
    assert evidence.effect == "Deny"
    assert evidence.reason == "AdminNetworkPolicyRule"
    assert str(evidence.policy) == "AdminNetworkPolicy p0"
    assert evidence.rule.startswith("/spec/egress/0")
    assert found.egress.isolated is False


def test_a_policy_is_not_tied_with_itself() -> None:
    """Rules by port name before others that decide differently leave nothing open."""
    given = [
        "anp: {priority: 7, subject: {namespaces: {}}, ingress: ["
        "{action: Allow, from: [{namespaces: {}}], ports: [{namedPort: http}]}, "
        "{action: Deny, from: [{namespaces: {}}]}]}"
    ]
    flow = "shop/db -> shop/web TCP/8080"
    assert decision(given, flow, "kubernetes") == "Allow"
    assert assumed(given, flow, "kubernetes") == set()
    assert decision(given, "shop/db -> shop/web TCP/81", "kubernetes") == "Deny"
