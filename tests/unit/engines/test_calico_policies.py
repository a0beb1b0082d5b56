"""Calico policies on pods: what they apply to and what their rules match."""

from __future__ import annotations

import pytest

from service.model.calico import STORED_API
from tests.builders import Manifest, pod, service
from tests.unit.engines.calico_cluster import (
    calnp,
    decision,
    findings,
    given,
    gnp,
    rule,
)

MON = "ops/mon -> shop/db TCP/5432"
WEB = "shop/web -> shop/db TCP/5432"
OUT = "ext -> shop/db TCP/5432"
DENY = rule(action="Deny")
LABELS_UNKNOWN = "Unknown CalicoServiceAccountLabels"


@pytest.mark.parametrize(
    ("source", "mon", "web", "outside"),
    [
        ("selector: app == 'mon'", "Allow", "Deny", "Deny"),
        ("selector: '!has(zone)'", "Allow", "Allow", "Deny"),
        ("notSelector: has(zone)", "Allow", "Allow", "Allow"),
        ("notSelector: app == 'mon'", "Deny", "Allow", "Allow"),
        # With both, the negative one narrows the positive one.
        ("selector: all(), notSelector: app == 'mon'", "Deny", "Allow", "Deny"),
        ("namespaceSelector: team == 'b'", "Allow", "Deny", "Deny"),
        ("namespaceSelector: all()", "Allow", "Allow", "Deny"),
        ("namespaceSelector: global()", "Deny", "Deny", "Deny"),
        ("namespaceSelector: kubernetes.io/metadata.name == 'ops'", "Allow", "Deny", "Deny"),
        ("namespaceSelector: projectcalico.org/name == 'ops'", "Allow", "Deny", "Deny"),
        ("namespaceSelector: env == 'prod', selector: app != 'web'", "Allow", "Deny", "Deny"),
        ("selector: pcns.team == 'b'", "Allow", "Deny", "Deny"),
        ("selector: pcns.team != 'a'", "Allow", "Deny", "Deny"),
        ("selector: projectcalico.org/namespace == 'ops'", "Allow", "Deny", "Deny"),
        ("selector: projectcalico.org/namespace starts with 'o'", "Allow", "Deny", "Deny"),
        ("selector: '!has(projectcalico.org/namespace)'", "Deny", "Deny", "Deny"),
        ("selector: projectcalico.org/orchestrator == 'k8s'", "Allow", "Allow", "Deny"),
        ("selector: projectcalico.org/orchestrator != 'k8s'", "Deny", "Deny", "Deny"),
        ("selector: projectcalico.org/serviceaccount == 'mon'", "Allow", "Deny", "Deny"),
        ("selector: \"pcsa.projectcalico.org/name in {'mon'}\"", "Allow", "Deny", "Deny"),
        ("serviceAccounts: {names: [mon, none]}", "Allow", "Deny", "Deny"),
        ("serviceAccounts: {names: []}", "Allow", "Allow", "Allow"),
        ("nets: [10.244.2.0/24]", "Allow", "Deny", "Deny"),
        ("nets: [203.0.113.0/24, 10.244.1.0/24]", "Deny", "Allow", "Allow"),
        ("notNets: [10.244.0.0/16]", "Deny", "Deny", "Allow"),
        ("nets: [10.0.0.0/8], notNets: [10.244.2.0/24]", "Deny", "Allow", "Deny"),
        ("nets: [10.0.0.0/8], selector: app == 'mon'", "Allow", "Deny", "Deny"),
        ("", "Allow", "Allow", "Allow"),
    ],
)
def test_sources_of_a_global_policy(source: str, mon: str, web: str, outside: str) -> None:
    objects = [gnp(rule(f"source: {{{source}}}"))]
    assert [decision(objects, when) for when in (MON, WEB, OUT)] == [mon, web, outside]


