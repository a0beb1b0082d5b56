"""The verdict on a change of engine: never safe where something may change."""

from __future__ import annotations

from datetime import date

import pytest

from service.analysis.impacts import impacts_between
from service.analysis.judging import NODES, Judgement, Opinion
from service.analysis.reports import migration_report, with_impacts
from service.analysis.rulebook.dns_rules import local_dns
from service.analysis.rulebook.inputs import RuleInput
from service.analysis.stated import StatedFacts, Target
from service.engines.registry import compile_pipeline
from service.model.cluster import ClusterRecord
from tests.builders import Manifest, deployment, network_policy, node, pod, profile, snapshot
from tests.unit.rulebook.questions import cluster, linux, windows
from tests.unit.rulebook.questions import local_dns as dns_profile

SAFE, WITH_FIXES, UNSAFE = Opinion.SAFE, Opinion.SAFE_WITH_FIXES, Opinion.UNSAFE
BLOCKED, UNKNOWN = Opinion.BLOCKED, Opinion.UNKNOWN

#: Everything that rules ask for is told.
AKS = cluster(pools=(linux(local_dns_profile=dns_profile("Disabled")),))
TOLD = StatedFacts(webhooks=(), local_dns=False)
N1, N2 = node("n1", "192.168.0.4"), node("n2", "192.168.0.5")
DB = pod("shop/db", {"app": "db"}, on="n1", ips=["10.244.1.7"])
FRONT = pod("shop/front", {"app": "front"}, on="n2", ips=["10.244.2.8"])
LISTED = (N1, N2, DB, FRONT)
NOWHERE = (pod("shop/db", {"app": "db"}), pod("shop/front", {"app": "front"}))
TEMPLATES = (deployment("shop/db", {"app": "db"}), deployment("shop/front", {"app": "front"}))
#: Two pods run on a node that is not listed, though others are.
PARTLY = (N2, DB, FRONT)

CLOSED_IN = network_policy("{podSelector: {}, policyTypes: [Ingress]}")
CLOSED_OUT = network_policy(
    "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{namespaceSelector: {}}]}]}"
)
CLOSED_BOTH_WAYS = network_policy("{podSelector: {}, policyTypes: [Ingress, Egress]}")
ONLY_FRONT = network_policy(
    "{podSelector: {matchLabels: {app: front}}, policyTypes: [Ingress, Egress]}", "shop/front"
)
FROM_PODS = network_policy(
    "{podSelector: {}, policyTypes: [Ingress], "
    "ingress: [{from: [{ipBlock: {cidr: 10.244.0.0/16}}]}]}"
)
SCTP = network_policy("{podSelector: {}, ingress: [{ports: [{port: 9000, protocol: SCTP}]}]}")


def judged(
    manifests: tuple[Manifest, ...],
    source: str,
    target: str,
    record: ClusterRecord = AKS,
    stated: StatedFacts = TOLD,
) -> Judgement:
    found = snapshot(*manifests)
    before, after = profile(source), profile(target)
    asked = RuleInput(date(2026, 11, 22), found, after, record, stated, before, Target(after))
    (impact,) = impacts_between(
        compile_pipeline(found, before),
        [compile_pipeline(found, after)],
        found,
        local_dns=local_dns(asked) is True,
    )
    return with_impacts(migration_report(asked), impact, None).judgement


