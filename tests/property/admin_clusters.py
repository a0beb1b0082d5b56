"""Random admin policies for the random clusters, as manifests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.builders import Manifest
from tests.property.clusters import EVERYTHING, Cluster, Features, clusters, selectors

V1ALPHA1 = "policy.networking.k8s.io/v1alpha1"
V1ALPHA2 = "policy.networking.k8s.io/v1alpha2"

_NETWORKS = (
    *("0.0.0.0/0", "::/0", "10.0.0.0/8", "10.0.0.0/29", "10.0.0.3/32"),
    *("192.168.0.0/24", "203.0.113.0/24", "fd00::/16"),
)
_PRIORITIES = (1, 5, 5, 9)


def _namespaces() -> SearchStrategy[Manifest]:
    return selectors(("env", "kubernetes.io/metadata.name"), negative=True)


def _pods() -> SearchStrategy[Manifest]:
    return selectors(("app", "tier"), negative=True)


def _pod_peers() -> SearchStrategy[Manifest]:
    return st.one_of(
        _namespaces().map(lambda found: {"namespaces": found}),
        st.tuples(_namespaces(), _pods()).map(
            lambda found: {"pods": {"namespaceSelector": found[0], "podSelector": found[1]}}
        ),
    )


def _egress_peers() -> SearchStrategy[Manifest]:
    networks = st.lists(st.sampled_from(_NETWORKS), min_size=1, max_size=2, unique=True)
    names = st.sampled_from(["n1", "n2"])
    return st.one_of(
        _pod_peers(),
        networks.map(lambda found: {"networks": found}),
        st.one_of(
            st.just({}), names.map(lambda name: {"matchLabels": {"kubernetes.io/hostname": name}})
        ).map(lambda found: {"nodes": found}),
    )


def _numbers(field: str) -> SearchStrategy[Manifest]:
    spans = st.sampled_from([(53, 80), (80, 81), (1, 65535)])
    numbers = st.sampled_from([53, 80, 81, 8080])
    if field == "ports":
        protocol = st.sampled_from([{}, *({"protocol": each} for each in ("TCP", "UDP", "SCTP"))])
        return st.one_of(
            st.tuples(protocol, numbers).map(
                lambda found: {"portNumber": found[0] | {"port": found[1]}}
            ),
            st.tuples(protocol, spans).map(
                lambda found: {"portRange": found[0] | {"start": found[1][0], "end": found[1][1]}}
            ),
        )
    port = st.one_of(
        numbers.map(lambda found: {"number": found}),
        spans.map(lambda found: {"range": {"start": found[0], "end": found[1]}}),
    )
    return st.tuples(st.sampled_from(["tcp", "udp", "sctp"]), port).map(
        lambda found: {found[0]: {"destinationPort": found[1]}}
    )


@st.composite
def _rules(draw: st.DrawFn, place: str, actions: Sequence[str], field: str) -> Manifest:
    peers = draw(
        st.lists(_pod_peers() if place == "from" else _egress_peers(), min_size=1, max_size=2)
    )
    rule: Manifest = {"action": draw(st.sampled_from(actions)), place: peers}
    ports = [_numbers(field)]
    if all(each.keys() <= {"namespaces", "pods"} for each in peers):
        named = "namedPort" if field == "ports" else "destinationNamedPort"
        ports.append(st.sampled_from(["http", "dns"]).map(lambda found: {named: found}))
    if draw(st.booleans()):
        rule[field] = draw(st.lists(st.one_of(ports), min_size=1, max_size=2))
    return rule


@st.composite
def _spec(draw: st.DrawFn, actions: Sequence[str], field: str) -> Manifest:
    subject = draw(_pod_peers())
    if draw(st.booleans()):
        subject = {"namespaces": {}}
    spec: Manifest = {"subject": subject}
    for section, place in (("ingress", "from"), ("egress", "to")):
        found = draw(st.lists(_rules(place, actions, field), max_size=3))
        if found:
            spec[section] = found
    return spec


def _object(api: str, kind: str, name: str, spec: Manifest) -> Manifest:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name}, "spec": spec}


@st.composite
def admin_policies(draw: st.DrawFn) -> list[Manifest]:
    """Policies of one API version, as no cluster has both."""
    found: list[Manifest] = []
    if draw(st.booleans()):
        for number in range(draw(st.integers(0, 3))):
            spec = draw(_spec(("Allow", "Deny", "Pass"), "ports"))
            spec["priority"] = draw(st.sampled_from(_PRIORITIES))
            found.append(_object(V1ALPHA1, "AdminNetworkPolicy", f"anp{number}", spec))
        if draw(st.booleans()):
            spec = draw(_spec(("Allow", "Deny"), "ports"))
            found.append(_object(V1ALPHA1, "BaselineAdminNetworkPolicy", "default", spec))
        return found
    return draw(cluster_network_policies(4))


@st.composite
def cluster_network_policies(draw: st.DrawFn, most: int) -> list[Manifest]:
    """Policies of the API version that has both tiers in one kind."""
    found: list[Manifest] = []
    for number in range(draw(st.integers(0, most))):
        spec = draw(_spec(("Accept", "Deny", "Pass"), "protocols"))
        spec["tier"] = draw(st.sampled_from(["Admin", "Baseline"]))
        spec["priority"] = draw(st.sampled_from(_PRIORITIES))
        found.append(_object(V1ALPHA2, "ClusterNetworkPolicy", f"cnp{number}", spec))
    return found


def admin_clusters(features: Features = EVERYTHING) -> SearchStrategy[Cluster]:
    """Clusters with admin policies beside NetworkPolicies; nodes are labelled with their names."""

    def joined(parts: tuple[Cluster, list[Manifest]]) -> Cluster:
        cluster, policies = parts
        inventory = [_labelled(each) for each in cluster.inventory]
        return replace(cluster, inventory=inventory, policies=[*cluster.policies, *policies])

    return st.tuples(clusters(features), admin_policies()).map(joined)


def _labelled(manifest: Manifest) -> Manifest:
    if manifest["kind"] != "Node":
        return manifest
    metadata: dict[str, Any] = manifest["metadata"]
    labels = {**metadata.get("labels", {}), "kubernetes.io/hostname": metadata["name"]}
    return {**manifest, "metadata": {**metadata, "labels": labels}}