@pytest.mark.parametrize(
    ("source", "mon", "web", "outside"),
    [
        ("selector: all()", "Deny", "Allow", "Deny"),
        ("selector: app == 'mon', namespaceSelector: all()", "Allow", "Deny", "Deny"),
        ("notSelector: has(zone)", "Deny", "Allow", "Deny"),
        ("serviceAccounts: {names: [mon]}", "Deny", "Deny", "Deny"),
        ("serviceAccounts: {names: [mon]}, namespaceSelector: has(team)", "Allow", "Deny", "Deny"),
        ("nets: [10.244.2.0/24]", "Allow", "Deny", "Deny"),
        ("namespaceSelector: team == 'b'", "Allow", "Deny", "Deny"),
        ("", "Allow", "Allow", "Allow"),
    ],
)
def test_sources_of_a_namespaced_policy(source: str, mon: str, web: str, outside: str) -> None:
    objects = [calnp(rule(f"source: {{{source}}}"))]
    assert [decision(objects, when) for when in (MON, WEB, OUT)] == [mon, web, outside]


@pytest.mark.parametrize(
    ("match", "when", "expected"),
    [
        ("protocol: TCP, destination: {ports: [5432]}", WEB, "Allow"),
        ("protocol: TCP, destination: {ports: ['5000:5431', 5433]}", WEB, "Deny"),
        ("protocol: TCP, destination: {ports: ['5000:5432']}", WEB, "Allow"),
        ("protocol: TCP, destination: {ports: [sql]}", WEB, "Allow"),
        ("destination: {ports: [sql]}", WEB, "Allow"),
        ("protocol: UDP, destination: {ports: [sql]}", WEB, "Deny"),
        ("protocol: UDP, destination: {ports: [dns]}", "shop/web -> shop/db UDP/53", "Allow"),
        # Without a protocol a name is one of TCP.
        ("destination: {ports: [dns]}", "shop/web -> shop/db UDP/53", "Deny"),
        ("protocol: TCP, destination: {notPorts: [5432]}", WEB, "Deny"),
        ("protocol: TCP, destination: {notPorts: [5432]}", "shop/web -> shop/db TCP/1", "Allow"),
        ("protocol: TCP, destination: {notPorts: [5432]}", "shop/web -> shop/db UDP/1", "Deny"),
        ("protocol: TCP, destination: {notPorts: [sql]}", WEB, "Deny"),
        ("protocol: TCP, destination: {notPorts: [sql]}", "shop/web -> shop/db TCP/1", "Allow"),
        ("protocol: TCP, destination: {ports: [sql, 80], notPorts: [5432]}", WEB, "Deny"),
        (
            "protocol: TCP, destination: {ports: [sql, 80], notPorts: [5432]}",
            "shop/web -> shop/db TCP/80",
            "Allow",
        ),
        ("protocol: 6", WEB, "Allow"),
        ("protocol: 132", WEB, "Deny"),
        ("notProtocol: UDP", WEB, "Allow"),
        ("notProtocol: TCP", WEB, "Deny"),
        ("protocol: ICMP", "shop/web -> shop/db ICMP", "Allow"),
        ("protocol: ICMP, icmp: {type: 8}", "shop/web -> shop/db ICMP", "Allow"),
        ("protocol: ICMP, icmp: {type: 8, code: 1}", "shop/web -> shop/db ICMP", "Deny"),
        ("protocol: ICMP, notICMP: {type: 8}", "shop/web -> shop/db ICMP", "Deny"),
        ("protocol: ICMP, notICMP: {type: 8, code: 1}", "shop/web -> shop/db ICMP", "Allow"),
        ("protocol: TCP", "shop/web -> shop/db ICMP", "Deny"),
        ("ipVersion: 4", WEB, "Allow"),
        ("ipVersion: 6", WEB, "Deny"),
        ("ipVersion: 6", "ext6 -> shop/db TCP/5432", "Allow"),
        ("ipVersion: 4", "ext6 -> shop/db TCP/5432", "Deny"),
        # In the family that its blocks are not of a rule is not there at all, whether the blocks
        # are to match or not to match (felix/rules/policy.go, FilterRuleToIPVersion).
        ("source: {nets: [0.0.0.0/0]}", "ext6 -> shop/db TCP/5432", "Deny"),
        ("source: {notNets: [10.0.0.0/8]}", "ext6 -> shop/db TCP/5432", "Deny"),
        ("source: {notNets: ['fd00::/8']}", "ext6 -> shop/db TCP/5432", "Allow"),
        ("source: {notNets: ['fd00::/8']}", WEB, "Deny"),
        ("destination: {notNets: ['fd00::/8']}", WEB, "Deny"),
        ("destination: {notNets: [10.9.0.0/16]}", "ext6 -> shop/db TCP/5432", "Deny"),
        ("destination: {selector: tier == 'data'}", WEB, "Allow"),
        ("destination: {selector: tier == 'front'}", WEB, "Deny"),
        ("destination: {nets: [10.244.2.20/32]}", WEB, "Allow"),
        ("destination: {notNets: [10.244.2.0/24]}", WEB, "Deny"),
        ("protocol: TCP, source: {ports: [80]}", WEB, "Unknown SourcePortUnknown"),
        ("protocol: TCP, source: {notPorts: [80]}", WEB, "Unknown SourcePortUnknown"),
        ("protocol: UDP, source: {ports: [80]}", WEB, "Deny"),
    ],
)
def test_traffic_and_destinations(match: str, when: str, expected: str) -> None:
    assert decision([gnp(rule(match))], when) == expected


