"""The pipeline of engine `calico` and a naive evaluator agree on random small clusters."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from service.model.flow import Flow
from service.model.verdict import Decision
from tests.builders import evaluator, snapshot
from tests.property.bounds import bounded
from tests.property.calico_clusters import calico_clusters
from tests.property.clusters import QUESTIONS, Cluster, asked, doubtful_ports, pods_of
from tests.property.ends import source_end
from tests.property.naive_calico import NaiveCalico

#: A ping is asked as often as three other questions.
ASKED = [*QUESTIONS, *([("ICMP", 0)] * 3)]
_ANSWERS = {
    Decision.ALLOW: {True},
    Decision.DENY: {False},
    Decision.UNKNOWN: {True, False},
}


@bounded(0.5)
@given(
    calico_clusters(),
    st.lists(st.sampled_from(ASKED), min_size=1, max_size=2, unique=True),
    st.sampled_from(["3.30", "3.32"]),
)
def test_agreement(cluster: Cluster, questions: list[tuple[str, int]], version: str) -> None:
    naive = NaiveCalico(cluster.manifests, version)
    pipeline = evaluator(snapshot(*cluster.manifests), f"calico:{version}")
    # The engine leaves these open: `test_policy_differences` has them.
    doubtful = {end: doubtful_ports(each) for end, each in pods_of(cluster).items()}
    for source, destination, protocol, port in asked(cluster, questions):
        if (protocol, port) in doubtful.get(destination, ()):
            continue
        expected = naive.possible(source, destination, protocol, port)
        if not expected:
            continue  # no address family in common
        number = None if protocol == "ICMP" else port
        flow = Flow(source_end(source), source_end(destination), protocol, number)
        verdict = pipeline.evaluate(flow)
        context = (source, destination, protocol, port, verdict)
        assert _ANSWERS[verdict.decision] == expected, context
