"""The verdict on an engine, and the ends of what it rests on."""

from __future__ import annotations

from datetime import date

import pytest

from service.analysis.fitness import judge_fitness
from service.analysis.retirements import retirements
from service.analysis.rulebook.answers import Missing, Outcome, Sighting
from service.analysis.rulebook.book import Answer
from service.analysis.rulebook.rules import rules
from service.model.cluster import ClusterRecord
from service.model.finding import Severity
from tests.unit.rulebook.questions import cluster, linux, question, windows

BLOCKING, GRAVE = rules()["ENG-004"], rules()["FEAT-010"]
MISSING = (Missing("nodePools", "give the node pools"),)
CLEAR = Answer(GRAVE, Outcome.CLEAR)
OPEN = Answer(GRAVE, Outcome.UNKNOWN, (), MISSING)


def hit(severity: Severity) -> Answer:
    return Answer(GRAVE, Outcome.HIT, (Sighting("seen", severity), Sighting("too", severity)))


@pytest.mark.parametrize(
    ("answers", "verdict", "reasons"),
    [
        ([CLEAR], "Compatible", ["every rule about the engine is clear"]),
        ([CLEAR, hit(Severity.INFO)], "Compatible", ["every rule about the engine is clear"]),
        (
            [CLEAR, hit(Severity.LOW)],
            "CompatibleWithFindings",
            [f"FEAT-010: {GRAVE.title} (2 findings, Low)"],
        ),
        (
            [OPEN, hit(Severity.HIGH)],
            "CompatibleWithFindings",
            [f"FEAT-010: {GRAVE.title} (2 findings, High)"],
        ),
        ([OPEN], "Unknown", [f"FEAT-010: {GRAVE.title}? Not told: give the node pools"]),
        (
            [Answer(BLOCKING, Outcome.UNKNOWN, (), MISSING), hit(Severity.HIGH)],
            "Unknown",
            [f"ENG-004: {BLOCKING.title}? Not told: give the node pools"],
        ),
        (
            [Answer(BLOCKING, Outcome.UNKNOWN, (), MISSING), hit(Severity.BLOCKER)],
            "Incompatible",
            ["FEAT-010: seen", "FEAT-010: too"],
        ),
    ],
)
def test_the_verdict(answers: list[Answer], verdict: str, reasons: list[str]) -> None:
    judged = judge_fitness(answers)
    assert (judged.fitness.value, list(judged.reasons)) == (verdict, reasons)


NPM = "Azure Network Policy Manager on"


@pytest.mark.parametrize(
    ("engine", "record", "ends"),
    [
        ("npm", cluster(), [f"{NPM} Linux nodes"]),
        (
            "npm",
            cluster(pools=(linux(), windows())),
            [f"{NPM} Windows nodes", "Windows Server 2022", f"{NPM} Linux nodes"],
        ),
        ("npm", ClusterRecord(), [f"{NPM} Windows nodes", f"{NPM} Linux nodes"]),
        ("calico", cluster(), []),
        ("calico", cluster("kubenet"), ["kubenet networking"]),
        ("calico", cluster(kubernetes="1.30.9"), ["Kubernetes 1.30"]),
        (
            "calico",
            cluster(pools=(linux(), windows(sku="Windows2019"))),
            ["Windows Server 2019"],
        ),
    ],
)
def test_what_ends(engine: str, record: ClusterRecord, ends: list[str]) -> None:
    found = retirements(question(engine=engine, record=record))
    assert [each.what for each in found] == ends
    assert [each.date for each in found] == sorted(each.date for each in found)


@pytest.mark.parametrize(
    ("day", "past"),
    [(date(2026, 9, 29), False), (date(2026, 9, 30), True), (date(2026, 10, 1), True)],
)
def test_a_day_is_past_from_itself_on(day: date, past: bool) -> None:
    asked = question(engine="npm", record=cluster(pools=(linux(), windows())), as_of=day)
    (end,) = [each for each in retirements(asked) if each.what.endswith("Windows nodes")]
    assert (end.date, end.is_past) == (date(2026, 9, 30), past)
