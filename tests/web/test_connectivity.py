"""Connectivity maps over HTTP: pages, streams, groups and numbers."""

from __future__ import annotations

import csv
import io
import json
import multiprocessing
import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

import pytest

from service.app import create_context
from service.settings import Settings
from service.usecases.context import Context
from service.web.schemas.connectivity import ConnectionSchema
from tests.web.conftest import Api
from tests.web.story import LABELLED, PODS, POLICY, REVISIONS, YAML

MAP = f"{REVISIONS}/3/connectivity"
CLIENT = {"kind": "Workload", "namespace": "demo", "workload": "Pod/client"}
SERVER = {"kind": "Workload", "namespace": "demo", "workload": "Pod/server"}
WORLD = {"kind": "External", "addresses": "0.0.0.0-255.255.255.255"}
EVERYTHING = [{"protocol": name, "ports": "1-65535"} for name in ("TCP", "UDP", "SCTP")]
HTTP = {
    "source": CLIENT,
    "destination": SERVER,
    "verdict": "Allow",
    "connections": [{"protocol": "TCP", "ports": "80"}],
}
LINES = [
    {"source": SERVER, "destination": CLIENT, "verdict": "Allow", "connections": EVERYTHING},
    {"source": WORLD, "destination": CLIENT, "verdict": "Allow", "connections": EVERYTHING},
    HTTP,
    {"source": CLIENT, "destination": WORLD, "verdict": "Allow", "connections": EVERYTHING},
    {"source": SERVER, "destination": WORLD, "verdict": "Allow", "connections": EVERYTHING},
]


@pytest.fixture
def settings(sqlite_url: str) -> Settings:
    return Settings(database_url=sqlite_url, threads=2, analysis_processes=0)


@pytest.fixture
def demo(api: Api) -> Api:
    """Open, then closed by a policy, then open because of a label."""
    api.cluster()
    for text, part in ((PODS, "all"), (POLICY, "policies"), (LABELLED, "inventory")):
        api("POST", f"{REVISIONS}?replace={part}", 201, data=text, content_type=YAML)
    return api


def items(api: Api, query: str = "", revision: int = 3) -> list[Any]:
    found: list[Any] = api.get(f"{REVISIONS}/{revision}/connectivity?{query}")["items"]
    return found


def test_every_connection(demo: Api) -> None:
    assert items(demo) == LINES
    assert items(demo, "", 2) == [each for each in LINES if each is not HTTP]


@pytest.mark.parametrize("size", [1, 2, 4, 5, 50])
def test_pages_hold_every_connection_once(demo: Api, size: int) -> None:
    found: list[Any] = []
    path = f"{MAP}?pageSize={size}"
    while path:
        answer = demo("GET", path)
        body = answer.get_json()
        assert len(body["items"]) <= size
        found += body["items"]
        token = body.get("nextPageToken")
        assert bool(token) == ("Link" in answer.headers)
        path = f"{MAP}?pageSize={size}&pageToken={token}" if token else ""
    assert found == LINES


def test_a_token_is_good_for_its_own_list_only(demo: Api) -> None:
    token = demo.get(f"{MAP}?pageSize=1")["nextPageToken"]
    for path in (f"{MAP}?port=80&pageToken={token}", f"{MAP}/groups?pageToken={token}"):
        assert demo.problem("GET", path, 400)["code"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("destinationWorkload=Pod/server", [2]),
        ("destinationNamespace=demo&destinationPod=server", [2]),
        ("sourceLabelSelector=app%3Dclient", [2, 3]),
        ("sourceIp=203.0.113.0/24", [1]),
        ("destinationIp=8.8.8.8", [3, 4]),
        ("external=true", [1, 3, 4]),
        ("external=false", [0, 2]),
        ("external=false&namespace=demo", [0, 2]),
        ("external=false&port=80&destinationPod=client&sourceIp=1.2.3.4", []),
        ("external=true&direction=Ingress", [3, 4]),
        ("external=true&direction=Egress", [1]),
        ("external=false&direction=Ingress", [0, 1, 2]),
        # Beside a namespace or labels it is about the other end.
        ("namespace=demo&external=true", [1, 3, 4]),
        ("namespace=demo&external=true&direction=Ingress", [1]),
        ("namespace=demo&external=true&direction=Egress", [3, 4]),
        ("namespace=demo&external=false&direction=Egress", [0, 2]),
        ("labelSelector=app%3Dserver&external=true", [4]),
        ("labelSelector=app%3Dclient&external=true&direction=Ingress", [1]),
        ("namespace=demo", [0, 1, 2, 3, 4]),
        ("namespace=demo&direction=Ingress", [0, 1, 2]),
        ("labelSelector=app%3Dserver", [0, 2, 4]),
        ("verdict=Unknown", []),
        ("verdict=Allow", [0, 1, 2, 3, 4]),
    ],
)
def test_filters(demo: Api, query: str, expected: list[int]) -> None:
    assert items(demo, query) == [LINES[each] for each in expected]


