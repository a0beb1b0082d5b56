"""Random policies of Calico and of Cilium beside NetworkPolicies, as manifests."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.builders import Manifest
from tests.property.clusters import NAMESPACES, UNSETTLED, Cluster, Features, clusters
from tests.vectors.calico import calico_object
from tests.vectors.policy_api import policy_object

_SELECTORS = (
    *("all()", "app == 'a'", "app != 'a'", "has(tier)", "!has(tier)", "tier in {'a', 'b'}"),
    "app == 'b' && has(tier)",
)
_NAMESPACES = ("all()", "env == 'a'", "!has(env)", "projectcalico.org/name == 'red'", "global()")
_NETS = ("0.0.0.0/0", "10.0.0.0/29", "10.0.0.3/32", "192.168.0.0/24", "203.0.113.0/24")
#: A rule has blocks of one family.
_IPV6_NETS = ("::/0", "fd00::/16", "2001:db8::/32")
_PORTS = (53, 80, "80:81", 8080, "http", "dns")


@st.composite
def _entity(draw: st.DrawFn, nets: tuple[str, ...], *, ports: bool) -> Manifest:
    found: Manifest = {}
    if draw(st.booleans()):
        found["selector"] = draw(st.sampled_from(_SELECTORS))
    match draw(st.integers(0, 5)):
        case 0:
            found["nets"] = [draw(st.sampled_from(nets))]
        case 1:
            found["namespaceSelector"] = draw(st.sampled_from(_NAMESPACES))
        case 2:
            found["notNets"] = [draw(st.sampled_from(nets[1:]))]
        case 3:
            found["notSelector"] = draw(st.sampled_from(_SELECTORS))
        case _:
            pass
    if ports:
        field = draw(st.sampled_from(["ports", "ports", "notPorts"]))
        found[field] = draw(st.lists(st.sampled_from(_PORTS), min_size=1, max_size=2, unique=True))
    return found


@st.composite
def _calico_rule(draw: st.DrawFn, *, may_pass: bool) -> Manifest:
    actions = ["Allow", "Allow", "Deny", "Log", *(["Pass"] if may_pass else [])]
    rule: Manifest = {"action": draw(st.sampled_from(actions))}
    ports = draw(st.booleans())
    nets = draw(st.sampled_from([_NETS, _NETS, _IPV6_NETS]))
    if ports or draw(st.booleans()):
        rule["protocol"] = draw(st.sampled_from(["TCP", "UDP", "SCTP"]))
    if draw(st.booleans()):
        rule["source"] = draw(_entity(nets, ports=False))
    if ports or draw(st.booleans()):
        rule["destination"] = draw(_entity(nets, ports=ports))
    return rule


@st.composite
def _calico_policy(draw: st.DrawFn, number: int, tier: str) -> Manifest:
    types = draw(st.sampled_from([["Ingress"], ["Egress"], ["Ingress", "Egress"]]))
    spec: Manifest = {
        "selector": draw(st.sampled_from(_SELECTORS)),
        "types": types,
        "order": draw(st.sampled_from([10, 500, 2000])),
    }
    for each in types:
        spec[each.lower()] = draw(st.lists(_calico_rule(may_pass=tier != "default"), max_size=3))
    name = f"{tier}.cal{number}"
    if tier != "default":
        spec["tier"] = tier
    if draw(st.booleans()):
        place = draw(st.sampled_from(NAMESPACES))
        return calico_object("calnp", {"calnp": {"ns": place, **spec}}, name)
    return calico_object("gnp", {"gnp": spec}, name)


@st.composite
def calico_policies(draw: st.DrawFn) -> list[Manifest]:
    """Policies in the default tier and in one before it, and sometimes a host endpoint."""
    tier = {"tier": {"order": 10, "defaultAction": draw(st.sampled_from(["Deny", "Pass"]))}}
    found = [calico_object("tier", tier, "early")]
    tiers = draw(st.lists(st.sampled_from(["default", "early"]), min_size=1, max_size=4))
    found += [draw(_calico_policy(number, tier)) for number, tier in enumerate(tiers)]
    if draw(st.booleans()):
        labels = {"app": "a"}
        host = {"hep": {"node": "n1", "interfaceName": "*", "labels": labels}}
        found.append(calico_object("hep", host, "host"))
    return found


def _labels(prefix: str = "") -> SearchStrategy[Manifest]:
    plain = st.dictionaries(st.sampled_from(["app", "tier"]), st.sampled_from(["a", "b"]))
    selector = plain.map(lambda found: {"matchLabels": found} if found else {})
    place = {"matchLabels": {"k8s:io.kubernetes.pod.namespace": "red"}}
    expression = {"matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}]}
    return st.one_of(selector, st.sampled_from([place, expression]))


@st.composite
def _cilium_rule(draw: st.DrawFn, place: str) -> Manifest:
    cidrs = [{"cidr": "10.0.0.0/8", "except": ["10.0.0.0/30"]}, {"cidr": "203.0.113.0/24"}]
    entities = ["world", "cluster", "host", "remote-node", "all"]
    key, values = draw(
        st.sampled_from(
            [
                ("Endpoints", st.lists(_labels(), min_size=1, max_size=2)),
                ("Entities", st.lists(st.sampled_from(entities), min_size=1, max_size=2)),
                ("CIDRSet", st.lists(st.sampled_from(cidrs), min_size=1, max_size=2)),
                ("CIDR", st.just(["192.168.0.0/24"])),
            ]
        )
    )
    rule: Manifest = {f"{place}{key}": draw(values)} if draw(st.integers(0, 4)) else {}
    if draw(st.booleans()):
        port = st.sampled_from(
            [{"port": "80"}, {"port": "53", "protocol": "UDP"}, {"port": "http", "protocol": "TCP"}]
        )
        rule["toPorts"] = [{"ports": draw(st.lists(port, min_size=1, max_size=2))}]
    return rule


@st.composite
def _cilium_policy(draw: st.DrawFn, number: int) -> Manifest:
    spec: Manifest = {}
    for section, place in (("ingress", "from"), ("egress", "to")):
        for suffix in ("", "Deny"):
            if draw(st.booleans()):
                rules = st.lists(_cilium_rule(place), max_size=2)
                spec[section + suffix] = draw(rules)
    if not spec:
        spec["ingress"] = [{}]
    if draw(st.integers(0, 4)) == 0:
        section = draw(st.sampled_from(["ingress", "egress"]))
        spec["enableDefaultDeny"] = {section: False}
    everywhere = draw(st.booleans())
    if everywhere and draw(st.integers(0, 3)) == 0:
        spec["nodeSelector"] = {}
    else:
        spec["endpointSelector"] = draw(_labels())
    if everywhere:
        return policy_object("ccnp", {"ccnp": spec}, f"cil{number}")
    where = draw(st.sampled_from(NAMESPACES))
    return policy_object("cnp", {"cnp": {"ns": where, **spec}}, f"cil{number}")


@st.composite
def cilium_policies(draw: st.DrawFn) -> list[Manifest]:
    """Up to four policies, of namespaces and of the whole cluster."""
    return [draw(_cilium_policy(number)) for number in range(draw(st.integers(1, 4)))]


def _beside(
    features: Features, policies: SearchStrategy[list[Manifest]]
) -> SearchStrategy[Cluster]:
    def joined(parts: tuple[Cluster, list[Any]]) -> Cluster:
        return replace(parts[0], policies=[*parts[0].policies, *parts[1]])

    return st.tuples(clusters(features), policies).map(joined)


def calico_clusters(features: Features = UNSETTLED) -> SearchStrategy[Cluster]:
    """Clusters with Calico's policies beside NetworkPolicies."""
    return _beside(features, calico_policies())


def cilium_clusters(features: Features = UNSETTLED) -> SearchStrategy[Cluster]:
    """Clusters with Cilium's policies beside NetworkPolicies."""
    return _beside(features, cilium_policies())
