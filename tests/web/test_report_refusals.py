"""What reports are not made of: each fault with its place and, where a rule is broken, its code."""

from __future__ import annotations

from typing import Any

import pytest

from tests.web.conftest import Api
from tests.web.report_story import REVISIONS, WISH, settings, shop

__all__ = ["settings", "shop"]

_BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"target": "istio"}, "/target", "InvalidEngine"),
    ({"target": ""}, "/target", "InvalidEngine"),
    ({"target": "cilium:0.1"}, "/target", "InvalidEngine"),
    ({"target": "kubernetes"}, "/target", "NoMigrationTarget"),
    ({"targetVersion": "9"}, "/targetVersion", "InvalidEngine"),
    ({"targetVersion": "new"}, "/targetVersion", "InvalidEngine"),
    ({"target": "cilium:1.17", "targetVersion": "1.16"}, "/targetVersion", "InvalidEngine"),
    ({"targetOptions": {"colour": "red"}}, "/targetOptions", "InvalidEngine"),
    ({"targetOptions": {"sctp": "perhaps"}}, "/targetOptions", "InvalidEngine"),
    ({"targetIpam": "Bridge"}, "/targetIpam", "BadValue"),
    ({"targetPodCidr": "10.244.0.0"}, "/targetPodCidr", "BadValue"),
    ({"targetPodCidr": "10.244.0.0/33"}, "/targetPodCidr", "BadValue"),
    ({"source": "istio"}, "/source", "InvalidEngine"),
    ({"source": {"name": "cilium", "version": "9"}}, "/source/version", "InvalidEngine"),
    ({"source": {"name": "npm", "options": {"a": "b"}}}, "/source/options", "InvalidEngine"),
    ({"asOf": "tomorrow"}, "/asOf", "InvalidDate"),
    ({"asOf": "2026-02-30"}, "/asOf", "InvalidDate"),
    ({"asOf": "20261122"}, "/asOf", "InvalidDate"),
    ({"asOf": "2026-11-22T00:00:00Z"}, "/asOf", "InvalidDate"),
    ({"asOf": ""}, "/asOf", "InvalidDate"),
    ({"facts": {"weather": "fine"}}, "/facts/weather", "UnknownField"),
    ({"facts": {"azureCli": "newest"}}, "/facts/azureCli", "BadValue"),
    ({"facts": {"azurerm": ""}}, "/facts/azurerm", "BadValue"),
    ({"facts": {"nodeCidrs": ["10.0.0.0/8", "x"]}}, "/facts/nodeCidrs/1", "BadValue"),
    ({"facts": {"vnetCidrs": ["10.0.0.1"]}}, "/facts/vnetCidrs/0", "BadValue"),
    ({"facts": {"podCidrs": ["fd00::/129"]}}, "/facts/podCidrs/0", "BadValue"),
    (
        {"facts": {"hostPorts": [{"namespace": "a", "pod": "b", "port": 0}]}},
        "/facts/hostPorts/0/port",
        "BadValue",
    ),
    (
        {"facts": {"hostPorts": [{"namespace": "a", "pod": "b", "port": 1, "protocol": "GRE"}]}},
        "/facts/hostPorts/0/protocol",
        "BadValue",
    ),
    (
        {"facts": {"disruptionBudgets": [{"namespace": "a", "name": "b", "free": 1}]}},
        "/facts/disruptionBudgets/0/free",
        "UnknownField",
    ),
    (
        {
            "facts": {
                "webhooks": [
                    {"kind": "K", "name": "a", "namespace": "b", "service": "c", "port": 65536}
                ]
            }
        },
        "/facts/webhooks/0/port",
        "BadValue",
    ),
    ({"facts": {"npmImage": "a\u0007"}}, "/facts/npmImage", "BadValue"),
    ({"facts": {"validatorOutput": "\u001b[1m"}}, "/facts/validatorOutput", "BadValue"),
]


@pytest.mark.parametrize(("wish", "pointer", "code"), _BAD)
def test_a_wish_that_breaks_a_rule(
    shop: Api, wish: dict[str, Any], pointer: str, code: str
) -> None:
    path = f"{REVISIONS}/2/migration-reports"
    found = shop.problem("POST", path, 422, json={**WISH, **wish})
    assert found["code"] == "InvalidReportRequest"
    assert [(each["pointer"], each["code"]) for each in found["errors"]] == [(pointer, code)]
    assert found["errors"][0]["detail"]
    assert shop.get(path)["items"] == []


