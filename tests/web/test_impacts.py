"""The exact connections of a migration report: pages, a stream, groups, filters, and their end."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.web.conftest import Api
from tests.web.report_story import REVISIONS, migration, settings, shop

__all__ = ["settings", "shop"]

FRONT = {"kind": "Workload", "namespace": "shop", "workload": "Pod/front"}
BACK = {"kind": "Workload", "namespace": "shop", "workload": "Pod/back"}
POLICY = {"kind": "NetworkPolicy", "namespace": "shop", "name": "back"}


@pytest.fixture
def path(shop: Api) -> str:
    """The report of the revision whose policy admits pods by address."""
    return f"/v1/migration-reports/{migration(shop, 2)['id']}"


def lines(api: Api, path: str, query: str = "") -> Any:
    return api.get(f"{path}/impacts?{query}")["items"]


def test_a_line_names_cause_policy_and_remedy(shop: Api, path: str) -> None:
    (line,) = lines(shop, path, "change=newlyDenied")
    assert (line["source"], line["destination"]) == (FRONT, BACK)
    assert (line["before"], line["after"]) == ("Allow", "Deny")
    assert line["connections"] == [{"protocol": "TCP", "ports": "8080"}]
    (cause,) = line["causes"]
    assert (cause["rule"], cause["direction"], cause["remedyWhen"]) == (
        "MIG-001",
        "Ingress",
        "Before",
    )
    assert cause["policies"] == [{"policy": POLICY, "rule": "/spec/ingress/0"}]


def test_the_witness_is_decided_so_on_both_engines(shop: Api, path: str) -> None:
    """Every line between pods and nodes, asked again as a flow of its own.

    Lines about the outside are left to the tests of maps: which address a witness takes matters.
    """
    found = [
        each
        for each in lines(shop, path)
        if "External" not in {each["source"]["kind"], each["destination"]["kind"]}
    ]
    assert {each["change"] for each in found} == {"newlyDenied", "newlyUnknown"}
    flows = {"flows": [each["witness"] for each in found]}
    for engine, member in (("npm", "before"), ("cilium", "after")):
        answer = shop.post(
            f"{REVISIONS}/2/evaluations?dryRun=true", {**flows, "engine": engine}, 200
        )
        verdicts = [each["verdict"] for each in answer["verdicts"]]
        assert verdicts == [each[member] for each in found]


def test_every_line_has_a_cause(shop: Api, path: str) -> None:
    assert all(each["causes"] for each in lines(shop, path))
    assert lines(shop, path, "rule=") == []


def test_the_lines_are_what_the_report_counts(shop: Api, path: str) -> None:
    report = shop.get(path)
    found = lines(shop, path)
    for change, count in report["impact"]["pairs"].items():
        ends = {
            (json.dumps(each["source"]), json.dumps(each["destination"]), each.get("placement"))
            for each in found
            if each["change"] == change
        }
        assert len(ends) == count, change


def test_pages_and_stream_hold_the_same_lines(shop: Api, path: str) -> None:
    whole = lines(shop, path)
    assert len(whole) > 3
    found: list[Any] = []
    following = f"{path}/impacts?pageSize=3"
    while following:
        answer = shop("GET", following)
        found += answer.get_json()["items"]
        link = answer.headers.get("Link", "")
        following = link.partition(">")[0].removeprefix("<")
    assert found == whole
    accept = {"Accept": "application/x-ndjson"}
    streamed = shop("GET", f"{path}/impacts", headers=accept)
    assert streamed.content_type == "application/x-ndjson"
    texts = streamed.get_data(as_text=True).splitlines()
    assert [json.loads(each) for each in texts] == whole


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("rule=MIG-001", lambda each: each["causes"][0]["rule"] == "MIG-001"),
        ("rule=MIG-002", lambda each: False),
        ("change=newlyUnknown", lambda each: each["change"] == "newlyUnknown"),
        ("change=newlyAllowed", lambda each: False),
        ("sourceNamespace=shop", lambda each: each["source"].get("namespace") == "shop"),
        ("sourceWorkload=Pod/front", lambda each: each["source"] == FRONT),
        (
            "destinationNamespace=shop&destinationWorkload=Pod/back",
            lambda e: e["destination"] == BACK,
        ),
    ],
)
def test_filters(shop: Api, path: str, query: str, wanted: Any) -> None:
    assert lines(shop, path, query) == list(filter(wanted, lines(shop, path)))


def test_a_name_that_is_not_there_is_no_filter(shop: Api, path: str) -> None:
    for accept in ("application/json", "application/x-ndjson"):
        address = f"{path}/impacts?sourceNamespace=other"
        found = shop.problem("GET", address, 400, headers={"Accept": accept})
        assert found["code"] == "NamespaceNotFound"


def test_filters_by_address(shop: Api, path: str) -> None:
    outside = lines(shop, path, "destinationIp=203.0.113.9")
    assert outside
    assert {each["destination"]["kind"] for each in outside} == {"External"}


def test_groups(shop: Api, path: str) -> None:
    report = shop.get(path)
    found = shop.get(f"{path}/impacts/groups")["items"]
    assert found == report["impact"]["groups"]
    assert report["impact"]["groupCount"] == len(found)
    gravest = found[0]
    assert (gravest["sources"], gravest["destinations"]) == ([FRONT], [BACK])
    assert gravest["cause"]["rule"] == "MIG-001"
    assert gravest["remedies"] == report["remedies"]
    page = shop.get(f"{path}/impacts/groups?pageSize=1")
    assert page["items"] == [gravest]
    rest = shop.get(f"{path}/impacts/groups?pageSize=1&pageToken={page['nextPageToken']}")
    assert rest["items"] == found[1:2]


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("change=gone", "change"),
        ("pageSize=0", "pageSize"),
        ("pageToken=x", "pageToken"),
        ("source=shop", "source"),
    ],
)
def test_what_cannot_be_asked(shop: Api, path: str, query: str, parameter: str) -> None:
    found = shop.problem("GET", f"{path}/impacts?{query}", 400)
    assert [each["parameter"] for each in found["errors"]] == [parameter]


def test_addresses_that_are_none(shop: Api, path: str) -> None:
    assert shop.problem("GET", f"{path}/impacts?sourceIp=x", 400)["code"] == "InvalidAddress"


def test_a_service_that_decides_otherwise_says_so(
    shop: Api, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The report tells what was true when it was made; lines of another truth are none of it."""
    before = shop.get(path)
    monkeypatch.setattr(
        "service.usecases.impact_lines.impact_digest", lambda *_: f"sha256:{'0' * 64}"
    )
    for headers in ({}, {"Accept": "application/x-ndjson"}):
        found = shop.problem("GET", f"{path}/impacts", 409, headers=headers)
        assert found["code"] == "ImpactChanged"
        assert "make a new report" in found["detail"]
    assert shop.get(path) == before
    assert shop.get(f"{path}/impacts/groups")["items"] == before["impact"]["groups"]