def test_services_match_endpoints_with_their_ports() -> None:
    called = rule("destination: {services: {name: web-svc, namespace: shop}}")
    objects = [gnp(selector="app == 'test'", types=["Egress"], egress=[called])]
    assert decision(objects, "lab/test -> shop/web TCP/8080") == "Allow"
    assert decision(objects, "lab/test -> shop/web2 TCP/9090") == "Allow"
    assert decision(objects, "lab/test -> shop/web TCP/9090") == "Deny"
    assert decision(objects, "lab/test -> shop/web UDP/8080") == "Deny"
    assert decision(objects, "lab/test -> shop/db TCP/8080") == "Deny"


def test_services_as_sources_match_addresses_alone() -> None:
    objects = [gnp(rule("source: {services: {name: web-svc, namespace: shop}}"))]
    assert decision(objects, WEB) == "Allow"
    assert decision(objects, "shop/web -> shop/db UDP/1") == "Allow"
    assert decision(objects, MON) == "Deny"


def test_services_without_selector_and_missing_ones() -> None:
    manual = service("shop/manual", None, [{"port": 1}], clusterIP="10.0.0.60")
    objects = [gnp(rule("source: {services: {name: manual, namespace: shop}}"))]
    assert decision(objects, WEB, more=[manual]) == "Unknown ServiceEndpointsUnknown"
    assert decision(objects, WEB) == "Deny"
    assert findings(objects) == [("CalicoServiceMissing", "")]


@pytest.mark.parametrize("selector", [None, {"app": "web"}])
def test_a_service_that_is_only_a_name_has_no_endpoints(selector: dict[str, str] | None) -> None:
    alias = service("shop/alias", selector, [{"port": 80}], type="ExternalName", externalName="a.b")
    meant = "services: {name: alias, namespace: shop}"
    objects = [gnp(rule(f"source: {{{meant}}}"))]
    assert decision(objects, WEB, more=[alias]) == "Deny"
    called = [gnp(selector="all()", types=["Egress"], egress=[rule(f"destination: {{{meant}}}")])]
    assert decision(called, "lab/test -> shop/web TCP/80", more=[alias]) == "Deny"


OUTSIDE_SET = "gnetset: {labels: {zone: x}, nets: [203.0.113.0/24]}"
OPS_SET = "netset: {ns: ops, labels: {zone: x}, nets: [203.0.113.0/24]}"
POD_SET = "gnetset: {labels: {zone: x}, nets: [10.244.2.0/24]}"


