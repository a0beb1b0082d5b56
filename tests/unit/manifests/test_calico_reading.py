"""Calico's objects: what the v3 API refuses, and what it fills in."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from service.manifests.calico import KINDS, read_calico
from service.model.calico import (
    API,
    STORED_API,
    Action,
    CalicoPolicy,
    HostEndpoint,
    NetworkSet,
    PortRange,
    Profile,
    StagedPolicy,
    Tier,
)
from service.model.network_policy import PolicyType

IN, OUT = PolicyType.INGRESS, PolicyType.EGRESS


def given(
    kind: str, spec: str = "{}", api: str = API, namespace: str = "", **metadata: Any
) -> dict[str, Any]:
    named = {"name": "x", **({"namespace": namespace} if namespace else {}), **metadata}
    return {"apiVersion": api, "kind": kind, "metadata": named, "spec": yaml.safe_load(spec)}


def rule(text: str, direction: str = "ingress") -> dict[str, Any]:
    """A global policy with one rule; the rule's action is Allow unless it says otherwise."""
    body = yaml.safe_load(text)
    spec = {direction: [{"action": "Allow", **body}]}
    return {
        "apiVersion": API,
        "kind": "GlobalNetworkPolicy",
        "metadata": {"name": "x"},
        "spec": spec,
    }


def policy(raw: dict[str, Any]) -> CalicoPolicy:
    reading = read_calico(raw)
    assert not reading.is_refused, reading.notes
    assert isinstance(reading.value, CalicoPolicy)
    return reading.value


def faults(raw: dict[str, Any]) -> list[tuple[str, str]]:
    reading = read_calico(raw)
    found = [(each.code, each.pointer) for each in reading.notes if each.severity is None]
    assert bool(found) is reading.is_refused
    assert (reading.value is None) is bool(found)
    return found


@pytest.mark.parametrize(
    ("spec", "types", "stored_types"),
    [
        ("{}", {IN}, {IN, OUT}),
        ("{ingress: [{action: Allow}]}", {IN}, {IN, OUT}),
        ("{egress: [{action: Allow}]}", {OUT}, {IN, OUT}),
        ("{ingress: [{action: Allow}], egress: [{action: Deny}]}", {IN, OUT}, {IN, OUT}),
        ("{types: [], egress: [{action: Allow}]}", {OUT}, {IN, OUT}),
        ("{types: [Ingress], egress: [{action: Allow}]}", {IN}, {IN}),
        ("{types: [Ingress, Egress]}", {IN, OUT}, {IN, OUT}),
    ],
)
@pytest.mark.parametrize("kind", ["NetworkPolicy", "GlobalNetworkPolicy"])
def test_types_of_both_forms(
    kind: str, spec: str, types: set[PolicyType], stored_types: set[PolicyType]
) -> None:
    assert policy(given(kind, spec)).types == types
    assert policy(given(kind, spec, STORED_API)).types == stored_types


def test_missing_types_of_a_stored_policy_are_told() -> None:
    codes = [each.code for each in read_calico(given("NetworkPolicy", api=STORED_API)).notes]
    assert codes == ["CalicoTypesMissing"]


def test_every_field_of_a_rule() -> None:
    found = policy(
        rule(
            """
            protocol: TCP
            notProtocol: 17
            ipVersion: 4
            source:
              selector: a == 'x'
              notSelector: has(b)
              namespaceSelector: global()
              nets: [10.0.0.0/8]
              notNets: [10.1.0.0/16]
              serviceAccounts: {names: [mon], selector: team == 'a'}
            destination:
              ports: [80, "90:95", http, "443"]
              notPorts: [91]
            http: {methods: [GET], paths: [{prefix: /a}]}
            metadata: {annotations: {why: because}}
            """
        )
    ).ingress[0]
    assert (found.action, found.protocol, found.not_protocol, found.ip_version) == (
        *(Action.ALLOW, 6, 17, 4),
    )
    source, destination = found.source, found.destination
    assert str(source.selector) == 'a == "x"'
    assert str(source.not_selector) == "has(b)"
    assert str(source.namespace_selector) == "global()"
    assert (source.nets, source.not_nets) == (("10.0.0.0/8",), ("10.1.0.0/16",))
    assert source.service_accounts is not None
    assert source.service_accounts.names == ("mon",)
    assert str(source.service_accounts.selector) == 'team == "a"'
    assert destination.ports == (
        *(PortRange(80, 80), PortRange(90, 95), "http", PortRange(443, 443)),
    )
    assert destination.not_ports == (PortRange(91, 91),)
    assert found.matches_http


