"""What the API server would add, and what is the same after a way through it."""

from __future__ import annotations

from typing import Any

import pytest

from service.model.labels import EVERYTHING, LabelSelector, Operator, Requirement
from service.model.network_policy import (
    IPBlock,
    NetworkPolicyPeer,
    NetworkPolicyPort,
    NetworkPolicyRule,
    PolicyType,
)
from tests.unit.manifests.reading import normalised_spec, policy, policy_text, read

BOTH = ["Ingress", "Egress"]


@pytest.mark.parametrize(
    ("spec", "types"),
    [
        ("{}", ["Ingress"]),
        ("null", ["Ingress"]),
        ("{policyTypes: []}", ["Ingress"]),
        ("{policyTypes: null, egress: []}", ["Ingress"]),
        ("{egress: null}", ["Ingress"]),
        ("{egress: [{}]}", BOTH),
        ("{egress: [null]}", BOTH),
        ("{policyTypes: [], egress: [{}]}", BOTH),
        ("{ingress: [{}]}", ["Ingress"]),
        ("{policyTypes: [Ingress], egress: [{}]}", ["Ingress"]),
        ("{policyTypes: [Egress], ingress: [{}]}", ["Egress"]),
        ("{policyTypes: [Egress, Ingress]}", BOTH),
        ("{policyTypes: [Ingress, Ingress]}", ["Ingress"]),
    ],
)
def test_policy_types(spec: str, types: list[str]) -> None:
    assert normalised_spec(spec)["policyTypes"] == types
    assert policy(spec).policy_types == frozenset(map(PolicyType, types))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("{}", "{podSelector: {}, ingress: [], egress: [], policyTypes: []}"),
        ("{}", "{podSelector: null, ingress: null, egress: null, policyTypes: null}"),
        ("{}", "{podSelector: {matchLabels: {}, matchExpressions: []}}"),
        ("{}", "{podSelector: {matchLabels: null, matchExpressions: null}}"),
        (
            "{podSelector: {matchLabels: {a: b, c: d}}}",
            "{podSelector: {matchLabels: {c: d, a: b}}}",
        ),
        ("{podSelector: {matchLabels: {a: ''}}}", "{podSelector: {matchLabels: {a: null}}}"),
        ("{ingress: [{}]}", "{ingress: [null]}"),
        ("{ingress: [{}]}", "{ingress: [{from: [], ports: []}]}"),
        ("{ingress: [{}]}", "{ingress: [{from: null, ports: null}]}"),
        ("{ingress: [{ports: [{}]}]}", "{ingress: [{ports: [{protocol: TCP}]}]}"),
        ("{ingress: [{ports: [{}]}]}", "{ingress: [{ports: [{port: null, endPort: null}]}]}"),
        ("{ingress: [{ports: [{}]}]}", "{ingress: [{ports: [null]}]}"),
        ("{ingress: [{ports: [{port: 80}]}]}", "{ingress: [{ports: [{port: 80.0}]}]}"),
        (
            "{ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}]}",
            "{ingress: [{from: [{podSelector: null, ipBlock: {cidr: 10.0.0.0/8, except: []}}]}]}",
        ),
        (
            "{ingress: [{from: [{podSelector: {}}]}]}",
            "{ingress: [{from: [{podSelector: {matchLabels: null}, namespaceSelector: null}]}]}",
        ),
        (
            "{podSelector: {matchExpressions: [{key: a, operator: In, values: [v, w]}]}}",
            "{podSelector: {matchExpressions: [{operator: In, values: [w, v, w], key: a}]}}",
        ),
        (
            "{podSelector: {matchExpressions: [{key: a, operator: Exists}]}}",
            "{podSelector: {matchExpressions: [{key: a, operator: Exists, values: []}]}}",
        ),
    ],
)
def test_ways_to_say_the_same(one: str, other: str) -> None:
    first, second = (read(policy_text(each)).policies[0] for each in (one, other))
    assert first.normalised == second.normalised
    assert first.digest == second.digest
    assert first.policy == second.policy


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("{ingress: [{}]}", "{ingress: []}"),
        ("{ingress: [{}]}", "{ingress: [{ports: [{}]}]}"),
        (
            "{ingress: [{from: [{podSelector: {}}]}]}",
            "{ingress: [{from: [{namespaceSelector: {}}]}]}",
        ),
        (
            "{ingress: [{from: [{podSelector: {}, namespaceSelector: {}}]}]}",
            "{ingress: [{from: [{podSelector: {}}, {namespaceSelector: {}}]}]}",
        ),
        ("{ingress: [{ports: [{port: 80}]}]}", "{ingress: [{ports: [{port: 80, endPort: 80}]}]}"),
    ],
)
def test_ways_to_say_something_else(one: str, other: str) -> None:
    first, second = (read(policy_text(each)).policies[0] for each in (one, other))
    assert first.digest != second.digest


