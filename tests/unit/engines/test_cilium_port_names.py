"""Port names in egress rules: one table for the whole cluster, up to Cilium 1.19.

Source: cilium/cilium pkg/endpoint/policy.go (GetNamedPort: "egress needs named ports of all the
pods"), pkg/types/portmap.go (NamedPortMultiMap) and pkg/policy/l4.go (toMapState: "nothing to be
done for undefined named port").
"""

from __future__ import annotations

import pytest

from service.analysis.causes import Causes
from service.analysis.evaluate import Evaluator
from service.engines.registry import compile_pipeline
from tests.builders import Manifest, pod, profile, snapshot
from tests.unit.engines.policy_cluster import assumed, decision, objects, verdict
from tests.unit.engines.rows import EVERY_CILIUM
from tests.vectors.shorthand import fixture_manifests, flow_of

DECLARES = pod("lab/p", ips=["10.244.1.70"], on="n1", ports="api=8080 udp-api=8081/UDP")
SILENT = pod("lab/r", ips=["10.244.1.71"], on="n1")
ON_NODE = pod("lab/h", ips=["192.168.0.4"], on="n1", ports="api=9999 own=7777", hostNetwork=True)
FINISHED = pod("lab/done", ips=["10.244.1.72"], on="n1", ports="api=6666", phase="Succeeded")
PODS = (DECLARES, SILENT, ON_NODE, FINISHED)


def knp(ports: str, peers: str = "") -> str:
    to = f"to: [{peers}], " if peers else ""
    return (
        "ns: lab, spec: {podSelector: {matchLabels: {app: test}}, policyTypes: [Egress], "
        f"egress: [{{{to}ports: [{ports}]}}]}}"
    )


def cnp(section: str, peers: str, ports: str, more: str = "") -> str:
    return (
        f"cnp: {{ns: lab, endpointSelector: {{matchLabels: {{app: test}}}}, {more}"
        f"{section}: [{{{peers}, toPorts: [{{ports: [{ports}]}}]}}]}}"
    )


ALL_PODS = "{namespaceSelector: {}}"
API = "{port: api, protocol: TCP}"
DENY_API = cnp(
    "egressDeny", "toEntities: [all]", API, "enableDefaultDeny: {egress: false, ingress: false}, "
)


@pytest.mark.parametrize(
    ("given", "flow", "expected"),
    [
        # Whoever the entry selects, the one number counts, whether the destination says so or not.
        (knp("{port: api}", ALL_PODS), "lab/test -> lab/p TCP/8080", "Allow"),
        (knp("{port: api}", ALL_PODS), "lab/test -> lab/r TCP/8080", "Allow"),
        (knp("{port: api}", ALL_PODS), "lab/test -> lab/r TCP/80", "Deny"),
        (knp("{port: api}", ALL_PODS), "lab/test -> ext TCP/8080", "Deny"),
        (knp("{port: api}", ALL_PODS), "lab/test -> node:n2 TCP/8080", "Deny"),
        (knp("{port: api}"), "lab/test -> ext TCP/8080", "Allow"),
        (knp("{port: api}"), "lab/test -> node:n2 TCP/8080", "Allow"),
        (cnp("egress", "toEntities: [world]", API), "lab/test -> ext TCP/8080", "Allow"),
        (cnp("egress", "toEntities: [world]", API), "lab/test -> ext TCP/8081", "Deny"),
        (cnp("egress", "toEntities: [world]", API), "lab/test -> lab/p TCP/8080", "Deny"),
        (cnp("egress", "toCIDR: [203.0.113.0/24]", API), "lab/test -> ext TCP/8080", "Allow"),
        (cnp("egress", "toEntities: [host]", API), "lab/test -> node:n1 TCP/8080", "Allow"),
        (cnp("egress", "toEndpoints: [{}]", API), "lab/test -> lab/r TCP/8080", "Allow"),
        (DENY_API, "lab/test -> ext TCP/8080", "Deny"),
        (DENY_API, "lab/test -> lab/r TCP/8080", "Deny"),
        (DENY_API, "lab/test -> lab/r TCP/8081", "Allow"),
        # Names go with their protocol; without one a CiliumNetworkPolicy asks for each.
        (knp("{port: api, protocol: UDP}"), "lab/test -> lab/p UDP/8080", "Deny"),
        (knp("{port: udp-api, protocol: UDP}"), "lab/test -> lab/r UDP/8081", "Allow"),
        (knp("{port: udp-api}"), "lab/test -> lab/p TCP/8081", "Deny"),
        (cnp("egress", "toEntities: [all]", "{port: udp-api}"), "lab/test -> lab/r UDP/8081",
         "Allow"),
        (cnp("egress", "toEntities: [all]", "{port: udp-api}"), "lab/test -> lab/r TCP/8081",
         "Deny"),
        # A name that nobody has is skipped, and so is one that several numbers go by.
        (knp("{port: nobody}"), "lab/test -> lab/p TCP/8080", "Deny"),
        (knp("{port: http}"), "lab/test -> shop/web TCP/8080", "Deny"),
        (knp("{port: http}, {port: api}"), "lab/test -> lab/r TCP/8080", "Allow"),
        (cnp("egress", "toEntities: [all]", "{port: http}"), "lab/test -> shop/web TCP/8080",
         "Deny"),
        # What an entry that is skipped would deny is let through.
        (DENY_API.replace("port: api", "port: http"), "lab/test -> shop/web TCP/8080", "Allow"),
        # Pods on their node's network and finished ones add nothing.
        (knp("{port: own}"), "lab/test -> lab/h TCP/7777", "Deny"),
        (knp("{port: own}"), "lab/test -> lab/r TCP/7777", "Deny"),
    ],
)  # fmt: skip
def test_one_number_for_the_whole_cluster(given: str, flow: str, expected: str) -> None:
    for engine in EVERY_CILIUM.split():
        if engine in {"cilium:1.14", "cilium:1.15"} and "enableDefaultDeny" in given:
            continue  # the field came with 1.16
        assert decision([given], flow, engine, PODS) == expected, engine


