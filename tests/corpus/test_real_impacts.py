"""Real manifests: the impact from every engine to every other one, each group evaluated again."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from itertools import islice, permutations

import pytest

from service.analysis.compare import CHANGES
from service.analysis.evaluate import Evaluator
from service.analysis.impact import Impact
from service.analysis.impacts import EngineChange, engine_changes
from service.analysis.judging import Opinion, is_hypothetical
from service.analysis.reports import migration_report, with_impacts
from service.analysis.rulebook.inputs import RuleInput
from service.analysis.stated import Target
from service.analysis.witness import Witness
from service.engines.registry import compile_pipeline, resolve_profile
from service.manifests.aks_record import read_aks_show
from service.model.cluster import ClusterRecord
from service.model.engine import EngineProfile
from service.model.pipeline import Pipeline
from service.model.snapshot import ClusterFacts, Snapshot
from tests.corpus.test_real_maps import REAL, SETS, cluster_of
from tests.shared_corpus import requires_corpus

pytestmark = [requires_corpus, pytest.mark.slow]

ENGINES = ("npm", "calico", "cilium", "none")
#: The engine that each of the cluster descriptions tells.
VARIANTS = {
    "npm": "derived-variant-azure-npm",
    "calico": "derived-variant-calico",
    "cilium": "derived-variant-cilium-overlay",
    "none": "derived-variant-byo-cni-none",
}
#: Pairs of a set that are taken apart; the groups are confirmed all of them.
PAIRS = 150


@cache
def record_of(engine: str) -> ClusterRecord:
    """The cluster of an engine, as AKS describes it."""
    document = json.loads((REAL / "aks-show" / f"{VARIANTS[engine]}.json").read_text())
    record = read_aks_show(document).record
    assert record.engine is not None
    assert record.engine.name == engine
    return record


@dataclass(frozen=True)
class Place:
    """A set on the cluster of one engine."""

    name: str
    engine: str

    def __str__(self) -> str:
        return f"{self.name} {self.engine}"


@cache
def cluster_once(name: str) -> Snapshot:
    return cluster_of(REAL / name)


@cache
def snapshot_of(place: Place) -> Snapshot:
    pod_cidrs = record_of(place.engine).network_profile.pod_cidrs
    return replace(cluster_once(place.name), facts=ClusterFacts(pod_cidrs=pod_cidrs))


def profile_of(place: Place, engine: str) -> EngineProfile:
    """Versions go with the Kubernetes version of the cluster."""
    return resolve_profile(
        engine, kubernetes_version=record_of(place.engine).kubernetes_version or None
    )


@cache
def asked_of(place: Place) -> dict[str, tuple[Pipeline, Evaluator]]:
    found = snapshot_of(place)
    pipelines = {each: compile_pipeline(found, profile_of(place, each)) for each in ENGINES}
    return {
        each: (one, Evaluator(one, found.inventory, found.facts.pod_cidrs))
        for each, one in pipelines.items()
    }


def confirm(place: Place, target: str, witness: Witness) -> None:
    """A witness is decided by both engines as it says, when it is asked as a flow."""
    for engine, side in ((place.engine, witness.before), (target, witness.after)):
        assert side is not None
        verdict = asked_of(place)[engine][1].evaluate(witness.flow)
        assert verdict.decision is side.decision, (str(place), target, witness.flow)


def check_lines(place: Place, target: str, change: EngineChange) -> int:
    """Some pairs of every block; how many were asked."""
    asked = 0
    blocks = change.comparison.blocks
    each_block = max(1, PAIRS // max(1, len(blocks)))
    for block in blocks:
        for difference in islice(change.comparison.differences(block), each_block):
            asked += 1
            for part in change.causes_of_parts(difference):
                assert part.causes
                assert None not in part.causes
                confirm(place, target, part.witness)
                before, after = part.witness.before, part.witness.after
                assert before is not None
                assert after is not None
                assert (before.decision, after.decision) == (block.before, block.after)
    return asked


def check_report(place: Place, target: str, impact: Impact) -> None:
    """The whole report has a verdict that fits what changes."""
    before, after = (profile_of(place, each) for each in (place.engine, target))
    asked = RuleInput(
        date(2026, 11, 22),
        snapshot_of(place),
        after,
        record_of(place.engine),
        source=before,
        target=Target(after),
    )
    report = with_impacts(migration_report(asked), impact, None)
    assert report.judgement.reasons
    if report.judgement.opinion is Opinion.SAFE:
        assert all(is_hypothetical(each, report.answers) for each in impact.groups)
        assert all(is_hypothetical(each, report.answers) for each in impact.with_nodes)


@pytest.mark.parametrize("source", ENGINES)
@pytest.mark.parametrize("name", SETS)
def test_everything_that_changes_is_explained_and_confirmed(name: str, source: str) -> None:
    place = Place(name, source)
    pipelines = asked_of(place)
    targets = [each for each in ENGINES if each != source]
    changes = engine_changes(
        pipelines[source][0], [pipelines[each][0] for each in targets], snapshot_of(place)
    )
    for target, change in zip(targets, changes, strict=True):
        impact = change.impact
        assert not impact.unexplained
        assert all(each.cause is not None for each in impact.with_nodes)
        for group in impact.groups:
            confirm(place, target, group.witness)
            assert group.witness.after is not None
            assert CHANGES[group.witness.after.decision] is group.change
        assert bool(check_lines(place, target, change)) == any(impact.pairs.values())
        check_report(place, target, impact)


def test_every_two_engines_differ_on_some_set() -> None:
    for source, target in permutations(ENGINES, 2):
        assert any(_differs(Place(name, source), target) for name in SETS), (source, target)


def _differs(place: Place, target: str) -> bool:
    pipelines = asked_of(place)
    (change,) = engine_changes(
        pipelines[place.engine][0], [pipelines[target][0]], snapshot_of(place)
    )
    return bool(change.impact.groups)
