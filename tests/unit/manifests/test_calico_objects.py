"""Calico's objects: what the v3 API refuses, and what it fills in."""

from __future__ import annotations

from typing import Any

import pytest

from service.manifests.calico import KINDS, read_calico
from service.model.calico import (
    Action,
    HostEndpoint,
    NetworkSet,
    Profile,
    StagedPolicy,
    Tier,
)
from tests.unit.manifests.calico_raw import faults, given, rule


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


@pytest.mark.parametrize("action", ["Set", "Learn", "Ignore"])
def test_what_a_staged_network_policy_could_not_become_is_told(action: str) -> None:
    body = "podSelector: {matchLabels: {a: b}}, ingress: [{ports: [{port: 70000}]}]"
    raw = given(
        "StagedKubernetesNetworkPolicy", f"{{stagedAction: {action}, {body}}}", namespace="shop"
    )
    reading = read_calico(raw)
    assert isinstance(reading.value, StagedPolicy)
    assert [(each.code, each.pointer) for each in reading.notes] == [
        ("InvalidPort", "/spec/ingress/0/ports/0/port")
    ]
    assert read_calico(given(raw["kind"], f"{{{body.replace('70000', '80')}}}")).notes == ()


def test_a_staged_deletion_has_no_rules() -> None:
    kind = "StagedKubernetesNetworkPolicy"
    assert faults(given(kind, "{stagedAction: Delete}")) == []
    assert faults(given(kind, "{stagedAction: Delete, podSelector: {}, ingress: []}")) == []
    assert faults(given(kind, "{stagedAction: Delete, ingress: [{}], policyTypes: [Egress]}")) == [
        ("ForbiddenField", "/spec/ingress"),
        ("ForbiddenField", "/spec/policyTypes"),
    ]


@pytest.mark.parametrize(
    ("kind", "name", "told"),
    [
        ("NetworkPolicy", "a", False),
        ("NetworkPolicy", "a.b", False),
        ("GlobalNetworkPolicy", "a.b.c", True),
        ("NetworkPolicy", "knp.default.a.b.c", False),
        ("StagedGlobalNetworkPolicy", "sec.a.b", True),
        ("GlobalNetworkSet", "a.b.c", False),
    ],
)
def test_names_with_dots(kind: str, name: str, told: bool) -> None:
    reading = read_calico(given(kind, name=name))
    assert not reading.is_refused
    assert [each.code for each in reading.notes] == (["CalicoNameRefused"] if told else [])
