"""The validator's view: false positives proved harmless, false negatives caught."""

from __future__ import annotations

from typing import Any

import pytest

from service.analysis.rulebook.answers import Outcome
from service.analysis.rulebook.book import PREDICATES
from service.analysis.rulebook.inputs import RuleInput
from service.analysis.stated import DisruptionBudget, WebhookBackend
from service.analysis.validator.proofs import Mark
from service.analysis.validator.view import ValidatorView, validator_view
from service.knowledge import value
from tests.builders import namespace, pod, service
from tests.unit.rulebook.feat_cases import (
    DB,
    DNS_POD,
    FRONT,
    GNP,
    HOST,
    IPV6,
    L1,
    LB_TWO,
    NOT_IN,
    ON_LINUX,
    OTHER,
    SCTP,
    TO_HTTP,
    W1,
    block,
    egress,
    ingress,
    policy,
)
from tests.unit.rulebook.mig_cases import DENY, LB, OPEN_SQL
from tests.unit.rulebook.questions import (
    Question,
    cluster,
    linux,
    local_dns,
    question,
    windows,
)


def view(*manifests: Any, **more: Any) -> ValidatorView:
    return validator_view(
        question(*manifests, source=more.pop("source", "npm"), **more), PREDICATES
    )


def marks(found: ValidatorView, row: str) -> list[tuple[Mark, str]]:
    (line,) = [each for each in found.rows if each.id == row]
    return [(each.proof.mark, each.proof.code) for each in line.flags]


RANGE = ingress("{ports: [{port: 8000, endPort: 8100}]}")
OPENING = egress("{}, {ports: [{port: 443}]}")
UNION = [
    ingress(
        "{ports: [{port: 5432}]}", "{matchExpressions: [{key: app, operator: In, values: [db, x]}]}"
    ),
]


@pytest.mark.parametrize(
    ("row", "code", "manifests", "engine"),
    [
        ("V1", "FP1", [DB, L1, RANGE], "cilium:1.17"),
        ("V2", "FP2", [DB, L1, block("203.0.113.0/24")], "cilium"),
        ("V3", "FP3", [DB, L1, ingress("{ports: [{port: sql}]}")], "cilium"),
        ("V3", "FP3", [DB, FRONT, L1, TO_HTTP], "cilium"),
        ("V4", "FP4", [DB, L1, OPENING], "cilium"),
        ("V5", "FP5", [DB, FRONT, L1, LB, ingress("", "{matchLabels: {app: front}}")], "cilium"),
        ("V5", "FP6", [DB, L1, LB, *UNION], "cilium"),
    ],
)
def test_false_positives_are_proved_harmless(
    row: str, code: str, manifests: list[Any], engine: str
) -> None:
    found = marks(view(*manifests, engine=engine), row)

    assert found == [(Mark.HARMLESS, code)]


def test_both_directions_count_twice() -> None:
    """FP8: a policy with a block in both directions makes two flags of the same row."""
    both = policy(
        "{podSelector: {}, policyTypes: [Ingress, Egress], "
        "ingress: [{from: [{ipBlock: {cidr: 203.0.113.0/24}}]}], "
        "egress: [{to: [{ipBlock: {cidr: 203.0.113.0/24}}]}]}"
    )
    (row,) = [each for each in view(DB, L1, both).rows if each.id == "V2"]

    assert row.count == 2
    assert [each.direction for each in row.flags] == ["Ingress", "Egress"]


@pytest.mark.parametrize(
    ("row", "manifests", "engine"),
    [
        ("V1", [DB, L1, RANGE], "cilium:1.16"),
        ("V2", [DB, L1, block("10.244.0.0/16")], "cilium"),
        ("V2", [DB, L1, block("192.168.0.4/32", direction="ingress")], "cilium"),
        ("V3", [DB, FRONT, OTHER, L1, TO_HTTP], "cilium"),
        ("V4", [DB, L1, egress("{ports: [{port: 443}]}")], "cilium"),
        ("V4", [DB, L1, policy("{podSelector: {}, policyTypes: [Egress]}")], "cilium"),
        ("V5", [DB, L1, LB, DENY], "cilium"),
    ],
)
def test_true_positives_are_confirmed(row: str, manifests: list[Any], engine: str) -> None:
    assert marks(view(*manifests, engine=engine), row)[0][0] is Mark.CONFIRMED


@pytest.mark.parametrize(
    ("row", "manifests"),
    [
        ("V2", [pod("shop/db"), block("10.244.0.0/16")]),
        ("V3", [TO_HTTP]),
        ("V4", [egress("{ports: [{port: 443}]}")]),
        ("V5", [service("shop/x", None, [{"port": 80}], type="NodePort"), OPEN_SQL]),
    ],
)
def test_what_is_missing_is_named(row: str, manifests: list[Any]) -> None:
    (line,) = [each for each in view(*manifests).rows if each.id == row]

    assert line.flags[0].proof.mark is Mark.UNPROVEN
    assert line.flags[0].proof.missing


