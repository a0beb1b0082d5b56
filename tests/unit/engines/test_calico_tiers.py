"""Calico's tiers and the order of policies."""

from __future__ import annotations

import pytest

from tests.unit.engines.calico_cluster import (
    Given,
    calnp,
    decision,
    findings,
    given,
    gnp,
    pipeline,
    rule,
)

WEB = "shop/web -> shop/db TCP/5432"
ANY = rule()
DENY = rule(action="Deny")


SEC = given("tier: {name: sec, order: 10}")
PASSING_SEC = given("tier: {name: sec, order: 10, defaultAction: Pass}")
LATE_SEC = given("tier: {name: sec, order: 2000000}")


@pytest.mark.parametrize(
    ("objects", "expected"),
    [
        # The first match of a policy, then of the tier, decides.
        ([gnp(DENY, ANY)], "Deny"),
        ([gnp(rule(action="Log"), ANY)], "Allow"),
        ([gnp(rule(action="Log"))], "Deny"),
        ([gnp(rule(action="Pass"))], "Allow"),
        ([gnp(DENY, order=2), gnp(ANY, order=1)], "Allow"),
        # Without order a policy comes last.
        ([gnp(DENY), gnp(ANY, order=9e9)], "Allow"),
        # The first tier decides unless it passes; the end of a tier decides too.
        ([SEC, gnp(tier="sec"), gnp(ANY)], "Deny"),
        ([PASSING_SEC, gnp(tier="sec")], "Allow"),
        ([SEC, gnp(rule(action="Pass"), tier="sec"), gnp(DENY)], "Deny"),
        ([LATE_SEC, gnp(DENY, tier="sec"), gnp(ANY)], "Allow"),
        (
            [
                *(given("tier: {name: b, order: 5}"), given("tier: {name: a, order: 5}")),
                *(gnp(DENY, tier="b"), gnp(ANY, tier="a")),
            ],
            "Allow",
        ),
        # A tier that does not exist takes its policies with it.
        ([gnp(DENY, tier="sec")], "Allow"),
        # Another direction leaves ingress alone.
        ([gnp(DENY, types=["Egress"], egress=[ANY])], "Allow"),
        # Staged policies are never enforced.
        ([given("sgnp: {selector: all(), ingress: [{action: Deny}]}")], "Allow"),
        ([given("snp: {ns: shop, selector: all(), ingress: [{action: Deny}]}")], "Allow"),
    ],
)
def test_order_and_tiers(objects: list[Given], expected: str) -> None:
    assert decision(objects, WEB) == expected


@pytest.mark.parametrize(
    ("order", "action", "network_policy", "expected"),
    [
        (500, "Allow", "{podSelector: {}}", "Allow"),
        (2000, "Allow", "{podSelector: {}}", "Allow"),
        (500, "Deny", "{podSelector: {}, ingress: [{}]}", "Deny"),
        (2000, "Deny", "{podSelector: {}, ingress: [{}]}", "Allow"),
        (500, "Pass", "{podSelector: {}, ingress: [{}]}", "Allow"),
        (500, "Log", "{podSelector: {}}", "Deny"),
    ],
)
def test_network_policies_stand_at_order_1000(
    order: int, action: str, network_policy: str, expected: str
) -> None:
    objects = [gnp(rule(action=action), order=order), given(f"ns: shop, spec: {network_policy}")]
    assert decision(objects, WEB) == expected


@pytest.mark.parametrize(
    ("engine", "allowing", "denying", "expected"),
    [
        # Up to 3.31 by the stored key: default.<name> stands before <namespace>/default.<name>.
        ("calico:3.31", "b", "a", "Allow"),
        ("calico:3.31", "a", "b", "Allow"),
        # Since 3.32 by name, namespace, kind.
        ("calico:3.32", "b", "a", "Deny"),
        ("calico:3.32", "a", "b", "Allow"),
    ],
)
def test_ties(engine: str, allowing: str, denying: str, expected: str) -> None:
    objects = [gnp(ANY, order=5, name=allowing), calnp(DENY, order=5, name=denying)]
    assert decision(objects, WEB, engine) == expected
    assert [code for code, _ in findings(objects, engine)] == ["CalicoEqualOrder"]


def test_a_tier_without_order() -> None:
    objects = [given("tier: {name: alpha}"), gnp(DENY, tier="alpha"), gnp(ANY)]
    assert decision(objects, WEB, "calico:3.31") == "Allow"
    assert decision(objects, WEB, "calico:3.32") == "Deny"
    assert findings(objects) == [("CalicoTierWithoutOrder", "alpha")]


def test_tiers_before_open_source_calico_had_them() -> None:
    objects = [SEC, gnp(DENY, tier="sec")]
    assert decision(objects, WEB, "calico:3.28") == "Unknown CalicoTiersSince329"
    assert decision(objects, WEB, "calico:3.29") == "Deny"


def test_stages_are_tiers() -> None:
    found = pipeline([SEC, gnp(tier="sec"), given("ns: shop, spec: {podSelector: {}}")])
    assert [each.name for each in found.ingress] == ["ownNode", "sec", "default"]
    assert [each.name for each in found.egress] == []
