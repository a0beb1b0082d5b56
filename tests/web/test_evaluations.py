"""Flows are answered, recorded, listed and followed over time."""

from __future__ import annotations

from typing import Any

import pytest

from tests.web.conftest import Api
from tests.web.story import FLOW, LABELLED, PODS, POLICY, REVISIONS, YAML

CLIENT = {"sourceNamespace": "demo", "sourcePod": "client"}
SERVER = {"destinationNamespace": "demo", "destinationPod": "server"}


@pytest.fixture
def demo(api: Api) -> Api:
    """The story: open, then closed by a policy, then open because of a label."""
    api.cluster()
    for text, part in ((PODS, "all"), (POLICY, "policies"), (LABELLED, "inventory")):
        api("POST", f"{REVISIONS}?replace={part}", 201, data=text, content_type=YAML)
    return api


def ask(api: Api, revision: int, engine: Any = None, *flows: Any, **options: Any) -> Any:
    body: dict[str, Any] = {"flows": list(flows) or [FLOW]}
    if engine is not None:
        body["engine"] = engine
    return api.post(f"{REVISIONS}/{revision}/evaluations", body, **options)


@pytest.mark.parametrize(
    ("revision", "engine", "verdict"),
    [
        (1, "npm", "Allow"),
        (1, "cilium", "Allow"),
        (2, "npm", "Deny"),
        (2, "azure", "Deny"),
        (2, "calico", "Deny"),
        (2, "cilium:1.17", "Deny"),
        (2, {"name": "cilium", "version": "1.16"}, "Deny"),
        (2, None, "Deny"),
        (2, "none", "Allow"),
        (3, "npm", "Allow"),
        (3, "kubernetes", "Allow"),
    ],
)
def test_the_story(demo: Api, revision: int, engine: Any, verdict: str) -> None:
    made = ask(demo, revision, engine)
    assert made["verdicts"][0]["verdict"] == verdict
    assert made["decisions"][verdict] == made["flowCount"] == 1
    assert made["revision"] == revision
    assert made["engine"]["name"] in {"npm", "calico", "cilium", "none", "kubernetes"}


def test_a_verdict_says_why(demo: Api) -> None:
    (verdict,) = ask(demo, 2)["verdicts"]
    policy = {"kind": "NetworkPolicy", "namespace": "demo", "name": "demo-policy"}
    assert verdict["flow"] == FLOW
    assert verdict["ingress"]["isolatedBy"] == [policy]
    nearest = verdict["ingress"]["evidence"][0]
    assert nearest["policy"] == policy
    assert nearest["rule"].startswith("/spec/ingress/0")
    assert nearest["effect"] == "NoMatch"
    (verdict,) = ask(demo, 3)["verdicts"]
    assert verdict["ingress"]["evidence"][0]["effect"] == "Allow"


def test_several_pods_answer_in_groups(demo: Api) -> None:
    """The server may be asked about too: what it sends itself is a connection of its own."""
    more = LABELLED + "---\n" + LABELLED.split("---\n")[1].replace("client", "other", 1)
    demo("POST", f"{REVISIONS}?replace=inventory", 201, data=more, content_type=YAML)
    source = {"namespace": "demo", "labelSelector": "app=client"}
    (verdict,) = ask(demo, 4, "npm", {**FLOW, "source": source})["verdicts"]
    assert verdict["verdict"] == "Allow"
    (group,) = verdict["groups"]
    assert group["connections"] == 2
    assert len(group["sources"]) == 2
    relabelled = more.replace("app: client}}", "app: stranger}}", 1)
    demo("POST", f"{REVISIONS}?replace=inventory", 201, data=relabelled, content_type=YAML)
    source = {"namespace": "demo", "labelSelector": "app in (client, stranger)"}
    (verdict,) = ask(demo, 5, "npm", {**FLOW, "source": source})["verdicts"]
    assert verdict["verdict"] == "Unknown"
    assert {each["verdict"] for each in verdict["groups"]} == {"Allow", "Deny"}


def test_an_evaluation_is_kept(demo: Api) -> None:
    path = f"{REVISIONS}/2/evaluations"
    answer = demo("POST", path, 201, json={"engine": "npm", "flows": [FLOW]})
    made = answer.get_json()
    assert answer.headers["Location"] == f"/v1/evaluations/{made['id']}"
    read = demo("GET", answer.headers["Location"])
    assert read.get_json() == made
    assert "immutable" in read.headers["Cache-Control"]
    demo("GET", answer.headers["Location"], 304, headers={"If-None-Match": read.headers["ETag"]})
    (listed,) = demo.get(path)["items"]
    assert "verdicts" not in listed
    assert listed.items() <= made.items()
    assert demo.get(f"{path}?engine=cilium")["items"] == []
    demo.problem("GET", "/v1/evaluations/none", 404)


