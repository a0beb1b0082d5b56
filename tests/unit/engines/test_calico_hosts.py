"""Calico's host endpoints: the node's own traffic, and what the node forwards for its pods.

The fixture has n1 at 192.168.0.4 with shop/web, shop/side and ops/bot, and n2 at 192.168.0.5
with shop/db. Expectations follow felix/fv/hostendpoints_test.go and the documentation of
host endpoints.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from service.model.verdict import Decision
from tests.builders import ask, node, pod, service, snapshot
from tests.unit.engines.calico_cluster import (
    Given,
    decision,
    findings,
    given,
    gnp,
    pipeline,
    rule,
    verdict,
)
from tests.unit.engines.calico_host_flows import (
    ALLOWING,
    ANY,
    BY_ADDRESS,
    DENY,
    EARLY,
    ETH0,
    EVERYWHERE,
    FLOWS,
    FROM_OUTSIDE,
    HOST,
    OWN_TRAFFIC_IN,
    OWN_TRAFFIC_OUT,
    PORT_80,
    UNKNOWN_ETH0,
    UNTRACKED,
    denied,
    hep,
)
from tests.vectors.calico import calico_object
from tests.vectors.shorthand import fixture_manifests


@pytest.mark.parametrize("host", [EVERYWHERE, ETH0, BY_ADDRESS])
def test_a_host_endpoint_drops_the_nodes_own_traffic(host: Given) -> None:
    assert denied([host]) == OWN_TRAFFIC_IN | OWN_TRAFFIC_OUT


def test_without_a_host_endpoint_nodes_are_not_policed() -> None:
    assert denied([]) == set()
    assert denied([gnp(DENY, selector=HOST)]) == set()
    assert verdict([], FLOWS["ext->n1"]).ingress.decision is Decision.NOT_APPLICABLE


@pytest.mark.parametrize(
    "when",
    [
        *(f"ext -> node:n1 TCP/{port}" for port in (22, 179, 2379, 2380, 5473, 6443, 6666, 6667)),
        *("ext -> node:n1 UDP/68", "node:n1 -> ext UDP/53", "node:n1 -> ext UDP/67"),
        *(f"node:n1 -> ext TCP/{port}" for port in (179, 2379, 2380, 5473, 6443, 6666, 6667)),
    ],
)
def test_failsafe_ports(when: str) -> None:
    found = verdict([EVERYWHERE, gnp(DENY, selector=HOST, egress=[DENY])], when)
    assert found.decision is Decision.ALLOW


@pytest.mark.parametrize("when", ["ext -> node:n1 UDP/22", "node:n1 -> ext TCP/22"])
def test_ports_that_are_no_failsafe(when: str) -> None:
    assert decision([EVERYWHERE], when) == "Deny"


def test_profiles_allow_until_a_policy_selects_the_host_endpoint() -> None:
    allowing = hep(more=ALLOWING)
    assert denied([allowing]) == set()
    assert denied([allowing, gnp(FROM_OUTSIDE, selector=HOST)]) == OWN_TRAFFIC_IN - {"ext->n1"}
    assert denied([allowing, gnp(DENY, selector="has(other)")]) == set()
    # After Pass in the last tier the profile decides.
    assert denied([allowing, gnp(rule(action="Pass"), selector=HOST)]) == set()
    own = given("profile: {name: mine, ingress: [{action: Allow, source: {nets: [10.0.0.0/8]}}]}")
    mine = hep(more=", profiles: [mine, missing]")
    assert denied([mine, own]) == {"ext->n1", "n2->n1"} | OWN_TRAFFIC_OUT


def test_profiles_give_labels() -> None:
    own = given("profile: {name: mine, labelsToApply: {role: edge}}")
    mine = hep(more=", profiles: [mine]", labels="{}")
    assert denied([mine, own, gnp(ANY, selector="role == 'edge'")]) == OWN_TRAFFIC_OUT


def test_normal_policy_is_about_the_nodes_own_traffic_only() -> None:
    objects = [EVERYWHERE, gnp(FROM_OUTSIDE, selector=HOST)]
    assert denied(objects) == (OWN_TRAFFIC_IN - {"ext->n1"}) | OWN_TRAFFIC_OUT


def test_a_global_policy_without_selector_means_pods_and_hosts() -> None:
    spec = {"selector": "", "types": ["Ingress", "Egress"]}
    assert denied([EVERYWHERE, gnp(ANY, egress=[ANY], **spec)]) == set()
    # all() in a namespaceSelector means having a namespace, which hosts do not.
    objects = [EVERYWHERE, gnp(ANY, egress=[ANY], namespaceSelector="all()", **spec)]
    assert denied(objects) == OWN_TRAFFIC_IN | OWN_TRAFFIC_OUT


def test_host_network_pods_share_the_fate_of_their_node() -> None:
    assert decision([EVERYWHERE], "ext -> shop/hostd TCP/8080") == "Deny"
    assert decision([EVERYWHERE], "shop/hostd -> shop/web TCP/80") == "Allow"
    assert decision([EVERYWHERE], "shop/hostd -> shop/db TCP/80") == "Deny"


def test_which_interface_traffic_takes_is_an_assumption() -> None:
    unknown = "Unknown CalicoHostInterface"
    assert decision([UNKNOWN_ETH0], FLOWS["ext->n1"]) == unknown
    assert decision([UNKNOWN_ETH0], "ext -> node:n1 TCP/22") == "Allow"
    assert decision([UNKNOWN_ETH0], FLOWS["ext->own pod"]) == "Allow"
    forward = gnp(selector=HOST, applyOnForward=True)
    assert decision([UNKNOWN_ETH0, forward], FLOWS["ext->own pod"]) == unknown
    assert decision([UNKNOWN_ETH0, forward], FLOWS["own pod->own pod"]) == "Allow"
    assert findings([UNKNOWN_ETH0]) == [("CalicoHostInterface", "p0")]
    # An address that the node is not known by belongs to another interface.
    elsewhere = hep("''", ", expectedIPs: [172.16.0.4]")
    assert denied([elsewhere]) == set()


def test_a_named_interface_is_none_of_every_interface() -> None:
    objects = [hep(more=ALLOWING), hep("eth0", ", expectedIPs: [192.168.0.4]", "{host: b}")]
    assert denied(objects) == OWN_TRAFFIC_IN | OWN_TRAFFIC_OUT
    # Of two for one interface the first by name is in force.
    first = hep("eth0", f", expectedIPs: [192.168.0.4], name: a{ALLOWING}")
    assert denied([first, ETH0]) == set()


def test_selectors_mean_expected_addresses() -> None:
    objects = [ETH0, gnp(rule("source: {selector: has(host)}"))]
    assert decision(objects, "node:n1 -> shop/db TCP/53") == "Deny"
    allowing = hep("eth0", f", expectedIPs: [192.168.0.4]{ALLOWING}")
    objects = [allowing, gnp(rule("source: {selector: has(host)}"))]
    assert decision(objects, "node:n1 -> shop/db TCP/80") == "Allow"
    assert decision(objects, "shop/web -> shop/db TCP/80") == "Deny"
    # Without expected addresses a host endpoint is in no set.
    objects = [hep(more=ALLOWING), gnp(rule("source: {selector: has(host)}"))]
    assert decision(objects, "node:n1 -> shop/db TCP/80") == "Deny"


def test_named_ports_of_host_endpoints() -> None:
    port = ", ports: [{name: metrics, port: 9, protocol: TCP}]"
    named = hep("eth0", f", expectedIPs: [192.168.0.4]{port}")
    policy = gnp(rule("protocol: TCP, destination: {ports: [metrics]}"), selector=HOST)
    assert decision([named, policy], "ext -> node:n1 TCP/9") == "Allow"
    assert decision([named, policy], "ext -> node:n1 TCP/10") == "Deny"


def test_a_host_endpoint_of_a_node_that_is_not_there() -> None:
    elsewhere = given("hep: {node: n9, interfaceName: '*'}")
    assert denied([elsewhere]) == set()
    assert findings([elsewhere]) == [("CalicoHostEndpointWithoutNode", "p0")]


def test_pods_without_a_node_may_be_behind_the_host_endpoint() -> None:
    unplaced = pod("lab/loose", {"app": "loose"}, ips=["10.244.9.9"])
    forward = gnp(selector=HOST, applyOnForward=True)
    answer = decision([ETH0, forward], "ext -> lab/loose TCP/80", more=[unplaced])
    assert answer == "Unknown PlacementUnknown"
    assert decision([ETH0], "ext -> lab/loose TCP/80", more=[unplaced]) == "Allow"


def test_services_and_host_endpoint_policies() -> None:
    exposed = service(
        "shop/exposed",
        {"app": "side"},
        [{"port": 80, "targetPort": 8080}],
        type="LoadBalancer",
        clusterIP="10.0.0.70",
        load_balancer_ips=["198.51.100.70"],
    )

    def answer(objects: Sequence[Given], question: str) -> str:
        made = [
            calico_object(next(iter(each)), each, f"p{index}") for index, each in enumerate(objects)
        ]
        found = ask(snapshot(*fixture_manifests(), exposed, *made), question, "calico")
        return " ".join([found.decision.value, *sorted({e.code for e in found.assumptions})])

    outside, inside = (
        "203.0.113.10 -> svc:shop/exposed TCP/80",
        "shop/db -> svc:shop/exposed TCP/80",
    )
    by_source = gnp(rule("source: {nets: [198.18.0.0/15]}", "Deny"), **EARLY)
    assert answer([ETH0, by_source], inside) == "Allow"
    # The node that receives the call may be one whose host endpoints are asked as well.
    assert answer([ETH0, by_source], f"{outside} [node n1]") == "Allow"
    receiving = "Unknown CalicoReceivingHostEndpoint"
    assert answer([ETH0, by_source], f"{outside} [node n2]") == receiving
    by_destination = gnp(PORT_80, **EARLY)
    before = "Unknown CalicoBeforeTranslation"
    assert answer([ETH0, by_destination], f"{outside} [node n1]") == before
    assert answer([ETH0, by_destination], inside) == "Allow"
    assert answer([hep(more=ALLOWING), by_destination], inside) == before


def test_dual_stack_nodes_are_governed_per_family() -> None:
    both = node("n3", "192.168.0.6", "fd00:a::6")
    host = given("hep: {node: n3, interfaceName: eth0, expectedIPs: [192.168.0.6]}")
    assert decision([host], "ext -> node:n3 TCP/80", more=[both]) == "Deny"
    unknown = "Unknown CalicoHostInterface"
    assert decision([host], "ext6 -> node:n3 TCP/80", more=[both]) == unknown


def test_stages_in_the_order_of_the_data_plane() -> None:
    objects = [
        *(ETH0, gnp(DENY, **UNTRACKED), gnp(DENY, **EARLY)),
        *(gnp(DENY, selector=HOST, applyOnForward=True), gnp(DENY)),
    ]
    assert [each.name for each in pipeline(objects).ingress] == [
        *("ownNode", "ownNodeOfHost", "failsafe", "doNotTrack:default", "preDNAT:default"),
        *("hostEntry:doNotTrack:default", "hostEntry:preDNAT:default"),
        *("hostEntry:forward:default", "default", "profiles"),
    ]
