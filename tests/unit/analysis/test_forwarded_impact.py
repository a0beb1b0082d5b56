"""What changes at ports of nodes that lead to pods, and that no row of policies tells."""

from __future__ import annotations

import pytest

from service.analysis.compare import Block, Change
from service.analysis.forwarded_impact import divided_at
from service.model.intervals import NOTHING, Intervals
from service.model.ports import Protocol, describe_traffic, whole_protocol
from service.model.verdict import Decision
from tests.builders import Manifest, network_policy, pod, service
from tests.unit.analysis.test_impacts import changed

PUBLISHING = pod(
    "shop/published",
    {"app": "published"},
    on="n1",
    ips=["10.244.1.9"],
    containers=[
        {
            "name": "main",
            "ports": [
                {"containerPort": 80, "hostPort": 8080},
                {"containerPort": 53, "hostPort": 5353, "protocol": "UDP"},
            ],
        }
    ],
)
CLOSED = network_policy("{podSelector: {matchLabels: {app: published}}}", "shop/closed")
NODE_PORT = service(
    "shop/published",
    {"app": "published"},
    [
        {"name": "web", "port": 80, "nodePort": 30080},
        {"name": "signals", "port": 9, "protocol": "SCTP", "nodePort": 30009},
    ],
    type="NodePort",
)
#: Cilium alone counts the section that policyTypes does not list.
UNLISTED = network_policy(
    "{podSelector: {matchLabels: {app: published}}, policyTypes: [Egress],"
    " egress: [{}], ingress: [{from: [{podSelector: {}}]}]}",
    "shop/unlisted",
)
HOST_PORTS = "node n1 TCP 8080; UDP 5353"
ALL_PORTS = "node n1,node n2 TCP 8080,30080; UDP 5353; SCTP 30009"


def told(manifests: tuple[Manifest, ...], source: str, target: str) -> dict[str, str]:
    """The groups about nodes alone as `CHANGE RULE DIRECTION`, with destinations and traffic."""
    found: dict[str, str] = {}
    for each in changed(manifests, source, target).impact.groups:
        if all(unit.is_node for unit in each.destinations) and not each.service:
            assert each.cause is not None
            key = f"{each.change} {each.rule} {each.cause.direction}"
            assert key not in found
            ends = ",".join(map(str, each.destinations))
            found[key] = f"{ends} {describe_traffic(each.traffic)}"
    return found


@pytest.mark.parametrize(
    ("manifests", "source", "target", "expected"),
    [
        # What nobody knows is said at both ends, and told once.
        ((PUBLISHING, UNLISTED), "calico", "cilium", {"newlyUnknown MIG-037 Ingress": HOST_PORTS}),
        ((PUBLISHING, NODE_PORT, UNLISTED), "npm", "cilium",
         {"newlyUnknown MIG-037 Ingress": ALL_PORTS}),
        ((PUBLISHING, NODE_PORT), "calico", "cilium?policyEnforcement=always",
         {"newlyUnknown MIG-037 Ingress": ALL_PORTS}),
        ((PUBLISHING, CLOSED), "calico", "none", {"newlyAllowed MIG-020 Ingress": HOST_PORTS}),
        ((PUBLISHING, NODE_PORT, CLOSED), "calico", "none",
         {"newlyAllowed MIG-020 Ingress": ALL_PORTS}),
        # Under both engines it is open what policies see, or nobody stops anything.
        ((PUBLISHING, CLOSED), "npm", "calico", {}),
        ((PUBLISHING, NODE_PORT), "calico", "none", {}),
    ],
)  # fmt: skip
def test_ports_of_nodes_are_told_once(
    manifests: tuple[Manifest, ...], source: str, target: str, expected: dict[str, str]
) -> None:
    assert told(manifests, source, target) == expected


def block(sources: int, destinations: int, traffic: Intervals) -> Block:
    return Block(sources, destinations, traffic, Decision.UNKNOWN, Decision.ALLOW)


TCP = whole_protocol(Protocol.TCP)
PORT = Intervals(((Protocol.TCP << 16 | 80, Protocol.TCP << 16 | 80),))


def test_blocks_are_divided_at_ports_of_nodes() -> None:
    """Nodes are places 2 and 3; each connection is in one part, and only theirs are set apart."""
    plain, forwarded = divided_at(PORT, 0b1100, [block(1, 0b0110, TCP), block(2, 0b0010, PORT)])
    assert forwarded == (block(1, 0b0100, PORT),)
    assert plain == (block(1, 0b0010, TCP), block(1, 0b0100, TCP - PORT), block(2, 0b0010, PORT))
    assert divided_at(NOTHING, 0b1100, plain) == (plain, ())
    assert {each.change for each in (*plain, *forwarded)} == {Change.NEWLY_ALLOWED}
