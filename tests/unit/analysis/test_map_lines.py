"""The lines of a map: units and their names, nodes, ranges outside, and filters."""

from __future__ import annotations

from typing import Any

import pytest

from service.analysis.filters import ListedVerdict, UnitFilter
from service.model.addresses import parse_cidr
from service.model.intervals import Intervals
from service.model.labels import LabelSelector, Operator, Requirement
from service.model.ports import Protocol, ports_of
from tests.builders import Manifest, namespace, network_policy, node, pod, service
from tests.unit.analysis.maps import lines_of, summary_of
from tests.vectors.calico import calico_object

ALL = "TCP any port; UDP any port; SCTP any port"
NODES = [node("n1", "192.168.0.4"), node("n2", "192.168.0.5")]
CLOSED = network_policy("{podSelector: {}, policyTypes: [Ingress, Egress]}")
HTTP = network_policy(
    "{podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress, Egress],"
    " ingress: [{from: [{podSelector: {}}], ports: [{port: 80}]}]}"
)
WEB, DB = (
    pod(f"shop/{name}", {"app": name}, ips=[ip])
    for name, ip in (("web", "10.0.0.1"), ("db", "10.0.0.2"))
)
HOST_CLOSED: list[Manifest] = [
    {
        "apiVersion": "projectcalico.org/v3",
        "kind": "GlobalNetworkPolicy",
        "metadata": {"name": "default.closed"},
        "spec": {"selector": "all()", "types": ["Ingress"]},
    },
    {
        "apiVersion": "projectcalico.org/v3",
        "kind": "HostEndpoint",
        "metadata": {"name": "host", "labels": {"a": "b"}},
        "spec": {"node": "n1", "interfaceName": "*"},
    },
]
INSIDE = UnitFilter(external=False)
OUTSIDE = UnitFilter(external=True)


def own(place: str, owner: str, labels: dict[str, str], ip: str, on: str = "n1") -> Manifest:
    return pod(place, labels, ips=[ip], on=on, owner=owner)


def test_a_pair_without_a_line_is_denied() -> None:
    assert lines_of(WEB, DB, CLOSED) == []
    assert lines_of(WEB, DB, HTTP, source=INSIDE, destination=INSIDE) == [
        "shop/Pod/db -> shop/Pod/web TCP 80"
    ]


@pytest.mark.parametrize("engine", ["kubernetes", "npm", "calico", "cilium", "none"])
def test_a_selector_means_pods_on_the_network_of_their_node_too(engine: str) -> None:
    """Whatever an engine sees of their labels."""
    agent = pod("shop/agent", {"app": "web"}, on="n1", hostNetwork=True)
    found = lines_of(
        *(*NODES, agent, DB), engine=engine, source=UnitFilter(selector=APP_WEB), destination=INSIDE
    )
    assert any(each.startswith("shop/Pod/agent -> shop/Pod/db") for each in found)


@pytest.mark.parametrize("where", ["n1", "n2", ""])
def test_an_endpoint_of_a_service_is_one_on_whatever_node(where: str) -> None:
    """Calico's `services` name a hostNetwork pod itself where nobody knows its node."""
    backend = pod("shop/host", {"app": "host"}, on=where, hostNetwork=True)
    rule = {
        "action": "Allow",
        "protocol": "TCP",
        "destination": {"services": {"name": "host", "namespace": "shop"}},
    }
    given = {"selector": "app == 'web'", "types": ["Egress"], "egress": [rule]}
    assert lines_of(
        *(*NODES, namespace("shop"), backend),
        pod("shop/web", {"app": "web"}, on="n1", ips=["10.0.0.1"]),
        service("shop/host", {"app": "host"}, [{"port": 80}], clusterIP="10.1.0.9"),
        calico_object("gnp", {"gnp": given}, "out"),
        engine="calico",
        source=UnitFilter(pod="web"),
        destination=UnitFilter(pod="host"),
    ) == ["shop/Pod/web -> shop/Pod/host TCP 80"]