@pytest.mark.parametrize(
    ("wish", "pointer"),
    [
        ({"target": None}, "/target"),
        ({"target": 5}, "/target"),
        ({"target": {"name": "cilium"}}, "/target"),
        ({"targetOptions": []}, "/targetOptions"),
        ({"targetOptions": {"sctp": 1}}, "/targetOptions/sctp"),
        ({"source": 5}, "/source"),
        ({"source": {}}, "/source/name"),
        ({"asOf": 20261122}, "/asOf"),
        ({"facts": []}, "/facts"),
        ({"facts": {"terraform": "yes"}}, "/facts/terraform"),
        ({"facts": {"nodeCidrs": "10.0.0.0/8"}}, "/facts/nodeCidrs"),
        ({"facts": {"nodeCidrs": [5]}}, "/facts/nodeCidrs/0"),
        ({"facts": {"disruptionBudgets": [{"name": "b"}]}}, "/facts/disruptionBudgets/0/namespace"),
        ({"facts": {"hostPorts": [{"namespace": "a", "pod": "b"}]}}, "/facts/hostPorts/0/port"),
        ({"colour": "red"}, "/colour"),
        ({"engine": "cilium"}, "/engine"),
    ],
)
def test_a_wish_of_wrong_types(shop: Api, wish: dict[str, Any], pointer: str) -> None:
    path = f"{REVISIONS}/2/migration-reports"
    found = shop.problem("POST", path, 422, json={**WISH, **wish})
    assert found["code"] == "InvalidBody"
    assert [each["pointer"] for each in found["errors"]] == [pointer]


def test_all_faults_are_told_at_once(shop: Api) -> None:
    wish = {
        "target": "istio",
        "source": "linkerd",
        "asOf": "soon",
        "targetIpam": "x",
        "facts": {"weather": 1, "vnetCidrs": ["y"]},
    }
    found = shop.problem("POST", f"{REVISIONS}/2/migration-reports", 422, json=wish)
    assert {each["pointer"] for each in found["errors"]} == {
        "/target",
        "/source",
        "/asOf",
        "/targetIpam",
        "/facts/weather",
    }


@pytest.mark.parametrize(
    ("wish", "pointer", "code"),
    [
        ({"engine": "istio"}, "/engine", "InvalidEngine"),
        ({"engine": "cilium:9"}, "/engine", "InvalidEngine"),
        ({"engine": {"name": "cilium", "version": "9"}}, "/engine/version", "InvalidEngine"),
        ({"asOf": "2026-13-01"}, "/asOf", "InvalidDate"),
        ({"facts": {"weather": 1}}, "/facts/weather", "UnknownField"),
    ],
)
def test_a_compatibility_report_that_is_refused(
    shop: Api, wish: dict[str, Any], pointer: str, code: str
) -> None:
    path = f"{REVISIONS}/2/compatibility-reports"
    found = shop.problem("POST", path, 422, json=wish)
    assert [(each["pointer"], each["code"]) for each in found["errors"]] == [(pointer, code)]
    assert shop.get(path)["items"] == []


def test_an_engine_that_nobody_knows(api: Api) -> None:
    record = {
        "name": "bare",
        "networkProfile": {"networkPolicy": "azure", "networkDataplane": "cilium"},
    }
    api.post("/v1/clusters:import", record)
    api(
        "POST",
        "/v1/clusters/bare/revisions",
        201,
        data="apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n",
        content_type="application/yaml",
    )
    path = "/v1/clusters/bare/revisions/1"
    for form, wish, pointer in (
        ("compatibility-reports", {}, "/engine"),
        ("migration-reports", {"target": "cilium"}, "/source"),
    ):
        found = api.problem("POST", f"{path}/{form}", 422, json=wish)
        assert [(each["pointer"], each["code"]) for each in found["errors"]] == [
            (pointer, "Required")
        ]


@pytest.mark.parametrize(
    ("form", "wish"),
    [("compatibility-reports", {}), ("migration-reports", {"target": "cilium"})],
)
@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/v1/clusters/nobody/revisions/1", "ClusterNotFound"),
        (f"{REVISIONS}/9", "RevisionNotFound"),
        (f"{REVISIONS}/x", "RevisionNotFound"),
    ],
)
def test_revisions_that_are_not_there(
    shop: Api, form: str, wish: dict[str, Any], path: str, code: str
) -> None:
    assert shop.problem("POST", f"{path}/{form}", 404, json=wish)["code"] == code
    assert shop.problem("GET", f"{path}/{form}", 404)["code"] == code


@pytest.mark.parametrize(
    ("query", "parameter"),
    [("target=istio", "target"), ("engine=cilium", "engine"), ("pageSize=x", "pageSize")],
)
def test_lists_that_cannot_be_asked_for(shop: Api, query: str, parameter: str) -> None:
    found = shop.problem("GET", f"{REVISIONS}/2/migration-reports?{query}", 400)
    assert [each["parameter"] for each in found["errors"]] == [parameter]


def test_a_long_output_of_the_validator_is_taken(shop: Api) -> None:
    wish = {**WISH, "facts": {"validatorOutput": "line\n" * 20_000}}
    made = shop.post(f"{REVISIONS}/2/migration-reports", wish)
    assert made["facts"] == wish["facts"]
    wish = {**WISH, "facts": {"validatorOutput": "x" * 1_000_001}}
    shop.problem("POST", f"{REVISIONS}/2/migration-reports", 422, json=wish)