@pytest.mark.parametrize(
    ("text", "direction", "expected"),
    [
        ("{action: allow}", "ingress", [("InvalidValue", "/action")]),
        ("{action: null}", "ingress", [("RequiredField", "/action")]),
        ("{protocol: tcp}", "ingress", [("InvalidProtocol", "/protocol")]),
        ("{protocol: 0}", "ingress", [("InvalidProtocol", "/protocol")]),
        ("{protocol: 256}", "ingress", [("InvalidProtocol", "/protocol")]),
        ("{protocol: true}", "ingress", [("InvalidProtocol", "/protocol")]),
        ("{ipVersion: 5}", "ingress", [("InvalidValue", "/ipVersion")]),
        ("{icmp: {type: 8}}", "ingress", [("ProtocolRequired", "/icmp")]),
        ("{protocol: ICMP, icmp: {code: 1}}", "ingress", [("InvalidValue", "/icmp/code")]),
        ("{protocol: ICMP, icmp: {type: 255}}", "ingress", [("InvalidValue", "/icmp/type")]),
        ("{protocol: ICMP, ipVersion: 6}", "ingress", [("InvalidValue", "/ipVersion")]),
        ("{notProtocol: ICMPv6, ipVersion: 4}", "ingress", [("InvalidValue", "/ipVersion")]),
        (
            "{destination: {ports: [80]}}",
            "ingress",
            [("ProtocolRequired", "/destination/ports")],
        ),
        (
            "{protocol: ICMP, source: {ports: [http]}}",
            "ingress",
            [("ProtocolRequired", "/source/ports")],
        ),
        (
            "{protocol: TCP, destination: {ports: [0, 65536, '9:8', '', 1.5, A_B]}}",
            "ingress",
            [("InvalidPort", f"/destination/ports/{index}") for index in range(6)],
        ),
        (
            "{source: {nets: [10.0.0.1, 10.0.0.1/8, x, 10.0.0.0/33, '::/0%1', 010.0.0.0/8, 7]}}",
            "ingress",
            [
                *(("InvalidCidr", f"/source/nets/{index}") for index in range(6)),
                ("InvalidType", "/source/nets/6"),
            ],
        ),
        (
            "{source: {nets: [10.0.0.0/8]}, destination: {nets: ['fd00::/8']}}",
            "ingress",
            [("InvalidCidr", "/destination/nets")],
        ),
        (
            "{ipVersion: 6, source: {notNets: [10.0.0.0/8]}}",
            "ingress",
            [("InvalidCidr", "/source/notNets")],
        ),
        ("{source: {notNets: [0.0.0.0/0]}}", "egress", [("InvalidCidr", "/source/notNets")]),
        ("{source: {selector: a}}", "ingress", [("InvalidSelector", "/source/selector")]),
        (
            "{source: {selector: global()}}",
            "ingress",
            [("InvalidSelector", "/source/selector")],
        ),
        (
            "{source: {namespaceSelector: global() || a == 'x'}}",
            "ingress",
            [("InvalidSelector", "/source/namespaceSelector")],
        ),
        ("{http: {methods: [GET]}}", "egress", [("ForbiddenField", "/http")]),
        (
            "{action: Deny, protocol: UDP, http: {methods: [GET, GET]}}",
            "ingress",
            [
                ("Duplicate", "/http/methods"),
                ("ForbiddenField", "/http"),
                ("InvalidValue", "/protocol"),
            ],
        ),
        (
            "{http: {paths: [{exact: /a, prefix: /b}, {exact: a}, {prefix: '/a?b'}]}}",
            "ingress",
            [("InvalidValue", f"/http/paths/{index}/exact") for index in range(3)],
        ),
        (
            "{source: {services: {name: s, namespace: n}}}",
            "egress",
            [("ForbiddenField", "/source/services")],
        ),
        (
            "{destination: {services: {name: s}}}",
            "egress",
            [("RequiredField", "/destination/services")],
        ),
        (
            "{protocol: TCP, destination: {services: {namespace: n}, ports: [8], selector: all()}}",
            "egress",
            [
                ("RequiredField", "/destination/services/name"),
                ("ForbiddenField", "/destination/selector"),
                ("ForbiddenField", "/destination/ports"),
            ],
        ),
        ("{source: []}", "ingress", [("InvalidType", "/source")]),
        ("{source: {nets: 10.0.0.0/8}}", "ingress", [("InvalidType", "/source/nets")]),
    ],
)
def test_rules_that_are_refused(text: str, direction: str, expected: list[tuple[str, str]]) -> None:
    prefix = f"/spec/{direction}/0"
    assert faults(rule(text, direction)) == [(code, prefix + at) for code, at in expected]