UNLISTED = policy(
    "{podSelector: {}, policyTypes: [Egress], egress: [{}], ingress: [{from: [{podSelector: {}}]}]}"
)
HASHED = pod("shop/db", {"pod-template-hash": "abc"}, ips=["10.244.1.7"])
BY_HASH = ingress("", "{matchLabels: {pod-template-hash: abc}}")
HOOK = WebhookBackend("ValidatingWebhookConfiguration", "check", "shop", "db", 80)
TO_443 = egress("{ports: [{port: 443}]}")
LOCAL = cluster(pools=(linux(local_dns_profile=local_dns("Enabled")),))
FROM_HOST = ingress("{from: [{podSelector: {matchLabels: {app: agent}}}]}")
SUBNET = block("192.168.0.0/24", direction="ingress")


#: A false negative, rules that catch it, and a question on which they do.
CAUGHT: list[tuple[str, set[str], Question]] = [
    ("FN1", set(), question(DB, ingress("{ports: [{protocol: UDP}]}"), source="npm")),
    ("FN2", {"MIG-012"}, question(DB, UNLISTED, source="npm")),
    ("FN3", {"MIG-013"}, question(HASHED, BY_HASH, source="npm")),
    ("FN4", {"MIG-014"},
     question(namespace("lab", {"team": "a"}), DB, L1, NOT_IN, source="npm")),
    ("FN4", {"MIG-016"}, question(ON_LINUX, L1, IPV6, source="npm")),
    ("FN5", {"MIG-002", "MIG-008"}, question(DB, L1, SUBNET, source="npm")),
    ("FN5", {"MIG-009"}, question(DB, L1, LB, DENY, source="npm", webhooks=(HOOK,))),
    ("FN6", {"MIG-010"}, question(DB, L1, TO_443, source="npm", record=LOCAL)),
    ("FN6", {"MIG-011"}, question(DB, DNS_POD, L1, block("10.244.1.53/32"), source="npm")),
    ("FN7", {"MIG-019"}, question(HOST, DB, L1, FROM_HOST, source="npm")),
    ("FN7", {"FEAT-017"}, question(DB, LB_TWO, engine="cilium:1.16", source="npm")),
    ("FN8", {"MIG-008"}, question(DB, L1, SUBNET, source="npm")),
    ("FN9", {"PATH-005"},
     question(W1, source="npm", record=cluster(pools=(linux(), windows())))),
    ("FN9", {"PATH-006"}, question(source="npm", record=cluster(provisioning="Auto"))),
    ("FN9", {"ENG-005"}, question(source="none", record=cluster("kubenet"))),
    ("FN10", {"PATH-001"}, question(source="npm")),
    ("FN10", {"PATH-014", "PATH-001"},
     question(source="npm", disruption_budgets=(DisruptionBudget("a", "b", 0),))),
    ("FN10", {"PATH-015", "PATH-001"},
     question(source="npm", terraform=True, azurerm="4.40.0")),
    ("FN11", {"MIG-022", "FEAT-021"}, question(GNP, source="calico")),
    ("FN12", {"FEAT-014", "MIG-023"}, question(DB, SCTP, source="npm")),
    ("FN12", {"FEAT-028"},
     question(pod("shop/job", {"spark-app-selector": "a"}), source="npm")),
]  # fmt: skip


@pytest.mark.parametrize(("spot", "rules", "asked"), CAUGHT)
def test_false_negatives_are_caught(spot: str, rules: set[str], asked: RuleInput) -> None:
    (found,) = [each for each in validator_view(asked, PREDICATES).blind_spots if each.id == spot]

    assert found.outcome is Outcome.HIT
    assert rules <= set(found.hits)


def test_every_false_negative_has_an_answer() -> None:
    spots = view(DB, L1, OPEN_SQL).blind_spots

    assert [each.id for each in spots] == [f"FN{number}" for number in range(1, 15)]
    # FN13 and FN14 cannot happen here: uploads are read whole or refused, with the defaults added.
    closed = {each.id for each in spots if each.outcome is Outcome.CLEAR}
    assert {"FN13", "FN14"} <= closed


def test_the_rows_read_as_the_tool_prints_them() -> None:
    quiet, loud = view(DB, L1), view(DB, L1, LB, DENY)

    assert [each.title for each in quiet.rows] == [
        "NetworkPolicy with endPort",
        "NetworkPolicy with CIDR",
        "NetworkPolicy with Named Port",
        "NetworkPolicy with Egress (Not Allow All Egress)",
        "Disruption for some Services with externalTrafficPolicy=Cluster",
    ]
    assert all(each.compatible for each in quiet.rows)
    closing = value("validator", "closing")
    assert (quiet.closing, loud.closing) == (closing["safe"], closing["review"])
    assert loud.confirmed == 1
