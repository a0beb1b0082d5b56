"""What the CRDs of admin policies refuse."""

from __future__ import annotations

from typing import Any

import pytest

from service.manifests.admin_policy import read_admin_policy
from tests.builders import Manifest
from tests.unit.manifests.admin_objects import DROP, EGRESS, INGRESS, changed, faults

MANY: list[Manifest] = [{"namespaces": {}}] * 101


@pytest.mark.parametrize(
    ("kinds", "path", "value", "code", "pointer"),
    [
        ("anp banp cnp2", "spec", DROP, "RequiredField", "/spec"),
        ("anp banp cnp2", "metadata/name", DROP, "MissingName", "/metadata/name"),
        ("anp cnp2", "metadata/name", "Upper", "InvalidName", "/metadata/name"),
        ("banp", "metadata/name", "other", "InvalidName", "/metadata/name"),
        ("anp cnp2", "spec/priority", DROP, "RequiredField", "/spec/priority"),
        ("anp cnp2", "spec/priority", -1, "InvalidValue", "/spec/priority"),
        ("anp cnp2", "spec/priority", 1001, "InvalidValue", "/spec/priority"),
        ("anp cnp2", "spec/priority", "10", "InvalidType", "/spec/priority"),
        ("cnp2", "spec/tier", DROP, "RequiredField", "/spec/tier"),
        ("cnp2", "spec/tier", "admin", "InvalidValue", "/spec/tier"),
        ("anp banp cnp2", "spec/subject", DROP, "RequiredField", "/spec/subject"),
        ("anp banp cnp2", "spec/subject", {}, "NotExactlyOne", "/spec/subject"),
        (
            "anp banp cnp2",
            "spec/subject",
            {"namespaces": {}, "pods": {"namespaceSelector": {}, "podSelector": {}}},
            "NotExactlyOne",
            "/spec/subject",
        ),
        ("anp banp cnp2", f"{INGRESS}/from", DROP, "RequiredField", f"/{INGRESS}/from"),
        ("anp banp cnp2", f"{INGRESS}/from", [], "TooFew", f"/{INGRESS}/from"),
        ("anp banp cnp2", f"{INGRESS}/from", MANY, "TooMany", f"/{INGRESS}/from"),
        ("cnp2", f"{INGRESS}/from", MANY[:26], "TooMany", f"/{INGRESS}/from"),
        ("anp banp cnp2", f"{EGRESS}/to", [], "TooFew", f"/{EGRESS}/to"),
        ("anp banp cnp2", f"{INGRESS}/from", [{}], "NotExactlyOne", f"/{INGRESS}/from/0"),
        (
            "anp banp cnp2",
            f"{EGRESS}/to",
            [{"namespaces": {}, "networks": ["10.0.0.0/8"]}],
            "NotExactlyOne",
            f"/{EGRESS}/to/0",
        ),
        (
            "anp banp cnp2",
            f"{INGRESS}/from",
            [{"networks": ["10.0.0.0/8"]}],
            "ForbiddenField",
            f"/{INGRESS}/from/0/networks",
        ),
        (
            "banp",
            f"{EGRESS}/to",
            [{"domainNames": ["a.io"]}],
            "ForbiddenField",
            f"/{EGRESS}/to/0/domainNames",
        ),
        (
            "anp cnp2",
            f"{EGRESS}/to",
            [{"domainNames": ["a.io"]}],
            "ForbiddenField",
            f"/{EGRESS}/to",
        ),
        ("anp banp cnp2", f"{INGRESS}/action", DROP, "RequiredField", f"/{INGRESS}/action"),
        ("anp banp", f"{INGRESS}/action", "Accept", "InvalidValue", f"/{INGRESS}/action"),
        ("cnp2", f"{INGRESS}/action", "Allow", "InvalidValue", f"/{INGRESS}/action"),
        ("banp", f"{INGRESS}/action", "Pass", "InvalidValue", f"/{INGRESS}/action"),
        ("anp banp cnp2", f"{INGRESS}/name", "n" * 101, "TooLong", f"/{INGRESS}/name"),
        ("anp banp", f"{INGRESS}/ports", [], "TooFew", f"/{INGRESS}/ports"),
        ("cnp2", f"{INGRESS}/protocols", [], "TooFew", f"/{INGRESS}/protocols"),
        ("anp banp", f"{INGRESS}/ports", [{}], "NotExactlyOne", f"/{INGRESS}/ports/0"),
        (
            "anp banp",
            f"{INGRESS}/ports",
            [{"portNumber": {"port": 80}, "namedPort": "http"}],
            "NotExactlyOne",
            f"/{INGRESS}/ports/0",
        ),
        (
            "anp banp",
            f"{INGRESS}/ports/0/portNumber/port",
            0,
            "InvalidPort",
            f"/{INGRESS}/ports/0/portNumber/port",
        ),
        (
            "anp banp",
            f"{INGRESS}/ports/0/portNumber/port",
            65536,
            "InvalidPort",
            f"/{INGRESS}/ports/0/portNumber/port",
        ),
        (
            "anp banp",
            f"{INGRESS}/ports/0/portNumber/port",
            DROP,
            "RequiredField",
            f"/{INGRESS}/ports/0/portNumber/port",
        ),
        (
            "anp banp",
            f"{INGRESS}/ports/0/portNumber/protocol",
            "tcp",
            "InvalidValue",
            f"/{INGRESS}/ports/0/portNumber/protocol",
        ),
        (
            "anp banp",
            f"{INGRESS}/ports/0",
            {"portRange": {"start": 80, "end": 80}},
            "InvalidRange",
            f"/{INGRESS}/ports/0/portRange/start",
        ),
        (
            "cnp2",
            f"{INGRESS}/protocols/0/tcp/destinationPort",
            {"range": {"start": 81, "end": 80}},
            "InvalidRange",
            f"/{INGRESS}/protocols/0/tcp/destinationPort/range/start",
        ),
        (
            "cnp2",
            f"{INGRESS}/protocols/0/tcp/destinationPort",
            {},
            "NotExactlyOne",
            f"/{INGRESS}/protocols/0/tcp/destinationPort",
        ),
        (
            "anp banp",
            f"{EGRESS}/ports",
            [{"namedPort": "http"}],
            "ForbiddenField",
            f"/{EGRESS}/ports",
        ),
        (
            "cnp2",
            f"{EGRESS}/protocols",
            [{"destinationNamedPort": "http"}],
            "ForbiddenField",
            f"/{EGRESS}/protocols",
        ),
        ("anp banp cnp2", f"{EGRESS}/to/0/networks", [], "TooFew", f"/{EGRESS}/to/0/networks"),
        (
            "anp banp cnp2",
            f"{EGRESS}/to/0/networks",
            [f"10.0.{each}.0/24" for each in range(26)],
            "TooMany",
            f"/{EGRESS}/to/0/networks",
        ),
        (
            "anp banp cnp2",
            f"{EGRESS}/to/0/networks",
            ["10.0.0.0/8"] * 2,
            "Duplicate",
            f"/{EGRESS}/to/0/networks",
        ),
        *(
            (
                "anp banp cnp2",
                f"{EGRESS}/to/0/networks/0",
                cidr,
                "InvalidCidr",
                f"/{EGRESS}/to/0/networks/0",
            )
            for cidr in (
                "10.0.0.1",
                "zc00::/8",
                "::ffff:10.0.0.0/104",
                "10.0.0.0/33",
                "10.0.0.0/08",
                "x",
            )
        ),
        *(
            (
                "anp",
                f"{EGRESS}",
                {"action": "Allow", "to": [{"domainNames": [name]}]},
                "InvalidDomainName",
                f"/{EGRESS}/to/0/domainNames/0",
            )
            for name in ("io", "*", "*.*.io", "a..io", "-a.io", "a.*.io")
        ),
        (
            "anp banp cnp2",
            "spec/subject/namespaces",
            {"namespaceSelector": {}},
            "UnknownField",
            "/spec/subject/namespaces/namespaceSelector",
        ),
        (
            "anp banp cnp2",
            "spec/subject/namespaces",
            {"matchExpressions": [{"key": "a", "operator": "In"}]},
            "RequiredField",
            "/spec/subject/namespaces/matchExpressions/0/values",
        ),
        (
            "anp banp cnp2",
            "spec/subject/namespaces",
            {"matchExpressions": [{"key": "a", "operator": "Is"}]},
            "InvalidValue",
            "/spec/subject/namespaces/matchExpressions/0/operator",
        ),
    ],
)
def test_fault(kinds: str, path: str, value: Any, code: str, pointer: str) -> None:
    for kind in kinds.split():
        reading = read_admin_policy(changed(kind, path, value))
        assert (code, pointer) in faults(changed(kind, path, value)), kind
        assert reading.is_refused
        assert reading.value is None


@pytest.mark.parametrize(("kind", "most"), [("anp", 100), ("banp", 100), ("cnp2", 25)])
def test_rules_are_bounded(kind: str, most: int) -> None:
    rule = {"action": "Deny", "from": [{"namespaces": {}}]}
    assert faults(changed(kind, "spec/ingress", [rule] * most)) == []
    assert faults(changed(kind, "spec/ingress", [rule] * (most + 1))) == [
        ("TooMany", "/spec/ingress")
    ]
