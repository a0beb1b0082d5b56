"""Every rule, asked what it must see, what it must not see, and what it cannot know."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import chain

import pytest

from service.analysis.rulebook.answers import Outcome
from service.analysis.rulebook.book import PREDICATES, ask, change_rules_between, engine_rules
from service.analysis.rulebook.rules import Area, rules
from service.model.engine import EngineProfile
from service.model.finding import Severity
from service.model.inventory import Pod
from service.model.policy import PolicyRef, UnreadPolicy
from service.model.snapshot import PolicySet
from tests.unit.rulebook import eng_cases, feat_cases, mig_cases, path_cases
from tests.unit.rulebook.feat_cases import FRONT, RANGE
from tests.unit.rulebook.questions import Case, question

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


#: Rules whose input is always there: what they look at is part of every question.
NEVER_UNKNOWN = {
    "ENG-011": "the date is part of the question",
    "ENG-018": "the policies are part of the revision",
    "ENG-022": "the policies are part of the revision",
    "ENG-023": "the policies are part of the revision",
    "FEAT-005": "the policies are part of the revision",
    "FEAT-006": "the policies are part of the revision",
    "FEAT-007": "the namespaces are part of the revision",
    "FEAT-008": "the policies are part of the revision",
    "FEAT-014": "not knowing is what the rule says",
    "FEAT-015": "a profile of Cilium has a version",
    "FEAT-016": "the policies are part of the revision",
    "FEAT-021": "the policies are part of the revision",
    "FEAT-026": "the policies are part of the revision",
    "MIG-012": "as FEAT-016",
    "MIG-013": "as FEAT-015",
    "MIG-014": "as FEAT-007",
    "MIG-015": "as FEAT-008",
    "MIG-022": "the policies are part of the revision",
    "MIG-027": "the policies are part of the revision",
    "MIG-028": "what is not given has no effect",
    "MIG-029": "the policies are part of the revision",
    "MIG-030": "what is not given has no effect",
    "MIG-031": "the policies are part of the revision",
    "MIG-034": "the profile is part of the question",
    "PATH-021": "the date is part of the question",
    "PATH-024": "what is planned is said or not planned",
}

#: Rules that need something that no upload or record can leave out in this form.
WITHOUT_VERSION = {
    "FEAT-009": "a profile without version",
    "FEAT-020": "a policy whose content was not read",
    "MIG-017": "a profile without version",
}


def test_each_rule_is_asked_both_ways_and_without_what_it_needs() -> None:
    asked: dict[str, set[Outcome]] = {}
    for case in CASES:
        asked.setdefault(case.rule, set()).add(case.outcome)

    assert set(asked) == set(rules())
    for rule, outcomes in asked.items():
        excused = rule in NEVER_UNKNOWN or rule in WITHOUT_VERSION
        wanted = {Outcome.HIT, Outcome.CLEAR} if excused else set(Outcome)
        assert outcomes >= wanted, rule
        assert not (rule in NEVER_UNKNOWN and Outcome.UNKNOWN in outcomes), rule


def test_the_book_holds_the_rules_of_the_knowledge_page() -> None:
    counts = Counter(each.area for each in rules().values() if not each.extends)

    assert counts == {Area.ENGINE: 24, Area.FEATURE: 28, Area.MIGRATION: 27, Area.PATH: 25}
    assert [each.id for each in rules().values() if each.extends] == [
        "MIG-028",
        "MIG-029",
        "MIG-030",
        "MIG-031",
        "MIG-032",
        "MIG-033",
        "MIG-034",
    ]
    assert set(PREDICATES) == set(rules())


@pytest.mark.parametrize("rule", ["FEAT-009", "MIG-017"])
def test_a_profile_without_version_leaves_ranges_open(rule: str) -> None:
    asked = question(FRONT, RANGE, source="npm")
    asked = replace(asked, profile=EngineProfile("cilium"))

    assert ask(rules()[rule], asked).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("rule", ["FEAT-018", "FEAT-019", "FEAT-020"])
def test_a_policy_that_was_not_read_leaves_its_content_open(rule: str) -> None:
    ref = PolicyRef("CiliumNetworkPolicy", "shop", "x", "cilium.io/v2")
    asked = question()
    asked = replace(
        asked, snapshot=replace(asked.snapshot, policy_set=PolicySet((UnreadPolicy(ref),)))
    )

    assert ask(rules()[rule], asked).outcome is Outcome.UNKNOWN


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
        ("calico", {"ENG-003", "ENG-016", "ENG-022"}),
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
