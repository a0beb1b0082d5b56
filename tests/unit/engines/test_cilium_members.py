"""Names, Services, groups, requirements and nodes in Cilium's policies."""

from __future__ import annotations

import pytest

from tests.builders import Manifest, service
from tests.unit.engines.cilium_cluster import (
    DNS,
    OTHER,
    OWN_HOST,
    REMOTE,
    SAME,
    TO_NODE,
    TO_OWN_NODE,
    TO_POD,
    TO_WORLD,
    WORLD,
    answers,
    egress,
    ingress,
)
from tests.unit.engines.policy_cluster import assumed, decision, findings


class TestNames:
    NAME = "toFQDNs: [{matchName: api.example.com}]"

    def test_without_a_dns_rule_nothing_is_learnt(self) -> None:
        assert answers([egress(self.NAME)], TO_WORLD, TO_POD) == "NN"
        assert findings([egress(self.NAME)]) == [
            ("CiliumFqdnNeverLearnt", "/spec/egress/0/toFQDNs/0")
        ]

    def test_with_a_dns_rule_it_is_an_assumption(self) -> None:
        given = [egress(DNS, self.NAME)]
        assert assumed(given, TO_WORLD) == {"CiliumFqdn"}
        # Names are for addresses outside.
        assert answers(given, TO_POD, TO_NODE) == "NN"
        assert findings(given) == []

    def test_name_that_no_dns_rule_lets_anybody_ask_for(self) -> None:
        given = [egress(DNS.replace("'*'", "'*.other.com'"), self.NAME)]
        assert [code for code, _ in findings(given)] == ["CiliumFqdnNeverLearnt"]
        assert assumed(given, TO_WORLD) == {"CiliumFqdn"}

    def test_many_labels_in_a_pattern_by_version(self) -> None:
        given = [
            egress(
                DNS.replace("'*'", "'**.example.com'"), "toFQDNs: [{matchName: a.b.example.com}]"
            )
        ]
        assert [code for code, _ in findings(given, "cilium:1.18")] == ["CiliumFqdnNeverLearnt"]
        assert findings(given, "cilium:1.19") == []


class TestServices:
    BY_NAME = "toServices: [{k8sService: {serviceName: web-svc, namespace: shop}}]"
    TO_WEB = "shop/db -> shop/web TCP/8080"

    def test_service_with_selector_stands_for_its_pods(self) -> None:
        given = [egress(self.BY_NAME)]
        assert answers(given, self.TO_WEB, TO_POD, TO_WORLD) == "YNN"
        assert answers(given, self.TO_WEB, engine="cilium:1.16") == "N"

    def test_with_ports(self) -> None:
        given = [egress(f"{self.BY_NAME}, toPorts: [{{ports: [{{port: '8080'}}]}}]")]
        assert answers(given, self.TO_WEB, "shop/db -> shop/web TCP/80") == "YN"
        assert findings(given, "cilium:1.16") == [
            ("CiliumServicesWithPorts", "/spec/egress/0/toServices")
        ]
        assert answers(given, TO_WORLD, engine="cilium:1.16") == "Y"

    def test_service_without_selector(self) -> None:
        more = [service("shop/outside", ports=[{"port": 443}])]
        rule = egress("toServices: [{k8sService: {serviceName: outside, namespace: shop}}]")
        assert assumed([rule], TO_WORLD, more=more) == {"CiliumServiceAddresses"}
        assert decision([rule], TO_POD, more=more) == "Deny"

    @pytest.mark.parametrize("selector", [None, {"app": "web"}])
    def test_service_that_is_only_a_name(self, selector: dict[str, str] | None) -> None:
        alias = {"type": "ExternalName", "externalName": "a.b"}
        more = [service("shop/alias", selector, [{"port": 8080}], **alias)]
        rule = egress("toServices: [{k8sService: {serviceName: alias, namespace: shop}}]")
        assert decision([rule], self.TO_WEB, more=more) == "Deny"
        assert decision([rule], TO_WORLD, more=more) == "Deny"

    def test_by_labels(self) -> None:
        labelled = service("shop/labelled", {"app": "side"}, [{"port": 80}])
        labelled["metadata"]["labels"] = {"role": "edge"}
        rule = egress("toServices: [{k8sServiceSelector: {selector: {matchLabels: {role: edge}}}}]")
        assert decision([rule], "shop/db -> shop/side TCP/80", more=[labelled]) == "Allow"
        assert decision([rule], self.TO_WEB, more=[labelled]) == "Deny"

    def test_service_that_does_not_exist(self) -> None:
        rule = egress("toServices: [{k8sService: {serviceName: gone, namespace: shop}}]")
        assert answers([rule], self.TO_WEB, TO_WORLD) == "NN"


