"""The numbers of a map."""

from __future__ import annotations

from tests.builders import network_policy, node, pod
from tests.unit.analysis.maps import summary_of

CLOSED = network_policy("{podSelector: {matchLabels: {app: db}}, policyTypes: [Ingress]}")
FROM_WEB = network_policy(
    "{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {matchLabels:"
    " {app: web}}}], ports: [{port: 5432}]}]}",
    "shop/from-web",
)
PODS = [
    pod("shop/web", {"app": "web"}, ips=["10.0.0.1"]),
    pod("shop/db", {"app": "db"}, ips=["10.0.0.2"]),
    pod("ops/mon", {"app": "mon"}, ips=["10.0.1.1"]),
]


def test_an_open_cluster() -> None:
    found = summary_of(*PODS)
    assert (found.workloads, found.nodes, found.external_ranges) == (3, 0, 1)
    assert (found.pairs, found.allowed_pairs, found.unknown_pairs) == (6, 6, 0)
    assert found.reached_from_outside == 3
    assert [str(each.unit) for each in found.exposed] == [
        "ops/Pod/mon",
        "shop/Pod/db",
        "shop/Pod/web",
    ]
    assert {each.any_port for each in found.exposed} == {2}


def test_what_a_policy_closes() -> None:
    found = summary_of(*PODS, CLOSED, FROM_WEB)
    assert (found.pairs, found.allowed_pairs, found.unknown_pairs) == (6, 5, 0)
    assert found.reached_from_outside == 2
    last = found.exposed[-1]
    assert (str(last.unit), last.sources, last.any_port, last.from_outside) == (
        "shop/Pod/db",
        1,
        0,
        False,
    )


def test_pods_on_the_network_of_a_node_count_by_where_they_run() -> None:
    host = pod("ops/agent", ips=["192.168.0.4"], on="n1", hostNetwork=True)
    near = pod("shop/db", {"app": "db"}, ips=["10.0.0.2"], on="n1")
    far = pod("shop/db2", {"app": "db"}, ips=["10.0.0.3"], on="n2")
    found = summary_of(
        node("n1", "192.168.0.4"), node("n2", "192.168.0.5"), host, near, far, CLOSED
    )
    assert {str(each.unit): each.sources for each in found.exposed} == {
        "ops/Pod/agent": 2,
        "shop/Pod/db": 1,
        "shop/Pod/db2": 0,
    }
    assert found.allowed_pairs == 3


def test_every_port_may_come_in_parts() -> None:
    halves = network_policy(
        "{podSelector: {matchLabels: {app: db}}, ingress: ["
        "{from: [{podSelector: {}}], ports: [{port: 1, endPort: 80}, {protocol: UDP}]},"
        " {from: [{podSelector: {matchLabels: {app: web}}}],"
        " ports: [{port: 81, endPort: 65535}, {protocol: SCTP}]}]}"
    )
    (found,) = [each for each in summary_of(*PODS, halves).exposed if each.unit.name == "Pod/db"]
    assert (found.sources, found.any_port) == (1, 1)
