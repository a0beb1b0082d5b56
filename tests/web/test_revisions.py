"""Uploads and what is read back of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from tests.web.conftest import Api
from tests.web.story import LABELLED, PODS, POLICY, REVISIONS, YAML


@pytest.fixture
def demo(api: Api) -> Api:
    api.cluster()
    return api


def upload(api: Api, text: str, expect: int = 201, query: str = "", **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return api("POST", f"{REVISIONS}?{query}", expect, data=text, content_type=YAML, headers=named)


def test_an_upload_makes_a_revision(demo: Api) -> None:
    answer = upload(demo, PODS + "---\n" + POLICY, query="note=first")
    made = answer.get_json()
    assert answer.headers["Location"] == f"{REVISIONS}/1"
    assert (made["number"], made["parent"], made["note"]) == (1, None, "first")
    assert made["counts"]["policies"] == 1
    assert made["counts"]["pods"] == 2
    for selector in ("1", "latest", made["digest"]):
        read = demo("GET", f"{REVISIONS}/{selector}")
        assert read.get_json() == made
        assert read.headers["ETag"] == answer.headers["ETag"]
    assert demo.get("/v1/clusters/demo")["latestRevision"] == 1


@pytest.mark.parametrize("selector", ["2", "0", "-1", "01", "1.0", "9" * 30, "sha256:0", "newest"])
def test_revisions_that_are_not_there(demo: Api, selector: str) -> None:
    upload(demo, PODS)
    problem = demo.problem("GET", f"{REVISIONS}/{selector}", 404)
    assert problem["code"] == "RevisionNotFound"


def test_a_cluster_that_is_not_there(api: Api) -> None:
    problem = api.problem("POST", REVISIONS, 404, data=PODS, content_type=YAML)
    assert problem["code"] == "ClusterNotFound"


def test_the_same_again_makes_nothing(demo: Api) -> None:
    first = upload(demo, PODS)
    again = upload(demo, "# a comment\n" + PODS, 200)
    assert again.get_json() == first.get_json()
    assert again.headers["Location"] == f"{REVISIONS}/1"


def test_half_of_a_cluster_can_be_replaced(demo: Api) -> None:
    upload(demo, PODS)
    second = upload(demo, POLICY, query="replace=policies").get_json()
    assert (second["counts"]["pods"], second["counts"]["policies"]) == (2, 1)
    third = upload(demo, LABELLED, query="replace=inventory").get_json()
    assert (third["replaced"], third["parent"]) == ("inventory", 2)
    assert third["policySetDigest"] == second["policySetDigest"]
    assert third["inventoryDigest"] != second["inventoryDigest"]


@pytest.mark.parametrize("query", ["replace=some", "replace=", "dryRun=maybe", "note=" + "x" * 501])
def test_queries_that_are_refused(demo: Api, query: str) -> None:
    upload(demo, PODS, 400, query=query)


def test_a_dry_run_stores_nothing(demo: Api) -> None:
    answer = upload(demo, PODS, 200, query="dryRun=true")
    assert answer.get_json()["counts"]["pods"] == 2
    assert "Location" not in answer.headers
    demo.problem("GET", f"{REVISIONS}/1", 404)


def test_an_upload_that_expects_the_latest_revision(demo: Api) -> None:
    upload(demo, PODS, 412, If_Match='"sha256:0"')
    upload(demo, PODS, 412, If_Match="*")
    first = upload(demo, PODS)
    second = upload(demo, LABELLED, If_Match=first.headers["ETag"])
    upload(demo, POLICY, 412, query="replace=policies", If_Match=first.headers["ETag"])
    upload(demo, POLICY, 412, query="replace=policies", If_Match=f'"{first.json["digest"]}"')
    upload(demo, POLICY, query="replace=policies", If_Match=f'"{second.json["digest"]}"')
    upload(demo, PODS, If_Match="*")


def test_the_same_content_at_another_time_is_another_representation(demo: Api) -> None:
    tags = [upload(demo, text).headers["ETag"] for text in (PODS, LABELLED, PODS)]
    assert len(set(tags)) == 3
    assert demo.get(f"{REVISIONS}/1")["digest"] == demo.get(f"{REVISIONS}/3")["digest"]
    demo("GET", f"{REVISIONS}/latest", 200, headers={"If-None-Match": tags[0]})
    demo("GET", f"{REVISIONS}/latest", 304, headers={"If-None-Match": tags[2]})


def test_faults_are_all_told_with_their_place(demo: Api) -> None:
    text = (
        PODS
        + "---\n"
        + POLICY.replace("port: 80", "port: 0")
        + "---\n"
        + POLICY.replace("app: server", "app: 'no good'").replace("demo-policy", "other")
    )
    problem = demo.problem("POST", REVISIONS, 422, data=text, content_type=YAML)
    assert problem["code"] == "InvalidManifests"
    assert problem["detail"] == "The manifests have 2 faults; nothing was stored."
    places = {(each["document"], each["pointer"]) for each in problem["errors"]}
    assert places == {
        (4, "/spec/ingress/0/ports/0/port"),
        (5, "/spec/podSelector/matchLabels/app"),
    }
    lines = text.splitlines()
    for each in problem["errors"]:
        assert each["line"] >= 1
        assert lines[each["line"] - 1]
    demo.problem("GET", f"{REVISIONS}/latest", 404)


@pytest.mark.parametrize(
    ("media_type", "text"),
    [
        (YAML, "a: [1\n"),
        (YAML, "a: b: c\n"),
        (YAML, "\x01"),
        (YAML, "kind: Pod\n\tname: x"),
        ("application/json", '{"kind": '),
        ("application/json", "{} trailing"),
        ("application/x-ndjson", '{"a": '),
    ],
)
def test_text_that_cannot_be_parsed(demo: Api, media_type: str, text: str) -> None:
    problem = demo.problem("POST", REVISIONS, 400, data=text, content_type=media_type)
    assert problem["code"] == "MalformedManifests"
    assert problem["errors"][0]["code"] == "MalformedDocument"


def test_revisions_are_listed_newest_first(demo: Api) -> None:
    for text in (PODS, LABELLED, PODS):
        upload(demo, text)
    page = demo.get(f"{REVISIONS}?pageSize=2")
    assert [each["number"] for each in page["items"]] == [3, 2]
    assert "problems" not in page["items"][0]
    rest = demo.get(f"{REVISIONS}?pageSize=2&pageToken={page['nextPageToken']}")
    assert [each["number"] for each in rest["items"]] == [1]
    assert rest["nextPageToken"] is None


def test_policies_are_given_back_as_uploaded(demo: Api) -> None:
    upload(demo, PODS + "---\n" + POLICY)
    (policy,) = demo.get(f"{REVISIONS}/1/policies")["items"]
    identity = {"kind": "NetworkPolicy", "namespace": "demo", "name": "demo-policy"}
    assert policy.items() >= identity.items()
    assert policy["text"].strip() == POLICY.strip()
    assert policy["manifest"]["spec"]["policyTypes"] == ["Ingress"]
    assert policy["document"] == 4
    for query, count in [("namespace=demo", 1), ("namespace=x", 0), ("kind=NetworkPolicy", 1)]:
        assert len(demo.get(f"{REVISIONS}/1/policies?{query}")["items"]) == count
    demo.problem("GET", f"{REVISIONS}/1/policies?ns=demo", 400)


def test_workloads(demo: Api) -> None:
    upload(demo, LABELLED)
    client, server = demo.get(f"{REVISIONS}/1/workloads")["items"]
    assert (client["workload"], client["labels"]) == ("Pod/client", {"app": "client"})
    assert server["ports"] == [{"port": 80, "protocol": "TCP", "name": "http", "role": "Regular"}]
    found = demo.get(f"{REVISIONS}/1/workloads?labelSelector=app%3Dserver")["items"]
    assert found == [server]
    demo.problem("GET", f"{REVISIONS}/1/workloads?labelSelector=a%3D%3D%3Db", 400)


def test_manifests_come_back_in_the_form_that_is_asked_for(demo: Api) -> None:
    made = upload(demo, PODS + "---\n" + POLICY).get_json()
    path = f"{REVISIONS}/1/manifests"
    text = demo("GET", path)
    assert text.content_type == YAML
    assert POLICY.strip() in text.get_data(as_text=True)
    kinds = {each["kind"] for each in yaml.safe_load_all(text.data)}
    assert kinds == {"Namespace", "Pod", "NetworkPolicy"}
    lines = demo("GET", path, headers={"Accept": "application/x-ndjson"})
    assert lines.content_type == "application/x-ndjson"
    assert {json.loads(line)["kind"] for line in lines.data.splitlines()} == kinds
    assert lines.headers["ETag"] != text.headers["ETag"]
    assert lines.headers["Vary"] == "Accept"
    demo("GET", path, 304, headers={"If-None-Match": text.headers["ETag"]})
    demo.problem("GET", path, 406, headers={"Accept": "text/csv"})
    only = demo("GET", f"{path}?part=policies").get_data(as_text=True)
    assert [each["kind"] for each in yaml.safe_load_all(only)] == ["NetworkPolicy"]
    # What is read back is the same content.
    upload(demo, LABELLED)
    again = upload(demo, text.get_data(as_text=True)).get_json()
    assert again["digest"] == made["digest"]


def test_revisions_never_change(demo: Api) -> None:
    upload(demo, PODS)
    for method in ("PUT", "PATCH", "DELETE"):
        demo.problem(method, f"{REVISIONS}/1", 405)


def test_a_cluster_with_revisions_is_deleted_on_purpose_only(demo: Api) -> None:
    upload(demo, PODS)
    assert demo.problem("DELETE", "/v1/clusters/demo", 409)["code"] == "ClusterHasRevisions"
    demo("DELETE", "/v1/clusters/demo?cascade=true", 204)
    demo.problem("GET", f"{REVISIONS}/1", 404)
