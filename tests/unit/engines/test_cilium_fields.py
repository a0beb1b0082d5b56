"""Every field of Cilium's policies has its part in what is enforced."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from service.engines.registry import compile_pipeline
from service.model.pipeline import Pipeline
from tests.builders import Manifest, namespace, node, pod, profile, service, snapshot
from tests.unit.manifests.cilium_schema import Field, every_field, with_field

#: All that is off by default is on; fromRequires and toRequires are read up to 1.18.
OPTIONS = "hostFirewall=enabled&nodeSelectorLabels=enabled"
ENGINE = f"cilium:1.18?{OPTIONS}"


def _labelled(manifest: Manifest, **labels: str) -> Manifest:
    return {**manifest, "metadata": {**manifest["metadata"], "labels": labels}}


def _of_cilium(kind: str, name: str, spec: Manifest, **metadata: Any) -> Manifest:
    return {
        "apiVersion": "cilium.io/v2",
        "kind": kind,
        "metadata": {"name": name, **metadata},
        "spec": spec,
    }


def _group(name: str, cidr: str, **labels: str) -> Manifest:
    return _of_cilium("CiliumCIDRGroup", name, {"externalCIDRs": [cidr]}, labels=labels)


CLUSTER = (
    namespace("shop"),
    namespace("team"),
    _labelled(node("n1", "192.168.0.1"), a="1"),
    _labelled(node("n2", "192.168.0.2"), b="1"),
    pod("shop/web", {"a": "1"}, ips=["10.0.0.1"], ports="http=8080", on="n1"),
    pod("shop/api", {"b": "1"}, ips=["10.0.0.2"], ports="http=8080", on="n2"),
    pod("team/web", {"a": "1"}, ips=["10.1.0.1"]),
    *(
        _labelled(service(f"{place}/{name}", {label: "1"}, [{"port": 80}]), **{label: "1"})
        for place in ("shop", "team")
        for name, label in (("web", "a"), ("api", "b"))
    ),
)
#: Lets names of toFQDNs be learnt.
DNS = _of_cilium(
    "CiliumNetworkPolicy",
    "dns",
    {
        "endpointSelector": {},
        "egress": [
            {
                "toPorts": [
                    {
                        "ports": [{"port": "53", "protocol": "ANY"}],
                        "rules": {"dns": [{"matchPattern": "*"}]},
                    }
                ]
            }
        ],
    },
    namespace="team",
)
#: What a group is there for.
BY_GROUP = _of_cilium(
    "CiliumNetworkPolicy",
    "group",
    {"endpointSelector": {}, "egress": [{"toCIDRSet": [{"cidrGroupRef": "own"}]}]},
    namespace="shop",
)


def _compiled(kind: str, field: Field, value: Any) -> Pipeline:
    more = [DNS]
    if kind == "CiliumCIDRGroup":
        more.append(BY_GROUP)
    else:
        more += [_group("own", "172.16.0.0/16", a="1"), _group("other", "172.17.0.0/16", b="1")]
    compiled = compile_pipeline(
        snapshot(*CLUSTER, *more, with_field(kind, field, value)), profile(ENGINE)
    )
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
    first, second = (_compiled(kind, field, value) for value in (field.first, field.second))
    assert first != second


def test_a_field_that_means_nothing_is_not_compiled() -> None:
    for kind, field in every_field():
        if field.means_nothing:
            first, second = (_compiled(kind, field, value) for value in (field.first, field.second))
            assert first == second, (kind, field.path)