def test_the_policed_pods_own_names_count_on_ingress() -> None:
    given = "ns: lab, spec: {podSelector: {}, ingress: [{ports: [{port: api}]}]}"
    assert decision([given], "shop/web -> lab/p TCP/8080", more=PODS) == "Allow"
    assert decision([given], "shop/web -> lab/r TCP/8080", more=PODS) == "Deny"


@pytest.mark.parametrize(
    ("port", "flow", "reason", "detail"),
    [
        ("api", "lab/test -> lab/p TCP/80", "PortMismatch", "port 80 is not among TCP 8080"),
        ("http", "lab/test -> shop/web TCP/8080", "NoUsablePort",
         "the engine cannot use any of the rule's port entries"),
        ("nobody", "lab/test -> lab/p TCP/8080", "NoUsablePort",
         "the engine cannot use any of the rule's port entries"),
    ],
)  # fmt: skip
def test_what_a_refusal_says(port: str, flow: str, reason: str, detail: str) -> None:
    found = verdict([knp(f"{{port: {port}}}")], flow, more=PODS).egress
    assert [(each.reason, each.detail) for each in found.evidence] == [(reason, detail)]


SIDECAR = pod("lab/w", ips=["10.244.1.73"], on="n1", sidecar_ports="api=9090")
SAME_SIDECAR = pod("lab/w", ips=["10.244.1.73"], on="n1", sidecar_ports="api=8080")
ANOTHER = pod("lab/v", ips=["10.244.1.74"], on="n1", ports="api=9091")
TWICE = pod("lab/t", ips=["10.244.1.75"], on="n1", ports="twin=81", init_ports="twin=82")
ONLY_SIDECARS = (
    pod("lab/w", ips=["10.244.1.73"], on="n1", sidecar_ports="late=9090"),
    pod("lab/v", ips=["10.244.1.74"], on="n1", sidecar_ports="late=9091"),
)
OPEN = "CiliumSidecarPortNames"


