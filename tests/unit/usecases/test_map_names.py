"""What filters of maps name: looked up in the revision, and refused where it is not there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from service.analysis.filters import DESTINATION, SOURCE
from service.model.snapshot import ClusterFacts
from service.usecases.errors import InvalidParameter
from service.usecases.map_filters import unit_filter
from service.usecases.map_names import Names
from service.usecases.map_solving import SolvedMap, solved_map
from tests.builders import Manifest, namespace, node, pod, profile, service, snapshot

WEB = pod("shop/web-1", {"app": "web"}, ips=["10.244.1.7"], on="n1", owner="StatefulSet/web")
DONE = pod("shop/done", ips=["10.244.1.8"], on="n1", phase="Succeeded")
AGENT = pod("ops/agent", ips=["192.168.0.4"], on="n1", hostNetwork=True)
CLUSTER = (*map(namespace, ("shop", "ops", "empty")), node("n1", "192.168.0.4"), WEB, DONE, AGENT)


def made(*manifests: Manifest, cidrs: Iterable[str] = ()) -> SolvedMap:
    facts = ClusterFacts(pod_cidrs=tuple(cidrs))
    return solved_map(replace(snapshot(*manifests), facts=facts), profile("kubernetes"))


def meant(solved: SolvedMap, end: dict[str, str]) -> set[str]:
    """Who a filter of an end stands for; of the addresses outside, whether it means any."""
    wanted = solved.names.settle(unit_filter(end))
    found = {str(each.unit) for each in solved.seating.seats if wanted.accepts(each)}
    return found | ({"outside"} if wanted.accepts_range(0, (1 << 32) - 1) else set())


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ({"namespace": "shop"}, {"shop/StatefulSet/web"}),
        ({"namespace": "empty"}, set()),
        ({"workload": "StatefulSet/web"}, {"shop/StatefulSet/web"}),
        ({"namespace": "shop", "pod": "web-1"}, {"shop/StatefulSet/web"}),
        ({"node": "n1"}, {"node n1"}),
        ({"labelSelector": "app=web"}, {"shop/StatefulSet/web"}),
        # An address that somebody in the cluster has is not outside.
        ({"ip": "10.244.1.7"}, {"shop/StatefulSet/web"}),
        ({"ip": "192.168.0.4"}, {"node n1", "ops/Pod/agent"}),
        ({"ip": "10.244.1.9"}, {"outside"}),
        ({"ip": "203.0.113.9"}, {"outside"}),
        ({"ip": "10.244.0.0/16"}, {"shop/StatefulSet/web", "outside"}),
        ({"ip": "10.244.1.7/32"}, {"shop/StatefulSet/web"}),
        ({}, {"shop/StatefulSet/web", "ops/Pod/agent", "node n1", "outside"}),
    ],
)
def test_who_is_meant(end: dict[str, str], expected: set[str]) -> None:
    assert meant(made(*CLUSTER), end) == expected


NOBODY = "has finished and has no network any more"


@pytest.mark.parametrize(
    ("end", "code", "detail"),
    [
        ({"namespace": "sohp"}, "NamespaceNotFound", "no namespace sohp in"),
        ({"namespace": "sohp", "pod": "web-1"}, "NamespaceNotFound", "no namespace sohp in"),
        ({"namespace": "ops", "pod": "web-1"}, "PodNotFound", "no pod ops/web-1 in"),
        ({"pod": "web"}, "PodNotFound", "no pod web in"),
        ({"workload": "Deployment/web"}, "WorkloadNotFound", "no workload Deployment/web in"),
        (
            {"namespace": "empty", "workload": "StatefulSet/web"},
            "WorkloadNotFound",
            "no workload empty/StatefulSet/web in",
        ),
        ({"node": "n2"}, "NodeNotFound", "no node n2 in"),
        # They are there, and no connection has them as an end.
        ({"node": "gone"}, "NodeNotFound", "no node gone in"),
        ({"namespace": "shop", "pod": "done"}, "EndpointHasNoNetwork", f"pod done {NOBODY}"),
        ({"workload": "Pod/done"}, "EndpointHasNoNetwork", f"workload Pod/done {NOBODY}"),
        # Each of them is there, and nobody is all of it.
        (
            {"workload": "Pod/agent", "pod": "web-1"},
            "NothingMatches",
            "nothing matches pod web-1 and workload Pod/agent together",
        ),
        (
            {"namespace": "shop", "labelSelector": "app=web", "pod": "web-2"},
            "NothingMatches",
            "nothing in namespace shop matches pod web-2 and labels app=web together",
        ),
        ({"workload": "Pod/agent", "pod": "done"}, "EndpointHasNoNetwork", f"pod done {NOBODY}"),
        ({"labelSelector": "app=no", "pod": "web-1"}, "SelectorMatchesNothing", "matching app=no"),
        ({"labelSelector": "app=other"}, "SelectorMatchesNothing", "no pods matching app=other"),
        (
            {"namespace": "ops", "labelSelector": "app=web"},
            "SelectorMatchesNothing",
            "no pods matching app=web in namespace ops",
        ),
        ({"ip": "10.244.9.9"}, "AddressInPodRange", "no pod of this revision has it"),
    ],
)
def test_who_is_not_there(end: dict[str, str], code: str, detail: str) -> None:
    lost = pod("ops/lost", on="gone")
    # No policy tells it from the other pod of its workload.
    other = pod("shop/web-2", ips=["10.244.1.6"], owner="StatefulSet/web")
    with pytest.raises(InvalidParameter, match=detail) as refused:
        meant(made(*CLUSTER, lost, other, cidrs=["10.244.0.0/16"]), end)
    assert refused.value.code == code


SERVICE = service(
    "shop/web", {"app": "web"}, [{"port": 80}], clusterIP="10.96.0.9", clusterIPs=["10.96.0.9"]
)
LONELY = {**pod("ops/lonely", on="n9"), "status": {"hostIPs": [{"ip": "192.168.0.9"}]}}
PUBLIC = node("n8", "192.168.0.8")
PUBLIC["status"]["addresses"].append({"type": "ExternalIP", "address": "198.51.100.8"})


@pytest.mark.parametrize(
    ("address", "code", "source"),
    [
        ("10.96.0.9", "AddressOfService", {"outside"}),
        ("192.168.0.9", "NodeNotListed", None),
        ("198.51.100.8", "AddressOfNode", None),
        ("10.96.0.8/31", "", {"outside"}),
    ],
)
def test_addresses_that_are_not_outside(address: str, code: str, source: set[str] | None) -> None:
    """A Service has an address to be called by; nobody speaks with it."""
    solved = made(*CLUSTER, SERVICE, LONELY, PUBLIC)
    wanted = unit_filter({"ip": address})
    for place, refuses in ((SOURCE, source is None), (DESTINATION, bool(code))):
        if refuses:
            with pytest.raises(InvalidParameter) as refused:
                solved.names.settle(wanted, place)
            assert refused.value.code == code
            assert refused.value.errors[0].pointer == f"{place}/ip"
        else:
            assert solved.names.settle(wanted, place).outside
    if source is not None:
        assert meant(solved, {"ip": address}) == source


@pytest.mark.parametrize(
    "end", [{"ip": "10.244.1.7", "namespace": "shop"}, {"node": "n1", "pod": "x"}]
)
def test_what_does_not_go_together(end: dict[str, str]) -> None:
    with pytest.raises(InvalidParameter, match="does not go with"):
        unit_filter(end)


def test_of_two_revisions_one_has_to_have_it() -> None:
    """Who came or went is asked for by name as well."""
    both = [made(*CLUSTER), made(namespace("shop"), pod("shop/new"))]
    names = Names(*(each.known for each in both))
    for end in ({"pod": "new"}, {"pod": "web-1"}):
        names.settle(unit_filter(end))
    with pytest.raises(InvalidParameter):
        names.settle(unit_filter({"pod": "never"}))