def test_a_dry_run_records_nothing(demo: Api) -> None:
    path = f"{REVISIONS}/2/evaluations"
    answer = demo("POST", f"{path}?dryRun=true", 200, json={"flows": [FLOW]})
    assert answer.get_json()["id"] is None
    assert answer.get_json()["verdicts"][0]["verdict"] == "Deny"
    assert "Location" not in answer.headers
    assert demo.get(path)["items"] == []


def test_recorded_verdicts_are_listed(demo: Api) -> None:
    back = {**FLOW, "source": FLOW["destination"], "destination": FLOW["source"]}
    first = ask(demo, 2, "npm", FLOW, back)
    second = ask(demo, 2, "cilium:1.17", {**FLOW, "port": "http"})
    path = f"{REVISIONS}/2/verdicts"
    found = demo.get(path)["items"]
    assert len(found) == 3
    for query, count in [
        ("verdict=Deny", 2),
        ("verdict=Allow", 1),
        ("engine=npm", 2),
        ("engine=cilium:1.17", 1),
        ("source=pod:demo/client", 2),
        ("destination=pod:demo/client", 1),
        ("port=http", 1),
        ("protocol=udp", 0),
        (f"evaluation={second['id']}", 1),
        (f"evaluation={first['id']}&verdict=Deny", 1),
    ]:
        assert len(demo.get(f"{path}?{query}")["items"]) == count, query
    recorded = demo.get(f"{path}?evaluation={second['id']}")["items"][0]
    assert recorded["engine"]["profile"] == "cilium:1.17"
    assert recorded.items() >= second["verdicts"][0].items()
    demo.problem("GET", f"{path}?verdict=Perhaps", 400)
    demo.problem("GET", f"{path}?decision=Deny", 400)


@pytest.mark.parametrize(
    ("flow", "pointer"),
    [
        ({}, "/flows/0/source"),
        ({**FLOW, "source": {}}, "/flows/0/source"),
        ({**FLOW, "source": "demo/client"}, "/flows/0/source"),
        ({**FLOW, "source": {"pod": "client"}}, "/flows/0/source/namespace"),
        ({**FLOW, "source": {**FLOW["source"], "ip": "10.0.0.1"}}, "/flows/0/source"),
        ({**FLOW, "source": {"namespace": "demo", "service": "s"}}, "/flows/0/source"),
        ({**FLOW, "source": {"ip": "10.0.0.256"}}, "/flows/0/source/ip"),
        ({**FLOW, "source": {"namespace": "demo", "pod": 5}}, "/flows/0/source/pod"),
        ({**FLOW, "source": {"namespace": "demo", "workload": "x"}}, "/flows/0/source/workload"),
        ({**FLOW, "destination": {"node": "a", "backend": "b"}}, "/flows/0/destination/backend"),
        ({**FLOW, "port": 0}, "/flows/0/port"),
        ({**FLOW, "port": 65536}, "/flows/0/port"),
        ({**FLOW, "port": 10**30}, "/flows/0/port"),
        ({**FLOW, "port": True}, "/flows/0/port"),
        ({**FLOW, "port": 80.5}, "/flows/0/port"),
        ({**FLOW, "protocol": "GRE"}, "/flows/0/protocol"),
        ({**FLOW, "protocol": "ICMP"}, "/flows/0/port"),
        ({**FLOW, "extra": 1}, "/flows/0/extra"),
        ({**FLOW, "source": {"namespace": "demo", "pod": "nobody"}}, "/flows/0/source"),
        ({**FLOW, "port": "nothing"}, "/flows/0/port"),
    ],
)
def test_flows_that_are_refused(demo: Api, flow: Any, pointer: str) -> None:
    path = f"{REVISIONS}/2/evaluations"
    problem = demo.problem("POST", path, 422, json={"flows": [flow]})
    assert pointer in {each["pointer"] for each in problem["errors"]}
    assert demo.get(path)["items"] == []


