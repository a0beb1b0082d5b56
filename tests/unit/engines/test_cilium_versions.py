"""Layer 7, and what versions and configurations of Cilium make of a policy."""

from __future__ import annotations

import pytest

from tests.unit.engines.cilium_cluster import (
    DNS,
    OTHER,
    SAME,
    TO_NODE,
    TO_POD,
    WORLD,
    answers,
    cnp,
    egress,
    ingress,
)
from tests.unit.engines.policy_cluster import assumed, decision, findings


class TestLayer7:
    HTTP = "toPorts: [{ports: [{port: '5432', protocol: TCP}], rules: {http: [{method: GET}]}}]"

    def test_what_only_a_filter_lets_through_is_open(self) -> None:
        assert assumed([ingress(self.HTTP)], SAME) == {"L7Filtered"}
        assert answers([ingress(self.HTTP)], "shop/web -> shop/db TCP/80") == "N"

    def test_another_rule_without_filter_settles_it(self) -> None:
        given = [ingress(self.HTTP), ingress("fromEndpoints: [{}]")]
        assert answers(given, SAME) == "Y"
        assert assumed(given, OTHER) == {"L7Filtered"}

    def test_a_denial_settles_it(self) -> None:
        given = [ingress(self.HTTP), cnp("ingressDeny: [{fromEntities: [world]}]")]
        assert answers(given, WORLD) == "N"

    OPEN = "enableDefaultDeny: {ingress: false}"

    @pytest.mark.parametrize(
        ("engine", "expected"),
        [
            ("cilium:1.16.9", "U"),
            ("cilium:1.16.10", "Y"),
            ("cilium:1.16", "Y"),
            ("cilium:1.17.4", "U"),
            ("cilium:1.17.5", "Y"),
            ("cilium:1.18", "Y"),
            ("cilium:1.19", "Y"),
        ],
    )
    def test_without_default_deny_a_filter_refuses_nothing(
        self, engine: str, expected: str
    ) -> None:
        switched_off = cnp(self.OPEN, f"ingress: [{{{self.HTTP}}}]")
        assert answers([switched_off], SAME, engine=engine) == expected
        assert answers([switched_off], "shop/web -> shop/db TCP/80", engine=engine) == "Y"

    def test_default_deny_of_another_policy_has_the_filter_refuse(self) -> None:
        switched_off = cnp(self.OPEN, f"ingress: [{{{self.HTTP}}}]")
        isolating = ingress("fromEntities: [world]")
        assert assumed([switched_off, isolating], SAME) == {"L7Filtered"}
        assert answers([switched_off, isolating], WORLD, "shop/web -> shop/db TCP/80") == "YN"

    def test_default_deny_in_the_other_direction_has_no_part_in_it(self) -> None:
        switched_off = cnp(self.OPEN, f"ingress: [{{{self.HTTP}}}]")
        assert answers([switched_off, egress("toEntities: [world]")], SAME) == "Y"

    @pytest.mark.parametrize(
        ("rest", "expected"),
        [
            ("rules: {kafka: [{topic: orders}]}", "Y"),
            ("rules: {l7proto: custom, l7: [{k: v}]}", "U"),
            ("serverNames: [example.com]", "U"),
        ],
    )
    def test_filters_that_get_no_wildcard(self, rest: str, expected: str) -> None:
        rule = f"toPorts: [{{ports: [{{port: '5432', protocol: TCP}}], {rest}}}]"
        switched_off = cnp(self.OPEN, f"ingress: [{{{rule}}}]")
        assert answers([switched_off], SAME) == expected

    @pytest.mark.parametrize(
        ("rest", "expected"),
        [
            ("rules: {kafka: [{}]}", "U"),
            ("rules: {l7proto: custom}", "U"),
            ("rules: {http: []}", "Y"),
            ("rules: {}", "Y"),
            ("serverNames: [example.com]", "U"),
            ("terminatingTLS: {secret: {name: s}}", "Y"),
        ],
    )
    def test_kinds_of_filters(self, rest: str, expected: str) -> None:
        rule = f"toPorts: [{{ports: [{{port: '5432', protocol: TCP}}], {rest}}}]"
        assert answers([ingress(rule)], SAME) == expected

    def test_dns_rules(self) -> None:
        flow = "shop/db -> ops/mon UDP/53"
        assert answers([egress(DNS)], flow) == "Y"
        some = DNS.replace("'*'", "'*.example.com'")
        assert assumed([egress(some)], flow) == {"L7Filtered"}

    def test_mutual_authentication(self) -> None:
        rule = "fromEndpoints: [{}], authentication: {mode: required}"
        assert assumed([ingress(rule)], SAME) == {"CiliumAuthentication"}
        assert answers([ingress(rule)], OTHER) == "N"
        assert answers([ingress(rule.replace("required", "disabled"))], SAME) == "Y"

    def test_without_the_proxy_the_policy_is_refused(self) -> None:
        engine = "cilium?l7Proxy=disabled"
        assert (
            answers([ingress(self.HTTP)], SAME, "shop/web -> shop/db TCP/80", engine=engine) == "YY"
        )
        assert findings([ingress(self.HTTP)], engine) == [
            ("CiliumNoL7Proxy", "/spec/ingress/0/toPorts")
        ]


