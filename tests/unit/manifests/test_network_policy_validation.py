"""What the API server refuses. The same tables were put to Kubernetes 1.36's own validation."""

from __future__ import annotations

import pytest

from tests.unit.manifests.reading import codes_of, faults_of, policy_text, read


def _peer(text: str) -> str:
    return f"{{ingress: [{{from: [{text}]}}]}}"


def _port(text: str) -> str:
    return f"{{egress: [{{ports: [{text}]}}]}}"


def _block(cidr: str, *excepts: str) -> str:
    listed = ", ".join(f"'{each}'" for each in excepts)
    return _peer(f"{{ipBlock: {{cidr: '{cidr}', except: [{listed}]}}}}")


def _requirement(text: str) -> str:
    return f"{{podSelector: {{matchExpressions: [{text}]}}}}"


PEER = "/spec/ingress/0/from/0"
CIDR = f"{PEER}/ipBlock/cidr"
EXCEPT = f"{PEER}/ipBlock/except/0"
PORT = "/spec/egress/0/ports/0"
REQUIREMENT = "/spec/podSelector/matchExpressions/0"


@pytest.mark.parametrize(
    ("spec", "code", "pointer"),
    [
        # Peers.
        (_peer("{}"), "EmptyPeer", PEER),
        (_peer("null"), "EmptyPeer", PEER),
        (_peer("{podSelector: null}"), "EmptyPeer", PEER),
        (_peer("{podSelector: {}, ipBlock: {cidr: 10.0.0.0/8}}"), "ConflictingPeer", PEER),
        (_peer("{namespaceSelector: {}, ipBlock: {cidr: 10.0.0.0/8}}"), "ConflictingPeer", PEER),
        # Address blocks.
        (_peer("{ipBlock: {}}"), "RequiredField", CIDR),
        (_peer("{ipBlock: {cidr: ''}}"), "RequiredField", CIDR),
        (_block("10.0.0.1"), "InvalidCidr", CIDR),
        (_block("10.0.0.0/33"), "InvalidCidr", CIDR),
        (_block("10.0.0/8"), "InvalidCidr", CIDR),
        (_block("10.0.0.0/8 "), "InvalidCidr", CIDR),
        (_block("10.0.0.0/255.0.0.0"), "InvalidCidr", CIDR),
        (_block("fe80::1%eth0/64"), "InvalidCidr", CIDR),
        (_block("example.com/8"), "InvalidCidr", CIDR),
        (_block("10.0.0.0/8", "10.0.0.1"), "InvalidCidr", EXCEPT),
        (_block("10.0.0.0/8", "10.0.0.0/8"), "ExceptOutsideCidr", EXCEPT),
        (_block("10.0.0.0/8", "11.0.0.0/16"), "ExceptOutsideCidr", EXCEPT),
        (_block("10.1.0.0/16", "10.0.0.0/8"), "ExceptOutsideCidr", EXCEPT),
        (_block("::/0", "10.0.0.0/8"), "ExceptOutsideCidr", EXCEPT),
        (_block("0.0.0.0/0", "2001:db8::/32"), "ExceptOutsideCidr", EXCEPT),
        (_block("::ffff:10.0.0.0/104", "10.1.0.0/16"), "ExceptOutsideCidr", EXCEPT),
        # Ports.
        (_port("{protocol: tcp}"), "InvalidProtocol", f"{PORT}/protocol"),
        (_port("{protocol: ICMP}"), "InvalidProtocol", f"{PORT}/protocol"),
        (_port("{protocol: ''}"), "InvalidProtocol", f"{PORT}/protocol"),
        (_port("{port: 0}"), "InvalidPort", f"{PORT}/port"),
        (_port("{port: 65536}"), "InvalidPort", f"{PORT}/port"),
        (_port("{port: -1}"), "InvalidPort", f"{PORT}/port"),
        (_port("{port: ''}"), "InvalidPortName", f"{PORT}/port"),
        (_port("{port: '8080'}"), "InvalidPortName", f"{PORT}/port"),
        (_port("{port: HTTP}"), "InvalidPortName", f"{PORT}/port"),
        (_port("{port: a--b}"), "InvalidPortName", f"{PORT}/port"),
        (_port("{port: -a}"), "InvalidPortName", f"{PORT}/port"),
        (_port("{port: a_b}"), "InvalidPortName", f"{PORT}/port"),
        (_port("{port: abcdefghijklmnop}"), "InvalidPortName", f"{PORT}/port"),
        (_port("{endPort: 80}"), "InvalidEndPort", f"{PORT}/endPort"),
        (_port("{port: http, endPort: 80}"), "InvalidEndPort", f"{PORT}/endPort"),
        (_port("{port: 80, endPort: 79}"), "InvalidEndPort", f"{PORT}/endPort"),
        (_port("{port: 80, endPort: 0}"), "InvalidEndPort", f"{PORT}/endPort"),
        (_port("{port: 80, endPort: 65536}"), "InvalidEndPort", f"{PORT}/endPort"),
        # Policy types.
        ("{policyTypes: [ingress]}", "InvalidPolicyType", "/spec/policyTypes/0"),
        ("{policyTypes: [Ingress, '']}", "InvalidPolicyType", "/spec/policyTypes/1"),
        ("{policyTypes: [null]}", "InvalidPolicyType", "/spec/policyTypes/0"),
        (
            "{policyTypes: [Ingress, Egress, Ingress]}",
            "TooManyPolicyTypes",
            "/spec/policyTypes",
        ),
        # Selectors.
        (_requirement("{key: a, operator: In}"), "RequiredField", f"{REQUIREMENT}/values"),
        (
            _requirement("{key: a, operator: NotIn, values: []}"),
            "RequiredField",
            f"{REQUIREMENT}/values",
        ),
        (
            _requirement("{key: a, operator: Exists, values: [b]}"),
            "ForbiddenField",
            f"{REQUIREMENT}/values",
        ),
        (
            _requirement("{key: a, operator: DoesNotExist, values: [b]}"),
            "ForbiddenField",
            f"{REQUIREMENT}/values",
        ),
        (_requirement("{key: a, operator: in}"), "InvalidOperator", f"{REQUIREMENT}/operator"),
        (_requirement("{key: a}"), "InvalidOperator", f"{REQUIREMENT}/operator"),
        (_requirement("{operator: Exists}"), "InvalidLabelKey", f"{REQUIREMENT}/key"),
        (_requirement("{key: a/b/c, operator: Exists}"), "InvalidLabelKey", f"{REQUIREMENT}/key"),
        (
            _requirement("{key: a, operator: In, values: [b, -c]}"),
            "InvalidLabelValue",
            f"{REQUIREMENT}/values/1",
        ),
        (
            "{podSelector: {matchLabels: {a: $b}}}",
            "InvalidLabelValue",
            "/spec/podSelector/matchLabels/a",
        ),
        (
            "{podSelector: {matchLabels: {/a: b}}}",
            "InvalidLabelKey",
            "/spec/podSelector/matchLabels/~1a",
        ),
        (
            _peer("{namespaceSelector: {matchLabels: {a b: c}}}"),
            "InvalidLabelKey",
            f"{PEER}/namespaceSelector/matchLabels/a b",
        ),
        # Types and unknown fields, as kubectl is strict about them.
        ("[]", "WrongType", "/spec"),
        ("{podSelector: text}", "WrongType", "/spec/podSelector"),
        ("{podSelector: {matchLabels: {a: 1}}}", "WrongType", "/spec/podSelector/matchLabels/a"),
        ("{podSelector: {matchLabels: {a: y}}}", "WrongType", "/spec/podSelector/matchLabels/a"),
        ("{ingress: {}}", "WrongType", "/spec/ingress"),
        ("{ingress: [3]}", "WrongType", "/spec/ingress/0"),
        ("{policyTypes: Ingress}", "WrongType", "/spec/policyTypes"),
        (_port("{port: true}"), "WrongType", f"{PORT}/port"),
        (_port("{port: 80.5}"), "WrongType", f"{PORT}/port"),
        (_port("{port: 80, endPort: '90'}"), "WrongType", f"{PORT}/endPort"),
        (_port("{protocol: 6}"), "WrongType", f"{PORT}/protocol"),
        ("{podselector: {}}", "UnknownField", "/spec/podselector"),
        ("{ingress: [{to: []}]}", "UnknownField", "/spec/ingress/0/to"),
        (_peer("{podSelector: {}, namespaces: {}}"), "UnknownField", f"{PEER}/namespaces"),
        ("{podSelector: {app: web}}", "UnknownField", "/spec/podSelector/app"),
    ],
)
def test_a_spec_that_is_refused(spec: str, code: str, pointer: str) -> None:
    assert codes_of(policy_text(spec)) == [(code, pointer)]


