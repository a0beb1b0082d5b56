"""The shared vectors over HTTP: a report lists the flow of a case where two engines differ.

Each case is asked between every two engines, one way or the other, where they differ, and between
two that agree. All directions and versions are asked without HTTP in tests/conformance.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import combinations, permutations
from typing import Any
from urllib.parse import urlencode

import pytest

from service.model.flow import AddressEnd, Flow, NodeEnd, PodEnd, ServiceEnd
from service.usecases.flow_json import flow_body
from tests.builders import profile
from tests.conformance.test_causes import ASKED, EXPECTED
from tests.rules.asking import Reported, choice, make_report, pages, register, upload
from tests.unit.rulebook.questions import NOTHING
from tests.vectors.shorthand import FIXTURE, Case, fixture_manifests
from tests.web.conftest import Api, Json

pytestmark = pytest.mark.slow

ENGINES = {
    "linux": ("npm", "calico", "cilium", "none"),
    # Cilium has no Windows nodes.
    "windows": ("npm", "calico", "none"),
}
#: Cases that no upload makes: what was applied before is not part of a revision.
NOT_UPLOADED = {each.id for each in ASKED if each.applied_before()}
#: Cases about ICMP: lines of an impact tell ports of TCP, UDP and SCTP.
NOT_LISTED = {each.id for each in ASKED if each.flow().port is None}
FINISHED = {
    PodEnd(*name.split("/")) for name, given in FIXTURE["pods"].items() if given.get("phase")
}
CASES = {each.id: each for each in ASKED if each.id not in NOT_UPLOADED | NOT_LISTED}


def text_of(case: Case, engine: str) -> str:
    return engine + (case.options if engine.startswith("cilium") else "")


@cache
def revision_of(api: Api, case_id: str, os: str) -> str:
    case = CASES[case_id]
    cluster = register(api, NOTHING, profile("npm"))
    return upload(api, cluster, [*fixture_manifests(os, case.traffic_policy), *case.manifests()])


@cache
def answers(api: Api, case_id: str, os: str, engine: str) -> str:
    """The verdict on the flow of a case."""
    case = CASES[case_id]
    asked = {
        "engine": choice(profile(text_of(case, engine))),
        "flows": [flow_body(case.flow())],
    }
    path = f"{revision_of(api, case_id, os)}/evaluations?dryRun=true"
    (found,) = api.post(path, asked, 200)["verdicts"]
    return str(found["verdict"])


@cache
def report_between(api: Api, case_id: str, os: str, source: str, target: str) -> Reported:
    case = CASES[case_id]
    before, after = profile(text_of(case, source)), profile(text_of(case, target))
    asked: Json = {"source": choice(before), "target": after.engine}
    if after.version:
        asked["targetVersion"] = str(after.version)
    if after.options:
        asked["targetOptions"] = dict(after.options)
    return make_report(api, f"{revision_of(api, case_id, os)}/migration-reports", asked)


def listed(found: Reported, flow: Flow, decided: tuple[str, str]) -> list[Json]:
    """The lines of a report that speak of a flow: of the call, or of what reaches the backend."""
    end = flow.destination
    lines = _between(found, direct(flow))
    if not isinstance(end, ServiceEnd) or not isinstance(flow.source, AddressEnd):
        return [each for each in lines if "service" not in each]
    # What changes for the backend's own connections too is told once, for those.
    straight = [each for each in lines if "service" not in each]
    same = FIXTURE["pods"][f"{end.namespace}/{end.backend}"]["node"] == end.receiving_node
    called = {"namespace": end.namespace, "name": end.service, "port": flow.port}
    placed = {None, "SameNode" if same else "OtherNode"}
    through = [
        each for each in lines if each.get("service") == called and each.get("placement") in placed
    ]
    return through or [each for each in straight if (each["before"], each["after"]) == decided]


def _between(found: Reported, flow: Flow) -> list[Json]:
    query = {**_filter("source", flow.source), **_filter("destination", flow.destination)}
    assert isinstance(flow.port, int)
    if {flow.source, flow.destination} & FINISHED:
        # A list cannot be asked for what is no end of any connection.
        address = f"{found.path}/impacts?{urlencode(query)}"
        assert found.api.problem("GET", address, 400)["code"] == "EndpointHasNoNetwork"
        return []
    return [
        each
        for each in pages(found.api, f"{found.path}/impacts", query)
        if _is(each["source"], flow.source)
        and _is(each["destination"], flow.destination)
        and any(
            connection["protocol"] == flow.protocol and _covers(connection["ports"], flow.port)
            for connection in each["connections"]
        )
    ]


def _filter(side: str, end: Any) -> dict[str, str]:
    match end:
        case PodEnd():
            return {f"{side}Namespace": end.namespace, f"{side}Workload": f"Pod/{end.pod}"}
        case AddressEnd():
            return {f"{side}Ip": end.address}
        case _:
            return {}


def _is(endpoint: Json, end: Any) -> bool:
    match end:
        case PodEnd():
            named = (endpoint.get("namespace"), endpoint.get("workload"))
            return named == (end.namespace, f"Pod/{end.pod}")
        case NodeEnd():
            return endpoint.get("node") == end.node
        case _:
            low, _, high = endpoint.get("addresses", "").partition("-")
            if not low:
                return False
            first, last = ipaddress.ip_address(low), ipaddress.ip_address(high or low)
            address = ipaddress.ip_address(end.address)
            return int(first) <= int(address) <= int(last) and first.version == address.version


def _covers(ports: str, port: int) -> bool:
    spans = (each.partition("-") for each in ports.split(","))
    return any(int(low) <= port <= int(high or low) for low, _, high in spans)


def direct(flow: Flow) -> Flow:
    """A call through a Service as what reaches its backend."""
    end = flow.destination
    if not isinstance(end, ServiceEnd):
        return flow
    ports = FIXTURE["pods"][f"{end.namespace}/{end.backend}"]["ports"]
    (number,) = (each["port"] for each in ports if each["name"] == "http")
    return Flow(flow.source, PodEnd(end.namespace, end.backend), flow.protocol, number)


@dataclass(frozen=True)
class Pair:
    """Two engines that a case is asked between."""

    case: str
    os: str
    source: str
    target: str

    def __str__(self) -> str:
        return f"{self.case} {self.os} {self.source} {self.target}"


def pairs() -> Iterator[Pair]:
    """Every two engines once for each case, one way for every other one."""
    for number, case in enumerate(CASES):
        for os, engines in ENGINES.items():
            for first, second in combinations(engines, 2):
                one, other = (first, second) if number % 2 else (second, first)
                yield Pair(case, os, one, other)


@pytest.mark.parametrize("pair", list(pairs()), ids=str)
def test_a_report_lists_the_flow_where_engines_differ(api: Api, pair: Pair) -> None:
    flow = CASES[pair.case].flow()
    before, after = (answers(api, pair.case, pair.os, each) for each in (pair.source, pair.target))
    found = report_between(api, pair.case, pair.os, pair.source, pair.target)
    lines = listed(found, flow, (before, after))
    if before == after:
        assert not lines, lines
        return
    assert lines
    for each in lines:
        assert (each["before"], each["after"]) == (before, after)
        assert each["causes"]


@pytest.mark.parametrize(("case", "os", "source", "target", "rule"), EXPECTED)
def test_it_names_the_right_rule(
    api: Api, case: str, os: str, source: str, target: str, rule: str
) -> None:
    found = report_between(api, case, os, source, target)
    before, after = (answers(api, case, os, each) for each in (source, target))
    lines = listed(found, CASES[case].flow(), (before, after))

    assert lines
    for each in lines:
        assert {cause["rule"] for cause in each["causes"]} == {rule}
    answer = found.answer(rule)
    assert answer is not None
    # Of SCTP, which nothing in the case uses, the rule has nothing to say.
    assert answer["outcome"] == ("Clear" if case == "NP-18" else "Hit")


def test_every_two_engines_and_every_rule_of_the_table_are_asked() -> None:
    asked = list(pairs())
    for os, engines in ENGINES.items():
        for source, target in permutations(engines, 2):
            assert any((each.os, each.source, each.target) == (os, source, target)
                       for each in asked)  # fmt: skip


def test_few_cases_are_left_out() -> None:
    assert {"AZ-06"} == NOT_UPLOADED
    assert {"NP-19", "CI-22"} == NOT_LISTED
