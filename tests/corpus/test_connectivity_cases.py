"""Connectivity lists of three analyzers against the whole solved map, pair by pair."""

from __future__ import annotations

import pytest

from service.manifests.faults import UploadRefused
from tests.corpus.reading import Case, answers_of, peers_of, snapshot_of, with_ordinary_pods
from tests.corpus.test_admin_cases import DISAGREEMENTS as ADMIN_REFUSED
from tests.corpus.test_admin_cases import LISTS as ADMIN_LISTS
from tests.corpus.test_admin_cases import cluster_of
from tests.corpus.test_connlist_cases import CASES as LISTS
from tests.corpus.test_connlist_cases import REFUSED
from tests.corpus.whole_maps import WholeMap, outside_of_blocks
from tests.shared_corpus import load_cases, requires_corpus

pytestmark = requires_corpus

#: Cases that we answer otherwise, and why that follows from the text of the API.
DISAGREEMENTS: dict[str, str] = {}

CYCLONUS = load_cases("cyclonus_inputs")
CASES = [*(each for each in LISTS if each["id"] not in REFUSED), *CYCLONUS]


@pytest.mark.parametrize("case", [pytest.param(each, id=each["id"]) for each in CASES])
def test_whole_list(case: Case) -> None:
    is_list = case not in CYCLONUS
    cluster = outside_of_blocks(with_ordinary_pods(snapshot_of(case, mends=is_list)))
    pods = case["expected"].get("peers_are") == "pods"
    answers = answers_of(case, peers_of(cluster.inventory, pods=pods))
    wrong = list(WholeMap(cluster, pods=pods).mismatches(case, answers))
    assert bool(wrong) == (case["id"] in DISAGREEMENTS), wrong[:8]


@pytest.mark.parametrize("case", [pytest.param(each, id=each["id"]) for each in ADMIN_LISTS])
def test_whole_list_under_admin_policies(case: Case) -> None:
    if case["id"] in ADMIN_REFUSED:
        with pytest.raises(UploadRefused):
            snapshot_of(case)
        return
    cluster = outside_of_blocks(with_ordinary_pods(cluster_of(case)))
    pods = case["expected"].get("peers_are") == "pods"
    answers = answers_of(case, peers_of(cluster.inventory, pods=pods))
    wrong = list(WholeMap(cluster, pods=pods).mismatches(case, answers))
    assert not wrong, wrong[:8]


def test_suites_are_whole() -> None:
    assert (len(CASES), len(CYCLONUS), len(ADMIN_LISTS)) == (192, 105, 47)
