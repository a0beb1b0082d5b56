"""Reading Cilium's policies and groups: their values and what is told of them."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from service.manifests.cilium import read_cilium
from service.model.cilium import (
    CidrGroupPeer,
    CidrPeer,
    CiliumCidrGroup,
    CiliumPolicy,
    CiliumPort,
    CiliumRule,
    CiliumSelector,
    EndpointsPeer,
    EntityPeer,
    FqdnPeer,
    GroupPeer,
    IcmpField,
    L7Filter,
    L7Kind,
    NodesPeer,
    PortRule,
    ServicePeer,
    SourcedRequirement,
)
from service.model.labels import LabelSelector, Operator, Requirement
from service.model.policy import PolicyRef


def policy_of(text: str, kind: str = "CiliumNetworkPolicy") -> CiliumPolicy:
    """A policy whose `spec` or `specs` are given as the inside of a YAML mapping."""
    body = yaml.safe_load(f"{{{text}}}")
    metadata = {"name": "p", "namespace": "shop"}
    found = read_cilium({"apiVersion": "cilium.io/v2", "kind": kind, "metadata": metadata, **body})
    assert isinstance(found.value, CiliumPolicy), found.notes
    return found.value


def rule_of(text: str, section: str = "ingress") -> CiliumRule:
    (spec,) = policy_of(f"spec: {{endpointSelector: {{}}, {section}: [{{{text}}}]}}").specs
    (rule,) = [*spec.ingress, *spec.ingress_deny, *spec.egress, *spec.egress_deny]
    return rule


def labelled(source: str, key: str, *values: str, operator: Operator = Operator.IN) -> Any:
    return SourcedRequirement(source, Requirement(key, operator, values))


def test_identity_and_scope() -> None:
    assert policy_of("spec: {endpointSelector: {}}").ref == PolicyRef(
        "CiliumNetworkPolicy", "shop", "p", "cilium.io/v2"
    )
    clusterwide = policy_of("spec: {endpointSelector: {}}", "CiliumClusterwideNetworkPolicy")
    assert clusterwide.ref.namespace == ""
    assert clusterwide.is_clusterwide


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("app", ("any", "app")),
        ("any:app", ("any", "app")),
        ("k8s:app", ("k8s", "app")),
        (":app", ("any", "app")),
        ("reserved:host", ("reserved", "host")),
        ("reserved.host", ("reserved", "host")),
        ("$host", ("reserved", "host")),
        ("cidr:10.0.0.0/8", ("cidr", "10.0.0.0/8")),
        ("k8s:app.kubernetes.io/name", ("k8s", "app.kubernetes.io/name")),
    ],
)
def test_label_sources(written: str, expected: tuple[str, str]) -> None:
    rule = rule_of(f"fromEndpoints: [{{matchLabels: {{'{written}': x}}}}]")
    assert rule.peers == (EndpointsPeer(CiliumSelector((labelled(*expected, "x"),))),)


@pytest.mark.parametrize(
    ("text", "peers"),
    [
        ("", None),
        ("fromEndpoints: null", None),
        ("fromEndpoints: []", ()),
        ("fromCIDRSet: []", ()),
        ("fromGroups: []", None),
        ("fromEndpoints: [{}]", (EndpointsPeer(CiliumSelector()),)),
        ("fromEntities: [world, host]", (EntityPeer("world"), EntityPeer("host"))),
        ("fromCIDR: [10.0.0.1, 'fd00::/8']", (CidrPeer("10.0.0.1"), CidrPeer("fd00::/8"))),
        (
            "fromCIDRSet: [{cidr: 10.0.0.5/8, except: [10.1.0.0/16]}, {cidrGroupRef: g}]",
            (CidrPeer("10.0.0.5/8", ("10.1.0.0/16",)), CidrGroupPeer("g")),
        ),
        (
            "fromCIDRSet: [{cidrGroupSelector: {matchLabels: {a: b}}}]",
            (
                CidrGroupPeer(
                    selector=LabelSelector((Requirement("a", Operator.IN, ("b",)),)),
                ),
            ),
        ),
        ("fromNodes: [{}]", (NodesPeer(CiliumSelector()),)),
        ("fromGroups: [{aws: {}}]", (GroupPeer("aws"),)),
    ],
)
def test_ingress_peers(text: str, peers: Any) -> None:
    assert rule_of(text).peers == peers


@pytest.mark.parametrize(
    ("text", "peers"),
    [
        (
            "toServices: [{k8sService: {serviceName: a, namespace: b}}]",
            (ServicePeer("b", "a"),),
        ),
        (
            "toServices: [{k8sServiceSelector: {selector: {matchLabels: {'any:x': y}}}}]",
            (ServicePeer(selector=LabelSelector((Requirement("x", Operator.IN, ("y",)),))),),
        ),
        (
            "toFQDNs: [{matchName: a.io}, {matchPattern: '*.a.io'}]",
            (FqdnPeer("a.io"), FqdnPeer("", "*.a.io")),
        ),
        ("toFQDNs: []", None),
        ("toServices: []", None),
        ("toNodes: []", ()),
    ],
)
def test_egress_peers(text: str, peers: Any) -> None:
    assert rule_of(text, "egress").peers == peers


@pytest.mark.parametrize(
    ("text", "ports"),
    [
        ("toPorts: []", None),
        ("toPorts: [{}]", (PortRule(),)),
        ("toPorts: [{ports: [{port: '80'}]}]", (PortRule((CiliumPort(80),)),)),
        (
            "toPorts: [{ports: [{port: Http, protocol: TCP}, {port: '1', endPort: 9}]}]",
            (PortRule((CiliumPort("http", "TCP"), CiliumPort(1, "ANY", 9))),),
        ),
        ("toPorts: [{ports: [{port: '0x50'}]}]", (PortRule((CiliumPort("0x50"),)),)),
        ("toPorts: [{ports: [{port: '0120'}]}]", (PortRule((CiliumPort(80),)),)),
    ],
)
def test_to_ports(text: str, ports: Any) -> None:
    assert rule_of(text).to_ports == ports


@pytest.mark.parametrize(
    ("rest", "kind"),
    [
        ("rules: {http: [{path: /}]}", L7Kind.HTTP),
        ("rules: {kafka: [{topic: t}]}", L7Kind.KAFKA),
        ("rules: {l7proto: x}", L7Kind.CUSTOM),
        ("rules: {l7proto: x, l7: [{a: b}]}", L7Kind.CUSTOM),
        ("listener: {name: x, envoyConfig: {name: y}}", L7Kind.CUSTOM),
        ("serverNames: [a.io]", L7Kind.SERVER_NAME),
        (
            "serverNames: [a.io], terminatingTLS: {secret: {name: x}}, rules: {http: [{}]}",
            L7Kind.HTTP,
        ),
        ("rules: {http: []}", None),
        ("originatingTLS: {secret: {name: s}}", None),
    ],
)
def test_filters(rest: str, kind: L7Kind | None) -> None:
    ports = "toPorts: [{ports: [{port: '80', protocol: TCP}]"
    (found,) = rule_of(f"{ports}, {rest}}}]", "egress").to_ports or ()
    assert found.l7 == (None if kind is None else L7Filter(kind))


def test_dns_rules() -> None:
    text = "toPorts: [{ports: [{port: '53'}], rules: {dns: [{matchName: a.io}]}}]"
    (found,) = rule_of(text, "egress").to_ports or ()
    assert found.l7 == L7Filter(L7Kind.DNS, (FqdnPeer("a.io"),))


def test_icmps() -> None:
    text = (
        "icmps: [{fields: [{type: 8}, {type: '0'}]}, {fields: [{type: EchoReply, family: IPv6}]}]"
    )
    assert rule_of(text).icmps == (IcmpField(8), IcmpField(0), IcmpField(129, "IPv6"))
    assert rule_of("icmps: []").icmps is None
    assert rule_of("icmps: [{}]").icmps == ()


def test_specs_and_switches() -> None:
    found = policy_of(
        "spec: {endpointSelector: {}, enableDefaultDeny: {ingress: false}, ingress: [{}]}, "
        "specs: [{endpointSelector: {matchLabels: {a: b}}, egressDeny: [{}]}]"
    )
    first, second = found.specs
    assert (first.pointer, second.pointer) == ("/spec", "/specs/0")
    assert (first.default_deny_ingress, first.default_deny_egress) == (False, None)
    assert second.egress_deny[0].pointer == "/specs/0/egressDeny/0"
    assert second.endpoints == CiliumSelector((labelled("any", "a", "b"),))


def test_namespace_of_a_subject_is_the_policys_own() -> None:
    manifest = {
        "apiVersion": "cilium.io/v2",
        "kind": "CiliumNetworkPolicy",
        "metadata": {"name": "p", "namespace": "shop"},
        "spec": {
            "endpointSelector": {"matchLabels": {"k8s:io.kubernetes.pod.namespace": "ops"}},
            "ingress": [{}],
        },
    }
    reading = read_cilium(manifest)
    assert isinstance(reading.value, CiliumPolicy)
    assert reading.value.specs[0].endpoints == CiliumSelector()
    assert [each.code for each in reading.notes] == ["CiliumForeignNamespace"]


def test_unknown_member_of_a_rule_is_told() -> None:
    manifest = {
        "apiVersion": "cilium.io/v2",
        "kind": "CiliumNetworkPolicy",
        "metadata": {"name": "p"},
        "spec": {"endpointSelector": {}, "ingress": [{"fromGalaxies": [{}]}]},
    }
    reading = read_cilium(manifest)
    assert isinstance(reading.value, CiliumPolicy)
    assert reading.value.specs[0].ingress[0].unknown_fields == ("fromGalaxies",)
    assert [(each.code, each.pointer) for each in reading.notes] == [
        ("UnknownField", "/spec/ingress/0/fromGalaxies")
    ]


@pytest.mark.parametrize("version", ["v2alpha1", "v2"])
def test_group(version: str) -> None:
    manifest = {
        "apiVersion": f"cilium.io/{version}",
        "kind": "CiliumCIDRGroup",
        "metadata": {"name": "g", "labels": {"role": "office"}},
        "spec": {"externalCIDRs": ["10.0.0.0/8"]},
    }
    reading = read_cilium(manifest)
    assert isinstance(reading.value, CiliumCidrGroup)
    assert reading.value.cidrs == ("10.0.0.0/8",)
    assert reading.value.labels == {"role": "office"}
    assert read_cilium(reading.normalised).value == reading.value


def test_normalised_form() -> None:
    manifest = {
        "apiVersion": "cilium.io/v2",
        "kind": "CiliumNetworkPolicy",
        "metadata": {"name": "p", "uid": "u", "labels": {"a": "b"}},
        "spec": {
            "endpointSelector": {"matchLabels": None},
            "ingress": [{"icmps": [{"fields": [{"type": 8}]}]}],
        },
        "status": {"conditions": []},
    }
    reading = read_cilium(manifest)
    assert reading.normalised == {
        "apiVersion": "cilium.io/v2",
        "kind": "CiliumNetworkPolicy",
        "metadata": {"name": "p", "namespace": "default"},
        "spec": {
            "endpointSelector": {},
            "ingress": [{"icmps": [{"fields": [{"type": 8, "family": "IPv4"}]}]}],
        },
    }
