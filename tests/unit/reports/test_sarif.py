"""SARIF 2.1.0: every object has what the standard asks for and nothing that it does not know."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import pytest

from service.usecases.report_making import ReportAsk
from service.usecases.report_sarif import SourcePlace, render_sarif
from tests.unit.reports.making import compatibility_ask, make, migration_ask
from tests.web.report_story import BLOCKED, SAFE, WITH_FIXES

#: Of each kind of object that is written: what must be there, and what else may be.
OBJECTS: Mapping[str, tuple[set[str], set[str]]] = {
    "log": ({"version", "runs"}, {"$schema"}),
    "run": ({"tool"}, {"automationDetails", "columnKind", "results", "properties"}),
    "tool": ({"driver"}, set()),
    "driver": ({"name"}, {"rules"}),
    "automationDetails": (set(), {"id"}),
    "rules": ({"id"}, {"name", "shortDescription", "defaultConfiguration", "properties"}),
    "shortDescription": ({"text"}, set()),
    "defaultConfiguration": (set(), {"level"}),
    "results": (
        {"message"},
        {
            "ruleId",
            "ruleIndex",
            "kind",
            "level",
            "locations",
            "relatedLocations",
            "partialFingerprints",
            "properties",
        },
    ),
    "message": ({"text"}, set()),
    "locations": (set(), {"physicalLocation", "logicalLocations"}),
    "relatedLocations": (set(), {"id", "message", "physicalLocation", "logicalLocations"}),
    "physicalLocation": ({"artifactLocation"}, {"region"}),
    "artifactLocation": ({"uri"}, set()),
    "region": ({"startLine"}, set()),
    "logicalLocations": (set(), {"name", "fullyQualifiedName", "kind"}),
}
FREE = {"properties", "partialFingerprints"}
ASKS = [
    (migration_ask(), BLOCKED),
    (migration_ask(), WITH_FIXES),
    (migration_ask("none"), SAFE),
    (compatibility_ask("cilium:1.18"), BLOCKED),
    (compatibility_ask("npm"), WITH_FIXES),
]


def log_of(ask: ReportAsk, manifests: str, **more: Any) -> Any:
    report, content = make(ask, manifests)
    return json.loads(render_sarif(report, content, **more))


def objects(value: Any, name: str = "log") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(value, list):
        for each in value:
            yield from objects(each, "run" if name == "runs" else name)
    elif isinstance(value, dict):
        yield name, value
        for key, each in value.items():
            if key not in FREE:
                yield from objects(each, key)


@pytest.mark.parametrize(("ask", "manifests"), ASKS)
def test_the_standard(ask: ReportAsk, manifests: str) -> None:
    check_standard(log_of(ask, manifests))


def check_standard(log: Any) -> None:
    assert log["version"] == "2.1.0"
    for name, found in objects(log):
        required, known = OBJECTS[name]
        assert required <= set(found) <= required | known, name
    (run,) = log["runs"]
    ids = [each["id"] for each in run["tool"]["driver"]["rules"]]
    assert len(ids) == len(set(ids))
    for result in run["results"]:
        assert ids[result["ruleIndex"]] == result["ruleId"]
        assert result["kind"] in {"fail", "open"}
        assert result["level"] in {"error", "warning", "note", "none"}
        assert (result["kind"] == "fail") == (result["level"] != "none")
        assert result["message"]["text"]
        related = [each["id"] for each in result.get("relatedLocations", [])]
        assert related == list(range(1, len(related) + 1))
        (place,) = result["locations"]
        uri = place["physicalLocation"]["artifactLocation"]["uri"]
        assert urlsplit(uri).path == uri
    for rule in run["tool"]["driver"]["rules"]:
        assert rule["defaultConfiguration"]["level"] in {"error", "warning", "note"}


def results(log: Any, rule: str) -> list[Any]:
    return [each for each in log["runs"][0]["results"] if each["ruleId"] == rule]


def test_findings() -> None:
    log = log_of(compatibility_ask("cilium:1.18"), BLOCKED)
    (windows,) = results(log, "ENG-004")
    assert (windows["kind"], windows["level"]) == ("fail", "error")
    assert windows["locations"][0]["physicalLocation"]["artifactLocation"] == {
        "uri": "v1/clusters/shop"
    }
    (block,) = results(log, "FEAT-010")
    assert block["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "v1/clusters/shop/revisions/3/manifests"}
            },
            "logicalLocations": [
                {
                    "name": "back",
                    "fullyQualifiedName": "NetworkPolicy/shop/back"
                    "/spec/ingress/0/from/0/ipBlock/cidr",
                    "kind": "object",
                }
            ],
        }
    ]


def test_what_is_not_told_is_open() -> None:
    log = log_of(compatibility_ask("cilium:1.18"), BLOCKED)
    (unknown,) = results(log, "ENG-013")
    assert (unknown["kind"], unknown["level"]) == ("open", "none")
    assert unknown["properties"]["missing"] == ["osSku"]


def test_groups_of_connections() -> None:
    log = log_of(migration_ask(), WITH_FIXES)
    changes = [each for each in results(log, "MIG-001") if "change" in each["properties"]]
    (denied,) = changes
    assert denied["level"] == "error"
    assert denied["message"]["text"].startswith(
        "newlyDenied: shop/Pod/front -> shop/Pod/back on TCP 8080"
    )
    (unknown,) = [each for each in results(log, "MIG-023") if "change" in each["properties"]]
    assert unknown["kind"] == "open"


def test_a_change_without_a_rule() -> None:
    report, content = make(migration_ask(), WITH_FIXES)
    object.__setattr__(content, "groups", ({**content.groups[0], "cause": None},))
    log = json.loads(render_sarif(report, content))
    (found,) = results(log, "UNEXPLAINED")
    assert found["level"] == "error"
    assert "No rule explains it." in found["message"]["text"]


def test_files_with_lines() -> None:
    places = {("NetworkPolicy", "shop", "back"): SourcePlace("deploy/policies.yaml", 12)}
    log = log_of(compatibility_ask("cilium:1.18"), WITH_FIXES, places=places)
    (block,) = results(log, "FEAT-010")
    assert block["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "deploy/policies.yaml"},
        "region": {"startLine": 12},
    }


def test_fingerprints_tell_results_apart_and_stay() -> None:
    first, again = (log_of(migration_ask(), BLOCKED) for _ in range(2))
    marks = [each["partialFingerprints"]["netverdict/v1"] for each in first["runs"][0]["results"]]
    assert len(marks) == len(set(marks))
    assert first == again
    later = log_of(migration_ask(), WITH_FIXES)
    kept = {each["partialFingerprints"]["netverdict/v1"] for each in later["runs"][0]["results"]}
    assert len(kept & set(marks)) > 1
