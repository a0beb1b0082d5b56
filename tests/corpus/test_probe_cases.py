"""Upstream cases that ask about single connections: the Kubernetes e2e suite and others."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from service.model.verdict import Decision
from tests.builders import evaluator
from tests.corpus.reading import Case, ask, contains, snapshot_of
from tests.shared_corpus import load_cases, requires_corpus

pytestmark = requires_corpus

#: Cases that we answer otherwise, and why that follows from the text of the API.
DISAGREEMENTS: dict[str, str] = {}

CASES = [
    case
    for suite in ("k8s_e2e", "policy_assistant", "npa_eval")
    for case in load_cases(suite)
    if case["category"] == "NP"
]


def _probes(case: Case) -> Iterator[tuple[str, str, tuple[str, int], bool]]:
    expected = case["expected"]
    if expected["type"] == "checks":
        for each in expected["entries"]:
            question = (each["protocol"], each["port"])
            yield each["src"], each["dst"], question, each["allowed"]
        return
    assert expected["type"] == "probe"
    for each in expected["entries"]:
        for protocol, ranges in expected["probed"].items():
            for low, high in ranges:
                for port in range(low, high + 1):
                    allowed = contains(each["conn"], protocol, port)
                    yield each["src"], each["dst"], (protocol, port), allowed


@pytest.mark.parametrize("case", [pytest.param(each, id=each["id"]) for each in CASES])
def test_case(case: Case) -> None:
    pipeline = evaluator(snapshot_of(case))
    pods = case["expected"].get("peers_are") != "workload names"
    wrong = []
    for source, destination, question, allowed in _probes(case):
        verdict = ask(pipeline, source, destination, question, pods=pods)
        if verdict.decision is not (Decision.ALLOW if allowed else Decision.DENY):
            wrong.append((source, destination, question, verdict.decision, verdict.assumptions))
    assert bool(wrong) == (case["id"] in DISAGREEMENTS), wrong


def test_suites_are_whole() -> None:
    found = [each["suite"] for each in CASES]
    assert found.count("k8s-e2e") == 32
    # Its other cases need AdminNetworkPolicies, as do all of Policy Assistant's.
    assert found.count("netpol-analyzer") == 1