@pytest.mark.parametrize(
    ("query", "connections"),
    [
        ("port=80", [{"protocol": name, "ports": "80"} for name in ("TCP", "UDP", "SCTP")]),
        ("port=53&protocol=udp", [{"protocol": "UDP", "ports": "53"}]),
        ("protocol=TCP", [{"protocol": "TCP", "ports": "1-65535"}]),
    ],
)
def test_traffic(demo: Api, query: str, connections: Any) -> None:
    (found,) = items(demo, f"sourcePod=server&destinationPod=client&{query}")
    assert found["connections"] == connections


def test_in_groups_no_end_is_paired_with_itself(demo: Api) -> None:
    found = demo.problem("GET", f"{MAP}/groups?includeSelf=true", 400)
    assert found["errors"][0]["parameter"] == "includeSelf"


def test_addresses_of_a_family_that_nothing_mentions(demo: Api) -> None:
    """A map has no lines for it, and is asked for it all the same."""
    asked = "engine=kubernetes&sourceIp=2001:db8::1"
    (found,) = items(demo, f"{asked}&destinationPod=client")
    assert found["verdict"] == "Allow"
    assert found["source"]["addresses"].startswith("::-")
    assert items(demo, f"{asked}&destinationPod=server") == []


@pytest.mark.parametrize("change", ["revision", "record"])
def test_a_token_is_good_for_what_was_listed_only(demo: Api, change: str) -> None:
    for form in ("connectivity?", "connectivity/groups?", "diff?base=1&"):
        path = f"{REVISIONS}/latest/{form}pageSize=1"
        token = demo.get(path)["nextPageToken"]
        assert token, form
        demo.get(f"{path}&pageToken={token}")
        if change == "revision":
            text = LABELLED.replace("app: client", f"app: changed{len(form)}")
            demo("POST", f"{REVISIONS}?replace=inventory", 201, data=text, content_type=YAML)
        else:
            patch = {"networkProfile": {"podCidrs": [f"10.{len(form)}.0.0/16"]}}
            headers = {"Content-Type": "application/merge-patch+json"}
            demo("PATCH", "/v1/clusters/demo", 200, data=json.dumps(patch), headers=headers)
        found = demo.problem("GET", f"{path}&pageToken={token}", 400)
        assert found["code"] == "InvalidPageToken"


NAMESPACES = """
{apiVersion: v1, kind: Namespace, metadata: {name: other, labels: {env: ENV}}}
---
{apiVersion: v1, kind: Pod, metadata: {name: one, namespace: demo}, spec: {containers: []}}
---
{apiVersion: v1, kind: Pod, metadata: {name: two, namespace: other}, spec: {containers: []}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: out, namespace: demo}
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress: [{to: [{namespaceSelector: {matchLabels: {env: good}}}]}]
"""


def test_a_map_that_follows_another_one_sees_other_labels_of_namespaces(api: Api) -> None:
    api.cluster(networkProfile={"podCidrs": ["10.0.0.0/16"]})
    pair = "sourcePod=one&sourceNamespace=demo&destinationPod=two&destinationNamespace=other"
    for number, (env, lines) in enumerate([("good", 1), ("bad", 0), ("good", 1)], start=1):
        api("POST", REVISIONS, 201, data=NAMESPACES.replace("ENV", env), content_type=YAML)
        api.get(f"{REVISIONS}/{number}/connectivity")
        found = api.get(f"{REVISIONS}/{number}/connectivity?{pair}")
        assert len(found["items"]) == lines


def test_ndjson_is_the_same_without_pages(demo: Api) -> None:
    answer = demo("GET", MAP, headers={"Accept": "application/x-ndjson"})
    assert answer.content_type.startswith("application/x-ndjson")
    assert "Accept" in answer.headers["Vary"]
    lines = [json.loads(line) for line in answer.get_data(as_text=True).splitlines()]
    assert lines == LINES
    for each in lines:
        assert ConnectionSchema().validate(each) == {}


