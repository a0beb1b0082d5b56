"""Table 7.1 of semantics.md: one manifest, and what each engine makes of it.

Row 24 is a limit of NPM's, not a verdict; row 23 and others that the shared vectors state in
the same words are in tests/conformance.
"""

from __future__ import annotations

import pytest

from tests.builders import pod
from tests.unit.engines.rows import ENFORCING, EVERY_CILIUM, FIXED, Row, answers, check


def _into(app: str, rule: str) -> str:
    return f"{{podSelector: {{matchLabels: {{app: {app}}}}}, ingress: [{rule}]}}"


def _out_of(app: str, rule: str) -> str:
    subject = f"{{matchLabels: {{app: {app}}}}}"
    return f"{{podSelector: {subject}, policyTypes: [Egress], egress: [{rule}]}}"


def _namespaces(expression: str, pods: str = "") -> str:
    more = f", podSelector: {pods}" if pods else ""
    return f"{{namespaceSelector: {{matchExpressions: [{expression}]}}{more}}}"


def _from_namespaces(expression: str, pods: str = "") -> str:
    return _into("db", f"{{from: [{_namespaces(expression, pods)}]}}")


def _to_namespaces(expression: str) -> str:
    return _out_of("db", f"{{to: [{_namespaces(expression)}]}}")


def _ports(port: str, app: str = "web") -> str:
    return _into(app, f"{{ports: [{port}]}}")


def _ports_out(port: str) -> str:
    return _out_of("db", f"{{ports: [{port}]}}")


def _labelled(key: str) -> str:
    peer = f"{{podSelector: {{matchExpressions: [{{key: {key}, operator: Exists}}]}}}}"
    return _into("db", f"{{from: [{peer}]}}")


POD_RANGE = _into("db", "{from: [{ipBlock: {cidr: 10.244.0.0/16}}]}")
EVERYWHERE = _out_of("db", "{to: [{ipBlock: {cidr: 0.0.0.0/0}}]}")
NODES_IN = _into("web", "{from: [{ipBlock: {cidr: 192.168.0.0/24}}]}")
EXCEPT = _into("db", "{from: [{ipBlock: {cidr: 203.0.113.0/24, except: [203.0.113.0/28]}}]}")
BOTH_FAMILIES = _into("db", "{from: [{podSelector: {}}, {ipBlock: {cidr: '2001:db8::/32'}}]}")
LEGACY = _into("db", "{from: [{ipBlock: {cidr: 010.0.0.0/8}}]}")
UNLISTED = "{policyTypes: [Ingress], egress: [{to: [{ipBlock: {cidr: 198.51.100.0/24}}]}]}"
NOT_TEAM_B = "{key: team, operator: NotIn, values: [b]}"
NO_TEAM = "{key: team, operator: DoesNotExist}"
NOT_APP_X = "{matchExpressions: [{key: app, operator: NotIn, values: [x]}]}"
PODS_WITHOUT_APP = "{podSelector: {matchExpressions: [{key: app, operator: DoesNotExist}]}}"
ALL_AND_IPV6 = "ingress: [{}, {from: [{ipBlock: {cidr: 'fd00::/8'}}]}]"

#: A StatefulSet's pod, with labels that Cilium leaves out of identities.
LABELLED = pod(
    "shop/labelled",
    {
        "app": "labelled",
        "pod-template-hash": "abc",
        "statefulset.kubernetes.io/pod-name": "labelled",
        "app.kubernetes.io/name": "labelled",
        "apps.kubernetes.io/pod-index": "0",
    },
    ips=["10.244.2.40"],
    on="n2",
)

