"""NPM where Linux and Windows nodes meet: a Linux node filters both ends of what it forwards.

The second answers are those of semantics.md, 5.1 and 5.3: what the Windows node leaves out, the
Linux node of the pod at the other end enforces.
"""

from __future__ import annotations

from functools import cache

import pytest

from service.engines.registry import compile_pipeline
from service.model.pipeline import Direction
from service.model.policy import PolicyRef
from service.model.snapshot import Snapshot
from service.model.verdict import Verdict
from tests.builders import (
    Manifest,
    ask,
    deployment,
    namespace,
    network_policy,
    node,
    pod,
    profile,
    service,
    snapshot,
)

LINUX_NODE, OTHER_LINUX = node("lin", "192.168.0.4"), node("lin2", "192.168.0.6")
WINDOWS_NODE = node("win", "192.168.0.5", os="windows")
#: `y` and `z` run on Linux, `q` and `r` on Windows, of `u` nobody knows it; `h` is a Linux node's.
PODS = (
    pod("shop/y", {"app": "y"}, ips=["10.244.1.1"], on="lin", ports="http=80"),
    pod("shop/z", {"app": "z"}, ips=["10.244.1.2"], on="lin2", ports="http=80"),
    pod("shop/q", {"app": "q"}, ips=["10.244.2.1"], on="win", ports="http=80"),
    pod("shop/r", {"app": "r"}, ips=["10.244.2.2"], on="win", ports="http=80"),
    pod("shop/u", {"app": "u"}, ips=["10.244.3.1"], ports="http=80"),
    pod("shop/h", {"app": "h"}, on="lin", hostNetwork=True),
)
POLICY = PolicyRef("NetworkPolicy", "shop", "policy")
INTO_Q = "podSelector: {matchLabels: {app: q}}, policyTypes: [Ingress]"
OUT_OF_Q = "podSelector: {matchLabels: {app: q}}, policyTypes: [Egress]"
NAMED_IN = f"{{{INTO_Q}, ingress: [{{ports: [{{port: http}}]}}]}}"
NAMED_OUT = f"{{{OUT_OF_Q}, egress: [{{ports: [{{port: http}}]}}]}}"
BOTH_WAYS = """{podSelector: {}, policyTypes: [Ingress, Egress],
                ingress: [{ports: [{port: http}]}], egress: [{ports: [{port: http}]}]}"""
NOT_Z = "{matchExpressions: [{key: app, operator: NotIn, values: [z]}]}"
BUT_Y = "{cidr: 10.244.0.0/16, except: [10.244.1.1/32]}"


@cache
def _cluster(*specs: str) -> Snapshot:
    policies = [
        network_policy(spec, f"shop/policy{number or ''}") for number, spec in enumerate(specs)
    ]
    nodes = (LINUX_NODE, OTHER_LINUX, WINDOWS_NODE)
    backend = service("shop/svc", {"app": "q"}, [{"port": 80, "targetPort": 81}])
    return snapshot(namespace("shop"), *nodes, *PODS, backend, *policies)


def _verdict(specs: tuple[str, ...], question: str, engine: str = "npm") -> Verdict:
    return ask(_cluster(*specs), question, engine)


def _answer(specs: tuple[str, ...], question: str, engine: str = "npm") -> str:
    verdict = _verdict(specs, question, engine)
    return " ".join(sorted({each.code for each in verdict.assumptions})) or verdict.decision.value