def test_csv(demo: Api) -> None:
    answer = demo("GET", f"{MAP}?destinationPod=server", headers={"Accept": "text/csv"})
    (row,) = csv.DictReader(io.StringIO(answer.get_data(as_text=True)))
    assert (row["source"], row["destination"], row["protocol"], row["ports"]) == (
        "Pod/client",
        "Pod/server",
        "TCP",
        "80",
    )


def test_dot(demo: Api) -> None:
    headers = {"Accept": "text/vnd.graphviz"}
    text = demo("GET", f"{MAP}?destinationPod=server", headers=headers).get_data(as_text=True)
    assert text.startswith("digraph connectivity {")
    assert '"demo/Pod/client" -> "demo/Pod/server" [label="TCP 80"];' in text
    assert text.endswith("}\n")


def test_groups(demo: Api) -> None:
    found = demo.get(f"{MAP}/groups")["items"]
    pairs = [
        (json.dumps(source), json.dumps(destination), json.dumps(group["connections"]))
        for group in found
        for source in group["sources"]
        for destination in group["destinations"]
        if source != destination
    ]
    lines = [
        tuple(json.dumps(each[key]) for key in ("source", "destination", "connections"))
        for each in LINES
    ]
    assert sorted(pairs) == sorted(lines)


@pytest.mark.parametrize("pods", ["p1 p2", "p2 p1"])
def test_groups_of_two_pods_of_one_workload(api: Api, pods: str) -> None:
    """Groups are of different ends; what is asked of one with itself is said of that one."""
    owner = "{apiVersion: apps/v1, kind: StatefulSet, name: w, uid: w, controller: true}"
    text = PODS + "".join(
        f"""---
apiVersion: v1
kind: Pod
metadata: {{name: {name}, namespace: demo, ownerReferences: [{owner}]}}
spec: {{containers: [{{name: main, image: busybox}}]}}
"""
        for name in ("p1", "p2")
    )
    api.cluster()
    api("POST", REVISIONS, 201, data=text, content_type=YAML)
    source, destination = pods.split()
    query = f"sourcePod={source}&destinationPod={destination}"
    (line,) = items(api, query, 1)
    (group,) = api.get(f"{REVISIONS}/1/connectivity/groups?{query}")["items"]
    assert group["sources"] == group["destinations"] == [line["source"]] == [line["destination"]]
    assert group["connections"] == line["connections"]
    # Of one pod with itself there is nothing to say.
    found = api.get(f"{REVISIONS}/1/connectivity/groups?sourcePod=p1&destinationPod=p1")
    assert found["items"] == []


def test_summary(demo: Api) -> None:
    found = demo.get(f"{MAP}/summary?engine=cilium:1.17")
    assert found["revision"] == 3
    assert found["engine"]["name"] == "cilium"
    assert (found["workloads"], found["workloadPairs"], found["allowedPairs"]) == (2, 2, 2)
    assert found["reachedFromOutside"] == 1
    assert found["mostExposed"][0]["endpoint"] == CLIENT


