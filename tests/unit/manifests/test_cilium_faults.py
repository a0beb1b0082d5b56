"""What the CRDs and the agent refuse of Cilium's policies."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from service.manifests.cilium import read_cilium
from service.model.cilium import AgentRefusal, CiliumPolicy, VersionedReason
from service.model.finding import Severity
from tests.builders import Manifest


def manifest(spec: str, kind: str = "CiliumNetworkPolicy", **metadata: Any) -> Manifest:
    """A policy whose spec is given as the inside of a YAML mapping."""
    return {
        "apiVersion": "cilium.io/v2",
        "kind": kind,
        "metadata": {"name": "p", **metadata},
        "spec": yaml.safe_load(f"{{{spec}}}"),
    }


def faults(found: Manifest) -> list[tuple[str, str]]:
    return [(each.code, each.pointer) for each in read_cilium(found).notes if not each.severity]


def ingress(rule: str) -> Manifest:
    return manifest(f"endpointSelector: {{}}, ingress: [{{{rule}}}]")


def egress(rule: str) -> Manifest:
    return manifest(f"endpointSelector: {{}}, egress: [{{{rule}}}]")


AGENT = "CiliumInvalidRule"
L7 = "ports: [{port: '80', protocol: TCP}]"
PORTS = ", ".join(f"{{port: '{each}'}}" for each in range(1, 42))


@pytest.mark.parametrize(
    ("rule", "code", "pointer"),
    [
        ("fromEndpoints: [{}], fromCIDR: [10.0.0.0/8]", AGENT, ""),
        ("fromEntities: [world], fromCIDRSet: [{cidr: 10.0.0.0/8}]", AGENT, ""),
        ("fromEntities: [universe]", "InvalidValue", "/fromEntities/0"),
        ("fromEntities: [world-ipv4]", "InvalidValue", "/fromEntities/0"),
        ("fromEntities: world", "InvalidType", "/fromEntities"),
        ("fromEndpoints: {}", "InvalidType", "/fromEndpoints"),
        ("fromCIDR: [10.0.0.0/33]", AGENT, "/fromCIDR/0"),
        ("fromCIDR: [010.0.0.0/8]", AGENT, "/fromCIDR/0"),
        ("fromCIDRSet: [{cidr: 10.0.0.1}]", AGENT, "/fromCIDRSet/0/cidr"),
        ("fromCIDRSet: [{}]", AGENT, "/fromCIDRSet/0"),
        ("fromCIDRSet: [{cidr: 10.0.0.0/8, cidrGroupRef: g}]", AGENT, "/fromCIDRSet/0"),
        (
            "fromCIDRSet: [{cidr: 10.0.0.0/8, except: [192.168.0.0/16]}]",
            AGENT,
            "/fromCIDRSet/0/except/0",
        ),
        (
            "fromCIDRSet: [{cidr: 10.0.0.0/8, except: ['fd00::/16']}]",
            AGENT,
            "/fromCIDRSet/0/except/0",
        ),
        ("fromCIDRSet: [{cidr: 10.0.0.0/8, except: [x]}]", AGENT, "/fromCIDRSet/0/except/0"),
        (
            "fromEndpoints: [{matchExpressions: [{key: a, operator: In}]}]",
            AGENT,
            "/fromEndpoints/0/matchExpressions/0/values",
        ),
        (
            "fromEndpoints: [{matchExpressions: [{key: a, operator: Exists, values: [b]}]}]",
            AGENT,
            "/fromEndpoints/0/matchExpressions/0/values",
        ),
        (
            "fromEndpoints: [{matchExpressions: [{key: a, operator: Gt, values: [b]}]}]",
            "InvalidValue",
            "/fromEndpoints/0/matchExpressions/0/operator",
        ),
        (
            "fromEndpoints: [{matchLabels: {a: b c}}]",
            "InvalidLabel",
            "/fromEndpoints/0/matchLabels",
        ),
        ("fromEndpoints: [{matchLabels: {a/b/c: d}}]", AGENT, "/fromEndpoints/0/matchLabels"),
        ("toPorts: [{ports: [{}]}]", "RequiredField", "/toPorts/0/ports/0/port"),
        ("toPorts: [{ports: [{port: 80}]}]", "InvalidType", "/toPorts/0/ports/0/port"),
        ("toPorts: [{ports: [{port: '65536'}]}]", AGENT, "/toPorts/0/ports/0/port"),
        ("toPorts: [{ports: [{port: '09'}]}]", AGENT, "/toPorts/0/ports/0/port"),
        ("toPorts: [{ports: [{port: '-'}]}]", AGENT, "/toPorts/0/ports/0/port"),
        ("toPorts: [{ports: [{port: a-name-that-is-too-long}]}]", AGENT, "/toPorts/0/ports/0/port"),
        (
            "toPorts: [{ports: [{port: '80', protocol: tcp}]}]",
            "InvalidValue",
            "/toPorts/0/ports/0/protocol",
        ),
        (
            "toPorts: [{ports: [{port: '80', endPort: 70000}]}]",
            "InvalidPort",
            "/toPorts/0/ports/0/endPort",
        ),
        (f"toPorts: [{{ports: [{PORTS}]}}]", "TooMany", "/toPorts/0/ports"),
        ("toPorts: [{ports: [{port: '80'}]}], icmps: [{fields: [{type: 8}]}]", AGENT, "/icmps"),
        ("icmps: [{fields: [{type: 256}]}]", "InvalidValue", "/icmps/0/fields/0/type"),
        ("icmps: [{fields: [{type: PacketTooBig}]}]", "InvalidValue", "/icmps/0/fields/0/type"),
        ("icmps: [{fields: [{family: IPv4}]}]", "RequiredField", "/icmps/0/fields/0/type"),
        ("icmps: [{fields: [{family: v4, type: 8}]}]", "InvalidValue", "/icmps/0/fields/0/family"),
        (
            f"toPorts: [{{{L7}, rules: {{dns: [{{matchPattern: '*'}}]}}}}]",
            AGENT,
            "/toPorts/0/rules/dns",
        ),
        (f"toPorts: [{{{L7}, rules: {{http: [{{}}], kafka: [{{}}]}}}}]", AGENT, "/toPorts/0/rules"),
        (f"toPorts: [{{{L7}, rules: {{l7: [{{}}]}}}}]", AGENT, "/toPorts/0/rules/l7"),
        ("toPorts: [{ports: [{port: '80'}], rules: {http: [{}]}}]", AGENT, "/toPorts/0/rules"),
        (
            "toPorts: [{ports: [{port: '0', protocol: TCP}], rules: {http: [{}]}}]",
            AGENT,
            "/toPorts/0/rules",
        ),
        (f"toPorts: [{{{L7}, listener: {{name: x}}}}]", AGENT, "/toPorts/0/listener"),
        (f"toPorts: [{{{L7}, serverNames: ['']}}]", AGENT, "/toPorts/0/serverNames"),
        (
            f"toPorts: [{{{L7}, serverNames: [a.io], rules: {{http: [{{}}]}}}}]",
            AGENT,
            "/toPorts/0/serverNames",
        ),
        (f"toPorts: [{{{L7}, redirect: 80}}]", "UnknownField", "/toPorts/0/redirect"),
        ("authentication: {}", "RequiredField", "/authentication/mode"),
        ("authentication: {mode: sometimes}", "InvalidValue", "/authentication/mode"),
    ],
)
def test_ingress_rule(rule: str, code: str, pointer: str) -> None:
    assert (code, f"/spec/ingress/0{pointer}") in faults(ingress(rule))


@pytest.mark.parametrize(
    ("rule", "code", "pointer"),
    [
        ("toEndpoints: [{}], toFQDNs: [{matchName: a.io}]", AGENT, ""),
        ("toServices: [{k8sService: {serviceName: a}}], toEntities: [world]", AGENT, ""),
        (
            "toServices: [{k8sServiceSelector: {}}]",
            "RequiredField",
            "/toServices/0/k8sServiceSelector/selector",
        ),
        ("toFQDNs: [{matchName: 'a b'}]", AGENT, "/toFQDNs/0/matchName"),
        ("toFQDNs: [{matchPattern: 'a?.io'}]", AGENT, "/toFQDNs/0/matchPattern"),
        ("toFQDNs: [{}]", AGENT, "/toFQDNs/0"),
        ("toFQDNs: [{matchName: a.io, matchPattern: '*'}]", AGENT, "/toFQDNs/0"),
        ("toPorts: [{rules: {dns: [{matchPattern: '*'}]}}]", AGENT, "/toPorts/0/rules/dns"),
        (
            "toPorts: [{ports: [{port: '53', endPort: 54}], rules: {dns: [{matchPattern: '*'}]}}]",
            AGENT,
            "/toPorts/0/rules",
        ),
        (
            f"toPorts: [{{{L7}, listener: {{name: x}}, rules: {{http: [{{}}]}}}}]",
            AGENT,
            "/toPorts/0/listener",
        ),
    ],
)
def test_egress_rule(rule: str, code: str, pointer: str) -> None:
    assert (code, f"/spec/egress/0{pointer}") in faults(egress(rule))


@pytest.mark.parametrize(
    ("found", "code", "pointer"),
    [
        (manifest("ingress: [{}]"), AGENT, "/spec"),
        (
            manifest("endpointSelector: {}, nodeSelector: {}, ingress: [{}]"),
            AGENT,
            "/spec/nodeSelector",
        ),
        (manifest("nodeSelector: {}, ingress: [{}]"), AGENT, "/spec/nodeSelector"),
        (
            manifest(
                "endpointSelector: {}, nodeSelector: {}, ingress: [{}]",
                "CiliumClusterwideNetworkPolicy",
            ),
            AGENT,
            "/spec",
        ),
        (
            manifest(
                f"nodeSelector: {{}}, ingress: [{{toPorts: [{{{L7}, rules: {{http: [{{}}]}}}}]}}]",
                "CiliumClusterwideNetworkPolicy",
            ),
            AGENT,
            "/spec/ingress/0/toPorts/0/rules",
        ),
        (manifest("endpointSelector: {}, ingress: {}"), "InvalidType", "/spec/ingress"),
        (manifest("endpointSelector: {}, ingress: [x]"), "InvalidType", "/spec/ingress/0"),
        (
            manifest("endpointSelector: {}, ingress: [{}], enableDefaultDeny: {ingress: 'no'}"),
            "InvalidType",
            "/ingress",
        ),
        (
            manifest("endpointSelector: {}, egressDeny: [{toFQDNs: [{matchName: a.io}]}]"),
            "ForbiddenField",
            "/spec/egressDeny/0/toFQDNs",
        ),
        (
            manifest(
                "endpointSelector: {}, ingressDeny: "
                f"[{{toPorts: [{{{L7}, rules: {{http: [{{}}]}}}}]}}]"
            ),
            "UnknownField",
            "/spec/ingressDeny/0/toPorts/0/rules",
        ),
        (
            manifest("endpointSelector: {}, ingress: [{}]", namespace="Not"),
            "InvalidNamespace",
            "/metadata/namespace",
        ),
    ],
)
def test_policy(found: Manifest, code: str, pointer: str) -> None:
    assert any(each[0] == code and each[1].endswith(pointer) for each in faults(found)), faults(
        found
    )


def test_object_without_any_spec() -> None:
    found = manifest("endpointSelector: {}")
    del found["spec"]
    assert faults(found) == [(AGENT, "/spec")]


@pytest.mark.parametrize(
    ("spec", "reason", "pointer"),
    [
        ("endpointSelector: {}", VersionedReason.EMPTY_RULE, "/spec"),
        ("endpointSelector: {}, ingress: [], egressDeny: []", VersionedReason.EMPTY_RULE, "/spec"),
        (
            "endpointSelector: {}, egress: [{toServices: [{k8sService: {serviceName: a}}], "
            "toPorts: [{ports: [{port: '80'}]}]}]",
            VersionedReason.SERVICES_WITH_PORTS,
            "/spec/egress/0/toServices",
        ),
    ],
)
def test_what_some_versions_refuse_is_told(
    spec: str, reason: VersionedReason, pointer: str
) -> None:
    reading = read_cilium(manifest(spec))
    (note,) = reading.notes
    assert (note.code, note.pointer, note.severity) == (reason.value, pointer, Severity.HIGH)
    assert isinstance(reading.value, CiliumPolicy)
    assert [(each.reason, each.pointer) for each in reading.value.refusals] == [(reason, pointer)]


def test_what_the_agent_refuses_of_a_stored_object_is_told() -> None:
    found = manifest(
        "endpointSelector: {}, ingress: [{fromEndpoints: [{}], fromCIDR: [10.0.0.1]}]", uid="u"
    )
    reading = read_cilium(found)
    assert not reading.is_refused
    assert isinstance(reading.value, CiliumPolicy)
    (refusal,) = reading.value.refusals
    assert refusal == AgentRefusal(
        VersionedReason.STORED_INVALID,
        "fromEndpoints and fromCIDR cannot be combined in one rule",
        "/spec/ingress/0",
    )
    assert read_cilium(dict(reading.normalised)).value == reading.value
    # What the API server refuses cannot be stored.
    stored = manifest("endpointSelector: {}, ingress: [{fromEntities: [universe]}]", uid="u")
    assert read_cilium(stored).is_refused


@pytest.mark.parametrize(
    ("spec", "code", "pointer"),
    [
        ("{}", "RequiredField", "/spec/externalCIDRs"),
        ("{externalCIDRs: [10.0.0.1]}", "InvalidCidr", "/spec/externalCIDRs/0"),
        ("{externalCIDRs: 10.0.0.0/8}", "InvalidType", "/spec/externalCIDRs"),
    ],
)
def test_group(spec: str, code: str, pointer: str) -> None:
    found = {**manifest("", "CiliumCIDRGroup"), "spec": yaml.safe_load(spec)}
    assert (code, pointer) in faults(found)


L7_RULE = "toPorts: [{ports: [{port: '80', protocol: TCP}], %s}]"
RULES = "/spec/egress/0/toPorts/0"


@pytest.mark.parametrize(
    ("inside", "code", "pointer"),
    [
        ("rules: {http: [{path: '/a('}]}", AGENT, "/rules/http/0/path"),
        ("rules: {http: [{path: '[a'}]}", AGENT, "/rules/http/0/path"),
        ("rules: {http: [{path: '*'}]}", AGENT, "/rules/http/0/path"),
        ("rules: {http: [{path: '(?!a)b'}]}", AGENT, "/rules/http/0/path"),
        ("rules: {http: [{}, {method: 'GET)'}]}", AGENT, "/rules/http/1/method"),
        ("rules: {http: [{path: 1}]}", "InvalidType", "/rules/http/0/path"),
        ("rules: {http: [{headers: x}]}", "InvalidType", "/rules/http/0/headers"),
        (
            "rules: {http: [{headerMatches: [{}]}]}",
            "RequiredField",
            "/rules/http/0/headerMatches/0/name",
        ),
        (
            "rules: {http: [{headerMatches: [{name: x, mismatch: KEEP}]}]}",
            "InvalidValue",
            "/rules/http/0/headerMatches/0/mismatch",
        ),
        (
            "rules: {http: [{headerMatches: [{name: x, secret: {}}]}]}",
            "RequiredField",
            "/rules/http/0/headerMatches/0/secret/name",
        ),
        ("rules: {kafka: [{role: read}]}", "InvalidValue", "/rules/kafka/0/role"),
        ("rules: {kafka: [{role: produce, apiKey: fetch}]}", AGENT, "/rules/kafka/0"),
        ("rules: {kafka: [{apiVersion: x}]}", AGENT, "/rules/kafka/0/apiVersion"),
        (f"rules: {{kafka: [{{topic: {'x' * 256}}}]}}", "TooLong", "/rules/kafka/0/topic"),
        ("terminatingTLS: {}", "RequiredField", "/terminatingTLS/secret"),
        (
            "originatingTLS: {secret: {namespace: x}}",
            "RequiredField",
            "/originatingTLS/secret/name",
        ),
        ("listener: {envoyConfig: {name: x}}", "RequiredField", "/listener/name"),
        ("listener: {name: x}", "RequiredField", "/listener/envoyConfig"),
        ("listener: {name: x, envoyConfig: {}}", "RequiredField", "/listener/envoyConfig/name"),
        (
            "listener: {name: x, envoyConfig: {name: x, kind: y}}",
            "InvalidValue",
            "/listener/envoyConfig/kind",
        ),
    ],
)
def test_rules_of_layer_7_that_are_refused(inside: str, code: str, pointer: str) -> None:
    assert faults(egress(L7_RULE % inside)) == [(code, f"{RULES}{pointer}")]


@pytest.mark.parametrize(
    "inside",
    [
        # What only Go's expressions have is not judged by those of another language.
        *(
            f"rules: {{http: [{{path: '{each}'}}]}}"
            for each in (r"/a\pL", "/[[:alpha:]]+", "(?i)/a", r"\Q/a(\E", "/a/.*", "", r"\/a\z")
        ),
        "rules: {http: [{host: '(', method: 'GET|POST'}]}",
        "rules: {http: [{headers: [a], headerMatches: [{name: x, mismatch: LOG, value: y}]}]}",
        "rules: {kafka: [{role: produce, topic: x}, {apiKey: fetch, apiVersion: '1'}]}",
        "rules: {l7proto: x, l7: [{a: b}]}",
        "terminatingTLS: {secret: {name: x}}, originatingTLS: {secret: {name: x}, trustedCA: ca}",
        "listener: {name: x, priority: 1, envoyConfig: {kind: CiliumEnvoyConfig, name: y}}",
    ],
)
def test_rules_of_layer_7_that_are_taken(inside: str) -> None:
    found = read_cilium(egress(L7_RULE % inside))
    assert found.notes == ()
    assert found.value is not None
