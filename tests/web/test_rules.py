"""The rulebook and the runbooks over HTTP."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from service.analysis.paths.runbooks import runbook_ids
from service.analysis.rulebook import rules as book
from tests.web.conftest import Api


def every(api: Api, path: str) -> list[Any]:
    found: list[Any] = []
    following = f"{path}{'&' if '?' in path else '?'}pageSize=40"
    while following:
        answer = api("GET", following)
        found += answer.get_json()["items"]
        following = answer.headers.get("Link", "").partition(">")[0].removeprefix("<")
    return found


def test_every_rule_is_there(api: Api) -> None:
    found = every(api, "/v1/rules")
    assert [each["id"] for each in found] == list(book.rules())
    for each in found:
        assert each["remedy"] or each["severity"] == "Info", each["id"]
        assert each["source"]
        assert each["asOf"]


@pytest.mark.parametrize(
    ("query", "present", "absent"),
    [
        ("area=MIG", "MIG-001", "ENG-001"),
        ("severity=Blocker", "ENG-004", "MIG-001"),
        ("engine=cilium", "ENG-004", "ENG-001"),
        ("engine=azure", "ENG-001", "ENG-004"),
        ("from=npm&to=cilium", "MIG-001", "MIG-020"),
        ("to=none", "MIG-020", "MIG-001"),
        ("from=calico", "PATH-016", "ENG-001"),
    ],
)
def test_rules_by_what_they_are_about(api: Api, query: str, present: str, absent: str) -> None:
    found = {each["id"] for each in every(api, f"/v1/rules?{query}")}
    assert present in found
    assert absent not in found


def test_one_rule(api: Api) -> None:
    answer = api("GET", "/v1/rules/MIG-001")
    found = answer.get_json()
    assert (found["severity"], found["area"]) == ("High", "MIG")
    assert "cilium" in found["to"]
    api("GET", "/v1/rules/MIG-001", 304, headers={"If-None-Match": answer.headers["ETag"]})
    assert api.problem("GET", "/v1/rules/MIG-999", 404)["code"] == "RuleNotFound"


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("area=X", "area"),
        ("severity=Grave", "severity"),
        ("engine=istio", "engine"),
        ("to=x", "to"),
    ],
)
def test_rules_that_cannot_be_asked_for(api: Api, query: str, parameter: str) -> None:
    found = api.problem("GET", f"/v1/rules?{query}", 400)
    assert [each["parameter"] for each in found["errors"]] == [parameter]


def test_every_runbook_is_there(api: Api) -> None:
    found = every(api, "/v1/runbooks")
    assert [each["id"] for each in found] == list(runbook_ids())
    for each in found:
        whole = api.get(f"/v1/runbooks/{each['id']}")
        assert each.items() <= whole.items()
        commands = [
            command["text"]
            for step in whole["steps"]
            for command in (*step["commands"], *step["verify"])
        ]
        text = "\n".join([each["text"] for each in whole["requests"]] + commands)
        checked = subprocess.run(
            ["bash", "-n"], input=text, text=True, capture_output=True, check=False
        )
        assert (checked.returncode, checked.stderr) == (0, ""), whole["id"]


def test_a_runbook_with_its_values(api: Api) -> None:
    asked = api.get("/v1/runbooks/create-npm-linux")
    assert any("RESOURCE_GROUP" in each["text"] for each in asked["requests"])
    filled = api.get(
        "/v1/runbooks/create-npm-linux?resourceGroup=rg%20one&cluster=shop&location=westeurope"
    )
    assert filled["requests"] == []
    texts = [command["text"] for step in filled["steps"] for command in step["commands"]]
    assert any("--resource-group 'rg one'" in each and "--name shop" in each for each in texts)
    values = {each["name"]: each.get("value") for each in filled["parameters"]}
    assert values == {
        "resourceGroup": "rg one",
        "location": "westeurope",
        "cluster": "shop",
        "nodeCount": None,
    }


def test_a_runbook_past_its_end_says_so(api: Api) -> None:
    early = api.get("/v1/runbooks/create-npm-windows?asOf=2024-01-01")
    late = api.get("/v1/runbooks/create-npm-windows?asOf=2030-01-01")
    assert (early["isRetired"], late["isRetired"]) == (False, True)
    assert {each["isPast"] for each in late["warnings"]} == {True}
    assert (early["asOf"], late["asOf"]) == ("2024-01-01", "2030-01-01")


def test_a_runbook_in_other_forms(api: Api) -> None:
    path = "/v1/runbooks/create-npm-linux?cluster=shop"
    text = api("GET", path, headers={"Accept": "text/markdown"})
    assert text.mimetype == "text/markdown"
    assert text.headers["Vary"] == "Accept"
    assert text.get_data(as_text=True).startswith("# Create a cluster with NPM on Linux nodes\n")
    script = api("GET", path, headers={"Accept": "text/x-shellscript"}).get_data(as_text=True)
    assert script.startswith("#!/usr/bin/env bash\n")
    assert "--name shop" in script
    assert api.problem("GET", path, 406, headers={"Accept": "image/png"})["code"] == "NotAcceptable"


@pytest.mark.parametrize(
    ("path", "parameter", "code"),
    [
        ("create-npm-linux?podCidr=10.0.0.0/8", "podCidr", "UnknownParameter"),
        ("create-npm-linux?asOf=soon", "asOf", "InvalidDate"),
        ("create-npm-linux?cluster=", "cluster", "BadValue"),
        ("create-npm-linux?cluster=a%0Ab", "cluster", "BadValue"),
        (f"create-npm-linux?cluster={'a' * 301}", "cluster", "BadValue"),
    ],
)
def test_values_that_are_refused(api: Api, path: str, parameter: str, code: str) -> None:
    found = api.problem("GET", f"/v1/runbooks/{path}", 400)
    assert [(each["parameter"], each["code"]) for each in found["errors"]] == [(parameter, code)]


def test_a_runbook_that_is_not_there(api: Api) -> None:
    assert api.problem("GET", "/v1/runbooks/none", 404)["code"] == "RunbookNotFound"
    api.problem("GET", "/v1/runbooks/create-npm-linux?colour=red", 400)