@pytest.mark.parametrize(
    ("networks", "source", "answers"),
    [
        # Sets of addresses are selected beside pods; those of a namespace with it.
        (OUTSIDE_SET, "selector: has(zone)", "DDA"),
        (OUTSIDE_SET, "selector: '!has(zone)'", "AAD"),
        (OUTSIDE_SET, "namespaceSelector: global()", "DDA"),
        (OUTSIDE_SET, "namespaceSelector: all(), selector: has(zone)", "DDD"),
        (OPS_SET, "namespaceSelector: team == 'b', selector: has(zone)", "DDA"),
        (OPS_SET, "selector: projectcalico.org/namespace == 'ops'", "ADA"),
        # A set may hold the addresses of pods.
        (POD_SET, "selector: has(zone)", "ADD"),
        (POD_SET, "notSelector: has(zone)", "DAA"),
    ],
)
def test_network_sets(networks: str, source: str, answers: str) -> None:
    objects = [given(networks), gnp(rule(f"source: {{{source}}}"))]
    assert "".join(decision(objects, when)[0] for when in (MON, WEB, OUT)) == answers


def test_a_namespaced_policy_means_network_sets_of_its_own_namespace_only() -> None:
    policy = calnp(rule("source: {selector: has(zone)}"))
    shop_set = OPS_SET.replace("ops", "shop")
    assert decision([given(shop_set), policy], OUT) == "Allow"
    assert decision([given(OPS_SET), policy], OUT) == "Deny"
    assert decision([given(OUTSIDE_SET), policy], OUT) == "Deny"


@pytest.mark.parametrize(
    ("fields", "applies"),
    [
        ("selector: all()", True),
        ("", True),
        ("namespaceSelector: team == 'a'", True),
        ("namespaceSelector: team == 'b'", False),
        ("namespaceSelector: has(team), selector: app == 'db'", True),
        ("serviceAccountSelector: projectcalico.org/name == 'default'", True),
        ("serviceAccountSelector: projectcalico.org/name == 'mon'", False),
        ("selector: app == 'web'", False),
    ],
)
def test_what_a_global_policy_applies_to(fields: str, applies: bool) -> None:
    objects = [given(f"gnp: {{{fields}}}")]
    assert decision(objects, WEB) == ("Deny" if applies else "Allow")


def service_account(place: str) -> Manifest:
    namespace, _, name = place.partition("/")
    metadata = {"namespace": namespace, "name": name}
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}


def test_pods_cannot_forge_labels_of_their_namespace() -> None:
    forged = pod("lab/forged", {"pcns.team": "b", "pcsa.x": "y"}, ips=["10.244.1.77"], on="n1")
    accounts = [service_account("lab/default")]
    for selector in ("pcns.team == 'b'", "has(pcsa.x)"):
        objects = [gnp(rule(f'source: {{selector: "{selector}"}}'))]
        when = "lab/forged -> shop/db TCP/1"
        assert decision(objects, when, more=[forged, *accounts]) == "Deny"


@pytest.mark.parametrize(
    ("policy", "accounts", "expected"),
    [
        ({"source": "serviceAccounts: {selector: role == 'admin'}"}, (), LABELS_UNKNOWN),
        ({"source": "serviceAccounts: {selector: role == 'admin'}"}, ("ops/mon",), "Deny"),
        ({"source": "serviceAccounts: {selector: role == 'admin'}"}, ("shop/web",), LABELS_UNKNOWN),
        ({"source": "selector: has(pcsa.role)"}, (), LABELS_UNKNOWN),
        ({"source": "selector: '!has(pcsa.role)'"}, (), LABELS_UNKNOWN),
        ({"source": "selector: '!has(pcsa.role)'"}, ("ops/mon",), "Allow"),
        # Names are known without the account.
        ({"source": "serviceAccounts: {names: [mon]}"}, (), "Allow"),
        ({"source": "selector: has(zone)"}, (), "Deny"),
        ({"serviceAccountSelector": "role == 'admin'"}, (), LABELS_UNKNOWN),
        ({"serviceAccountSelector": "role == 'admin'"}, ("shop/default",), "Allow"),
    ],
)
def test_labels_of_accounts_that_are_not_part_of_the_revision(
    policy: dict[str, str], accounts: tuple[str, ...], expected: str
) -> None:
    more = [service_account(each) for each in accounts]
    if "source" in policy:
        objects = [gnp(rule(f"source: {{{policy['source']}}}"))]
    else:
        objects = [gnp(DENY, **policy)]
    assert decision(objects, MON, more=more) == expected


