"""Which addresses Calico's `services` means: those that the Service's EndpointSlices hold."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from tests.builders import Manifest, ask, namespace, node, pod, service, snapshot
from tests.vectors.calico import calico_object

N1, N2 = node("n1", "192.168.0.4"), node("n2", "192.168.0.5")
N3 = node("n3", "192.168.0.6")
DB = pod("shop/db", {"app": "db"}, on="n2", ips=["10.244.2.7", "fd00:1::7"])
DUAL = pod("shop/web", {"app": "web"}, on="n1", ips=["10.244.1.7", "fd00:1::8"])
ONLY_IPV4 = pod("shop/web", {"app": "web"}, on="n1", ips=["10.244.1.7"])
ONLY_IPV6 = pod("shop/web", {"app": "web"}, on="n1", ips=["fd00:1::8"])
OTHER = pod("shop/other", on="n1", hostNetwork=True)
PLACED = pod("shop/web", {"app": "web"}, on="n1", hostNetwork=True)
UNPLACED = pod("shop/web", {"app": "web"}, hostNetwork=True)
ADDRESSED = pod("shop/web", {"app": "web"}, hostNetwork=True, ips=["192.168.0.4"])

FOUR = {"clusterIP": "10.0.0.9", "clusterIPs": ["10.0.0.9"]}
SIX = {"clusterIP": "fd00:2::9", "clusterIPs": ["fd00:2::9"]}
BOTH = {"clusterIP": "10.0.0.9", "clusterIPs": ["10.0.0.9", "fd00:2::9"]}
HEADLESS = {"clusterIP": "None"}
#: As in files that were never applied.
PLAIN: dict[str, Any] = {}


def decision(web: Manifest, spec: dict[str, Any], source: str) -> str:
    """Whether `shop/db` admits a source when it admits the endpoints of a Service alone."""
    rule = {"action": "Allow", "source": {"services": {"name": "web", "namespace": "shop"}}}
    given = {"selector": "app == 'db'", "types": ["Ingress"], "ingress": [rule]}
    found = ask(
        snapshot(
            *(namespace("shop"), N1, N2, N3, DB, web, OTHER),
            service("shop/web", {"app": "web"}, [{"port": 80}], **spec),
            calico_object("gnp", {"gnp": given}, "admit"),
        ),
        f"{source} -> shop/db TCP/1",
        "calico",
    )
    return " ".join([found.decision.value, *sorted({each.code for each in found.assumptions})])


@pytest.mark.parametrize(
    ("web", "specs", "expected"),
    [
        (DUAL, [BOTH], "Allow"),
        (DUAL, [FOUR, SIX], "Unknown AddressFamily"),
        (DUAL, [HEADLESS, PLAIN], "Unknown AddressFamily ServiceFamilyUnknown"),
        (ONLY_IPV4, [FOUR, BOTH, HEADLESS, PLAIN], "Allow"),
        (ONLY_IPV4, [SIX], "Deny"),
        (ONLY_IPV6, [SIX, BOTH, HEADLESS, PLAIN], "Allow"),
        (ONLY_IPV6, [FOUR], "Deny"),
    ],
)
def test_families(web: Manifest, specs: Iterable[dict[str, Any]], expected: str) -> None:
    for spec in specs:
        assert decision(web, spec, "shop/web") == expected, spec


@pytest.mark.parametrize(
    ("web", "source", "expected"),
    [
        (PLACED, "shop/web", "Allow"),
        (PLACED, "node:n1", "Allow"),
        (PLACED, "shop/other", "Allow"),
        (PLACED, "node:n3", "Deny"),
        (ADDRESSED, "node:n1", "Allow"),
        (ADDRESSED, "shop/web", "Allow"),
        (UNPLACED, "shop/web", "Allow"),
        (UNPLACED, "node:n1", "Unknown ServiceEndpointsUnknown"),
    ],
)
def test_endpoints_that_use_the_network_of_a_node(
    web: Manifest, source: str, expected: str
) -> None:
    assert decision(web, FOUR, source) == expected


@pytest.mark.parametrize("others", [(), (service("shop/other", {"app": "other"}),)])
def test_a_service_that_is_not_there(others: Iterable[Manifest]) -> None:
    """Without any Service, what was uploaded tells nothing of Services."""
    meant = {"services": {"name": "web", "namespace": "shop"}}
    given = {
        "selector": "all()",
        "types": ["Ingress", "Egress"],
        "ingress": [{"action": "Allow", "source": meant}],
        "egress": [{"action": "Allow", "destination": meant}],
    }
    found = snapshot(
        *(namespace("shop"), N1, N2, DB, ONLY_IPV4, *others),
        calico_object("gnp", {"gnp": given}, "admit"),
    )
    expected = ("Deny", "Deny") if others else ("Unknown", "Unknown")
    verdict = ask(found, "shop/web -> shop/db TCP/80", "calico")
    assert (verdict.ingress.decision.value, verdict.egress.decision.value) == expected
