"""Dates are compared with a day that the request names: the day before, the day, the day after."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from service.analysis.rulebook.inputs import RuleInput
from service.model.cluster import ClusterRecord
from tests.rules.asking import register, report_on, upload
from tests.unit.rulebook.questions import Question, cluster, linux, question, windows
from tests.web.conftest import Api

KUBENET = cluster("kubenet")


def pool(sku: str) -> ClusterRecord:
    return cluster(pools=(linux(), windows(sku=sku)))


#: A rule, a question, an end, and what it answers on the day before, on the day and after it.
ENDS: list[tuple[str, Question, str, tuple[str, str, str]]] = [
    ("ENG-009", question(engine="npm", record=pool("Windows2022")), "2026-09-30",
     ("Clear", "Blocker", "Blocker")),
    ("ENG-011", question(engine="npm"), "2028-09-30", ("High", "Blocker", "Blocker")),
    ("ENG-011", question(engine="npm"), "2027-09-30", ("Medium", "High", "High")),
    ("ENG-012", question(engine="calico", record=KUBENET), "2028-03-31",
     ("High", "Blocker", "Blocker")),
    ("ENG-012", question(engine="calico", record=KUBENET), "2027-03-31",
     ("Medium", "High", "High")),
    ("ENG-013", question(engine="calico", record=pool("Windows2019")), "2026-03-01",
     ("High", "Blocker", "Blocker")),
    ("ENG-013", question(engine="calico", record=pool("Windows2019")), "2025-03-01",
     ("Medium", "High", "High")),
    ("ENG-013", question(engine="calico", record=pool("Windows2022")), "2028-06-30",
     ("High", "Blocker", "Blocker")),
    ("ENG-013", question(engine="calico", record=pool("Windows2022")), "2027-06-30",
     ("Medium", "High", "High")),
    ("ENG-013", question(engine="calico", record=pool("WindowsAnnual")), "2026-05-15",
     ("High", "Blocker", "Blocker")),
    ("ENG-013", question(engine="calico", record=pool("WindowsAnnual")), "2025-05-15",
     ("Medium", "High", "High")),
    # A rule about the target of a change: dates are evidence, its severity stays.
    ("PATH-021", question(engine="npm", source="none"), "2028-09-30",
     ("Medium", "Medium", "Medium")),
    ("ENG-011", question(engine="npm", source="none"), "2028-09-30",
     ("High", "Blocker", "Blocker")),
]  # fmt: skip
DAYS = (-1, 0, 1)


def revision_of(api: Api, asked: Question) -> str:
    return upload(api, register(api, asked.cluster, asked.source or asked.profile), asked.manifests)


def days_around(end: str) -> list[date]:
    return [date.fromisoformat(end) + timedelta(days=each) for each in DAYS]


@pytest.mark.parametrize(("rule", "asked", "end", "expected"), ENDS)
def test_around_an_end(
    api: Api, rule: str, asked: Question, end: str, expected: tuple[str, ...]
) -> None:
    revision = revision_of(api, asked)
    found = []
    for day in days_around(end):
        report = report_on(api, revision, asked, day)
        answer = report.answer(rule)
        assert report.body["asOf"] == day.isoformat()
        assert answer is not None
        found.append(answer["severity"] if answer["outcome"] == "Hit" else answer["outcome"])

    assert tuple(found) == expected


@pytest.mark.parametrize(
    ("asked", "what", "end"),
    [
        (question(engine="npm"), "Azure Network Policy Manager on Linux nodes", "2028-09-30"),
        (question(engine="npm", record=pool("Windows2022")),
         "Azure Network Policy Manager on Windows nodes", "2026-09-30"),
        (question(engine="calico", record=KUBENET), "kubenet networking", "2028-03-31"),
        (question(engine="calico", record=pool("Windows2019")), "Windows Server 2019",
         "2026-03-01"),
        (question(record=cluster(kubernetes="1.30.4")), "Kubernetes 1.30", "2026-07-17"),
    ],
)  # fmt: skip
def test_retirements_are_past_from_their_day_on(
    api: Api, asked: Question, what: str, end: str
) -> None:
    revision = revision_of(api, asked)
    found: list[Any] = []
    for day in days_around(end):
        report = report_on(api, revision, asked, day)
        (entry,) = [each for each in report.body["retirements"] if each["what"] == what]
        assert (entry["date"], bool(entry["source"])) == (end, True)
        found.append(entry["isPast"])

    assert found == [False, True, True]


def test_days_left_are_counted_to_the_day(api: Api) -> None:
    asked = question(engine="npm", source="none")
    revision = revision_of(api, asked)
    left = []
    for day in days_around("2028-09-30"):
        findings = report_on(api, revision, asked, day).findings("PATH-021")
        left += [
            (each["values"]["daysLeft"], "(past)" in each["detail"])
            for each in findings
            if each["values"]["date"] == "2028-09-30"
        ]

    assert left == [(1, False), (0, True), (-1, True)]


@pytest.mark.parametrize(
    ("runbook", "end"),
    [("create-npm-windows", "2026-09-30"), ("create-npm-linux", "2028-09-30")],
)
def test_runbooks_are_retired_from_the_day_on(api: Api, runbook: str, end: str) -> None:
    found = [
        api.get(f"/v1/runbooks/{runbook}", query_string={"asOf": day.isoformat()})["isRetired"]
        for day in days_around(end)
    ]

    assert found == [False, True, True]


def test_without_a_day_it_is_today(api: Api) -> None:
    asked: RuleInput = question(engine="npm")
    revision = revision_of(api, question(engine="npm"))
    before = datetime.now(UTC).date()
    made = api.post(f"{revision}/compatibility-reports", {"engine": asked.profile.engine})
    after = datetime.now(UTC).date()

    assert made["asOf"] in {before.isoformat(), after.isoformat()}


@pytest.mark.parametrize("day", ["2026-02-29", "20261122", "22.11.2026", "2026-W47-7", ""])
def test_a_day_that_is_none_is_refused(api: Api, day: str) -> None:
    revision = revision_of(api, question(engine="npm"))
    problem = api.problem(
        "POST", f"{revision}/compatibility-reports", 422, json={"engine": "npm", "asOf": day}
    )

    assert [each["pointer"] for each in problem["errors"]] == ["/asOf"]
