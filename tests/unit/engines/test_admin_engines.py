"""Which engine reads which admin policies, and what becomes of them there."""

from __future__ import annotations

import pytest

from tests.unit.engines.admin_cluster import (
    ISOLATED,
    MON,
    OPEN_TO_ALL_PODS,
    OUT,
    admin,
    baseline,
    ingress,
)
from tests.unit.engines.policy_cluster import assumed, decision, findings

ANP_DENY = ingress("{namespaces: {}}")
BANP_DENY = "banp: {subject: {namespaces: {}}, ingress: [{action: Deny, from: [{namespaces: {}}]}]}"


@pytest.mark.parametrize(
    ("engine", "anp", "banp", "cnp"),
    [
        ("kubernetes", "Deny", "Deny", "Deny"),
        ("npm", "Allow", "Allow", "Allow"),
        ("none", "Allow", "Allow", "Allow"),
        ("calico:3.28", "Allow", "Allow", "Allow"),
        ("calico:3.29", "Deny", "Allow", "Allow"),
        ("calico:3.30", "Deny", "Deny", "Allow"),
        ("calico:3.31", "Deny", "Deny", "Allow"),
        ("calico:3.32", "Allow", "Allow", "Deny"),
        ("cilium:1.18", "Allow", "Allow", "Allow"),
        ("cilium:1.19", "Allow", "Allow", "Allow"),
        ("cilium:1.19?clusterNetworkPolicy=enabled", "Allow", "Allow", "Deny"),
        ("cilium:1.18?clusterNetworkPolicy=enabled", "Allow", "Allow", "Allow"),
    ],
)
def test_which_engine_reads_which_kind(engine: str, anp: str, banp: str, cnp: str) -> None:
    for given, expected in ((ANP_DENY, anp), (BANP_DENY, banp), (admin("Deny"), cnp)):
        assert decision([given], MON, engine) == expected, given
        told = {code for code, _ in findings([given], engine)}
        # What is not read is a finding, never silence.
        assert bool(told) == (expected == "Allow"), (given, told)


class TestCalico:
    def test_named_port_widens_the_rule_of_the_old_kinds(self) -> None:
        given = [ingress("{namespaces: {}}", "Deny", ", ports: [{namedPort: sql}]")]
        assert decision(given, "ops/mon -> shop/db UDP/53", "calico:3.30") == "Deny"
        assert decision(given, "ops/mon -> shop/db UDP/53", "kubernetes") == "Allow"
        assert findings(given, "calico:3.30") == [
            ("CalicoNamedPortIgnored", "/spec/ingress/0/ports")
        ]

    @pytest.mark.parametrize("what", ["nodes: {}", "domainNames: [example.com]", "galaxies: {}"])
    def test_rule_that_cannot_be_converted_fails_closed(self, what: str) -> None:
        allowing = (
            "cnp2: {tier: Admin, priority: 1, subject: {namespaces: {}}, "
            f"egress: [{{action: Accept, to: [{{{what}}}, {{namespaces: {{}}}}]}}]}}"
        )
        closed = "ns: shop, spec: {podSelector: {}, policyTypes: [Egress]}"
        # The peer that could be converted is lost with the rule.
        assert decision([allowing, closed], "shop/db -> ops/mon TCP/3000", "calico:3.32") == "Deny"
        if "domain" not in what:
            denying = allowing.replace("Accept", "Pass")
            assert decision([denying], "shop/db -> ext TCP/443", "calico:3.32") == "Deny"

    def test_named_port_of_the_new_kind_is_of_any_protocol(self) -> None:
        given = [
            "cnp2: {tier: Admin, priority: 1, subject: {namespaces: {}}, ingress: [{action: Deny, "
            "from: [{namespaces: {}}], protocols: [{destinationNamedPort: %s}]}]}"
        ]
        for name, flow, expected in (
            ("sql", "ops/mon -> shop/db TCP/5432", "Deny"),
            ("sql", "ops/mon -> shop/db UDP/53", "Allow"),
            ("dns", "ops/mon -> shop/db UDP/53", "Deny"),
            ("none", "ops/mon -> shop/db TCP/5432", "Allow"),
        ):
            assert decision([given[0] % name], flow, "calico:3.32") == expected, (name, flow)
            assert decision([given[0] % name], flow, "kubernetes") == expected, (name, flow)

    def test_tiers_lie_around_the_default_one(self) -> None:
        first = "tier: {name: early, order: 500}"
        allow = "gnp: {tier: early, selector: all(), types: [Ingress], ingress: [{action: Allow}]}"
        assert decision([first, allow, admin("Deny")], MON, "calico:3.32") == "Allow"
        assert (
            decision([first.replace("500", "2000"), allow, admin("Deny")], MON, "calico:3.32")
            == "Deny"
        )
        assert decision([ISOLATED, baseline("Accept")], MON, "calico:3.32") == "Deny"
        assert decision([baseline("Deny")], MON, "calico:3.32") == "Deny"


class TestCilium:
    ON = "cilium:1.19?clusterNetworkPolicy=enabled"

    def test_admin_tier_comes_before_all_other_policies(self) -> None:
        denied = "cnp: {ns: shop, endpointSelector: {}, ingressDeny: [{fromEntities: [all]}]}"
        assert decision([admin("Accept"), denied], MON, self.ON) == "Allow"
        assert decision([admin("Deny"), OPEN_TO_ALL_PODS], MON, self.ON) == "Deny"
        assert decision([admin("Pass"), denied], MON, self.ON) == "Deny"

    def test_baseline_accept_for_an_isolated_pod_is_open(self) -> None:
        assert assumed([ISOLATED, baseline("Accept")], MON, self.ON) == {"CiliumBaselineAccept"}
        assert decision([ISOLATED, baseline("Deny")], MON, self.ON) == "Deny"
        assert decision([baseline("Deny")], MON, self.ON) == "Deny"

    def test_networks_mean_addresses_without_another_identity(self) -> None:
        given = [
            "cnp2: {tier: Admin, priority: 1, subject: {namespaces: {}}, "
            "egress: [{action: Deny, to: [{networks: [0.0.0.0/0]}]}]}"
        ]
        assert decision(given, OUT, self.ON) == "Deny"
        assert decision(given, "shop/db -> ops/mon TCP/3000", self.ON) == "Allow"

    def test_nodes_need_node_labels(self) -> None:
        given = [
            "cnp2: {tier: Admin, priority: 1, subject: {namespaces: {}}, "
            "egress: [{action: Deny, to: [{nodes: {}}]}]}"
        ]
        node = "shop/db -> node:n1 TCP/22"
        assert assumed(given, node, self.ON) == {"CiliumNodesPeer"}
        assert decision(given, node, f"{self.ON}&nodeSelectorLabels=enabled") == "Deny"
