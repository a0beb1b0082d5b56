"""What Cilium does with SCTP has one reason, so no peer has to be told apart for it."""

from __future__ import annotations

import pytest

from service.analysis.blankets import Blanket
from service.analysis.impacts import engine_changes
from service.analysis.row_changes import RowComparer, row_pairs
from service.engines.registry import compile_pipeline
from service.model.ports import Protocol, whole_protocol
from service.model.verdict import Decision
from tests.builders import Manifest, namespace, network_policy, node, pod, profile, snapshot

DB = pod("shop/db", {"app": "db"}, on="n1", ips=["10.244.1.7"])
WEB = pod("shop/web", {"app": "web"}, on="n2", ips=["10.244.2.8"])
CLOSED = network_policy("{podSelector: {}, policyTypes: [Ingress, Egress]}")
PUBLISHED = pod(
    "shop/edge",
    {"app": "edge"},
    on="n1",
    ips=["10.244.1.9"],
    containers=[{"name": "main", "ports": [{"containerPort": 8080, "hostPort": 80}]}],
)


@pytest.mark.parametrize("source", ["npm", "calico"])
@pytest.mark.parametrize("others", [(), (CLOSED,), (PUBLISHED,), (CLOSED, PUBLISHED)])
def test_sctp_is_explained_for_all_peers_at_once(source: str, others: tuple[Manifest, ...]) -> None:
    found = snapshot(
        namespace("shop"), node("n1", "192.168.0.4"), node("n2", "192.168.0.5"), DB, WEB, *others
    )
    before, after = (compile_pipeline(found, profile(each)) for each in (source, "cilium"))
    (change,) = engine_changes(before, [after], found)

    blanket = Blanket(change.views[1], change.causes.is_blanket)
    space = change.views[0].layers[0].layer.space
    comparer = RowComparer(space.families, space.everything)
    sctp = whole_protocol(Protocol.SCTP)
    told = [
        blanket.covers(pair, each)
        for pair in row_pairs(*change.views)
        for each in comparer.changes(pair)
        if each.after is Decision.UNKNOWN and each.traffic & sctp
    ]
    assert told
    assert all(told)
