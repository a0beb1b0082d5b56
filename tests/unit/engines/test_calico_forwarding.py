"""Calico's host endpoints and what the node forwards: forward, preDNAT and untracked policy.

Expectations follow felix/fv/hostendpoints_test.go and the documentation of host endpoints.
"""

from __future__ import annotations

import pytest

from tests.unit.engines.calico_cluster import (
    Given,
    decision,
    findings,
    given,
    gnp,
    rule,
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
    UNTRACKED,
    denied,
    hep,
)


@pytest.mark.parametrize("host", [ETH0, BY_ADDRESS])
def test_forwarded_traffic_of_one_interface(host: Given) -> None:
    forward = gnp(FROM_OUTSIDE, selector=HOST, applyOnForward=True)
    # Egress is not touched: no policy with applyOnForward is for it.
    own = (OWN_TRAFFIC_IN - {"ext->n1"}) | OWN_TRAFFIC_OUT
    assert denied([host, forward]) == own | {"other pod->own pod"}
    egress = gnp(
        selector=HOST, types=["Egress"], applyOnForward=True, egress=[rule("protocol: UDP")]
    )
    forwarded_out = {"own pod->ext", "own pod->other pod"}
    assert denied([host, egress]) == OWN_TRAFFIC_IN | OWN_TRAFFIC_OUT | forwarded_out


def test_forwarded_traffic_past_every_interface() -> None:
    """The interfaces of pods are among them, so that both directions apply to every packet."""
    own = (OWN_TRAFFIC_IN - {"ext->n1"}) | OWN_TRAFFIC_OUT
    forward = gnp(FROM_OUTSIDE, selector=HOST, applyOnForward=True)
    assert denied([EVERYWHERE, forward]) == own | {
        *("own pod->ext", "own pod->other pod", "other pod->own pod", "own pod->own pod")
    }
    # As in felix's own test: ingress from its own pod only, all egress.
    from_web = rule("source: {selector: app == 'web'}")
    both = gnp(
        from_web, selector=HOST, types=["Ingress", "Egress"], applyOnForward=True, egress=[ANY]
    )
    assert denied([EVERYWHERE, both]) == OWN_TRAFFIC_IN | {"ext->own pod", "other pod->own pod"}


def test_forward_policy_passes_on_to_the_pods_own() -> None:
    forward = gnp(ANY, selector=HOST, applyOnForward=True)
    closed = gnp(selector="app == 'web'")
    assert decision([ETH0, forward, closed], FLOWS["ext->own pod"]) == "Deny"
    open_ = gnp(ANY, selector="app == 'web'")
    assert decision([ETH0, forward, open_], FLOWS["ext->own pod"]) == "Allow"


def test_tiers_of_forwarded_traffic() -> None:
    tiers = [given("tier: {name: one, order: 1}"), given("tier: {name: two, order: 2}")]

    def at(tier: str, action: str) -> Given:
        return gnp(rule(action=action), selector=HOST, tier=tier, applyOnForward=True)

    when = FLOWS["ext->own pod"]
    assert decision([ETH0, *tiers, at("one", "Allow"), at("two", "Deny")], when) == "Allow"
    assert decision([ETH0, *tiers, at("one", "Pass"), at("two", "Deny")], when) == "Deny"
    # There are no profiles for forwarded traffic: what passes every tier is let through.
    assert decision([ETH0, *tiers, at("one", "Pass"), at("two", "Pass")], when) == "Allow"
    assert decision([ETH0, *tiers, at("one", "Log"), at("two", "Allow")], when) == "Deny"


def test_failsafe_ports_mean_nothing_for_forwarded_traffic() -> None:
    forward = gnp(selector=HOST, applyOnForward=True)
    assert decision([ETH0, forward], "ext -> shop/web TCP/22") == "Deny"


def test_policy_before_address_translation() -> None:
    dropped = {"other pod->own pod", "ext->own pod"}
    assert denied([ETH0, gnp(PORT_80, **EARLY)]) == OWN_TRAFFIC_IN | OWN_TRAFFIC_OUT | dropped
    # A failsafe port passes, and nothing drops at the end of a tier.
    assert decision([ETH0, gnp(PORT_80, **EARLY)], "ext -> shop/web TCP/22") == "Allow"
    assert decision([ETH0, gnp(PORT_80, **EARLY)], "ext -> shop/web TCP/81") == "Allow"
    # What it allows, normal and forward policy are not asked about.
    allowing = [ETH0, gnp(ANY, **EARLY), gnp(selector=HOST, applyOnForward=True)]
    assert denied(allowing) == OWN_TRAFFIC_OUT
    # The pod's own policy still is.
    assert decision([*allowing, gnp(selector="app == 'web'")], FLOWS["ext->own pod"]) == "Deny"


def test_early_policy_past_every_interface_meets_what_pods_send() -> None:
    found = denied([EVERYWHERE, gnp(PORT_80, **EARLY)])
    assert found == set(FLOWS) - {"n1->own pod"}
    # The node itself is among the destinations, its own traffic is not among the sources.
    objects = [hep(more=ALLOWING), gnp(rule("source: {nets: [10.244.1.10/32]}", "Deny"), **EARLY)]
    assert denied(objects) == {
        *("own pod->n1", "own pod->ext", "own pod->other pod", "own pod->own pod")
    }


def test_untracked_policy() -> None:
    allowed = hep("eth0", f", expectedIPs: [192.168.0.4]{ALLOWING}")
    assert denied([allowed, gnp(PORT_80, **UNTRACKED)]) == {
        *("other pod->n1", "n2->n1", "ext->own pod", "other pod->own pod")
    }
    replies = "Unknown CalicoUntrackedReplies"
    assert decision([ETH0, gnp(ANY, **UNTRACKED)], FLOWS["ext->n1"]) == replies
    assert decision([ETH0, gnp(ANY, **UNTRACKED)], FLOWS["ext->own pod"]) == replies
    assert decision([ETH0, gnp(ANY, **UNTRACKED)], "ext -> node:n1 TCP/22") == "Allow"


def test_every_interface_has_no_untracked_policy() -> None:
    objects = [hep(more=ALLOWING), gnp(DENY, **UNTRACKED)]
    assert denied(objects) == set()
    assert findings(objects) == [("CalicoPolicyWithoutEffect", "p1")]
