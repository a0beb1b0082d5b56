"""Calico's policies: selectors, whole connectivity lists, and manifests of applications."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest

from service.analysis.evaluate import Evaluator
from service.manifests.calico_selector import SelectorSyntaxError, parse_selector
from service.manifests.faults import UploadRefused
from service.model.calico import API, STORED_API
from service.model.calico_selector import matches
from service.model.flow import AddressEnd, Flow, NodeEnd, PodEnd, SourceEnd
from service.model.ports import PORT_PROTOCOLS, point_of
from service.model.verdict import Decision
from tests.builders import evaluator, snapshot
from tests.corpus.calico_lists import (
    CASES,
    HOST_ENDPOINT,
    LAST_ADDRESS,
    Answers,
    Case,
    answers_of,
    cluster_of,
    host_endpoints,
    manifests_of,
    pod_peers,
)
from tests.corpus.calico_maps import Mismatch, compare_whole
from tests.shared_corpus import load_cases, requires_corpus

pytestmark = requires_corpus

#: Cases that we answer otherwise: in which way, and why.
DISAGREEMENTS: dict[str, tuple[frozenset[Mismatch], str]] = {
    **dict.fromkeys(
        (
            "calico-demo/demo-forbids-scheme/np_global-to-from-outside",
            "testcase22-forbids-permits/testcase22-scheme/np0_global-to-from-outside",
        ),
        (
            frozenset({("allow", "deny", "pod-pod")}),
            "The tool never lets nets match a pod. Felix renders them as matches on the packet's "
            "source and destination (felix/rules/policy.go, MatchNet), whoever has the address.",
        ),
    ),
    "testcase15-ports/testcase15-scheme/named-ports-rectangles": (
        frozenset({("unknown", "deny", "pod-pod")}),
        "A rule asks for source ports. Felix compares them with the packet's source port "
        "(felix/rules/policy.go, SourcePortRanges), which a flow does not tell; the tool compares "
        "them with the ports of the pod.",
    ),
    **dict.fromkeys(
        (
            "testcase20-hostendpoint/testcase20-scheme/np_4_outbound_all_namespaceSelector",
            "calico-testcase20-scheme/np_3_outbound_hep_to_wep",
        ),
        (
            frozenset(
                {
                    ("unknown", answer, ends)
                    for answer in ("allow", "deny")
                    for ends in ("pod-host", "host-pod", "host-ip", "ip-host")
                }
            ),
            "A host endpoint for a named interface without expectedIPs: which of the node's "
            "addresses are that interface's is not told, and 'if only the interface name is "
            "specified, Calico does not learn the IPs of the interface for use in match criteria' "
            "(api/pkg/apis/projectcalico/v3/hostendpoint.go, ExpectedIPs). The tool takes each "
            "host endpoint for a peer of its own that selectors find.",
        ),
    ),
}

#: Cases whose input the v3 API refuses, with the code. The tool takes them.
REFUSED = {
    # The string in a namespaceSelector does not end.
    "sanity3-scheme/np_redundacy": "InvalidSelector",
    # "global() cannot be combined with other selectors" (lib/validator/v3, validateEntityRule).
    "testcase24-new-scheme/np_b": "InvalidSelector",
    "testcase24-scheme/np_a": "InvalidSelector",
}

#: About this many flows are tried of each case beside the comparison of the whole.
FLOWS = 600


def short(case: Case) -> str:
    return str(case["id"]).removeprefix("nca/connlist/").removeprefix("calico_testcases/")


def is_refused(case: Case) -> bool:
    return any(case["id"].endswith(each) for each in REFUSED)


def listed(case: Case) -> frozenset[Mismatch]:
    kinds = (kinds for name, (kinds, _) in DISAGREEMENTS.items() if case["id"].endswith(name))
    return next(kinds, frozenset())


ASKED = [each for each in CASES if not is_refused(each)]


@pytest.mark.parametrize("case", [pytest.param(each, id=short(each)) for each in ASKED])
def test_whole_list(case: Case) -> None:
    """All pairs of pods, and of pods and addresses, on all ports."""
    found = compare_whole(cluster_of(case), answers_of(case))
    expected = {each for each in listed(case) if "host" not in each[2]}
    assert found.keys() == expected, found


def _end(peer: str, hosts: Any) -> SourceEnd:
    if peer in hosts:
        return NodeEnd(hosts[peer])
    if peer.endswith("[Pod]"):
        namespace, _, name = peer.removesuffix("[Pod]").partition("/")
        return PodEnd(namespace, name)
    return AddressEnd(peer)


def _kind(end: SourceEnd) -> str:
    return {NodeEnd: "host", PodEnd: "pod", AddressEnd: "ip"}[type(end)]


def _questions(
    peers: list[str], addresses: list[str], answers: Answers
) -> Iterator[tuple[str, str, int]]:
    """Pairs with points at the edges of their answer."""
    for source, destination in product([*peers, *addresses], repeat=2):
        if source == destination or {source, destination} <= {*addresses}:
            continue
        expected = answers.between(source, destination)
        points = {point_of(each, port) for each in PORT_PROTOCOLS for port in (1, 65535)}
        points |= {edge + step for span in expected for edge in span for step in (-1, 0, 1)}
        for point in sorted(points):
            if point >> 16 in PORT_PROTOCOLS and point & 0xFFFF:
                yield source, destination, point


def _ask(pipeline: Evaluator, source: SourceEnd, destination: SourceEnd, point: int) -> str:
    protocol = next(each for each in PORT_PROTOCOLS if each == point >> 16)
    verdict = pipeline.evaluate(Flow(source, destination, protocol.name, point & 0xFFFF))
    if verdict.decision is Decision.UNKNOWN:
        assert verdict.assumptions
    return verdict.decision.value.lower()


@pytest.mark.parametrize("case", [pytest.param(each, id=short(each)) for each in ASKED])
def test_single_flows(case: Case) -> None:
    """A part of the pairs, host endpoints among them, asked one by one."""
    cluster, answers, hosts = cluster_of(case), answers_of(case), host_endpoints(case)
    pipeline = evaluator(cluster, "calico")
    known = {each for pod in cluster.inventory.pods for each in pod.addresses}
    known |= {each for node in cluster.inventory.nodes for each in node.addresses}
    edges = {edge + step for edge in answers.edges() for step in (-1, 0)}
    numbers = sorted(each for each in edges if 0 <= each <= LAST_ADDRESS)
    addresses = [str(ipaddress.IPv4Address(each)) for each in numbers]
    addresses = [each for each in addresses if each not in known]
    peers = pod_peers(cluster)
    asked = list(_questions(peers, addresses, answers))
    asked = asked[:: max(1, len(asked) // FLOWS)]
    # Lists that speak of host endpoints at all have few of them.
    if any(HOST_ENDPOINT in end for pair in answers.pairs for end in pair):
        asked += [
            each
            for each in _questions([*peers, *hosts], addresses, answers)
            if (each[0] in hosts) + (each[1] in hosts) == 1
        ]
    found: set[Mismatch] = set()
    for source, destination, point in asked:
        ends = _end(source, hosts), _end(destination, hosts)
        ours = _ask(pipeline, *ends, point)
        theirs = "allow" if point in answers.between(source, destination) else "deny"
        if ours != theirs:
            found.add((ours, theirs, f"{_kind(ends[0])}-{_kind(ends[1])}"))
    assert found <= listed(case), found
    assert {each for each in listed(case) if "host" in each[2]} <= found


@pytest.mark.parametrize(
    "case", [pytest.param(each, id=short(each)) for each in CASES if is_refused(each)]
)
def test_refused(case: Case) -> None:
    with pytest.raises(UploadRefused) as refused:
        snapshot(*manifests_of(case))
    code = next(code for name, code in REFUSED.items() if case["id"].endswith(name))
    assert {each.code for each in refused.value.faults} == {code}


@pytest.mark.parametrize("name", ["testcase24-new-scheme/np_b", "testcase24-scheme/np_a"])
def test_stored_past_validation(name: str) -> None:
    """What the v3 API refuses may be stored all the same, and Felix reads it as the tool does."""
    (case,) = (each for each in CASES if each["id"].endswith(name))
    stored = [
        {**each, "apiVersion": STORED_API} if each["apiVersion"] == API else each
        for each in manifests_of(case)
    ]
    assert not compare_whole(snapshot(*stored), answers_of(case))


def test_suite_is_whole() -> None:
    assert len(CASES) == 55
    assert len(ASKED) + len(REFUSED) == 55
    for name in (*DISAGREEMENTS, *REFUSED):
        assert sum(each["id"].endswith(name) for each in CASES) == 1, name


SELECTORS = load_cases("calico_selectors")


@pytest.mark.parametrize("case", [pytest.param(each, id=each["id"]) for each in SELECTORS])
def test_selector(case: Case) -> None:
    text, expected = case["selector"], case["expected"]
    if expected["type"] == "error":
        with pytest.raises(SelectorSyntaxError):
            parse_selector(text)
        return
    selector = parse_selector(text)
    if expected["type"] == "canonical":
        assert str(selector) == expected["text"]
        return
    for labels in expected["matches"]:
        assert matches(selector, labels), labels
    for labels in expected["non_matches"]:
        assert not matches(selector, labels), labels


def test_selectors_are_whole() -> None:
    assert len(SELECTORS) == 68
