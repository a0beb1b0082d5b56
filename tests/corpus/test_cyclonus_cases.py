"""Cyclonus' generated policies: every pair of pods, at the edges of its answer."""

from __future__ import annotations

from itertools import product

import pytest

from service.model.verdict import Decision
from tests.builders import evaluator
from tests.corpus.reading import Case, answers_of, ask, boundary_ports, contains, snapshot_of
from tests.shared_corpus import load_cases, requires_corpus

pytestmark = requires_corpus

#: Cases that we answer otherwise, and why that follows from the text of the API.
DISAGREEMENTS: dict[str, str] = {}

CASES = load_cases("cyclonus_inputs")
PEERS = [f"{namespace}/{pod}[Pod]" for namespace, pod in product("xyz", "abc")]


@pytest.mark.parametrize("case", [pytest.param(each, id=each["id"]) for each in CASES])
def test_case(case: Case) -> None:
    pipeline = evaluator(snapshot_of(case))
    answers = answers_of(case, PEERS)
    wrong = []
    for source, destination in product([*PEERS, *answers.points], repeat=2):
        if source == destination or {source, destination} <= set(answers.points):
            continue
        expected = answers.between(source, destination)
        for question in boundary_ports(expected):
            allowed = contains(expected, *question)
            verdict = ask(pipeline, source, destination, question, pods=True)
            if verdict.decision is not (Decision.ALLOW if allowed else Decision.DENY):
                wrong.append((source, destination, question, verdict.decision))
    assert bool(wrong) == (case["id"] in DISAGREEMENTS), wrong


def test_suite_is_whole() -> None:
    assert len(CASES) == 105
