"""Connectivity maps and their differences as JSON: what HTTP and the command line print."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from service.analysis.grouping import LineGroup
from service.analysis.listing import Line
from service.analysis.pings import PING
from service.analysis.summary import Exposure, MapSummary
from service.analysis.units import Unit
from service.model.assumption import Assumption
from service.model.intervals import Intervals
from service.model.ports import Protocol, format_ports, split_by_protocol
from service.model.verdict import Decision

Body = dict[str, Any]


def endpoint_body(unit: Unit) -> Body:
    """A workload, a node or a range of addresses; `variant` only where an owner has several."""
    if unit.is_workload:
        body: Body = {"kind": "Workload", "namespace": unit.namespace, "workload": unit.name}
        if unit.number:
            body["variant"] = unit.number
        return body
    if unit.is_node:
        return {"kind": "Node", "node": unit.name}
    return {"kind": "External", "addresses": unit.name}


def connections_body(traffic: Intervals) -> list[Body]:
    """Protocols with their port ranges; every port is `1-65535`."""
    return [
        {"protocol": protocol.name, "ports": format_ports(spans)}
        for protocol, spans in split_by_protocol(traffic).items()
    ]


def changed_connections_body(traffic: Intervals) -> list[Body]:
    """The same where ping may be part of what changes; it has no ports."""
    found = connections_body(traffic)
    return [*found, {"protocol": Protocol.ICMP.name}] if PING in traffic else found


def assumptions_body(assumptions: Iterable[Assumption]) -> list[Body]:
    """Assumptions in a stable order."""
    return [{"code": each.code, "detail": each.detail} for each in sorted(assumptions)]


def line_bodies(line: Line) -> Iterator[Body]:
    """One connection for what is allowed and one for what is unknown."""
    ends = {
        "source": endpoint_body(line.source),
        "destination": endpoint_body(line.destination),
    }
    yield from _answers(ends, line.certain, line.unknown, line.assumptions)


def group_bodies(group: LineGroup) -> Iterator[Body]:
    """A group of lines; an endpoint in both lists is not paired with itself."""
    ends = {
        "sources": list(map(endpoint_body, group.sources)),
        "destinations": list(map(endpoint_body, group.destinations)),
    }
    yield from _answers(ends, group.certain, group.unknown, group.assumptions)


def _answers(
    ends: Body, certain: Intervals, unknown: Intervals, assumptions: frozenset[Assumption]
) -> Iterator[Body]:
    if certain and (connections := connections_body(certain)):
        yield {**ends, "verdict": Decision.ALLOW.value, "connections": connections}
    if unknown and (connections := connections_body(unknown)):
        yield {
            **ends,
            "verdict": Decision.UNKNOWN.value,
            "connections": connections,
            "assumptions": assumptions_body(assumptions),
        }


def summary_body(summary: MapSummary) -> Body:
    """The numbers of a map."""
    return {
        "workloads": summary.workloads,
        "nodes": summary.nodes,
        "externalRanges": summary.external_ranges,
        "workloadPairs": summary.pairs,
        "allowedPairs": summary.allowed_pairs,
        "unknownPairs": summary.unknown_pairs,
        "reachedFromOutside": summary.reached_from_outside,
        "mostExposed": [_exposure_body(each) for each in summary.exposed],
    }


def _exposure_body(exposure: Exposure) -> Body:
    return {
        "endpoint": endpoint_body(exposure.unit),
        "sources": exposure.sources,
        "unknownSources": exposure.unknown_sources,
        "sourcesOnEveryPort": exposure.any_port,
        "fromOutside": exposure.from_outside,
    }


class LineWriter:
    """Lines as JSON text, one each; parts that recur are written once."""

    def __init__(self) -> None:
        self._units: dict[Unit, str] = {}
        self._answers: dict[tuple[Intervals, Intervals, frozenset[Assumption]], list[str]] = {}

    def write(self, line: Line) -> Iterator[str]:
        """The JSON texts of a line, each without the end of line."""
        key = (line.certain, line.unknown, line.assumptions)
        tails = self._answers.get(key)
        if tails is None:
            bodies = _answers({}, *key)
            tails = self._answers[key] = [compact(body)[1:] for body in bodies]
        if tails:
            source, destination = self._unit(line.source), self._unit(line.destination)
            for tail in tails:
                yield f'{{"source":{source},"destination":{destination},{tail}'

    def _unit(self, unit: Unit) -> str:
        known = self._units.get(unit)
        if known is None:
            known = self._units[unit] = compact(endpoint_body(unit))
        return known


def compact(body: Any) -> str:
    """JSON without white space."""
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False)