def test_a_known_summary_is_not_sent_again(demo: Api) -> None:
    path = f"{MAP}/summary"
    tag = demo("GET", path).headers["ETag"]
    assert demo("GET", path, 304, headers={"If-None-Match": tag}).get_data() == b""
    # Another engine, another revision or another record of the cluster is another answer.
    demo("GET", f"{path}?engine=cilium", 200, headers={"If-None-Match": tag})
    demo("GET", f"{REVISIONS}/2/connectivity/summary", 200, headers={"If-None-Match": tag})
    patch = {"networkProfile": {"podCidrs": ["10.244.0.0/16"]}}
    headers = {"Content-Type": "application/merge-patch+json"}
    demo("PATCH", "/v1/clusters/demo", 200, data=json.dumps(patch), headers=headers)
    demo("GET", path, 200, headers={"If-None-Match": tag})


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("engine=weave", "InvalidEngine"),
        ("unknown=1", ""),
        ("port=70000", "InvalidPort"),
        ("port=http", ""),
        # What is empty is not what was left out.
        ("engine=", "InvalidEngine"),
        ("port=", ""),
        ("protocol=", "UnknownProtocol"),
        ("verdict=", ""),
        ("direction=", ""),
        ("external=", ""),
        ("includeSelf=", ""),
        ("namespace=", "InvalidFilter"),
        ("sourcePod=", "InvalidFilter"),
        ("destinationIp=", "InvalidFilter"),
        ("pageSize=", ""),
        ("pageToken=", "InvalidPageToken"),
        ("sourcePod=client&sourceWorkload=Pod/server", "NothingMatches"),
        ("protocol=ICMP", "UnknownProtocol"),
        ("sourceIp=x", "InvalidAddress"),
        ("labelSelector=%3D", "InvalidSelector"),
        ("verdict=Deny", ""),
        ("namespace=demo&direction=Ingress&destinationNamespace=demo", "InvalidFilter"),
        ("sourceIp=8.8.8.8&sourceNamespace=demo", "InvalidFilter"),
        ("direction=Ingress", "InvalidFilter"),
        ("namespace=demo&external=true&direction=Ingress&sourcePod=client", "InvalidFilter"),
        *(
            (f"sourceIp={each}", "InvalidAddress")
            for each in ("fe80::1%25eth0", "fe80::1%25eth0/64", "10.0.0.0/255.0.0.0", "010.0.0.1/8")
        ),
        ("destinationNode=n1&destinationPod=server", "InvalidFilter"),
        ("namespace=other", "NamespaceNotFound"),
        ("namespace=other&direction=Ingress", "NamespaceNotFound"),
        ("sourceNamespace=demo&sourceWorkload=Deployment/server", "WorkloadNotFound"),
        ("destinationPod=srever", "PodNotFound"),
        ("sourceNode=n9", "NodeNotFound"),
    ],
)
def test_what_cannot_be_asked(demo: Api, query: str, code: str) -> None:
    for path in (MAP, f"{MAP}/groups"):
        found = demo.problem("GET", f"{path}?{query}", 400)
        assert code in {"", found["code"]}, found
        named = {each["parameter"] for each in found.get("errors", ())}
        assert named or code == "InvalidPageToken"
        assert named <= set(parse_qs(query, keep_blank_values=True)), found


@pytest.mark.parametrize("media_type", ["application/x-ndjson", "text/csv", "text/vnd.graphviz"])
@pytest.mark.parametrize("query", ["pageSize=1", "pageToken=x", "pageSize=1&pageToken=x"])
def test_what_is_not_paged_has_no_pages(demo: Api, media_type: str, query: str) -> None:
    found = demo.problem("GET", f"{MAP}?{query}", 400, headers={"Accept": media_type})
    assert {each["parameter"] for each in found["errors"]} == set(parse_qs(query))


def test_a_refusal_writes_names_as_they_are(demo: Api) -> None:
    text = PODS.replace("phase: Running, podIP: 10.244.0.5", "phase: Succeeded")
    demo("POST", f"{REVISIONS}?replace=inventory", 201, data=text, content_type=YAML)
    query = "sourcePod=client&sourceWorkload=Pod/client"
    found = demo.problem("GET", f"{REVISIONS}/4/connectivity?{query}", 400)
    detail = "Pod client has finished and has no network any more."
    assert (found["code"], found["detail"]) == ("EndpointHasNoNetwork", detail)
    found = demo.problem("GET", f"{MAP}?sourcePod=client&sourceWorkload=Pod/server", 400)
    assert found["detail"] == "Nothing matches pod client and workload Pod/server together."


@pytest.mark.parametrize("path", ["clusters/x/revisions/1", "clusters/demo/revisions/9"])
def test_what_is_not_there(demo: Api, path: str) -> None:
    for end in ("connectivity", "connectivity/groups", "connectivity/summary", "diff"):
        demo.problem("GET", f"/v1/{path}/{end}", 404)


class TestWorker:
    """With a real process beside the request threads."""

    @pytest.fixture
    def context(self, settings: Settings) -> Iterator[Context]:
        made = create_context(replace(settings, analysis_processes=1))
        yield made
        made.pool.close()
        made.database.close()

    def test_answers_are_the_same_and_a_dead_worker_is_replaced(self, demo: Api) -> None:
        before = {each.pid for each in multiprocessing.active_children()}
        assert items(demo) == LINES
        (worker,) = [e for e in multiprocessing.active_children() if e.pid not in before]
        assert worker.pid is not None
        os.kill(worker.pid, signal.SIGKILL)
        worker.join(10)
        assert items(demo) == LINES
        summary = demo.get(f"{MAP}/summary")
        assert summary["allowedPairs"] == 2
        found = demo.get(f"{REVISIONS}/3/diff")
        assert found["summary"]["newlyAllowed"] == 1
        # What a worker refuses is refused to the client as ever.
        demo.problem("GET", f"{MAP}?engine=weave", 400)
