"""Random small clusters with Calico's policies beside NetworkPolicies."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.builders import Manifest, service
from tests.property.clusters import (
    EVERYTHING,
    NAMESPACES,
    NODES,
    Cluster,
    Features,
    clusters,
)

API = "projectcalico.org/v3"
PINGS = frozenset({"ICMP", "ICMPv6"})
STAGED = ("Set", "Delete", "Learn", "Ignore")

_ATOMS = (
    *("app == 'a'", "app != 'b'", "app in {'a','b'}", "app not in {'a'}", "has(app)"),
    *("tier == 'a'", "!has(tier)", "tier contains 'a'", "app starts with 'a'", "app ends with 'b'"),
    *("role == 's'", "has(role)", "all()", "pcns.env == 'a'", "has(pcns.env)"),
    *("projectcalico.org/namespace == 'red'", "has(projectcalico.org/namespace)"),
    *("projectcalico.org/serviceaccount == 'robot'", "pcsa.kind == 'a'", "!has(pcsa.kind)"),
    *("projectcalico.org/orchestrator == 'k8s'", "pcns.forged == 'yes'"),
)
_NAMESPACE_ATOMS = (
    *("env == 'a'", "env != 'a'", "has(env)", "!has(env)", "projectcalico.org/name == 'red'"),
    *("kubernetes.io/metadata.name in {'red', 'blue'}", "has(forged)"),
)
_ACCOUNT_ATOMS = ("kind == 'a'", "!has(kind)", "projectcalico.org/name == 'robot'")
_NETS = {
    4: (
        "0.0.0.0/0",
        "10.0.0.0/8",
        "10.0.0.0/30",
        "10.0.0.3/32",
        "192.168.0.4/32",
        "203.0.113.0/24",
    ),
    6: ("::/0", "fd00::/16", "fd00::2/128", "fd00:a::/32", "2001:db8::/32"),
}
_PORTS: tuple[int | str, ...] = (80, 53, "79:81", "1:65535", "http", "dns", "admin")
#: Orders of policies; none twice, for what equal ones mean depends on names and versions.
_ORDERS: tuple[float, ...] = (-5, 10, 10.5, 999, 1000.5, 2000)
_ICMP: tuple[Manifest, ...] = ({"type": 8}, {"type": 8, "code": 0}, {"type": 0}, {"type": 128})
_SERVICE_PORTS: tuple[Manifest, ...] = (
    {"name": "a", "port": 1, "targetPort": 80},
    {"name": "b", "port": 80},
    {"name": "c", "port": 53, "protocol": "UDP"},
    {"name": "d", "port": 8, "targetPort": "http"},
    {"name": "e", "port": 9, "targetPort": "dns", "protocol": "UDP"},
)
_CLUSTER_ADDRESSES = (["10.96.0.9"], ["fd00:96::9"], ["10.96.0.9", "fd00:96::9"])
_ACTIONS = ("Allow", "Allow", "Deny", "Pass", "Log")


def _selectors(atoms: tuple[str, ...]) -> SearchStrategy[str]:
    return st.recursive(
        st.sampled_from(atoms),
        lambda inner: st.one_of(
            st.tuples(inner, st.sampled_from(["&&", "||"]), inner).map(
                lambda each: f"({each[0]}) {each[1]} {each[2]}"
            ),
            inner.map("!({})".format),
        ),
        max_leaves=3,
    )


def _maybe(draw: st.DrawFn, key: str, values: SearchStrategy[Any], chance: int = 3) -> Manifest:
    """The key with a value, once in so many times."""
    return {key: draw(values)} if draw(st.integers(1, chance)) == 1 else {}


@st.composite
def _entities(draw: st.DrawFn, family: int, *, ports: list[int | str]) -> Manifest:
    namespaces = st.one_of(st.sampled_from(["all()", "global()"]), _selectors(_NAMESPACE_ATOMS))
    some_nets = st.lists(st.sampled_from(_NETS[family]), min_size=1, max_size=2, unique=True)
    found = {
        **_maybe(draw, "selector", _selectors(_ATOMS), 2),
        **_maybe(draw, "notSelector", _selectors(_ATOMS), 5),
        **_maybe(draw, "namespaceSelector", namespaces),
        **_maybe(draw, "nets", some_nets),
        **_maybe(draw, "notNets", st.just([draw(st.sampled_from(_NETS[family][1:]))]), 5),
    }
    if draw(st.integers(1, 6)) == 1:
        found["serviceAccounts"] = draw(
            st.sampled_from(
                [
                    {"names": ["robot"]},
                    {"names": ["default", "none"]},
                    *({"selector": each} for each in _ACCOUNT_ATOMS),
                    {"names": ["robot"], "selector": "kind == 'a'"},
                ]
            )
        )
    if ports:
        some_ports = st.lists(st.sampled_from(ports), min_size=1, max_size=2, unique=True)
        found |= {**_maybe(draw, "ports", some_ports, 2), **_maybe(draw, "notPorts", some_ports, 6)}
    return found


@st.composite
def _rules(draw: st.DrawFn) -> Manifest:
    rule: Manifest = {"action": draw(st.sampled_from(_ACTIONS))}
    protocol = draw(st.sampled_from([None, None, "TCP", "UDP", "SCTP", "ICMP", "ICMPv6"]))
    if protocol:
        rule["protocol"] = protocol
    if protocol in PINGS:
        rule |= _maybe(draw, "icmp", st.sampled_from(_ICMP), 2)
        rule |= _maybe(draw, "notICMP", st.sampled_from(_ICMP), 4)
    elif draw(st.integers(0, 4)) == 0:
        rule["notProtocol"] = draw(st.sampled_from(["TCP", "UDP", 17, "ICMP"]))
    family = draw(st.sampled_from([4, 4, 6]))
    if not PINGS & {protocol, rule.get("notProtocol")} and draw(st.integers(0, 5)) == 0:
        rule["ipVersion"] = family
    # Numbers of ports need a protocol that has ports; names do not.
    ports: list[int | str] = [] if protocol in PINGS else ["http", "dns", "admin"]
    if protocol in {"TCP", "UDP", "SCTP"}:
        ports = list(_PORTS)
    for end, its_ports in (("source", []), ("destination", ports)):
        entity = draw(_entities(family, ports=its_ports))
        if entity:
            rule[end] = entity
    return rule


@st.composite
def _rules_on_services(draw: st.DrawFn, end: str, services: list[Manifest]) -> Manifest:
    """A rule that names a Service at one end, and nothing else of it."""
    metadata = draw(st.sampled_from(services))["metadata"]
    meant = {key: metadata[key] for key in ("name", "namespace")}
    return {"action": draw(st.sampled_from(_ACTIONS)), end: {"services": meant}}


def _some_rules(end: str, services: list[Manifest]) -> SearchStrategy[list[Manifest]]:
    rule = _rules()
    if services:
        rule = st.one_of(rule, rule, _rules_on_services(end, services))
    return st.lists(rule, min_size=1, max_size=3)


@st.composite
def _policies(
    draw: st.DrawFn,
    number: int,
    order: float | None,
    tiers: list[str],
    services: list[Manifest],
) -> Manifest:
    tier = draw(st.sampled_from(["default", *tiers]))
    spec: Manifest = {
        "tier": tier,
        **({} if order is None else {"order": order}),
        **_maybe(draw, "selector", _selectors(_ATOMS), 2),
        **_maybe(draw, "serviceAccountSelector", st.sampled_from(_ACCOUNT_ATOMS), 5),
        **_maybe(
            draw,
            "types",
            st.sampled_from([["Ingress"], ["Egress"], ["Ingress", "Egress"]]),
            2,
        ),
        **_maybe(draw, "ingress", _some_rules("source", services), 2),
        **_maybe(draw, "egress", _some_rules("destination", services), 2),
    }
    name = f"p{number}" if tier == "default" else f"{tier}.p{number}"
    metadata = {"name": name}
    kind = "GlobalNetworkPolicy"
    if draw(st.booleans()):
        kind, metadata["namespace"] = "NetworkPolicy", draw(st.sampled_from(NAMESPACES))
    else:
        subjects = st.one_of(st.just("all()"), _selectors(_NAMESPACE_ATOMS))
        spec |= _maybe(draw, "namespaceSelector", subjects)
    return calico_object(kind, metadata, spec)


@st.composite
def _sets(draw: st.DrawFn, number: int) -> Manifest:
    metadata: Manifest = {
        "name": f"set{number}",
        "labels": draw(
            st.dictionaries(st.sampled_from(["role", "app"]), st.sampled_from("as"), max_size=2)
        ),
    }
    kind = "GlobalNetworkSet"
    if draw(st.booleans()):
        kind, metadata["namespace"] = "NetworkSet", draw(st.sampled_from(NAMESPACES))
    nets = st.lists(st.sampled_from([*_NETS[4][1:], *_NETS[6][1:]]), max_size=3, unique=True)
    return calico_object(kind, metadata, {"nets": draw(nets)})


@st.composite
def _inventory_services(draw: st.DrawFn, inventory: list[Manifest]) -> list[Manifest]:
    """Up to two Services, each in front of some pod with labels."""
    found: list[Manifest] = []
    pods = [e for e in inventory if e["kind"] == "Pod" and e["metadata"].get("labels")]
    for number in range(draw(st.integers(0, 2)) if pods else 0):
        metadata = draw(st.sampled_from(pods))["metadata"]
        addresses = draw(st.sampled_from(_CLUSTER_ADDRESSES))
        spec: Manifest = {"clusterIP": addresses[0], "clusterIPs": addresses}
        if draw(st.integers(0, 4)) == 0:
            spec = {"type": "ExternalName", "externalName": "elsewhere.example"}
        some_ports = st.lists(
            st.sampled_from(_SERVICE_PORTS),
            min_size=1,
            max_size=2,
            unique_by=lambda each: each["name"],
        )
        key = draw(st.sampled_from(sorted(metadata["labels"])))
        selector = {key: metadata["labels"][key]}
        place = f"{metadata['namespace']}/svc{number}"
        found.append(service(place, selector, draw(some_ports), **spec))
    return found


@st.composite
def _tiers(draw: st.DrawFn) -> list[Manifest]:
    """Up to two tiers, before or after the default one."""
    orders = st.lists(st.sampled_from([10, 20, 2_000_000]), max_size=2, unique=True)
    return [
        calico_object(
            "Tier",
            {"name": name},
            {"order": order, **_maybe(draw, "defaultAction", st.sampled_from(["Deny", "Pass"]), 2)},
        )
        for name, order in zip("st", draw(orders), strict=False)
    ]


def calico_object(kind: str, metadata: Manifest, spec: Manifest) -> Manifest:
    return {"apiVersion": API, "kind": kind, "metadata": metadata, "spec": spec}


@st.composite
def calico_clusters(draw: st.DrawFn, features: Features = EVERYTHING) -> Cluster:
    """A cluster with NetworkPolicies, tiers, network sets and up to four of Calico's policies."""
    plain = draw(clusters(features))
    inventory = [
        {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {
                "name": name,
                "namespace": each,
                "labels": draw(st.sampled_from([{}, {"kind": "a"}, {"kind": "b"}])),
            },
        }
        for each in NAMESPACES
        for name in ("robot", "default")
    ]
    for pod in plain.inventory:
        if pod["kind"] == "Pod":
            if draw(st.booleans()):
                pod["spec"]["serviceAccountName"] = "robot"
            if draw(st.integers(0, 4)) == 0:
                # Labels of a namespace or service account cannot be forged by a pod.
                labels = {
                    **pod["metadata"].get("labels", {}),
                    "pcns.forged": "yes",
                    "pcsa.kind": "a",
                }
                pod["metadata"]["labels"] = labels
    tiers = draw(_tiers())
    names = [each["metadata"]["name"] for each in tiers]
    orders = draw(st.permutations([*_ORDERS, None]))
    services = draw(_inventory_services(plain.inventory))
    own = [
        draw(_policies(number, order, names, services))
        for number, order in enumerate(orders[: draw(st.integers(1, 4))])
    ]
    sets = [draw(_sets(number)) for number in range(draw(st.integers(0, 2)))]
    return replace(
        plain,
        inventory=[*plain.inventory, *inventory, *services],
        policies=[*plain.policies, *tiers, *sets, *own],
    )


