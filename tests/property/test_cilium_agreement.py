"""The pipeline of engine `cilium` and a naive evaluator agree on random small clusters."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.model.flow import Flow
from service.model.verdict import Decision
from tests.builders import Manifest, evaluator, snapshot
from tests.property.bounds import bounded
from tests.property.cilium_agents import AGENTS
from tests.property.cilium_clusters import cilium_clusters
from tests.property.clusters import EVERYTHING, QUESTIONS, Cluster, asked
from tests.property.ends import source_end
from tests.property.naive_cilium import NaiveCilium
from tests.property.naive_identities import Agent

_ANSWERS = {
    Decision.ALLOW: {True},
    Decision.DENY: {False},
    Decision.UNKNOWN: {True, False},
}
#: A ping is asked as often as three other questions.
ASKED = [*QUESTIONS, *([("ICMP", 0)] * 3)]


@pytest.mark.parametrize("agent", AGENTS, ids=lambda each: each.text)
@bounded(0.1)
@given(
    cluster=cilium_clusters(EVERYTHING),
    questions=st.lists(st.sampled_from(ASKED), min_size=1, max_size=2, unique=True),
)
def test_agreement(agent: Agent, cluster: Cluster, questions: list[tuple[str, int]]) -> None:
    # Port names of an earlier rule are not cut out of a tied policy's later ones.
    exact = not any("NamedPort" in str(each) for each in _tied(cluster))
    naive = NaiveCilium(cluster.manifests, agent)
    pipeline = evaluator(snapshot(*cluster.manifests), agent.text)
    for source, destination, protocol, port in asked(cluster, questions):
        expected = naive.possible(source, destination, protocol, port)
        if not expected:
            continue  # no address family in common
        number = None if protocol == "ICMP" else port
        flow = Flow(source_end(source), source_end(destination), protocol, number)
        verdict = pipeline.evaluate(flow)
        context = (source, destination, protocol, port, verdict)
        answer = _ANSWERS[verdict.decision]
        assert answer >= expected, context
        if exact:
            assert answer == expected, context


def _tied(cluster: Cluster) -> list[Manifest]:
    """Cluster policies that share tier and priority with another one."""
    placed = [
        ((each["spec"]["tier"], each["spec"]["priority"]), each)
        for each in cluster.policies
        if each["kind"] == "ClusterNetworkPolicy"
    ]
    count = Counter(place for place, _ in placed)
    return [each for place, each in placed if count[place] > 1]
