"""Every rule, asked what it must see, what it must not see, and what it cannot know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from itertools import chain

import pytest

from service.analysis.paths.plan import Step
from service.analysis.rulebook.answers import Outcome
from service.analysis.rulebook.book import PREDICATES, ask, change_rules_between, engine_rules
from service.analysis.rulebook.rules import Area, rules
from service.model.engine import EngineProfile
from service.model.finding import Severity
from service.model.inventory import Pod
from tests.unit.rulebook import eng_cases, feat_cases, mig_cases, path_cases
from tests.unit.rulebook.feat_cases import FRONT, RANGE, block
from tests.unit.rulebook.never_unknown import NEVER_UNKNOWN
from tests.unit.rulebook.questions import NOTHING, Case, Question, question

CASES: tuple[Case, ...] = (
    *eng_cases.CASES,
    *feat_cases.CASES,
    *mig_cases.CASES,
    *path_cases.CASES,
)


IDS = [f"{number:03} {case}" for number, case in enumerate(CASES)]


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_answers(case: Case) -> None:
    found = ask(rules()[case.rule], case.asked)

    assert found.outcome is case.outcome, (found.sightings, found.missing)
    if case.severity is not None:
        assert found.severity is case.severity
    if case.pointer is not None:
        assert case.pointer in {each.pointer for each in found.sightings}
    if case.endpoints is not None:
        seen = chain.from_iterable(each.endpoints for each in found.sightings)
        assert set(case.endpoints) == {str(each) for each in seen}
    if case.settled is not None:
        assert found.is_settled is case.settled
    if found.outcome is Outcome.UNKNOWN:
        assert all(each.what and each.detail for each in found.missing)
    assert all(each.severity and each.remedy and each.detail for each in found.sightings)


def test_each_rule_is_asked_both_ways_and_without_what_it_needs() -> None:
    asked: dict[str, set[Outcome]] = {}
    for case in CASES:
        asked.setdefault(case.rule, set()).add(case.outcome)

    assert set(asked) == set(rules())
    for rule, outcomes in asked.items():
        unknown = set() if rule in NEVER_UNKNOWN else {Outcome.UNKNOWN}
        assert outcomes == {Outcome.HIT, Outcome.CLEAR, *unknown}, rule


def test_the_book_holds_the_rules_of_the_knowledge_page() -> None:
    counts = Counter(each.area for each in rules().values() if not each.extends)

    assert counts == {Area.ENGINE: 24, Area.FEATURE: 28, Area.MIGRATION: 27, Area.PATH: 25}
    assert [each.id for each in rules().values() if each.extends] == [
        "ENG-025",
        "MIG-028",
        "MIG-029",
        "MIG-030",
        "MIG-031",
        "MIG-032",
        "MIG-033",
        "MIG-034",
        "MIG-035",
        "MIG-036",
        "MIG-037",
    ]
    assert set(PREDICATES) == set(rules())


@pytest.mark.parametrize("rule", ["FEAT-009", "MIG-017"])
def test_a_profile_without_version_leaves_ranges_open(rule: str) -> None:
    asked = question(FRONT, RANGE, source="npm")
    asked = replace(asked, profile=EngineProfile("cilium"))

    assert ask(rules()[rule], asked).outcome is Outcome.UNKNOWN


OF_PLAN = [f"PATH-{number:03}" for number in (*range(1, 5), *range(7, 14), 16, 18, 19, 22, 25)]


@pytest.mark.parametrize("rule", OF_PLAN)
def test_without_a_plan_rules_about_one_are_open(rule: str) -> None:
    """A migration report always has one; the rules are also asked about an engine alone."""
    asked = question(block("10.244.0.0/16"))

    assert ask(rules()[rule], asked).outcome is Outcome.UNKNOWN


def test_an_engine_that_nobody_names_may_have_to_be_installed() -> None:
    """An imported record can contradict itself, and then nothing says which engine runs."""
    asked = question(engine="calico", record=NOTHING)

    assert ask(rules()["ENG-019"], asked).outcome is Outcome.UNKNOWN


def with_steps(asked: Question, steps: Iterable[Step]) -> Question:
    """A plan that somebody else made."""
    assert asked.plan is not None
    return replace(asked, plan=replace(asked.plan, steps=tuple(steps)))


def test_definitions_that_are_to_go_too_early() -> None:
    asked = question(source="calico")
    assert asked.plan is not None
    wrong = with_steps(asked, sorted(asked.plan.steps, key=lambda each: each.id != "D1"))

    assert ask(rules()["PATH-016"], asked).outcome is Outcome.CLEAR
    assert ask(rules()["PATH-016"], wrong).outcome is Outcome.HIT


def test_an_engine_that_still_runs_at_the_overlay_step() -> None:
    asked = path_cases.to_overlay()
    assert asked.plan is not None
    plan = asked.plan
    wrong = with_steps(
        asked,
        [replace(each, before=plan.source) if each.id == "O1" else each for each in plan.steps],
    )

    assert ask(rules()["PATH-008"], asked).is_settled
    assert not ask(rules()["PATH-008"], wrong).is_settled


def test_more_pods_than_npm_takes() -> None:
    asked = question(engine="npm")
    pods = tuple(Pod("shop", f"pod-{number}") for number in range(20_001))
    inventory = replace(asked.snapshot.inventory, pods=pods)
    asked = replace(asked, snapshot=replace(asked.snapshot, inventory=inventory))

    found = ask(rules()["ENG-008"], asked)

    assert (found.outcome, found.severity) == (Outcome.HIT, Severity.HIGH)


@pytest.mark.parametrize(
    ("engine", "expected"),
    [
        ("npm", {"ENG-001", "ENG-007", "FEAT-005"}),
        ("calico", {"ENG-003", "ENG-016", "ENG-022", "ENG-025"}),
        ("cilium", {"ENG-004", "FEAT-010", "FEAT-018"}),
        ("none", {"ENG-018"}),
    ],
)
def test_rules_are_chosen_by_their_metadata(engine: str, expected: set[str]) -> None:
    chosen = {each.id for each in engine_rules(engine)}

    assert expected <= chosen
    assert all(each.asks_about(engine) for each in engine_rules(engine))


def test_a_change_asks_about_both_ends() -> None:
    chosen = {each.id for each in change_rules_between("npm", "cilium")}

    assert {"MIG-001", "MIG-004", "PATH-001", "PATH-019"} <= chosen
    assert not {"MIG-020", "MIG-021", "MIG-022", "MIG-025", "PATH-004"} & chosen
    assert "MIG-020" in {each.id for each in change_rules_between("calico", "none")}
    assert "PATH-004" in {each.id for each in change_rules_between("npm", "calico")}