@pytest.mark.parametrize(
    ("port", "more", "to", "expected"),
    [
        # With the sidecar the name would have two numbers, without it one.
        ("api", (SIDECAR,), "lab/p TCP/8080", OPEN),
        ("api", (SIDECAR,), "lab/r TCP/8080", OPEN),
        ("api", (SIDECAR,), "ext TCP/8080", OPEN),
        # Its own number is never the only one.
        ("api", (SIDECAR,), "lab/w TCP/9090", "Deny"),
        # It changes nothing where it says the same, or where there are several anyway.
        ("api", (SAME_SIDECAR,), "lab/p TCP/8080", "Allow"),
        ("api", (SIDECAR, ANOTHER), "lab/p TCP/8080", "Deny"),
        # A name that only sidecars have counts or does not; two numbers of it never do.
        ("adm", (), "lab/r TCP/7000", OPEN),
        ("adm", (), "shop/side TCP/7000", OPEN),
        ("adm", (), "lab/r TCP/7001", "Deny"),
        ("late", ONLY_SIDECARS, "lab/w TCP/9090", "Deny"),
        # Within one pod it is open which of two numbers a name means.
        ("twin", (TWICE,), "lab/t TCP/81", "DuplicatePortName"),
        ("twin", (TWICE,), "lab/r TCP/82", OPEN),
        ("twin", (TWICE,), "lab/r TCP/83", "Deny"),
    ],
)
@pytest.mark.parametrize("policy", ["KNP", "CNP", "deny"])
def test_names_that_cilium_may_or_may_not_see(
    policy: str, port: str, more: tuple[Manifest, ...], to: str, expected: str
) -> None:
    entry = f"{{port: {port}, protocol: TCP}}"
    given = {
        "KNP": knp(entry),
        "CNP": cnp("egress", "toEntities: [all]", entry),
        "deny": DENY_API.replace(API, entry),
    }[policy]
    flow = f"lab/test -> {to}"
    if policy == "deny":
        expected = {"Allow": "Deny", "Deny": "Allow"}.get(expected, expected)
    if expected in {"Allow", "Deny"}:
        assert decision([given], flow, more=(*PODS, *more)) == expected
    else:
        assert expected in assumed([given], flow, more=(*PODS, *more))


def test_another_entry_settles_what_a_name_leaves_open() -> None:
    more = (*PODS, SIDECAR)
    flow = "lab/test -> lab/p TCP/8080"
    assert decision([knp("{port: api}, {port: 8080}")], flow, more=more) == "Allow"
    assert decision([knp("{port: api}"), knp("{port: 8080}")], flow, more=more) == "Allow"
    assert decision([knp("{port: api}, {port: 443}")], "lab/test -> lab/p TCP/443", more=more) == (
        "Allow"
    )


def test_a_filter_behind_a_name_that_is_open() -> None:
    rules = "rules: {http: [{method: GET}]}"
    given = (
        "cnp: {ns: lab, endpointSelector: {matchLabels: {app: test}}, egress: [{toEntities: [all], "
        f"toPorts: [{{ports: [{API}], {rules}}}]}}]}}"
    )
    more = (*PODS, SIDECAR)
    assert assumed([given], "lab/test -> lab/r TCP/8080", more=more) == {OPEN, "L7Filtered"}
    assert assumed([given], "lab/test -> lab/r TCP/8080", more=PODS) == {"L7Filtered"}
    assert decision([given], "lab/test -> lab/r TCP/9090", more=more) == "Deny"


@pytest.mark.parametrize(
    ("ports", "more", "to", "rule", "why"),
    [
        ("{port: api}", (), "lab/r TCP/8080", "MIG-018",
         "a port name stands for one number, whoever the destination is"),
        ("{port: api}, {port: 443}", (), "ext TCP/8080", "MIG-018",
         "a port name stands for one number, whoever the destination is"),
        ("{port: api}, {port: 443}", (ANOTHER,), "lab/p TCP/8080", "MIG-018",
         "a port name stands for several numbers"),
        ("{port: api}", (SIDECAR,), "lab/p TCP/8080", "MIG-030",
         "an init container declares the port name"),
        ("{port: api}, {port: 443}", (SIDECAR,), "lab/p TCP/8080", "MIG-030",
         "an init container declares the port name"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("source", ["npm", "calico"])
def test_what_a_migration_report_says_of_it(
    source: str, ports: str, more: tuple[Manifest, ...], to: str, rule: str, why: str
) -> None:
    found = snapshot(*fixture_manifests(), *PODS, *more, *objects([knp(ports)]))
    old, new = (compile_pipeline(found, profile(each)) for each in (source, "cilium"))
    before, after = (
        Evaluator(each, found.inventory).evaluate(flow_of(f"lab/test -> {to}"))
        for each in (old, new)
    )
    assert before.decision is not after.decision
    causes = Causes(old, new, found).of_verdicts(before, after)
    assert [each and (each.rule.id, each.why) for each in causes] == [(rule, why)]