@pytest.mark.parametrize(
    ("engine", "where", "expected"),
    [
        # The pod's own node reaches it; another one does not; one of both, it depends.
        ("kubernetes", "n1", [f"node n1 -> shop/Pod/web {ALL}"]),
        ("kubernetes", "n2", [f"node n2 -> shop/Pod/web {ALL}"]),
        (
            "kubernetes",
            "",
            [
                f"node n1 -> shop/Pod/web {ALL}? PlacementUnknown",
                f"node n2 -> shop/Pod/web {ALL}? PlacementUnknown",
            ],
        ),
        ("none", "n1", [f"node n1 -> shop/Pod/web {ALL}", f"node n2 -> shop/Pod/web {ALL}"]),
    ],
)
def test_own_and_other_nodes(engine: str, where: str, expected: list[str]) -> None:
    web = pod("shop/web", {"app": "web"}, ips=["10.0.0.1"], on=where)
    found = lines_of(
        *NODES, web, CLOSED, engine=engine, destination=UnitFilter(namespace="shop"), source=INSIDE
    )
    assert found == expected


def test_pods_of_one_workload_on_several_nodes() -> None:
    """From a node on which only some of them run the answer depends on the pod."""
    pods = [
        own("shop/a", "ReplicaSet/web", {"app": "web"}, "10.0.0.1", "n1"),
        own("shop/b", "ReplicaSet/web", {"app": "web"}, "10.0.0.2", "n2"),
    ]
    assert lines_of(
        *NODES, *pods, CLOSED, source=INSIDE, destination=UnitFilter(namespace="shop")
    ) == [
        f"node n1 -> shop/ReplicaSet/web {ALL}? PodsDiffer",
        f"node n2 -> shop/ReplicaSet/web {ALL}? PodsDiffer",
    ]


def test_two_ends_on_the_network_of_one_node() -> None:
    """A host endpoint does not see what stays on its node."""
    hosts = [
        pod(f"ops/{name}", ips=["192.168.0.4"], on="n1", hostNetwork=True) for name in ("a", "b")
    ]
    elsewhere = pod("ops/c", ips=["192.168.0.5"], on="n2", hostNetwork=True)
    found = lines_of(
        *NODES,
        *hosts,
        elsewhere,
        *HOST_CLOSED,
        engine="calico",
        destination=UnitFilter(workload="Pod/b"),
        source=INSIDE,
    )
    assert f"ops/Pod/a -> ops/Pod/b {ALL}" in found
    assert f"node n1 -> ops/Pod/b {ALL}" in found
    assert f"ops/Pod/c -> ops/Pod/b {ALL}" not in found
    assert f"node n2 -> ops/Pod/b {ALL}" not in found


def test_ranges_outside_are_as_wide_as_can_be() -> None:
    """Blocks that touch, and the holes of `except`."""
    policy = network_policy(
        "{podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress, Egress], egress: ["
        "{to: [{ipBlock: {cidr: 10.0.0.0/16}},"
        " {ipBlock: {cidr: 10.1.0.0/16, except: [10.1.9.0/24]}}]}], ingress: ["
        "{from: [{ipBlock: {cidr: 203.0.113.0/25}}, {ipBlock: {cidr: 203.0.113.128/25}}],"
        " ports: [{port: 443}]}]}"
    )
    assert lines_of(WEB, policy) == [
        "203.0.113.0-203.0.113.255 -> shop/Pod/web TCP 443",
        f"shop/Pod/web -> 10.0.0.0-10.1.8.255 {ALL}",
        f"shop/Pod/web -> 10.1.10.0-10.1.255.255 {ALL}",
    ]