ROWS = [
    Row("1", "ipBlock over pods, ingress", POD_RANGE, "lab/test -> shop/db TCP/5432",
        allow="kubernetes npm windows calico", deny="cilium cilium?cidrMatchMode=nodes"),
    Row("2", "0.0.0.0/0 out, to a pod", EVERYWHERE, "shop/db -> lab/test TCP/80",
        allow="kubernetes npm windows calico", deny=EVERY_CILIUM),
    Row("2", "0.0.0.0/0 out, to a node", EVERYWHERE, "shop/db -> node:n1 TCP/10250",
        allow="kubernetes npm windows calico cilium?cidrMatchMode=nodes", deny="cilium"),
    Row("2", "0.0.0.0/0 out, to the outside", EVERYWHERE, "shop/db -> 203.0.113.10 TCP/443",
        allow=ENFORCING),
    Row("3", "ipBlock of the nodes, other node", NODES_IN, "node:n2 -> shop/web TCP/8080",
        allow="kubernetes npm windows calico cilium?cidrMatchMode=nodes", deny="cilium"),
    Row("3", "hostNetwork pod there", NODES_IN, "shop/hostd -> shop/web2 TCP/9090",
        allow="kubernetes npm windows calico cilium?cidrMatchMode=nodes", deny="cilium"),
    Row("4", "inside except", EXCEPT, "203.0.113.10 -> shop/db TCP/5432",
        allow="windows", deny="kubernetes npm calico cilium"),
    Row("4", "beside except", EXCEPT, "203.0.113.99 -> shop/db TCP/5432", allow=ENFORCING),
    Row("4", "outside of the block", EXCEPT, "lab/test -> shop/db TCP/5432",
        allow="windows", deny="kubernetes npm calico cilium"),
    Row("5", "IPv6 block, pod of no rule", BOTH_FAMILIES, "lab/test -> shop/db TCP/5432",
        allow="npm windows", deny="kubernetes calico cilium"),
    Row("5", "IPv6 block, its own address", BOTH_FAMILIES, "2001:db8::1 -> shop/db TCP/5432",
        allow=ENFORCING),
    Row("5", "IPv4 spelling of /0 that ipset refuses",
        "{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/0}}]}]}",
        "203.0.113.10 -> shop/db TCP/5432", allow=ENFORCING),
    Row("6", "IPv6 of a dual-stack pod", "{podSelector: {}}", "2001:db8::1 -> shop/db TCP/5432",
        deny="kubernetes calico cilium",
        unknown={"npm": "NpmIpv6Unfiltered", "windows": "NpmIpv6Unfiltered"}),
    Row("6", "its IPv4", "{podSelector: {}}", "203.0.113.10 -> shop/db TCP/5432", deny=ENFORCING),
    Row("6", "between dual-stack pods", "{podSelector: {}}", "ops/dual -> shop/db TCP/5432",
        deny="kubernetes calico cilium", unknown={"npm": "AddressFamily"},
        also=(pod("ops/dual", ips=["10.244.1.90", "fd00:1::90"], on="n1"),)),
    Row("7", "leading zeros, inside", LEGACY, "10.9.9.9 -> shop/db TCP/5432",
        allow="kubernetes calico cilium",
        unknown={"npm": "NpmLegacyCidr", "windows": "NpmLegacyCidr"}),
    Row("7", "leading zeros, outside", LEGACY, "203.0.113.10 -> shop/db TCP/5432",
        allow="calico", deny="kubernetes",
        unknown={"npm": "NpmLegacyCidr", "windows": "NpmLegacyCidr", "cilium": "CiliumLegacyCidr"}),
    Row("8", "egress rule of an ingress policy",
        UNLISTED,
        "shop/db -> 203.0.113.10 TCP/443", allow="kubernetes npm windows calico",
        deny=EVERY_CILIUM),
    Row("8", "the same rule's own peer",
        UNLISTED,
        "shop/db -> 198.51.100.1 TCP/443", allow=ENFORCING),
    Row("9", "NotIn [b], outside", _from_namespaces(NOT_TEAM_B),
        "203.0.113.10 -> shop/db TCP/5432",
        allow="npm windows windows?fixes=2026-09 cilium:1.14 cilium:1.18",
        deny=f"kubernetes {FIXED} calico cilium:1.19"),
    Row("9", "NotIn [b], other node", _from_namespaces(NOT_TEAM_B), "node:n1 -> shop/db TCP/5432",
        allow="npm windows cilium:1.18", deny=f"kubernetes {FIXED} calico",
        unknown={"cilium:1.19": "CiliumNegativeNamespaceSelectorNodes"}),
    Row("9", "DoesNotExist, outside", _from_namespaces(NO_TEAM),
        "203.0.113.10 -> shop/db TCP/5432",
        allow="npm windows cilium:1.18", deny=f"kubernetes {FIXED} calico cilium:1.19"),
    Row("9", "NotIn [b], pod of team b", _from_namespaces(NOT_TEAM_B),
        "ops/mon -> shop/db TCP/5432", allow="windows", deny="kubernetes npm calico cilium"),
    Row("9", "with a podSelector that needs a label",
        _from_namespaces(NOT_TEAM_B, "{matchLabels: {app: test}}"),
        "203.0.113.10 -> shop/db TCP/5432", allow="windows", deny="kubernetes npm calico cilium"),
    Row("9", "with a podSelector of negations",
        _from_namespaces(NOT_TEAM_B, NOT_APP_X),
        "203.0.113.10 -> shop/db TCP/5432",
        allow="npm windows cilium:1.18", deny=f"kubernetes {FIXED} calico cilium:1.19"),
    Row("10", "NotIn [a, b]", _from_namespaces("{key: team, operator: NotIn, values: [a, b]}"),
        "ops/mon -> shop/db TCP/5432",
        allow="npm windows", deny=f"kubernetes {FIXED} calico cilium"),
    Row("11", "NotIn [b] out, to team b", _to_namespaces(NOT_TEAM_B), "shop/db -> ops/mon TCP/3000",
        allow="windows windows?fixes=2026-09", deny="kubernetes npm calico cilium"),
    Row("11", "NotIn [b] out, to another", _to_namespaces(NOT_TEAM_B),
        "shop/db -> lab/test TCP/80",
        allow="kubernetes npm calico cilium windows?fixes=2026-09", deny="windows"),
    Row("11", "DoesNotExist out, to team b", _to_namespaces(NO_TEAM), "shop/db -> ops/mon TCP/3000",
        allow="windows", deny="kubernetes npm calico cilium"),
    Row("11", "DoesNotExist out, to the outside", _to_namespaces(NO_TEAM),
        "shop/db -> 203.0.113.10 TCP/443", allow="npm cilium:1.18",
        deny=f"kubernetes {FIXED} windows calico cilium:1.19"),
    Row("12", "podSelector NotIn as subject",
        "{podSelector: {matchExpressions: [{key: app, operator: NotIn, values: [web]}]}}",
        "lab/test -> shop/db TCP/5432", allow="windows", deny="kubernetes npm calico cilium"),
    Row("12", "podSelector DoesNotExist as peer",
        f"{{ingress: [{{from: [{PODS_WITHOUT_APP}]}}]}}",
        "shop/web -> shop/db TCP/5432", allow="windows", deny="kubernetes npm calico cilium"),
    Row("13", "named port, its number", _ports("{port: http}"), "lab/test -> shop/web TCP/8080",
        allow=ENFORCING),
    Row("13", "named port, number of another pod", _ports("{port: http}"),
        "lab/test -> shop/web TCP/9090", allow="windows", deny="kubernetes npm calico cilium"),
    Row("14", "name with several numbers, out", _ports_out("{port: http}"),
        "shop/db -> shop/web TCP/8080", allow="kubernetes npm windows calico", deny=EVERY_CILIUM),
    Row("14", "name with one number, out", _ports_out("{port: metrics}"),
        "shop/db -> shop/web TCP/9100", allow=ENFORCING),
    Row("14", "named port out, to the outside", _ports_out("{port: metrics}"),
        "shop/db -> 203.0.113.10 TCP/9100", allow=f"windows {EVERY_CILIUM}",
        deny="kubernetes npm calico"),
    Row("14", "named port out, to a pod without it", _ports_out("{port: metrics}"),
        "shop/db -> lab/test TCP/9100", allow=f"windows {EVERY_CILIUM}",
        deny="kubernetes npm calico"),
    Row("14", "named port out, to a hostNetwork pod", _ports_out("{port: agent}"),
        "shop/db -> ops/agent TCP/9999", allow="windows", deny="npm calico cilium",
        unknown={"kubernetes": "HostNetworkPortNames"},
        also=(pod("ops/agent", on="n1", ports="agent=9999", hostNetwork=True),)),
    Row("15", "name declared by a sidecar", _ports("{port: adm}", "side"),
        "lab/test -> shop/side TCP/7000", allow="kubernetes windows calico calico:3.31",
        deny="npm calico:3.29", unknown={"cilium": "CiliumSidecarPortNames"}),
    Row("15", "name declared by an init container", _ports("{port: early}", "starting"),
        "lab/test -> shop/starting TCP/7001", allow="windows calico",
        deny="kubernetes npm calico:3.29", unknown={"cilium": "CiliumSidecarPortNames"},
        also=(pod("shop/starting", {"app": "starting"}, on="n1", init_ports="early=7001"),)),
    Row("15", "one name, two numbers in a pod", _ports("{port: http}", "twice"),
        "lab/test -> shop/twice TCP/81", allow="windows", deny="npm calico:3.29",
        unknown={
            "kubernetes": "DuplicatePortName", "calico": "DuplicatePortName",
            "cilium": "CiliumSidecarPortNames",
        },
        also=(
            pod("shop/twice", {"app": "twice"}, on="n1", ports="http=80", sidecar_ports="http=81"),
        )),
    Row("16", "endPort, last port", _ports("{port: 8000, endPort: 9000}"),
        "lab/test -> shop/web TCP/9000",
        allow="kubernetes npm windows calico cilium:1.17 cilium", deny="cilium:1.14 cilium:1.16"),
    Row("16", "endPort, first port", _ports("{port: 8000, endPort: 9000}"),
        "lab/test -> shop/web TCP/8000", allow=f"{ENFORCING} cilium:1.14"),
    Row("16", "beyond endPort", _ports("{port: 8000, endPort: 9000}"),
        "lab/test -> shop/web TCP/9001", deny=ENFORCING),
    Row("17", "SCTP rule, its port", _ports("{port: 7777, protocol: SCTP}"),
        "lab/test -> shop/web SCTP/7777",
        allow="kubernetes npm windows calico cilium?sctp=enabled", deny="cilium?sctp=disabled",
        unknown={"cilium": "CiliumSctpEnabled"}),
    Row("17", "SCTP rule, TCP", _ports("{port: 7777, protocol: SCTP}"),
        "lab/test -> shop/web TCP/8080", allow="windows", deny="kubernetes npm calico cilium"),
    Row("17", "SCTP that no rule allows", _ports("{port: 80}"), "lab/test -> shop/web SCTP/7777",
        deny=f"{ENFORCING} cilium?sctp=disabled"),
    Row("17", "SCTP without policies", "", "lab/test -> shop/web SCTP/7777",
        allow="kubernetes npm windows calico none cilium?sctp=enabled", deny="cilium?sctp=disabled",
        unknown={"cilium": "CiliumSctpEnabled"}),
    Row("18", "ICMP, rule with ports", _ports("{port: 8080}"), "ops/mon -> shop/web ICMP",
        deny="npm windows calico cilium", unknown={"kubernetes": "OtherProtocolsUndefined"}),
    Row("19", "ICMP, rule without ports", "{podSelector: {}, ingress: [{}]}",
        "ops/mon -> shop/web ICMP", allow="npm windows calico cilium",
        unknown={"kubernetes": "OtherProtocolsUndefined"}),
    Row("19", "ICMP without policies", "", "ops/mon -> shop/web ICMP", allow=f"{ENFORCING} none"),
    Row("20", "peer by pod-template-hash", _labelled("pod-template-hash"),
        "shop/labelled -> shop/db TCP/5432", allow="kubernetes npm windows calico",
        deny=EVERY_CILIUM, also=(LABELLED,)),
    Row("20", "peer by StatefulSet name", _labelled("statefulset.kubernetes.io/pod-name"),
        "shop/labelled -> shop/db TCP/5432",
        allow="kubernetes npm windows calico cilium:1.14", deny="cilium:1.15 cilium",
        also=(LABELLED,)),
    Row("20", "peer by app.kubernetes.io/name", _labelled("app.kubernetes.io/name"),
        "shop/labelled -> shop/db TCP/5432", allow=ENFORCING, also=(LABELLED,)),
    Row("20", "subject by an ignored label",
        "{podSelector: {matchLabels: {pod-template-hash: abc}}}",
        "lab/test -> shop/labelled TCP/80", allow="cilium", deny="kubernetes npm windows calico",
        also=(LABELLED,)),
    Row("20", "subject without an ignored label",
        "{podSelector: {matchExpressions: [{key: pod-template-hash, operator: DoesNotExist}]}}",
        "lab/test -> shop/labelled TCP/80", allow="kubernetes npm windows calico", deny="cilium",
        also=(LABELLED,)),
    Row("21", "namespaceSelector {} and a node",
        "{ingress: [{from: [{namespaceSelector: {}}]}]}", "node:n1 -> shop/db TCP/5432",
        deny=ENFORCING),
    Row("21", "namespaceSelector {} and a hostNetwork pod",
        "{ingress: [{from: [{namespaceSelector: {}}]}]}", "shop/hostd -> shop/db TCP/5432",
        deny="npm windows calico cilium", unknown={"kubernetes": "HostNetworkUndefined"}),
    Row("22", "an update that NPM cannot read keeps the old version", BOTH_FAMILIES,
        "shop/web -> shop/db TCP/5432", allow="kubernetes calico cilium", deny="npm windows",
        before="{podSelector: {}}"),
    Row("22", "nothing is kept where the old version was refused as well", BOTH_FAMILIES,
        "lab/test -> shop/db TCP/5432", allow="npm windows", deny="kubernetes calico cilium",
        before="{ingress: [{from: [{ipBlock: {cidr: 'fd00::/8'}}]}]}"),
    Row("22", "Windows removes the old version before it finds a negation",
        _from_namespaces(NOT_TEAM_B), "ops/mon -> shop/db TCP/5432", allow="windows",
        deny="kubernetes npm calico cilium", before="{podSelector: {}}"),
    Row("22", "one bad element of ingress opens egress too",
        "{policyTypes: [Ingress, Egress], ingress: [{ports: [{port: http}]}]}",
        "shop/db -> 203.0.113.10 TCP/443", allow="windows", deny="kubernetes npm calico cilium"),
    Row("23", "{} beside what NPM cannot read",
        f"{{{ALL_AND_IPV6}}}",
        "203.0.113.10 -> shop/web TCP/8080", allow=ENFORCING),
    Row("23", "the policy is applied, so its other direction isolates",
        f"{{policyTypes: [Ingress, Egress], {ALL_AND_IPV6}}}",
        "shop/web -> 203.0.113.10 TCP/443", deny=ENFORCING),
]  # fmt: skip


@pytest.mark.parametrize(("row", "engine", "expected"), answers(ROWS))
def test_row(row: Row, engine: str, expected: str) -> None:
    check(row, engine, expected)


def test_every_row_of_the_table_is_here() -> None:
    assert {int(row.number) for row in ROWS} == set(range(1, 24))