@pytest.mark.parametrize(
    ("opinion", "manifests", "source", "target", "words"),
    [
        (SAFE, LISTED, "npm", "calico", "no connection is decided differently"),
        (SAFE, (*LISTED, CLOSED_IN), "npm", "calico", "no connection"),
        (WITH_FIXES, (*LISTED, CLOSED_OUT), "npm", "calico", "MIG-004"),
        (WITH_FIXES, (*LISTED, CLOSED_OUT), "npm", "cilium", "MIG-004"),
        (WITH_FIXES, (*LISTED, FROM_PODS), "npm", "cilium", "MIG-001"),
        (UNSAFE, (*LISTED, CLOSED_IN), "npm", "none", "MIG-020"),
        (UNSAFE, (*LISTED, CLOSED_OUT), "calico", "npm", "MIG-032"),
        (UNKNOWN, (*LISTED, SCTP), "npm", "cilium", "depend on what the input does not tell"),
        # No node is listed, so no pair shows what pods lose.
        (SAFE, NOWHERE, "npm", "calico", "no connection"),
        (SAFE, (*NOWHERE, CLOSED_IN), "npm", "calico", "no connection"),
        (WITH_FIXES, (*NOWHERE, CLOSED_OUT), "npm", "calico", "MIG-004"),
        (WITH_FIXES, (*TEMPLATES, CLOSED_OUT), "npm", "cilium", "MIG-004"),
        (WITH_FIXES, (*PARTLY, CLOSED_OUT), "npm", "calico", "MIG-004"),
        (UNSAFE, (*NOWHERE, CLOSED_OUT), "calico", "npm", "MIG-032"),
        (SAFE, (*NOWHERE, CLOSED_OUT), "calico", "cilium", "no connection"),
    ],
)
def test_opinions(
    opinion: Opinion, manifests: tuple[Manifest, ...], source: str, target: str, words: str
) -> None:
    found = judged(manifests, source, target)

    assert found.opinion is opinion, found
    assert words in found.reasons[0]


@pytest.mark.parametrize(
    ("policies", "said"),
    [
        # Two between the pods, and the outside to and from each.
        ([CLOSED_BOTH_WAYS], "(6 pairs open)"),
        ([CLOSED_BOTH_WAYS, ONLY_FRONT], "(6 pairs open)"),
        ([CLOSED_IN], "(4 pairs open)"),
    ],
)
def test_a_pair_that_opens_at_both_ends_is_one_pair(policies: list[Manifest], said: str) -> None:
    found = judged((*NOWHERE, *policies), "npm", "none")

    assert found.reasons[0].endswith(said), found.reasons


def test_what_aks_refuses_is_blocked() -> None:
    found = judged(LISTED, "npm", "cilium", cluster(pools=(linux(), windows())))

    assert found.opinion is BLOCKED
    assert found.reasons


@pytest.mark.parametrize("inventory", [NOWHERE, TEMPLATES, PARTLY])
def test_nodes_that_are_not_listed_are_asked_for(inventory: tuple[Manifest, ...]) -> None:
    found = judged((*inventory, CLOSED_OUT), "npm", "calico")

    assert any("the nodes are not listed" in each for each in found.reasons)
    assert found.settles == (NODES,)
    assert judged((*LISTED, CLOSED_OUT), "npm", "calico").settles == ()


def test_a_block_that_may_cover_nodes_is_not_safe_without_their_addresses() -> None:
    policy = network_policy(
        "{podSelector: {}, policyTypes: [Ingress], "
        "ingress: [{from: [{ipBlock: {cidr: 192.168.0.0/24}}]}]}"
    )
    found = judged((*NOWHERE, policy), "npm", "cilium")

    assert found.opinion in {UNKNOWN, UNSAFE, WITH_FIXES}
    assert NODES in found.settles
    assert judged((*NOWHERE, policy), "npm", "calico").opinion is SAFE


@pytest.mark.parametrize(("source", "target"), [("npm", "cilium"), ("none", "cilium")])
def test_what_is_only_hypothetical_is_said(source: str, target: str) -> None:
    found = judged(LISTED, source, target)

    assert found.opinion is SAFE
    assert any("SCTP may change" in each for each in found.reasons)
    assert not any("SCTP" in each for each in judged(LISTED, "npm", "calico").reasons)


def test_sctp_that_opens_for_certain_counts() -> None:
    """Only what Cilium does with SCTP is not known."""
    both = "{ports: [{protocol: TCP}, {protocol: UDP}]}"
    policy = network_policy(f"{{podSelector: {{}}, ingress: [{both}]}}")

    found = judged((*LISTED, policy), "npm", "none")

    assert found.opinion is UNSAFE
    assert "MIG-020" in found.reasons[0]
