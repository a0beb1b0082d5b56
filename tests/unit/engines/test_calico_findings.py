"""What Calico policies do not do, and how that is told."""

from __future__ import annotations

import pytest

from service.model.verdict import Decision
from tests.unit.engines.calico_cluster import (
    Given,
    calnp,
    decision,
    findings,
    given,
    gnp,
    rule,
    verdict,
)

MON = "ops/mon -> shop/db TCP/5432"
WEB = "shop/web -> shop/db TCP/5432"
OUT = "ext -> shop/db TCP/5432"
ANY = rule()
DENY = rule(action="Deny")
SEC = given("tier: {name: sec, order: 10}")


def test_http_is_ignored_unless_application_layer_policy_enforces_it() -> None:
    objects = [gnp(rule("protocol: TCP, http: {methods: [GET]}"))]
    found = verdict(objects, WEB)
    assert found.decision is Decision.ALLOW
    assert "http" in found.ingress.evidence[-1].detail
    assert findings(objects) == [("CalicoHttpNotEnforced", "p0")]
    enforced = "calico?applicationLayerPolicy=enabled"
    assert decision(objects, WEB, enforced) == "Unknown CalicoHttpMatch"
    assert decision(objects, "shop/web -> shop/db UDP/1", enforced) == "Deny"
    assert findings(objects, enforced) == []


STORED = "crd.projectcalico.org/v1"


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (gnp(tier="sec"), [("CalicoTierMissing", "p0")]),
        (given("sgnp: {selector: all()}"), [("CalicoStagedNotEnforced", "p0")]),
        (gnp(form=STORED, selector="a"), [("CalicoObjectUnreadable", "p0")]),
        (gnp(rule("source: {nets: [x]}"), form=STORED), [("CalicoRestrictionLost", "p0")]),
        (
            gnp(rule("source: {selector: pcsa.team == 'a'}")),
            [("CalicoServiceAccountLabelsUnknown", "p0")],
        ),
        (gnp(ANY, order=5), []),
    ],
)
def test_findings(policy: Given, expected: list[tuple[str, str]]) -> None:
    assert findings([policy]) == expected


def test_what_felix_cannot_read_is_not_evaluated_as_if_it_were_fine() -> None:
    assert decision([gnp(DENY, form=STORED, selector="a =")], WEB) == "Allow"
    lost = "Unknown CalicoRestrictionLost"
    assert decision([gnp(rule("source: {nets: [10.300.0.0/16]}"), form=STORED)], WEB) == lost
    assert decision([gnp(DENY, form=STORED, namespaceSelector="a =")], WEB) == lost
    unread = given(f"gnetset: {{form: {STORED}, labels: {{zone: x}}, nets: [203.0.113.0/99]}}")
    policy = gnp(rule("source: {selector: has(zone)}"))
    assert decision([unread, policy], OUT) == "Unknown CalicoNetworkSetUnreadable"


@pytest.mark.parametrize("engine", ["kubernetes", "npm", "cilium", "none"])
def test_other_engines_read_none_of_it(engine: str) -> None:
    objects = [
        *(gnp(DENY), SEC, given("gnetset: {nets: []}")),
        *(given("hep: {node: n1, interfaceName: '*'}"), given("sgnp: {selector: all()}")),
    ]
    assert decision(objects, WEB, engine) == "Allow"
    assert len(findings(objects, engine)) == 5


def test_views_of_network_policies_count_once() -> None:
    selector = "projectcalico.org/orchestrator == 'k8s'"
    view = calnp(name="knp.default.p0", order=1000, selector=selector)
    own = given("ns: shop, spec: {podSelector: {}}")
    assert findings([own, view]) == [("CalicoViewOfOtherKind", "knp.default.p0")]
    assert decision([own, view], WEB) == "Deny"
    # Where the NetworkPolicy is not part of the upload, its view stands for it.
    assert findings([view]) == []
    assert decision([view], WEB) == "Deny"


def test_evidence_names_the_rule_and_the_nearest_failure() -> None:
    objects = [gnp(rule("source: {selector: app == 'mon'}"))]
    allowed = verdict(objects, MON).ingress
    assert allowed.isolated
    assert [each.name for each in allowed.isolated_by] == ["p0"]
    assert allowed.evidence[-1].rule == "/spec/ingress/0"
    denied = verdict(objects, WEB).ingress.evidence[-1]
    assert (denied.effect, denied.reason) == ("NoMatch", "PodSelectorMismatch")
    assert denied.rule == "/spec/ingress/0"