@pytest.mark.parametrize(
    ("text", "direction"),
    [
        ("{protocol: 6, destination: {ports: [80]}}", "ingress"),
        ("{protocol: '6'}", "ingress"),
        # Names go without a protocol.
        ("{destination: {ports: [http]}}", "ingress"),
        ("{protocol: ICMPv6, icmp: {type: 128, code: 0}, ipVersion: 6}", "ingress"),
        ("{source: {nets: ['fd00::/8', '::1/128']}}", "ingress"),
        ("{source: {namespaceSelector: ' global( ) '}}", "ingress"),
        ("{http: {methods: [GET]}}", "ingress"),
        ("{source: {services: {name: s, namespace: n}}}", "ingress"),
        ("{protocol: TCP, destination: {services: {name: s, namespace: n}}}", "egress"),
        ("{source: {selector: '', nets: null}, destination: null}", "ingress"),
    ],
)
def test_rules_that_are_accepted(text: str, direction: str) -> None:
    assert faults(rule(text, direction)) == []


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (
            given("GlobalNetworkPolicy", "{types: [Ingress, Ingress]}"),
            [("Duplicate", "/spec/types")],
        ),
        (given("GlobalNetworkPolicy", "{types: [ingress]}"), [("InvalidValue", "/spec/types/0")]),
        (given("GlobalNetworkPolicy", "{order: first}"), [("InvalidType", "/spec/order")]),
        (given("GlobalNetworkPolicy", "{tier: a.b}"), [("InvalidName", "/spec/tier")]),
        (
            given("GlobalNetworkPolicy", "{selector: a = 'x', namespaceSelector: global()}"),
            [("InvalidSelector", "/spec/namespaceSelector"), ("InvalidSelector", "/spec/selector")],
        ),
        (
            given("GlobalNetworkPolicy", "{doNotTrack: true, preDNAT: true}"),
            [("ForbiddenField", "/spec/preDNAT"), ("RequiredField", "/spec/applyOnForward")],
        ),
        (
            given(
                "GlobalNetworkPolicy",
                "{preDNAT: true, applyOnForward: true, types: [Egress], egress: [{action: Deny}]}",
            ),
            [("ForbiddenField", "/spec/egress"), ("InvalidValue", "/spec/types")],
        ),
        (given("NetworkPolicy", name="A_b"), [("InvalidName", "/metadata/name")]),
        (given("Tier", "{order: 5}", name="a.b"), [("InvalidName", "/metadata/name")]),
        (given("Tier", "{defaultAction: Allow}"), [("InvalidValue", "/spec/defaultAction")]),
        (given("Tier", "{}", name="default"), [("InvalidValue", "/spec/order")]),
        (
            given("Tier", "{order: 1000000, defaultAction: Pass}", name="default"),
            [("InvalidValue", "/spec/defaultAction")],
        ),
        (
            given("NetworkSet", "{nets: [x, 10.0.0.1, 10.0.0.1/8]}"),
            [("InvalidCidr", "/spec/nets/0")],
        ),
        (
            given("GlobalNetworkSet", labels={"projectcalico.org/namespace": "a"}),
            [("ForbiddenField", "/metadata/labels/projectcalico.org~1namespace")],
        ),
        (
            given("GlobalNetworkSet", labels={"a b": "c d"}),
            [("InvalidLabel", "/metadata/labels/a b")] * 2,
        ),
        (
            given("HostEndpoint"),
            [("RequiredField", "/spec/node"), ("RequiredField", "/spec/interfaceName")],
        ),
        (
            given("HostEndpoint", "{node: n, interfaceName: '/', expectedIPs: [x, 10.0.0.0/8]}"),
            [
                ("InvalidValue", "/spec/interfaceName"),
                ("InvalidAddress", "/spec/expectedIPs/0"),
                ("InvalidAddress", "/spec/expectedIPs/1"),
            ],
        ),
        (
            given(
                "HostEndpoint",
                "{node: n, interfaceName: eth0, ports: [{name: A, port: 0, protocol: ICMP}, {}]}",
            ),
            [
                ("InvalidPort", "/spec/ports/0/name"),
                ("InvalidPort", "/spec/ports/0/port"),
                ("InvalidProtocol", "/spec/ports/0/protocol"),
                ("InvalidPort", "/spec/ports/1/name"),
                ("RequiredField", "/spec/ports/1/port"),
                ("RequiredField", "/spec/ports/1/protocol"),
            ],
        ),
        (
            given("StagedNetworkPolicy", "{stagedAction: Do}"),
            [("InvalidValue", "/spec/stagedAction")],
        ),
        (
            given("StagedGlobalNetworkPolicy", "{selector: a}"),
            [("InvalidSelector", "/spec/selector")],
        ),
        (
            given("StagedNetworkPolicy", "{stagedAction: Delete, selector: all()}"),
            [("ForbiddenField", "/spec/selector")],
        ),
        ({**given("NetworkPolicy"), "spec": 5}, [("InvalidType", "/spec")]),
        (
            {**given("NetworkPolicy"), "metadata": []},
            [("InvalidType", "/metadata"), ("InvalidName", "/metadata/name")],
        ),
    ],
)
def test_objects_that_are_refused(raw: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert faults(raw) == expected


def test_unknown_fields_are_told_and_have_no_effect() -> None:
    found = read_calico(rule("{source: {labels: x}, pass: 1}")).notes
    assert [(each.code, each.pointer) for each in found] == [
        ("UnknownField", "/spec/ingress/0/pass"),
        ("UnknownField", "/spec/ingress/0/source/labels"),
    ]


def test_the_other_kinds() -> None:
    tier = read_calico(given("Tier", "{order: 5, defaultAction: Pass}")).value
    assert isinstance(tier, Tier)
    assert (tier.order, tier.default_action) == (5, Action.PASS)
    networks = read_calico(given("NetworkSet", "{nets: [10.0.0.1/8]}", labels={"a": "b"})).value
    assert isinstance(networks, NetworkSet)
    assert (networks.ref.namespace, networks.nets) == ("default", ("10.0.0.1/8",))
    host = read_calico(
        given(
            "HostEndpoint",
            "{node: n, interfaceName: '*', expectedIPs: [10.0.0.1], profiles: [p], "
            "ports: [{name: a, port: 5, protocol: TCP}]}",
        )
    ).value
    assert isinstance(host, HostEndpoint)
    assert (host.node, host.interface, host.profiles) == ("n", "*", ("p",))
    assert host.ports[0].number == 5
    profile = read_calico(
        given("Profile", "{ingress: [{action: Allow}], labelsToApply: {a: b}}")
    ).value
    assert isinstance(profile, Profile)
    assert profile.ingress[0].action is Action.ALLOW
    for kind in ("StagedNetworkPolicy", "StagedGlobalNetworkPolicy"):
        assert isinstance(read_calico(given(kind)).value, StagedPolicy)
    staged = read_calico(given("StagedKubernetesNetworkPolicy", "{podSelector: {}}")).value
    assert isinstance(staged, StagedPolicy)


@pytest.mark.parametrize(("api", "kind"), sorted(KINDS))
def test_normalised_form_reads_back_to_the_same(api: str, kind: str) -> None:
    specs = {
        "HostEndpoint": "{node: n, interfaceName: eth0}",
        "NetworkSet": "{nets: [10.0.0.0/8], x: null}",
        "NetworkPolicy": "{egress: [{action: Pass, source: {selector: has(a)}}], order: null}",
        "Tier": "{order: 1.5}",
    }
    raw = given(kind, specs.get(kind, "{}"), api, labels={"a": "b"}, name="default.default.x")
    if kind == "Tier":
        raw["metadata"]["name"] = "x"
    first = read_calico(raw)
    again = read_calico(dict(first.normalised))
    assert again.value == first.value
    assert again.normalised == first.normalised
