"""What differs between revisions and between engines, over HTTP."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from service.settings import Settings
from service.usecases import maps
from tests.web.conftest import Api
from tests.web.story import FLOW, LABELLED, PODS, POLICY, REVISIONS, YAML
from tests.web.test_connectivity import CLIENT, SERVER, WORLD

REFERENCE = {"kind": "NetworkPolicy", "namespace": "demo", "name": "demo-policy"}
BLOCK = POLICY.replace("podSelector: {matchLabels: {app: client}}", "ipBlock: {cidr: 10.0.0.0/8}")

REPLICAS = """\
apiVersion: v1
kind: Pod
metadata:
  name: {name}
  namespace: demo
  labels: {{app: {app}}}
  ownerReferences:
  - {{apiVersion: apps/v1, kind: StatefulSet, name: {owner}, uid: w, controller: true}}
spec: {{containers: [{{name: main, image: nginx}}]}}
status: {{phase: Running, podIP: {ip}}}
"""


@pytest.fixture
def settings(sqlite_url: str) -> Settings:
    return Settings(database_url=sqlite_url, threads=2, analysis_processes=0)


@pytest.fixture
def demo(api: Api) -> Api:
    """Open, closed by a policy, open by a label, open to addresses, and without a server."""
    api.cluster()
    for text, part in (
        (PODS, "all"),
        (POLICY, "policies"),
        (LABELLED, "inventory"),
        (BLOCK, "policies"),
        (PODS.rpartition("---")[0], "inventory"),
    ):
        api("POST", f"{REVISIONS}?replace={part}", 201, data=text, content_type=YAML)
    return api


def diff(api: Api, revision: int, query: str = "") -> Any:
    return api.get(f"{REVISIONS}/{revision}/diff?{query}")


@pytest.mark.parametrize("query", ["", "base=latest&baseEngine=npm"])
def test_an_upload_in_between_does_not_mix_revisions(
    demo: Api, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    texts = iter((POLICY, BLOCK))
    name_map = maps.name_map

    def named(*asked: Any) -> maps.MapName:
        found = name_map(*asked)
        text = next(texts)
        path = f"{REVISIONS}?replace=policies"
        demo("POST", path, 201, data=text, content_type=YAML)
        return found

    monkeypatch.setattr(maps, "name_map", named)
    found = demo.get(f"{REVISIONS}/latest/diff?{query}")
    revisions = found["base"]["revision"], found["target"]["revision"]
    assert revisions == ((5, 5) if query else (4, 5))


def test_the_parent_is_the_base(demo: Api) -> None:
    found = diff(demo, 2)
    assert (found["base"]["revision"], found["target"]["revision"]) == (1, 2)
    assert found["base"]["engine"] == found["target"]["engine"]
    assert found["policies"] == {"added": [REFERENCE], "removed": [], "changed": []}
    assert {each["change"] for each in found["items"]} == {"newlyDenied"}
    assert found["summary"] == {
        "newlyAllowed": 0,
        "newlyDenied": len(found["items"]),
        "newlyUnknown": 0,
        "workloadsAdded": [],
        "workloadsRemoved": [],
    }
    assert {tuple(each["source"].items()) for each in found["items"]} == {
        tuple(CLIENT.items()),
        tuple(WORLD.items()),
    }


def test_a_difference_has_a_witness_and_both_answers(demo: Api) -> None:
    (found,) = diff(demo, 3)["items"]
    assert (found["source"], found["destination"]) == (CLIENT, SERVER)
    assert (found["change"], found["before"], found["after"]) == ("newlyAllowed", "Deny", "Allow")
    assert found["connections"] == [{"protocol": "TCP", "ports": "80"}]
    assert found["witness"] == FLOW
    assert found["decidedBefore"]["verdict"] == "Deny"
    assert found["decidedAfter"]["ingress"]["evidence"][0]["policy"] == REFERENCE
    # The witness is a flow like any other.
    for revision, verdict in ((2, "Deny"), (3, "Allow")):
        body = {"flows": [found["witness"]]}
        answer = demo.post(f"{REVISIONS}/{revision}/evaluations?dryRun=true", body, 200)
        assert answer["verdicts"][0]["verdict"] == verdict


def test_any_two_revisions(demo: Api) -> None:
    assert diff(demo, 3, "base=3")["items"] == []
    back = diff(demo, 2, "base=3")
    assert [each["change"] for each in back["items"]] == ["newlyDenied"]
    assert diff(demo, 1, "")["items"] == []


def test_a_changed_policy(demo: Api) -> None:
    found = diff(demo, 4)
    assert found["policies"] == {"added": [], "removed": [], "changed": [REFERENCE]}


def test_workloads_that_went(demo: Api) -> None:
    found = diff(demo, 5)
    assert found["summary"]["workloadsRemoved"] == [SERVER]
    assert all(each["decidedAfter"] is None for each in found["items"])


def test_two_engines_over_one_revision(demo: Api) -> None:
    """On Cilium a block of addresses does not speak of pods."""
    query = "base=4&baseEngine=npm&engine=cilium&sourceWorkload=Pod/client"
    found = diff(demo, 4, query + "&destinationWorkload=Pod/server")
    sides = found["base"]["engine"]["name"], found["target"]["engine"]["name"]
    assert sides == ("npm", "cilium")
    assert found["policies"] == {"added": [], "removed": [], "changed": []}
    assert [(each["change"], each["connections"]) for each in found["items"]] == [
        ("newlyDenied", [{"protocol": "TCP", "ports": "80"}])
    ]


@pytest.mark.parametrize("size", [1, 3])
@pytest.mark.parametrize("form", ["diff", "diff/groups"])
def test_pages_hold_every_difference_once(api: Api, form: str, size: int) -> None:
    """Replicas of three workloads, which make groups of their own in one block of changes."""
    api.cluster()
    pods = "---\n".join(
        REPLICAS.format(name=f"{owner}-{number}", owner=owner, app=owner, ip=f"10.244.0.{last}")
        for last, (owner, number) in enumerate(product("uvw", range(2)), 7)
    )
    closed = POLICY.replace("app: server", "").partition("  ingress")[0]
    for policy in ("", f"---\n{closed}"):
        text = f"{PODS}---\n{pods}{policy}"
        api("POST", REVISIONS, 201, data=text, content_type=YAML)
    path = f"{REVISIONS}/2/{form}"
    whole = api.get(f"{path}?pageSize=1000")["items"]
    assert len(whole) > 3
    found: list[Any] = []
    token = ""
    while True:
        page = api.get(f"{path}?pageSize={size}{token}")
        assert len(page["items"]) <= size
        found += page["items"]
        if not page.get("nextPageToken"):
            break
        assert len(page["items"]) == size
        token = f"&pageToken={page['nextPageToken']}"
    assert found == whole


def test_filters(demo: Api) -> None:
    whole = diff(demo, 2)["items"]
    outside = diff(demo, 2, "sourceIp=203.0.113.9")["items"]
    inside = diff(demo, 2, "sourceNamespace=demo")["items"]
    assert outside
    assert inside
    assert len(outside) + len(inside) == len(whole)
    assert diff(demo, 2, "change=newlyAllowed")["items"] == []
    assert diff(demo, 2, "destinationWorkload=Pod/client")["items"] == []


def test_addresses_of_a_family_that_nothing_mentions(demo: Api) -> None:
    for form in ("diff", "diff/groups"):
        query = "sourceIp=2001:db8::1&destinationPod=server"
        (found,) = demo.get(f"{REVISIONS}/2/{form}?{query}")["items"]
        assert (found["before"], found["after"]) == ("Allow", "Unknown")
        assert found["witness"]["source"] == {"ip": "::"}


def test_a_pod_is_not_what_shared_its_unit_before(api: Api) -> None:
    api.cluster()
    for app in ("other", "server"):
        replicas = (
            REPLICAS.format(name="w-0", owner="w", app="other", ip="10.244.0.7"),
            REPLICAS.format(name="w-1", owner="w", app=app, ip="10.244.0.8"),
        )
        text = "---\n".join((PODS, POLICY, *replicas))
        api("POST", REVISIONS, 201, data=text, content_type=YAML)
    for form in ("diff", "diff/groups"):
        path = f"{REVISIONS}/2/{form}?base=1&sourcePod=client&destinationPod"
        assert api.get(f"{path}=w-0")["items"] == []
        (found,) = api.get(f"{path}=w-1")["items"]
        assert found["witness"]["destination"]["pod"] == "w-1"


def test_groups(demo: Api) -> None:
    found = demo.get(f"{REVISIONS}/2/diff/groups")
    whole = diff(demo, 2)
    assert sum(each["pairs"] for each in found["items"]) == len(whole["items"])
    assert all(each["destinations"] == [SERVER] for each in found["items"])
    assert found["summary"] == whole["summary"]


def test_a_fault_names_the_parameter_that_has_it(demo: Api) -> None:
    for engine in ("weave", ""):
        found = demo.problem("GET", f"{REVISIONS}/2/diff?baseEngine={engine}", 400)
        assert [each["parameter"] for each in found["errors"]] == ["baseEngine"]


ENDS = ("Namespace", "Pod", "Workload", "Node", "Ip")


@pytest.mark.parametrize(
    "query",
    [
        *("engine=weave", "baseEngine=weave", "change=gone", "unknown=1"),
        *("engine=", "baseEngine=", "engine=npm&baseEngine=", "change=", "pageSize=", "pageToken="),
        *(f"{side}{end}=" for side in ("source", "destination") for end in ENDS),
    ],
)
@pytest.mark.parametrize("form", ["diff", "diff/groups"])
def test_what_cannot_be_asked(demo: Api, form: str, query: str) -> None:
    demo.problem("GET", f"{REVISIONS}/2/{form}?{query}", 400)


def test_a_name_that_is_not_there_is_no_filter(demo: Api) -> None:
    for form in ("diff", "diff/groups"):
        found = demo.problem("GET", f"{REVISIONS}/2/{form}?sourcePod=cleint", 400)
        assert (found["code"], found["detail"]) == (
            "PodNotFound",
            "There is no pod cleint in this revision.",
        )


@pytest.mark.parametrize(
    "base", ["x", "0", "-1", "1.0", "LATEST", "sha256:12", "", "1%0A", "9" * 10]
)
@pytest.mark.parametrize("form", ["diff", "diff/groups"])
def test_a_base_that_names_no_revision(demo: Api, form: str, base: str) -> None:
    found = demo.problem("GET", f"{REVISIONS}/2/{form}?base={base}", 400)
    assert [each["parameter"] for each in found["errors"]] == ["base"]


@pytest.mark.parametrize("base", ["99", f"sha256:{'0' * 64}"])
def test_a_base_that_is_not_there(demo: Api, base: str) -> None:
    demo.problem("GET", f"{REVISIONS}/2/diff?base={base}", 404)
