"""The verdict of a migration report over HTTP, and what it rests on."""

from __future__ import annotations

import pytest

from tests.rules.asking import report
from tests.unit.rulebook import feat_cases as feat
from tests.unit.rulebook import mig_cases as mig
from tests.unit.rulebook.feat_cases import DB, FRONT, L1, block, egress, ingress
from tests.unit.rulebook.questions import Question, cluster, linux, question, windows
from tests.web.conftest import Api

TO_443 = egress("{ports: [{port: 443}]}")
SCTP = ingress("{ports: [{port: 9000, protocol: SCTP}]}")

VERDICTS: list[tuple[str, Question, str]] = [
    ("Safe", question(DB, FRONT, L1, source="npm", engine="calico"), ""),
    ("Safe", question(DB, FRONT, L1, source="npm"), ""),
    # Nothing uses SCTP, so it does not matter that nobody knows what Cilium does with it.
    ("Safe", question(DB, FRONT, L1, source="none"), ""),
    ("Safe", question(DB, FRONT, L1, mig.DENY, source="calico", webhooks=()), ""),
    # What the API server calls is not told, and calls of it do not come from a listed endpoint.
    ("Unknown", question(DB, FRONT, L1, mig.DENY, source="calico"), "MIG-009"),
    ("Safe", question(DB, FRONT, L1, block("203.0.113.0/24", "{namespaceSelector: {}}"),
                      source="calico"), ""),
    ("Safe", question(DB, source="npm", engine="npm"), ""),
    ("SafeWithFixes", question(DB, FRONT, L1, feat.DNS_POD, block("10.244.0.0/16"), source="npm"),
     "MIG-001"),
    # A remedy for what is known does not settle what is not.
    ("Unknown", question(DB, FRONT, L1, block("10.244.0.0/16"), source="npm"), "MIG-011"),
    ("SafeWithFixes", question(DB, L1, TO_443, source="npm", engine="calico"), "MIG-004"),
    # No pair of endpoints changes, and the load balancer's clients do not get through any more.
    ("SafeWithFixes", question(DB, L1, mig.LB, mig.DENY, source="npm", webhooks=()), "MIG-006"),
    ("SafeWithFixes", question(DB, L1, mig.LB, mig.DENY, source="npm", engine="calico"),
     "MIG-006"),
    ("Unsafe", question(DB, FRONT, L1, feat.GNP, source="calico"), "MIG-022"),
    ("Unsafe", question(DB, FRONT, L1, mig.DENY, source="npm", engine="none"), "MIG-020"),
    ("Blocked", question(DB, source="npm", record=cluster(pools=(linux(), windows()))),
     "PATH-005"),
    ("Blocked", question(DB, source="cilium:1.18", engine="npm"), ""),
    ("Blocked", question(DB, source="npm", engine="none", record=cluster(kubernetes="1.29.1")),
     "PATH-012"),
    # A policy that speaks of SCTP makes it matter what Cilium does with it.
    ("Unknown", question(DB, FRONT, L1, SCTP, source="npm"), ""),
]  # fmt: skip


@pytest.mark.parametrize(("verdict", "asked", "rule"), VERDICTS)
def test_verdicts(api: Api, verdict: str, asked: Question, rule: str) -> None:
    body = report(api, asked).body

    assert body["verdict"] == verdict, body["reasons"]
    assert body["reasons"]
    assert any(each.startswith(rule) for each in body["reasons"])
    if verdict == "Unknown":
        assert body["settledBy"]


def test_every_verdict_is_in_the_table() -> None:
    assert {each[0] for each in VERDICTS} == {
        "Safe", "SafeWithFixes", "Unsafe", "Blocked", "Unknown"
    }  # fmt: skip
