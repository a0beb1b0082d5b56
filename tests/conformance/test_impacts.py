"""An impact holds the flow of every shared vector on which two engines differ, and no other."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest

from service.analysis.causes import Cause
from service.analysis.compare import Change
from service.analysis.evaluate import Evaluator
from service.analysis.impacts import EngineChange, engine_changes
from service.analysis.pings import PING
from service.analysis.units import Unit
from service.model.addresses import parse_address
from service.model.flow import AddressEnd, Flow, NodeEnd, PodEnd, ServiceEnd
from service.model.intervals import Intervals
from service.model.ports import Protocol, point_of
from tests.conformance.expected_impacts import (
    ASKED,
    PROFILES,
    Expected,
    answer,
    direct,
    engine_of,
    expected,
    has_network,
    snapshot_of,
)
from tests.conformance.test_causes import EXPECTED as NAMED
from tests.vectors.shorthand import Case

Told = tuple[Change, frozenset[str]]


@cache
def change_between(case_id: str, os: str, source: str, target: str) -> EngineChange:
    before, after = (answer(case_id, os, each)[0] for each in (source, target))
    (change,) = engine_changes(before, [after], snapshot_of(case_id, os))
    return change


def _is(unit: Unit, end: object) -> bool:
    match end:
        case PodEnd(namespace, name):
            return (unit.namespace, unit.name) == (namespace, f"Pod/{name}")
        case NodeEnd(name):
            return unit.is_node and unit.name == name
        case AddressEnd(address) if unit.is_external:
            low, _, high = unit.name.partition("-")
            return parse_address(low) <= parse_address(address) <= parse_address(high or low)
        case _:
            return False


def _point(flow: Flow) -> int:
    if flow.port is None:
        return PING
    assert isinstance(flow.port, int)
    return point_of(Protocol[flow.protocol], flow.port)


def _rules(causes: tuple[Cause | None, ...]) -> frozenset[str]:
    return frozenset(each.rule.id if each else "" for each in causes)


def told(change: EngineChange, asked: Expected, flow: Flow) -> Iterator[Told]:
    """What the lines say to a flow: the change, and the rules that explain it.

    A call from outside through a Service is a line of its own, unless it is decided as the
    connection that reaches its backend; then that one tells it.
    """
    point = _point(flow)

    def speaks(source: Unit, destination: Unit, traffic: Intervals) -> bool:
        ends = _is(source, flow.source) and _is(destination, flow.destination)
        return ends and point in traffic

    if not _is_call_from_outside(asked) or _is_decided_directly(asked, flow):
        for block in change.comparison.blocks:
            for difference in change.comparison.differences(block):
                if speaks(difference.source, difference.destination, block.traffic):
                    for part in change.causes_of_parts(difference):
                        if point in part.traffic:
                            yield block.change, _rules(part.causes)
    if isinstance(asked.case.flow().destination, ServiceEnd):
        for call in change.service_changes:
            same_way = call.same_node in {None, _is_received_by_its_node(asked)}
            if same_way and speaks(call.source, call.destination, call.traffic):
                yield call.change, _rules(call.causes)


def _is_call_from_outside(asked: Expected) -> bool:
    flow = asked.case.flow()
    return isinstance(flow.source, AddressEnd) and isinstance(flow.destination, ServiceEnd)


def _is_received_by_its_node(asked: Expected) -> bool:
    """Whether the node that receives a call runs the backend."""
    end = asked.case.flow().destination
    assert isinstance(end, ServiceEnd)
    pods = snapshot_of(asked.case.id, asked.os).inventory.pods
    home = next(each.node for each in pods if each.name == end.backend)
    return home == end.receiving_node


def _is_decided_directly(asked: Expected, flow: Flow) -> bool:
    """Whether the connection that reaches the backend is decided as the call is."""
    found = snapshot_of(asked.case.id, asked.os)
    for engine in (asked.source, asked.target):
        pipeline, verdict = answer(asked.case.id, asked.os, engine)
        reached = Evaluator(pipeline, found.inventory).evaluate(flow)
        if reached.decision is not verdict.decision:
            return False
    return True


def grouped(change: EngineChange, flow: Flow) -> set[tuple[Change, str]]:
    """The changes and rules of the groups that hold a flow."""
    return {
        (group.change, group.rule)
        for group in change.impact.groups
        if _point(flow) in group.traffic
        and any(_is(each, flow.source) for each in group.sources)
        and any(_is(each, flow.destination) for each in group.destinations)
    }


@pytest.mark.parametrize("os", PROFILES)
@pytest.mark.parametrize("case", ASKED, ids=[each.id for each in ASKED])
def test_an_impact_lists_the_flow_where_engines_differ(case: Case, os: str) -> None:
    for each in expected(case.id, os):
        if not has_network(answer(case.id, os, each.source)[1]):
            continue
        change = change_between(case.id, os, each.source, each.target)
        flow = direct(case, os)
        assert not change.impact.unexplained
        lines = list(told(change, each, flow))
        if each.change is None:
            assert not lines, each
            continue
        assert {one for one, _ in lines} == {each.change}, each
        rules = {rule for _, found in lines for rule in found}
        assert rules == each.rules, each
        assert {(each.change, rule) for rule in each.rules} <= grouped(change, flow), each


@pytest.mark.parametrize(("case", "os", "source", "target", "rule"), NAMED)
def test_the_rule_is_the_right_one(case: str, os: str, source: str, target: str, rule: str) -> None:
    asked = next(
        each for each in expected(case, os) if (each.source, each.target) == (source, target)
    )
    lines = told(change_between(case, os, source, target), asked, direct(asked.case, os))

    assert {found for _, rules in lines for found in rules} == {rule}


def test_every_two_engines_differ_somewhere() -> None:
    for os, profiles in PROFILES.items():
        found: list[Expected] = [
            each for case in ASKED for each in expected(case.id, os) if each.change is not None
        ]
        assert {(engine_of(each.source), engine_of(each.target)) for each in found} == {
            (engine_of(one), engine_of(other))
            for one in profiles
            for other in profiles
            if engine_of(one) != engine_of(other)
        }
