"""Reports as JSON values: their members, their order, and what is capped."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from service.analysis.impact import Impact
from service.usecases import impact_body, validator_body
from service.usecases.report_making import ReportAsk
from tests.unit.reports.making import compatibility_ask, make, migration_ask
from tests.web.report_story import BLOCKED, SAFE, WITH_FIXES

MADE = {"id", "cluster", "revision", "revisionDigest", "digest", "createdAt"}
SHARED = {"kind", "asOf", "rulebook", "verdict", "reasons", "severities", "findingCount", "rules"}
SHARED |= {"missing", "facts", "basis"}
BACK = {"kind": "NetworkPolicy", "namespace": "shop", "name": "back"}
FRONT = {"kind": "Workload", "namespace": "shop", "workload": "Pod/front"}


def test_a_compatibility_report() -> None:
    report, content = make(compatibility_ask("cilium:1.18"), BLOCKED)
    assert set(report) == MADE | SHARED | {"engine", "retirements", "microsoftValidator"}
    assert report["engine"] == {
        "name": "cilium",
        "version": "1.18",
        "options": {},
        "profile": "cilium:1.18",
    }
    assert report["verdict"] == "Incompatible"
    assert report["reasons"] == ["ENG-004: Windows nodes: akswin-1"]
    assert report["severities"] == {"Blocker": 1, "High": 1, "Medium": 0, "Low": 0, "Info": 0}
    assert [each["what"] for each in report["missing"]] == ["osSku"]
    windows, block = content.findings
    assert windows == {
        "rule": "ENG-004",
        "name": "CILIUM-NO-WINDOWS",
        "area": "ENG",
        "severity": "Blocker",
        "title": windows["title"],
        "detail": "Windows nodes: akswin-1",
        "pointer": "/agentPoolProfiles",
        "endpoints": [{"kind": "Node", "name": "akswin-1"}],
        "values": {},
        "remedy": windows["remedy"],
        "settledBy": [],
        "source": windows["source"],
        "asOf": windows["asOf"],
        "confidence": "A",
    }
    assert (block["rule"], block["policy"]) == ("FEAT-010", BACK)
    assert block["pointer"] == "/spec/ingress/0/from/0/ipBlock/cidr"
    assert report["findingCount"] == len(content.findings)
    assert content.groups == content.remedies == ()
    assert content.impact_digest == ""


def test_rules_say_what_became_of_each() -> None:
    report, content = make(compatibility_ask("cilium:1.18"), BLOCKED)
    found = {each["rule"]: each for each in report["rules"]}
    assert len(found) == len(report["rules"])
    assert (found["ENG-004"]["outcome"], found["ENG-004"]["findings"]) == ("Hit", 1)
    assert found["ENG-013"]["outcome"] == "Unknown"
    assert [each["what"] for each in found["ENG-013"]["missing"]] == ["osSku"]
    assert {each["outcome"] for each in report["rules"]} == {"Hit", "Clear", "Unknown"}
    counted = sum(each["findings"] for each in report["rules"])
    assert counted == len(content.findings) == sum(report["severities"].values())


def test_the_validators_view(monkeypatch: pytest.MonkeyPatch) -> None:
    report, _ = make(compatibility_ask("cilium:1.18"), WITH_FIXES)
    view = report["microsoftValidator"]
    assert [each["id"] for each in view["rows"]] == ["V1", "V2", "V3", "V4", "V5"]
    assert view["rows"][1]["flags"] == [
        {
            "subject": "shop/back",
            "direction": "Ingress",
            "policy": BACK,
            "pointer": "/spec/ingress",
            "mark": "Confirmed",
            "reason": "10.244.0.0/24 covers 1 pods, for example shop/front",
        }
    ]
    assert view["confirmed"] == 1
    assert {each["outcome"] for each in view["blindSpots"]} <= {"Hit", "Clear", "Unknown"}
    monkeypatch.setattr(validator_body, "_SHOWN_FLAGS", 0)
    short, _ = make(compatibility_ask("cilium:1.18"), WITH_FIXES)
    row = short["microsoftValidator"]["rows"][1]
    assert (row["count"], row["flags"], row["omitted"]) == (1, [], 1)


def test_only_what_the_validator_is_about_has_its_view() -> None:
    report, _ = make(compatibility_ask("calico"), WITH_FIXES)
    assert "microsoftValidator" not in report


def test_a_migration_report() -> None:
    report, content = make(migration_ask(), WITH_FIXES)
    assert set(report) == MADE | SHARED | {
        "source",
        "target",
        "settledBy",
        "path",
        "impact",
        "during",
        "remedyCount",
        "remedies",
        "deadPolicies",
    }
    assert (report["source"]["name"], report["target"]["profile"]) == ("npm", "cilium:1.18")
    assert report["verdict"] == "SafeWithFixes"
    assert report["impact"]["pairs"]["newlyDenied"] == 1
    assert report["impact"]["groupCount"] == len(content.groups)
    assert report["impact"]["groups"] == list(content.groups)
    assert report["impact"]["unexplained"] == []
    assert report["impact"]["unexplainedCount"] == 0
    assert report["basis"] == {"podCidrs": ["10.244.0.0/16"], "localDns": False}
    assert report["facts"]["disruptionBudgets"] == []


def test_a_group_of_connections() -> None:
    _, content = make(migration_ask(), WITH_FIXES)
    denied = content.groups[0]
    assert {name: denied[name] for name in ("change", "connections", "pairs", "isSampled")} == {
        "change": "newlyDenied",
        "connections": [{"protocol": "TCP", "ports": "8080"}],
        "pairs": 1,
        "isSampled": False,
    }
    assert denied["sources"] == [FRONT]
    assert (denied["sourceCount"], denied["destinationCount"]) == (1, 1)
    assert denied["cause"]["rule"] == "MIG-001"
    assert denied["cause"]["remedyWhen"] == "Before"
    assert {"policy": BACK, "rule": "/spec/ingress/0"} in denied["policies"]
    assert denied["witness"]["source"] == {"namespace": "shop", "pod": "front"}
    assert denied["decidedBefore"]["verdict"] == "Allow"
    assert denied["decidedAfter"]["verdict"] == "Deny"
    (remedy,) = denied["remedies"]
    assert remedy == content.remedies[0]
    assert remedy["policy"] == BACK
    assert remedy["patch"][0]["op"] == "add"


def test_the_path() -> None:
    report, _ = make(migration_ask(), WITH_FIXES)
    path = report["path"]
    assert set(path) == {
        "support",
        "reasons",
        "source",
        "target",
        "reimages",
        "irreversibleSteps",
        "alternatives",
        "prerequisites",
        "requests",
        "steps",
        "leftovers",
        "conflicts",
        "rollback",
    }
    assert (path["support"], path["reimages"]) == ("InPlace", 1)
    assert (path["source"]["engine"], path["target"]["engine"]) == ("npm", "cilium")
    assert path["rollback"]["available"] is False
    step = next(each for each in path["steps"] if each["id"] == "C1")
    assert step["commands"][0]["text"] == (
        "az aks update --resource-group rg-shop --name shop "
        "--network-dataplane cilium --network-policy cilium"
    )
    assert (step["enforcement"], step["irreversible"]) == ("Uncertain", True)
    assert report["during"]["steps"] == ["C1"]


def test_the_name_of_the_azure_resource_counts_more_than_any_other() -> None:
    report, _ = make(migration_ask(name="elsewhere-1"), WITH_FIXES)
    assert "--name shop" in json.dumps(report["path"])
    assert "elsewhere-1" not in json.dumps(report["path"])


@pytest.mark.parametrize(
    ("target", "source", "opened"),
    [("cilium:1.18", "npm", "as under none"), ("none", "npm", "as the impact"), ("npm", "none", 0)],
)
def test_what_is_reachable_meanwhile(target: str, source: str, opened: str | int) -> None:
    report, _ = make(migration_ask(target, source), SAFE)
    during = report["during"]["pairs"]
    if opened == 0:
        assert set(during.values()) == {0}
        return
    to_none, _ = make(migration_ask("none", source), SAFE)
    assert during == to_none["impact"]["pairs"]
    assert during["newlyAllowed"] > 0
    (isolated,) = report["during"]["isolated"]
    assert isolated == {
        "workload": {"kind": "Workload", "namespace": "shop", "name": "Pod/back"},
        "directions": ["Ingress"],
        "policies": 1,
        "namedBy": 1,
        "closedBy": 0,
    }


def test_none_as_the_target_leaves_dead_policies() -> None:
    assert make(migration_ask("none"), SAFE)[0]["deadPolicies"] == 1
    assert make(migration_ask(), SAFE)[0]["deadPolicies"] == 0


def test_a_report_shows_the_first_groups_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(impact_body, "SHOWN_GROUPS", 1)
    report, content = make(migration_ask(), WITH_FIXES)
    assert len(content.groups) == report["impact"]["groupCount"] == 2
    assert report["impact"]["groups"] == list(content.groups[:1])


def test_a_move_that_nothing_explains_is_shown_apart() -> None:
    _, content = make(migration_ask(), WITH_FIXES)
    groups = [{**content.groups[0], "cause": None}, content.groups[1]]
    body = impact_body.impact_body(Impact(), groups)
    assert (body["unexplainedCount"], body["unexplained"]) == (1, groups[:1])


def test_findings_come_gravest_first() -> None:
    _, content = make(migration_ask(), BLOCKED)
    order = ["Blocker", "High", "Medium", "Low", "Info"]
    found = [order.index(each["severity"]) for each in content.findings]
    assert found == sorted(found)
    assert len(set(found)) > 2


@pytest.mark.parametrize("manifests", [BLOCKED, SAFE])
@pytest.mark.parametrize("ask", [migration_ask(), compatibility_ask("cilium:1.18")])
def test_all_values_are_json(ask: ReportAsk, manifests: str) -> None:
    report, content = make(ask, manifests)
    for body in (report, content.findings, content.groups, content.remedies):
        assert _types(body) <= {dict, list, tuple, str, int, bool, type(None)}


def _types(value: Any) -> set[type]:
    if isinstance(value, Mapping):
        return {type(value)}.union(*map(_types, value.values()))
    if isinstance(value, (list, tuple)):
        return {type(value)}.union(*map(_types, value))
    return {type(value)}
