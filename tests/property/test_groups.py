"""A question about several pods has the answers of the questions about each."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.model.flow import Flow, PodEnd, SelectorEnd
from service.model.labels import EVERYTHING as EVERY_LABEL
from service.model.verdict import Decision
from tests.builders import evaluator, snapshot
from tests.property.bounds import bounded
from tests.property.clusters import EVERYTHING, NAMESPACES, UNSETTLED, Cluster, clusters
from tests.property.published import NODE_PORTS, published

#: Of a dual-stack pair each address family is a connection of its own.
ONE_FAMILY = [replace(EVERYTHING, ipv6=False), replace(UNSETTLED, ipv6=False)]
PLACES = st.sampled_from(NAMESPACES)
PORTS = st.sampled_from([("TCP", 80), ("UDP", 53), ("TCP", "http"), ("SCTP", 81)])


@pytest.mark.parametrize("engine", ["kubernetes", "npm", "calico", "cilium", "none"])
@bounded(0.2)
@given(st.one_of(*map(clusters, ONE_FAMILY)), PLACES, PLACES, PORTS)
def test_groups_add_up(
    engine: str, cluster: Cluster, here: str, there: str, asked: tuple[str, int | str]
) -> None:
    protocol, port = asked
    pipeline = evaluator(snapshot(*cluster.manifests), engine)
    pods = {
        place: [name for _, space, name in cluster.pods if space == place] for place in NAMESPACES
    }
    offered = [name for name in pods[there] if _offers(cluster, name, protocol, port)]
    pairs = [(mine, theirs) for mine, theirs in product(pods[here], offered)]
    if len(pods[here]) * len(pods[there]) > 1:
        pairs = [pair for pair in pairs if here != there or pair[0] != pair[1]]
    if not pairs:
        return
    single = Counter(
        pipeline.evaluate(Flow(PodEnd(here, mine), PodEnd(there, theirs), protocol, port)).decision
        for mine, theirs in pairs
    )
    whole = pipeline.evaluate(
        Flow(SelectorEnd(here, EVERY_LABEL), SelectorEnd(there, EVERY_LABEL), protocol, port)
    )
    counted: Counter[Decision] = Counter()
    for group in whole.groups:
        counted[group.decision] += group.connections
    assert counted == single
    if len(single) == 1:
        assert {whole.decision} == set(single)
    else:
        assert whole.decision is Decision.UNKNOWN
        assert "PodsDiffer" in {each.code for each in whole.assumptions}


@pytest.mark.parametrize("engine", ["kubernetes", "npm", "calico", "cilium"])
@bounded(0.2)
@given(
    cluster=published(clusters(UNSETTLED)),
    here=PLACES,
    there=PLACES,
    protocol=st.sampled_from(["TCP", "UDP"]),
    port=st.sampled_from([80, 8080, *NODE_PORTS]),
)
def test_a_group_is_told_what_each_is_told_at_published_ports(
    engine: str, cluster: Cluster, here: str, there: str, protocol: str, port: int
) -> None:
    pipeline = evaluator(snapshot(*cluster.manifests), engine)
    pods = {
        place: [PodEnd(place, name) for _, space, name in cluster.pods if space == place]
        for place in NAMESPACES
    }
    pairs = list(product(pods[here], pods[there]))
    if len(pairs) > 1:
        pairs = [(mine, theirs) for mine, theirs in pairs if mine != theirs]
    if not pairs:
        return
    single = {
        pipeline.evaluate(Flow(mine, theirs, protocol, port)).decision for mine, theirs in pairs
    }
    whole = pipeline.evaluate(
        Flow(SelectorEnd(here, EVERY_LABEL), SelectorEnd(there, EVERY_LABEL), protocol, port)
    )
    assert whole.decision is (single.pop() if len(single) == 1 else Decision.UNKNOWN)


def _offers(cluster: Cluster, name: str, protocol: str, port: int | str) -> bool:
    """Whether a pod has the port at all; a name is not every pod's."""
    pod = next(each for each in cluster.inventory if each["metadata"]["name"] == name)
    serving = [
        *pod["spec"]["containers"],
        *(
            each
            for each in pod["spec"].get("initContainers", ())
            if each.get("restartPolicy") == "Always"
        ),
    ]
    return isinstance(port, int) or any(
        declared.get("name") == port and declared.get("protocol", "TCP") == protocol
        for container in serving
        for declared in container.get("ports", ())
    )
