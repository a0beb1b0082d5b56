"""Random small clusters with policies, as manifests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.builders import Manifest, namespace, network_policy, node, pod
from tests.property.naive import End

NAMESPACES = ("red", "green", "blue")
#: Most pods and most policies share a namespace: what selects nothing proves nothing.
_PLACES = ("red", "red", "red", "green", "blue")
NODES = {"n1": ("192.168.0.4", "fd00:a::4"), "n2": ("192.168.0.5", "fd00:a::5")}
OUTSIDE = ("203.0.113.10", "198.51.100.7", "2001:db8::9")

_KEYS = ("app", "tier")
_VALUES = ("a", "b", "")
_NAMES = ("http", "dns", "admin")
_NUMBERS = (53, 80, 81, 8080)
_V4_BLOCKS = {
    "0.0.0.0/0": ("10.0.0.0/8", "203.0.113.0/24", "192.168.0.4/32"),
    "10.0.0.0/8": ("10.0.0.2/32", "10.0.0.0/30"),
    "10.0.0.0/29": ("10.0.0.4/30", "10.0.0.1/32"),
    "10.0.0.3/32": (),
    "192.168.0.0/24": ("192.168.0.5/32",),
    "203.0.113.0/24": ("203.0.113.10/32", "203.0.113.0/28"),
}
_V6_BLOCKS = {
    "::/0": ("fd00::/64", "2001:db8::9/128"),
    "fd00::/16": ("fd00::2/128", "fd00:a::/32"),
    "2001:db8::/32": (),
}


@dataclass(frozen=True)
class Features:
    """What may occur in a cluster beyond plain pods and plain policies."""

    ip_blocks: bool = True
    excepts: bool = True
    ipv6: bool = True
    negative_namespace_selectors: bool = True
    negative_pod_selectors: bool = True
    named_ports: bool = True
    end_ports: bool = True
    sctp: bool = True
    unlisted_rules: bool = True
    host_network: bool = True
    sidecars: bool = True
    unplaced_pods: bool = False
    pods_without_address: bool = False


EVERYTHING = Features()
UNSETTLED = replace(EVERYTHING, unplaced_pods=True, pods_without_address=True)
PLAIN = Features(*(False for _ in range(11)))


@dataclass(frozen=True)
class Cluster:
    """Manifests and the ends that a connection may have."""

    inventory: list[Manifest]
    policies: list[Manifest]

    @property
    def manifests(self) -> list[Manifest]:
        return [*self.inventory, *self.policies]

    @property
    def pods(self) -> list[End]:
        return list(pods_of(self))

    @property
    def ends(self) -> list[End]:
        nodes: list[End] = [("node", name) for name in NODES]
        return [*self.pods, *nodes, *(("ip", each) for each in OUTSIDE)]


def pods_of(cluster: Cluster) -> dict[End, Manifest]:
    return {
        ("pod", each["metadata"]["namespace"], each["metadata"]["name"]): each
        for each in cluster.inventory
        if each["kind"] == "Pod"
    }


def declared_ports(pod: Manifest) -> list[tuple[str, int]]:
    """Protocol and number of every port that some container declares."""
    return [each for _, each in _named_ports(pod)]


def asked(
    cluster: Cluster, questions: Iterable[tuple[str, int]]
) -> Iterator[tuple[End, End, str, int]]:
    """Between all ends of which one is inside: some questions, and every port that is declared."""
    declared = {end: declared_ports(each) for end, each in pods_of(cluster).items()}
    for source, destination in product(cluster.ends, cluster.ends):
        if source[0] == destination[0] == "ip":
            continue
        for protocol, port in {*questions, *declared.get(destination, ())}:
            yield source, destination, protocol, port


def doubtful_ports(pod: Manifest) -> set[tuple[str, int]]:
    """Those among them that share a name: what it means then is defined nowhere."""
    meant: dict[tuple[str | None, str], set[int]] = {}
    for name, (protocol, number) in _named_ports(pod):
        meant.setdefault((name, protocol), set()).add(number)
    return {
        (protocol, number)
        for (name, protocol), numbers in meant.items()
        if name is not None and len(numbers) > 1
        for number in numbers
    }


def _named_ports(pod: Manifest) -> list[tuple[str | None, tuple[str, int]]]:
    containers = [*pod["spec"]["containers"], *pod["spec"].get("initContainers", ())]
    return [
        (port.get("name"), (port.get("protocol", "TCP"), port["containerPort"]))
        for container in containers
        for port in container.get("ports", ())
    ]


def _missing_or(elements: SearchStrategy[Any], key: str, most: int = 2) -> SearchStrategy[Manifest]:
    """The key with a list, with an empty list, with null, or not at all."""
    return st.one_of(
        st.lists(elements, min_size=1, max_size=most).map(lambda found: {key: found}),
        st.sampled_from([{}, {key: None}, {key: []}]),
    )


def _labels() -> SearchStrategy[Mapping[str, str]]:
    return st.dictionaries(st.sampled_from(_KEYS), st.sampled_from(_VALUES), max_size=2)


def selectors(keys: tuple[str, ...], *, negative: bool) -> SearchStrategy[Manifest]:
    values = st.lists(st.sampled_from(_VALUES), min_size=1, max_size=2, unique=True)
    with_values = ["In", "NotIn"] if negative else ["In"]
    without = ["Exists", "DoesNotExist"] if negative else ["Exists"]
    key = st.sampled_from(keys)
    expressions = st.one_of(
        st.fixed_dictionaries(
            {"key": key, "operator": st.sampled_from(with_values), "values": values}
        ),
        st.fixed_dictionaries({"key": key, "operator": st.sampled_from(without)}),
    )
    label_maps = st.dictionaries(key, st.sampled_from(_VALUES), max_size=1)
    return st.one_of(
        st.just({}),
        label_maps.map(lambda found: {"matchLabels": found}),
        st.lists(expressions, max_size=2).map(lambda found: {"matchExpressions": found}),
        st.tuples(label_maps, st.lists(expressions, max_size=1)).map(
            lambda found: {"matchLabels": found[0], "matchExpressions": found[1]}
        ),
    )


@st.composite
def _blocks(draw: st.DrawFn, features: Features) -> Manifest:
    known = {**_V4_BLOCKS, **(_V6_BLOCKS if features.ipv6 else {})}
    cidr = draw(st.sampled_from(sorted(known)))
    inner = known[cidr] if features.excepts else ()
    excepts = _missing_or(st.sampled_from(inner), "except") if inner else st.just({})
    return {"ipBlock": {"cidr": cidr, **draw(excepts)}}


def _peers(features: Features) -> SearchStrategy[Manifest]:
    pods = selectors(_KEYS, negative=features.negative_pod_selectors)
    namespaces = selectors(
        ("env", "kubernetes.io/metadata.name"), negative=features.negative_namespace_selectors
    )
    choices: list[SearchStrategy[Manifest]] = [
        st.fixed_dictionaries({"podSelector": pods}),
        st.fixed_dictionaries({"namespaceSelector": namespaces}),
        st.fixed_dictionaries({"podSelector": pods, "namespaceSelector": namespaces}),
    ]
    if features.ip_blocks:
        choices += [_blocks(features), _blocks(features)]
    return st.one_of(choices)


def _ports(features: Features) -> SearchStrategy[Manifest]:
    protocols = ["TCP", "UDP", *(["SCTP"] if features.sctp else [])]
    spelled: list[Manifest] = [{}, {"protocol": None}, *({"protocol": p} for p in protocols)]
    protocol = st.sampled_from(spelled)
    choices: list[SearchStrategy[Manifest]] = [
        st.just({}),
        st.sampled_from(_NUMBERS).map(lambda number: {"port": number}),
    ]
    if features.named_ports:
        choices.append(st.sampled_from(_NAMES).map(lambda name: {"port": name}))
    if features.end_ports:
        choices.append(
            st.sampled_from([(53, 80), (80, 81), (1, 65535), (81, 81)]).map(
                lambda span: {"port": span[0], "endPort": span[1]}
            )
        )
    return st.tuples(protocol, st.one_of(choices)).map(lambda parts: parts[0] | parts[1])


def rules(features: Features, field: str) -> SearchStrategy[Manifest]:
    """An ingress (`from`) or egress (`to`) rule."""
    return st.tuples(
        _missing_or(_peers(features), field), _missing_or(_ports(features), "ports")
    ).map(lambda parts: parts[0] | parts[1])


@st.composite
def policies(draw: st.DrawFn, features: Features, name: str) -> Manifest:
    """A NetworkPolicy with all that its features admit."""
    spec: Manifest = {}
    selector = selectors(_KEYS, negative=features.negative_pod_selectors)
    spec |= draw(
        st.one_of(
            selector.map(lambda found: {"podSelector": found}),
            st.sampled_from([{}, {"podSelector": None}, {"podSelector": {}}]),
        )
    )
    spec |= draw(_missing_or(rules(features, "from"), "ingress"))
    spec |= draw(_missing_or(rules(features, "to"), "egress"))
    listed = draw(
        st.sampled_from(
            [None, [], ["Ingress"], ["Egress"], ["Ingress", "Egress"], ["Egress", "Egress"]]
        )
    )
    if not features.unlisted_rules and listed:
        listed = sorted(
            {*listed, *(["Ingress"] if spec.get("ingress") else [])}
            | ({"Egress"} if spec.get("egress") else set())
        )
    if listed is not None or draw(st.booleans()):
        spec["policyTypes"] = listed
    return network_policy(spec, f"{draw(st.sampled_from(_PLACES))}/{name}")


@st.composite
def _pods(draw: st.DrawFn, features: Features, number: int) -> Manifest:
    where = draw(st.sampled_from([*NODES, *([""] if features.unplaced_pods else [])]))
    host = features.host_network and draw(st.integers(0, 4)) == 0
    ips: tuple[str, ...] = (f"10.0.0.{number}",)
    if features.ipv6:
        ips = draw(st.sampled_from([ips, (*ips, f"fd00::{number}"), (f"fd00::{number}",)]))
    if features.pods_without_address and draw(st.integers(0, 2)) == 0:
        ips = ()
    if host:
        known = NODES[where] if where and draw(st.booleans()) else ()
        # A pod may tell fewer addresses than its node has.
        parts = [known, known, known[:1], known[1:]] if features.ipv6 else [known[:1]]
        ips = draw(st.sampled_from(parts))
    declared = draw(
        st.lists(
            st.tuples(
                st.sampled_from(_NAMES), st.sampled_from(_NUMBERS), st.sampled_from(["TCP", "UDP"])
            ),
            max_size=2,
            # A container bears a name once; what means two numbers has a test of its own.
            unique_by=lambda port: port[0],
        )
    )
    texts = [f"{name}={at}/{protocol}" for name, at, protocol in declared]
    side = texts[1:] if features.sidecars and draw(st.booleans()) else []
    spec: Manifest = {"hostNetwork": True} if host else {}
    early = draw(st.sampled_from(["", "admin=9999"])) if features.sidecars else ""
    return pod(
        f"{draw(st.sampled_from(_PLACES))}/p{number}",
        draw(_labels()),
        ips=ips,
        on=where,
        ports=" ".join(each for each in texts if each not in side),
        sidecar_ports=" ".join(side),
        init_ports=early,
        **spec,
    )


@st.composite
def clusters(draw: st.DrawFn, features: Features = EVERYTHING) -> Cluster:
    """Three namespaces, two nodes, three to six pods and up to four policies."""
    environments = st.sampled_from([{}, {"env": "a"}, {"env": "b"}])
    inventory = [namespace(each, draw(environments)) for each in NAMESPACES]
    inventory += [node(name, *(ips if features.ipv6 else ips[:1])) for name, ips in NODES.items()]
    pods = range(1, draw(st.integers(3, 6)) + 1)
    inventory += [draw(_pods(features, number)) for number in pods]
    count = draw(st.integers(0, 4))
    return Cluster(inventory, [draw(policies(features, f"policy{each}")) for each in range(count)])


#: Protocols and ports at which the rules above may change their mind.
QUESTIONS: list[tuple[str, int]] = [
    (protocol, port)
    for protocol in ("TCP", "UDP", "SCTP")
    for port in (1, 53, 79, 80, 81, 82, 8080, 9999, 65535)
]
