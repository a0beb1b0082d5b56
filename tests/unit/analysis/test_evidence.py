"""Why a verdict is what it is: who isolates, which rule decided, which condition failed."""

from __future__ import annotations

import pytest

from service.model.policy import PolicyRef
from service.model.verdict import Decision, DirectionVerdict, Evidence
from tests.builders import Manifest, ask, network_policy, pod, snapshot
from tests.vectors.shorthand import fixture_manifests

CLUSTER = fixture_manifests()
POLICY = PolicyRef("NetworkPolicy", "shop", "policy")


def _into_db(rule: str) -> str:
    return f"{{podSelector: {{matchLabels: {{app: db}}}}, ingress: [{rule}]}}"


def _directions(
    spec: str, question: str, engine: str = "kubernetes", *more: Manifest
) -> tuple[DirectionVerdict, DirectionVerdict]:
    found = snapshot(*CLUSTER, *([network_policy(spec)] if spec else []), *more)
    verdict = ask(found, question, engine)
    return verdict.egress, verdict.ingress


def test_where_no_policy_selects_nothing_isolates() -> None:
    egress, ingress = _directions("", "shop/web -> shop/db TCP/5432")
    assert egress == ingress == DirectionVerdict(Decision.ALLOW)


def test_an_end_outside_of_the_cluster_is_not_asked() -> None:
    egress, ingress = _directions("{podSelector: {}}", "203.0.113.10 -> shop/db TCP/5432")
    assert egress == DirectionVerdict(Decision.NOT_APPLICABLE)
    assert ingress.isolated


def test_a_pod_is_not_asked_about_itself() -> None:
    for direction in _directions("{podSelector: {}}", "shop/db -> shop/db TCP/5432"):
        assert direction.decision is Decision.NOT_APPLICABLE
        assert [each.reason for each in direction.evidence] == ["OwnPod"]


def test_every_policy_that_isolates_is_named_and_the_rule_that_decides() -> None:
    _, ingress = _directions(
        "{podSelector: {}}",
        "ops/mon -> shop/db TCP/5432",
        "kubernetes",
        network_policy(
            _into_db("{from: [{podSelector: {}}]}, {from: [{namespaceSelector: {}}]}"), "shop/admit"
        ),
        network_policy("{podSelector: {matchLabels: {app: web}}}", "shop/other-pods"),
        network_policy("{podSelector: {}, policyTypes: [Egress]}", "shop/other-direction"),
        network_policy("{podSelector: {}}", "ops/other-namespace"),
    )
    admit = PolicyRef("NetworkPolicy", "shop", "admit")
    assert ingress.decision is Decision.ALLOW
    assert ingress.isolated
    assert set(ingress.isolated_by) == {POLICY, admit}
    assert ingress.evidence == (
        Evidence("Allow", "NetworkPolicyRule", policy=admit, rule="/spec/ingress/1"),
    )


def test_both_directions_bear_their_own_evidence() -> None:
    egress, ingress = _directions(
        _into_db("{}"),
        "ops/mon -> shop/db TCP/5432",
        "kubernetes",
        network_policy("{policyTypes: [Egress], egress: [{ports: [{port: 443}]}]}", "ops/out"),
    )
    assert (egress.decision, ingress.decision) == (Decision.DENY, Decision.ALLOW)
    assert [(each.reason, each.rule) for each in egress.evidence] == [
        ("PortMismatch", "/spec/egress/0")
    ]
    assert [each.rule for each in ingress.evidence] == ["/spec/ingress/0"]


NEAREST = [
    ("{from: [{podSelector: {matchLabels: {app: mon}}}]}", "shop/web -> shop/db TCP/5432",
     "PodSelectorMismatch", "app=mon is required; pod shop/web has app=web"),
    ("{from: [{podSelector: {matchLabels: {role: api}}}]}", "shop/web -> shop/db TCP/5432",
     "PodSelectorMismatch", "role=api is required; pod shop/web has no label role"),
    ("{from: [{podSelector: {matchExpressions: [{key: app, operator: NotIn, values: [web]}]}}]}",
     "shop/web -> shop/db TCP/5432",
     "PodSelectorMismatch", "app!=web is required; pod shop/web has app=web"),
    ("{from: [{podSelector: {matchExpressions: [{key: x, operator: Exists}]}}]}",
     "shop/web -> shop/db TCP/5432",
     "PodSelectorMismatch", "x is required; pod shop/web has no label x"),
    ("{from: [{podSelector: {matchExpressions: [{key: app, operator: DoesNotExist}]}}]}",
     "shop/web -> shop/db TCP/5432",
     "PodSelectorMismatch", "!app is required; pod shop/web has app=web"),
    ("{from: [{podSelector: {matchExpressions: [{key: app, operator: In, values: [a, b]}]}}]}",
     "shop/web -> shop/db TCP/5432",
     "PodSelectorMismatch", "app in (a, b) is required; pod shop/web has app=web"),
    ("{from: [{podSelector: {matchLabels: {app: mon}}}]}", "ops/mon -> shop/db TCP/5432",
     "NamespaceMismatch",
     "the selector means pods of namespace shop; pod ops/mon is not there"),
    ("{from: [{namespaceSelector: {matchLabels: {team: a}}}]}", "ops/mon -> shop/db TCP/5432",
     "NamespaceSelectorMismatch", "team=a is required; namespace ops has team=b"),
    ("{from: [{namespaceSelector: {matchLabels: {team: a}}}]}", "lab/test -> shop/db TCP/5432",
     "NamespaceSelectorMismatch", "team=a is required; namespace lab has no label team"),
    ("{from: [{namespaceSelector: {}}]}", "203.0.113.10 -> shop/db TCP/5432",
     "NotAPod", "selectors match pods only; external address 203.0.113.10 is not one"),
    ("{from: [{namespaceSelector: {}}]}", "node:n1 -> shop/db TCP/5432",
     "NotAPod", "selectors match pods only; node n1 is not one"),
    ("{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}", "203.0.113.10 -> shop/db TCP/5432",
     "AddressOutsideBlock", "203.0.113.10 is not in 10.0.0.0-10.255.255.255"),
    ("{from: [{ipBlock: {cidr: 203.0.113.0/24, except: [203.0.113.8/29]}}]}",
     "203.0.113.10 -> shop/db TCP/5432", "AddressOutsideBlock",
     "203.0.113.10 is not in 203.0.113.0-203.0.113.7, 203.0.113.16-203.0.113.255"),
    ("{ports: [{port: 5433}, {port: 8000, endPort: 9000}]}", "shop/web -> shop/db TCP/5432",
     "PortMismatch", "port 5432 is not among TCP 5433,8000-9000"),
    ("{ports: [{port: 5432, protocol: UDP}]}", "shop/web -> shop/db TCP/5432",
     "ProtocolMismatch", "the rule is for UDP 5432, not TCP"),
    ("{ports: [{port: sql}]}", "shop/web -> shop/db TCP/5433", "NamedPortMismatch",
     "TCP 5433 is not what the rule means by sql; pod shop/db declares it as TCP 5432"),
    ("{ports: [{port: dns}]}", "shop/web -> shop/db TCP/53", "NamedPortMismatch",
     "TCP 53 is not what the rule means by dns; pod shop/db declares it as UDP 53"),
    ("{ports: [{port: http}]}", "shop/web -> shop/db TCP/80", "NamedPortMissing",
     "pod shop/db has no port named http"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "question", "reason", "detail"), NEAREST)