def test_the_faults_of_all_flows_are_told(demo: Api) -> None:
    flows = [{**FLOW, "port": 0}, FLOW, {**FLOW, "protocol": "GRE"}]
    problem = demo.problem("POST", f"{REVISIONS}/2/evaluations", 422, json={"flows": flows})
    assert {each["pointer"] for each in problem["errors"]} == {"/flows/0/port", "/flows/2/protocol"}


@pytest.mark.parametrize("flows", [[], [FLOW] * 1001, {}, None, "x"])
def test_how_many_flows(demo: Api, flows: Any) -> None:
    demo.problem("POST", f"{REVISIONS}/2/evaluations", 422, json={"flows": flows})


@pytest.mark.parametrize(
    "engine", ["istio", "cilium:9", "npm:1.5", "", {"name": "npm", "options": {"a": "b"}}]
)
def test_engines_that_are_refused(demo: Api, engine: Any) -> None:
    body = {"engine": engine, "flows": [FLOW]}
    problem = demo.problem("POST", f"{REVISIONS}/2/evaluations", 422, json=body)
    assert problem["errors"][0]["pointer"].startswith("/engine")


def test_the_history_of_a_flow(demo: Api) -> None:
    recorded = ask(demo, 2, "npm")
    query = {**CLIENT, **SERVER, "port": "80", "engine": "npm"}
    found = demo.get("/v1/clusters/demo/verdicts", query_string=query)["items"]
    assert [each["revision"] for each in found] == [1, 2, 3]
    assert [each["verdict"] for each in found] == ["Allow", "Deny", "Allow"]
    assert [each["recorded"] for each in found] == [False, True, False]
    assert found[1]["evaluation"] == recorded["id"]
    assert "flip" not in found[0]
    closed, opened = found[1]["flip"], found[2]["flip"]
    assert (closed["from"], closed["to"], closed["previousRevision"]) == ("Allow", "Deny", 1)
    assert [each["policy"]["name"] for each in closed["policies"]] == ["demo-policy"]
    assert {each["workload"] for each in opened["workloads"]} == {"Pod/client"}
    assert opened["evidence"][0]["direction"] == "Ingress"


def test_the_history_comes_in_pages(demo: Api) -> None:
    query = {**CLIENT, **SERVER, "port": "80", "pageSize": "2"}
    page = demo.get("/v1/clusters/demo/verdicts", query_string=query)
    rest = demo.get(
        "/v1/clusters/demo/verdicts",
        query_string={**query, "pageToken": page["nextPageToken"]},
    )
    assert [each["revision"] for each in page["items"] + rest["items"]] == [1, 2, 3]
    # The first entry of a page knows the one before it.
    assert rest["items"][0]["flip"]["previousRevision"] == 2


def test_a_revision_without_one_of_the_ends(demo: Api) -> None:
    query = {"sourceNamespace": "demo", "sourcePod": "nobody", **SERVER, "port": "80"}
    entries = demo.get("/v1/clusters/demo/verdicts", query_string=query)["items"]
    assert [each["revision"] for each in entries] == [1, 2, 3]
    for entry in entries:
        assert entry["verdict"] is None
        assert entry["unresolved"]["side"] == "source"


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ({}, "source"),
        (CLIENT, "destination"),
        ({**CLIENT, **SERVER}, "port"),
        ({**CLIENT, **SERVER, "port": "0"}, "port"),
        ({**CLIENT, **SERVER, "port": "80", "sourceIp": "10.0.0.1"}, "source"),
        ({"sourceIp": "x", **SERVER, "port": "80"}, "sourceIp"),
        ({"sourcePod": "client", **SERVER, "port": "80"}, "sourceNamespace"),
        ({**CLIENT, **SERVER, "port": "80", "source": "pod:demo/client"}, "source"),
        ({**CLIENT, **SERVER, "port": "80", "engine": "istio"}, "engine"),
    ],
)
def test_histories_that_cannot_be_asked_for(
    demo: Api, query: dict[str, str], parameter: str
) -> None:
    answer = demo("GET", "/v1/clusters/demo/verdicts", 400, query_string=query)
    problem = answer.get_json()
    assert parameter in {each["parameter"] for each in problem["errors"]}, problem


def test_verdicts_never_change(demo: Api) -> None:
    made = ask(demo, 2)
    for method in ("PUT", "PATCH", "DELETE"):
        demo.problem(method, f"/v1/evaluations/{made['id']}", 405)
        demo.problem(method, f"{REVISIONS}/2/verdicts", 405)
