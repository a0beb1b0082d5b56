"""Whether a cluster gets readier for an engine, over its revisions."""

from __future__ import annotations

from typing import Any

import pytest

from tests.web.conftest import Api
from tests.web.report_story import BLOCKED, REVISIONS, YAML, migration, settings, shop

__all__ = ["settings", "shop"]

PATH = "/v1/clusters/shop/readiness"


def rules(hits: Any) -> set[str]:
    return {each["rule"] for each in hits}


def test_three_revisions_in_which_a_blocker_is_fixed(shop: Api) -> None:
    made = [migration(shop, revision) for revision in (1, 2, 3)]
    found = shop.get(f"{PATH}?target=cilium")["items"]
    assert [each["revision"] for each in found] == [1, 2, 3]
    assert [each["report"] for each in found] == [each["id"] for each in made]
    assert [each["verdict"] for each in found] == ["Blocked", "SafeWithFixes", "Safe"]
    assert [each["change"] for each in found] == [None, "Readier", "Readier"]
    assert found[0]["changes"] is None
    fixed, mended = found[1]["changes"], found[2]["changes"]
    assert (fixed["since"], fixed["verdictBefore"]) == (1, "Blocked")
    assert rules(fixed["resolved"]) == {"ENG-004", "PATH-005"}
    assert fixed["severities"]["Blocker"] == -2
    assert rules(mended["resolved"]) == {"FEAT-010", "MIG-001"}
    assert mended["pairs"]["newlyDenied"] == -1
    assert fixed["appeared"] == mended["appeared"] == []
    for each, report in zip(found, made, strict=True):
        assert each["pairs"] == report["impact"]["pairs"]
        assert each["severities"] == report["severities"]


def test_a_step_back_and_standing_still(shop: Api) -> None:
    shop("POST", REVISIONS, 201, data=BLOCKED, content_type=YAML)
    shop(
        "POST",
        REVISIONS,
        201,
        data=BLOCKED.replace("10.244.0.0/24", "10.244.0.0/25"),
        content_type=YAML,
    )
    for revision in (3, 4, 5):
        migration(shop, revision)
    found = shop.get(f"{PATH}?target=cilium")["items"]
    assert [each["change"] for each in found] == [None, "LessReady", "Same"]
    back, still = found[1]["changes"], found[2]["changes"]
    assert rules(back["appeared"]) == {"ENG-004", "PATH-005", "FEAT-010", "MIG-001"}
    assert back["resolved"] == still["resolved"] == still["appeared"] == []
    assert set(still["severities"].values()) == {0}
    assert "verdictBefore" not in still


def test_only_the_newest_report_of_each_revision_counts(shop: Api) -> None:
    migration(shop, 1)
    newest = migration(shop, 1, asOf="2026-11-23")
    other = migration(shop, 3, target="calico")
    (found,) = shop.get(f"{PATH}?target=cilium")["items"]
    assert (found["report"], found["asOf"]) == (newest["id"], "2026-11-23")
    (found,) = shop.get(f"{PATH}?target=calico")["items"]
    assert found["report"] == other["id"]
    assert shop.get(f"{PATH}?target=none")["items"] == []
    assert shop.get(f"{PATH}?target=cilium:1.14")["items"] == []
    assert shop.get(f"{PATH}?target={newest['target']['profile']}")["items"]


def test_revisions_without_a_report_are_left_out(shop: Api) -> None:
    migration(shop, 1)
    migration(shop, 3)
    found = shop.get(f"{PATH}?target=cilium")["items"]
    assert [each["revision"] for each in found] == [1, 3]
    assert found[1]["changes"]["since"] == 1


@pytest.mark.parametrize("size", [1, 2])
def test_pages_compare_across_their_border(shop: Api, size: int) -> None:
    for revision in (1, 2, 3):
        migration(shop, revision)
    whole = shop.get(f"{PATH}?target=cilium")["items"]
    found: list[Any] = []
    token = ""
    while True:
        query = f"target=cilium&pageSize={size}" + (f"&pageToken={token}" if token else "")
        page = shop.get(f"{PATH}?{query}")
        found += page["items"]
        token = page["nextPageToken"]
        if not token:
            break
    assert found == whole


@pytest.mark.parametrize(
    ("query", "parameter"), [("", "target"), ("target=istio", "target"), ("target=npm&x=1", "x")]
)
def test_what_cannot_be_asked(shop: Api, query: str, parameter: str) -> None:
    found = shop.problem("GET", f"{PATH}?{query}", 400)
    assert parameter in {each["parameter"] for each in found["errors"]}


def test_a_cluster_that_is_not_there(api: Api) -> None:
    api.problem("GET", "/v1/clusters/nobody/readiness?target=cilium", 404)
