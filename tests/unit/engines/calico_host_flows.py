"""Host endpoints of the fixture, and the flows that a host endpoint of n1 may be about.

The fixture has n1 at 192.168.0.4 with shop/web, shop/side and ops/bot, and n2 at 192.168.0.5
with shop/db.
"""

from __future__ import annotations

from collections.abc import Sequence

from tests.unit.engines.calico_cluster import Given, decision, given, rule

ANY = rule()
DENY = rule(action="Deny")
FROM_OUTSIDE = rule("source: {nets: [203.0.113.0/24]}")
HOST = "host == 'a'"
EARLY = {"applyOnForward": True, "preDNAT": True, "selector": HOST}
UNTRACKED = {"applyOnForward": True, "doNotTrack": True, "selector": HOST}
PORT_80 = rule("protocol: TCP, destination: {ports: [80, 22]}", "Deny")


def hep(interface: str = "'*'", more: str = "", labels: str = "{host: a}") -> Given:
    return given(f"hep: {{node: n1, interfaceName: {interface}, labels: {labels}{more}}}")


EVERYWHERE = hep()
ETH0 = hep("eth0", ", expectedIPs: [192.168.0.4]")
UNKNOWN_ETH0 = hep("eth0")
BY_ADDRESS = hep("''", ", expectedIPs: [192.168.0.4]")
ALLOWING = ", profiles: [projectcalico-default-allow]"

#: To and from the node, from and to its pods; each as one letter of an answer.
FLOWS = {
    "ext->n1": "ext -> node:n1 TCP/8080",
    "n1->ext": "node:n1 -> ext TCP/443",
    "n1->own pod": "node:n1 -> shop/web TCP/80",
    "n1->other pod": "node:n1 -> shop/db TCP/80",
    "own pod->n1": "shop/web -> node:n1 TCP/80",
    "other pod->n1": "shop/db -> node:n1 TCP/80",
    "n2->n1": "node:n2 -> node:n1 TCP/80",
    "ext->own pod": "ext -> shop/web TCP/80",
    "own pod->ext": "shop/web -> ext TCP/80",
    "own pod->other pod": "shop/web -> shop/db TCP/80",
    "other pod->own pod": "shop/db -> shop/web TCP/80",
    "own pod->own pod": "shop/web -> shop/side TCP/80",
}


def denied(objects: Sequence[Given]) -> set[str]:
    """The flows that are denied; all others must be allowed."""
    answers = {name: decision(objects, when) for name, when in FLOWS.items()}
    assert set(answers.values()) <= {"Allow", "Deny"}, answers
    return {name for name, answer in answers.items() if answer == "Deny"}


OWN_TRAFFIC_IN = {"ext->n1", "other pod->n1", "n2->n1"}
OWN_TRAFFIC_OUT = {"n1->ext", "n1->other pod"}