def test_pods_of_one_owner_that_policies_tell_apart_are_variants() -> None:
    stable = own("shop/a", "ReplicaSet/web", {"app": "web", "track": "stable"}, "10.0.0.1")
    canary = own("shop/b", "ReplicaSet/web", {"app": "web", "track": "canary"}, "10.0.0.2")
    policy = network_policy("{podSelector: {matchLabels: {track: stable}}, policyTypes: [Ingress]}")
    only_canary = UnitFilter(pod="b")
    assert lines_of(
        stable, canary, policy, source=UnitFilter(pod="a"), destination=only_canary
    ) == [f"shop/ReplicaSet/web (variant 1) -> shop/ReplicaSet/web (variant 2) {ALL}"]
    # Without the policy nothing tells them apart.
    found = lines_of(stable, canary, source=INSIDE, destination=INSIDE, itself=True)
    assert found == [f"shop/ReplicaSet/web -> shop/ReplicaSet/web {ALL}"]


@pytest.mark.parametrize(("count", "itself", "lines"), [(1, True, 0), (2, True, 1), (2, False, 0)])
def test_pods_of_one_workload_among_themselves(count: int, itself: bool, lines: int) -> None:
    pods = [
        own(f"shop/{number}", "ReplicaSet/web", {}, f"10.0.0.{number}") for number in range(count)
    ]
    assert len(lines_of(*pods, source=INSIDE, destination=INSIDE, itself=itself)) == lines


@pytest.mark.parametrize(
    ("places", "closed", "lines"),
    [
        (["n1"], False, []),
        (["n1", "n2"], False, [ALL]),
        # Calico polices what comes to n1 from elsewhere, and nothing that stays on a node.
        (["n1", "n1"], True, [ALL]),
    ],
)
def test_pods_of_one_workload_on_the_network_of_nodes(
    places: list[str], closed: bool, lines: list[str]
) -> None:
    nodes = [node(name, *ips) for name, ips in (("n1", ["192.168.0.4"]), ("n2", ["192.168.0.5"]))]
    pods = [
        pod(f"ops/{number}", ips=[], on=place, owner="DaemonSet/agent", hostNetwork=True)
        for number, place in enumerate(places)
    ]
    found = lines_of(
        *nodes,
        *pods,
        *(HOST_CLOSED if closed else ()),
        engine="calico",
        source=UnitFilter(namespace="ops"),
        destination=UnitFilter(namespace="ops"),
        itself=True,
    )
    assert found == [f"ops/DaemonSet/agent -> ops/DaemonSet/agent {each}" for each in lines]


OPS = pod("ops/mon", {"app": "mon"}, ips=["10.0.1.1"])
APP_WEB = LabelSelector((Requirement("app", Operator.IN, ("web",)),))
_TCP_443 = ports_of(Protocol.TCP, 443, 443)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (
            {"source": UnitFilter(namespace="ops"), "destination": INSIDE},
            ["ops/Pod/mon -> shop/Pod/db", "ops/Pod/mon -> shop/Pod/web"],
        ),
        (
            {"destination": UnitFilter(selector=APP_WEB), "source": INSIDE},
            ["ops/Pod/mon -> shop/Pod/web", "shop/Pod/db -> shop/Pod/web"],
        ),
        (
            {"destination": UnitFilter(workload="Pod/db"), "source": UnitFilter(pod="web")},
            ["shop/Pod/web -> shop/Pod/db"],
        ),
        (
            {"either": UnitFilter(namespace="ops"), "source": INSIDE, "destination": INSIDE},
            [
                "shop/Pod/db -> ops/Pod/mon",
                "shop/Pod/web -> ops/Pod/mon",
                "ops/Pod/mon -> shop/Pod/db",
                "ops/Pod/mon -> shop/Pod/web",
            ],
        ),
        (
            {"source": OUTSIDE, "destination": UnitFilter(workload="Pod/db")},
            ["0.0.0.0-255.255.255.255 -> shop/Pod/db"],
        ),
        (
            {
                "source": UnitFilter(pod="db"),
                "destination": UnitFilter(addresses=Intervals.of([parse_cidr("1.0.0.0/8")])),
            },
            ["shop/Pod/db -> 0.0.0.0-255.255.255.255"],
        ),
        ({"source": UnitFilter(namespace="nowhere")}, []),
        ({"verdict": ListedVerdict.UNKNOWN}, []),
    ],
)
def test_filters(wanted: dict[str, Any], expected: list[str]) -> None:
    found = lines_of(WEB, DB, OPS, **wanted)
    assert found == [f"{each} {ALL}" for each in expected]


