"""Every field of Calico's objects has its part in what is enforced."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from service.engines.registry import compile_pipeline
from service.model.calico import API
from service.model.pipeline import Pipeline
from tests.builders import Manifest, namespace, node, pod, profile, service, snapshot
from tests.unit.manifests.calico_schema import Field, every_field, with_field


def _of_calico(kind: str, name: str, spec: Manifest, **metadata: Any) -> Manifest:
    return {"apiVersion": API, "kind": kind, "metadata": {"name": name, **metadata}, "spec": spec}


def _account(name: str, **labels: str) -> Manifest:
    metadata = {"name": name, "namespace": "shop", "labels": labels}
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}


CLUSTER = (
    namespace("shop", {"a": "1"}),
    namespace("team", {"b": "1"}),
    node("n1", "192.168.0.1"),
    node("n2", "192.168.0.2"),
    _account("front", a="1"),
    _account("back", b="1"),
    pod("shop/web", {"a": "1"}, ips=["10.0.0.1"], ports="http=8080", serviceAccountName="front"),
    pod("shop/api", {"b": "1"}, ips=["10.0.0.2"], ports="http=81", serviceAccountName="back"),
    pod("team/web", {"a": "1"}, ips=["10.1.0.1"], ports="http=8080/UDP"),
    *(
        service(f"{place}/{name}", {label: "1"}, [{"port": 80}])
        for place in ("shop", "team")
        for name, label in (("web", "a"), ("api", "b"))
    ),
    _of_calico("Tier", "early", {"order": 10}),
    # What the labels of sets and host endpoints, and a profile, are there for.
    _of_calico(
        "GlobalNetworkPolicy",
        "labelled",
        {
            "order": 500,
            "selector": "has(a)",
            "types": ["Ingress", "Egress"],
            "ingress": [
                {"action": "Deny", "source": {"selector": "a == '1'"}},
                {"action": "Deny", "protocol": "TCP", "destination": {"ports": ["http"]}},
            ],
        },
    ),
)
HOST = _of_calico(
    "HostEndpoint",
    "host",
    {"node": "n1", "interfaceName": "*", "expectedIPs": ["192.168.0.1"], "profiles": ["x"]},
    labels={"a": "1"},
)
OWN_PROFILE = _of_calico("Profile", "own", {"ingress": [{"action": "Allow"}]})


def _compiled(kind: str, field: Field, value: Any) -> Pipeline:
    given = with_field(kind, field, value)
    more: list[Manifest] = [] if kind == "HostEndpoint" else [HOST]
    if kind == "Profile":
        # Without labels of its own it has those that the profile gives it.
        more = [{**HOST, "metadata": {"name": "host"}}]
    if kind == "Tier":
        policy = {"tier": "x", "selector": "all()", "types": ["Ingress"]}
        more.append(_of_calico("GlobalNetworkPolicy", "x.policy", policy))
    if field.path == "profiles":
        more.append(OWN_PROFILE)
    if field.path in {"doNotTrack", "preDNAT", "applyOnForward"}:
        given["spec"]["ingress"] = [{"action": "Deny"}]
    compiled = compile_pipeline(snapshot(*CLUSTER, *more, given), profile("calico"))
    # What is only told does not count.
    return replace(compiled, findings=())


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        pytest.param(*each, id=f"{each[0]}-{each[1].path}")
        for each in every_field()
        if not each[1].means_nothing
    ],
)
def test_counts(kind: str, field: Field) -> None:
    is_source_port = field.path.endswith(("source/ports", "source/notPorts"))
    # A flow does not tell its source port: that one is asked for at all is an assumption.
    other = None if is_source_port else field.second
    first, second = (_compiled(kind, field, value) for value in (field.first, other))
    if field.path.endswith("/http"):
        # The data plane alone reads protocols and ports only; the evidence says so.
        assert "http match is ignored" in str(first)
        assert "http match is ignored" not in str(second)
    assert first != second


def test_a_field_that_means_nothing_is_not_compiled() -> None:
    for kind, field in every_field():
        if field.means_nothing:
            first, second = (_compiled(kind, field, value) for value in (field.first, field.second))
            assert first == second, (kind, field.path)