@pytest.mark.parametrize(
    "spec",
    [
        _block("10.0.0.0/8", "10.0.0.0/9", "10.255.255.255/32"),
        _block("0.0.0.0/0", "10.0.0.0/8"),
        _block("::/0", "2001:db8::/32"),
        _block("10.0.0.0/8", "::ffff:10.1.0.0/112"),
        _port("{port: 80, endPort: 80}"),
        _port("{port: 1, endPort: 65535}"),
        _port("{port: a-1}"),
        _port("{port: abcdefghijklmno}"),
        _port("{protocol: SCTP}"),
        "{policyTypes: [Ingress, Ingress]}",
        "{podSelector: {matchLabels: {a: ''}}}",
        "{podSelector: {matchLabels: {example.com/a_B.c: x_Y.z}}}",
        "{podSelector: {matchLabels: {a: b}, "
        "matchExpressions: [{key: a, operator: DoesNotExist}]}}",
        _requirement("{key: a, operator: In, values: ['']}"),
    ],
)
def test_a_spec_that_is_taken(spec: str) -> None:
    assert len(read(policy_text(spec)).policies) == 1


@pytest.mark.parametrize(
    ("metadata", "code", "pointer"),
    [
        ("{namespace: x}", "MissingName", "/metadata/name"),
        ("{name: ''}", "MissingName", "/metadata/name"),
        ("{name: A}", "InvalidName", "/metadata/name"),
        ("{name: a_b}", "InvalidName", "/metadata/name"),
        ("{name: a..b}", "InvalidName", "/metadata/name"),
        (f"{{name: {'a' * 254}}}", "InvalidName", "/metadata/name"),
        ("{name: 1}", "WrongType", "/metadata/name"),
        ("{name: on}", "WrongType", "/metadata/name"),
        ("{name: a, namespace: a.b}", "InvalidNamespace", "/metadata/namespace"),
        (f"{{name: a, namespace: {'n' * 64}}}", "InvalidNamespace", "/metadata/namespace"),
        ("{name: a, labels: {a: -}}", "InvalidLabelValue", "/metadata/labels/a"),
        ("{name: a, labels: {a: 1}}", "WrongType", "/metadata/labels/a"),
        ("{name: a, annotations: {a b: c}}", "InvalidAnnotationKey", "/metadata/annotations/a b"),
        ("{name: a, annotations: {a: 1}}", "WrongType", "/metadata/annotations/a"),
        ("{name: a, label: {}}", "UnknownField", "/metadata/label"),
        ("[]", "WrongType", "/metadata"),
    ],
)
def test_metadata_that_is_refused(metadata: str, code: str, pointer: str) -> None:
    assert codes_of(policy_text("{}", metadata)) == [(code, pointer)]


def test_every_fault_is_listed_with_its_line() -> None:
    found = faults_of(
        """\
        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata:
          name: Wrong
        spec:
          policyTypes:
            - ingress
          ingress:
            - from:
                - podSelector: {}
                  ipBlock:
                    cidr: 10.0.0.0
              ports:
                - protocol: tcp
                  port: 0
        ---
        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata: {name: a}
        spec: {podselector: {}}
        """
    )
    assert [(each.code, each.document, each.line) for each in found] == [
        ("InvalidName", 1, 4),
        ("InvalidProtocol", 1, 14),
        ("InvalidPort", 1, 15),
        ("InvalidCidr", 1, 12),
        ("ConflictingPeer", 1, 10),
        ("InvalidPolicyType", 1, 7),
        ("UnknownField", 2, 20),
    ]


def test_pointers_of_an_item_begin_at_the_item() -> None:
    found = faults_of(
        """\
        apiVersion: v1
        kind: List
        items:
        - apiVersion: networking.k8s.io/v1
          kind: NetworkPolicy
          metadata: {name: a}
          spec:
            policyTypes: [Up]
        """
    )
    assert [(each.pointer, each.line) for each in found] == [("/spec/policyTypes/0", 8)]