def test_pods_and_nodes() -> None:
    to_node = rule("destination: {nets: [192.168.0.4/32]}")
    objects = [gnp(selector="app == 'web'", types=["Egress"], egress=[to_node])]
    own, other = "shop/web -> node:n1 TCP/80", "shop/web -> node:n2 TCP/80"
    assert decision(objects, own) == "Allow"
    assert decision(objects, other) == "Deny"
    dropping = "calico?endpointToHostAction=Drop"
    assert decision(objects, own, dropping) == "Deny"
    assert decision([], other, dropping) == "Allow"
    # The node of a pod always reaches it.
    assert decision([gnp(DENY)], "node:n2 -> shop/db TCP/1") == "Allow"
    assert decision([gnp(DENY)], "node:n1 -> shop/db TCP/1") == "Deny"


def test_ports_of_pods_on_the_node_network_have_no_names() -> None:
    named = pod("lab/host", ports="sql=5432", ips=["192.168.0.4"], on="n1", hostNetwork=True)
    called = rule("protocol: TCP, destination: {ports: [sql]}")
    objects = [gnp(selector="app == 'web'", types=["Egress"], egress=[called])]
    assert decision(objects, WEB) == "Allow"
    assert decision(objects, "shop/web -> lab/host TCP/5432", more=[named]) == "Deny"


@pytest.mark.parametrize(
    ("destination", "named"),
    [
        # Names are those of the endpoints that have the labels, whatever addresses a set holds.
        ("selector: has(zone), ports: [sql]", "Deny"),
        ("selector: has(zone), ports: [sql, 5432]", "Allow"),
        ("selector: has(zone), notPorts: [sql]", "Allow"),
        ("selector: has(zone) || app == 'db', ports: [sql]", "Allow"),
        ("selector: has(zone) || app == 'db', notPorts: [sql]", "Deny"),
        ("notSelector: has(zone), ports: [sql]", "Deny"),
        ("notSelector: app == 'web', ports: [sql]", "Allow"),
        ("ports: [sql]", "Allow"),
    ],
)
def test_names_of_ports_beside_network_sets(destination: str, named: str) -> None:
    called = rule(f"protocol: TCP, destination: {{{destination}}}")
    objects = [given(POD_SET), gnp(selector="app == 'web'", types=["Egress"], egress=[called])]
    assert decision(objects, WEB) == named


@pytest.mark.parametrize(
    ("version", "stored", "dns", "sql", "codes"),
    [
        ("3.31", False, "Deny", "Allow", ["CalicoNamedPortWithoutProtocol"]),
        # As if it were not there: nothing isolates the pod.
        ("3.31", True, "Allow", "Allow", ["CalicoNamedPortWithoutProtocol"]),
        ("3.32", False, "Allow", "Allow", []),
        ("3.32", True, "Allow", "Allow", []),
    ],
)
def test_names_of_ports_without_a_protocol(
    version: str, stored: bool, dns: str, sql: str, codes: list[str]
) -> None:
    policy = gnp(rule("destination: {ports: [dns, sql]}"))
    if stored:
        policy = {"gnp": {**policy["gnp"], "form": STORED_API}}
    engine = f"calico:{version}"
    assert decision([policy], "ops/mon -> shop/db UDP/53", engine) == dns
    assert decision([policy], "ops/mon -> shop/db TCP/5432", engine) == sql
    told = [code for code, _ in findings([policy], engine)]
    assert told == codes
    unnamed = "ops/mon -> shop/db TCP/81"
    assert decision([policy], unnamed, engine) == ("Allow" if stored and codes else "Deny")


def test_names_of_ports_that_are_not_meant() -> None:
    policy = gnp(rule("notProtocol: UDP, destination: {ports: [dns, sql]}"))
    assert decision([policy], "ops/mon -> shop/db UDP/53", "calico:3.32") == "Deny"
    assert decision([policy], "ops/mon -> shop/db TCP/5432", "calico:3.32") == "Allow"
    policy = gnp(rule("destination: {notPorts: [dns]}"))
    assert decision([policy], "ops/mon -> shop/db UDP/53", "calico:3.32") == "Deny"
    assert decision([policy], "ops/mon -> shop/db UDP/53", "calico:3.31") == "Allow"
