"""What differs between a cluster and the same one later: all of it is told, and truly."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from service.analysis.compare import Block, Comparison, Difference, compare
from service.analysis.evaluate import Evaluator
from service.analysis.joint import Solved
from service.analysis.twins import identity
from service.analysis.units import Seat, Unit
from service.analysis.witness import Court, Witness, witness_of
from service.model.addresses import parse_address
from service.model.endpoint import Endpoint
from service.model.flow import AddressEnd
from service.model.ports import Protocol, point_of
from service.model.snapshot import PolicySet, Snapshot
from service.usecases.map_solving import SolvedMap, solved_pair
from tests.builders import Manifest, network_policy, pod, profile, snapshot
from tests.property.bounds import bounded
from tests.property.clusters import EVERYTHING, NODES, UNSETTLED, Cluster, Features, clusters
from tests.property.engine_policies import calico_clusters, cilium_clusters
from tests.property.maps import PROFILES, Mapped, evaluated, with_mixed_nodes
from tests.property.moving import moved, relabelled, without_a_node
from tests.property.published import published

#: Where a pod runs that is not placed is one question for all that are like it.
PLACED = replace(EVERYTHING, pods_without_address=True)
ANY_ENGINE = st.sampled_from(PROFILES)
SEEDS = st.integers(0, 1 << 16)


@dataclass(frozen=True)
class Changed:
    """A cluster and the same one later, with what differs."""

    solved: tuple[SolvedMap, SolvedMap]
    comparison: Comparison
    courts: tuple[Court, Court]

    @cached_property
    def evaluators(self) -> tuple[Evaluator, Evaluator]:
        """Of single flows in the earlier and in the later one."""
        first, second = (Evaluator(each.pipeline, each.inventory) for each in self.solved)
        return first, second

    def shared(self) -> dict[Unit, list[Endpoint]]:
        """The pods and nodes of both maps that have the same owner, by their units of the later."""
        owners = {
            key: identity(seat) for seat in self.solved[0].seating.seats for key in _keys(seat)
        }
        return {
            seat.unit: [
                member
                for member in seat.members
                if owners.get((seat.unit.is_node, member.namespace, member.name)) == identity(seat)
            ]
            for seat in self.solved[1].seating.seats
        }


def _keys(seat: Seat) -> list[tuple[bool, str, str]]:
    return [(seat.unit.is_node, each.namespace, each.name) for each in seat.members]


def changed(
    cluster: Cluster,
    other: Cluster,
    engine: str,
    chance: random.Random,
    to: Sequence[str] = (),
) -> Changed:
    """Pods come, go and are labelled otherwise, and policies change.

    Without nodes to move `to` they keep theirs, and all nodes stay.
    """
    every = chance.random() < 0.5
    inventory = [_owned(each, every=every) for each in cluster.inventory]
    first = snapshot(*inventory, *cluster.policies)
    later = relabelled(chance, inventory)
    later = moved(chance, later, to) if chance.random() < 0.7 else later
    later = without_a_node(chance, later) if to and chance.random() < 0.3 else later
    strange = snapshot(*other.manifests).policy_set.policies
    share = chance.choice([0, 0.3, 0.7])
    kept = [each for each in first.policy_set.policies if chance.random() < max(share, 0.3)]
    kept += [each for each in strange if chance.random() < share]
    base = snapshot(*later)
    second = replace(base, policy_set=PolicySet(tuple(kept)))
    return _changed(first, second, engine)


def _owned(manifest: Manifest, *, every: bool) -> Manifest:
    if manifest["kind"] != "Pod" or not (every or int(manifest["metadata"]["name"][1:]) % 2):
        return manifest
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "w", "uid": "w"}
    metadata = {**manifest["metadata"], "ownerReferences": [{**owner, "controller": True}]}
    return {**manifest, "metadata": metadata}


def _changed(first: Snapshot, second: Snapshot, engine: str) -> Changed:
    solved = solved_pair((first, profile(engine)), (second, profile(engine)))
    one, other = (Solved(each.whole(), each.seating) for each in solved)
    before, after = (Court(each.pipeline) for each in solved)
    return Changed(solved, compare(one, other), (before, after))


def any_cluster(features: Features) -> st.SearchStrategy[Cluster]:
    plain = clusters(features)
    return st.one_of(
        plain,
        plain.map(with_mixed_nodes),
        published(plain),
        calico_clusters(features),
        cilium_clusters(features),
    )


@bounded(0.4)
@given(cluster=any_cluster(UNSETTLED), other=clusters(UNSETTLED), engine=ANY_ENGINE, seed=SEEDS)
def test_what_is_told_is_true_and_counted(
    cluster: Cluster, other: Cluster, engine: str, seed: int
) -> None:
    """Each line has a witness of two pods, of whom both maps say what the line says."""
    chance = random.Random(seed)
    found = changed(cluster, other, engine, chance, to=sorted(NODES))
    shared = found.shared()
    for block in found.comparison.blocks:
        differences = list(found.comparison.differences(block))
        assert found.comparison.pairs(block) == len(differences)
        told = [(each.source, each.destination, each.same_node) for each in differences]
        assert len(told) == len(set(told))
        itself = [each for each in differences if each.source == each.destination]
        for each in (*itself, *chance.sample(differences, min(6, len(differences)))):
            witness = witness_of(each, *found.courts)
            _assert_shown(each, block, witness, could_be_both=_have_a_pair(each, shared))
            for end in (witness.flow.source, witness.flow.destination):
                assert not isinstance(end, AddressEnd) or _is_free(end, found.courts)


def _is_free(end: AddressEnd, courts: Iterable[Court]) -> bool:
    return not any(parse_address(end.address) in each.inside for each in courts)


def _assert_shown(
    difference: Difference, block: Block, witness: Witness, *, could_be_both: bool
) -> None:
    context = (str(difference.source), str(difference.destination), witness.flow)
    assert witness.flow.source != witness.flow.destination, context
    assert witness.before or witness.after, context
    if could_be_both:
        assert witness.before, context
        assert witness.after, context
    for side, decision in ((witness.before, block.before), (witness.after, block.after)):
        assert side is None or side.decision is decision, context


def _have_a_pair(difference: Difference, shared: dict[Unit, list[Endpoint]]) -> bool:
    """Whether pods of both maps, wherever they run, make the pair that a line is about."""
    if difference.same_node is not None:
        return False
    ends = difference.source, difference.destination
    first, second = ([None] if each.is_external else shared.get(each, []) for each in ends)
    return any(one is not other for one, other in product(first, second))


@bounded(0.4)
@given(cluster=any_cluster(PLACED), other=clusters(PLACED), engine=ANY_ENGINE, seed=SEEDS)
def test_what_changes_between_pods_of_both_is_told(
    cluster: Cluster, other: Cluster, engine: str, seed: int
) -> None:
    chance = random.Random(seed)
    found = changed(cluster, other, engine, chance)
    told: dict[tuple[Unit, Unit], list[tuple[Block, bool | None]]] = defaultdict(list)
    for block in found.comparison.blocks:
        for each in found.comparison.differences(block):
            told[each.source, each.destination].append((block, each.same_node))
    ends = [(unit, end) for unit, members in found.shared().items() for end in members]
    edges = sorted(
        edge
        for each in found.solved
        for edge in Mapped(each.pipeline, each.inventory, solved=each.whole()).edges()
    )
    for (source, sender), (destination, receiver) in product(ends, ends):
        if sender == receiver:
            continue
        together = sender.node is not None and sender.node == receiver.node
        lines = [
            block for block, same in told[source, destination] if same is None or same == together
        ]
        for point in chance.sample(edges, min(3, len(edges))):
            said = {(each.before, each.after) for each in lines if point in each.traffic}
            then, now = (
                evaluated(each, *ends_in(each, sender, receiver), point)
                for each in found.evaluators
            )
            context = (str(source), str(destination), sender.name, receiver.name, point)
            assert any(was is later or (was, later) in said for was, later in product(then, now)), (
                context,
                then,
                now,
                said,
            )


def ends_in(
    evaluator: Evaluator, sender: Endpoint, receiver: Endpoint
) -> tuple[list[Endpoint], list[Endpoint]]:
    """Two ends as one of the maps sees them."""
    known = {each.key: each for each in evaluator.pipeline.endpoints}
    return [known[sender.key]], [known[receiver.key]]


#: Pods of one owner that nothing but their labels tells apart.
LABELS = st.sampled_from([{}, {"x": "1"}, {"x": "2"}])
SELECTORS = st.sampled_from(
    [
        {},
        {"matchLabels": {"x": "1"}},
        {"matchExpressions": [{"key": "x", "operator": "Exists"}]},
        {"matchExpressions": [{"key": "x", "operator": "DoesNotExist"}]},
    ]
)
POLICIES = st.lists(
    st.tuples(SELECTORS, st.lists(SELECTORS.map(lambda each: {"podSelector": each}), max_size=2)),
    max_size=2,
)
REPLICAS = st.lists(st.tuples(LABELS, LABELS), min_size=2, max_size=4)


@bounded(2)
@given(replicas=REPLICAS, before=POLICIES, after=POLICIES)
def test_lines_between_pods_of_one_owner_are_the_changes_of_pairs(
    replicas: list[tuple[dict[str, str], dict[str, str]]],
    before: list[tuple[Manifest, list[Manifest]]],
    after: list[tuple[Manifest, list[Manifest]]],
) -> None:
    """Either map may tell them apart, or both, or none: no pod is a pair with itself."""
    first, second = (
        snapshot(
            *(
                pod(f"red/w-{number}", both[side], owner="ReplicaSet/w")
                for number, both in enumerate(replicas)
            ),
            *(
                network_policy(
                    {"podSelector": chosen, "ingress": [{"from": peers}] if peers else []},
                    f"red/policy-{number}",
                )
                for number, (chosen, peers) in enumerate(policies)
            ),
        )
        for side, policies in ((0, before), (1, after))
    )
    found = _changed(first, second, "kubernetes")
    shared = found.shared()
    told = set()
    for block in found.comparison.blocks:
        for each in found.comparison.differences(block):
            if each.source.is_workload and each.destination.is_workload:
                told.add((each.source, each.destination, block.before, block.after))
                witness = witness_of(each, *found.courts)
                _assert_shown(each, block, witness, could_be_both=True)
    expected = set()
    ends = [(unit, end) for unit, members in shared.items() for end in members]
    for (source, sender), (destination, receiver) in product(ends, ends):
        if sender is not receiver:
            point = point_of(Protocol.TCP, 80)
            was, now = (
                evaluated(each, *ends_in(each, sender, receiver), point)[0]
                for each in found.evaluators
            )
            if was is not now:
                expected.add((source, destination, was, now))
    assert told == expected
