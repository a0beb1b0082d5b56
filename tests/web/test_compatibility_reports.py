"""Compatibility reports over HTTP: made once, listed, read, and with their findings."""

from __future__ import annotations

from typing import Any

import pytest

from tests.web.conftest import Api
from tests.web.report_story import DAY, FACTS, REVISIONS, compatibility, settings, shop

__all__ = ["settings", "shop"]

PATH = "/v1/compatibility-reports"


def outcomes(report: Any) -> dict[str, str]:
    return {each["rule"]: each["outcome"] for each in report["rules"]}


@pytest.mark.parametrize(
    ("revision", "verdict", "hits"),
    [
        (1, "Incompatible", {"ENG-004", "FEAT-010"}),
        (2, "CompatibleWithFindings", {"FEAT-010"}),
        (3, "Compatible", set()),
    ],
)
def test_a_cluster_becomes_fit_for_cilium(
    shop: Api, revision: int, verdict: str, hits: set[str]
) -> None:
    made = compatibility(shop, revision, engine="cilium")
    assert (made["kind"], made["cluster"], made["revision"]) == ("Compatibility", "shop", revision)
    assert (made["verdict"], made["asOf"]) == (verdict, DAY)
    assert {rule for rule, outcome in outcomes(made).items() if outcome == "Hit"} == hits
    assert made["engine"]["name"] == "cilium"
    assert made["record"]["networkProfile"]["podCidrs"] == ["10.244.0.0/16"]
    assert made["facts"] == FACTS
    assert made["findingCount"] == sum(made["severities"].values()) == len(hits)
    assert made["revisionDigest"] == shop.get(f"{REVISIONS}/{revision}")["digest"]


def test_a_report_is_kept(shop: Api) -> None:
    answer = shop("POST", f"{REVISIONS}/2/compatibility-reports", 201, json={"asOf": DAY})
    made = answer.get_json()
    assert answer.headers["Location"] == f"{PATH}/{made['id']}"
    read = shop("GET", answer.headers["Location"])
    assert read.get_json() == made
    assert read.headers["ETag"] == f'"{made["digest"]}"'
    assert "immutable" in read.headers["Cache-Control"]
    shop("GET", f"{PATH}/{made['id']}", 304, headers={"If-None-Match": read.headers["ETag"]})


def test_the_same_report_is_stored_once(shop: Api) -> None:
    first = shop("POST", f"{REVISIONS}/2/compatibility-reports", 201, json={"asOf": DAY})
    again = shop("POST", f"{REVISIONS}/latest/compatibility-reports", 201, json={"asOf": DAY})
    same = shop(
        "POST", f"{REVISIONS}/2/compatibility-reports", 200, json={"asOf": DAY, "engine": "azure"}
    )
    assert same.get_json() == first.get_json()
    assert same.headers["Location"] == first.headers["Location"]
    # Another revision, another day, another engine or other facts: another report.
    made = {first.get_json()["digest"], again.get_json()["digest"]}
    for wish in (
        {"asOf": "2026-11-23"},
        {"asOf": DAY, "engine": "calico"},
        {"asOf": DAY, "facts": {"terraform": False}},
        {"asOf": DAY, "facts": {"hostPorts": []}},
    ):
        made.add(shop.post(f"{REVISIONS}/2/compatibility-reports", wish)["digest"])
    assert len(made) == 6
    assert len(shop.get(f"{REVISIONS}/2/compatibility-reports")["items"]) == 5


def test_a_dry_run_stores_nothing(shop: Api) -> None:
    path = f"{REVISIONS}/2/compatibility-reports"
    answer = shop("POST", f"{path}?dryRun=true", 200, json={"asOf": DAY})
    found = answer.get_json()
    assert found["id"] is None
    assert found["verdict"]
    assert "Location" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"
    assert shop.get(path)["items"] == []
    # What it would have been called is known already.
    assert shop.post(path, {"asOf": DAY})["digest"] == found["digest"]


