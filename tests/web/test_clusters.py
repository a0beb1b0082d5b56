"""Clusters over HTTP: what routes add to the use cases."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.web.conftest import Api

PATCH = "application/merge-patch+json"
RECORD = {
    "engine": {"name": "cilium", "version": "1.17"},
    "displayName": "Payments",
    "networkProfile": {"networkPlugin": "azure", "podCidrs": ["10.244.0.0/16"]},
    "nodePools": [{"name": "pool1", "osType": "Linux", "count": 3}],
    "labels": {"env": "prod"},
}


def patch(api: Api, body: Any, expect: int = 200, **headers: str) -> Any:
    data = json.dumps(body)
    answer = api(
        "PATCH", "/v1/clusters/demo", expect, data=data, content_type=PATCH, headers=headers
    )
    return answer.get_json()


def test_a_cluster_is_registered_and_read_back(api: Api) -> None:
    answer = api("POST", "/v1/clusters", 201, json={"name": "demo", **RECORD})
    assert answer.headers["Location"] == "/v1/clusters/demo"
    made = answer.get_json()
    assert made.items() >= {"name": "demo", "latestRevision": None, **RECORD}.items()
    assert made["createdAt"].endswith("Z")
    read = api("GET", "/v1/clusters/demo")
    assert read.get_json() == made
    assert read.headers["ETag"] == answer.headers["ETag"]
    assert api("HEAD", "/v1/clusters/demo").headers["ETag"] == answer.headers["ETag"]


def test_a_name_that_is_taken(api: Api) -> None:
    api.cluster()
    assert (
        api.problem("POST", "/v1/clusters", 409, json={"name": "demo", "engine": "npm"})["code"]
        == "ClusterExists"
    )


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("npm", {"name": "npm"}),
        ("azure", {"name": "npm"}),
        ("Cilium", {"name": "cilium"}),
        ("cilium:1.17", {"name": "cilium", "version": "1.17"}),
        ({"name": "azure"}, {"name": "npm"}),
        ({"name": "cilium", "version": "1.16"}, {"name": "cilium", "version": "1.16"}),
    ],
)
def test_ways_of_naming_an_engine(api: Api, given: Any, kept: Any) -> None:
    assert api.cluster(engine=given)["engine"] == kept


def test_put_creates_then_replaces(api: Api) -> None:
    first = api("PUT", "/v1/clusters/demo", 201, json=RECORD)
    assert first.headers["Location"] == "/v1/clusters/demo"
    second = api("PUT", "/v1/clusters/demo", 200, json={"engine": "npm"})
    assert "displayName" not in second.get_json()
    assert second.headers["ETag"] != first.headers["ETag"]
    assert "Location" not in second.headers


def test_what_was_read_can_be_put_back(api: Api) -> None:
    api("PUT", "/v1/clusters/demo", 201, json=RECORD)
    read = api("GET", "/v1/clusters/demo")
    again = api("PUT", "/v1/clusters/demo", 200, json=read.get_json())
    assert again.get_json() == read.get_json()
    assert again.headers["ETag"] == read.headers["ETag"]


def test_the_name_in_a_body_is_the_one_in_the_path(api: Api) -> None:
    problem = api.problem("PUT", "/v1/clusters/demo", 422, json={"name": "other", **RECORD})
    assert problem["errors"][0]["pointer"] == "/name"


def test_a_merge_patch(api: Api) -> None:
    api("PUT", "/v1/clusters/demo", 201, json=RECORD)
    made = patch(api, {"displayName": None, "labels": {"team": "pay"}, "location": "westeurope"})
    assert "displayName" not in made
    assert made["labels"] == {"env": "prod", "team": "pay"}
    assert made["location"] == "westeurope"
    assert patch(api, {"engine": "calico"})["engine"] == {"name": "calico"}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"zz": 1}, "/zz"),
        ({"nodePools": [{}]}, "/nodePools/0/name"),
        ({"networkProfile": {"podCidrs": ["10.0.0.0/33"]}}, "/networkProfile/podCidrs/0"),
        ({"engine": 5}, "/engine"),
        ({"engine": "istio"}, "/engine"),
        ({"labels": {"a": 1}}, "/labels/a"),
    ],
)
def test_merge_patches_that_are_refused(api: Api, body: Any, pointer: str) -> None:
    api.cluster()
    assert pointer in {each["pointer"] for each in patch(api, body, 422)["errors"]}


def test_a_merge_patch_that_is_no_object(api: Api) -> None:
    api.cluster()
    assert patch(api, ["a"], 422)["code"] == "InvalidBody"


def test_a_patch_of_another_type_is_refused(api: Api) -> None:
    api.cluster()
    answer = api("PATCH", "/v1/clusters/demo", 415, json={})
    assert answer.headers["Accept-Patch"] == PATCH


def test_deleting(api: Api) -> None:
    api.cluster()
    assert api("DELETE", "/v1/clusters/demo", 204).data == b""
    api.problem("DELETE", "/v1/clusters/demo", 404)


@pytest.mark.parametrize("value", ["yes", "1", "True", "on"])
def test_cascade_is_true_or_false(api: Api, value: str) -> None:
    api.cluster()
    api.problem("DELETE", f"/v1/clusters/demo?cascade={value}", 400)


def test_filters(api: Api) -> None:
    api.cluster("a", labels={"env": "prod"}, location="westeurope")
    api.cluster("b", engine="cilium", labels={"env": "test"})
    for query, names in [
        ("", ["a", "b"]),
        ("engine=cilium", ["b"]),
        ("labelSelector=env%3Dprod", ["a"]),
        ("labelSelector=env%20in%20(prod,test)", ["a", "b"]),
        ("location=westeurope", ["a"]),
        ("location=westeurope&engine=cilium", []),
    ]:
        found = api.get(f"/v1/clusters?{query}")["items"]
        assert [each["name"] for each in found] == names, query
    problem = api.problem("GET", "/v1/clusters?labelSelector=((", 400)
    assert problem["type"] == "/problems/malformed-request"


def test_importing_what_az_prints(api: Api) -> None:
    record = {
        "name": "Shop_WEU",
        "location": "westeurope",
        "networkProfile": {"networkPlugin": "azure", "networkPolicy": "azure"},
    }
    answer = api("POST", "/v1/clusters:import", 201, json=record)
    made = answer.get_json()
    assert made["created"] is True
    assert made["cluster"]["name"] == "shop-weu"
    assert made["cluster"]["engine"]["name"] == "npm"
    assert answer.headers["Location"] == "/v1/clusters/shop-weu"
    api.problem("POST", "/v1/clusters:import", 409, json=record)
    again = api("POST", "/v1/clusters:import?replace=true", 200, json=record).get_json()
    assert again["created"] is False
    named = api("POST", "/v1/clusters:import?name=other", 201, json=record).get_json()
    assert named["cluster"]["name"] == "other"
    api.problem("POST", "/v1/clusters:import?name=Not_A_Slug", 400, json=record)
    api.problem("POST", "/v1/clusters:import", 422, json={"kind": "Pod"})
