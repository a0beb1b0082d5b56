"""Calico's policies and rules: what the v3 API refuses, and what it fills in."""

from __future__ import annotations

import pytest

from service.manifests.calico import read_calico
from service.model.calico import (
    STORED_API,
    Action,
    PortRange,
)
from service.model.network_policy import PolicyType
from tests.unit.manifests.calico_raw import faults, given, policy, rule

IN, OUT = PolicyType.INGRESS, PolicyType.EGRESS


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
