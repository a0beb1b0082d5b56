"""Every case of every rule over HTTP: what is uploaded and stated, and what the report says."""

from __future__ import annotations

import pytest

from service.analysis.rulebook.answers import Outcome
from service.analysis.rulebook.rules import Area, rules
from tests.builders import pod
from tests.rules.asking import Reported, pages, report
from tests.unit.rulebook.never_unknown import NEVER_UNKNOWN
from tests.unit.rulebook.questions import Case, question
from tests.unit.rulebook.test_rules import CASES, IDS
from tests.web.conftest import Api


def is_asked(case: Case) -> bool:
    """Whether a rule is about the engines of a case at all."""
    rule, asked = rules()[case.rule], case.asked
    if rule.area in {Area.ENGINE, Area.FEATURE}:
        return rule.asks_about(asked.profile.engine)
    return asked.source is not None and rule.asks_between(asked.source.engine, asked.profile.engine)


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_answers_over_http(api: Api, case: Case) -> None:
    found = report(api, case.asked)
    if not is_asked(case):
        assert case.outcome is Outcome.CLEAR
        assert found.answer(case.rule) is None
        assert not found.findings(case.rule)
        return
    check(case, found)


def test_every_rule_of_the_book_is_asked_each_way(api: Api) -> None:
    """Over HTTP; what cannot be Unknown has its reason in `never_unknown`."""
    outcomes: dict[str, set[Outcome]] = {}
    for case in filter(is_asked, CASES):
        outcomes.setdefault(case.rule, set()).add(case.outcome)

    assert set(outcomes) == {each["id"] for each in pages(api, "/v1/rules", {})}
    for rule, found in outcomes.items():
        unknown = set() if rule in NEVER_UNKNOWN else {Outcome.UNKNOWN}
        assert found == {Outcome.HIT, Outcome.CLEAR, *unknown}, rule


@pytest.mark.slow
def test_more_pods_than_npm_takes(api: Api) -> None:
    asked = question(*(pod(f"shop/pod-{number}") for number in range(20_001)), engine="npm")
    found = report(api, asked)
    answer = found.answer("ENG-008")

    assert answer is not None
    assert (answer["outcome"], answer["severity"]) == ("Hit", "High")


def check(case: Case, found: Reported) -> None:
    """The report says of the rule of a case what it has to."""
    answer = found.answer(case.rule)
    assert answer is not None
    findings = found.findings(case.rule)
    assert answer["outcome"] == case.outcome.value, (answer, findings)
    assert answer["findings"] == len(findings)
    assert bool(findings) == (case.outcome is Outcome.HIT)
    if case.severity is not None:
        assert answer["severity"] == case.severity.value
    if case.pointer is not None:
        assert case.pointer in {each.get("pointer") for each in findings}
    if case.endpoints is not None:
        seen = {name_of(each) for finding in findings for each in finding["endpoints"]}
        assert seen == set(case.endpoints)
    if case.settled is not None:
        steps = {each["id"] for each in found.body.get("path", {}).get("steps", ())}
        settled = [set(each["settledBy"]) for each in findings]
        assert all(settled) == case.settled
        assert set().union(*settled) <= steps
    if case.outcome is Outcome.UNKNOWN:
        assert answer["missing"]
        assert all(each["what"] and each["detail"] for each in answer["missing"])
    for each in findings:
        assert each["rule"] == case.rule
        assert each["detail"]
        assert each["remedy"]
        assert each["source"]
        assert each["asOf"]


def name_of(endpoint: dict[str, str]) -> str:
    """An endpoint of a finding as cases name it."""
    place = endpoint.get("namespace")
    return f"{place}/{endpoint['name']}" if place else endpoint["name"]
