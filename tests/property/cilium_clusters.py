"""Random small clusters with Cilium's policies beside NetworkPolicies and cluster policies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.builders import Manifest, service
from tests.property.admin_clusters import cluster_network_policies
from tests.property.clusters import EVERYTHING, NAMESPACES, Cluster, Features, clusters

API = "cilium.io/v2"

#: A label that Cilium leaves out of identities, so that selectors see it nowhere.
HIDDEN = "pod-template-hash"

_PLACE = "io.kubernetes.pod.namespace"
_META = "io.cilium.k8s.namespace.labels.env"
_ACCOUNT = "io.cilium.k8s.policy.serviceaccount"
_KEYS: Mapping[str, Sequence[str]] = {
    "app": "ab",
    "tier": "ab",
    "k8s:app": "ab",
    "any:tier": "ab",
    "container:app": "a",
    HIDDEN: "a",
    _ACCOUNT: ("robot", "default"),
    f"k8s:{_META}": "ab",
    f"k8s:{_PLACE}": NAMESPACES,
    _PLACE: NAMESPACES,
    "reserved:host": ("",),
    "reserved:remote-node": ("",),
    "reserved:world": ("",),
}
#: Most selectors ask for what a pod has, for the others match little.
_PLAIN = ("app", "tier", "k8s:app", "any:tier", "app", "tier")
_BLOCKS: Mapping[str, Sequence[str]] = {
    "10.0.0.0/8": ("10.0.0.0/30", "10.0.0.2/32"),
    "0.0.0.0/0": ("203.0.113.0/28", "198.51.100.7/32"),
    "203.0.113.0/24": ("203.0.113.10/32",),
    "192.168.0.0/24": ("192.168.0.5/32",),
    "::/0": ("2001:db8::9/128", "fd00::/16"),
    "2001:db8::/32": (),
    "fd00:a::/32": ("fd00:a::4/128",),
}
_ENTITIES = (
    *("all", "none", "world", "cluster", "host", "remote-node", "kube-apiserver"),
    *("init", "ingress", "health", "unmanaged", "world", "cluster"),
)
_PORTS: tuple[Manifest, ...] = (
    {"port": "80"},
    {"port": "80", "protocol": "TCP"},
    {"port": "53", "protocol": "UDP"},
    {"port": "53", "protocol": "ANY"},
    {"port": "79", "endPort": 81},
    {"port": "81", "endPort": 8080, "protocol": "TCP"},
    {"port": "0", "protocol": "TCP"},
    {"port": "0", "protocol": "UDP"},
    {"port": "80", "protocol": "SCTP"},
    {"port": "http", "protocol": "TCP"},
    {"port": "dns", "protocol": "UDP"},
    {"port": "admin"},
    {"port": "8", "protocol": "ICMP"},
    {"port": "0", "protocol": "ICMPv6"},
)
_L7: tuple[Manifest, ...] = (
    {"rules": {"http": [{"method": "GET"}]}},
    {"rules": {"kafka": [{"topic": "t"}]}},
    {"rules": {"l7proto": "own", "l7": [{"a": "b"}]}},
    {"rules": {"http": []}},
    {"serverNames": ["a.example"]},
)
_DNS: tuple[Manifest, ...] = (
    {"rules": {"dns": [{"matchPattern": "*"}]}},
    {"rules": {"dns": [{"matchName": "a.example"}]}},
)
_ICMPS: tuple[Manifest, ...] = (
    {"type": 8},
    {"type": "EchoRequest", "family": "IPv4"},
    {"type": 128, "family": "IPv6"},
)
_SECTIONS = {"ingress": "from", "egress": "to"}


@dataclass(frozen=True)
class _Kind:
    """What a policy of one kind may say."""

    clusterwide: bool
    node: bool = False


@st.composite
def _selector(draw: st.DrawFn, *, subject: bool = False) -> Manifest:
    if draw(st.integers(0, 3)) == 0:
        return {}
    rare = [each for each in _KEYS if not (subject and each.startswith("reserved:"))]
    keys = st.sampled_from(_PLAIN) if draw(st.integers(0, 2)) else st.sampled_from(rare)
    labels: Manifest = {}
    expressions: list[Manifest] = []
    for key in draw(st.lists(keys, min_size=1, max_size=2, unique=True)):
        operator = draw(st.sampled_from(["", "", "In", "NotIn", "Exists", "DoesNotExist"]))
        if not operator:
            labels[key] = draw(st.sampled_from(_KEYS[key]))
            continue
        found: Manifest = {"key": key, "operator": operator}
        if operator in {"In", "NotIn"}:
            values = st.lists(st.sampled_from(_KEYS[key]), min_size=1, max_size=2, unique=True)
            found["values"] = draw(values)
        expressions.append(found)
    return {
        **({"matchLabels": labels} if labels else {}),
        **({"matchExpressions": expressions} if expressions else {}),
    }


def _node_selector() -> SearchStrategy[Manifest]:
    return st.sampled_from(
        [
            {},
            {"matchLabels": {"pool": "a"}},
            {"matchExpressions": [{"key": "pool", "operator": "NotIn", "values": ["a"]}]},
            {"matchExpressions": [{"key": "pool", "operator": "Exists"}]},
        ]
    )


@st.composite
def _cidr_set(draw: st.DrawFn) -> Manifest:
    match draw(st.integers(0, 4)):
        case 0:
            found: Manifest = {"cidrGroupRef": draw(st.sampled_from(["group0", "group1", "none"]))}
        case 1:
            wanted = st.sampled_from([{"matchLabels": {"role": "x"}}, {"matchLabels": {"no": "x"}}])
            found = {"cidrGroupSelector": draw(wanted)}
        case _:
            cidr = draw(st.sampled_from(sorted(_BLOCKS)))
            found = {"cidr": cidr}
            inner = _BLOCKS[cidr]
            if len(inner) > 0 and draw(st.booleans()):
                found["except"] = draw(st.lists(st.sampled_from(inner), min_size=1, max_size=2))
    return found


@st.composite
def _services(draw: st.DrawFn) -> Manifest:
    if draw(st.booleans()):
        return {
            "k8sService": {
                "serviceName": draw(st.sampled_from(["svc0", "svc1"])),
                "namespace": draw(st.sampled_from(NAMESPACES)),
            }
        }
    selector = st.sampled_from([{}, {"matchLabels": {"kind": "x"}}])
    where = draw(st.sampled_from(["", *NAMESPACES]))
    return {
        "k8sServiceSelector": {
            "selector": draw(selector),
            **({"namespace": where} if where else {}),
        }
    }


def _names() -> SearchStrategy[Manifest]:
    return st.sampled_from([{"matchName": "a.example"}, {"matchPattern": "*.example"}])


@st.composite
def _peers(draw: st.DrawFn, place: str, *, denies: bool) -> Manifest:
    """One L3 member, or none."""
    choices: list[tuple[str, SearchStrategy[Any]]] = [
        ("Endpoints", _selector()),
        ("Endpoints", _selector()),
        ("Entities", st.sampled_from(_ENTITIES)),
        ("CIDR", st.sampled_from([*_BLOCKS, "203.0.113.10"])),
        ("CIDRSet", _cidr_set()),
        ("Nodes", _node_selector()),
    ]
    if place == "to":
        choices.append(("Services", _services()))
        if not denies:
            choices.append(("FQDNs", _names()))
    if draw(st.integers(0, 5)) == 0:
        return {}
    member, values = draw(st.sampled_from(choices))
    fewest = 0 if member in {"Endpoints", "Entities"} and draw(st.integers(0, 7)) == 0 else 1
    return {f"{place}{member}": draw(st.lists(values, min_size=fewest, max_size=2))}


@st.composite
def _rule(draw: st.DrawFn, place: str, kind: _Kind, *, denies: bool) -> Manifest:
    rule: Manifest = draw(_peers(place, denies=denies))
    match draw(st.integers(0, 5)):
        case 0:
            rule["icmps"] = [{"fields": [draw(st.sampled_from(_ICMPS))]}]
        case 1 | 2 | 3:
            ports = st.lists(st.sampled_from(_PORTS), min_size=1, max_size=2, unique_by=str)
            rule["toPorts"] = [{"ports": draw(ports)} for _ in range(draw(st.integers(1, 2)))]
            if not denies and not kind.node and draw(st.integers(0, 3)) == 0:
                rule["toPorts"].append(draw(_filtered(place)))
        case _:
            pass
    if not denies and draw(st.integers(0, 11)) == 0:
        rule["authentication"] = {"mode": draw(st.sampled_from(["required", "disabled"]))}
    if not denies and not kind.node and draw(st.integers(0, 11)) == 0:
        rule[f"{place}Requires"] = [draw(_selector())]
    return rule


@st.composite
def _filtered(draw: st.DrawFn, place: str) -> Manifest:
    if place == "to" and draw(st.booleans()):
        return {"ports": [{"port": "53", "protocol": "UDP"}], **draw(st.sampled_from(_DNS))}
    return {"ports": [{"port": "80", "protocol": "TCP"}], **draw(st.sampled_from(_L7))}


@st.composite
def _spec(draw: st.DrawFn, kind: _Kind) -> Manifest:
    spec: Manifest = {}
    if kind.node:
        spec["nodeSelector"] = draw(_node_selector())
    else:
        spec["endpointSelector"] = draw(_selector(subject=True))
    for section, place in _SECTIONS.items():
        for suffix in ("", "Deny"):
            if draw(st.integers(0, 2 if suffix else 1)) == 0:
                rules = _rule(place, kind, denies=bool(suffix))
                spec[section + suffix] = draw(st.lists(rules, max_size=2))
    # Without any rule a policy does nothing, or is refused; seldom is enough of that.
    says_something = any(spec.get(each + end) for each in _SECTIONS for end in ("", "Deny"))
    if not says_something and draw(st.integers(0, 7)):
        section = draw(st.sampled_from(sorted(_SECTIONS)))
        spec[section] = [draw(_rule(_SECTIONS[section], kind, denies=False))]
    if draw(st.integers(0, 3)) == 0:
        spec["enableDefaultDeny"] = draw(
            st.dictionaries(st.sampled_from(["ingress", "egress"]), st.booleans(), min_size=1)
        )
    return spec


@st.composite
def _policy(draw: st.DrawFn, number: int) -> Manifest:
    clusterwide = draw(st.booleans())
    kind = _Kind(clusterwide, node=clusterwide and draw(st.integers(0, 2)) == 0)
    metadata: Manifest = {"name": f"cilium{number}"}
    if not clusterwide:
        # Most pods are in one namespace.
        metadata["namespace"] = draw(st.sampled_from(["red", "red", *NAMESPACES]))
    specs = [draw(_spec(kind)) for _ in range(draw(st.sampled_from([1, 1, 2])))]
    return {
        "apiVersion": API,
        "kind": "CiliumClusterwideNetworkPolicy" if clusterwide else "CiliumNetworkPolicy",
        "metadata": metadata,
        **({"spec": specs[0]} if len(specs) == 1 else {"specs": specs}),
    }


@st.composite
def _groups(draw: st.DrawFn, number: int) -> Manifest:
    labels = draw(st.sampled_from([{}, {"role": "x"}]))
    return {
        "apiVersion": draw(st.sampled_from([API, "cilium.io/v2alpha1"])),
        "kind": "CiliumCIDRGroup",
        "metadata": {"name": f"group{number}", "labels": labels},
        "spec": {"externalCIDRs": draw(st.lists(st.sampled_from(sorted(_BLOCKS)), min_size=1))},
    }


@st.composite
def _inventory_services(draw: st.DrawFn) -> list[Manifest]:
    found = []
    for number in range(draw(st.integers(0, 2))):
        place = f"{draw(st.sampled_from(NAMESPACES))}/svc{number}"
        selector = draw(st.sampled_from([None, {"app": "a"}, {"app": "a", "tier": "b"}]))
        manifest = service(place, selector, [{"port": 80, "protocol": "TCP"}])
        manifest["metadata"]["labels"] = draw(st.sampled_from([{}, {"kind": "x"}]))
        found.append(manifest)
    return found


@st.composite
def cilium_clusters(draw: st.DrawFn, features: Features = EVERYTHING) -> Cluster:
    """A cluster with NetworkPolicies, up to four of Cilium's policies and what these refer to."""
    plain = draw(clusters(features))
    for each in plain.inventory:
        metadata = each["metadata"]
        labels = metadata.setdefault("labels", {})
        if each["kind"] == "Node":
            labels |= draw(st.sampled_from([{}, {"pool": "a"}, {"pool": "b"}]))
            labels["kubernetes.io/hostname"] = metadata["name"]
        elif each["kind"] == "Pod":
            labels |= draw(st.sampled_from([{}, {}, {HIDDEN: "a"}]))
            if draw(st.booleans()):
                each["spec"]["serviceAccountName"] = "robot"
    own = [draw(_policy(number)) for number in range(draw(st.integers(1, 4)))]
    # In Cilium up to 1.19 clusters seldom have them, and then few.
    around = draw(cluster_network_policies(2)) if draw(st.integers(0, 2)) == 0 else []
    return replace(
        plain,
        inventory=[*plain.inventory, *draw(_inventory_services())],
        policies=[
            *plain.policies,
            *(draw(_groups(number)) for number in range(draw(st.integers(0, 2)))),
            *own,
            *around,
        ],
    )