@pytest.mark.parametrize(
    "metadata",
    [
        "{namespace: x, name: a, labels: {app: web}, annotations: {note: because}}",
        "{name: a, namespace: x, uid: u, resourceVersion: '7', generation: 2, "
        "creationTimestamp: null, managedFields: [{manager: kubectl}], "
        "annotations: {kubectl.kubernetes.io/last-applied-configuration: '{}'}}",
    ],
)
def test_metadata_that_says_nothing_about_connections(metadata: str) -> None:
    plain = read(policy_text("{}")).policies[0]
    assert read(policy_text("{}", metadata)).policies[0].normalised == plain.normalised


def test_status_of_old_clusters_is_let_through() -> None:
    assert read(policy_text("{}") + "status: {}\n").policies[0].policy == policy("{}")


@pytest.mark.parametrize(
    "metadata", ["{name: a}", "{name: a, namespace: ''}", "{name: a, namespace: null}"]
)
def test_the_namespace_defaults(metadata: str) -> None:
    assert read(policy_text("{}", metadata)).policies[0].ref.namespace == "default"


def test_a_generated_name_is_made_up_and_told() -> None:
    upload = read(policy_text("{}", "{generateName: allow-, namespace: x}"))
    assert upload.policies[0].ref.name == "allow-00001"
    assert [each.code for each in upload.problems] == ["NameGenerated"]


def test_every_field_becomes_part_of_the_value() -> None:
    found = policy(
        """{podSelector: {matchLabels: {b: w, a: v},
                          matchExpressions: [{key: c, operator: NotIn, values: [p, o]},
                                             {key: d, operator: DoesNotExist}]},
            policyTypes: [Ingress, Egress],
            ingress: [{from: [{podSelector: {}, namespaceSelector: {matchLabels: {k: m}}},
                              {ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}],
                       ports: [{port: 80}, {port: dns, protocol: UDP}]}],
            egress: [{to: [{ipBlock: {cidr: '2001:db8::/32'}}],
                      ports: [{port: 1000, endPort: 2000, protocol: SCTP}, {}]}]}"""
    )
    assert found.pod_selector == LabelSelector(
        (
            Requirement("a", Operator.IN, ("v",)),
            Requirement("b", Operator.IN, ("w",)),
            Requirement("c", Operator.NOT_IN, ("o", "p")),
            Requirement("d", Operator.DOES_NOT_EXIST),
        )
    )
    namespaces = LabelSelector((Requirement("k", Operator.IN, ("m",)),))
    assert found.ingress == (
        NetworkPolicyRule(
            (
                NetworkPolicyPeer(EVERYTHING, namespaces),
                NetworkPolicyPeer(ip_block=IPBlock("10.0.0.0/8", ("10.1.0.0/16",))),
            ),
            (NetworkPolicyPort("TCP", 80), NetworkPolicyPort("UDP", "dns")),
        ),
    )
    assert found.egress == (
        NetworkPolicyRule(
            (NetworkPolicyPeer(ip_block=IPBlock("2001:db8::/32")),),
            (NetworkPolicyPort("SCTP", 1000, 2000), NetworkPolicyPort()),
        ),
    )


@pytest.mark.parametrize(
    ("cidr", "read_as", "code"),
    [
        ("10.0.0.5/16", "10.0.0.5/16", "CidrHostBits"),
        ("2001:db8::1/64", "2001:db8::1/64", "CidrHostBits"),
        ("10.0.0.0/08", None, "CidrLeadingZeros"),
        ("::ffff:10.0.0.0/104", "10.0.0.0/8", "CidrIPv4Mapped"),
    ],
)
def test_sloppy_blocks_are_read_and_told(cidr: str, read_as: str | None, code: str) -> None:
    upload = read(policy_text(f"{{ingress: [{{from: [{{ipBlock: {{cidr: '{cidr}'}}}}]}}]}}"))
    (problem,) = upload.problems
    assert (problem.code, problem.pointer) == (code, "/spec/ingress/0/from/0/ipBlock/cidr")
    assert "1.36" in problem.detail
    if read_as is not None:
        spec: dict[str, Any] = upload.policies[0].normalised["spec"]
        assert spec["ingress"][0]["from"][0]["ipBlock"] == {"cidr": read_as}
