"""The rulebook as data: where its sources disagree, each of them is there."""

from __future__ import annotations

from service.analysis.rulebook.rules import rules
from service.knowledge import value
from service.usecases.rules import get_rule


def test_conflicts_name_rules_that_exist() -> None:
    named = {rule for each in value("conflicts", "conflicts") for rule in each["rules"]}
    assert len(named) > 15
    assert named <= set(rules())


def test_both_values_are_shown() -> None:
    (conflict,) = get_rule("PATH-001")["conflicts"]
    assert (conflict["id"], len(conflict["values"])) == ("G1", 2)
    assert {each["asOf"] for each in conflict["values"]} == {"2026-05-28", "2026-05-21"}
    assert (
        conflict["treatment"] == "commands always carry both options; that is accepted either way"
    )


def test_a_rule_whose_sources_agree_has_none() -> None:
    assert "conflicts" not in get_rule("MIG-001")