@pytest.mark.parametrize(
    ("spec", "question", "expected"),
    [
        # What a Windows node skips.
        (NAMED_IN, "shop/y -> shop/q TCP/81", "Deny"),
        (NAMED_IN, "shop/y -> shop/q TCP/80", "Allow"),
        (NAMED_OUT, "shop/q -> shop/y TCP/81", "Deny"),
        (NAMED_OUT, "shop/q -> shop/y TCP/80", "Allow"),
        (f"{{{INTO_Q}, ingress: [{{from: [{{ipBlock: {BUT_Y}}}]}}]}}",
            "shop/y -> shop/q TCP/81", "Deny"),
        (f"{{{INTO_Q}, ingress: [{{from: [{{ipBlock: {BUT_Y}}}]}}]}}",
            "shop/z -> shop/q TCP/81", "Allow"),
        (f"{{{INTO_Q}, ingress: [{{ports: [{{protocol: SCTP}}]}}]}}",
            "shop/y -> shop/q TCP/81", "Deny"),
        (f"{{{OUT_OF_Q}, egress: [{{ports: [{{protocol: SCTP}}]}}]}}",
            "shop/q -> shop/y SCTP/81", "Allow"),
        (f"{{{INTO_Q}, ingress: [{{from: [{{podSelector: {NOT_Z}}}]}}]}}",
            "shop/z -> shop/q TCP/81", "Deny"),
        (f"{{{OUT_OF_Q}, egress: [{{to: [{{podSelector: {NOT_Z}}}]}}]}}",
            "shop/q -> shop/z TCP/81", "Deny"),
        ("{podSelector: {matchExpressions: [{key: app, operator: DoesNotExist}]}}",
            "shop/y -> shop/q TCP/81", "Allow"),
        ("{podSelector: {matchExpressions: [{key: db, operator: DoesNotExist}]}}",
            "shop/y -> shop/q TCP/81", "Deny"),
        # No Linux node forwards it.
        (NAMED_IN, "shop/r -> shop/q TCP/81", "Allow"),
        (NAMED_IN, "203.0.113.10 -> shop/q TCP/81", "Allow"),
        (NAMED_OUT, "shop/q -> 203.0.113.10 TCP/81", "Allow"),
        (NAMED_IN, "node:lin -> shop/q TCP/81", "Allow"),
        (NAMED_IN, "shop/h -> shop/q TCP/81", "Allow"),
        (NAMED_OUT, "shop/q -> node:lin TCP/81", "Allow"),
        (NAMED_OUT, "shop/q -> shop/h TCP/81", "Allow"),
        (NAMED_IN, "node:win -> shop/q TCP/81", "Allow"),
        # Through a Service the Linux node sees the backend.
        (NAMED_IN, "shop/y -> svc:shop/svc TCP/80", "Deny"),
        (NAMED_IN, "shop/r -> svc:shop/svc TCP/80", "Allow"),
        # Pods whose node nobody knows: it matters only where one of them might be on Linux.
        (BOTH_WAYS, "shop/y -> shop/u TCP/81", "Deny"),
        (BOTH_WAYS, "shop/u -> shop/y TCP/81", "Deny"),
        (BOTH_WAYS, "shop/y -> shop/u TCP/80", "Allow"),
        (BOTH_WAYS, "shop/q -> shop/u TCP/81", "NodeOsUnknown"),
        (BOTH_WAYS, "shop/u -> shop/q TCP/81", "NodeOsUnknown"),
        (BOTH_WAYS, "shop/u -> shop/q TCP/80", "Allow"),
        (BOTH_WAYS, "203.0.113.10 -> shop/u TCP/81", "NodeOsUnknown"),
    ],
)  # fmt: skip
def test_a_linux_node_judges_the_pods_on_windows_that_its_own_talk_to(
    spec: str, question: str, expected: str
) -> None:
    assert _answer((spec,), question) == expected
    assert _answer((spec,), question, "npm?fixes=2026-09") == expected


def test_both_nodes_must_let_it_through() -> None:
    """Linux allows what is not of team a; Windows drops the negation and allows team a only."""
    to = "{namespaceSelector: {matchExpressions: [{key: team, operator: NotIn, values: [a]}]}}"
    spec = f"{{{OUT_OF_Q}, egress: [{{to: [{to}]}}]}}"
    assert _answer((spec,), "shop/q -> shop/y TCP/81") == "Deny"
    assert _answer((spec,), "shop/y -> shop/q TCP/81") == "Allow"
    # With the fixes Windows refuses the policy, and the Linux node lets other teams through.
    assert _answer((spec,), "shop/q -> shop/y TCP/81", "npm?fixes=2026-09") == "Allow"


def test_a_linux_node_unites_all_its_policies() -> None:
    """A policy that both platforms read alike admits on Linux what another one does not."""
    plain = f"{{{INTO_Q}, ingress: [{{ports: [{{port: 443}}]}}]}}"
    for port, expected in ((80, "Deny"), (81, "Deny"), (443, "Allow")):
        assert _answer((NAMED_IN, plain), f"shop/r -> shop/q TCP/{port}") == expected
    for port, expected in ((81, "Deny"), (443, "Allow")):
        assert _answer((NAMED_IN, plain), f"shop/y -> shop/q TCP/{port}") == expected
    # Linux admits the named port, Windows knows the other policy only.
    assert _answer((NAMED_IN, plain), "shop/y -> shop/q TCP/80") == "Deny"


