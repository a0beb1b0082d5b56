"""Filters that mean some pods of a workload and not the others."""

from __future__ import annotations

from dataclasses import replace

import pytest

from service.analysis.filters import MapFilter, UnitFilter
from service.analysis.grouping import expand, grouped
from service.analysis.listing import Listing
from service.manifests.selectors import parse_label_selector
from service.model.addresses import parse_cidr
from service.model.intervals import NOTHING, Intervals
from tests.builders import Manifest, node, pod, snapshot
from tests.unit.analysis.maps import lines_of, solved_of

INSIDE = UnitFilter(external=False)


def _own(place: str, labels: dict[str, str], ip: str) -> Manifest:
    return pod(place, labels, ips=[ip], owner="ReplicaSet/web")


def at(address: str) -> UnitFilter:
    return UnitFilter(addresses=Intervals.of((parse_cidr(address),)), outside=NOTHING)


def labelled(number: int) -> UnitFilter:
    return UnitFilter(selector=parse_label_selector(f"number={number}"))


ITSELF = "shop/ReplicaSet/web -> shop/ReplicaSet/web"


@pytest.mark.parametrize(
    ("source", "destination", "itself", "lines"),
    [
        (UnitFilter(pod="0"), UnitFilter(pod="1"), False, 1),
        (at("10.0.0.0/32"), at("10.0.0.1/32"), False, 1),
        (UnitFilter(pod="0"), at("10.0.0.1/32"), False, 1),
        (labelled(0), labelled(1), False, 1),
        (labelled(0), at("10.0.0.0/31"), False, 1),
        # One of them alone has nobody to talk to.
        (UnitFilter(pod="0"), UnitFilter(pod="0"), True, 0),
        (labelled(1), at("10.0.0.1/32"), True, 0),
        # The same ones at both ends are the workload with itself.
        (at("10.0.0.0/31"), at("10.0.0.0/31"), False, 0),
        (at("10.0.0.0/31"), at("10.0.0.0/31"), True, 1),
        (UnitFilter(pod="0"), INSIDE, False, 0),
        (UnitFilter(pod="0"), INSIDE, True, 1),
    ],
)
def test_some_pods_of_a_workload_and_others(
    source: UnitFilter, destination: UnitFilter, itself: bool, lines: int
) -> None:
    pods = [
        _own(f"shop/{number}", {"number": f"{number}"}, f"10.0.0.{number}") for number in range(2)
    ]
    solved = solved_of(snapshot(*pods))
    wanted = MapFilter(source=source, destination=destination, itself=itself)
    listing = Listing(solved.connectivity, solved.seating, wanted)
    found = list(listing.lines())
    assert [f"{each.source} -> {each.destination}" for each in found] == [ITSELF] * lines
    assert [line for group in grouped(listing) for line in expand(group)] == found


def test_one_pod_meets_all_that_is_asked_of_it() -> None:
    pods = [
        _own("shop/a", {"number": "1"}, "10.0.0.1"),
        _own("shop/b", {"number": "2"}, "10.0.0.2"),
        pod("ops/a", {"number": "2"}, ips=["10.0.0.3"]),
    ]
    wanted = replace(labelled(2), pod="a")
    found = lines_of(*pods, source=wanted, destination=UnitFilter(external=True))
    assert {each.partition(" -> ")[0] for each in found} == {"ops/Pod/a"}
    # A node is no pod of its name.
    nobody = lines_of(*pods, node("n", "192.168.0.4"), source=UnitFilter(pod="n"))
    assert nobody == []
