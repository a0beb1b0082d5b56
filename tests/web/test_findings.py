"""Findings over HTTP: what an engine does not make of a revision is never silent."""

from __future__ import annotations

import pytest

from tests.web.conftest import Api

YAML = "application/yaml"
MANIFESTS = """
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: main, image: web}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: six, namespace: shop}
spec:
  podSelector: {}
  ingress: [{from: [{ipBlock: {cidr: "fd00::/8"}}]}]
"""


@pytest.fixture
def address(api: Api) -> str:
    api.cluster("found")
    api("POST", "/v1/clusters/found/revisions", 201, data=MANIFESTS, content_type=YAML)
    return "/v1/clusters/found/revisions/1/findings"


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ("", ["NpmIpv6Cidr"]),
        ("?engine=azure", ["NpmIpv6Cidr"]),
        ("?engine=npm&severity=High", ["NpmIpv6Cidr"]),
        ("?engine=npm&severity=Low", []),
        ("?engine=calico", []),
        ("?engine=cilium:1.18", []),
        ("?engine=none", ["PolicyNotEnforced"]),
    ],
)
def test_findings_by_engine(api: Api, address: str, query: str, codes: list[str]) -> None:
    found = api.get(address + query)["items"]
    assert [each["code"] for each in found] == codes
    for each in found:
        assert each["policy"] == {
            "kind": "NetworkPolicy",
            "namespace": "shop",
            "name": "six",
        }


@pytest.mark.parametrize("query", ["?engine=linkerd", "?severity=Grave", "?colour=red"])
def test_a_wrong_question_is_refused(api: Api, address: str, query: str) -> None:
    api.problem("GET", address + query, 400)