def test_a_policy_that_linux_refuses_as_well_is_enforced_nowhere() -> None:
    spec = f"{{{INTO_Q}, ingress: [{{from: [{{ipBlock: {{cidr: 'fd00::/8'}}}}]}}]}}"
    assert _answer((spec,), "shop/y -> shop/q TCP/81") == "Allow"


def test_an_earlier_version_stays_in_force_on_windows_beside_the_new_one_on_linux() -> None:
    earlier = network_policy(f"{{{INTO_Q}, ingress: [{{ports: [{{port: 81}}]}}]}}")
    found = snapshot(
        namespace("shop"), LINUX_NODE, WINDOWS_NODE, *PODS[:1], *PODS[2:4],
        network_policy(NAMED_IN), applied_before=[earlier],
    )  # fmt: skip
    answers = {
        (source, port): ask(found, f"shop/{source} -> shop/q TCP/{port}", "npm").decision.value
        for source in ("r", "y")
        for port in (80, 81)
    }
    assert answers == {("r", 80): "Deny", ("r", 81): "Allow", ("y", 80): "Deny", ("y", 81): "Deny"}


def test_the_evidence_says_that_the_linux_node_filters_and_names_the_policy() -> None:
    ingress = _verdict((NAMED_IN,), "shop/y -> shop/q TCP/81").ingress
    assert ingress.isolated_by == (POLICY,)
    assert [(each.effect, each.reason, each.policy, each.rule) for each in ingress.evidence] == [
        ("Pass", "NpmLinuxNodeFiltersToo", None, ""),
        ("NoMatch", "NamedPortMismatch", POLICY, "/spec/ingress/0"),
    ]


def test_the_evidence_tells_the_rule_of_the_linux_node_from_that_of_windows() -> None:
    plain = f"{{{INTO_Q}, ingress: [{{ports: [{{port: 80}}]}}]}}"
    ingress = _verdict((NAMED_IN, plain), "shop/y -> shop/q TCP/80").ingress
    told = [(each.effect, each.reason, bool(each.detail)) for each in ingress.evidence]
    assert told == [
        ("Pass", "NpmLinuxNodeFiltersToo", True),
        ("Allow", "NetworkPolicyRule", True),
        ("Allow", "NetworkPolicyRule", False),
    ]


def test_where_no_linux_node_is_on_the_way_its_reading_isolates_nothing() -> None:
    ingress = _verdict((NAMED_IN,), "203.0.113.10 -> shop/q TCP/81").ingress
    assert not ingress.isolated
    assert [each.reason for each in ingress.evidence] == ["NpmNoLinuxNodeOnTheWay"]


def test_a_pod_on_linux_is_told_nothing_new() -> None:
    ingress = _verdict((BOTH_WAYS,), "shop/y -> shop/z TCP/80").ingress
    assert [each.reason for each in ingress.evidence] == ["NetworkPolicyRule"]


def _stages(*objects: Manifest) -> set[str]:
    found = compile_pipeline(snapshot(namespace("shop"), *objects), profile("npm"))
    return {stage.name for each in Direction for stage in found.stages(each) if stage.policies}


UNPLACED = deployment("shop/web", {"app": "web"})


@pytest.mark.parametrize(
    ("objects", "spec", "is_there"),
    [
        ((LINUX_NODE, PODS[0]), BOTH_WAYS, False),
        ((WINDOWS_NODE, PODS[2]), BOTH_WAYS, False),
        ((LINUX_NODE, UNPLACED), BOTH_WAYS, False),
        ((LINUX_NODE, WINDOWS_NODE, PODS[0], PODS[2]), BOTH_WAYS, True),
        ((LINUX_NODE, WINDOWS_NODE, UNPLACED), BOTH_WAYS, True),
        # Both platforms say the same of every policy.
        ((LINUX_NODE, WINDOWS_NODE, PODS[0], PODS[2]), "{podSelector: {}}", False),
    ],
)
def test_only_clusters_with_both_platforms_ask_linux_nodes(
    objects: tuple[Manifest, ...], spec: str, *, is_there: bool
) -> None:
    stages = _stages(*objects, network_policy(spec))
    assert ("linuxNode" in stages) is is_there
