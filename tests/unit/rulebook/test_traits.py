"""The traits that rules ask are what the compiled engines do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from service.analysis.rulebook.traits import has_trait, trait
from service.engines.registry import ENGINES
from service.model.engine import Version
from service.model.verdict import Decision
from tests.builders import Manifest, evaluator, flow, namespace, node, pod, profile, snapshot
from tests.unit.rulebook.feat_cases import egress, ingress

POD, PEER = pod("shop/a", on="l1", ips=["10.244.1.1"]), pod("shop/b", on="l2", ips=["10.244.2.1"])
L1, L2 = node("l1", "192.168.0.1"), node("l2", "192.168.0.2")
OUTSIDE = "203.0.113.9"
TO_CLUSTER = egress("{to: [{ipBlock: {cidr: 10.244.0.0/16}}, {ipBlock: {cidr: 192.168.0.0/24}}]}")
TO_NOBODY = egress("{to: [{podSelector: {matchLabels: {app: nobody}}}]}")
FROM_NOT_OPS = ingress(
    "{from: [{namespaceSelector: {matchExpressions: "
    "[{key: team, operator: NotIn, values: [ops]}]}}]}"
)
UNLISTED: Manifest = {
    **TO_NOBODY,
    "spec": {**TO_NOBODY["spec"], "policyTypes": ["Ingress"], "ingress": [{}]},
}


def _profiles() -> Iterator[str]:
    """Every engine in every version, and with every value of every option that it has."""
    for name, engine in ENGINES.items():
        for version in engine.versions or ("",):
            text = f"{name}:{version}" if version else name
            yield text
            for option in engine.options:
                for chosen in option.allowed:
                    first = option.since.get(chosen)
                    if first is None or Version.parse(version) >= Version.parse(first):
                        yield f"{text}?{option.name}={chosen}"


def _is_open(engine: str, policy: Manifest, question: str) -> bool:
    found = snapshot(namespace("shop"), POD, PEER, L1, L2, policy)
    return evaluator(found, engine).evaluate(flow(question)).decision is Decision.ALLOW


#: A policy, a flow, and whether a trait that holds leaves it open.
QUESTIONS = {
    "enforces": (TO_NOBODY, f"shop/a -> {OUTSIDE} TCP/80", False),
    "blocksMatchPods": (TO_CLUSTER, "shop/a -> shop/b TCP/80", True),
    "blocksMatchNodes": (TO_CLUSTER, "shop/a -> node:l2 TCP/80", True),
    "ownNodeOpen": (TO_NOBODY, "shop/a -> node:l1 TCP/80", True),
    "countsUnlistedSections": (UNLISTED, f"shop/a -> {OUTSIDE} TCP/80", False),
    "negationsAdmitOutside": (FROM_NOT_OPS, f"{OUTSIDE} -> shop/a TCP/80", True),
}


@pytest.mark.parametrize("name", QUESTIONS)
@pytest.mark.parametrize("engine", tuple(_profiles()))
def test_trait(engine: str, name: str) -> None:
    policy, question, when_open = QUESTIONS[name]
    if not has_trait(profile(engine), "enforces"):
        assert _is_open(engine, policy, question)
        return
    expected = trait(profile(engine), name)
    assert isinstance(expected, bool)
    assert _is_open(engine, policy, question) is (expected is when_open)
