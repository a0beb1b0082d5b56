"""Lines of an impact: evaluated again, and put together by who reaches whom."""

from __future__ import annotations

from collections.abc import Iterable

from service.model.intervals import Intervals
from service.model.ports import Protocol, describe_traffic, point_of
from tests.web.conftest import Api, Json


def confirm(api: Api, revision: str, body: Json, lines: list[Json]) -> None:
    """Each connection that is said to change does, when it is evaluated alone on both engines."""
    flows = [each["witness"] for each in lines]
    for side, profile in (("before", "source"), ("after", "target")):
        asked = {"engine": body[profile]["profile"], "flows": flows}
        found = api.post(f"{revision}/evaluations?dryRun=true", asked, 200)
        assert [each["verdict"] for each in found["verdicts"]] == [each[side] for each in lines]


def joined(lines: Iterable[Json]) -> set[str]:
    """What changes between each two ends, in one text each: `newlyDenied shop/Pod/a -> ...`."""
    found: dict[str, Intervals] = {}
    for each in lines:
        ends = f"{name_of(each['source'])} -> {name_of(each['destination'])}"
        key = f"{each['change']} {ends}"
        found[key] = found.get(key, Intervals()) | _traffic(each["connections"])
    return {f"{key}: {describe_traffic(traffic)}" for key, traffic in found.items()}


def name_of(endpoint: Json) -> str:
    """An endpoint of a line in one word."""
    match endpoint["kind"]:
        case "Workload":
            return f"{endpoint['namespace']}/{endpoint['workload']}"
        case "Node":
            return str(endpoint["node"])
        case _:
            return str(endpoint["addresses"])


def _traffic(connections: Iterable[Json]) -> Intervals:
    return Intervals.of(
        _span(Protocol[each["protocol"]], span)
        for each in connections
        if "ports" in each
        for span in each["ports"].split(",")
    )


def _span(protocol: Protocol, text: str) -> tuple[int, int]:
    low, _, high = text.partition("-")
    return point_of(protocol, int(low)), point_of(protocol, int(high or low))
