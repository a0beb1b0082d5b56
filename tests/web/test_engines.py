"""The catalogue of engines."""

from __future__ import annotations

import pytest

from tests.web.conftest import Api

NAMES = ["npm", "calico", "cilium", "none", "kubernetes"]


def test_the_list(api: Api) -> None:
    page = api.get("/v1/engines")
    assert [each["name"] for each in page["items"]] == NAMES
    assert page["nextPageToken"] is None
    targets = {each["name"] for each in page["items"] if each["migrationTarget"]}
    assert targets == {"npm", "calico", "cilium", "none"}


def test_the_list_has_pages_as_all_do(api: Api) -> None:
    page = api.get("/v1/engines?pageSize=3")
    rest = api.get(f"/v1/engines?pageSize=3&pageToken={page['nextPageToken']}")
    assert [each["name"] for each in page["items"] + rest["items"]] == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_one_engine(api: Api, name: str) -> None:
    answer = api("GET", f"/v1/engines/{name}")
    engine = answer.get_json()
    assert engine["name"] == name
    for capability in engine["capabilities"]:
        editions = {each["edition"]: each for each in capability["editions"]}
        assert editions.keys() == {"2024", "newest"}
        assert all(each["source"] and each["asOf"] for each in editions.values())
    api("GET", f"/v1/engines/{name}", 304, headers={"If-None-Match": answer.headers["ETag"]})


def test_what_makes_an_engine_what_it_is(api: Api) -> None:
    cilium = api.get("/v1/engines/cilium")
    assert "1.17" in cilium["versions"]
    assert cilium["defaultVersion"] in cilium["versions"]
    assert {"kubernetes", "version"} == cilium["versionsByKubernetes"][0].keys()
    npm = api.get("/v1/engines/npm")
    assert {each["date"] for each in npm["retirements"]} >= {"2026-09-30", "2028-09-30"}
    assert npm["options"]


def test_an_engine_that_is_none(api: Api) -> None:
    assert api.problem("GET", "/v1/engines/istio", 404)["code"] == "EngineNotFound"