def test_the_condition_that_failed(rule: str, question: str, reason: str, detail: str) -> None:
    _, ingress = _directions(_into_db(rule), question)
    assert ingress.decision is Decision.DENY
    assert ingress.isolated_by == (POLICY,)
    assert ingress.evidence == (Evidence("NoMatch", reason, detail, POLICY, "/spec/ingress/0"),)


def test_the_nearest_rule_is_the_one_that_lacks_least() -> None:
    rules = [
        "{from: [{namespaceSelector: {matchLabels: {team: a}}}], ports: [{port: 1}]}",
        "{from: [{namespaceSelector: {matchLabels: {team: b}}}], ports: [{port: 2}]}",
        "{from: [{ipBlock: {cidr: 172.16.0.0/12}}], ports: [{port: 3}]}",
    ]
    _, ingress = _directions(_into_db(", ".join(rules)), "ops/mon -> shop/db TCP/5432")
    (evidence,) = ingress.evidence
    assert (evidence.reason, evidence.rule) == ("PortMismatch", "/spec/ingress/1")
    _, ingress = _directions(_into_db(rules[0]), "ops/mon -> shop/db TCP/5432")
    assert ingress.evidence[0].detail == "team=a is required; namespace ops has team=b (and 1 more)"


@pytest.mark.parametrize("engine", ["kubernetes", "npm", "calico", "cilium"])
def test_a_policy_without_rules_is_itself_the_evidence(engine: str) -> None:
    _, ingress = _directions("{podSelector: {}}", "ops/mon -> shop/db TCP/5432", engine)
    assert [(each.effect, each.reason, each.policy, each.rule) for each in ingress.evidence] == [
        ("Isolates", "NoRules", POLICY, "/spec/podSelector")
    ]


PECULIAR = [
    ("cilium", _into_db("{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}"), "ops/mon -> shop/db TCP/5432",
     "NoMatch", "NotExternal"),
    ("cilium", _into_db("{from: [{podSelector: {matchLabels: {pod-template-hash: x}}}]}"),
     "shop/labelled -> shop/db TCP/5432", "NoMatch", "IgnoredLabel"),
    ("calico", _into_db("{from: [{podSelector: {}}]}"), "shop/hostd -> shop/db TCP/5432",
     "NoMatch", "NotAPod"),
    ("cilium?policyEnforcement=always", "", "shop/web -> shop/db TCP/5432",
     "Isolates", "CiliumEnforcementAlways"),
    ("npm", "{podSelector: {}}", "node:n2 -> shop/db TCP/5432", "Allow", "NodeOfPodAllowed"),
    ("cilium?sctp=disabled", "", "shop/web -> shop/db SCTP/9", "Deny", "CiliumSctpNotEnabled"),
]  # fmt: skip


@pytest.mark.parametrize(("engine", "spec", "question", "effect", "reason"), PECULIAR)
def test_what_an_engine_does_by_itself_has_a_reason(
    engine: str, spec: str, question: str, effect: str, reason: str
) -> None:
    labelled = pod("shop/labelled", {"pod-template-hash": "x"}, ips=["10.244.2.50"], on="n2")
    _, ingress = _directions(spec, question, engine, labelled)
    assert [(each.effect, each.reason) for each in ingress.evidence] == [(effect, reason)]


def test_cilium_cannot_use_an_ambiguous_port_name() -> None:
    spec = (
        "{podSelector: {matchLabels: {app: db}}, policyTypes: [Egress], "
        "egress: [{ports: [{port: http}]}]}"
    )
    egress, _ = _directions(spec, "shop/db -> shop/web TCP/8080", "cilium")
    assert [each.reason for each in egress.evidence] == ["NoUsablePort"]


def test_npm_lets_a_pod_reach_its_own_node() -> None:
    egress, _ = _directions(
        "{podSelector: {}, policyTypes: [Egress]}", "shop/web -> node:n1 TCP/10250", "npm"
    )
    assert [each.reason for each in egress.evidence] == ["NpmOwnNodeAllowed"]