def test_without_a_date_it_is_today(shop: Api) -> None:
    made = shop.post(f"{REVISIONS}/2/compatibility-reports", {})
    assert made["asOf"] == made["createdAt"][:10]


def test_lists_show_summaries_newest_first(shop: Api) -> None:
    path = f"{REVISIONS}/2/compatibility-reports"
    made = [compatibility(shop, 2, engine=each) for each in ("npm", "calico", "cilium", "none")]
    listed = shop.get(path)["items"]
    assert [each["id"] for each in listed] == [each["id"] for each in reversed(made)]
    assert "rules" not in listed[0]
    for summary, whole in zip(listed, reversed(made), strict=True):
        assert summary.items() <= whole.items()
    profile = made[2]["engine"]["profile"]
    for query, count in [("engine=cilium", 1), ("engine=azure", 1), (f"engine={profile}", 1)]:
        assert len(shop.get(f"{path}?{query}")["items"]) == count, query
    assert shop.get(f"{path}?engine=cilium:1.14")["items"] == []
    assert shop.get(f"{REVISIONS}/1/compatibility-reports")["items"] == []
    pages = shop.get(f"{path}?pageSize=3")
    rest = shop.get(f"{path}?pageSize=3&pageToken={pages['nextPageToken']}")
    assert [each["id"] for each in pages["items"] + rest["items"]] == [
        each["id"] for each in listed
    ]


def test_findings_say_where_and_what_to_do(shop: Api) -> None:
    made = compatibility(shop, 1, engine="cilium")
    path = f"{PATH}/{made['id']}/findings"
    found = shop.get(path)["items"]
    assert [each["severity"] for each in found] == ["Blocker", "High"]
    windows, block = found
    assert windows["endpoints"] == [{"kind": "Node", "name": "akswin-1"}]
    assert block["policy"] == {"kind": "NetworkPolicy", "namespace": "shop", "name": "back"}
    assert block["pointer"] == "/spec/ingress/0/from/0/ipBlock/cidr"
    assert block["remedy"]
    assert block["source"]
    for query, count in [
        ("severity=Blocker", 1),
        ("severity=Low", 0),
        ("rule=FEAT-010", 1),
        ("rule=FEAT-010&severity=Blocker", 0),
        ("pageSize=1", 1),
    ]:
        assert len(shop.get(f"{path}?{query}")["items"]) == count, query
    token = shop.get(f"{path}?pageSize=1")["nextPageToken"]
    assert shop.get(f"{path}?pageSize=1&pageToken={token}")["items"] == [block]


def test_the_view_of_microsofts_validator(shop: Api) -> None:
    made = compatibility(shop, 2, engine="cilium")
    rows = made["microsoftValidator"]["rows"]
    assert len(rows) == 5
    flagged = [flag for row in rows for flag in row["flags"]]
    assert [(each["subject"], each["mark"]) for each in flagged] == [("shop/back", "Confirmed")]
    assert "microsoftValidator" not in compatibility(shop, 2, engine="calico")


@pytest.mark.parametrize("report", ["none", "01KAQ3V7ZJ8W2M5T6X9B4C1D0E", "%F0%9F%90%99", "a%2Fb"])
def test_reports_that_are_not_there(shop: Api, report: str) -> None:
    for path in (f"{PATH}/{report}", f"{PATH}/{report}/findings"):
        answer = shop("GET", path, 404)
        assert answer.content_type == "application/problem+json"


def test_a_report_is_of_one_kind(shop: Api) -> None:
    made = compatibility(shop, 2)
    found = shop.problem("GET", f"/v1/migration-reports/{made['id']}", 404)
    assert found["code"] == "MigrationReportNotFound"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "POST"])
def test_reports_never_change(shop: Api, method: str) -> None:
    made = compatibility(shop, 2)
    shop.problem(method, f"{PATH}/{made['id']}", 405)