class TestGroups:
    @staticmethod
    def group(name: str, cidr: str, version: str = "v2", **labels: str) -> Manifest:
        return {
            "apiVersion": f"cilium.io/{version}",
            "kind": "CiliumCIDRGroup",
            "metadata": {"name": name, "labels": labels},
            "spec": {"externalCIDRs": [cidr]},
        }

    @pytest.mark.parametrize("version", ["v2alpha1", "v2"])
    def test_by_name(self, version: str) -> None:
        rule = ingress("fromCIDRSet: [{cidrGroupRef: office}]")
        assert decision([rule, self.group("office", "203.0.113.0/24", version)], WORLD) == "Allow"
        assert decision([rule, self.group("office", "198.51.100.0/24", version)], WORLD) == "Deny"

    def test_by_labels_with_exceptions(self) -> None:
        groups = [
            self.group("a", "203.0.113.0/24", role="office"),
            self.group("b", "10.244.0.0/16", role="office"),
            self.group("c", "198.51.100.0/24", role="other"),
        ]
        chosen = "cidrGroupSelector: {matchLabels: {role: office}}"
        assert decision([ingress(f"fromCIDRSet: [{{{chosen}}}]"), *groups], WORLD) == "Allow"
        # Groups, too, mean addresses without another identity.
        assert decision([ingress(f"fromCIDRSet: [{{{chosen}}}]"), *groups], OTHER) == "Deny"
        cut = f"fromCIDRSet: [{{{chosen}, except: [203.0.113.10/32]}}]"
        assert decision([ingress(cut), *groups], WORLD) == "Deny"

    def test_missing_group_is_an_assumption(self) -> None:
        rule = ingress("fromCIDRSet: [{cidrGroupRef: gone}]")
        assert assumed([rule], WORLD) == {"CiliumCidrGroupMissing"}
        assert answers([rule], SAME) == "N"

    def test_egress_before_groups_were_for_it(self) -> None:
        given: list[str | Manifest] = [
            egress("toCIDRSet: [{cidrGroupRef: office}]"),
            self.group("office", "203.0.113.0/24"),
        ]
        assert decision(given, TO_WORLD, "cilium:1.17") == "Allow"
        assert assumed(given, TO_WORLD, "cilium:1.16") == {"CiliumFieldUnknown"}

    def test_cloud_groups(self) -> None:
        rule = egress("toGroups: [{aws: {securityGroupsIds: [sg-1]}}]")
        assert assumed([rule], TO_WORLD) == {"CiliumCloudGroup"}
        assert answers([rule], TO_POD) == "N"


class TestRequires:
    PROD = "fromRequires: [{matchLabels: {tier: front}}]"

    def test_narrows_the_endpoint_rules_of_its_policy(self) -> None:
        given = [ingress(self.PROD, "fromEndpoints: [{}]")]
        flows = (SAME, "shop/side -> shop/db TCP/5432")
        assert answers(given, *flows) == "YN"
        assert answers(given, *flows, engine="cilium:1.19") == "YY"

    def test_reaches_other_policies_in_ways_that_are_open(self) -> None:
        given = [ingress(self.PROD), ingress("fromEndpoints: [{}]")]
        assert assumed(given, "shop/side -> shop/db TCP/5432") == {"CiliumRequires"}
        assert answers(given, SAME, WORLD) == "YN"


class TestNodes:
    FROM = "fromNodes: [{matchLabels: {kubernetes.io/os: linux}}]"

    def test_needs_node_labels(self) -> None:
        assert answers([ingress(self.FROM)], SAME) == "Y"
        assert findings([ingress(self.FROM)]) == [
            ("CiliumNoNodeLabels", "/spec/ingress/0/fromNodes")
        ]
        engine = "cilium?nodeSelectorLabels=enabled"
        assert answers([ingress(self.FROM)], SAME, WORLD, REMOTE, OWN_HOST, engine=engine) == "NNYY"
        to = egress("toNodes: [{matchLabels: {kubernetes.io/os: linux}}]")
        # The own node is no remote one.
        assert answers([to], TO_NODE, TO_OWN_NODE, engine=engine) == "YN"

    def test_before_there_were_such_peers(self) -> None:
        assert assumed([ingress(self.FROM)], REMOTE, "cilium:1.15") == {"CiliumFieldUnknown"}

    def test_host_firewall_is_off_by_default(self) -> None:
        closed = "ccnp: {nodeSelector: {}, ingress: [{fromEntities: [none]}]}"
        flow = "ops/mon -> node:n1 TCP/22"
        assert answers([closed], flow) == "Y"
        assert findings([closed]) == [("CiliumHostFirewallOff", "/spec/nodeSelector")]
        engine = "cilium?hostFirewall=enabled"
        assert answers([closed], flow, SAME, engine=engine) == "NY"
        assert findings([closed], engine) == []
