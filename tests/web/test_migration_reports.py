"""Migration reports over HTTP: the verdict, the path, the impact, and what stays as it was."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.web.conftest import Api
from tests.web.report_story import DAY, REVISIONS, SAFE, SHOW, YAML, migration, settings, shop

__all__ = ["settings", "shop"]

PATH = "/v1/migration-reports"


@pytest.mark.parametrize(
    ("revision", "verdict", "support", "denied"),
    [
        (1, "Blocked", "Blocked", 1),
        (2, "SafeWithFixes", "InPlace", 1),
        (3, "Safe", "InPlace", 0),
    ],
)
def test_from_npm_to_cilium(
    shop: Api, revision: int, verdict: str, support: str, denied: int
) -> None:
    made = migration(shop, revision)
    assert (made["kind"], made["revision"], made["asOf"]) == ("Migration", revision, DAY)
    assert (made["source"]["name"], made["target"]["name"]) == ("npm", "cilium")
    assert (made["verdict"], made["path"]["support"]) == (verdict, support)
    assert made["reasons"]
    assert made["impact"]["pairs"]["newlyDenied"] == denied
    assert made["impact"]["unexplained"] == []
    assert made["remedyCount"] == len(made["remedies"]) == denied
    assert made["record"]["resourceGroup"] == "rg-shop"


def test_the_path_has_the_names_of_the_cluster(shop: Api) -> None:
    made = migration(shop, 3)
    (change,) = [each for each in made["path"]["steps"] if each["kind"] == "Change"]
    text = " ".join(each["text"] for each in change["commands"])
    assert "--resource-group rg-shop" in text
    assert "--name shop" in text
    assert "--network-dataplane cilium" in text
    assert made["path"]["irreversibleSteps"] == [change["id"]]
    assert made["path"]["rollback"]["available"] is False
    assert made["during"]["steps"] == [change["id"]]
    assert [each["workload"]["name"] for each in made["during"]["isolated"]] == ["Pod/back"]


@pytest.mark.parametrize(
    ("wish", "source", "target"),
    [
        ({}, "npm", "cilium"),
        ({"target": "cilium:1.16"}, "npm", "cilium:1.16"),
        ({"targetVersion": "1.16"}, "npm", "cilium:1.16"),
        ({"target": "calico"}, "npm", "calico"),
        ({"target": "none"}, "npm", "none"),
        ({"target": "azure", "source": "calico"}, "calico", "npm"),
        ({"source": {"name": "none"}}, "none", "cilium"),
        ({"targetOptions": {"sctp": "enabled"}}, "npm", "cilium"),
    ],
)
def test_any_engine_to_any_other(shop: Api, wish: dict[str, Any], source: str, target: str) -> None:
    made = migration(shop, 2, **wish)
    assert made["source"]["profile"].startswith(source)
    assert made["target"]["profile"].startswith(target)
    assert made["target"]["options"] == wish.get("targetOptions", {})


def test_moving_to_overlay_in_the_same_step(shop: Api) -> None:
    made = migration(shop, 3, targetIpam="Overlay", targetPodCidr="10.240.0.0/16")
    assert (made["targetIpam"], made["targetPodCidr"]) == ("Overlay", "10.240.0.0/16")
    (listed,) = shop.get(f"{REVISIONS}/3/migration-reports")["items"]
    assert listed["targetIpam"] == "Overlay"


def test_the_same_report_is_stored_once(shop: Api) -> None:
    path = f"{REVISIONS}/2/migration-reports"
    first = migration(shop, 2)
    assert migration(shop, 2, 200) == first
    assert migration(shop, 2, 200, source="npm") == first
    assert migration(shop, 2, 201, target="cilium:1.16")["id"] != first["id"]
    assert len(shop.get(path)["items"]) == 2
    assert [each["id"] for each in shop.get(f"{path}?target=cilium")["items"]][-1] == first["id"]
    assert shop.get(f"{path}?target=calico")["items"] == []
    dry = shop.post(f"{path}?dryRun=true", {"target": "none"}, 200)
    assert (dry["id"], dry["impact"]["pairs"]["newlyAllowed"] > 0) == (None, True)
    assert len(shop.get(path)["items"]) == 2


def test_lists_show_summaries(shop: Api) -> None:
    made = migration(shop, 2)
    (listed,) = shop.get(f"{REVISIONS}/2/migration-reports")["items"]
    assert {"rules", "path", "impact", "record"}.isdisjoint(listed)
    assert listed["pairs"] == made["impact"]["pairs"]
    assert listed["support"] == made["path"]["support"]
    shared = listed.keys() & made.keys()
    assert {name: listed[name] for name in shared} == {name: made[name] for name in shared}


def test_findings_of_a_migration(shop: Api) -> None:
    made = migration(shop, 1)
    path = f"{PATH}/{made['id']}/findings"
    found = shop.get(path)["items"]
    assert len(found) == made["findingCount"]
    assert {each["rule"] for each in shop.get(f"{path}?severity=Blocker")["items"]} == {
        "ENG-004",
        "PATH-005",
    }
    (block,) = shop.get(f"{path}?rule=MIG-001")["items"]
    assert block["endpoints"] == [{"kind": "Workload", "namespace": "shop", "name": "Pod/back"}]


def test_a_remedy_can_be_applied_and_makes_the_move_safe(shop: Api) -> None:
    """The patch, put into the policy, gives a revision whose report has no more to say."""
    made = migration(shop, 2)
    (remedy,) = shop.get(f"{PATH}/{made['id']}/remedies")["items"]
    assert (remedy["rule"], remedy["when"]) == ("MIG-001", "Before")
    assert shop.get(f"{PATH}/{made['id']}/remedies?rule=MIG-002")["items"] == []
    (policy,) = shop.get(f"{REVISIONS}/2/policies")["items"]
    document = policy["manifest"]
    for operation in remedy["patch"]:
        assert operation["op"] == "add"
        place: Any = document
        *steps, last = operation["path"].split("/")[1:]
        for step in steps:
            place = place[int(step)] if isinstance(place, list) else place[step]
        assert last == "-"
        place.append(operation["value"])
    shop("POST", REVISIONS, 201, data=_with_policy(document), content_type=YAML)
    mended = migration(shop, 4)
    assert mended["verdict"] == "Safe"
    assert mended["impact"]["pairs"]["newlyDenied"] == 0


def _with_policy(document: Any) -> str:
    return f"{SAFE.rpartition('---')[0]}---\n{yaml.safe_dump(document)}"


def test_what_was_asked_stays_as_it_was(shop: Api) -> None:
    """A record that changes later makes other reports; those that are there stay."""
    made = migration(shop, 2)
    lines = shop.get(f"{PATH}/{made['id']}/impacts")
    patch = {
        "engine": "calico",
        "resourceGroup": "rg-elsewhere",
        "networkProfile": {"podCidrs": ["192.168.0.0/16"], "networkPolicy": "calico"},
        "nodePools": [{"name": "win", "osType": "Windows", "count": 1}],
    }
    shop(
        "PATCH",
        "/v1/clusters/shop",
        json=patch,
        content_type="application/merge-patch+json",
    )
    assert shop.get(f"{PATH}/{made['id']}") == made
    assert shop.get(f"{PATH}/{made['id']}/impacts") == lines
    # The same wish is another report now.
    after = migration(shop, 2)
    assert after["id"] != made["id"]
    assert after["source"]["name"] == "calico"
    assert after["record"]["resourceGroup"] == "rg-elsewhere"
    # And the first one comes out again once the record is what it was.
    shop.post("/v1/clusters:import?replace=true", SHOW, 200)
    assert migration(shop, 2, 200) == made


def test_deleting_the_cluster_deletes_its_reports(shop: Api) -> None:
    made = migration(shop, 2)
    shop("DELETE", "/v1/clusters/shop?cascade=true", 204)
    for path in ("", "/findings", "/impacts", "/impacts/groups", "/remedies"):
        found = shop.problem("GET", f"{PATH}/{made['id']}{path}", 404)
        assert found["code"] == "MigrationReportNotFound"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "POST"])
def test_reports_never_change(shop: Api, method: str) -> None:
    made = migration(shop, 3)
    shop.problem(method, f"{PATH}/{made['id']}", 405)
    shop.problem(method, f"{PATH}/{made['id']}/impacts", 405)
