"""The impact of a change of engine against every pair asked for itself."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.analysis.causes import Cause
from service.analysis.compare import Change
from service.analysis.impacts import EngineChange, engine_changes
from service.analysis.units import Unit
from service.model.intervals import NOTHING, Intervals
from service.model.snapshot import Snapshot
from service.model.verdict import Decision
from tests.builders import snapshot
from tests.property.admin_clusters import admin_clusters
from tests.property.bounds import bounded
from tests.property.clusters import UNSETTLED, Cluster, clusters
from tests.property.engine_policies import calico_clusters, cilium_clusters
from tests.property.maps import pipeline_of, with_mixed_nodes, with_owners
from tests.property.published import published

ENGINES = ("npm", "npm?fixes=2026-09", "calico", "calico:3.29", "cilium", "cilium:1.16",
           "cilium:1.19?sctp=disabled", "cilium?policyEnforcement=always", "none")  # fmt: skip
ANY_CLUSTER = st.one_of(
    clusters(UNSETTLED),
    clusters(UNSETTLED).map(with_mixed_nodes),
    published(clusters(UNSETTLED)),
    calico_clusters(),
    cilium_clusters(),
    admin_clusters(UNSETTLED),
)
PAIRS = st.sampled_from(
    [pair for pair in permutations(ENGINES, 2) if re.split("[:?]", pair[0])[0] not in pair[1]]
)

CHANGE_TO = {
    Decision.ALLOW: Change.NEWLY_ALLOWED,
    Decision.DENY: Change.NEWLY_DENIED,
    Decision.UNKNOWN: Change.NEWLY_UNKNOWN,
}


@dataclass
class Gathered:
    """What pairs that were asked one by one put together."""

    pairs: set[tuple[Unit, Unit, bool | None]] = field(default_factory=set)
    traffic: Intervals = NOTHING


def change_between(found: Snapshot, first: str, second: str) -> EngineChange:
    (change,) = engine_changes(pipeline_of(found, first), [pipeline_of(found, second)], found)
    return change


def key_of(change: Change, cause: Cause) -> object:
    """What connections of one group share; of what an engine does by itself ends are alike."""
    direction = None if cause.rule.whole_cluster else cause.direction
    return change, direction, cause.rule.id, cause.why, cause.policies


def asked_one_by_one(change: EngineChange) -> tuple[dict[object, Gathered], dict[Change, int]]:
    """The groups of every pair, each asked for its own causes; and the pairs of each change."""
    groups: dict[object, Gathered] = {}
    pairs: dict[Change, set[object]] = {each: set() for each in Change}
    for block in change.comparison.blocks:
        for difference in change.comparison.differences(block):
            pair = (difference.source, difference.destination, difference.same_node)
            pairs[block.change].add(pair)
            whole = NOTHING
            for part in change.causes_of_parts(difference):
                assert not whole.overlaps(part.traffic)
                whole = whole | part.traffic
                witness = part.witness
                assert witness.before is not None
                assert witness.after is not None
                said = witness.before.decision, witness.after.decision
                assert said == (block.before, block.after), (pair, witness.flow, said)
                assert part.causes, (pair, witness)
                for cause in part.causes:
                    assert cause is not None, (pair, witness)
                    known = groups.setdefault(key_of(block.change, cause), Gathered())
                    known.pairs.add(pair)
                    known.traffic = known.traffic | part.traffic
            assert whole == block.traffic
    return groups, {each: len(found) for each, found in pairs.items()}


def assert_agreement(found: Snapshot, first: str, second: str) -> int:
    change = change_between(found, first, second)
    expected, pairs = asked_one_by_one(change)
    impact = change.impact
    assert impact.pairs == pairs
    # Calls through Services are told beside the maps, and have tests of their own.
    assert not [group for group in impact.unexplained if group.service is None]
    met = {}
    told = [group for group in impact.groups if group.service is None]
    for group in told:
        cause = group.cause
        assert cause is not None
        met[key_of(group.change, cause)] = group
    assert len(met) == len(told)
    assert met.keys() == expected.keys(), (first, second, met.keys() ^ expected.keys())
    for key, group in met.items():
        known = expected[key]
        assert group.pairs == len(known.pairs), (key, group, known.pairs)
        assert group.traffic == known.traffic
        sources = sorted({source for source, _, _ in known.pairs})
        destinations = sorted({destination for _, destination, _ in known.pairs})
        assert (list(group.sources), group.source_count) == (sources[:50], len(sources))
        assert (list(group.destinations), group.destination_count) == (
            destinations[:50],
            len(destinations),
        )
        witness = group.witness
        assert witness.before is not None
        assert witness.after is not None
        assert witness.before.decision is not witness.after.decision
        assert CHANGE_TO[witness.after.decision] is group.change
        assert key in {
            key_of(group.change, each) for each in change.causes.of_witness(witness) if each
        }
    return len(met)


@bounded(0.5)
@given(cluster=ANY_CLUSTER, engines=PAIRS)
def test_rows_say_what_pairs_say(cluster: Cluster, engines: tuple[str, str]) -> None:
    found = snapshot(*with_owners(cluster).manifests)
    assert_agreement(found, *engines)


@bounded(0.3)
@given(
    cluster=published(st.one_of(clusters(UNSETTLED), calico_clusters(), cilium_clusters())),
    engines=PAIRS,
)
def test_ports_of_nodes_that_lead_to_pods(cluster: Cluster, engines: tuple[str, str]) -> None:
    assert_agreement(snapshot(*with_owners(cluster).manifests), *engines)


@pytest.mark.parametrize("target", ["cilium", "none"])
@bounded(0.3)
@given(cluster=ANY_CLUSTER, source=st.sampled_from(["npm", "calico"]))
def test_towards_what_most_move_to(target: str, cluster: Cluster, source: str) -> None:
    assert_agreement(snapshot(*with_owners(cluster).manifests), source, target)
