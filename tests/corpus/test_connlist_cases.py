"""Connectivity lists of two analyzers, tried by single flows: a part of the pairs of each case.

The all-pairs tests compare whole lists; here it is `evaluate` that is asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import pytest

from service.manifests.faults import UploadRefused
from service.model.verdict import Decision, Verdict
from tests.builders import evaluator
from tests.corpus.reading import (
    Answers,
    Case,
    answers_of,
    ask,
    boundary_ports,
    contains,
    focus_of,
    peers_of,
    snapshot_of,
    with_ordinary_pods,
)
from tests.shared_corpus import load_cases, requires_corpus

pytestmark = requires_corpus

#: Cases that we answer otherwise, and why that follows from the text of the API.
DISAGREEMENTS: dict[str, str] = {}

#: Cases that the API server would refuse, by what is wrong with them.
REFUSED = {
    "npa/connlist/netpol_named_port_test": "InvalidPort",
    "npa/connlist/netpol_named_port_test_2": "InvalidPort",
}

#: Cases without a pair that could be asked about.
LEFT_OUT = {
    "npa/connlist/acs-security-demos-added-workloads_focus_workload_ingress-controller": (
        "lists only what an ingress controller reaches, which is not part of the input"
    ),
    "npa/connlist/example_pods_w_same_owner_and_labels_gap_with_good_match_expression2": (
        "is about the name of an owner that has no kind, which the API server would refuse"
    ),
}

#: About this many flows are tried of each case.
FLOWS = 400

CASES = [
    case
    for suite in ("npa_connlist", "nca_connlist")
    for case in load_cases(suite)
    if set(case["category"].split("+")) <= {"NP", "Ingress", "nopolicy"}
    and case["id"] not in LEFT_OUT
]


def _questions(case: Case, answers: Answers) -> Iterator[tuple[str, str, tuple[str, int]]]:
    ends = [*answers.peers, *answers.points]
    listed = focus_of(case)
    for source, destination in product(ends, ends):
        if source == destination or not {source, destination} & set(answers.peers):
            continue
        if listed(source, destination):
            for question in sorted(boundary_ports(answers.between(source, destination))):
                yield source, destination, question


def _is_open(verdict: Verdict) -> bool:
    """Pods of these suites have no address, so blocks are left open where they decide."""
    return verdict.decision is Decision.UNKNOWN and {each.code for each in verdict.assumptions} == {
        "AddressUnknown"
    }


@pytest.mark.parametrize("case", [pytest.param(each, id=each["id"]) for each in CASES])
def test_case(case: Case) -> None:
    if case["id"] in REFUSED:
        with pytest.raises(UploadRefused) as refused:
            snapshot_of(case, mends=True)
        assert {each.code for each in refused.value.faults} == {REFUSED[case["id"]]}
        return
    cluster = with_ordinary_pods(snapshot_of(case, mends=True))
    pipeline = evaluator(cluster)
    pods = case["expected"].get("peers_are") == "pods"
    answers = answers_of(case, peers_of(cluster.inventory, pods=pods))
    asked = list(_questions(case, answers))
    step = max(1, len(asked) // FLOWS)
    wrong = []
    settled = 0
    for source, destination, question in asked[::step]:
        allowed = contains(answers.between(source, destination), *question)
        verdict = ask(pipeline, source, destination, question, pods=pods)
        if verdict.decision is (Decision.ALLOW if allowed else Decision.DENY):
            settled += 1
        elif not _is_open(verdict):
            wrong.append((source, destination, question, verdict.decision))
    assert settled
    assert bool(wrong) == (case["id"] in DISAGREEMENTS), wrong


def test_suites_are_whole() -> None:
    assert len(CASES) + len(LEFT_OUT) == 91
