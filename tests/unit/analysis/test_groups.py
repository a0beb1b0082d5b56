"""Ends that stand for several pods: who shares an answer, and what the whole then is."""

from __future__ import annotations

import pytest

from service.model.verdict import Decision, Verdict
from tests.builders import Manifest, ask, deployment, namespace, network_policy, pod, snapshot

OWNER = "ReplicaSet/front"


def _front(name: str, ip: str, **labels: str) -> Manifest:
    return pod(f"web/{name}", {"app": "front", **labels}, ips=[ip], owner=OWNER, ports="http=8080")


CLUSTER = [
    namespace("web"),
    namespace("data"),
    _front("front-1", "10.0.0.1"),
    _front("front-2", "10.0.0.2"),
    _front("front-canary", "10.0.0.3", track="canary"),
    pod("data/db", {"app": "db"}, ips=["10.0.0.9"], ports="sql=5432"),
    deployment("data/cache", {"app": "cache"}, ports="redis=6379"),
]
NO_CANARY = network_policy(
    """
    ingress:
    - from:
      - namespaceSelector: {}
        podSelector: {matchExpressions: [{key: track, operator: DoesNotExist}]}
    """,
    "data/stable-only",
)


def _groups(verdict: Verdict) -> set[tuple[tuple[str, ...], tuple[str, ...], Decision, int]]:
    return {
        (each.sources, each.destinations, each.decision, each.connections)
        for each in verdict.groups
    }


def test_pods_that_share_an_answer_are_one_group() -> None:
    verdict = ask(snapshot(*CLUSTER), f"web/{OWNER} -> data/db TCP/5432")
    assert verdict.decision is Decision.ALLOW
    assert not verdict.assumptions
    names = ("web/front-1", "web/front-2", "web/front-canary")
    assert _groups(verdict) == {(names, ("data/db",), Decision.ALLOW, 3)}


@pytest.mark.parametrize("source", [f"web/{OWNER}", "web/app=front"])
def test_pods_that_disagree_make_the_whole_unknown(source: str) -> None:
    verdict = ask(snapshot(*CLUSTER, NO_CANARY), f"{source} -> data/db TCP/5432")
    assert verdict.decision is Decision.UNKNOWN
    assert [each.code for each in verdict.assumptions] == ["PodsDiffer"]
    assert _groups(verdict) == {
        (("web/front-1", "web/front-2"), ("data/db",), Decision.ALLOW, 2),
        (("web/front-canary",), ("data/db",), Decision.DENY, 1),
    }
    # The directions shown are those of a group that does not get through.
    assert verdict.ingress.decision is Decision.DENY
    assert verdict.ingress.evidence[0].reason == "PodSelectorMismatch"


def test_a_narrower_question_has_a_certain_answer() -> None:
    found = snapshot(*CLUSTER, NO_CANARY)
    assert ask(found, "web/track=canary -> data/db TCP/5432").decision is Decision.DENY
    assert ask(found, "web/front-1 -> data/db TCP/5432").decision is Decision.ALLOW


def test_pods_of_one_workload_are_asked_about_each_other_and_not_themselves() -> None:
    closed = network_policy("{podSelector: {}}", "web/closed")
    verdict = ask(snapshot(*CLUSTER, closed), f"web/{OWNER} -> web/{OWNER} TCP/8080")
    assert verdict.decision is Decision.DENY
    assert sum(each.connections for each in verdict.groups) == 6


def test_a_workload_of_one_pod_reaches_itself() -> None:
    closed = network_policy("{podSelector: {}, policyTypes: [Ingress, Egress]}", "data/closed")
    question = "data/Deployment/cache -> data/Deployment/cache TCP/6379"
    verdict = ask(snapshot(*CLUSTER, closed), question)
    assert verdict.decision is Decision.ALLOW
    assert verdict.ingress.evidence[0].reason == "OwnPod"


def test_a_named_port_is_asked_of_the_pods_that_declare_it() -> None:
    verdict = ask(snapshot(*CLUSTER), "web/front-1 -> data/app=db TCP/sql")
    assert verdict.decision is Decision.ALLOW
    different = pod("web/front-3", {"app": "front"}, ips=["10.0.0.4"], owner=OWNER, ports="http=80")
    policy = network_policy("{ingress: [{ports: [{port: 8080}]}]}", "web/only-8080")
    verdict = ask(snapshot(*CLUSTER, different, policy), f"data/db -> web/{OWNER} TCP/http")
    assert {(each.destinations, each.decision) for each in verdict.groups} == {
        (("web/front-1", "web/front-2", "web/front-canary"), Decision.ALLOW),
        (("web/front-3",), Decision.DENY),
    }


def test_only_the_pod_itself_declares_the_port() -> None:
    verdict = ask(snapshot(*CLUSTER), "data/db -> data/app=db TCP/sql")
    assert verdict.decision is Decision.ALLOW


def test_families_that_disagree_are_groups_too() -> None:
    v4_only = network_policy("{ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]}", "data/v4")
    found = snapshot(
        namespace("data"),
        pod("data/db", ips=["10.0.0.9", "fd00::9"]),
        pod("data/client", ips=["10.0.0.8", "fd00::8"]),
        v4_only,
    )
    verdict = ask(found, "data/client -> data/db TCP/5432", "calico")
    assert verdict.decision is Decision.UNKNOWN
    assert [each.code for each in verdict.assumptions] == ["AddressFamily"]
    assert {each.decision for each in verdict.groups} == {Decision.ALLOW, Decision.DENY}
    assert ask(found, "10.0.0.8 -> data/db TCP/5432", "calico").decision is Decision.UNKNOWN
    assert ask(found, "203.0.113.1 -> data/db TCP/5432", "calico").decision is Decision.ALLOW
    assert ask(found, "2001:db8::1 -> data/db TCP/5432", "calico").decision is Decision.DENY