def test_rule_with_a_field_of_the_future_is_open() -> None:
    given = [ingress("fromGalaxies: [{}], toPorts: [{ports: [{port: '5432'}]}]")]
    assert assumed(given, SAME) == {"CiliumFieldUnknown"}
    assert answers(given, "shop/web -> shop/db TCP/80") == "N"


def test_default_deny_switch_before_the_crd_had_it() -> None:
    given = [cnp("enableDefaultDeny: {ingress: false}", "ingress: [{fromEntities: [world]}]")]
    assert answers(given, SAME, WORLD, engine="cilium:1.16") == "YY"
    assert assumed(given, SAME, "cilium:1.15") == {"CiliumEnableDefaultDeny"}
    assert answers(given, WORLD, engine="cilium:1.15") == "Y"


def test_empty_policy_is_refused_with_all_its_specs_since_1_17() -> None:
    given = [
        {
            "apiVersion": "cilium.io/v2",
            "kind": "CiliumNetworkPolicy",
            "metadata": {"name": "half", "namespace": "shop"},
            "specs": [
                {"endpointSelector": {}, "ingress": []},
                {"endpointSelector": {}, "ingress": [{}]},
            ],
        }
    ]
    assert decision(given, SAME, "cilium:1.16") == "Deny"
    assert decision(given, SAME, "cilium:1.17") == "Allow"
    assert findings(given, "cilium:1.17") == [("CiliumEmptyRule", "/specs/0")]


def test_stored_invalid_policy_does_nothing() -> None:
    given = [
        {
            "apiVersion": "cilium.io/v2",
            "kind": "CiliumNetworkPolicy",
            "metadata": {"name": "stored", "namespace": "shop", "uid": "4b6f"},
            "spec": {
                "endpointSelector": {},
                "ingress": [{"fromEndpoints": [{}], "fromCIDR": ["10.0.0.0/8"]}],
            },
        }
    ]
    assert decision(given, OTHER) == "Allow"
    assert findings(given) == [("CiliumInvalidRule", "/spec/ingress/0")]


@pytest.mark.parametrize(
    ("mode", "expected"), [("default", "YN"), ("always", "NN"), ("never", "YY")]
)
def test_enforcement_modes(mode: str, expected: str) -> None:
    engine = f"cilium?policyEnforcement={mode}"
    assert answers([ingress("")], "lab/test -> ops/mon TCP/3000", SAME, engine=engine) == expected


def test_cidrs_mean_nodes_in_one_mode() -> None:
    given = [egress("toCIDR: [192.168.0.0/24]")]
    assert answers(given, TO_NODE) == "N"
    assert answers(given, TO_NODE, TO_POD, engine="cilium?cidrMatchMode=nodes") == "YN"
