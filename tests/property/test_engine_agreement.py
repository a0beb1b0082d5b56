"""Engines differ from the API text only where semantics.md, table 7.1, has a row for it.

Each line of `ROWS` lets one feature into otherwise plain clusters and names the engines that may
answer differently then. Nodes and Services (table 7.2) are not asked about.
"""

from __future__ import annotations

import copy
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given

from service.model.flow import Flow
from tests.builders import evaluator, snapshot
from tests.property.bounds import bounded
from tests.property.clusters import OUTSIDE, PLAIN, Cluster, clusters
from tests.property.ends import source_end

CALICO, OLD_CALICO, CILIUM, OLD_CILIUM = "calico", "calico:3.29", "cilium", "cilium:1.16"
NPM, WINDOWS, FIXED = "npm", "npm on Windows", "npm?fixes=2026-09"
ENGINES = (CALICO, OLD_CALICO, CILIUM, OLD_CILIUM, NPM, WINDOWS, FIXED)
EVERY_NPM = {NPM, WINDOWS, FIXED}
EVERY_CILIUM = {CILIUM, OLD_CILIUM}

#: Row numbers, the features that are let in, and who may differ.
ROWS: list[tuple[str, tuple[str, ...], set[str]]] = [
    ("none", (), set()),
    ("1-2", ("ip_blocks",), EVERY_CILIUM),
    ("4", ("ip_blocks", "excepts"), {WINDOWS, *EVERY_CILIUM}),
    ("5-6", ("ip_blocks", "ipv6"), {*EVERY_NPM, *EVERY_CILIUM}),
    ("8", ("unlisted_rules",), EVERY_CILIUM),
    ("9-11", ("negative_namespace_selectors",), {NPM, WINDOWS, *EVERY_CILIUM}),
    ("12", ("negative_pod_selectors",), {WINDOWS}),
    ("13-14", ("named_ports",), {WINDOWS, *EVERY_CILIUM}),
    ("15", ("named_ports", "sidecars"), {*EVERY_NPM, OLD_CALICO, *EVERY_CILIUM}),
    ("16", ("end_ports",), {OLD_CILIUM}),
    ("17", ("sctp",), {WINDOWS, *EVERY_CILIUM}),
]


def _on_windows(cluster: Cluster) -> Cluster:
    changed = copy.deepcopy(cluster)
    for each in changed.inventory:
        if each["kind"] == "Node":
            each["status"]["nodeInfo"]["operatingSystem"] = "windows"
            each["metadata"]["labels"]["kubernetes.io/os"] = "windows"
    return changed


def _flows(cluster: Cluster, features: tuple[str, ...]) -> list[Flow]:
    outside = [("ip", each) for each in OUTSIDE if ":" not in each or "ipv6" in features]
    ends = [*cluster.pods, *outside]
    questions = [("TCP", 80), ("UDP", 53), ("TCP", 81), *([("SCTP", 80)] * ("sctp" in features))]
    return [
        Flow(source_end(source), source_end(destination), protocol, port)
        for source, destination in product(ends, ends)
        if not source[0] == destination[0] == "ip"
        for protocol, port in questions
    ]


@pytest.mark.parametrize(
    ("features", "may_differ"), [pytest.param(*row[1:], id=f"row-{row[0]}") for row in ROWS]
)
def test_engines_differ_only_where_a_row_says_so(
    features: tuple[str, ...], may_differ: set[str]
) -> None:
    admitted = replace(PLAIN, **dict.fromkeys(features, True))

    @bounded(0.08)
    @given(clusters(admitted))
    def agree(cluster: Cluster) -> None:
        found = snapshot(*cluster.manifests)
        reference = evaluator(found)
        flows = _flows(cluster, features)
        expected = [reference.evaluate(flow).decision for flow in flows]
        for engine in ENGINES:
            if engine in may_differ:
                continue
            asked = snapshot(*_on_windows(cluster).manifests) if engine == WINDOWS else found
            pipeline = evaluator(asked, NPM if engine == WINDOWS else engine)
            for flow, decision in zip(flows, expected, strict=True):
                assert pipeline.evaluate(flow).decision is decision, (engine, flow)

    agree()
