"""What holds of maps whatever the cluster: narrowed, made again, listed, grouped, compared."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.analysis.columns import Column, groups
from service.analysis.compare import Comparison, compare
from service.analysis.filters import ListedVerdict, MapFilter, UnitFilter, chosen_places
from service.analysis.grouping import expand, grouped
from service.analysis.incremental import Solution, solve_afresh, solve_again, solve_moved
from service.analysis.joint import Solved
from service.analysis.listing import Line, Listing
from service.analysis.map_pages import LinePosition, page_of_lines
from service.analysis.mentions import Mentions
from service.analysis.solve import solve, space_of
from service.analysis.space import Space, Standing
from service.analysis.summary import summarize
from service.analysis.units import Seating, Unit, seat_units
from service.analysis.witness import Court, witness_of
from service.model.intervals import NOTHING, Intervals
from service.model.inventory import Inventory
from service.model.pipeline import Pipeline
from service.model.policy import Policy
from service.model.ports import ALL_PORTS
from service.model.snapshot import PolicySet, Snapshot
from service.model.verdict import Decision
from service.usecases.difference_queries import ComparedMaps, DifferenceFilter
from service.usecases.map_queries import Chunk, Position
from service.usecases.map_solving import solved_pair
from tests.builders import profile, snapshot
from tests.property.admin_clusters import admin_clusters
from tests.property.bounds import bounded
from tests.property.clusters import (
    EVERYTHING,
    NAMESPACES,
    NODES,
    UNSETTLED,
    Cluster,
    clusters,
)
from tests.property.engine_policies import calico_clusters, cilium_clusters
from tests.property.maps import (
    PROFILES,
    Mapped,
    assert_agreement,
    pipeline_of,
    with_mixed_nodes,
    with_owners,
)
from tests.property.moving import moved
from tests.property.published import published

SEEDS = st.integers(0, 1 << 16)
ALL_NODES = tuple(sorted(NODES))
ANY_ENGINE = st.sampled_from(PROFILES)
ANY_CLUSTER = st.one_of(
    clusters(UNSETTLED),
    clusters(UNSETTLED).map(with_mixed_nodes),
    published(clusters(UNSETTLED)),
)
COMPARED_CLUSTER = st.one_of(ANY_CLUSTER, calico_clusters(UNSETTLED), cilium_clusters(UNSETTLED))


def _found(cluster: Cluster) -> Snapshot:
    return snapshot(*with_owners(cluster).manifests)


def _said(column: Column, among: int) -> dict[int, tuple[Intervals, Intervals]]:
    """What each source may send, surely and perhaps."""
    return {
        place: (group.certain, group.unknown)
        for group in groups(column, among)
        for place in range(group.sources.bit_length())
        if group.sources >> place & 1
    }


@bounded(0.15)
@given(cluster=ANY_CLUSTER, engine=ANY_ENGINE, seed=SEEDS)
def test_a_narrow_map_is_a_part_of_the_whole(cluster: Cluster, engine: str, seed: int) -> None:
    found = _found(cluster)
    pipeline = pipeline_of(found, engine)
    space = space_of(pipeline)
    chance = random.Random(seed)
    sources, destinations = (chance.getrandbits(space.size) for _ in range(2))
    whole = solve(pipeline, space)
    part = solve(pipeline, space, sources=sources, destinations=destinations)
    for place in range(space.size):
        expected = _said(whole.columns[place], sources) if destinations >> place & 1 else {}
        assert _said(part.columns[place], -1) == expected


@bounded(0.15)
@given(
    cluster=ANY_CLUSTER,
    engine=ANY_ENGINE,
    name=st.sampled_from(NAMESPACES),
    external=st.booleans(),
)
def test_a_filter_leaves_lines_as_they_are(
    cluster: Cluster, engine: str, name: str, external: bool
) -> None:
    """Whether the filter narrows what is solved, or what is listed."""
    found = _found(cluster)
    pipeline = pipeline_of(found, engine)
    space = space_of(pipeline)
    seating = seat_units(space, found.inventory)
    other = UnitFilter(external=True) if external else UnitFilter(namespace="red")
    wanted = MapFilter(source=UnitFilter(namespace=name), destination=other)
    chosen = chosen_places(wanted, space, seating)
    narrow = solve(pipeline, space, sources=chosen.sources, destinations=chosen.destinations)
    whole = solve(pipeline, space)
    expected = [
        line
        for line in Listing(whole, seating).lines()
        if line.source.namespace == name
        and (line.destination.is_external if external else line.destination.namespace == "red")
    ]
    assert list(Listing(whole, seating, wanted).lines()) == expected
    assert list(Listing(narrow, seating, wanted).lines()) == expected


ONE_FAMILY = replace(EVERYTHING, ipv6=False, unplaced_pods=True)


@pytest.mark.parametrize("engine", ["kubernetes", "npm", "calico", "cilium"])
@bounded(0.12)
@given(
    cluster=st.one_of(clusters(ONE_FAMILY), published(clusters(ONE_FAMILY), ipv6=False)),
    other=clusters(ONE_FAMILY),
    seed=SEEDS,
)
def test_solved_again_is_solved_afresh(
    engine: str, cluster: Cluster, other: Cluster, seed: int
) -> None:
    """Policies of another cluster come, some of the present ones go, and some change."""
    chance = random.Random(seed)
    base = _found(replace(cluster, policies=[]))
    known, strange = (_found(each).policy_set.policies for each in (cluster, other))
    kept = [each for each in known if chance.random() < 0.7]
    added = [each for each in strange if chance.random() < 0.5]
    before = _compiled(base, engine, known)
    after = _compiled(base, engine, (*kept, *added))
    # A space that is fine enough for both, so that making it again is seldom refused.
    again = solve_again(solve_afresh(before, space_of(before, after)), after)
    if again is None:
        return
    space = again.connectivity.space
    for mine, full in zip(again.connectivity.columns, solve(after, space).columns, strict=True):
        assert _said(mine, -1) == _said(full, -1)
    _assert_told_alike(after, base.inventory, again)
    # And once more from what was made again, back to where it began.
    back = solve_again(again, before)
    if back is not None:
        columns = solve(before, space).columns
        for mine, full in zip(back.connectivity.columns, columns, strict=True):
            assert _said(mine, -1) == _said(full, -1)


def _assert_told_alike(pipeline: Pipeline, inventory: Inventory, found: Solution) -> None:
    """Nobody can see in lines and numbers which map the answer was made from."""
    fresh = solve(pipeline)
    seating = seat_units(fresh.space, inventory)
    again = seating.over(found.connectivity.space)
    lines = [
        list(Listing(*each).lines()) for each in ((fresh, seating), (found.connectivity, again))
    ]
    assert lines[0] == lines[1]
    assert summarize(fresh, seating) == summarize(found.connectivity, again)


@pytest.mark.parametrize("engine", ["kubernetes", "npm", "calico", "cilium"])
@bounded(0.15)
@given(
    cluster=st.one_of(
        clusters(ONE_FAMILY),
        published(clusters(ONE_FAMILY), ipv6=False),
        calico_clusters(ONE_FAMILY),
        cilium_clusters(ONE_FAMILY),
    ),
    other=clusters(ONE_FAMILY),
    seed=SEEDS,
)
def test_solved_for_other_pods_is_solved_afresh(
    engine: str, cluster: Cluster, other: Cluster, seed: int
) -> None:
    """Pods come beside their like, go, move and change their addresses; policies may change."""
    chance = random.Random(seed)
    first = _found(cluster)
    second = _found(replace(cluster, inventory=moved(chance, cluster.inventory, ALL_NODES)))
    policies = first.policy_set.policies
    if chance.random() < 0.3:
        strange = _found(other).policy_set.policies
        policies = tuple(each for each in (*policies, *strange) if chance.random() < 0.8)
    before = pipeline_of(first, engine)
    after = _compiled(second, engine, policies)
    # A space that is fine enough for both, so that making it again is seldom refused.
    mentions = Mentions.of([before, _compiled(first, engine, policies)])
    later = solve_moved(solve_afresh(before, Space([before.endpoints], mentions)), after)
    if later is None:
        return
    space = later.connectivity.space
    for mine, full in zip(later.connectivity.columns, solve(after, space).columns, strict=True):
        assert _said(mine, -1) == _said(full, -1)
    _assert_told_alike(after, second.inventory, later)
    # And the places themselves still hold nobody who is not like the others.
    assert_agreement(Mapped(after, second.inventory, solved=later.connectivity), chance)


def _compiled(base: Snapshot, engine: str, policies: tuple[Policy, ...]) -> Pipeline:
    return pipeline_of(replace(base, policy_set=PolicySet(policies)), engine)


def _answers(lines: list[Line]) -> dict[tuple[Unit, Unit], list[tuple[Intervals, Intervals]]]:
    found = defaultdict(list)
    for each in lines:
        if each.source != each.destination:
            found[each.source, each.destination].append((each.certain, each.unknown))
    return {pair: sorted(answers, key=str) for pair, answers in found.items()}


@bounded(0.2)
@given(
    cluster=ANY_CLUSTER,
    engine=ANY_ENGINE,
    outside=st.booleans(),
    verdict=st.sampled_from([None, *ListedVerdict]),
)
def test_groups_stand_for_the_lines(
    cluster: Cluster, engine: str, outside: bool, verdict: ListedVerdict | None
) -> None:
    found = _found(cluster)
    either = UnitFilter(namespace="red") if outside else UnitFilter()
    wanted = MapFilter(either=either, crosses=outside, verdict=verdict)
    mapped = Mapped(pipeline_of(found, engine), found.inventory, wanted)
    expanded = [line for group in grouped(mapped.listing) for line in expand(group)]
    assert _cut(_answers(expanded)) == _cut(_answers(mapped.lines))


def _cut(found: Mapping[tuple[Unit, Unit], object]) -> dict[tuple[str, str], object]:
    return {(str(source), str(destination)): each for (source, destination), each in found.items()}


@bounded(0.15)
@given(cluster=ANY_CLUSTER, engine=ANY_ENGINE, size=st.integers(1, 40))
def test_pages_of_any_size_hold_every_line_once(cluster: Cluster, engine: str, size: int) -> None:
    found = _found(cluster)
    mapped = Mapped(pipeline_of(found, engine), found.inventory)
    paged: list[Line] = []
    after: LinePosition | None = None
    while True:
        page = page_of_lines(mapped.listing, after, size)
        paged += page.lines
        assert len(page.lines) == size or page.end is None
        if page.end is None:
            break
        after = page.end
    assert paged == mapped.lines


@bounded(0.1)
@given(cluster=ANY_CLUSTER, engine=ANY_ENGINE)
def test_a_map_does_not_differ_from_itself(cluster: Cluster, engine: str) -> None:
    found = _found(cluster)
    one = _solved(found, engine)
    assert compare(one, one).blocks == ()
    apart = compare(one, _solved(found, engine))
    assert (apart.blocks, apart.came, apart.went) == ((), (), ())


def _solved(found: Snapshot, engine: str) -> Solved:
    connectivity = solve(pipeline_of(found, engine))
    return Solved(connectivity, seat_units(connectivity.space, found.inventory))


PAIRS = st.sampled_from(
    [
        ("npm", "cilium"),
        ("kubernetes", "npm"),
        ("calico", "cilium:1.19"),
        ("npm", "npm?fixes=2026-09"),
        ("cilium:1.14", "cilium"),
        ("none", "cilium?policyEnforcement=always"),
    ]
)


@bounded(0.3)
@given(
    cluster=st.one_of(COMPARED_CLUSTER, admin_clusters(UNSETTLED)),
    engines=PAIRS,
    chance=SEEDS.map(random.Random),
)
def test_differences_are_true_and_counted(
    cluster: Cluster, engines: tuple[str, str], chance: random.Random
) -> None:
    found = _found(cluster)
    first, second = (pipeline_of(found, each) for each in engines)
    space = space_of(first, second)
    seating = seat_units(space, found.inventory)
    comparison = compare(
        Solved(solve(first, space, 0), seating), Solved(solve(second, space, 1), seating)
    )
    courts = Court(first), Court(second)
    for block in comparison.blocks:
        assert block.before is not block.after
        assert block.traffic
        assert ALL_PORTS.covers(block.traffic)
        differences = list(comparison.differences(block))
        assert comparison.pairs(block) == len(differences)
        for each in chance.sample(differences, min(12, len(differences))):
            witness = witness_of(each, *courts)
            assert witness.before is not None
            assert witness.after is not None
            said = witness.before.decision, witness.after.decision
            assert said == (block.before, block.after), (str(each.source), str(each.destination))


@bounded(0.15)
@given(cluster=COMPARED_CLUSTER, engines=PAIRS)
def test_groups_of_differences_stand_for_them(cluster: Cluster, engines: tuple[str, str]) -> None:
    """On the whole and in pages, none longer than asked for."""
    found = _found(cluster)
    first, second = ((found, profile(each)) for each in engines)
    compared = ComparedMaps(*solved_pair(first, second))
    single = compared.page(DifferenceFilter(), None, 100_000).items
    groups = compared.group_page(DifferenceFilter(), None, 100_000).items
    expanded = [each for group in groups for each in _expanded(group)]
    assert Counter(expanded) == Counter(map(_statement, single))
    for size in (1, 3):
        pages = list(_pages(partial(compared.group_page, DifferenceFilter()), size))
        assert [each for page in pages for each in page] == list(groups)
        assert all(len(page) == size for page in pages[:-1])
        assert len(pages[-1]) <= size


def _expanded(group: dict[str, Any]) -> list[str]:
    """The differences of a group: an end is not paired with itself, or it is the only one."""
    sources, destinations = group["sources"], group["destinations"]
    itself = sources == destinations and len(sources) == 1
    found = [
        _statement({**group, "source": source, "destination": destination})
        for source, destination in product(sources, destinations)
        if itself or source != destination
    ]
    assert group["pairs"] == len(found)
    return found


def _pages(page: Callable[[Position | None, int], Chunk], size: int) -> Iterator[Sequence[Any]]:
    after = None
    while True:
        found = page(after, size)
        yield found.items
        if found.after is None:
            return
        after = found.after


def _statement(item: dict[str, Any]) -> str:
    told = ("source", "destination", "change", "before", "after", "connections", "placement")
    return repr([item.get(name) for name in told])


@bounded(0.2)
@given(cluster=COMPARED_CLUSTER, engines=PAIRS)
def test_differences_are_those_of_the_lines(cluster: Cluster, engines: tuple[str, str]) -> None:
    """Each connection that two lists tell differently is stated once, and none besides."""
    found = _found(cluster)
    first, second = (pipeline_of(found, each) for each in engines)
    space = space_of(first, second)
    mapped = [
        Mapped(each, found.inventory, solved=solve(each, space, view))
        for view, each in enumerate((first, second))
    ]
    comparison = compare(*(Solved(each.solved, each.seating) for each in mapped))
    stated: dict[tuple[Unit, Unit], list[tuple[int, int, Decision, Decision]]] = defaultdict(list)
    by_placement = set()
    for block in comparison.blocks:
        for each in comparison.differences(block):
            pair = each.source, each.destination
            if each.same_node is not None and _is_spread(mapped[0].seating, pair):
                by_placement.add(pair)
            stated[pair].extend((*span, block.before, block.after) for span in block.traffic)
    inside = [seat.unit for seat in mapped[0].seating.seats]
    for pair in product(inside, inside):
        # Where only some pods share a node, a list puts together what a comparison keeps apart.
        if pair not in by_placement:
            expected = _differences(*(each.line(*pair) for each in mapped))
            assert _joined(stated[pair]) == expected, [str(each) for each in pair]


def _is_spread(seating: Seating, pair: tuple[Unit, Unit]) -> bool:
    one, other = (seating.by_unit[each].home for each in pair)
    itself = pair[0] == pair[1]
    own, apart = Standing.OWN_NODE, Standing.OTHER_NODE
    return one.meets(other, own, itself=itself) and one.meets(other, apart, itself=itself)


def _differences(
    before: Line | None, after: Line | None
) -> list[tuple[int, int, Decision, Decision]]:
    was, now = (_by_decision(each) for each in (before, after))
    return _joined(
        (low, high, earlier, later)
        for earlier, mine in was.items()
        for later, theirs in now.items()
        if earlier is not later
        for low, high in mine & theirs
    )


def _by_decision(line: Line | None) -> dict[Decision, Intervals]:
    certain, unknown = (line.certain, line.unknown) if line else (NOTHING, NOTHING)
    return {
        Decision.ALLOW: certain,
        Decision.UNKNOWN: unknown,
        Decision.DENY: ALL_PORTS - certain - unknown,
    }


def _joined(
    found: Iterable[tuple[int, int, Decision, Decision]],
) -> list[tuple[int, int, Decision, Decision]]:
    """Ranges in order; those that touch as one, those that overlap as they are."""
    joined: list[tuple[int, int, Decision, Decision]] = []
    for low, high, before, after in sorted(found):
        touching = joined and joined[-1][1:] == (low - 1, before, after)
        start = joined.pop()[0] if touching else low
        joined.append((start, high, before, after))
    return joined


@bounded(0.2)
@given(
    cluster=COMPARED_CLUSTER,
    engines=PAIRS,
)
def test_one_space_or_two_show_the_same_differences(
    cluster: Cluster, engines: tuple[str, str]
) -> None:
    found = _found(cluster)
    first, second = (pipeline_of(found, each) for each in engines)
    space = space_of(first, second)
    seating = seat_units(space, found.inventory)
    joint = compare(
        Solved(solve(first, space, 0), seating), Solved(solve(second, space, 1), seating)
    )
    later = _solved(found, engines[1])
    apart = compare(_solved(found, engines[0]), later)
    units = {member.key: str(seat.unit) for seat in later.seating.seats for member in seat.members}
    assert _between_units(joint, units) == _between_units(apart, units)


def _between_units(
    comparison: Comparison, units: Mapping[tuple[bool, str, str], str]
) -> set[tuple[object, ...]]:
    """By the units of their pods in the later map, as spaces of their own split owners otherwise.

    A pair of units is told once, for however many of its pods something changes alike.
    """
    found: set[tuple[object, ...]] = set()
    for block in comparison.blocks:
        for each in comparison.differences(block):
            ends = []
            for seats, unit in (
                (each.source_seats, each.source),
                (each.destination_seats, each.destination),
            ):
                one, other = (
                    {member.key for member in seat.members} if seat else set() for seat in seats
                )
                ends.append({units[key] for key in one & other} if one or other else {str(unit)})
            for source, destination in product(*ends):
                for low, high in block.traffic:
                    key = (source, destination, each.same_node, low, high)
                    found.add((*key, block.before, block.after))
    return found


@bounded(0.15)
@given(cluster=st.one_of(ANY_CLUSTER, calico_clusters()), engine=ANY_ENGINE)
def test_a_summary_counts_the_lines(cluster: Cluster, engine: str) -> None:
    found = _found(cluster)
    mapped = Mapped(pipeline_of(found, engine), found.inventory, MapFilter())
    between = [
        each for each in mapped.lines if each.source.is_workload and each.destination.is_workload
    ]
    summary = summarize(mapped.solved, mapped.seating)
    assert summary.allowed_pairs == sum(1 for each in between if each.certain)
    assert summary.unknown_pairs == sum(1 for each in between if not each.certain)
    outside = {
        each.destination for each in mapped.lines if each.source.is_external and each.certain
    }
    for exposure in summary.exposed:
        to_it = [each for each in between if each.destination == exposure.unit]
        assert exposure.sources == sum(1 for each in to_it if each.certain)
        assert exposure.unknown_sources == sum(1 for each in to_it if not each.certain)
        assert exposure.any_port == sum(1 for each in to_it if each.certain.covers(ALL_PORTS))
        assert exposure.from_outside == (exposure.unit in outside)
