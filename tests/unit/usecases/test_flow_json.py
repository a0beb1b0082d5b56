from __future__ import annotations

from typing import Any

import pytest

from service.model.flow import (
    AddressEnd,
    Flow,
    NodeEnd,
    PodEnd,
    SelectorEnd,
    ServiceEnd,
    WorkloadEnd,
)
from service.model.labels import EVERYTHING, LabelSelector, Operator, Requirement
from service.usecases.errors import Invalid
from service.usecases.flow_json import describe_end, flow_body, flow_key, read_flow

POD = {"namespace": "web", "pod": "front"}
IP = {"ip": "203.0.113.9"}
APP = LabelSelector((Requirement("app", Operator.IN, ("web",)),))


@pytest.mark.parametrize(
    ("body", "flow", "described"),
    [
        (
            {"source": POD, "destination": IP, "protocol": "TCP", "port": 443},
            Flow(PodEnd("web", "front"), AddressEnd("203.0.113.9"), "TCP", 443),
            ("pod:web/front", "ip:203.0.113.9"),
        ),
        (
            {
                "source": {"namespace": "web", "workload": "Deployment/front"},
                "destination": {"namespace": "db", "service": "pg"},
                "protocol": "UDP",
                "port": "dns",
            },
            Flow(WorkloadEnd("web", "Deployment/front"), ServiceEnd("db", "pg"), "UDP", "dns"),
            ("workload:web/Deployment/front", "service:db/pg"),
        ),
        (
            {
                "source": {"namespace": "web", "labelSelector": "app=web"},
                "destination": {"node": "aks-1"},
                "protocol": "SCTP",
                "port": 1,
            },
            Flow(SelectorEnd("web", APP, "app=web"), NodeEnd("aks-1"), "SCTP", 1),
            ("selector:web?app=web", "node:aks-1"),
        ),
        (
            {
                "source": {"namespace": "web", "labelSelector": ""},
                "destination": {
                    "namespace": "db",
                    "service": "pg",
                    "backend": "pg-0",
                    "receivingNode": "aks-1",
                },
                "protocol": "ICMP",
            },
            Flow(SelectorEnd("web", EVERYTHING), ServiceEnd("db", "pg", "pg-0", "aks-1"), "ICMP"),
            ("selector:web?", "service:db/pg"),
        ),
    ],
)
def test_flows_there_and_back(body: dict[str, Any], flow: Flow, described: tuple[str, str]) -> None:
    assert read_flow(body) == flow
    assert flow_body(flow) == body
    assert (describe_end(flow.source), describe_end(flow.destination)) == described


@pytest.mark.parametrize(
    ("spelled", "meant"),
    [
        ({}, {"protocol": "TCP"}),
        ({"protocol": "tcp", "port": "80"}, {"protocol": "TCP", "port": 80}),
        ({"protocol": None}, {"protocol": "TCP"}),
        (
            {"destination": {"ip": "2001:DB8:0::1", "node": None}},
            {"destination": {"ip": "2001:db8::1"}},
        ),
        (
            {"destination": {"namespace": "db", "labelSelector": " a=b "}},
            {"destination": {"namespace": "db", "labelSelector": "a=b"}},
        ),
    ],
)
def test_spellings_of_one_flow(spelled: dict[str, Any], meant: dict[str, Any]) -> None:
    plain = {"source": POD, "destination": IP, "port": 80}
    one, other = read_flow({**plain, **spelled}), read_flow({**plain, **meant})
    assert one == other
    assert flow_key(one) == flow_key(other)


def test_a_selector_that_was_built_is_written_so_that_it_reads_back() -> None:
    body = flow_body(Flow(SelectorEnd("web", APP), NodeEnd("n"), "ICMP"))
    assert body["source"]["labelSelector"] == "app=web"


def test_other_flows_have_other_keys() -> None:
    plain = {"source": POD, "destination": IP, "port": 80}
    others = [
        plain,
        {**plain, "port": 81},
        {**plain, "port": "http"},
        {**plain, "protocol": "UDP"},
        {**plain, "source": IP, "destination": POD},
    ]
    assert len({flow_key(read_flow(each)) for each in others}) == len(others)


@pytest.mark.parametrize(
    ("changes", "pointers"),
    [
        ({"source": None}, ["/source"]),
        ({"source": "web/front"}, ["/source"]),
        ({"source": {}}, ["/source"]),
        ({"source": {"namespace": "a"}}, ["/source"]),
        ({"source": {"pod": "a", "namespace": "a", "node": "b"}}, ["/source"]),
        ({"source": {"pod": "a"}}, ["/source/namespace"]),
        ({"source": {"pod": "", "namespace": "a"}}, ["/source/pod"]),
        ({"source": {"pod": "a" * 254, "namespace": "a"}}, ["/source/pod"]),
        ({"source": {"pod": "a\x00", "namespace": "a"}}, ["/source/pod"]),
        ({"source": {"pod": 1, "namespace": "a"}}, ["/source/pod"]),
        ({"source": {"service": "a", "namespace": "a"}}, ["/source"]),
        ({"source": {"node": "n", "namespace": "a"}}, ["/source/namespace"]),
        ({"source": {"ip": "10.0.0.0/8"}}, ["/source/ip"]),
        ({"source": {"ip": "fe80::1%eth0"}}, ["/source/ip"]),
        ({"source": {"workload": "front", "namespace": "a"}}, ["/source/workload"]),
        ({"source": {"labelSelector": "a b", "namespace": "a"}}, ["/source/labelSelector"]),
        ({"destination": {"pod": "a", "namespace": "b", "backend": "c"}}, ["/destination/backend"]),
        ({"protocol": "GRE"}, ["/protocol"]),
        ({"protocol": 6}, ["/protocol"]),
        ({"port": None}, ["/port"]),
        ({"port": 0}, ["/port"]),
        ({"port": 65536}, ["/port"]),
        ({"port": "65536"}, ["/port"]),
        ({"port": True}, ["/port"]),
        ({"port": 80.5}, ["/port"]),
        ({"port": ""}, ["/port"]),
        ({"protocol": "ICMP", "port": 8}, ["/port"]),
        ({"colour": "red"}, ["/colour"]),
        ({"a/b~": 1, "port": 0, "source": {}}, ["/a~1b~0", "/source", "/port"]),
    ],
)
def test_every_fault_of_a_flow_is_pointed_at(changes: dict[str, Any], pointers: list[str]) -> None:
    with pytest.raises(Invalid) as refused:
        read_flow({"source": POD, "destination": IP, "port": 80, **changes}, "/flows/3")
    assert [each.pointer for each in refused.value.errors] == [f"/flows/3{p}" for p in pointers]


@pytest.mark.parametrize("document", [None, [], "flow", 1])
def test_what_is_no_object_is_no_flow(document: Any) -> None:
    with pytest.raises(Invalid):
        read_flow(document)