def test_a_filter_of_traffic_cuts_what_a_line_says() -> None:
    ends: dict[str, Any] = {"source": UnitFilter(pod="db"), "destination": UnitFilter(pod="web")}
    assert lines_of(WEB, DB, traffic=_TCP_443, **ends) == ["shop/Pod/db -> shop/Pod/web TCP 443"]
    assert lines_of(WEB, DB, HTTP, traffic=_TCP_443, **ends) == []


def test_a_filter_of_verdicts_leaves_one_half_of_a_line() -> None:
    """An address that is not given leaves open whether a block covers it."""
    policy = network_policy(
        "{podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress], ingress: ["
        "{from: [{podSelector: {}}], ports: [{port: 80}]},"
        " {from: [{ipBlock: {cidr: 10.0.0.0/8}}], ports: [{port: 81}]}]}"
    )
    unknown = pod("shop/db", {"app": "db"})
    ends: dict[str, Any] = {"source": UnitFilter(pod="db"), "destination": UnitFilter(pod="web")}
    sure, unsure = (
        "shop/Pod/db -> shop/Pod/web TCP 80",
        "shop/Pod/db -> shop/Pod/web TCP 81? AddressUnknown",
    )
    assert lines_of(WEB, unknown, policy, **ends) == [sure, unsure]
    assert lines_of(WEB, unknown, policy, verdict=ListedVerdict.ALLOW, **ends) == [sure]
    assert lines_of(WEB, unknown, policy, verdict=ListedVerdict.UNKNOWN, **ends) == [unsure]


def test_lines_stand_by_destination_and_then_by_source() -> None:
    found = lines_of(*NODES, namespace("shop"), WEB, DB, engine="none")
    names = [tuple(reversed(line.removesuffix(f" {ALL}").split(" -> "))) for line in found]
    order = ["shop/Pod/db", "shop/Pod/web", "node n1", "node n2", "0.0.0.0-255.255.255.255"]
    assert names == sorted(names, key=lambda each: (order.index(each[0]), order.index(each[1])))
    # Every pair but a unit with itself, and addresses outside among each other.
    assert len(names) == len(set(names)) == 4 * 3 + 2 * 4


@pytest.mark.parametrize(
    ("block", "outside"),
    [
        # A pod's own address, and a pair of addresses of which one is nobody's.
        ("10.0.0.9/32", []),
        ("10.0.0.8/31", ["10.0.0.8-10.0.0.9"]),
        ("192.168.0.4/32", []),
        ("203.0.113.0/24", ["203.0.113.0-203.0.113.255"]),
    ],
)
def test_a_range_that_pods_and_nodes_fill_is_not_outside(block: str, outside: list[str]) -> None:
    cluster = [
        node("n1", "192.168.0.4"),
        pod("shop/db", {"app": "db"}, ips=["10.0.0.2"], on="n1"),
        pod("shop/web", ips=["10.0.0.9"], on="n1"),
        network_policy(
            "{podSelector: {matchLabels: {app: db}}, "
            f"ingress: [{{from: [{{ipBlock: {{cidr: {block}}}}}]}}]}}"
        ),
    ]
    lines = lines_of(*cluster, engine="calico")
    into = [each for each in lines if "-> shop/Pod/db" in each]
    known = ("shop/Pod/web", "node n1")
    assert [each.partition(" ->")[0] for each in into if not each.startswith(known)] == outside
    summary = summary_of(*cluster, engine="calico")
    (found,) = [each for each in summary.exposed if str(each.unit) == "shop/Pod/db"]
    assert found.from_outside is bool(outside)