_INTERFACES: tuple[Manifest, ...] = (
    {"interfaceName": "*"},
    {"interfaceName": "*", "profiles": ["projectcalico-default-allow"]},
    {"interfaceName": "eth0", "expectedIPs": ["192.168.0.4"]},
    {"interfaceName": "eth0", "expectedIPs": ["fd00:a::4", "192.168.0.5"]},
    {"interfaceName": "eth1"},
    {"interfaceName": "eth1", "profiles": ["kns.red"]},
    {"expectedIPs": ["192.168.0.5", "fd00:a::5"]},
)
_HOST_SELECTORS = ("has(host)", "host == 'n1'", "!has(projectcalico.org/orchestrator)", "all()")


@st.composite
def _host_policies(draw: st.DrawFn, number: int) -> Manifest:
    """A global policy for host endpoints, most of them about what nodes forward."""
    some_rules = st.lists(_rules(), min_size=1, max_size=2)
    way = draw(st.sampled_from(["own", "forward", "forward", "preDNAT", "doNotTrack"]))
    spec: Manifest = {
        "order": number,
        "selector": draw(st.sampled_from(_HOST_SELECTORS)),
        **({} if way == "own" else {"applyOnForward": True}),
        **({way: True} if way in {"preDNAT", "doNotTrack"} else {}),
        "ingress": draw(some_rules),
    }
    if way != "preDNAT":
        spec |= _maybe(draw, "egress", some_rules, 2)
    return calico_object("GlobalNetworkPolicy", {"name": f"host{number}"}, spec)


@st.composite
def host_clusters(draw: st.DrawFn, features: Features = EVERYTHING) -> Cluster:
    """The same with host endpoints and policies for them."""
    found = draw(calico_clusters(features))
    hosts = [
        calico_object(
            "HostEndpoint",
            {"name": f"host{number}", "labels": {"host": node}},
            {"node": node, **draw(st.sampled_from(_INTERFACES))},
        )
        for number, node in enumerate(draw(st.lists(st.sampled_from(sorted(NODES)), max_size=3)))
    ]
    policies = [draw(_host_policies(number)) for number in range(draw(st.integers(1, 3)))]
    return replace(found, policies=[*found.policies, *hosts, *policies])
