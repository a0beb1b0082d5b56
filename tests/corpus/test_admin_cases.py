"""Cases with AdminNetworkPolicies and BaselineAdminNetworkPolicies, tried by single flows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import product

import pytest
import yaml

from service.manifests.faults import UploadRefused
from service.model.snapshot import Snapshot
from service.model.verdict import Decision
from tests.builders import evaluator, snapshot
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
from tests.shared_corpus import case_files, load_cases, requires_corpus

pytestmark = requires_corpus

#: Cases that we answer otherwise, and why that is right.
DISAGREEMENTS = {
    "npa/connlist/anp_test_named_ports_multiple_peers": (
        "refused: a rule with a port name and a peer that is no pod fails the CRD's CEL rule "
        "'networks/nodes/domainNames peer cannot be set with namedPorts since there are no "
        "namedPorts for networks/nodes/domainNames' (apis/v1alpha1/adminnetworkpolicy_types.go)"
    ),
}
#: Cases to be refused that we take, and why that is right.
TAKEN = {
    "npa/reject/anp_bad_path_test_1": (
        "equal priorities are legal: 'if two (or more) policies with the same priority could both "
        "match a connection, then the implementation can apply any of the matching policies' "
        "(apis/v1alpha1/adminnetworkpolicy_types.go); the verdict is Unknown where it matters, "
        "and there is a finding"
    ),
}


OWNERS_WITHOUT_KIND = "npa/connlist/example_pods_w_same_owner_and_labels_gap_anp_good"


def cluster_of(case: Case) -> Snapshot:
    """The case's cluster, where its files need a hand to say what they mean."""
    is_y_a_name = case["id"].startswith(("npa/connlist-go/", "npa/eval-go/"))
    if not is_y_a_name and case["id"] != OWNERS_WITHOUT_KIND:
        return snapshot_of(case)
    texts = (each.read_text(encoding="utf-8") for each in case_files(case))
    # A namespace `y` is true to Kubernetes; PyYAML reads a lone y as a text.
    manifests = [each for text in texts for each in yaml.safe_load_all(text) if each]
    for each in manifests:
        for owner in each["metadata"].get("ownerReferences", ()):
            owner.setdefault("kind", "Pod")
    return snapshot(*manifests)


def _is_admin(case: Case) -> bool:
    return bool({"ANP", "BANP"} & set(case["category"].split("+")))


LISTS = [each for each in load_cases("npa_connlist") if _is_admin(each)]
EVALUATIONS = [each for each in load_cases("npa_eval") if _is_admin(each)]
PROBES = [each for each in load_cases("policy_assistant") if _is_admin(each)]
REJECTED = [each for each in load_cases("npa_reject") if _is_admin(each)]


def _listed_questions(case: Case, answers: Answers) -> Iterator[tuple[str, str, tuple[str, int]]]:
    ends = [*answers.peers, *answers.points]
    listed = focus_of(case)
    for source, destination in product(ends, ends):
        if source == destination or not {source, destination} & set(answers.peers):
            continue
        if listed(source, destination):
            for question in sorted(boundary_ports(answers.between(source, destination))):
                yield source, destination, question


@pytest.mark.parametrize("case", [pytest.param(each, id=each["id"]) for each in LISTS])
def test_connectivity_list(case: Case) -> None:
    if case["id"] in DISAGREEMENTS:
        with pytest.raises(UploadRefused):
            snapshot_of(case)
        return
    cluster = with_ordinary_pods(cluster_of(case))
    pipeline = evaluator(cluster)
    pods = case["expected"].get("peers_are") == "pods"
    answers = answers_of(case, peers_of(cluster.inventory, pods=pods))
    asked = 0
    wrong = []
    for source, destination, question in _listed_questions(case, answers):
        allowed = contains(answers.between(source, destination), *question)
        verdict = ask(pipeline, source, destination, question, pods=pods)
        asked += 1
        if verdict.decision is not (Decision.ALLOW if allowed else Decision.DENY):
            wrong.append((source, destination, question, verdict.decision, verdict.assumptions))
    assert asked
    assert not wrong


def _single_questions(case: Case) -> Iterator[tuple[str, str, tuple[str, int], bool]]:
    expected = case["expected"]
    for each in expected["entries"]:
        if expected["type"] == "checks":
            yield each["src"], each["dst"], (each["protocol"], each["port"]), each["allowed"]
            continue
        ports = answers_of(case, []).pairs.get((each["src"], each["dst"]), {})
        if expected["type"] == "probe":
            asked = [
                (protocol, port)
                for protocol, ranges in expected["probed"].items()
                for low, high in ranges
                for port in range(low, high + 1)
            ]
        else:
            asked = sorted(boundary_ports(ports))
        for question in asked:
            yield each["src"], each["dst"], question, contains(ports, *question)


@pytest.mark.parametrize(
    "case", [pytest.param(each, id=each["id"]) for each in (*EVALUATIONS, *PROBES)]
)
def test_single_flows(case: Case) -> None:
    cluster = with_ordinary_pods(cluster_of(case))
    pipeline = evaluator(cluster)
    pods = case["expected"].get("peers_are") != "workload names"
    asked = 0
    wrong = []
    for source, destination, question, allowed in _single_questions(case):
        near, far = source.removesuffix("/0"), destination.removesuffix("/0")
        verdict = ask(pipeline, near, far, question, pods=pods)
        asked += 1
        if verdict.decision is not (Decision.ALLOW if allowed else Decision.DENY):
            wrong.append((source, destination, question, verdict.decision, verdict.assumptions))
    assert asked
    assert not wrong


@pytest.mark.parametrize("case", [pytest.param(each, id=each["id"]) for each in REJECTED])
def test_rejected(case: Case) -> None:
    if case["id"] in TAKEN:
        assert snapshot_of(case).policy_set.policies
        return
    with pytest.raises(UploadRefused) as refused:
        snapshot_of(case)
    assert all(each.document and each.pointer for each in refused.value.faults)


def test_suites_are_whole() -> None:
    assert Counter(
        lists=len(LISTS), flows=len(EVALUATIONS), probes=len(PROBES), rejected=len(REJECTED)
    ) == {"lists": 47, "flows": 17, "probes": 8, "rejected": 19}
