"""Every difference of the shared vectors has a cause, and the right one."""

from __future__ import annotations

from functools import cache
from itertools import permutations

import pytest

from service.analysis.causes import Causes
from service.analysis.evaluate import Evaluator
from service.engines.registry import compile_pipeline
from service.model.pipeline import Pipeline
from service.model.snapshot import Snapshot
from service.model.verdict import Verdict
from tests.builders import profile, snapshot
from tests.vectors.shorthand import CASES, MANIFEST_OF, Case, fixture_manifests

LINUX = ("npm", "npm?fixes=2026-09", "calico", "calico:3.29", "cilium", "cilium:1.16",
         "cilium:1.19", "none")  # fmt: skip
WINDOWS = ("npm", "npm?fixes=2026-09", "calico", "none")
ASKED = [each for each in CASES if each.kinds <= MANIFEST_OF.keys() and not each.is_validation]
BY_ID = {each.id: each for each in ASKED}

#: Case, nodes, the two engines, and the rule that has to name the reason.
EXPECTED = [
    ("NP-10", "linux", "npm", "cilium", "MIG-012"),
    ("NP-11", "linux", "calico", "cilium", "MIG-012"),
    ("NP-18", "linux", "npm", "cilium", "MIG-023"),
    ("NP-29", "linux", "npm", "calico", "MIG-015"),
    ("NP-29", "linux", "npm", "cilium:1.19", "MIG-015"),
    ("NP-29", "linux", "calico", "cilium", "MIG-015"),
    ("NP-30", "linux", "npm", "cilium", "MIG-014"),
    ("NP-30", "linux", "npm", "calico", "MIG-014"),
    ("NP-31", "windows", "npm", "calico", "MIG-016"),
    ("NP-37", "linux", "npm", "cilium", "MIG-001"),
    ("NP-37", "linux", "calico", "cilium", "MIG-001"),
    ("NP-38", "linux", "npm", "cilium", "MIG-003"),
    ("NP-39", "windows", "npm", "calico", "MIG-016"),
    ("NP-41", "linux", "npm", "cilium", "MIG-016"),
    ("NP-42", "linux", "npm", "calico", "MIG-016"),
    ("NP-43", "linux", "npm", "cilium", "MIG-008"),
    ("NP-43", "linux", "calico", "cilium", "MIG-008"),
    ("NP-46", "windows", "npm", "calico", "MIG-016"),
    ("NP-47", "linux", "npm", "cilium", "MIG-018"),
    ("NP-49", "linux", "npm", "calico", "MIG-030"),
    ("NP-50", "linux", "npm", "cilium:1.16", "MIG-017"),
    ("NP-51", "windows", "npm", "calico", "MIG-016"),
    ("NP-63", "linux", "npm", "cilium", "MIG-004"),
    ("NP-63", "linux", "npm", "calico", "MIG-004"),
    ("NP-63", "linux", "calico", "npm", "MIG-032"),
    ("NP-67", "linux", "npm", "cilium", "MIG-006"),
    ("NP-67", "linux", "npm", "calico", "MIG-006"),
    ("NP-67", "linux", "calico", "npm", "MIG-032"),
    ("AZ-03", "windows", "npm", "calico", "MIG-016"),
    ("NP-02", "linux", "npm", "none", "MIG-020"),
    ("NP-02", "linux", "none", "cilium", "MIG-021"),
    ("NP-37", "linux", "cilium", "npm", "MIG-025"),
    ("CA-15", "linux", "calico", "cilium", "MIG-022"),
    ("CI-01", "linux", "npm", "cilium", "MIG-031"),
    ("CI-01", "linux", "cilium", "npm", "MIG-025"),
    ("AP-01", "linux", "calico", "npm", "MIG-031"),
    ("CI-21", "linux", "npm", "cilium", "MIG-034"),
]


@cache
def _snapshot(case: str, os: str) -> Snapshot:
    found = BY_ID[case]
    return snapshot(
        *fixture_manifests(os, found.traffic_policy),
        *found.manifests(),
        applied_before=found.applied_before(),
    )


@cache
def _answer(case: str, os: str, engine: str) -> tuple[Pipeline, Verdict]:
    found = _snapshot(case, os)
    options = BY_ID[case].options if engine.startswith("cilium") else ""
    pipeline = compile_pipeline(found, profile(engine + options))
    return pipeline, Evaluator(pipeline, found.inventory).evaluate(BY_ID[case].flow())


def _named(case: str, os: str, first: str, second: str) -> list[str | None]:
    before, after = _answer(case, os, first), _answer(case, os, second)
    if before[1].decision is after[1].decision:
        return []
    causes = Causes(before[0], after[0], _snapshot(case, os))
    found = causes.of_verdicts(before[1], after[1])
    assert found, "a difference without anything that differs"
    return [each.rule.id if each else None for each in found]


@pytest.mark.parametrize(("os", "engines"), [("linux", LINUX), ("windows", WINDOWS)])
@pytest.mark.parametrize("case", ASKED, ids=[each.id for each in ASKED])
def test_nothing_is_left_unexplained(case: Case, os: str, engines: tuple[str, ...]) -> None:
    for first, second in permutations(engines, 2):
        if first.partition(":")[0].partition("?")[0] != second.partition(":")[0].partition("?")[0]:
            assert None not in _named(case.id, os, first, second), (first, second)


@pytest.mark.parametrize(("case", "os", "first", "second", "rule"), EXPECTED)
def test_the_cause_is_the_right_one(case: str, os: str, first: str, second: str, rule: str) -> None:
    assert set(_named(case, os, first, second)) == {rule}


def test_a_cause_shows_the_policies_that_had_a_part() -> None:
    before, after = _answer("NP-37", "linux", "npm"), _answer("NP-37", "linux", "cilium")
    causes = Causes(before[0], after[0], _snapshot("NP-37", "linux"))
    (cause,) = causes.of_verdicts(before[1], after[1])

    assert cause is not None
    assert cause.remedy_when == "Before"
    assert "selector peers" in cause.remedy
    assert {(str(ref), pointer) for ref, pointer in cause.policies} == {
        ("NetworkPolicy shop/policy-0", "/spec/ingress/0")
    }
