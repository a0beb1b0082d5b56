"""Ends that a snapshot does not know, or that have no network; ports and protocols likewise."""

from __future__ import annotations

import pytest

from service.analysis.evaluate import UnresolvedEnd
from service.engines.registry import engine_names
from service.model.flow import Flow, PodEnd, ServiceEnd
from service.model.snapshot import ClusterFacts, Snapshot
from service.model.verdict import Decision
from tests.builders import ask, evaluator, namespace, node, pod, service, snapshot
from tests.vectors.shorthand import fixture_manifests

PORTS = [{"port": 80, "name": "web"}, {"port": 53, "name": "dns", "protocol": "UDP"}]


@pytest.fixture(scope="module")
def cluster() -> Snapshot:
    return snapshot(*fixture_manifests(), service("shop/two-ports", {"app": "db"}, PORTS))


UNRESOLVED = [
    ("shop/nobody -> shop/db TCP/80", "source", "PodNotFound",
     "there is no pod shop/nobody in this revision"),
    ("shop/web -> lab/db TCP/80", "destination", "PodNotFound",
     "there is no pod lab/db in this revision"),
    ("shop/Deployment/x -> shop/db TCP/80", "source", "WorkloadNotFound",
     "there is no workload shop/Deployment/x in this revision"),
    ("shop/web -> shop/app=nothing TCP/80", "destination", "SelectorMatchesNothing",
     "there are no pods matching app=nothing in namespace shop in this revision"),
    ("node:n9 -> shop/db TCP/80", "source", "NodeNotFound",
     "there is no node n9 in this revision"),
    ("shop/web -> node:n9 TCP/80", "destination", "NodeNotFound",
     "there is no node n9 in this revision"),
    ("10.0.0.256 -> shop/db TCP/80", "source", "InvalidAddress",
     "'10.0.0.256' is no IP address"),
    ("shop/web -> 010.0.0.1 TCP/80", "destination", "InvalidAddress",
     "'010.0.0.1' is no IP address"),
    ("shop/web -> svc:shop/none TCP/80", "destination", "ServiceNotFound",
     "there is no Service shop/none in this revision"),
    ("shop/web -> svc:shop/web-svc TCP/80 [backend db]", "destination", "BackendNotFound",
     "pod shop/db is no backend of Service shop/web-svc"),
    ("203.0.113.10 -> svc:shop/web-svc TCP/80 [node n9]", "destination", "NodeNotFound",
     "there is no node n9 in this revision"),
    ("shop/web -> svc:shop/two-ports TCP/8080", "port", "ServicePortNotFound",
     "Service shop/two-ports has no port TCP 8080; it has TCP 80 (web), UDP 53 (dns)"),
    ("shop/web -> svc:shop/two-ports TCP/dns", "port", "ServicePortNotFound",
     "Service shop/two-ports has no port TCP dns; it has TCP 80 (web), UDP 53 (dns)"),
    ("shop/web -> shop/db TCP/http", "port", "NamedPortNotFound",
     "pod shop/db declares no TCP port named 'http'"),
    ("shop/web -> shop/db TCP/dns", "port", "NamedPortNotFound",
     "pod shop/db declares no TCP port named 'dns'"),
    ("shop/web -> shop/db TCP", "port", "PortRequired", "TCP needs a port"),
    ("shop/web -> shop/db UDPLite", "port", "PortRequired", "UDPLite needs a port"),
    ("shop/web -> shop/db ICMP/8", "port", "PortNotAllowed", "ICMP has no ports"),
    ("shop/web -> shop/db TCP/0", "port", "InvalidPort", "port 0 is not between 1 and 65535"),
    ("shop/web -> shop/db TCP/65536", "port", "InvalidPort",
     "port 65536 is not between 1 and 65535"),
    ("shop/web -> shop/db HTTP/80", "protocol", "UnknownProtocol",
     "'HTTP' is none of ICMP, TCP, UDP, ICMPv6, SCTP, UDPLite"),
]  # fmt: skip


@pytest.mark.parametrize(("question", "side", "code", "detail"), UNRESOLVED)
def test_unresolved(cluster: Snapshot, question: str, side: str, code: str, detail: str) -> None:
    with pytest.raises(UnresolvedEnd) as unresolved:
        ask(cluster, question)
    found = unresolved.value
    assert (found.side, found.code, found.detail) == (side, code, detail)


def test_a_service_is_no_source(cluster: Snapshot) -> None:
    end = ServiceEnd("shop", "web-svc")
    flow = Flow(end, PodEnd("shop", "db"), "TCP", 80)  # type: ignore[arg-type]
    with pytest.raises(UnresolvedEnd) as unresolved:
        evaluator(cluster).evaluate(flow)
    assert (unresolved.value.side, unresolved.value.code) == ("source", "ServiceNotAllowed")


NO_NETWORK = [
    ("shop/job -> shop/db TCP/5432", "EndpointHasNoNetwork"),
    ("lab/test -> shop/app=job TCP/80", "EndpointHasNoNetwork"),
    ("203.0.113.10 -> 198.51.100.1 TCP/80", "OutsideCluster"),
    ("shop/web -> 10.244.99.99 TCP/80", "AddressInPodRange"),
    ("203.0.113.10 -> svc:shop/web-svc TCP/80", "ServiceNotExposed"),
    ("shop/web -> svc:shop/alias TCP/80", "ServiceIsDnsOnly"),
    ("shop/web -> svc:shop/manual TCP/80", "ServiceWithoutSelector"),
    ("shop/web -> svc:shop/idle TCP/80", "ServiceHasNoBackend"),
]


@pytest.mark.parametrize("engine", engine_names())
@pytest.mark.parametrize(("question", "code"), NO_NETWORK)
def test_what_has_no_network_has_no_verdict(question: str, code: str, engine: str) -> None:
    found = snapshot(
        *fixture_manifests(),
        service("shop/alias", type="ExternalName", externalName="example.com"),
        service("shop/manual", ports=[{"port": 80}]),
        service("shop/idle", {"app": "job"}, [{"port": 80}]),
        facts=ClusterFacts(pod_cidrs=("10.244.0.0/16",)),
    )
    verdict = ask(found, question, engine)
    assert verdict.decision is Decision.UNKNOWN
    assert [each.code for each in verdict.assumptions] == [code]
    assert verdict.egress.decision is verdict.ingress.decision is Decision.NOT_APPLICABLE
    assert verdict.groups == ()


KNOWN = [
    namespace("shop"),
    node("n1", "192.168.0.4", "fd00:a::4"),
    pod("shop/web", ips=["10.244.1.10", "fd00::10"], on="n1"),
    pod("shop/agent", ips=["192.168.0.4"], on="n1", hostNetwork=True),
    pod("shop/db", ips=["10.244.1.11"], on="n1"),
]


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("10.244.1.10", "shop/web"),
        ("fd00::10", "shop/web"),
        ("fd00:0:0:0::0010", "shop/web"),
        ("::ffff:10.244.1.10", "shop/web"),
        ("192.168.0.4", "n1"),
        ("fd00:a::4", "n1"),
        ("192.168.0.5", "192.168.0.5"),
        ("::ffff:192.168.0.5", "192.168.0.5"),
        ("2001:DB8::1", "2001:db8::1"),
    ],
)
def test_an_address_stands_for_what_has_it(address: str, name: str) -> None:
    """A node wins over the hostNetwork pods that share its address."""
    (group,) = ask(snapshot(*KNOWN), f"{address} -> shop/db TCP/80", "calico").groups
    assert group.sources == (name,)
